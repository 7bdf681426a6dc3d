//! A received value that stays where it arrived.

use core::fmt;
use core::ops::Range;

/// JSON inside a received frame: the frame's text and a byte range of it.
///
/// Nothing is copied or parsed until the application asks. `T` is whatever text type the transport
/// delivers. `AsRef` may be written to give another text on each call, so the range is checked at every access
/// and a range that no longer fits reads as `null`.
#[derive(Clone)]
pub struct Payload<T> {
    text: T,
    range: Range<usize>,
}

impl<T: AsRef<str>> Payload<T> {
    pub(crate) fn new(text: T, range: Range<usize>) -> Self {
        Self { text, range }
    }

    /// The JSON text of the value.
    pub fn as_str(&self) -> &str {
        self.text.as_ref().get(self.range.clone()).unwrap_or("null")
    }

    /// Reads the value into a type of the caller's.
    ///
    /// # Errors
    /// When the value does not have that shape.
    pub fn deserialize<'a, D: serde::Deserialize<'a>>(&'a self) -> Result<D, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// The same payload over another text type, for example one that owns a copy.
    pub fn map_text<U: AsRef<str>>(self, f: impl FnOnce(T) -> U) -> Payload<U> {
        Payload { text: f(self.text), range: self.range }
    }

    /// The whole frame that carries the value.
    pub fn frame(&self) -> &T {
        &self.text
    }
}

/// Says how long the value is, never what it holds: payloads carry tokens and people's words.
impl<T> fmt::Debug for Payload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.range.len())
    }
}

/// Where `part` lies inside `whole`, if it does.
pub(crate) fn range_in(whole: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    whole.get(start..end)?;
    Some(start..end)
}
