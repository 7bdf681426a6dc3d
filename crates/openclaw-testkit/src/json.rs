//! JSON as a gateway reads it: keys in the order they came, the last of repeated keys counting.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A value whose objects keep the order of their keys: error messages name the first fault in that order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The member of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A member that is a text.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::text)
    }

    /// The texts of a member that is a list.
    pub(crate) fn texts_of(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(Self::List(items)) => items.iter().filter_map(Self::text).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// A member that is a whole number.
    #[allow(clippy::cast_possible_truncation, reason = "float-to-integer casts saturate, and the schema was checked")]
    pub(crate) fn integer_of(&self, key: &str) -> Option<i64> {
        match self.get(key) {
            Some(Self::Number(number)) => Some(*number as i64),
            _ => None,
        }
    }
}

/// Replaces the value of a key that is there already, as JavaScript does.
fn put<V>(members: &mut Vec<(String, V)>, name: String, value: V) {
    match members.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => members.push((name, value)),
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

#[allow(clippy::cast_precision_loss, reason = "JavaScript numbers are floats")]
impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            put(&mut members, name, value);
        }
        Ok(Json::Object(members))
    }
}

/// A frame whose top level has been read; `params` stays raw, since it may be large and nobody may ask for it.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// The frame with `null` for params, for the schema to look at.
    pub(crate) frame: Json,
    /// The raw id, to be echoed.
    pub(crate) id: Option<&'a str>,
    pub(crate) params: Option<&'a str>,
}

/// What a text message is.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    NotJson,
    NotAnObject,
    Frame(Envelope<'a>),
}

/// Reads a message's top level.
pub(crate) fn read(text: &str) -> Incoming<'_> {
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return Incoming::NotJson };
    if !raw.get().starts_with('{') {
        return Incoming::NotAnObject;
    }
    let Ok(members) = serde_json::from_str::<Members<'_>>(raw.get()) else { return Incoming::NotJson };
    let raw_of = |key: &str| members.0.iter().find(|(name, _)| name == key).map(|(_, raw)| raw.get());
    let (id, params) = (raw_of("id"), raw_of("params"));
    let frame = Json::Object(
        members
            .0
            .iter()
            .map(|(name, raw)| {
                let value = if name == "params" { None } else { Json::parse(raw.get()) };
                (name.clone(), value.unwrap_or(Json::Null))
            })
            .collect(),
    );
    Incoming::Frame(Envelope { frame, id, params })
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    put(&mut members, name, value);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A value as JSON text. Values of our own making always have one.
pub(crate) fn text_of<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

/// A payload of the user's as a value; what does not serialise reads as null.
pub(crate) fn value_of(payload: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(payload).unwrap_or_default()
}

/// JSON merge patch (RFC 7396): objects merge, null removes, everything else replaces.
pub(crate) fn merge(target: &mut serde_json::Value, patch: &serde_json::Value) {
    let serde_json::Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = serde_json::json!({});
    }
    if let Some(members) = target.as_object_mut() {
        for (name, value) in patch {
            if value.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name).or_insert(serde_json::Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_keep_their_order_and_the_last_of_repeated_ones_counts() {
        let value = Json::parse(r#"{"z":1,"a":true,"z":[null,"x"]}"#).unwrap();
        let Json::Object(members) = &value else { panic!("{value:?}") };
        assert_eq!(members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!(value.texts_of("z"), ["x"]);
    }

    #[test]
    fn a_message_is_an_object_another_value_or_no_json() {
        assert!(matches!(read("nonsense"), Incoming::NotJson));
        assert!(matches!(read("{} {}"), Incoming::NotJson));
        assert!(matches!(read(" [1]"), Incoming::NotAnObject));
        let Incoming::Frame(envelope) = read(r#" {"id": 7 ,"params":{"deep":[1]}}"#) else { panic!() };
        assert_eq!((envelope.id, envelope.params), (Some("7"), Some(r#"{"deep":[1]}"#)));
        assert_eq!(envelope.frame.get("params"), Some(&Json::Null));
    }

    #[test]
    fn a_merge_patch_merges_objects_removes_by_null_and_replaces_the_rest() {
        let mut hello = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut hello, &json!({"a": {"b": null, "e": -5}, "d": 0}));
        assert_eq!(hello, json!({"a": {"c": 2, "e": -5}, "d": 0}));
    }
}
