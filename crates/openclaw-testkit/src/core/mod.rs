//! The gateway as a state machine: what it is told, and what it wants done.

mod calls;
mod handshake;
mod out;
mod output;
mod peer;
mod presence;
mod timers;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use openclaw_proto::frame::MAX_FRAME_BEFORE_HELLO;
use openclaw_proto::{Instant, Now};
use serde_json::{Value, json};

use crate::config::{Dialect, GatewayConfig};
use crate::fault::{Fault, Phase};
use crate::ids::Ids;
use crate::reply::{Asked, PeerId, Reply};
use crate::{hello, wire};
pub use output::GatewayOutput;
use peer::{Peer, Stage};
use presence::Presence;

/// Where gateways cut close reasons, in bytes; a close frame would hold three more.
const MAX_REASON: usize = 120;

/// A gateway without IO: time comes in as an argument, ids come from a seed, and equal inputs give equal outputs.
#[derive(Debug)]
pub struct GatewayCore {
    config: GatewayConfig,
    ids: Ids,
    boot_id: String,
    booted: Option<Instant>,
    life: Life,
    now: Now,
    next_tick: Option<Instant>,
    peers: BTreeMap<PeerId, Peer>,
    next_peer: u64,
    presence: Presence,
    scheduled: BTreeMap<(Instant, u64), Scheduled>,
    next_scheduled: u64,
    /// Requests without a first answer.
    waiting: usize,
    outputs: VecDeque<GatewayOutput>,
    journal: Vec<Asked>,
}

#[derive(Debug)]
enum Life {
    Serving,
    Draining { until: Instant, reason: String, restart_expected: Option<Duration> },
    Stopped,
}

/// Something that happens later.
#[derive(Debug)]
enum Scheduled {
    /// A step of an answer; `waits` when the request has had no answer before it.
    Step { call: calls::Call, reply: Reply, waits: bool },
    /// An output that a fault delays.
    Output(GatewayOutput),
}

impl GatewayCore {
    /// A gateway. Equal seeds give equal ids.
    #[must_use]
    pub fn new(config: GatewayConfig, seed: u64) -> Self {
        let mut ids = Ids::new(seed);
        Self {
            config,
            boot_id: ids.uuid(),
            ids,
            booted: None,
            life: Life::Serving,
            now: Now::default(),
            next_tick: None,
            peers: BTreeMap::new(),
            next_peer: 0,
            presence: Presence::new(),
            scheduled: BTreeMap::new(),
            next_scheduled: 0,
            waiting: 0,
            outputs: VecDeque::new(),
            journal: Vec::new(),
        }
    }

    /// A connection has completed its WebSocket upgrade: the challenge goes out.
    pub fn connect(&mut self, now: Now) -> PeerId {
        self.at(now);
        let peer = PeerId(self.next_peer);
        let meant = |on: &Option<u64>| on.is_none_or(|number| number == self.next_peer);
        let faults = self.config.faults.iter().filter(|(on, _)| meant(on)).map(|(_, fault)| fault.clone()).collect();
        self.next_peer += 1;
        let nonce = self.ids.uuid();
        let challenge = hello::challenge(self.config.dialect, &nonce, now.unix);
        let deadline = now.mono.after(self.config.handshake_timeout);
        self.peers.insert(peer, Peer::new(deadline, nonce, faults));
        if self.fault_at(peer, Phase::Open) {
            return peer;
        }
        if !self.has_fault(peer, &Fault::WithholdChallenge) {
            self.send(peer, wire::event(self.config.dialect, "connect.challenge", &challenge, None));
            self.fault_at(peer, Phase::Challenge);
        }
        peer
    }

    /// A text message (or a binary one that holds text: gateways read both).
    pub fn handle_text(&mut self, now: Now, peer: PeerId, text: &str) {
        self.at(now);
        let Some(stage) = self.peers.get(&peer).map(|peer| peer.stage) else { return };
        let limit = if matches!(stage, Stage::Ready { .. }) { self.config.max_payload } else { MAX_FRAME_BEFORE_HELLO };
        if text.len() > limit {
            self.close(peer, 1009, "");
            return;
        }
        match stage {
            Stage::Handshake { .. } => self.shake(peer, text),
            Stage::Mute => {}
            Stage::Ready { .. } => self.serve(peer, text),
        }
    }

    /// A connection is gone, by whatever cause.
    pub fn handle_gone(&mut self, now: Now, peer: PeerId) {
        self.at(now);
        self.forget(peer);
        self.scheduled.retain(|_, later| !matches!(later, Scheduled::Output(output) if output.peer() == peer));
    }

    /// A pong came.
    pub fn handle_pong(&mut self, now: Now, peer: PeerId) {
        self.at(now);
        if let Some(Peer { stage: Stage::Ready { awaiting_pong, .. }, .. }) = self.peers.get_mut(&peer) {
            *awaiting_pong = false;
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<GatewayOutput> {
        self.outputs.pop_front()
    }

    /// Sends an event to every connection that may see it, numbered by each connection's own counter. `presence` and
    /// `health` carry the present state version.
    pub fn broadcast(&mut self, now: Now, event: &str, payload: &Value) {
        self.at(now);
        self.tell_all(event, payload);
    }

    /// Goes down as a gateway does: requests are refused for [`GatewayConfig::drain_grace`], then everybody hears
    /// `shutdown` and is closed with 1012. Nobody is let in until [`GatewayCore::boot`].
    pub fn drain(&mut self, now: Now, reason: &str, restart_expected: Option<Duration>) {
        self.at(now);
        let until = now.mono.after(self.config.drain_grace);
        self.life = Life::Draining { until, reason: reason.to_owned(), restart_expected };
        self.finish_drain();
    }

    /// Comes up again as a new process: other boot id, nobody connected.
    pub fn boot(&mut self, now: Now) {
        self.abort_all(now);
        self.life = Life::Serving;
        self.boot_id = self.ids.uuid();
        self.presence = Presence::new();
        self.booted = Some(now.mono);
        self.next_tick = Some(now.mono.after(self.config.tick));
    }

    /// Cuts every connection without a word, as a crash does.
    pub fn abort_all(&mut self, now: Now) {
        self.at(now);
        self.scheduled.clear();
        self.waiting = 0;
        for (peer, _) in std::mem::take(&mut self.peers) {
            self.outputs.push_back(GatewayOutput::Abort { peer });
        }
    }

    /// Withdraws a connection's authority: close 4001.
    pub fn invalidate(&mut self, now: Now, peer: PeerId) {
        self.at(now);
        self.close(peer, 4001, "client invalidated: device removed");
    }

    /// Whether every `connect` is answered with "still starting".
    pub fn set_booting(&mut self, booting: bool) {
        self.config.booting = booting;
    }

    /// Whether a drain has closed everything.
    #[must_use]
    pub fn stopped(&self) -> bool {
        matches!(self.life, Life::Stopped)
    }

    /// Connections that have had their hello.
    #[must_use]
    pub fn ready_peers(&self) -> Vec<PeerId> {
        self.peers.iter().filter(|(_, peer)| peer.ready()).map(|(id, _)| *id).collect()
    }

    /// Every request that came after a hello, oldest first, whatever became of it. `connect` is not among them.
    #[must_use]
    pub fn journal(&self) -> &[Asked] {
        &self.journal
    }

    /// This process's id, as a hello of protocol 4 gives it.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        &self.boot_id
    }

    fn at(&mut self, now: Now) {
        self.now = now;
        self.booted.get_or_insert(now.mono);
        self.next_tick.get_or_insert_with(|| now.mono.after(self.config.tick));
    }
}
