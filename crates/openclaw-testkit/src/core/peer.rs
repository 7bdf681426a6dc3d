//! One connection.

use openclaw_proto::Instant;
use openclaw_proto::connect::Scope;

use crate::fault::Fault;

/// Events that reach connections without any scope.
const FOR_ALL: [&str; 5] = ["tick", "health", "presence", "update.available", "shutdown"];

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) stage: Stage,
    pub(crate) nonce: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) faults: Vec<Fault>,
    /// Frames sent so far.
    pub(crate) frames: u64,
    /// Requests got so far, `connect` not counted.
    pub(crate) requests: u64,
    /// Numbered events sent so far.
    events: u64,
    /// The number the last of them had.
    seq: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// No `connect` yet.
    Handshake { deadline: Instant },
    /// A `connect` that a fault leaves without an answer.
    Mute,
    /// After the hello.
    Ready { next_ping: Instant, awaiting_pong: bool },
}

impl Peer {
    pub(crate) fn new(deadline: Instant, nonce: String, faults: Vec<Fault>) -> Self {
        let stage = Stage::Handshake { deadline };
        Self { stage, nonce, scopes: Vec::new(), faults, frames: 0, requests: 0, events: 0, seq: 0 }
    }

    pub(crate) fn ready(&self) -> bool {
        matches!(self.stage, Stage::Ready { .. })
    }

    pub(crate) fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// Whether its scopes give it `wanted`.
    pub(crate) fn holds(&self, wanted: &str) -> bool {
        let wanted = Scope::from(wanted);
        self.scopes.iter().any(|held| Scope::from(held.as_str()).grants(&wanted))
    }

    /// Whether events of that name reach it.
    pub(crate) fn sees(&self, event: &str) -> bool {
        self.ready() && (FOR_ALL.contains(&event) || self.holds("operator.read"))
    }

    /// The number of its next event.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.events += 1;
        self.seq += 1;
        if self.has(&Fault::SkipSeq(self.events)) {
            self.seq += 1;
        }
        self.seq
    }
}
