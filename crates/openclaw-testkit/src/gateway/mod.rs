//! The gateway itself: a pure state machine. Time and messages come in, messages and closes come out.

mod applicant;
mod auth;
mod connect;
mod control;
mod devices;
mod events;
mod guards;
mod guesses;
mod handshake;
mod hello;
mod io;
mod journal;
mod life;
mod liveness;
mod membership;
mod peer;
mod presence;
mod requests;
mod runs;
mod schedule;
mod send;
mod upgrades;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use openclaw_proto::{Instant, Now};
use serde_json::Value;

pub use io::{GatewayOutput, HttpRefusal, PeerId, PeerInfo};
pub use journal::Asked;
pub use life::{Drain, Phase, RestartPlan};
pub use peer::ConnectionInfo;
pub(crate) use requests::Ticket;
pub(crate) use schedule::{Action, Flood};

use crate::chat::Script;
use crate::config::{self, AuthMode, GatewayConfig};
use crate::dialect::Dialect;
use crate::faults::Faults;
use crate::json::Json;
use crate::limits::GatewayLimits;
use crate::methods::Methods;
use crate::pairing::Pairing;
use crate::rng::Rng;
use guards::Guard;
use guesses::Guesses;
use journal::Journal;
use peer::Peer;
use presence::Presence;
use requests::Started;
use runs::Runs;
use schedule::Schedule;
use upgrades::Upgrades;

/// A gateway without sockets and clocks.
///
/// Feed it what happened, drain [`poll_output`](Self::poll_output) and act on it, and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says so. Its clock begins with the
/// gateway: `Instant::ZERO` is its start. Equal seeds and equal inputs give equal outputs.
///
/// ```
/// use openclaw_proto::{Instant, Now, UnixMillis};
/// use openclaw_testkit::{GatewayConfig, GatewayCore, GatewayOutput, PeerInfo};
///
/// let now = Now { mono: Instant::ZERO, unix: UnixMillis(1_795_000_000_000) };
/// let mut gateway = GatewayCore::new(GatewayConfig::v4(), 7);
/// let peer = gateway.connect(now, PeerInfo::loopback()).unwrap();
/// let Some(GatewayOutput::Send { text, .. }) = gateway.poll_output() else { panic!() };
/// assert!(text.contains("connect.challenge"));
/// gateway.handle_text(now, peer, "this is no JSON");
/// let Some(GatewayOutput::Close { code: 1000, .. }) = gateway.poll_output() else { panic!() };
/// ```
pub struct GatewayCore {
    pub(crate) dialect: Dialect,
    pub(crate) auth: AuthMode,
    pub(crate) version: String,
    pub(crate) limits: GatewayLimits,
    pub(crate) advertise: Vec<Value>,
    pub(crate) script: Script,
    pub(crate) methods: Methods,
    pub(crate) rng: Rng,
    pub(crate) now: Now,
    pub(crate) schedule: Schedule,
    pub(crate) presence: Presence,
    pub(crate) runs: Runs,
    pub(crate) health_version: u64,
    boot_id: String,
    recovery_scope: String,
    /// When this life of the gateway began.
    born: Instant,
    phase: Phase,
    /// Counts turns of the gateway's life, so that steps of an abandoned plan are void.
    life: u64,
    drain: Drain,
    after_shutdown: Option<RestartPlan>,
    next_peer: u64,
    peers: BTreeMap<PeerId, Peer>,
    outputs: VecDeque<GatewayOutput>,
    /// Connects to be judged at the end of the turn: request id and params; none for clients that did not wait.
    connects: VecDeque<(PeerId, Option<(String, Json)>)>,
    starts: VecDeque<Started>,
    start_bytes: usize,
    guesses: Guesses,
    /// Whether devices on this machine are paired without being asked.
    pairs: config::Pairing,
    pub(crate) pairing: Pairing,
    pub(crate) upgrades: Upgrades,
    /// Devices, and the role of theirs, whose connections are to be closed.
    removals: Vec<(String, Option<String>)>,
    faults: Faults,
    journal: Journal,
}

impl GatewayCore {
    /// A gateway at the start of its life. `seed` decides every id it makes up.
    #[must_use]
    pub fn new(config: GatewayConfig, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let version = config.version.unwrap_or_else(|| config.dialect.release().to_owned());
        let (boot_id, recovery_scope) = (rng.uuid(), rng.token());
        let mut schedule = Schedule::default();
        schedule.put(Instant::ZERO.after(config.limits.tick), Action::Tick);
        schedule.put(Instant::ZERO.after(config.limits.health), Action::Health);
        let booting = !config.boot_for.is_zero();
        if booting {
            schedule.put(Instant::ZERO.after(config.boot_for), Action::Life(0, schedule::LifeStep::Ready));
        }
        let faults = Faults::new(config.faults);
        for at in faults.times() {
            schedule.put(Instant::ZERO.after(at), Action::FaultTime(at));
        }
        let mut pairing = Pairing::new(config.dialect.is_v4(), &config.limits);
        for device in config.devices {
            pairing.adopt(&device, 0, &mut rng);
        }
        Self {
            methods: Methods::new(config.dialect, config.methods, &config.without),
            presence: Presence::new(config.dialect, &version, &mut rng),
            journal: Journal::new(config.limits.journal, config.limits.journal_bytes),
            dialect: config.dialect,
            auth: config.auth,
            version,
            limits: config.limits,
            advertise: config.advertise,
            script: config.script,
            rng,
            now: Now::default(),
            schedule,
            runs: Runs::default(),
            health_version: 1,
            boot_id,
            recovery_scope,
            born: Instant::ZERO,
            phase: if booting { Phase::Booting } else { Phase::Ready },
            life: 0,
            drain: Drain::default(),
            after_shutdown: None,
            next_peer: 1,
            peers: BTreeMap::new(),
            outputs: VecDeque::new(),
            connects: VecDeque::new(),
            starts: VecDeque::new(),
            start_bytes: 0,
            guesses: Guesses::default(),
            pairs: config.pairing,
            pairing,
            upgrades: Upgrades::default(),
            removals: Vec::new(),
            faults,
        }
    }

