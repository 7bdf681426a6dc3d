//! A day of the two.

use std::collections::VecDeque;
use std::error::Error;
use std::time::Duration;

use openclaw_proto::connect::Auth;
use openclaw_proto::{
    Client, ClientConfig, GatewayUrl, Input, Instant, Now, Outcome, Output, Plaintext, Request, State, StateKind,
    Stats, TransportError, UnixMillis, UpgradeRefused,
};
use openclaw_testkit::{GatewayConfig, GatewayCore, GatewayOutput, PeerInfo, RestartPlan};

use crate::network::{LATENCY, Network, Parcel};

const HOUR: Duration = Duration::from_secs(3_600);
/// Between two calls.
const PAUSE: Duration = Duration::from_secs(600);

/// How the calls of a day ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) made: u32,
    pub(crate) answered: u32,
    pub(crate) refused: u32,
    pub(crate) never_sent: u32,
    pub(crate) fate_unknown: u32,
}

/// What happens to the gateway.
#[derive(Clone, Copy)]
enum Turn {
    Restart,
    Kill,
    Revive,
    Midnight,
}

pub(crate) struct Day {
    now: Now,
    client: Client<u32, String>,
    gateway: GatewayCore,
    listening: bool,
    network: Network,
    turns: VecDeque<(Instant, Turn)>,
    next_call: Instant,
    pub(crate) tally: Tally,
    pub(crate) timeline: Vec<String>,
}

