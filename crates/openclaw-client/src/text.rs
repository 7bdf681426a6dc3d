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

/// Above this size a message's buffer is not to stay with its connection; see [`Giant`].
const GIANT: usize = 2 << 20;

/// Has a connection's read buffer given back after a giant message.
///
/// The buffer has grown to the message's size, and tungstenite goes on using it as long as nobody else does: one message of
/// 8 MiB would stay with its connection for good. While somebody still holds the message, the next read that finds no room
/// behind it (at most the read buffer's usual size) gets a new buffer of the usual size. So the message is held until then.
/// For smaller ones a buffer that is used again is worth more than its memory.
#[derive(Default)]
pub(crate) struct Giant(Option<Box<Utf8Bytes>>);

impl Giant {
    /// A message was received.
    pub(crate) fn observe(&mut self, text: &Text) {
        let Kind::Shared(text) = &text.0 else { return };
        if text.len() > GIANT {
            self.0 = Some(Box::new(text.clone()));
        } else if let Some(giant) = &self.0 {
            // In the same buffer it can only lie behind the giant.
            let behind = (text.as_ptr() as usize).checked_sub(giant.as_ptr() as usize + giant.len());
            if behind.is_none_or(|distance| distance > GIANT) {
                self.0 = None;
            }
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