    /// A client asks for an upgrade to WebSocket. Its challenge is sent at once.
    ///
    /// # Errors
    /// With the HTTP response that refuses it.
    pub fn connect(&mut self, now: Now, info: PeerInfo) -> Result<PeerId, HttpRefusal> {
        self.now = now;
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        self.admit(peer, &info)?;
        let (nonce, conn_id) = (self.rng.uuid(), self.rng.uuid());
        self.peers.insert(peer, Peer::new(info, nonce, conn_id));
        self.schedule.put(now.mono.after(self.limits.handshake), Action::HandshakeDeadline(peer));
        self.challenge(peer);
        Ok(peer)
    }

    /// A text message has come.
    pub fn handle_text(&mut self, now: Now, peer: PeerId, text: &str) {
        self.now = now;
        self.received(peer, text);
    }

    /// A binary message has come: gateways read it as if it were text.
    pub fn handle_binary(&mut self, now: Now, peer: PeerId, bytes: &[u8]) {
        self.handle_text(now, peer, &String::from_utf8_lossy(bytes));
    }

    /// A pong has come.
    pub fn handle_pong(&mut self, now: Now, peer: PeerId) {
        self.now = now;
        if let Some(peer) = self.peers.get_mut(&peer).filter(|peer| !peer.deaf) {
            peer.awaits_pong = false;
        }
    }

    /// The connection has ended, however it did.
    pub fn handle_closed(&mut self, now: Now, peer: PeerId) {
        self.now = now;
        self.retire(peer);
        self.peers.remove(&peer);
    }

    /// Of what the gateway wants sent to `peer`, so many bytes have been fetched but not yet written. Connections that
    /// read too slowly miss events or are closed, and this number decides.
    pub fn handle_buffered(&mut self, peer: PeerId, bytes: usize) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.reported = bytes;
        }
    }

    /// Lets pass what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        // What an action puts for this very moment waits for the next call, so that a host gets to write in between.
        let mut due = Vec::new();
        while let Some(action) = self.schedule.due(now.mono) {
            due.push(action);
        }
        for (at, action) in due {
            self.act(at, action);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.next()
    }

    /// The next thing the host should do.
    pub fn poll_output(&mut self) -> Option<GatewayOutput> {
        if self.outputs.is_empty() {
            self.judge_connects();
            self.start_requests();
        }
        let output = self.outputs.pop_front()?;
        if let GatewayOutput::Send { peer, text } = &output {
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.unfetched = peer.unfetched.saturating_sub(text.len());
            }
        }
        Some(output)
    }

    fn act(&mut self, at: Instant, action: Action) {
        match action {
            Action::Tick => self.tick(at),
            Action::Health => self.periodic_health(at),
            Action::HealthSoon => self.send_health(),
            Action::HandshakeDeadline(peer) => self.handshake_deadline(peer),
            Action::Ping(peer) => self.ping(at, peer),
            Action::Cut(peer) => self.cut(peer),
            Action::Connect(peer, text) => self.first_frame(peer, &text),
            Action::Refuse(peer, id, error, code) => self.refuse(peer, &id, error, code),
            Action::Emit(peer, text) => self.emit(peer, text),
            Action::EmitHello(peer, text) => self.hello_out(peer, text),
            Action::Start(started) => self.start(started),
            Action::Answer(ticket, steps) => self.answer(ticket, steps),
            Action::Broadcast(name, payload) => {
                self.send_event(&name, &payload, events::droppable_by_name(&name));
            }
            Action::Run(run, turn) => self.run_step(&run, turn),
            Action::UpgradesExpire => self.settle_upgrades(),
            Action::WaitEnds(ticket, run) => self.wait_ends(&ticket, &run),
            Action::Flood(ticket, flood) => self.flood(ticket, flood),
            Action::FaultTime(at) => self.fault_time(at),
            Action::Life(life, step) => self.life_step(life, &step),
        }
    }
}

impl fmt::Debug for GatewayCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayCore")
            .field("dialect", &self.dialect)
            .field("phase", &self.phase)
            .field("peers", &self.peers.keys().collect::<Vec<_>>())
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