impl Day {
    /// A whole day.
    pub(crate) fn live(seed: u8) -> Result<Self, Box<dyn Error>> {
        let mut config = ClientConfig::new(GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly)?);
        config.connect.auth = Auth::token("test-token");
        // A moment after a call has been sent: it finds another gateway than the one it was meant for.
        let amid = |hour| Instant::ZERO.after(HOUR * hour + LATENCY / 2);
        let turns = [(3, Turn::Restart), (12, Turn::Kill), (13, Turn::Revive), (24, Turn::Midnight)];
        let mut day = Self {
            now: Now { mono: Instant::ZERO, unix: UnixMillis(1_795_000_000_000) },
            // A day that can be repeated wants a fixed seed. A program that serves somebody draws it from the system.
            client: Client::new(config, [seed; 32]),
            gateway: GatewayCore::new(GatewayConfig::v4(), u64::from(seed)),
            listening: true,
            network: Network::default(),
            turns: turns.into_iter().map(|(hour, turn)| (amid(hour), turn)).collect(),
            next_call: Instant::ZERO,
            tally: Tally::default(),
            timeline: Vec::new(),
        };
        day.client.start(day.now);
        loop {
            day.settle();
            if day.client.state() == StateKind::Stopped {
                return Ok(day);
            }
            day.sleep()?;
        }
    }

    /// Does everything that can be done without time going by.
    fn settle(&mut self) {
        let mut busy = true;
        while std::mem::take(&mut busy) {
            while let Some(output) = self.client.poll_output() {
                busy = true;
                self.act(output);
            }
            while let Some(frame) = self.client.poll_transmit(self.now) {
                busy = true;
                self.network.up(frame.conn, frame.text);
                // There is always room in memory, so what is handed over has left.
                self.client.handle_input(self.now, frame.conn, Input::Flushed);
            }
            while let Some(output) = self.gateway.poll_output() {
                busy = true;
                self.act_for_gateway(output);
            }
        }
    }

    /// What the client's core wants.
    fn act(&mut self, output: Output<u32, String>) {
        match output {
            Output::Dial { conn, .. } => self.network.post(Parcel::Dial(conn)),
            // A peer answers a close with a close. The gateway's core leaves that to its host, which is this.
            Output::Close { conn, code, reason } => {
                self.network.cut(conn);
                self.network.post(Parcel::ToClient(conn, Input::Closed { code: Some(code), reason: reason.into() }));
            }
            Output::Abort { conn } => self.network.cut(conn),
            Output::Completed { outcome, .. } => match outcome {
                Outcome::Replied(_) => self.tally.answered += 1,
                Outcome::NotSent(_) | Outcome::TimedOut { sent: false } => self.tally.never_sent += 1,
                Outcome::Rejected(rejected) => {
                    self.tally.refused += 1;
                    self.note(&format!("refused: {}", rejected.error));
                }
                _ => self.tally.fate_unknown += 1,
            },
            Output::State(State::Ready { conn, .. }) => self.note(&format!("{conn} ready")),
            Output::State(State::Draining { hint, .. }) => self.note(&format!("the gateway is about to go ({hint:?})")),
            Output::State(State::Backoff { why, attempt, delay, .. }) if attempt <= 3 => {
                self.note(&format!("{why}; attempt {attempt} in {delay:.1?}"));
            }
            Output::State(State::Stopped { .. }) => self.note("stopped"),
            _ => {}
        }
    }

    /// What the gateway's core wants.
    fn act_for_gateway(&mut self, output: GatewayOutput) {
        match output {
            GatewayOutput::Send { peer, text } => self.network.down(peer, text),
            GatewayOutput::Ping { peer } => self.network.ping(peer),
            GatewayOutput::Close { peer, code, reason } => self.network.end(peer, Some(code), reason),
            GatewayOutput::Abort { peer } => self.network.end(peer, None, String::new()),
            GatewayOutput::Listen => self.listening = true,
            GatewayOutput::StopListening => self.listening = false,
            _ => {}
        }
    }

    /// Lets time pass until something is due, and lets it happen.
    fn sleep(&mut self) -> Result<(), Box<dyn Error>> {
        let timers = [self.client.poll_timeout().map(|(at, _)| at), self.gateway.poll_timeout()];
        let others = [self.network.next(), self.turns.front().map(|(at, _)| *at), Some(self.next_call)];
        let next = timers.into_iter().chain(others).flatten().min().ok_or("there is nothing to wait for")?;
        self.now = self.now.after(next.since(self.now.mono));
        self.network.advance(next);
        while let Some(parcel) = self.network.take() {
            self.arrive(parcel);
        }
        self.gateway.handle_timeout(self.now);
        self.client.handle_timeout(self.now);
        if self.next_call <= next {
            self.next_call = next.after(PAUSE);
            self.tally.made += 1;
            if self.client.request(self.now, Request::new("health")?, self.tally.made).is_err() {
                self.tally.never_sent += 1;
            }
        }
        if self.turns.front().is_some_and(|(at, _)| *at <= next) {
            match self.turns.pop_front().map(|(_, turn)| turn) {
                Some(Turn::Restart) => {
                    let plan = RestartPlan::realistic().drain_for(Duration::from_secs(5));
                    self.gateway.restart(self.now, plan);
                }
                Some(Turn::Kill) => self.gateway.kill(self.now),
                Some(Turn::Revive) => self.gateway.revive(self.now, Duration::ZERO),
                Some(Turn::Midnight) => self.client.shutdown(self.now),
                None => {}
            }
        }
        Ok(())
    }

    /// A parcel is there.
    fn arrive(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Text(peer, text) => self.gateway.handle_text(self.now, peer, &text),
            Parcel::Pong(peer) => self.gateway.handle_pong(self.now, peer),
            Parcel::Gone(peer) => self.gateway.handle_closed(self.now, peer),
            Parcel::ToClient(conn, input) => self.client.handle_input(self.now, conn, input),
            Parcel::Dial(conn) => {
                let input = if !self.listening {
                    Input::Failed(TransportError::Connect("connection refused".into()))
                } else {
                    match self.gateway.connect(self.now, PeerInfo::loopback()) {
                        Ok(peer) => {
                            self.network.join(conn, peer);
                            Input::Opened
                        }
                        Err(http) => {
                            let refusal = UpgradeRefused::new(http.status, http.headers, http.body);
                            Input::Failed(TransportError::UpgradeRefused(refusal))
                        }
                    }
                };
                self.network.post(Parcel::ToClient(conn, input));
            }
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.client.stats()
    }

    fn note(&mut self, what: &str) {
        let ms = self.now.mono.elapsed().as_millis();
        let (hour, minute, second, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        self.timeline.push(format!("{hour:02}:{minute:02}:{second:02}.{ms:03}  {what}"));
    }
}
