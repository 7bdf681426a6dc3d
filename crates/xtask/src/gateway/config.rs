//! The configuration a gateway is started with.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Error, Result};
use serde_json::{Value, json};

use super::versions::{self, Version};

/// What a test adds to the configuration, for all versions or for one.
#[derive(Debug, Clone)]
pub struct Extra {
    version: Option<&'static Version>,
    patch: Value,
}

impl Extra {
    /// An addition for all versions.
    pub fn new(patch: Value) -> Self {
        Self { version: None, patch }
    }

    /// The addition, if it is meant for `version`.
    pub fn for_version(&self, version: &Version) -> Option<&Value> {
        self.version.is_none_or(|only| only.number == version.number).then_some(&self.patch)
    }
}

/// Reads `[VERSION=]JSON` or `[VERSION=]FILE`.
impl FromStr for Extra {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (version, source) = match text.split_once('=') {
            Some((number, source)) if !number.contains(['{', '/']) => (Some(versions::find(number)?), source),
            _ => (None, text),
        };
        let json = if source.trim_start().starts_with('{') {
            source.to_owned()
        } else {
            fs::read_to_string(source).with_context(|| format!("cannot read the configuration {source}"))?
        };
        let patch: Value =
            serde_json::from_str(&json).with_context(|| format!("the configuration {source} is not JSON"))?;
        anyhow::ensure!(patch.is_object(), "the configuration {source} is not an object");
        Ok(Self { version, patch })
    }
}

/// The configuration for a gateway of `version` that keeps everything in `state_dir`: no update
/// check, no catalogue fetch, no agent that wakes up by itself.
///
/// # Errors
///
/// When the version's own part is not JSON.
pub fn build(version: &Version, state_dir: &Path, extras: &[Extra]) -> Result<Value> {
    let mut config = json!({
        "gateway": {"mode": "local"},
        "update": {"checkOnStart": false},
        "agents": {"defaults": {"heartbeat": {"every": "0m"}}},
        // Without this the log goes to a folder all gateways of the machine share.
        "logging": {"file": state_dir.join("gateway.log")},
    });
    merge(&mut config, &serde_json::from_str(version.config)?);
    for patch in extras.iter().filter_map(|extra| extra.for_version(version)) {
        merge(&mut config, patch);
    }
    Ok(config)
}

/// Lays `patch` over `target` as RFC 7396 says: objects are merged, `null` removes a member,
/// everything else replaces what was there.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.as_str()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(mut target: Value, patch: &Value) -> Value {
        merge(&mut target, patch);
        target
    }

    #[test]
    fn objects_are_merged_and_the_rest_is_replaced() {
        assert_eq!(
            merged(json!({"a": {"b": 1, "c": [1, 2]}, "d": true}), &json!({"a": {"c": [3], "e": {"f": null, "g": 2}}}),),
            json!({"a": {"b": 1, "c": [3], "e": {"g": 2}}, "d": true})
        );
        assert_eq!(merged(json!({"a": 1}), &json!({"a": {"b": 2}})), json!({"a": {"b": 2}}));
    }

    #[test]
    fn null_removes() {
        assert_eq!(
            merged(json!({"a": {"b": 1, "c": 2}}), &json!({"a": {"b": null}, "x": null})),
            json!({"a": {"c": 2}})
        );
    }

    #[test]
    fn an_extra_may_be_for_one_version_only() {
        let extra: Extra = r#"2026.5.7={"gateway": {"x": "a=b"}}"#.parse().unwrap();
        assert_eq!(extra.for_version(versions::DEFAULT), None);
        assert_eq!(extra.for_version(versions::LAST_WIRE_3), Some(&json!({"gateway": {"x": "a=b"}})));
        let extra: Extra = r#"{"x": "a=b"}"#.parse().unwrap();
        assert!(extra.for_version(versions::DEFAULT).is_some());
    }

    #[test]
    fn wrong_extras_are_refused() {
        for text in ["{", "no-such-file.json", "1.2.3={}", "[]"] {
            assert!(text.parse::<Extra>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_version_that_knows_a_key_gets_it() {
        let state = Path::new("state");
        let new = build(versions::DEFAULT, state, &[]).unwrap();
        let old = build(versions::LAST_WIRE_3, state, &[]).unwrap();
        assert_eq!(new.pointer("/models/catalogRefresh/enabled"), Some(&json!(false)));
        assert_eq!(old.get("models"), None);
        let extra = Extra::new(json!({"gateway": {"mode": "remote"}}));
        let patched = build(versions::DEFAULT, state, &[extra]).unwrap();
        assert_eq!(patched.pointer("/gateway/mode"), Some(&json!("remote")));
    }
}
