//! Strings, and the names of members.

use super::marks::Marks;
use super::{Fault, next};

/// `at` is behind the opening quote; gives what is behind the closing one.
#[inline(always)]
pub(super) fn string(text: &[u8], marks: Marks, at: usize) -> Result<(usize, Marks), Fault> {
    let (place, marks) = marks.find(text, at);
    rest_of_string(text, marks, place)
}

/// The same from the first mark on.
#[inline(always)]
pub(super) fn rest_of_string(text: &[u8], mut marks: Marks, mut place: usize) -> Result<(usize, Marks), Fault> {
    loop {
        match text.get(place) {
            Some(b'"') => return Ok((place + 1, marks)),
            Some(b'\\') => (place, marks) = marks.find(text, escape(text, place + 1)?),
            _ => return Err(Fault(place)),
        }
    }
}

/// `at` is behind a backslash.
#[inline(always)]
fn escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    match text.get(at) {
        Some(byte) if ESCAPES.get(usize::from(*byte)) == Some(&true) => Ok(at + 1),
        Some(b'u') => unicode_escape(text, at + 1),
        _ => Err(Fault(at)),
    }
}

/// What may stand behind a backslash, but for the `u` of four digits.
#[expect(clippy::indexing_slicing, reason = "there is a place for every byte, and the compiler would say if not")]
const ESCAPES: [bool; 256] = {
    let mut escapes = [false; 256];
    let mut rest: &[u8] = br#"\"/bfnrt"#;
    while let [byte, after @ ..] = rest {
        escapes[*byte as usize] = true;
        rest = after;
    }
    escapes
};

/// Four digits.
#[inline(never)]
fn unicode_escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    for place in at..at + 4 {
        if !text.get(place).is_some_and(u8::is_ascii_hexdigit) {
            return Err(Fault(place));
        }
    }
    Ok(at + 4)
}

/// A member's name and its colon.
pub(super) struct Name {
    /// Behind the closing quote.
    pub(super) end: usize,
    /// Behind the colon.
    pub(super) value: usize,
    pub(super) marks: Marks,
}

/// The name at `at`, where no white space is.
#[inline(always)]
pub(super) fn name(text: &[u8], marks: Marks, at: usize) -> Result<Name, Fault> {
    if text.get(at) == Some(&b'"') {
        let (place, marks) = marks.find(text, at + 1);
        if let Some([b'"', b':', ..]) = text.get(place..) {
            return Ok(Name { end: place + 1, value: place + 2, marks });
        }
    }
    unusual_name(text, marks, at)
}

/// One with white space before it or behind it, or with escapes, or none.
#[inline(never)]
pub(super) fn unusual_name(text: &[u8], marks: Marks, at: usize) -> Result<Name, Fault> {
    let (byte, at) = next(text, at)?;
    if byte != b'"' {
        return Err(Fault(at));
    }
    let (end, marks) = string(text, marks, at + 1)?;
    match next(text, end)? {
        (b':', at) => Ok(Name { end, value: at + 1, marks }),
        (_, at) => Err(Fault(at)),
    }
}
