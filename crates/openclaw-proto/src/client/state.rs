//! The client's states, and the one table of what leads from each to which.

use alloc::sync::Arc;
use core::time::Duration;

use crate::connect::Hello;
use crate::connection::{ConnId, Down};
use crate::pairing::PairingRequest;
use crate::recovery::PauseReason;
use crate::time::Instant;

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
    /// The gateway is about to go: it has said so, or refuses requests because of it. Requests made now wait for the
    /// next connection.
    Draining {
        /// Which.
        conn: ConnId,
        /// How long the gateway expects to be away, where it says.
        hint: Option<Duration>,
    },
    /// Waiting before the next attempt.
    Backoff {
        /// Why the last connection ended.
        why: Arc<Down>,
        /// The number of this attempt since a connection was last stable, from 1.
        attempt: u32,
        /// How long.
        delay: Duration,
        /// Until when.
        until: Instant,
    },
    /// Not trying: somebody has to change something first, or the gateway named a time.
    Paused {
        /// Why the last connection ended.
        why: Arc<Down>,
        /// What is in the way.
        reason: PauseReason,
        /// When the client will try once more by itself, if it will.
        until: Option<Instant>,
    },
    /// Shut down; the peer has a moment to answer the close.
    Stopping,
    /// No connection and no attempt at one.
    Stopped {
        /// Why.
        why: StopReason,
    },
}

impl State {
    /// The pairing that an operator has to approve before the client gets in, if that is what it waits for.
    #[must_use]
    pub fn pairing(&self) -> Option<PairingRequest> {
        match self {
            Self::Backoff { why, .. } | Self::Paused { why, .. } | Self::Stopped { why: StopReason::Down(why) } => {
                why.pairing()
            }
            _ => None,
        }
    }
}

/// Why a client stopped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StopReason {
    /// It was asked to.
    Requested,
    /// Its connection ended, or never came about, and there are no attempts left.
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
    /// See [`State::Draining`].
    Draining,
    /// See [`State::Backoff`].
    Backoff,
    /// See [`State::Paused`].
    Paused,
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
    /// The gateway is about to go.
    Drain,
    /// The gateway stays after all.
    Resume,
    /// The connection ended; another attempt will be made.
    Retry,
    /// The connection ended; another attempt would be refused like the last.
    Pause,
    /// The connection ended; there are no attempts left.
    GiveUp,
    /// The time to wait is over.
    Due,
    /// The application wants an attempt now.
    Nudge,
    /// The machine has slept.
    Wake,
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
    (StateKind::Dialing, Trigger::Retry, StateKind::Backoff),
    (StateKind::Dialing, Trigger::Pause, StateKind::Paused),
    (StateKind::Dialing, Trigger::GiveUp, StateKind::Stopped),
    (StateKind::Dialing, Trigger::Shutdown, StateKind::Stopped),
    (StateKind::Handshaking, Trigger::Hello, StateKind::Ready),
    (StateKind::Handshaking, Trigger::Retry, StateKind::Backoff),
    (StateKind::Handshaking, Trigger::Pause, StateKind::Paused),
    (StateKind::Handshaking, Trigger::GiveUp, StateKind::Stopped),
    (StateKind::Handshaking, Trigger::Shutdown, StateKind::Stopping),
    (StateKind::Ready, Trigger::Drain, StateKind::Draining),
    (StateKind::Ready, Trigger::Retry, StateKind::Backoff),
    (StateKind::Ready, Trigger::GiveUp, StateKind::Stopped),
    (StateKind::Ready, Trigger::Shutdown, StateKind::Stopping),
    (StateKind::Draining, Trigger::Resume, StateKind::Ready),
    (StateKind::Draining, Trigger::Retry, StateKind::Backoff),
    (StateKind::Draining, Trigger::GiveUp, StateKind::Stopped),
    (StateKind::Draining, Trigger::Shutdown, StateKind::Stopping),
    (StateKind::Backoff, Trigger::Due, StateKind::Dialing),
    (StateKind::Backoff, Trigger::Nudge, StateKind::Dialing),
    (StateKind::Backoff, Trigger::Wake, StateKind::Dialing),
    (StateKind::Backoff, Trigger::Shutdown, StateKind::Stopped),
    (StateKind::Paused, Trigger::Due, StateKind::Dialing),
    (StateKind::Paused, Trigger::Nudge, StateKind::Dialing),
    (StateKind::Paused, Trigger::Start, StateKind::Dialing),
    (StateKind::Paused, Trigger::Shutdown, StateKind::Stopped),
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
