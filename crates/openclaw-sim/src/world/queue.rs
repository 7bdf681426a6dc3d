//! What happens next.

use std::collections::BTreeMap;

use openclaw_proto::{ConnId, Input, Instant};

use crate::net::RoadId;
use crate::script::Way;

/// Something that happens at its time.
#[derive(Debug)]
pub(super) enum Happening {
    /// An event of the script.
    Event(usize),
    /// A fault with a duration ends.
    End(u64, Ended),
    /// A dial reaches its gateway.
    Knock(usize, ConnId),
    /// A dial that failed is told so.
    Answer(usize, ConnId, Input<String>),
    /// A piece has been put on the wire.
    Sent(RoadId, Way),
    /// A piece has arrived.
    Land(RoadId, Way),
}

/// What ends.
#[derive(Debug)]
pub(super) enum Ended {
    /// A fault of a client's way.
    Link(usize),
    /// A client's refusal to read.
    SlowReader(usize),
    /// A client's sleep.
    Sleep(usize),
    /// A gateway's absence.
    Absence(usize, u64),
    /// A gateway's suspension.
    Suspension(usize),
    /// A gateway's other token.
    Rotation(usize),
    /// The wait of a pairing for its approval.
    Pairing(usize, String),
}

/// What is to happen, by time; at one time in the order in which it was put.
#[derive(Debug, Default)]
pub(super) struct Queue {
    happenings: BTreeMap<(Instant, u64), Happening>,
    count: u64,
}

impl Queue {
    pub(super) fn put(&mut self, at: Instant, happening: Happening) {
        self.happenings.insert((at, self.count), happening);
        self.count += 1;
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.happenings.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next thing, if it happens by `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Happening> {
        if self.next()? > now {
            return None;
        }
        self.happenings.pop_first().map(|(_, happening)| happening)
    }
}
