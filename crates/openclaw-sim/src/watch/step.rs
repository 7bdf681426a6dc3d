//! One call of the core and everything that came of it.

use std::time::Duration;

use openclaw_proto::{ConnId, Input, Instant, NotSent, Now, Output, RequestId, StateKind, Stats, TimerKind, Transmit};

use crate::reading::Reading;

/// What a request's maker knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The size of the frame.
    pub len: usize,
    /// Of it, what trace context takes.
    pub trace: usize,
    /// How long the answer may take.
    pub limit: Option<Duration>,
    /// How long the second answer may take.
    pub final_limit: Option<Duration>,
    /// Whether a second answer is expected.
    pub two_stage: bool,
    /// Whether it is to be refused where it would have to wait.
    pub refuse: bool,
    /// Whether it is bound to a profile.
    pub profile: bool,
}

/// A call of the core.
#[derive(Debug)]
pub enum Call<'a> {
    /// `start`.
    Start,
    /// `nudge`.
    Nudge,
    /// `shutdown`.
    Shutdown,
    /// `handle_timeout`.
    Timeout,
    /// `handle_input`.
    Input {
        /// Of which connection.
        conn: ConnId,
        /// What.
        input: &'a Input<String>,
    },
    /// `request`.
    Request {
        /// What was handed in.
        waiter: u32,
        /// What is known of it.
        facts: Facts,
        /// What came of it.
        result: Result<RequestId, &'a NotSent>,
    },
    /// `cancel`.
    Cancel {
        /// Which.
        id: RequestId,
        /// What came back.
        waiter: Option<u32>,
    },
    /// `poll_transmit_on`.
    Transmit {
        /// For which connection.
        conn: ConnId,
        /// What it gave.
        frame: Option<&'a Transmit>,
    },
}

/// What the core shows of itself.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// `state`.
    pub state: StateKind,
    /// `poll_timeout`.
    pub timeout: Option<(Instant, TimerKind)>,
    /// `load`: in flight, waiting, bytes.
    pub load: (usize, usize, usize),
    /// `stats`.
    pub stats: Stats,
    /// `wants_transmit`.
    pub wants_transmit: bool,
}

/// One call of the core and everything that came of it.
#[derive(Debug)]
pub struct Step<'a> {
    /// When.
    pub now: Now,
    /// The call.
    pub call: Call<'a>,
    /// What the text says that came in by it, if one did.
    pub reading: Option<Reading>,
    /// What it put out.
    pub outputs: &'a [Output<u32, String>],
    /// The core before it.
    pub before: View,
    /// The core after it.
    pub after: View,
}

impl Step<'_> {
    /// The text that came in by this step, if one did.
    #[must_use]
    pub fn text(&self) -> Option<(ConnId, &str)> {
        match &self.call {
            Call::Input { conn, input: Input::Text(text) } => Some((*conn, text)),
            _ => None,
        }
    }
}
