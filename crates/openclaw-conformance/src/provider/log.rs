//! What a model was asked.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was given whole.
    Finished,
    /// It called a tool.
    CalledTool,
    /// It was refused with this HTTP status.
    Refused(u16),
    /// The connection was dropped in the middle, as the script said.
    Dropped,
    /// The gateway left before the end.
    Left,
    /// The provider ended first.
    Stopped,
}

/// One question to the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The name of its turn, if the script has one.
    pub(crate) turn: Option<String>,
    /// Which call of its turn it is, from 1.
    pub(crate) attempt: usize,
    /// Whether an answer in pieces was asked for.
    pub(crate) streamed: bool,
    /// Whether it brings what a tool said.
    pub(crate) after_tool: bool,
    /// The named turns it shows, oldest first, as often as each occurs.
    pub(crate) shown: Vec<String>,
    /// Answers of the model it shows.
    pub(crate) answers: usize,
    /// How it ended; none while it goes on.
    pub(crate) end: Option<End>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    released: BTreeSet<String>,
    strange: Vec<String>,
}

/// All questions, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    state: Mutex<State>,
    changed: Condvar,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a question, and gives its place and which of its turn it is.
    pub(super) fn begin(&self, mut call: Call) -> (usize, usize) {
        let mut state = self.lock();
        call.attempt = 1 + state.calls.iter().filter(|other| other.turn == call.turn).count();
        let place = (state.calls.len(), call.attempt);
        state.calls.push(call);
        self.changed.notify_all();
        place
    }

    pub(super) fn end(&self, place: usize, end: End) {
        if let Some(call) = self.lock().calls.get_mut(place) {
            call.end = Some(end);
        }
        self.changed.notify_all();
    }

    pub(super) fn strange(&self, what: String) {
        self.lock().strange.push(what);
    }

    pub(super) fn release(&self, turn: &str) {
        self.lock().released.insert(turn.to_owned());
    }

    pub(super) fn is_released(&self, turn: &str) -> bool {
        self.lock().released.contains(turn)
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    pub(super) fn strangeness(&self) -> Vec<String> {
        self.lock().strange.clone()
    }

    /// Waits until the questions pass; gives them, or none when `limit` is over before.
    pub(super) fn wait(&self, limit: Duration, passes: impl Fn(&[Call]) -> bool) -> Option<Vec<Call>> {
        let begun = Instant::now();
        let mut state = self.lock();
        while !passes(&state.calls) {
            let left = limit.checked_sub(begun.elapsed()).filter(|left| !left.is_zero())?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(state.calls.clone())
    }
}
