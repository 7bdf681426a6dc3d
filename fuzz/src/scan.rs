//! The envelope scanner by itself: what it takes for JSON, and where it says that its parts begin and end.

// The scanner is private to the core, so its source is compiled in a second time here.
#[path = "../../crates/openclaw-proto/src/scan/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the core uses the rest of it")]
mod scanner;

use scanner::{Fault, Parts};
use serde_json::value::RawValue;

/// Reads `data` with the scanner and with serde_json's `RawValue`, which checks the syntax of a text and builds nothing.
///
/// There is no allowed difference but one: `RawValue` limits nesting only where it descends, which it does not here, so
/// both take any depth. A verdict, the parts of an object or a list, and each part's bytes must be the same. Where the text
/// is not JSON, the scanner's reason must be true: a text that is said to end too early has no wrong byte before that.
pub fn scan(data: &[u8]) {
    // Transports deliver valid UTF-8 only.
    let text = String::from_utf8_lossy(data);
    let theirs = serde_json::from_str::<&RawValue>(&text);
    match (scanner::check(&text), &theirs) {
        (Ok(()), Ok(_)) => {}
        (Err(fault), Err(_)) => says_why(&text, fault),
        (ours, theirs) => panic!("{ours:?} where serde_json says {theirs:?}"),
    }
    let theirs = theirs.ok().map(RawValue::get);
    members(&text, theirs);
    items(&text, theirs);
}

fn says_why(text: &str, fault: Fault) {
    match fault.place(text) {
        // serde_json calls some texts wrong that only end too early (`1e`), so its reason is not compared. But in a text
        // that could go on, nothing can be wrong further ahead.
        None => {
            let half = text.get(..text.len() / 2).unwrap_or_default();
            let place = scanner::check(half).err().and_then(|fault| fault.place(half));
            assert_eq!(place, None, "wrong in the first half");
        }
        Some(at) => {
            assert!(at < text.len(), "byte {at} of {} is wrong", text.len());
            let (line, column) = scanner::position(text, at);
            let begin: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            assert_eq!(begin + column - 1, at, "line {line}, column {column}");
            // Nothing behind the wrong byte matters.
            let head = text.as_bytes().get(..=at).unwrap_or_default();
            if let Ok(head) = std::str::from_utf8(head) {
                assert_eq!(scanner::check(head), Err(fault));
            }
        }
    }
}

/// Each part lies in the text, is JSON, and has nothing around it.
fn is_part(text: &str, part: &str) {
    let (whole, range) = (text.as_bytes().as_ptr_range(), part.as_bytes().as_ptr_range());
    assert!(whole.start <= range.start && range.end <= whole.end, "a part of another text");
    assert_eq!(scanner::check(part), Ok(()));
    assert_eq!(part.trim_matches([' ', '\t', '\r', '\n']).len(), part.len());
}

fn members(text: &str, json: Option<&str>) {
    let is_object = json.map(|json| json.starts_with('{'));
    let Some(mut parts) = Parts::of_object(text) else {
        return assert_ne!(is_object, Some(true));
    };
    let mut ours = Vec::new();
    let whole = loop {
        match parts.member() {
            Ok(Some(member)) => ours.push(member),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    for (name, value) in &ours {
        is_part(text, name);
        is_part(text, value);
        assert!(name.starts_with('"'));
    }
    assert_eq!(whole, is_object == Some(true), "of an object that is not JSON some part must be wrong");
    if let Some(json) = json {
        // Names with half a surrogate pair are no strings, and then serde_json reads no map.
        if let Ok(Members(theirs)) = serde_json::from_str(json) {
            let ours: Vec<_> = ours.iter().map(|(_, value)| *value).collect();
            let theirs: Vec<_> = theirs.iter().map(|value| value.get()).collect();
            assert_eq!(ours, theirs);
        }
    }
}

fn items(text: &str, json: Option<&str>) {
    let is_list = json.map(|json| json.starts_with('['));
    let Some(mut parts) = Parts::of_array(text) else {
        return assert_ne!(is_list, Some(true));
    };
    let mut ours = Vec::new();
    let whole = loop {
        match parts.item() {
            Ok(Some(item)) => ours.push(item),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    ours.iter().for_each(|item| is_part(text, item));
    assert_eq!(whole, is_list == Some(true), "of a list that is not JSON some part must be wrong");
    if let Some(theirs) = json.and_then(|json| serde_json::from_str::<Vec<&RawValue>>(json).ok()) {
        let theirs: Vec<_> = theirs.iter().map(|item| item.get()).collect();
        assert_eq!(ours, theirs);
    }
}

/// The values of an object's members in their order, repeated names included.
struct Members<'a>(Vec<&'a RawValue>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((_, value)) = map.next_entry::<String, &RawValue>()? {
                    values.push(value);
                }
                Ok(Members(values))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
