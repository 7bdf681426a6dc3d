//! What both files have in common: one JSON object with a `version`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The format this release writes, and the latest it reads.
pub(super) const VERSION: u64 = 1;

/// The fields of an object, unread, where the file's text has them. Nothing is copied, so nothing needs wiping, and
/// whatever this release does not know goes back as it came.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// It does not hold what it should.
    Corrupt(String),
    /// It has a later format.
    Newer(u64),
}

impl Damage {
    pub(super) fn corrupt(why: impl Into<String>) -> Self {
        Self::Corrupt(why.into())
    }

    /// The place alone: what a JSON error says about the value may quote it.
    pub(super) fn json(what: &str, error: &serde_json::Error) -> Self {
        Self::Corrupt(format!("{what}, line {} column {}", error.line(), error.column()))
    }
}

/// The fields of a file whose format is known, without `version`.
pub(super) fn fields(contents: &[u8]) -> Result<Fields<'_>, Damage> {
    let mut fields: Fields<'_> =
        serde_json::from_slice(contents).map_err(|error| Damage::json("no JSON object", &error))?;
    let version = fields.remove("version").ok_or_else(|| Damage::corrupt("it has no version"))?;
    match version.get().parse() {
        Ok(VERSION) => Ok(fields),
        Ok(newer) if newer > VERSION => Err(Damage::Newer(newer)),
        _ => Err(Damage::corrupt("its version is no positive number")),
    }
}

/// The JSON text of a value, in a buffer that never grew and is wiped when dropped.
pub(super) fn encode(value: &impl Serialize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer_pretty(&mut length, value)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0.saturating_add(1)));
    serde_json::to_writer_pretty(&mut *text, value)?;
    text.push(b'\n');
    Ok(text)
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_decides() {
        assert_eq!(fields(br#"{"version":1,"a":[1]}"#).unwrap().keys().collect::<Vec<_>>(), ["a"]);
        for (text, damage) in [
            (r#"{"version":2,"seed":5}"#, Damage::Newer(2)),
            (r#"{"version":18446744073709551615}"#, Damage::Newer(u64::MAX)),
            (r#"{"version":0}"#, Damage::corrupt("its version is no positive number")),
            (r#"{"version":"s3cr3t"}"#, Damage::corrupt("its version is no positive number")),
            (r#"{"version":1.5}"#, Damage::corrupt("its version is no positive number")),
            ("{}", Damage::corrupt("it has no version")),
            ("", Damage::corrupt("no JSON object, line 1 column 0")),
            (r#""s3cr3t""#, Damage::corrupt("no JSON object, line 1 column 8")),
            ("{\"version\":1,\n \"a\":s3cr3t}", Damage::corrupt("no JSON object, line 2 column 6")),
        ] {
            assert_eq!(fields(text.as_bytes()).unwrap_err(), damage, "{text}");
        }
        assert!(matches!(fields(b"{\"version\":1,\"a\":\"\xff\"}"), Err(Damage::Corrupt(_))));
    }

    #[test]
    fn the_buffer_has_its_size_from_the_start() {
        let text = encode(&vec!["a\"b"; 100]).unwrap();
        assert_eq!(text.len(), text.capacity());
    }
}
