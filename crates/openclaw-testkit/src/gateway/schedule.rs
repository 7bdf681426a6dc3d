//! What happens later.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use openclaw_proto::Instant;
use serde_json::Value;

use super::PeerId;
use super::requests::{Started, Ticket};
use crate::reply::{ErrorBody, Step};

/// Something that happens at its time, unless its object is gone by then.
#[derive(Debug)]
pub(crate) enum Action {
    Tick,
    Health,
    /// Health, once, for a client that came.
    HealthSoon,
    HandshakeDeadline(PeerId),
    Ping(PeerId),
    /// The grace of a closed connection is over.
    Cut(PeerId),
    /// A connect delayed by a fault.
    Connect(PeerId, String),
    /// A connect's refusal, delayed as a penalty.
    Refuse(PeerId, String, ErrorBody, u16),
    /// A frame delayed by a fault.
    Emit(PeerId, String),
    /// A hello delayed by a fault.
    EmitHello(PeerId, String),
    /// A request delayed by a fault.
    Start(Started),
    /// The rest of a reply.
    Answer(Ticket, VecDeque<Step>),
    Broadcast(String, Value),
    /// The next piece of a run.
    Run(String, u64),
    /// A request for more scopes may have waited too long.
    UpgradesExpire,
    /// An `agent.wait` gives up.
    WaitEnds(Ticket, String),
    Flood(Ticket, Flood),
    FaultTime(Duration),
    /// A step of a drain or restart; void if the gateway's life has taken another turn.
    Life(u64, LifeStep),
}

/// The rest of a flood of events.
#[derive(Debug)]
pub(crate) struct Flood {
    pub(crate) next: u64,
    pub(crate) count: u64,
    pub(crate) fill: String,
    pub(crate) droppable: bool,
}

/// The steps of the gateway's life.
#[derive(Clone, Debug)]
pub(crate) enum LifeStep {
    Shutdown,
    Down,
    Up(Duration),
    Ready,
}

/// Actions by time; those of one moment in the order in which they were put.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    actions: BTreeMap<(Instant, u64), Action>,
    count: u64,
}

impl Schedule {
    pub(crate) fn put(&mut self, at: Instant, action: Action) {
        self.actions.insert((at, self.count), action);
        self.count += 1;
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.actions.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next action that is due, and when it was.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(Instant, Action)> {
        if self.next()? > now {
            return None;
        }
        self.actions.pop_first().map(|((at, _), action)| (at, action))
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&Action) -> bool) {
        self.actions.retain(|_, action| keep(action));
    }
}
