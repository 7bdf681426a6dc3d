//! A client's life under inputs in any order: challenges twice, answers early, closes, timeouts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use openclaw_proto::{ConnId, Input, Output, State, StateKind, TRANSITIONS, TransportError};
use openclaw_tests::{Drive, HELLO, challenge, event, refusal, response};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use crate::config;

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// The next thing on the way to ready: chance alone seldom goes all of it.
    Onward,
    Start,
    Nudge,
    Shutdown,
    Opened,
    Challenge(u8),
    ChallengeWithoutNonce,
    /// A hello for the connect of that age; 0 is the newest.
    Hello(usize),
    HelloOfAnotherProtocol,
    Refused(&'static str),
    AnswerToNobody(&'static str),
    Event,
    Text(String),
    Binary,
    Take,
    Flushed,
    Closed(Option<u16>),
    Failed,
    Pass(u64),
    Request,
}

fn step() -> impl Strategy<Value = Step> {
    let refusals = ["UNAVAILABLE", "AUTH_TOKEN_MISMATCH", "PAIRING_REQUIRED", "UNKNOWN_CODE"];
    let ids = ["\"\"", "\"invalid\"", "null", "7", "\"00000000-0000-8000-8000-000000000000\""];
    prop_oneof![
        25 => Just(Step::Onward),
        2 => Just(Step::Start),
        1 => Just(Step::Nudge),
        1 => Just(Step::Shutdown),
        6 => Just(Step::Opened),
        5 => (0_u8..3).prop_map(Step::Challenge),
        1 => Just(Step::ChallengeWithoutNonce),
        5 => (0_usize..3).prop_map(Step::Hello),
        1 => Just(Step::HelloOfAnotherProtocol),
        1 => select(refusals.to_vec()).prop_map(Step::Refused),
        1 => select(ids.to_vec()).prop_map(Step::AnswerToNobody),
        2 => Just(Step::Event),
        1 => "[{}\\[\\]a-z\":,]{0,12}".prop_map(Step::Text),
        1 => Just(Step::Binary),
        8 => Just(Step::Take),
        3 => Just(Step::Flushed),
        2 => option::of(select(&[1000_u16, 1002, 1006, 1008, 1012, 1013, 4008][..])).prop_map(Step::Closed),
        1 => Just(Step::Failed),
        4 => prop_oneof![0_u64..2_000, Just(20_000), Just(100_000)].prop_map(Step::Pass),
        4 => Just(Step::Request),
    ]
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct Seen {
    connects: usize,
    ready: bool,
    /// It is no longer the client's connection.
    over: bool,
    closes: usize,
    aborts: usize,
}

/// A client and what has been seen of it.
struct Life {
    d: Drive,
    state: StateKind,
    connections: BTreeMap<ConnId, Seen>,
    /// The connects that were taken, the newest last.
    connects: Vec<String>,
    requests: u32,
    completed: BTreeMap<u32, usize>,
    accepted: Vec<u32>,
    seq: u64,
}

impl Life {
    fn new(max_attempts: Option<u32>) -> Self {
        // A seed of equal words would give the first two connects the same id.
        let seed = *b"no two words of this seed agree.";
        Self {
            d: Drive::seeded(seed, |c| c.backoff.max_attempts = max_attempts),
            state: StateKind::Idle,
            connections: BTreeMap::new(),
            connects: Vec::new(),
            requests: 0,
            completed: BTreeMap::new(),
            accepted: Vec::new(),
            seq: 0,
        }
    }

    fn act(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let newest = self.connects.last().cloned().unwrap_or_default();
        match step {
            Step::Onward => return self.act(&self.onward()),
            Step::Start => self.d.start(),
            Step::Nudge => self.d.nudge(),
            Step::Shutdown => self.d.shutdown(),
            Step::Opened => self.d.input(Input::Opened),
            Step::Challenge(nonce) => self.d.text(&challenge(&format!("n{nonce}"))),
            Step::ChallengeWithoutNonce => {
                self.d.text(r#"{"type":"event","event":"connect.challenge","payload":{"ts":1}}"#);
            }
            Step::Hello(age) => {
                let connect = self.connects.iter().rev().nth(*age).cloned().unwrap_or_default();
                self.d.text(&response(&connect, HELLO));
            }
            Step::HelloOfAnotherProtocol => {
                self.d.text(&response(&newest, &HELLO.replace("\"protocol\":4", "\"protocol\":9")));
            }
            Step::Refused(code) => {
                self.d.text(&refusal(&newest, &format!(r#"{{"code":"X","details":{{"code":"{code}"}}}}"#)));
            }
            Step::AnswerToNobody(id) => {
                self.d.text(&format!(r#"{{"type":"res","id":{id},"ok":true,"payload":{HELLO}}}"#))
            }
            Step::Event => {
                self.seq += 1;
                self.d.text(&event("tick", self.seq, "{}"));
            }
            Step::Text(text) => self.d.text(text),
            Step::Binary => self.d.input(Input::Binary { len: 3 }),
            Step::Take => self.take()?,
            Step::Flushed => self.d.input(Input::Flushed),
            Step::Closed(code) => self.d.input(Input::Closed { code: *code, reason: String::new() }),
            Step::Failed => self.d.input(Input::Failed(TransportError::Io("broken".into()))),
            Step::Pass(millis) => drop(self.d.advance(Duration::from_millis(*millis))),
            Step::Request => {
                self.requests += 1;
                if self.d.request("health", self.requests).is_ok() {
                    self.accepted.push(self.requests);
                }
            }
        }
        self.look()
    }

    fn onward(&self) -> Step {
        match self.state {
            StateKind::Idle | StateKind::Paused | StateKind::Stopped => Step::Start,
            StateKind::Backoff => Step::Nudge,
            StateKind::Dialing => Step::Opened,
            StateKind::Stopping => Step::Closed(Some(1000)),
            _ if self.d.client.wants_transmit() => Step::Take,
            StateKind::Handshaking => {
                let taken =
                    self.d.conn.and_then(|conn| self.connections.get(&conn)).is_some_and(|seen| seen.connects > 0);
                if taken { Step::Hello(0) } else { Step::Challenge(0) }
            }
            _ => Step::Request,
        }
    }

    /// The transport takes a frame.
    fn take(&mut self) -> Result<(), TestCaseError> {
        let wants = self.d.client.wants_transmit();
        let transmit = self.d.client.poll_transmit(self.d.now);
        prop_assert_eq!(wants, transmit.is_some());
        let Some(transmit) = transmit else { return Ok(()) };
        let seen = self.connections.entry(transmit.conn).or_default();
        prop_assert!(!seen.over, "a frame for a connection that is over");
        if transmit.text.contains(r#""method":"connect""#) {
            seen.connects += 1;
            prop_assert!(!seen.ready && seen.connects == 1, "connect once, and before the hello");
            self.connects.push(transmit.text);
        } else {
            prop_assert!(seen.ready, "a request before the hello");
        }
        Ok(())
    }

    /// Holds what the client has said against what it may say.
    fn look(&mut self) -> Result<(), TestCaseError> {
        for output in self.d.take() {
            match output {
                Output::State(state) => self.entered(&state)?,
                Output::Dial { conn, .. } => {
                    prop_assert!(!self.connections.contains_key(&conn), "dialed twice");
                    prop_assert_eq!(conn.number(), self.connections.len() as u64 + 1);
                    self.connections.insert(conn, Seen::default());
                }
                Output::Close { conn, .. } => {
                    let seen = self.connections.entry(conn).or_default();
                    seen.closes += 1;
                    seen.over = true;
                    prop_assert!(seen.closes == 1 && seen.aborts == 0, "{:?} closed twice", conn);
                }
                Output::Abort { conn } => {
                    let seen = self.connections.entry(conn).or_default();
                    seen.aborts += 1;
                    seen.over = true;
                    prop_assert!(seen.aborts == 1, "{:?} aborted twice", conn);
                }
                Output::Completed { waiter, .. } => {
                    let times = self.completed.entry(waiter).or_default();
                    *times += 1;
                    prop_assert!(*times == 1 && self.accepted.contains(&waiter), "request {}", waiter);
                }
                _ => {}
            }
        }
        prop_assert_eq!(self.state, self.d.client.state(), "the states told lead to the state");
        let due = self.d.client.poll_timeout();
        prop_assert!(due.is_none_or(|(at, _)| at > self.d.now.mono || self.d.now.mono.as_nanos() == 0), "{:?}", due);
        Ok(())
    }

    fn entered(&mut self, state: &State) -> Result<(), TestCaseError> {
        let kind = kind(state);
        let known = TRANSITIONS.iter().any(|(from, _, to)| (*from, *to) == (self.state, kind));
        prop_assert!(known, "{:?} to {:?}", self.state, kind);
        self.state = kind;
        match state {
            State::Ready { conn, .. } => {
                let seen = self.connections.entry(*conn).or_default();
                prop_assert!(!seen.ready && !seen.over && seen.connects == 1, "{:?}: {:?}", conn, seen);
                seen.ready = true;
            }
            State::Backoff { .. } | State::Paused { .. } | State::Stopped { .. } => {
                self.connections.values_mut().for_each(|seen| seen.over = true);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whatever has happened, a shutdown ends it.
    fn end(mut self) -> Result<(), TestCaseError> {
        self.d.shutdown();
        self.look()?;
        self.d.advance(Duration::from_secs(1));
        self.look()?;
        prop_assert_eq!(self.state, StateKind::Stopped);
        prop_assert_eq!(self.d.client.poll_timeout(), None);
        prop_assert!(!self.d.client.wants_transmit());
        let ended: Vec<u32> = self.completed.into_keys().collect();
        prop_assert_eq!(ended, self.accepted, "each request that was accepted has ended");
        prop_assert_eq!(self.d.client.load(), (0, 0, 0));
        Ok(())
    }
}

fn kind(state: &State) -> StateKind {
    match state {
        State::Idle => StateKind::Idle,
        State::Dialing { .. } => StateKind::Dialing,
        State::Handshaking { .. } => StateKind::Handshaking,
        State::Ready { .. } => StateKind::Ready,
        State::Draining { .. } => StateKind::Draining,
        State::Backoff { .. } => StateKind::Backoff,
        State::Paused { .. } => StateKind::Paused,
        State::Stopping => StateKind::Stopping,
        State::Stopped { .. } => StateKind::Stopped,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn inputs_in_any_order_break_no_promise() {
    let config = config(1_500);
    let cases = config.cases;
    let lives = (vec(step(), 1..60), option::of(0_u32..4), any::<bool>());
    // How often each state was reached.
    let tally: RefCell<BTreeMap<StateKind, u32>> = RefCell::default();
    let result = TestRunner::new(config).run(&lives, |(steps, max_attempts, begun)| {
        let mut life = Life::new(max_attempts);
        if begun {
            life.act(&Step::Start)?;
        }
        for step in &steps {
            let before = life.state;
            life.act(step)?;
            if life.state != before {
                *tally.borrow_mut().entry(life.state).or_default() += 1;
            }
        }
        life.end()
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let tally = tally.into_inner();
    // No step drains, and none leads back to the beginning.
    assert!(tally.len() == 7 && tally.values().all(|times| *times >= cases / 20), "hardly tried: {tally:?}");
    println!("{tally:?}");
}
