//! What must not be in a log becomes `x`, byte for byte: sizes and ranges stay what they were, so that a replay of the
//! masked inputs says the same.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use crate::client::ClientConfig;
use crate::json;
use crate::secret::Secret;

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
        let auth = &config.connect.auth;
        let credentials = [&auth.token, &auth.password, &auth.device_token, &auth.bootstrap_token];
        let query = config.url.as_str().split_once('?').map_or("", |(_, query)| query);
        let mut needles: Vec<Needle> = Vec::new();
        let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let signature = config.connect.device.iter().map(|device| device.signature.as_str());
        let exposed = credentials.into_iter().flatten().map(Secret::expose);
        for plain in exposed.chain(values).chain(signature).filter(|plain| !plain.trim().is_empty()) {
            let bare = |quoted: &str| String::from(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
            let mut quoted = Vec::new();
            json::push_string(&mut quoted, plain);
            let escaped = bare(&String::from_utf8(quoted).unwrap_or_default());
            let len = escaped.len();
            let fill = if plain.bytes().all(|byte| byte.is_ascii_digit()) { b'1' } else { b'x' };
            for spelling in [plain.into(), escaped, bare(&format!("{plain:?}"))] {
                if !needles.iter().any(|needle| needle.spelling == spelling) {
                    needles.push(Needle { spelling, len, fill });
                }
            }
        }
        needles.sort_by_key(|needle| core::cmp::Reverse(needle.spelling.len()));
        Self { needles }
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

fn telltale(key: &str) -> bool {
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
fn mask_keys(text: &str) -> String {
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

fn cover(bytes: &mut [u8], start: usize, end: usize, fill: u8) {
    if let Some(part) = bytes.get_mut(start..end) {
        part.fill(fill);
    }
}

/// Whole characters are covered and nothing else, so this cannot lose anything.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8(vec![b'x'; e.as_bytes().len()]).unwrap_or_default())
}
