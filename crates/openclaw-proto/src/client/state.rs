//! The client's states, and the one table of what leads from each to which.

use alloc::sync::Arc;

use crate::connect::Hello;
use crate::connection::{ConnId, Down};

/// What a client is doing, as told to the application.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// Not started.
    Idle,
    /// A socket is being made.
    Dialing {
        /// Which.
        conn: ConnId,
    },
    /// The socket is open; challenge, connect and hello are under way.
    Handshaking {
        /// Which.
        conn: ConnId,
    },
    /// Requests flow.
    Ready {
        /// Which.
        conn: ConnId,
        /// What the gateway said.
        hello: Arc<Hello>,
    },
    /// Shut down; the peer has a moment to answer the close.
    Stopping,
    /// No connection and no attempt at one.
    Stopped {
        /// Why.
        why: StopReason,
    },
}

/// Why a client stopped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StopReason {
    /// It was asked to.
    Requested,
    /// Its connection ended, or never came about.
    Down(Arc<Down>),
}

/// A state without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StateKind {
    /// See [`State::Idle`].
    Idle,
    /// See [`State::Dialing`].
    Dialing,
    /// See [`State::Handshaking`].
    Handshaking,
    /// See [`State::Ready`].
    Ready,
    /// See [`State::Stopping`].
    Stopping,
    /// See [`State::Stopped`].
    Stopped,
}

/// What can move a client from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trigger {
    /// `start` was called.
    Start,
    /// The socket is open.
    Opened,
    /// A valid hello came.
    Hello,
    /// The connection ended or could not be made.
    Down,
    /// `shutdown` was called.
    Shutdown,
    /// The close is complete, or its grace is over.
    Closed,
}

/// Every transition there is. A pair that is not here changes nothing.
pub const TRANSITIONS: &[(StateKind, Trigger, StateKind)] = &[
    (StateKind::Idle, Trigger::Start, StateKind::Dialing),
    (StateKind::Idle, Trigger::Shutdown, StateKind::Stopped),
    (StateKind::Dialing, Trigger::Opened, StateKind::Handshaking),
    (StateKind::Dialing, Trigger::Down, StateKind::Stopped),
    (StateKind::Dialing, Trigger::Shutdown, StateKind::Stopped),
    (StateKind::Handshaking, Trigger::Hello, StateKind::Ready),
    (StateKind::Handshaking, Trigger::Down, StateKind::Stopped),
    (StateKind::Handshaking, Trigger::Shutdown, StateKind::Stopping),
    (StateKind::Ready, Trigger::Down, StateKind::Stopped),
    (StateKind::Ready, Trigger::Shutdown, StateKind::Stopping),
    (StateKind::Stopping, Trigger::Closed, StateKind::Stopped),
    (StateKind::Stopped, Trigger::Start, StateKind::Dialing),
];

/// The state a trigger leads to, if it leads anywhere from here.
#[must_use]
pub fn transition(from: StateKind, trigger: Trigger) -> Option<StateKind> {
    TRANSITIONS.iter().find(|(f, t, _)| *f == from && *t == trigger).map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_contradiction_and_every_state_has_a_way_out() {
        for (i, (from, trigger, _)) in TRANSITIONS.iter().enumerate() {
            assert!(
                !TRANSITIONS.iter().skip(i + 1).any(|(f, t, _)| f == from && t == trigger),
                "{from:?} {trigger:?} twice"
            );
        }
        for (_, _, to) in TRANSITIONS {
            assert!(TRANSITIONS.iter().any(|(from, _, _)| from == to), "{to:?} is a dead end");
        }
    }
}
