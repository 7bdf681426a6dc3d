//! The text of a received message.

use std::fmt;
use std::sync::Arc;

use tungstenite::Utf8Bytes;

/// A received message's text; clones are cheap.
#[derive(Clone)]
pub struct Text(Kind);

#[derive(Clone)]
enum Kind {
    /// A slice of the transport's read buffer.
    Shared(Utf8Bytes),
    Owned(Arc<str>),
}

/// Above this size a message has a buffer of its own, so keeping it pins little else.
const COPY_BELOW: usize = 8 * 1024;

impl Text {
    pub(crate) fn shared(text: Utf8Bytes) -> Self {
        Self(Kind::Shared(text))
    }

    /// The same text in memory of its own if it is small: a small slice kept in a backlog would keep the whole read
    /// buffer it lies in.
    #[must_use]
    pub(crate) fn detached(self) -> Self {
        match self.0 {
            Kind::Shared(text) if text.len() < COPY_BELOW => Self(Kind::Owned(text.as_str().into())),
            kind => Self(kind),
        }
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        match &self.0 {
            Kind::Shared(text) => text.as_str(),
            Kind::Owned(text) => text,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Kind::Owned(text.into()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Kind::Owned(text.into()))
    }
}

/// Messages carry tokens and people's words, so only the size is shown.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.as_ref().len())
    }
}
