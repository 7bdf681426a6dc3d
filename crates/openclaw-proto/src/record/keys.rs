//! Finding what telltale object keys give away, in text that may be broken JSON.

use alloc::format;
use alloc::string::String;

use super::mask::{cover, text_of};
use crate::json;

/// Object keys that have one of these in them hold what nobody else may read.
const TELLTALES: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "apikey",
    "api_key",
    "api-key",
    "authorization",
    "cookie",
    "credential",
    "privatekey",
    "signature",
];

/// Keys that the core itself reads below such a key (`deviceTokens` of a hello); what they hold is protocol vocabulary.
const VOCABULARY: [&str; 2] = ["role", "scopes"];

pub(super) fn telltale(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    TELLTALES.iter().any(|word| key.contains(word))
}

/// What the next value is, as its key tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Plain,
    Secret,
    Vocabulary,
}

/// Masks string values under telltale keys, however deep. It never parses: a key is a string with a colon behind it, so
/// broken JSON is masked as well as it can be.
pub(super) fn mask_keys(text: &str) -> String {
    let source = text.as_bytes();
    let mut bytes = source.to_vec();
    let (mut at, mut depth, mut next) = (0, 0_usize, Next::Plain);
    // The depth at which the value of a telltale key, or a piece of vocabulary in it, ends.
    let (mut secret, mut keep): (Option<usize>, Option<usize>) = (None, None);
    while let Some(byte) = source.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = string_end(source, at);
                let content = text.get(at..end).unwrap_or_default();
                let after = source.get(end + 1..).unwrap_or_default();
                if after.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':') {
                    next = kind_of_key(content);
                } else {
                    let inherited = secret.is_some() && keep.is_none() && next == Next::Plain;
                    if inherited || next == Next::Secret || document(content) {
                        cover_content(&mut bytes, source, at, end);
                    }
                    next = Next::Plain;
                }
                at = end + 1;
            }
            b'{' | b'[' => {
                match next {
                    Next::Secret => {
                        secret = secret.or(Some(depth));
                        keep = None;
                    }
                    Next::Vocabulary if secret.is_some() => keep = keep.or(Some(depth)),
                    _ => {}
                }
                next = Next::Plain;
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                keep = keep.filter(|until| depth > *until);
                secret = secret.filter(|until| depth > *until);
                next = Next::Plain;
            }
            b',' => next = Next::Plain,
            _ => {}
        }
    }
    text_of(bytes)
}

fn kind_of_key(content: &str) -> Next {
    // A key may be spelled with escapes.
    let key = json::text(&format!("\"{content}\"")).map_or_else(|| content.into(), |key| key.into_owned());
    if telltale(&key) {
        Next::Secret
    } else if VOCABULARY.contains(&key.as_str()) {
        Next::Vocabulary
    } else {
        Next::Plain
    }
}

/// Whether a string holds a document of its own (a configuration handed over as text) with a telltale word in it. Such
/// a document may be in any notation, so it is masked whole.
fn document(content: &str) -> bool {
    content.trim_start().starts_with(['{', '[']) && telltale(content)
}

/// Where the string ends that begins at `start`: at its closing quote, or with the text.
fn string_end(source: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = source.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    source.len()
}

/// Masks a string's content, but leaves what makes the string invalid: it has to stay so.
fn cover_content(bytes: &mut [u8], source: &[u8], start: usize, end: usize) {
    let mut at = start;
    while at < end {
        let rest = source.get(at..end).unwrap_or_default();
        let (len, masked) = match rest {
            // Half a surrogate pair, or no hexadecimal digits.
            [b'\\', b'u', ..] => escape_len(rest).map_or((6, false), |len| (len, true)),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => (2, true),
            [b'\\', ..] => (2, false),
            [0..=0x1f, ..] => (1, false),
            _ => (1, true),
        };
        if masked {
            cover(bytes, at, at + len, b'x');
        }
        at += len;
        // What is left as it is may end inside a character.
        while !masked && source.get(at).is_some_and(|byte| (0x80..0xc0).contains(byte)) {
            at += 1;
        }
    }
}

