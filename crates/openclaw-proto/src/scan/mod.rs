//! Where a JSON value ends: the one pass over a received frame.
//!
//! A frame's payload is skipped, not read, but it is checked on the way: what passes here is JSON, exactly as serde_json
//! sees it. Nothing is built and nothing is allocated up to 63 levels of nesting; there is no limit to the nesting, and no
//! recursion. Escapes in strings are checked for their form only: half a surrogate pair passes, as it does on the wire.

mod marks;
mod nesting;
mod parts;
mod string;
mod value;

pub(crate) use parts::{Member, Parts, check, position};

/// Where a text stops being JSON: at a byte that does not belong there, or at its end if it is over too early. One word, so that
/// results of the scanner stay in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(usize);

impl Fault {
    /// Where in `text` the byte is that does not belong there; none if the text ends too early.
    pub(crate) fn place(self, text: &str) -> Option<usize> {
        (self.0 < text.len()).then_some(self.0)
    }
}

/// Past white space.
#[inline]
fn blank(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// The first byte that is no white space, and its place.
#[inline(always)]
fn next(text: &[u8], at: usize) -> Result<(u8, usize), Fault> {
    match text.get(at) {
        Some(byte) if *byte > b' ' => Ok((*byte, at)),
        _ => {
            let at = blank(text, at);
            text.get(at).map(|byte| (*byte, at)).ok_or(Fault(at))
        }
    }
}

#[cfg(test)]
mod tests;
