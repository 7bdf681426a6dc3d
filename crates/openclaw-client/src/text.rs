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
    #[inline]
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
pub(crate) struct Giant(Option<Held>);

struct Held {
    /// Only held.
    _message: Utf8Bytes,
    /// Where the last message that was received ends.
    end: usize,
    /// Bytes of control frames received behind it, at the most.
    control: usize,
    /// Bytes of messages received since.
    since: usize,
}

impl Giant {
    /// Between two messages in one buffer there is a header, of ten bytes at the most. Another buffer begins further away:
    /// where it lies right behind the old one, what allocators keep there is between them, sixteen bytes at the least.
    const HEADER: usize = 10;
    const CONTROL_FRAME: usize = 2 + 125;

    /// A message was received.
    #[inline]
    pub(crate) fn observe(&mut self, text: &Text) {
        let Kind::Shared(text) = &text.0 else { return };
        let (begin, len) = (text.as_ptr() as usize, text.len());
        if len > GIANT {
            self.0 = Some(Held { _message: text.clone(), end: begin + len, control: 0, since: 0 });
        } else if let Some(held) = &mut self.0 {
            let distance = begin.checked_sub(held.end);
            let behind = distance.is_some_and(|distance| distance <= Self::HEADER + held.control);
            held.since += len;
            (held.end, held.control) = (begin + len, 0);
            // However large the room was, it is used up.
            if !behind || held.since > GIANT {
                self.0 = None;
            }
        }
    }

    /// A control frame was received.
    pub(crate) fn observe_control(&mut self) {
        if let Some(held) = &mut self.0 {
            held.control += Self::CONTROL_FRAME;
        }
    }
}

impl AsRef<str> for Text {
    #[inline]
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

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::Bytes;

    /// A giant and what comes behind it, in a memory of one piece; each message by where it lies.
    fn held_after(messages: &[(usize, usize)], controls: usize) -> bool {
        let memory = Bytes::from(vec![b'x'; 4 * GIANT]);
        let message =
            |begin: usize, len: usize| Text::shared(Utf8Bytes::try_from(memory.slice(begin..begin + len)).unwrap());
        let mut giant = Giant::default();
        giant.observe(&message(0, GIANT + 1));
        for (begin, len) in messages {
            (0..controls).for_each(|_| giant.observe_control());
            giant.observe(&message(GIANT + 1 + begin, *len));
        }
        giant.0.is_some()
    }

    #[test]
    fn a_giant_is_held_while_messages_come_behind_it_in_its_buffer() {
        assert!(held_after(&[], 0));
        assert!(held_after(&[(2, 100), (104, 1_000), (1_114, 70_000)], 0));
        assert!(held_after(&[(2 + 5, 100), (107 + 2 + 125, 100)], 1), "with a ping before each");
    }

    #[test]
    fn the_first_message_in_another_buffer_lets_it_go_even_if_that_lies_right_behind() {
        assert!(!held_after(&[(16, 100)], 0));
        assert!(!held_after(&[(2, 100), (118, 100)], 0));
        assert!(!held_after(&[(2, 100), (GIANT, 100)], 1));
        assert!(!held_after(&[(2_000, 100), (2, 100)], 0));
    }

    #[test]
    fn as_much_again_lets_it_go_wherever_it_lies() {
        assert!(held_after(&[(2, GIANT / 2), (12 + GIANT / 2, GIANT / 2)], 0));
        assert!(!held_after(&[(2, GIANT / 2), (12 + GIANT / 2, GIANT / 2), (22 + GIANT, 1)], 0));
    }

    #[test]
    fn a_message_that_is_no_giant_is_not_held() {
        let mut giant = Giant::default();
        giant.observe(&Text::shared("x".repeat(GIANT).into()));
        assert!(giant.0.is_none());
    }
}
