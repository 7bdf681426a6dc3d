//! What the gateway's agent says: a script instead of a model.

use std::fmt;
use std::time::Duration;

/// The agent's answer to a message: its pieces, their pace, and how it ends.
///
/// ```
/// use openclaw_testkit::ChatReply;
/// use std::time::Duration;
///
/// let reply = ChatReply::text("Of course. Here it is.").every(Duration::from_millis(5));
/// let broken = ChatReply::text("Well, I").fails("the provider hung up");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ChatReply {
    pub(crate) pieces: Vec<String>,
    pub(crate) interval: Duration,
    pub(crate) end: ChatEnd,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChatEnd {
    Final,
    Error(String),
    Never,
}

impl ChatReply {
    /// A text, streamed word by word, a word every 10 ms.
    pub fn text(text: &str) -> Self {
        Self::pieces(text.split_inclusive(' '))
    }

    /// Pieces of a text, as they will be streamed.
    pub fn pieces<S: Into<String>>(pieces: impl IntoIterator<Item = S>) -> Self {
        Self {
            pieces: pieces.into_iter().map(Into::into).collect(),
            interval: Duration::from_millis(10),
            end: ChatEnd::Final,
        }
    }

    /// The pause before each piece.
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Ends with an error instead of a final message.
    pub fn fails(mut self, message: impl Into<String>) -> Self {
        self.end = ChatEnd::Error(message.into());
        self
    }

    /// Never ends: the run goes on until it is aborted.
    pub fn hangs(mut self) -> Self {
        self.end = ChatEnd::Never;
        self
    }
}

impl From<&str> for ChatReply {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for ChatReply {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

/// Who answers chat messages.
pub(crate) struct Script(pub(crate) Box<dyn FnMut(&str) -> ChatReply + Send>);

impl Default for Script {
    /// Repeats what it is told.
    fn default() -> Self {
        Self(Box::new(|message| ChatReply::text(&format!("You said: {message}"))))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}
