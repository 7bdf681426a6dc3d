//! The testkit's gateway without sockets: whatever clients, hosts and tests do to it, it goes on being a gateway.
//!
//! | step | what happens |
//! |---|---|
//! | `o` `w` | a connection is made; steps are about another one |
//! | `c` `r` `R` | a connect; a request; one with params of the script's own |
//! | `x` `y` | a text of the script's own; the same as a binary message |
//! | `p` `k` `b` | a pong; the connection has ended; so much is not written yet |
//! | `t` `T` | time passes to the next timer; some time passes |
//! | `e` `i` | an event for all; a text for one |
//! | `C` `A` `I` | a connection is closed, cut, loses its authority |
//! | `D` `s` `K` `V` | drain, restart, kill, revive |
//! | `a` `j` `v` `m` `z` `B` | a pairing is approved, rejected; a device's token is revoked, the device removed, its token rotated; a bootstrap token is made |
//! | `f` `g` | a fault is added; all are taken back |

mod peers;
mod words;

use std::time::Duration;

use openclaw_proto::{Instant, Now, UnixMillis};
use openclaw_testkit::{
    AuthMode, Dialect, Drain, Effect, Fault, GatewayConfig, GatewayCore, Pairing, PeerId, PeerInfo, Point, RestartPlan,
    Setup,
};
use serde_json::json;

use super::script::Script;
use peers::{Peer, Peers};

const LETTERS: &[u8] = b"owcrRxypkbtTeiCAIDsKVajvmzBfg";

/// More connections than this are not made at a time.
const MOST_PEERS: usize = 3;

/// Reads `data` as a configuration of five numbers and a script of steps.
///
/// Every output is for a connection that is there and not closed. Every text is a frame that the core can read: the
/// challenge first, before hello nothing but refusals, then answers and events whose numbers rise. Nothing that is well-formed stays
/// without an answer, unless its connection ends. Timers move. Equal seeds and equal inputs give equal outputs. (The
/// methods `blob` and `flood` are left out: what they cost is what is asked for.)
pub fn gateway(data: &[u8]) {
    let once = Desk::lived(data);
    let twice = Desk::lived(data);
    assert_eq!(once, twice, "equal inputs, different outputs");
}

/// The gateway with its host.
struct Desk {
    core: GatewayCore,
    now: Now,
    peers: Peers,
    /// The connection steps are about.
    at: usize,
    faulty: bool,
    next_id: u32,
    transcript: Vec<String>,
}

