//! What must not be in a log becomes `x`, byte for byte: sizes and ranges stay what they were, so that a replay of the
//! masked inputs says the same.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use zeroize::Zeroize;

use super::keys::{mask_keys, telltale};
use crate::client::ClientConfig;
use crate::json;

/// A credential shorter than this is masked only where it is a whole word: `a` is in every other.
const ANYWHERE: usize = 6;

/// What to look for.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// The credentials in every spelling, the longest first, since one may be part of another.
    needles: Vec<Needle>,
}

/// One spelling of a credential.
struct Needle {
    spelling: String,
    /// Its length inside JSON, which is what any spelling becomes in texts that are none: the same words then reach an
    /// output with the same length whichever way they came in.
    len: usize,
    /// Not a letter where the credential is a number: it may be part of a number that has to stay one.
    fill: u8,
}

impl core::fmt::Debug for Needle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Needle(redacted)")
    }
}

impl Drop for Needle {
    fn drop(&mut self) {
        self.spelling.zeroize();
    }
}

impl Needle {
    fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        text.match_indices(&self.spelling).map(|(start, _)| start).filter(move |start| {
            let (before, rest) = text.split_at(*start);
            let mut before = before.chars().rev();
            let after = rest.get(self.spelling.len()..).and_then(|after| after.chars().next());
            // The letter of an escape is no letter of the word.
            let apart = !before.next().is_some_and(char::is_alphanumeric) || before.next() == Some('\\');
            self.spelling.len() >= ANYWHERE || (apart && !after.is_some_and(char::is_alphanumeric))
        })
    }
}

impl Mask {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        let query = config.url.as_str().split_once('?').map_or("", |(_, query)| query);
        let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let exposed = config.connect.auth.fields().filter_map(|(_, secret)| secret);
        let mut mask = Self::default();
        exposed.chain(values).for_each(|plain| mask.learn(plain));
        mask
    }

    /// Masks this too from here on.
    pub(crate) fn learn(&mut self, plain: &str) {
        if plain.trim().is_empty() {
            return;
        }
        let bare = |quoted: &str| String::from(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
        let mut quoted = Vec::new();
        json::push_string(&mut quoted, plain);
        let escaped = bare(&String::from_utf8(quoted).unwrap_or_default());
        let len = escaped.len();
        let fill = if plain.bytes().all(|byte| byte.is_ascii_digit()) { b'1' } else { b'x' };
        for spelling in [plain.into(), escaped, bare(&format!("{plain:?}"))] {
            if !self.needles.iter().any(|needle| needle.spelling == spelling) {
                self.needles.push(Needle { spelling, len, fill });
            }
        }
        self.needles.sort_by_key(|needle| core::cmp::Reverse(needle.spelling.len()));
    }

    /// Masks credentials in a text that is no JSON. It may change its length.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = String::from(text);
        for needle in &self.needles {
            let mut masked = String::new();
            let mut rest = 0;
            for start in needle.find(&text) {
                masked.push_str(text.get(rest..start).unwrap_or_default());
                masked.extend(core::iter::repeat_n(char::from(needle.fill), needle.len));
                rest = start + needle.spelling.len();
            }
            masked.push_str(text.get(rest..).unwrap_or_default());
            text = masked;
        }
        text
    }

    /// Masks credentials, and what stands under telltale keys, in what is meant to be JSON. Its length stays.
    pub(crate) fn json(&self, text: &str) -> String {
        let masked = mask_keys(text);
        let mut bytes = masked.as_bytes().to_vec();
        for needle in &self.needles {
            for start in needle.find(&masked) {
                cover(&mut bytes, start, start + needle.spelling.len(), needle.fill);
            }
        }
        text_of(bytes)
    }

    /// Masks the value of an HTTP header.
    pub(crate) fn header(&self, name: &str, value: &str) -> String {
        if telltale(name) { "x".repeat(value.len()) } else { self.text(value) }
    }
}

/// Masks every value of a URL's query.
pub(crate) fn mask_query(url: &str) -> String {
    let Some((before, query)) = url.split_once('?') else { return url.into() };
    let masked: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", "x".repeat(value.len())),
            None => "x".repeat(pair.len()),
        })
        .collect();
    format!("{before}?{}", masked.join("&"))
}

pub(super) fn cover(bytes: &mut [u8], start: usize, end: usize, fill: u8) {
    if let Some(part) = bytes.get_mut(start..end) {
        part.fill(fill);
    }
}

/// Whole characters are covered and nothing else, so this cannot lose anything.
pub(super) fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8(vec![b'x'; e.as_bytes().len()]).unwrap_or_default())
}
