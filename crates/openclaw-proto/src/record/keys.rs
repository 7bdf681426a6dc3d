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