impl Desk {
    /// Plays a whole script. Gives every output as text.
    fn lived(data: &[u8]) -> Vec<String> {
        let mut script = Script::new(data);
        let config = config(&mut script);
        let mut desk = Self {
            core: GatewayCore::new(config, 7),
            now: Now { mono: Instant::ZERO, unix: UnixMillis(1_795_000_000_000) },
            peers: Peers::default(),
            at: 0,
            faulty: false,
            next_id: 1,
            transcript: Vec::new(),
        };
        while desk.play(&mut script) {
            desk.drain();
        }
        desk.end();
        desk.transcript
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            self.transcript.push(match &output {
                openclaw_testkit::GatewayOutput::Send { peer, text } => format!("{peer} {text}"),
                other => format!("{other:?}"),
            });
            self.peers.said(&output, self.faulty);
        }
        let there = self.core.connections().len();
        let open = self.peers.open.values().filter(|peer| !peer.closing).count();
        // A fault can make the gateway close a connection without a word.
        assert!(there == open || self.faulty && there < open, "{there} connections, {open} sockets");
    }

    /// Lets time pass to the next timer, and lets all go off that are due then: after a long time there are many ticks.
    fn ring(&mut self) -> bool {
        let Some(mut at) = self.core.poll_timeout() else { return false };
        self.now = self.now.after(at.since(self.now.mono));
        let mut still = 0;
        while at <= self.now.mono {
            self.core.handle_timeout(self.now);
            self.drain();
            let Some(next) = self.core.poll_timeout() else { return true };
            still = if next > at { 0 } else { still + 1 };
            assert!(still < 16, "the timer does not move: {next:?} at {:?}", self.now.mono);
            at = next;
        }
        true
    }

    fn peer(&self) -> Option<PeerId> {
        self.peers.open.keys().nth(self.at % self.peers.open.len().max(1)).copied()
    }

    fn text(&mut self, text: &str) {
        if let Some(peer) = self.peer() {
            self.core.handle_text(self.now, peer, text);
        }
    }

    fn connect(&mut self, script: &mut Script<'_>) {
        if self.peers.open.len() >= MOST_PEERS {
            return;
        }
        let info = match script.number() % 4 {
            0 => PeerInfo::loopback(),
            1 => PeerInfo::new([192, 168, 1, 7].into()),
            2 => PeerInfo::loopback().header("Origin", "http://127.0.0.1:18789"),
            _ => PeerInfo::loopback().header("X-Forwarded-For", "10.0.0.1"),
        };
        if let Ok(peer) = self.core.connect(self.now, info) {
            self.peers.open.insert(peer, Peer::default());
            self.at = self.peers.open.len() - 1;
        }
    }

    fn say_connect(&mut self, script: &mut Script<'_>) {
        let nonce = self.peer().and_then(|peer| self.peers.open.get(&peer)).map(|peer| peer.nonce.clone());
        let id = self.id();
        let nonce = nonce.unwrap_or_default();
        let frame = words::connect(script, &id, &nonce, self.now.unix.0, &self.peers.credential);
        self.text(&frame);
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("id-{}", self.next_id)
    }

    /// An id that the gateway has made up.
    fn known(&self) -> String {
        let pending = self.core.pending_pairings().into_iter().next().map(|pending| pending.request_id);
        pending.or_else(|| self.device()).unwrap_or_else(|| "nobody".into())
    }

    fn device(&self) -> Option<String> {
        self.core.devices().into_iter().next().map(|device| device.device_id)
    }

    fn ask(&mut self, script: &mut Script<'_>) {
        let (method, params) = words::ask(script, &self.known());
        let id = self.id();
        let Some(peer) = self.peer().and_then(|peer| self.peers.open.get_mut(&peer)) else { return };
        // Before hello a frame may cost the connection; after it every one is answered.
        if peer.hello && !peer.closing && !self.faulty {
            peer.owed.insert(id.clone());
        }
        self.text(&json!({"type": "req", "id": id, "method": method, "params": params}).to_string());
    }

    fn ask_raw(&mut self, script: &mut Script<'_>) {
        let (method, _) = words::ask(script, "");
        let (id, params) = (self.id(), script.line());
        self.text(&format!(r#"{{"type":"req","id":"{id}","method":"{method}","params":{params}}}"#));
    }

    /// Lets the next step of the script happen; false at its end.
    fn play(&mut self, script: &mut Script<'_>) -> bool {
        let Some(letter) = script.step(LETTERS) else { return false };
        let (now, peer) = (self.now, self.peer());
        match letter {
            b'o' => self.connect(script),
            b'w' => self.at = usize::from(script.number()),
            b'c' => self.say_connect(script),
            b'r' => self.ask(script),
            b'R' => self.ask_raw(script),
            b'x' => {
                let line = script.line();
                self.text(&line);
            }
            b't' => drop(self.ring()),
            b'T' => {
                let wait = script.pick(&[0, 1, 250, 5_000, 20_000, 61_000, 310_000]);
                self.now = now.after(Duration::from_millis(wait));
                self.core.handle_timeout(self.now);
            }
            b'e' => {
                let name = script.pick(&["chat", "presence", "health", "custom", "device.pair.requested", "shutdown"]);
                self.core.broadcast(now, name, &json!({"n": script.number()}));
            }
            b'D' => {
                let (lasting, hint) = (script.number(), script.number());
                let drain = Drain::default().lasting(Duration::from_millis(u64::from(lasting) * 100));
                self.core.drain(now, drain.restart_expected(Duration::from_millis(u64::from(hint) * 100)));
            }
            b's' => {
                let plan = if script.chance(2) { RestartPlan::realistic() } else { RestartPlan::default() };
                self.core.restart(now, plan);
            }
            b'K' => self.core.kill(now),
            b'V' => self.core.revive(now, Duration::from_millis(u64::from(script.number()) * 100)),
            b'f' => self.fault(script),
            b'g' => self.core.clear_faults(),
            _ => {
                if let Some(peer) = peer {
                    self.play_on(script, letter, peer);
                }
            }
        }
        true
    }

    /// Steps about a connection, or about a device.
    fn play_on(&mut self, script: &mut Script<'_>, letter: u8, peer: PeerId) {
        let now = self.now;
        match letter {
            b'y' => {
                let line = script.line();
                self.core.handle_binary(now, peer, line.as_bytes());
            }
            b'p' => self.core.handle_pong(now, peer),
            b'k' => {
                self.peers.open.remove(&peer);
                self.core.handle_closed(now, peer);
            }
            b'b' => self.core.handle_buffered(peer, usize::from(script.number()) << 20),
            b'i' => {
                let line = script.line();
                self.peers.injected.push(line.clone());
                self.core.inject(now, peer, line);
            }
            b'C' => {
                let (code, reason) = (1000 + u16::from(script.number()), script.line());
                self.core.close(now, peer, code, &reason);
            }
            b'A' => self.core.abort(now, peer),
            b'I' => self.core.invalidate(now, peer, "rotated"),
            b'a' => drop(self.core.approve(now, &self.known())),
            b'j' => drop(self.core.reject(now, &self.known())),
            b'B' => {
                let setup = script.pick(&[Setup::Mobile, Setup::MobileLimited, Setup::Node, Setup::VoiceNode]);
                self.peers.credential = self.core.bootstrap_token(now, setup).expose().to_owned();
            }
            _ => {
                let Some(device) = self.device() else { return };
                match letter {
                    b'v' => drop(self.core.revoke_token(now, &device, "operator")),
                    b'm' => drop(self.core.remove_device(now, &device)),
                    b'z' => {
                        if let Some(token) = self.core.rotate_token(now, &device, "operator") {
                            self.peers.credential = token.token.expose().to_owned();
                        }
                    }
                    _ => unreachable!("every letter has its step"),
                }
            }
        }
    }

    fn fault(&mut self, script: &mut Script<'_>) {
        let point = match script.number() % 12 {
            0 => Point::Upgrade,
            1 => Point::Challenge,
            2 => Point::Connect,
            3 => Point::Hello,
            4 => Point::AfterHello,
            5 => Point::AnyRequest,
            6 => Point::AnyResponse,
            7 => Point::AnyEvent,
            8 => Point::AnyFrame,
            9 => Point::Event("tick".into()),
            10 => Point::Response("health".into()),
            _ => Point::Time(self.now.mono.elapsed() + Duration::from_millis(10)),
        };
        let effect = match script.number() % 10 {
            0 => Effect::Withhold,
            1 => Effect::Delay(Duration::from_millis(u64::from(script.number()) * 10)),
            2 => Effect::Close { code: 1011, reason: "a fault".into() },
            3 => Effect::Abort,
            4 => Effect::Inject(script.line()),
            5 => Effect::Replace(script.line()),
            6 => Effect::Duplicate,
            7 => Effect::SkipSeq(u64::from(script.number())),
            8 => Effect::StopReading,
            _ => Effect::StopWriting,
        };
        self.core.fault(Fault::new(point, effect));
        self.faulty = true;
    }

    /// What is owed is given, then everybody leaves.
    fn end(&mut self) {
        // Longer than anything but an approval takes.
        let end = self.now.mono.after(Duration::from_secs(20));
        while self.core.poll_timeout().is_some_and(|at| at <= end) {
            for peer in self.peers.open.keys().copied().collect::<Vec<_>>() {
                self.core.handle_pong(self.now, peer);
            }
            self.ring();
        }
        for (peer, state) in &self.peers.open {
            assert!(self.faulty || state.closing || state.owed.is_empty(), "{peer} waits for {:?}", state.owed);
        }
        // One after another: the others may be told that it is gone.
        while let Some((peer, _)) = self.peers.open.pop_first() {
            self.core.handle_closed(self.now, peer);
            self.drain();
        }
        assert!(self.core.connections().is_empty());
    }
}

fn config(script: &mut Script<'_>) -> GatewayConfig {
    let dialect = script.pick(&[Dialect::V4, Dialect::V3, Dialect::Original]);
    let mut config = GatewayConfig::new().dialect(dialect).without_method("blob").without_method("flood");
    config = config.auth(match script.number() % 3 {
        0 => AuthMode::Token("test-token".into()),
        1 => AuthMode::Password("test-password".into()),
        _ => AuthMode::None,
    });
    if script.chance(2) {
        config = config.pairing(Pairing::Manual);
    }
    if script.chance(2) {
        config = config.limits(|limits| {
            (limits.preauth_frame, limits.max_payload, limits.max_buffered) = (3_000, 2_000, 30_000);
            (limits.handshake_queue, limits.start_queue, limits.start_queue_bytes) = (2, 2, 500);
            (limits.auth_attempts, limits.auth_exempt_loopback, limits.preauth_connections) = (2, false, 2);
            (limits.journal, limits.journal_bytes, limits.unauthorized_calls) = (4, 300, 2);
        });
    }
    config.boot_for(Duration::from_millis(u64::from(script.number()) * 10))
}
