//! Values: the grammar.

use super::marks::Marks;
use super::nesting::{EMPTY, Nesting};
use super::string::{rest_of_string, string, unusual_name};
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
    if first == b'"' {
        return string(text, marks, begin + 1);
    }
    let end = if first.is_ascii_digit() { number(text, first, begin) } else { other(text, first, begin) }?;
    Ok((end, marks))
}

#[inline(never)]
fn other(text: &[u8], first: u8, begin: usize) -> Result<usize, Fault> {
    match first {
        b'-' => match text.get(begin + 1) {
            Some(first) if first.is_ascii_digit() => number(text, *first, begin + 1),
            _ => Err(Fault(begin + 1)),
        },
        b't' => literal(text, begin, b"true"),
        b'f' => literal(text, begin, b"false"),
        b'n' => literal(text, begin, b"null"),
        _ => Err(Fault(begin)),
    }
}

/// An object or an array, and whatever is in it.
#[inline(never)]
fn container(text: &[u8], mut marks: Marks, mut at: usize) -> Result<(usize, Marks), Fault> {
    let mut nesting = Nesting::new();
    let mut top = EMPTY;
    // A value is to come.
    'value: loop {
        let (first, begin) = next(text, at)?;
        // A name is to come instead of what stands behind a value.
        let mut member = false;
        match first {
            b'{' => {
                top = nesting.open(top, true);
                let (byte, inner) = next(text, begin + 1)?;
                at = inner;
                member = byte != b'}';
            }
            b'[' => {
                top = nesting.open(top, false);
                let (byte, inner) = next(text, begin + 1)?;
                at = inner;
                if byte != b']' {
                    continue;
                }
            }
            _ => (at, marks) = scalar(text, marks, first, begin)?,
        }
        loop {
            if !member {
                let (byte, place) = next(text, at)?;
                at = place + 1;
                let object = top & 1 == 1;
                if byte == b',' {
                    if !object {
                        continue 'value;
                    }
                } else {
                    if byte != if object { b'}' } else { b']' } {
                        return Err(Fault(place));
                    }
                    match nesting.close(top) {
                        Some(outer) => top = outer,
                        None => return Ok((at, marks)),
                    }
                    continue;
                }
            }
            member = false;
            if text.get(at) != Some(&b'"') {
                let name = unusual_name(text, marks, at)?;
                (at, marks) = (name.value, name.marks);
                continue 'value;
            }
            // Names whose values are text: most members. Each end of a string is found once, and what stands behind it is
            // looked at together.
            let mut begin = at + 1;
            loop {
                let (place, found) = marks.find(text, begin);
                match text.get(place..) {
                    Some([b'"', b':', b'"', ..]) => {
                        let (place, found) = found.find(text, place + 3);
                        if let Some([b'"', b',', b'"', ..]) = text.get(place..) {
                            marks = found;
                            begin = place + 3;
                            continue;
                        }
                        (at, marks) = rest_of_string(text, found, place)?;
                        break;
                    }
                    Some([b'"', b':', ..]) => {
                        (at, marks) = (place + 2, found);
                        continue 'value;
                    }
                    _ => {
                        let name = unusual_name(text, marks, begin - 1)?;
                        (at, marks) = (name.value, name.marks);
                        continue 'value;
                    }
                }
            }
        }
    }
}

/// `first` is its first digit.
#[inline(always)]
fn number(text: &[u8], first: u8, begin: usize) -> Result<usize, Fault> {
    let at = if first == b'0' { begin + 1 } else { past_digits(text, begin + 1) };
    match text.get(at) {
        Some(b'.' | b'e' | b'E') => fraction(text, at),
        _ => Ok(at),
    }
}

/// What may follow the integer part.
#[inline(never)]
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
        _ => Err(Fault(at)),
    }
}

/// Eight at a time: most numbers are too short for a loop to be foreseen, and times have thirteen digits.
#[inline(always)]
fn past_digits(text: &[u8], at: usize) -> usize {
    if let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let other = non_digits(*word);
        if other != 0 {
            return at + other.trailing_zeros() as usize / 8;
        }
    }
    past_more_digits(text, at)
}

#[inline(always)]
fn non_digits(word: [u8; 8]) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let value = u64::from_le_bytes(word) ^ (EACH * b'0' as u64);
    // The high bit of what is no digit; bits above the lowest one set may be wrong.
    (value.wrapping_add(EACH * (0x80 - 10)) | value) & (EACH * 0x80)
}

#[inline(never)]
fn past_more_digits(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let other = non_digits(*word);
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

#[inline(always)]
fn literal(text: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    for (place, expected) in (at..).zip(word) {
        if text.get(place) != Some(expected) {
            return Err(Fault(place));
        }
    }
    Ok(at + word.len())
}
