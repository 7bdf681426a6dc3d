//! What differs between two releases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use xtask::protocol::Protocol;

use super::shape::{Facts, facts};

/// What was added to a list, and what was removed from it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Lists {
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
}

/// What is another thing than before.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    pub(super) what: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// What differs in a definition that both releases have.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Definition {
    pub(super) fields: Lists,
    pub(super) values: Lists,
    pub(super) changed: Vec<Change>,
}

/// All that differs.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Drift {
    pub(super) methods: Lists,
    /// Of methods that both have: scope, whether they are listed, whether they answer while the gateway starts.
    pub(super) policies: Vec<Change>,
    pub(super) events: Lists,
    pub(super) scopes: Lists,
    /// Error codes, client ids and the like, by what they are of.
    pub(super) constants: BTreeMap<String, Lists>,
    pub(super) definitions: Lists,
    pub(super) changed: BTreeMap<String, Definition>,
}

impl Lists {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    fn between<'a>(from: impl IntoIterator<Item = &'a str>, to: impl IntoIterator<Item = &'a str>) -> Self {
        let (from, to): (BTreeSet<&str>, BTreeSet<&str>) = (from.into_iter().collect(), to.into_iter().collect());
        let owned = |names: Vec<&&str>| names.into_iter().map(|name| (*name).to_owned()).collect();
        Self { added: owned(to.difference(&from).collect()), removed: owned(from.difference(&to).collect()) }
    }
}

impl Definition {
    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.values.is_empty() && self.changed.is_empty()
    }

    fn between(from: &Value, to: &Value) -> Self {
        let (from, to) = (facts(from), facts(to));
        let is_value = |place: &&str| place.contains(" = ");
        fn names(facts: &Facts) -> impl Iterator<Item = &str> {
            facts.keys().map(String::as_str)
        }
        let lists = |wanted: bool| {
            let of = |facts| names(facts).filter(move |place| is_value(place) == wanted);
            Lists::between(of(&from), of(&to))
        };
        let changed = from.iter().filter_map(|(place, old)| {
            let new = to.get(place).filter(|new| *new != old)?;
            Some(Change { what: place.clone(), from: old.clone(), to: new.clone() })
        });
        Self { changed: changed.collect(), fields: lists(false), values: lists(true) }
    }
}

impl Drift {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Compares.
    pub(super) fn between(from: &Protocol, to: &Protocol) -> Self {
        fn keys(map: &serde_json::Map<String, Value>) -> impl Iterator<Item = &str> {
            map.keys().map(String::as_str)
        }
        fn texts(list: &[String]) -> impl Iterator<Item = &str> {
            list.iter().map(String::as_str)
        }
        let policies = from.methods.iter().filter_map(|(method, old)| {
            let (old, new) = (policy(old), policy(to.methods.get(method)?));
            (old != new).then(|| Change { what: method.clone(), from: old, to: new })
        });
        let changed = from.definitions.iter().filter_map(|(name, old)| {
            let definition = Definition::between(old, to.definitions.get(name)?);
            (!definition.is_empty()).then(|| (name.clone(), definition))
        });
        let names: BTreeSet<&str> = keys(&from.constants).chain(keys(&to.constants)).collect();
        let constants = names.into_iter().filter_map(|name| {
            let (old, new) = (words(from.constants.get(name)), words(to.constants.get(name)));
            let lists = Lists::between(texts(&old), texts(&new));
            (!lists.is_empty()).then(|| (name.to_owned(), lists))
        });
        Self {
            methods: Lists::between(keys(&from.methods), keys(&to.methods)),
            policies: policies.collect(),
            events: Lists::between(texts(&from.events), texts(&to.events)),
            scopes: Lists::between(texts(&from.scopes), texts(&to.scopes)),
            constants: constants.collect(),
            definitions: Lists::between(keys(&from.definitions), keys(&to.definitions)),
            changed: changed.collect(),
        }
    }
}

/// What is said of a method, in words. `since` is not: it says nothing about what the method does.
fn policy(method: &Value) -> String {
    let said = method.as_object().into_iter().flatten().filter(|(name, value)| *name != "since" && !value.is_null());
    let word = |(name, value): (&String, &Value)| match value.as_str() {
        Some(text) if name == "scope" => text.to_owned(),
        _ => format!("{name} {value}"),
    };
    said.map(word).collect::<Vec<_>>().join(", ")
}

fn words(constant: Option<&Value>) -> Vec<String> {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match constant {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(word).collect(),
        Some(single) => vec![word(single)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn protocol(text: Value) -> Protocol {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn everything_that_differs_is_found_and_nothing_else() {
        let old = protocol(json!({
            "methods": {"a": {"scope": "operator.read", "since": "1"}, "b": {"scope": "operator.read"}},
            "events": ["tick"], "scopes": ["operator.read"], "constants": {"errorCodes": ["X"], "protocolVersion": 4},
            "definitions": {"D": {"type": "object", "properties": {"m": {"enum": ["x", "y"]}, "n": {"type": "string"}}}},
        }));
        let new = protocol(json!({
            "methods": {"a": {"scope": "operator.write", "since": "2"}, "c": {"scope": "operator.read"}},
            "events": ["tick", "tock"], "scopes": ["operator.read"], "constants": {"errorCodes": ["X"], "protocolVersion": 5},
            "definitions": {"D": {"type": "object", "required": ["n"],
                "properties": {"m": {"enum": ["x", "z"]}, "n": {"type": "string"}, "o": {}}}, "E": {}},
        }));
        assert!(Drift::between(&old, &old).is_empty());
        let drift = Drift::between(&old, &new);
        let lists = |added: &[&str], removed: &[&str]| Lists {
            added: added.iter().map(|name| (*name).to_owned()).collect(),
            removed: removed.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(drift.methods, lists(&["c"], &["b"]));
        assert_eq!(drift.policies.len(), 1);
        assert_eq!(
            (drift.policies[0].from.as_str(), drift.policies[0].to.as_str()),
            ("operator.read", "operator.write")
        );
        assert_eq!(drift.events, lists(&["tock"], &[]));
        assert!(drift.scopes.is_empty());
        assert_eq!(drift.constants["protocolVersion"], lists(&["5"], &["4"]));
        assert_eq!(drift.definitions, lists(&["E"], &[]));
        let changed = &drift.changed["D"];
        assert_eq!(changed.fields, lists(&["/o"], &[]));
        assert_eq!(changed.values, lists(&["/m = \"z\""], &["/m = \"y\""]));
        assert_eq!(
            changed.changed,
            [Change { what: "/n".into(), from: "optional, string".into(), to: "string".into() }]
        );
    }
}
