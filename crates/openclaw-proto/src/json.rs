//! Reading raw JSON without building a tree.
//!
//! Everything here is tolerant: a value of the wrong type reads as absent, a repeated key means its last
//! value (as in the gateway's own language), and text is only unescaped when it has escapes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::scan::Parts;

/// An object's members in order; values stay raw.
#[derive(Debug, Default)]
pub(crate) struct RawObject<'a> {
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> RawObject<'a> {
    /// Reads `text` as an object; anything else reads as none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = Parts::of_object(text)?;
        let mut members = Vec::new();
        while let Some((name, value)) = parts.member().ok()? {
            // A name without text (half a surrogate pair) is none that anybody asks for.
            if let Some(name) = self::text(name) {
                members.push((name, value));
            }
        }
        Some(Self { members })
    }

    /// The last value of `key` that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.members.iter().rev().find(|(name, _)| name == key).map(|(_, raw)| *raw).filter(|raw| *raw != "null")
    }

    /// Every member, in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(name, raw)| (&**name, *raw))
    }

    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key).and_then(text)
    }

    pub(crate) fn string(&self, key: &str) -> Option<String> {
        self.text(key).map(Cow::into_owned)
    }

    pub(crate) fn integer(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(integer)
    }

    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(boolean)
    }

    pub(crate) fn object(&self, key: &str) -> Option<Self> {
        self.get(key).and_then(Self::parse)
    }

    /// The strings of an array; other items are left out.
    pub(crate) fn strings(&self, key: &str) -> Option<Vec<String>> {
        let items = array(self.get(key)?)?;
        // A hello is kept as long as its connection: no room that is not needed.
        let mut strings = Vec::with_capacity(items.len());
        strings.extend(items.into_iter().filter_map(text).map(Cow::into_owned));
        Some(strings)
    }
}

/// The items of a raw array.
pub(crate) fn array(raw: &str) -> Option<Vec<&str>> {
    let mut parts = Parts::of_array(raw)?;
    let mut items = Vec::new();
    while let Some(item) = parts.item().ok()? {
        items.push(item);
    }
    Some(items)
}

/// A raw string's text: borrowed when it has no escapes, none when it is no string or holds a lone surrogate.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    // All of them looked at, since most are short and have none: wide instructions instead of a search.
    if inner.bytes().fold(false, |found, byte| found | (byte == b'\\')) {
        serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// A raw number as a non-negative integer: `3`, `3.0` and `3e0` are three; fractions, negatives and values
/// beyond 2^53 that are not spelled as integers are none.
pub(crate) fn integer(raw: &str) -> Option<u64> {
    raw.parse::<u64>().ok().or_else(|| integral(number(raw)?))
}

/// A raw number; infinities do not exist in JSON and out-of-range spellings read as none.
pub(crate) fn number(raw: &str) -> Option<f64> {
    if !raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    serde_json::from_str::<f64>(raw).ok().filter(|n| n.is_finite())
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "the range is checked first and the round trip proves the value integral"
)]
fn integral(value: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if !(0.0..=EXACT).contains(&value) {
        return None;
    }
    let whole = value as u64;
    (whole as f64 == value).then_some(whole)
}

/// A non-negative number of milliseconds, fractions rounded up so that a hint is never undercut.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "float-to-integer casts saturate and negatives are refused first"
)]
pub(crate) fn millis(raw: &str) -> Option<u64> {
    if let Ok(exact) = raw.parse() {
        return Some(exact);
    }
    let value = number(raw).filter(|n| *n >= 0.0)?;
    let whole = value as u64;
    Some(if (whole as f64) < value { whole.saturating_add(1) } else { whole })
}

pub(crate) fn boolean(raw: &str) -> Option<bool> {
    match raw {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    push(out, text);
}

/// The same for text that nothing of may stay behind.
pub(crate) fn push_secret(out: &mut Vec<u8>, secret: &str) {
    if let Ok(text) = serde_json::to_string(secret).map(Zeroizing::new) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends a value whose serialisation cannot fail (strings, numbers, our own structs).
pub(crate) fn push<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".into());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_by_value_not_by_spelling() {
        for (raw, expected) in [
            ("3", Some(3)),
            ("3.0", Some(3)),
            ("3e0", Some(3)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("3.5", None),
            ("-1", None),
            ("1e400", None),
            ("1e300", None),
            ("\"3\"", None),
            ("true", None),
            ("null", None),
        ] {
            assert_eq!(integer(raw), expected, "{raw}");
        }
    }

    #[test]
    fn fractional_milliseconds_round_up() {
        for (raw, expected) in
            [("500", Some(500)), ("500.2", Some(501)), ("0.1", Some(1)), ("-5", None), ("1e400", None), ("\"5\"", None)]
        {
            assert_eq!(millis(raw), expected, "{raw}");
        }
    }

    #[test]
    fn the_last_of_repeated_keys_counts_and_escaped_keys_are_keys() {
        let object = RawObject::parse(r#"{"a":1,"\u0061":2,"b":null}"#).unwrap();
        assert_eq!(object.integer("a"), Some(2));
        assert_eq!(object.get("b"), None);
    }

    #[test]
    fn a_lone_surrogate_has_no_text_but_stays_raw() {
        let object = RawObject::parse(r#"{"a":"\ud800","b":"\ud83d\ude00"}"#).unwrap();
        assert_eq!(object.text("a"), None);
        assert_eq!(object.get("a"), Some(r#""\ud800""#));
        assert_eq!(object.text("b").as_deref(), Some("😀"));
    }
}
