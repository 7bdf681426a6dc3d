//! Comparing what a client said with what was to be expected.

use std::time::Duration;

use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{Down, Instant, Jitter, State, StateKind, StopReason, Trigger};

use crate::invariants::Draw;

/// A wait whose length is up to chance, between bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) from: Instant,
    pub(super) least: Duration,
    pub(super) most: Duration,
}

impl Wait {
    fn holds(&self, until: Instant) -> bool {
        (self.from.after(self.least)..=self.from.after(self.most)).contains(&until)
    }
}

/// A state that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    Dialing(u64),
    Handshaking(u64),
    Ready(u64),
    Draining(u64, Option<Duration>),
    Backoff { why: &'static str, attempt: u32, wait: Wait },
    Paused { why: &'static str, reason: PauseReason, wait: Option<Wait> },
    Stopping,
    Stopped { why: Option<&'static str> },
}

impl Expect {
    /// Whether this is what was told. Gives the time that was chosen, where one was.
    pub(super) fn meets(&self, told: &State) -> Option<Option<Instant>> {
        let right = match (self, told) {
            (Self::Dialing(number), State::Dialing { conn })
            | (Self::Handshaking(number), State::Handshaking { conn })
            | (Self::Ready(number), State::Ready { conn, .. }) => *number == conn.number(),
            (Self::Draining(number, hint), State::Draining { conn, hint: told }) => {
                *number == conn.number() && hint == told
            }
            (Self::Backoff { why, attempt, wait }, State::Backoff { why: told, attempt: nth, delay, until }) => {
                let right = *why == name(told) && attempt == nth && wait.holds(*until);
                return (right && wait.from.after(*delay) == *until).then_some(Some(*until));
            }
            (Self::Paused { why, reason, wait }, State::Paused { why: told, reason: said, until }) => {
                let timely = match (wait, until) {
                    (Some(wait), Some(until)) => wait.holds(*until),
                    (None, None) => true,
                    _ => false,
                };
                return (timely && *why == name(told) && reason == said).then_some(*until);
            }
            (Self::Stopping, State::Stopping) => true,
            (Self::Stopped { why }, State::Stopped { why: told }) => match told {
                StopReason::Requested => why.is_none(),
                StopReason::Down(down) => *why == Some(name(down)),
                _ => false,
            },
            _ => false,
        };
        right.then_some(None)
    }

    /// What jitter drew for the time that was chosen.
    pub(super) fn drawn(&self, chosen: Option<Instant>, jitter: Jitter) -> Option<Draw> {
        let (Self::Backoff { wait, .. } | Self::Paused { wait: Some(wait), .. }) = self else { return None };
        let drew = chosen?.since(wait.from.after(wait.least));
        Draw::of(jitter, drew.as_nanos(), (wait.most - wait.least).as_nanos())
    }

    pub(super) fn kind(&self) -> StateKind {
        match self {
            Self::Dialing(_) => StateKind::Dialing,
            Self::Handshaking(_) => StateKind::Handshaking,
            Self::Ready(_) => StateKind::Ready,
            Self::Draining(..) => StateKind::Draining,
            Self::Backoff { .. } => StateKind::Backoff,
            Self::Paused { .. } => StateKind::Paused,
            Self::Stopping => StateKind::Stopping,
            Self::Stopped { .. } => StateKind::Stopped,
        }
    }
}

/// The name of a reason.
pub(crate) fn name(down: &Down) -> &'static str {
    match down {
        Down::Transport(_) => "Transport",
        Down::DialTimeout => "DialTimeout",
        Down::ChallengeTimeout => "ChallengeTimeout",
        Down::ConnectTimeout => "ConnectTimeout",
        Down::ChallengeWithoutNonce => "ChallengeWithoutNonce",
        Down::ChallengeWithoutTime => "ChallengeWithoutTime",
        Down::ConnectTooLarge { .. } => "ConnectTooLarge",
        Down::Refused(_) => "Refused",
        Down::InvalidHello(_) => "InvalidHello",
        Down::UnreadableConnectAnswer => "UnreadableConnectAnswer",
        Down::Closed { .. } => "Closed",
        Down::Silent => "Silent",
        Down::WriteStalled => "WriteStalled",
        Down::FrameTooLarge { .. } => "FrameTooLarge",
        Down::ShutDown => "ShutDown",
        _ => "something else",
    }
}

/// A row of the transition table that was walked.
pub type Row = (StateKind, Trigger, StateKind);
