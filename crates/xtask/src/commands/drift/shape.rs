//! A definition as a list of facts that can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is looked at in a schema: `place` to what is allowed there. A place is a path of members; `*` is an item of a
/// list, `|` one of several kinds.
pub(super) type Facts = BTreeMap<String, String>;

/// Schemas are trees, however deep; this is deeper than any.
const DEPTH: usize = 40;

/// The facts of a definition.
pub(super) fn facts(schema: &Value) -> Facts {
    let mut facts = Facts::new();
    collect(schema, "", true, DEPTH, &mut facts);
    facts
}

fn collect(schema: &Value, place: &str, required: bool, depth: usize, facts: &mut Facts) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut words = Vec::new();
    if !required {
        words.push("optional".to_owned());
    }
    for limit in ["type", "minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems"] {
        if let Some(value) = schema.get(limit) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            words.push(if limit == "type" { value } else { format!("{limit} {value}") });
        }
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        words.push("closed".to_owned());
    }
    let kinds: Vec<&Value> =
        ["anyOf", "oneOf", "allOf"].iter().filter_map(|of| schema.get(of)?.as_array()).flatten().collect();
    // Kinds that are single values are an enumeration, however it is written.
    let of_kinds: Option<Vec<String>> = kinds.iter().map(|kind| Some(kind.get("const")?.to_string())).collect();
    let listed = schema.get("enum").and_then(Value::as_array);
    let mut values: Vec<String> = listed.into_iter().flatten().map(Value::to_string).collect();
    values.extend(schema.get("const").map(Value::to_string));
    values.extend(of_kinds.clone().unwrap_or_default());
    for value in values {
        facts.insert(format!("{place} = {value}"), "allowed".to_owned());
    }
    merge(facts, place, words.join(", "));

    if of_kinds.is_none() {
        for kind in kinds {
            collect(kind, &format!("{place}{}", discriminator(kind)), true, depth, facts);
        }
    }
    let needed = schema.get("required").and_then(Value::as_array);
    let is_needed = |name: &str| needed.is_some_and(|names| names.iter().any(|needed| needed == name));
    for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        collect(member, &format!("{place}/{name}"), is_needed(name), depth, facts);
    }
    for (_, member) in schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
        collect(member, &format!("{place}/(any)"), true, depth, facts);
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        collect(items, &format!("{place}/*"), true, depth, facts);
    }
}

/// Tells kinds of objects apart by the member that says which it is: `|state=final|`.
fn discriminator(kind: &Value) -> String {
    let members = kind.get("properties").and_then(Value::as_object);
    let found = members.into_iter().flatten().find_map(|(name, member)| Some((name, member.get("const")?)));
    found.map_or_else(|| "|".to_owned(), |(name, value)| format!("|{name}={}|", value.as_str().unwrap_or("…")))
}

/// Several kinds without a discriminator share a place.
fn merge(facts: &mut Facts, place: &str, words: String) {
    let known = facts.entry(place.to_owned()).or_default();
    if known.is_empty() {
        *known = words;
    } else if !words.is_empty() && !known.split(" or ").any(|part| part == words) {
        *known = format!("{known} or {words}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_enumerations_and_kinds_have_places() {
        let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
            "a": {"type": "string", "minLength": 1},
            "b": {"anyOf": [{"const": "x"}, {"const": "y"}]},
            "c": {"type": "array", "items": {"anyOf": [
                {"type": "object", "properties": {"kind": {"const": "k"}, "n": {"type": "integer"}}}]}},
        }});
        let facts = facts(&schema);
        let of = |place: &str| facts.get(place).map(String::as_str);
        assert_eq!(of(""), Some("object, closed"));
        assert_eq!(of("/a"), Some("string, minLength 1"));
        assert_eq!(of("/b"), Some("optional"));
        assert_eq!(of("/b = \"y\""), Some("allowed"));
        assert_eq!(of("/c/*|kind=k|/n"), Some("optional, integer"));
    }
}
