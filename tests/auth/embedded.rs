//! A client and the embedded gateway in virtual time: how often a refused client comes back.

use std::time::Duration;

use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{ClientConfig, ConnId, Input, Output, State};
use openclaw_testkit::{GatewayConfig, GatewayCore, GatewayOutput, PeerId, PeerInfo};
use openclaw_tests::Drive;
use openclaw_tests::scene::MINUTE;

const STEP: Duration = Duration::from_millis(100);

/// Both sides in one loop. Whatever one says, the other hears at once.
struct Pair {
    client: Drive,
    gateway: GatewayCore,
    line: Option<(ConnId, PeerId)>,
    attempts: usize,
    states: Vec<State>,
}

impl Pair {
    fn new(gateway: GatewayConfig, configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let client = Drive::new(|config| {
            config.backoff.max_attempts = None;
            configure(config);
        });
        Self { client, gateway: GatewayCore::new(gateway, 7), line: None, attempts: 0, states: Vec::new() }
    }

    fn run(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / STEP.as_millis() {
            self.settle();
            self.client.advance(STEP);
            self.gateway.handle_timeout(self.client.now);
        }
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            for output in self.client.take() {
                quiet = false;
                match output {
                    Output::Dial { conn, .. } => {
                        self.attempts += 1;
                        let peer = self.gateway.connect(self.client.now, PeerInfo::loopback()).expect("upgraded");
                        self.line = Some((conn, peer));
                        self.client.input(Input::Opened);
                    }
                    Output::Close { .. } | Output::Abort { .. } => self.hang_up(),
                    Output::State(state) => self.states.push(state),
                    _ => {}
                }
            }
            for frame in self.client.frames() {
                quiet = false;
                if let Some((_, peer)) = self.line {
                    self.gateway.handle_text(self.client.now, peer, &frame);
                }
            }
            while let Some(output) = self.gateway.poll_output() {
                quiet = false;
                match output {
                    GatewayOutput::Send { peer, text } if self.speaks_to(peer) => self.client.text(&text),
                    GatewayOutput::Close { peer, code, reason } if self.speaks_to(peer) => {
                        self.client.input(Input::Closed { code: Some(code), reason });
                        self.hang_up();
                    }
                    GatewayOutput::Ping { peer } => self.gateway.handle_pong(self.client.now, peer),
                    _ => {}
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn speaks_to(&self, peer: PeerId) -> bool {
        self.line.is_some_and(|(_, known)| known == peer)
    }

    fn hang_up(&mut self) {
        if let Some((_, peer)) = self.line.take() {
            self.gateway.handle_closed(self.client.now, peer);
        }
    }

    fn paused(&self) -> Option<PauseReason> {
        match self.states.last() {
            Some(State::Paused { reason, .. }) => Some(*reason),
            _ => None,
        }
    }
}

#[test]
fn a_bad_token_is_shown_once_in_ten_minutes_and_once_more_for_a_nudge() {
    for config in [GatewayConfig::v4(), GatewayConfig::v3()] {
        let mut pair = Pair::new(config, |config| config.connect.auth.token = Some("bad".into()));
        pair.client.start();
        pair.run(10 * MINUTE);
        assert_eq!((pair.attempts, pair.paused()), (1, Some(PauseReason::Credentials)));
        pair.client.nudge();
        pair.run(10 * MINUTE);
        assert_eq!((pair.attempts, pair.paused()), (2, Some(PauseReason::Credentials)));
    }
}

#[test]
fn the_right_token_gets_in_so_that_the_pair_is_known_to_work() {
    let mut pair = Pair::new(GatewayConfig::v4(), |config| config.connect.auth.token = Some("test-token".into()));
    pair.client.start();
    pair.run(MINUTE);
    assert!(pair.states.iter().any(|state| matches!(state, State::Ready { .. })));
    assert_eq!(pair.attempts, 1);
}

#[test]
fn a_locked_out_client_tries_exactly_once_when_the_lockout_is_over() {
    let config = GatewayConfig::v4().limits(|limits| {
        limits.auth_exempt_loopback = false;
        limits.auth_attempts = 1;
    });
    let mut pair = Pair::new(config, |config| config.connect.auth.token = Some("bad".into()));
    pair.client.start();
    pair.run(MINUTE / 6);
    assert_eq!((pair.attempts, pair.paused()), (1, Some(PauseReason::Credentials)));
    // Somebody has mended the token, too early: the address is locked out for five minutes.
    pair.client.client.set_auth(openclaw_proto::connect::Auth::token("test-token"));
    pair.client.nudge();
    pair.run(MINUTE / 6);
    assert_eq!((pair.attempts, pair.paused()), (2, Some(PauseReason::RateLimited)));
    pair.run(4 * MINUTE);
    assert_eq!(pair.attempts, 2, "not before the gateway's own time");
    pair.run(2 * MINUTE);
    assert_eq!(pair.attempts, 3);
    assert!(matches!(pair.states.last(), Some(State::Ready { .. })), "{:?}", pair.states.last());
}
