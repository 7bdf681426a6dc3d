//! What a line of a recording says.

use std::time::Duration;

use openclaw_client::proto::UnixMillis;
use serde::Serialize;

/// A line, read.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its number, from 1.
    pub(super) line: u64,
    /// None before the first line that has a time.
    pub(super) at: Option<At>,
    pub(super) topic: Topic,
    pub(super) direction: Option<Direction>,
    pub(super) conn: Option<u64>,
    /// What kind of thing it is, in a word.
    pub(super) what: &'static str,
    /// Which of its kind: a method, an event, a state.
    pub(super) name: String,
    /// The id of a request.
    pub(super) id: Option<String>,
    /// How long a request took to be answered.
    pub(super) took: Option<Duration>,
    /// The size of a frame.
    pub(super) bytes: Option<usize>,
    /// Everything else there is to say.
    pub(super) text: String,
    pub(super) tone: Tone,
    /// Whether it is worth a row unless everything is.
    pub(super) notable: bool,
}

/// When something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Since the first line that has a time.
    pub(super) since: Duration,
    pub(super) unix: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Topic {
    /// The recording itself.
    Log,
    /// What the application asked for.
    Call,
    Request,
    Frame,
    State,
    Socket,
    /// Byte counts and flushes.
    Bytes,
    Timer,
    Credential,
    Notice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    /// From the gateway.
    In,
    /// To it.
    Out,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

impl Entry {
    pub(super) fn new(line: u64, topic: Topic, what: &'static str, name: impl Into<String>) -> Self {
        Self {
            line,
            at: None,
            topic,
            direction: None,
            conn: None,
            what,
            name: name.into(),
            id: None,
            took: None,
            bytes: None,
            text: String::new(),
            tone: Tone::Plain,
            notable: true,
        }
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    pub(super) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// Worth a row only if that holds.
    pub(super) fn notable(mut self, notable: bool) -> Self {
        self.notable = notable;
        self
    }
}
