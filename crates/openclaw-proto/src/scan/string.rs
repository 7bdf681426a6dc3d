//! Strings, and the names of members.

use super::marks::Marks;
use super::{Fault, next};

/// `at` is behind the opening quote; gives what is behind the closing one.
#[inline(always)]
pub(super) fn string(text: &[u8], marks: Marks, at: usize) -> Result<(usize, Marks), Fault> {
    let (mut place, mut marks) = marks.find(text, at);
    loop {
        match text.get(place).ok_or(Fault::EARLY)? {
            b'"' => return Ok((place + 1, marks)),
            b'\\' => (place, marks) = marks.find(text, escape(text, place + 1)?),
            _ => return Err(Fault::at(place)),
        }
    }
}

/// `at` is behind a backslash.
#[inline(always)]
fn escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    match text.get(at).ok_or(Fault::EARLY)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => unicode_escape(text, at + 1),
        _ => Err(Fault::at(at)),
    }
}

/// Four digits.
#[inline(never)]
fn unicode_escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    for place in at..at + 4 {
        if !text.get(place).ok_or(Fault::EARLY)?.is_ascii_hexdigit() {
            return Err(Fault::at(place));
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
        if text.get(place) == Some(&b'"') && text.get(place + 1) == Some(&b':') {
            return Ok(Name { end: place + 1, value: place + 2, marks });
        }
    }
    unusual_name(text, marks, at)
}

/// One with white space before it or behind it, or with escapes, or none.
#[inline(never)]
fn unusual_name(text: &[u8], marks: Marks, at: usize) -> Result<Name, Fault> {
    let (byte, at) = next(text, at)?;
    if byte != b'"' {
        return Err(Fault::at(at));
    }
    let (end, marks) = string(text, marks, at + 1)?;
    match next(text, end)? {
        (b':', at) => Ok(Name { end, value: at + 1, marks }),
        (_, at) => Err(Fault::at(at)),
    }
}
