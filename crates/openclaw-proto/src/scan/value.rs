//! Values: the grammar.

use super::marks::Marks;
use super::nesting::Nesting;
use super::string::{name, string};
use super::{Fault, next};

/// The end of the value that begins with `first` at `begin`.
#[inline(always)]
pub(super) fn value(text: &[u8], marks: Marks, first: u8, begin: usize) -> Result<(usize, Marks), Fault> {
    match first {
        b'{' | b'[' => container(text, marks, begin),
        _ => scalar(text, marks, first, begin),
    }
}

#[inline(always)]
fn scalar(text: &[u8], marks: Marks, first: u8, begin: usize) -> Result<(usize, Marks), Fault> {
    let end = match first {
        b'"' => return string(text, marks, begin + 1),
        b'-' | b'0'..=b'9' => number(text, first, begin),
        b't' => literal(text, begin, b"true"),
        b'f' => literal(text, begin, b"false"),
        b'n' => literal(text, begin, b"null"),
        _ => Err(Fault::at(begin)),
    }?;
    Ok((end, marks))
}

/// An object or an array, and whatever is in it.
#[inline(never)]
fn container(text: &[u8], mut marks: Marks, mut at: usize) -> Result<(usize, Marks), Fault> {
    let mut nesting = Nesting::new();
    'value: loop {
        let (first, begin) = next(text, at)?;
        match first {
            b'{' => {
                nesting.open(true);
                let (byte, inner) = next(text, begin + 1)?;
                at = inner;
                if byte != b'}' {
                    let name = name(text, marks, inner)?;
                    (at, marks) = (name.value, name.marks);
                    continue;
                }
            }
            b'[' => {
                nesting.open(false);
                let (byte, inner) = next(text, begin + 1)?;
                at = inner;
                if byte != b']' {
                    continue;
                }
            }
            _ => (at, marks) = scalar(text, marks, first, begin)?,
        }
        loop {
            let (byte, place) = next(text, at)?;
            at = place + 1;
            let object = nesting.in_object();
            if byte == b',' {
                if object {
                    let name = name(text, marks, at)?;
                    (at, marks) = (name.value, name.marks);
                }
                continue 'value;
            }
            if byte != if object { b'}' } else { b']' } {
                return Err(Fault::at(place));
            }
            if !nesting.close() {
                return Ok((at, marks));
            }
        }
    }
}

#[inline(always)]
fn number(text: &[u8], first: u8, begin: usize) -> Result<usize, Fault> {
    let at = match first {
        b'0' => begin + 1,
        b'-' if text.get(begin + 1) == Some(&b'0') => begin + 2,
        b'-' => digits(text, begin + 1)?,
        _ => past_digits(text, begin + 1),
    };
    match text.get(at) {
        Some(b'.' | b'e' | b'E') => fraction(text, at),
        _ => Ok(at),
    }
}

/// What may follow the integer part.
fn fraction(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits(text, at)?;
    }
    Ok(at)
}

/// One digit or more.
fn digits(text: &[u8], at: usize) -> Result<usize, Fault> {
    match text.get(at) {
        Some(b'0'..=b'9') => Ok(past_digits(text, at + 1)),
        Some(_) => Err(Fault::at(at)),
        None => Err(Fault::EARLY),
    }
}

/// Eight at a time: most numbers are too short for a loop to be foreseen, and times have thirteen digits.
#[inline(always)]
fn past_digits(text: &[u8], mut at: usize) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let value = u64::from_le_bytes(*word) ^ (EACH * b'0' as u64);
        // The high bit of what is no digit; bits above the lowest one set may be wrong.
        let other = (value.wrapping_add(EACH * (0x80 - 10)) | value) & (EACH * 0x80);
        if other != 0 {
            return at + other.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(b'0'..=b'9') = text.get(at) {
        at += 1;
    }
    at
}

fn literal(text: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    for (place, expected) in (at..).zip(word) {
        if text.get(place).ok_or(Fault::EARLY)? != expected {
            return Err(Fault::at(place));
        }
    }
    Ok(at + word.len())
}
