//! A text's parts, without reading them.

use core::ops::Range;

use super::marks::Marks;
use super::string::name;
use super::value::value;
use super::{Fault, blank, next};

/// Nothing but white space may follow.
fn end(text: &[u8], at: usize) -> Result<(), Fault> {
    let at = blank(text, at);
    if at == text.len() { Ok(()) } else { Err(Fault(at)) }
}

/// Whether a text is one JSON value.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let (first, begin) = next(bytes, 0)?;
    let (behind, _) = value(bytes, Marks::NONE, first, begin)?;
    end(bytes, behind)
}

/// Where a member's name, with its quotes, and its value are.
pub(crate) struct Member {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The members of an object or the items of an array, raw.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    text: &'a str,
    at: usize,
    close: u8,
    begun: bool,
    marks: Marks,
}

impl<'a> Parts<'a> {
    /// The members of `text`; none if it does not begin as an object.
    pub(crate) fn of_object(text: &'a str) -> Option<Self> {
        Self::of(text, b'{', b'}')
    }

    /// The items of `text`; none if it does not begin as an array.
    pub(crate) fn of_array(text: &'a str) -> Option<Self> {
        Self::of(text, b'[', b']')
    }

    fn of(text: &'a str, open: u8, close: u8) -> Option<Self> {
        let (byte, at) = next(text.as_bytes(), 0).ok()?;
        (byte == open).then_some(Self { text, at: at + 1, close, begun: false, marks: Marks::NONE })
    }

    /// Moves to the next part; false at the end, behind which nothing else may stand.
    #[inline(always)]
    fn advance(&mut self) -> Result<bool, Fault> {
        let bytes = self.text.as_bytes();
        let (byte, at) = next(bytes, self.at)?;
        if byte == self.close {
            end(bytes, at + 1)?;
            return Ok(false);
        }
        self.at = match (core::mem::replace(&mut self.begun, true), byte) {
            (false, _) => at,
            (true, b',') => blank(bytes, at + 1),
            (true, _) => return Err(Fault(at)),
        };
        Ok(true)
    }

    #[inline(always)]
    fn value(&mut self) -> Result<Range<usize>, Fault> {
        let (first, begin) = next(self.text.as_bytes(), self.at)?;
        (self.at, self.marks) = value(self.text.as_bytes(), self.marks, first, begin)?;
        Ok(begin..self.at)
    }

    /// The next item of an array.
    pub(crate) fn item(&mut self) -> Result<Option<&'a str>, Fault> {
        if !self.advance()? {
            return Ok(None);
        }
        let value = self.value()?;
        self.cut(value).map(Some)
    }

    /// The next member of an object: its name with quotes and escapes, and its value.
    #[inline(always)]
    pub(crate) fn member(&mut self) -> Result<Option<(&'a str, &'a str)>, Fault> {
        match self.member_places()? {
            Some(Member { name, value }) => Ok(Some((self.cut(name)?, self.cut(value)?))),
            None => Ok(None),
        }
    }

    /// Where they are.
    #[inline(always)]
    pub(crate) fn member_places(&mut self) -> Result<Option<Member>, Fault> {
        if !self.advance()? {
            return Ok(None);
        }
        let begin = self.at;
        let name = name(self.text.as_bytes(), self.marks, begin)?;
        (self.at, self.marks) = (name.value, name.marks);
        Ok(Some(Member { name: begin..name.end, value: self.value()? }))
    }

    /// Tokens begin and end with ASCII, so this is always there.
    #[inline(always)]
    fn cut(&self, range: Range<usize>) -> Result<&'a str, Fault> {
        let begin = range.start;
        self.text.get(range).ok_or(Fault(begin))
    }
}

/// Line and column of a place, both from 1, the column in bytes.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line + 1, column + 1)
}
