//! A received value that stays where it arrived.

use core::fmt;

use crate::span::Span;

/// JSON inside a received frame: the frame's text and a byte range of it.
///
/// Nothing is copied or parsed until the application asks. `T` is whatever text type the transport
/// delivers. `AsRef` may be written to give another text on each call, so the range is checked at every access
/// and a range that no longer fits reads as `null`.
#[derive(Clone)]
pub struct Payload<T> {
    text: T,
    span: Span,
}

impl<T: AsRef<str>> Payload<T> {
    pub(crate) fn new(text: T, span: Span) -> Self {
        Self { text, span }
    }

    /// The JSON text of the value.
    pub fn as_str(&self) -> &str {
        self.span.of_text(self.text.as_ref()).unwrap_or("null")
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
        Payload { text: f(self.text), span: self.span }
    }

    /// The whole frame that carries the value.
    pub fn frame(&self) -> &T {
        &self.text
    }
}

/// Says how long the value is, never what it holds: payloads carry tokens and people's words.
impl<T> fmt::Debug for Payload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.span.len())
    }
}