/// The length of a Unicode escape that stands for a character: a lone surrogate stands for none.
fn escape_len(rest: &[u8]) -> Option<usize> {
    [6, 12].into_iter().find(|len| {
        let Some(text) = rest.get(..*len).and_then(|part| core::str::from_utf8(part).ok()) else { return false };
        serde_json::from_str::<String>(&format!("\"{text}\"")).is_ok_and(|decoded| decoded.chars().count() == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_under_telltale_keys_are_covered_and_no_others() {
        for (text, masked) in [
            (r#"{"token":"abc"}"#, r#"{"token":"xxx"}"#),
            (r#"{"token" :  "abc","a":"abc"}"#, r#"{"token" :  "xxx","a":"abc"}"#),
            (r#"{"a":"token","b":["abc"]}"#, r#"{"a":"token","b":["abc"]}"#),
            (r#"{"to\u006ben":"abc"}"#, r#"{"to\u006ben":"xxx"}"#),
            (r#"{"token":5,"abc","a":"b"}"#, r#"{"token":5,"abc","a":"b"}"#),
            (r#"{"token":5}"abc""#, r#"{"token":5}"abc""#),
            (r#"{"token":"abc"#, r#"{"token":"xxx"#),
        ] {
            assert_eq!(mask_keys(text), masked);
        }
    }

    #[test]
    fn all_that_is_in_the_value_of_a_telltale_key_is_covered_however_deep() {
        let text = r#"{"a":[1],"secrets":["b",["c"],{"d":"e","f":{"g":"h"}},"i"],"j":["k"]}"#;
        let masked = r#"{"a":[1],"secrets":["x",["x"],{"d":"x","f":{"g":"x"}},"x"],"j":["k"]}"#;
        assert_eq!(mask_keys(text), masked);
    }

    #[test]
    fn a_token_s_role_and_scopes_stay_readable() {
        for (text, masked) in [
            (
                r#"{"deviceTokens":[{"scopes":["a"],"role":"b","deviceToken":"c","other":"d"}],"e":"f"}"#,
                r#"{"deviceTokens":[{"scopes":["a"],"role":"b","deviceToken":"x","other":"x"}],"e":"f"}"#,
            ),
            (
                r#"{"token":{"scopes":{"a":["b"],"c":"d"},"e":["f"]}}"#,
                r#"{"token":{"scopes":{"a":["b"],"c":"d"},"e":["x"]}}"#,
            ),
            (r#"{"token":{"scopes":[["a"],{"cookie":["b"]}]}}"#, r#"{"token":{"scopes":[["a"],{"cookie":["x"]}]}}"#),
        ] {
            assert_eq!(mask_keys(text), masked);
        }
    }

    #[test]
    fn a_document_in_a_string_is_covered_whole_if_it_has_a_telltale_word() {
        for (text, masked) in [
            (r#"{"raw":" {\"token\":1}"}"#, r#"{"raw":"xxxxxxxxxxxxxx"}"#),
            (r#"{"raw":"{\"a\":1}"}"#, r#"{"raw":"{\"a\":1}"}"#),
            (r#"{"raw":"a token"}"#, r#"{"raw":"a token"}"#),
        ] {
            assert_eq!(mask_keys(text), masked);
        }
    }

    #[test]
    fn a_string_that_is_no_json_stays_none() {
        let masked = |content: &str| mask_keys(&format!("{{\"token\":\"{content}\"}}"));
        for (content, covered) in [
            (r"a\nb\\\/", r"xxxxxxxx"),
            (r#"a\"b"#, "xxxx"),
            (r"a\qb", r"x\qx"),
            (r"a\u00e9b", r"xxxxxxxx"),
            (r"\ud83d\ude00b", r"xxxxxxxxxxxxx"),
            (r"a\ud800b", r"x\ud800x"),
            (r"a\u00zzb", r"x\u00zzx"),
            ("a\u{1}b", "x\u{1}x"),
            ("é", "xx"),
            ("\\éb", "\\éx"),
        ] {
            assert_eq!(masked(content), format!("{{\"token\":\"{covered}\"}}"), "{content}");
        }
    }
}
