//! Validating a value, and saying in few words what is wrong with it.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

/// Makes a validator. Nothing is fetched: the schemas have all they need in them.
pub(crate) fn compile(schema: &Value) -> Result<Validator> {
    let mut schema = schema.clone();
    translate(&mut schema);
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .build(&schema)
        .map_err(|error| anyhow!("{error} at {}", error.schema_path()))
}

/// Any character, for JavaScript, whose texts may have half a character. Ours cannot.
const WHOLE_CHARACTER: &str = r"(?:[^\uD800-\uDFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF])";

/// Writes patterns that only JavaScript understands in another way.
fn translate(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(pattern) if name == "pattern" => {
                        *pattern = pattern.replace(WHOLE_CHARACTER, r"[\s\S]");
                    }
                    member => translate(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(translate),
        _ => {}
    }
}

/// What is wrong, each thing once: `/a/*/b: unknown member c`. Places in lists have no number.
pub(crate) fn faults(validator: &Validator, value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for error in validator.iter_errors(value) {
        describe(&error, &mut found);
    }
    found
}

fn describe(error: &ValidationError<'_>, found: &mut BTreeSet<String>) {
    if is_masked(error.instance()) && is_of_content(error.kind()) {
        return;
    }
    let place = place(&error.instance_path().to_string());
    let mut tell = |what: &str| {
        found.insert(if place.is_empty() { what.to_owned() } else { format!("{place}: {what}") });
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().for_each(|name| tell(&format!("unknown member {name}")));
        }
        ValidationErrorKind::Required { property } => {
            tell(&format!("no member {}", property.as_str().unwrap_or_default()));
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            match nearest(context) {
                Some(branch) => branch.iter().for_each(|error| describe(error, found)),
                None => tell("is none of the possible kinds"),
            }
        }
        ValidationErrorKind::Type { .. } => tell(&format!("is {}", type_of(error.instance()))),
        ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => {
            let value = error.instance().as_ref();
            let short = value.as_str().filter(|text| text.len() <= 40).map(|text| format!("{text:?}"));
            tell(&format!("is no known value: {}", short.unwrap_or_else(|| type_of(value).to_owned())));
        }
        ValidationErrorKind::FalseSchema => tell("has a member and may have none"),
        kind => tell(&format!("breaks {}", kind.keyword())),
    }
}

/// Whether a recorder may have put that there: as long as the text was, and without its meaning.
fn is_masked(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte == b'x'))
}

/// Whether it is about what a text says, not about what kind of value it is or how long.
fn is_of_content(kind: &ValidationErrorKind) -> bool {
    matches!(
        kind,
        ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } | ValidationErrorKind::Pattern { .. }
    )
}

/// Of the kinds a value may be of, the one it is most likely meant to be: that whose discriminator it has, or that with
/// the fewest faults.
fn nearest<'a, 'b>(branches: &'a [Vec<ValidationError<'b>>]) -> Option<&'a [ValidationError<'b>]> {
    let wrong_kind = |error: &ValidationError<'_>| {
        matches!(error.kind(), ValidationErrorKind::Constant { .. } | ValidationErrorKind::Type { .. })
    };
    let cost =
        |branch: &&Vec<ValidationError<'_>>| (branch.iter().filter(|error| wrong_kind(error)).count(), branch.len());
    branches.iter().min_by_key(cost).map(Vec::as_slice)
}

fn place(pointer: &str) -> String {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    pointer.split('/').map(|part| if is_number(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(schema: &Value, value: &Value) -> Vec<String> {
        faults(&compile(schema).unwrap(), value).into_iter().collect()
    }

    #[test]
    fn faults_are_told_by_place_and_kind_and_each_once() {
        let schema = json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {
            "a": {"type": "integer"}, "list": {"items": {"type": "object", "additionalProperties": false}},
        }});
        assert!(told(&schema, &json!({"a": 1})).is_empty());
        assert_eq!(told(&schema, &json!({"b": 1, "c": 1})), ["no member a", "unknown member b", "unknown member c"]);
        assert_eq!(told(&schema, &json!({"a": null})), ["/a: is null"]);
        assert_eq!(
            told(&schema, &json!({"a": 1, "list": [{"x": 1}, {"x": 2}]})),
            ["/list/*: has a member and may have none"]
        );
    }

    #[test]
    fn a_masked_text_is_judged_by_its_kind_only() {
        let schema = json!({"properties": {"source": {"enum": ["env", "file"]}, "n": {"type": "integer"}}});
        assert!(told(&schema, &json!({"source": "xxxx"})).is_empty());
        assert_eq!(told(&schema, &json!({"source": "none", "n": "xxx"})).len(), 2);
    }

    #[test]
    fn a_pattern_for_half_characters_is_understood() {
        let pattern = format!(r"^(?!\.{{1,2}}$){WHOLE_CHARACTER}+$");
        let schema = json!({"properties": {"id": {"type": "string", "pattern": pattern}}});
        assert!(told(&schema, &json!({"id": "a😀"})).is_empty());
        assert_eq!(told(&schema, &json!({"id": ".."})), ["/id: breaks pattern"]);
    }

    #[test]
    fn of_several_kinds_the_one_that_is_meant_is_told_about() {
        let kind = |state: &str, member: &str| {
            json!({"type": "object", "required": ["state", member],
                "properties": {"state": {"const": state}, "n": {"type": "integer"}}})
        };
        let schema = json!({"anyOf": [kind("delta", "text"), kind("final", "message")]});
        assert_eq!(told(&schema, &json!({"state": "final"})), ["no member message"]);
        assert_eq!(told(&schema, &json!({"state": "delta", "n": ""})), ["/n: is a string", "no member text"]);
    }
}
