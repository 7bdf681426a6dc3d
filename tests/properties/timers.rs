//! Every timer of a client, against a plain list of deadlines kept by rules written down once more.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use openclaw_proto::{ConnId, Input, Instant, Jitter, Request, RequestId, TimerKind};
use openclaw_tests::{Drive, HELLO, challenge, event, response};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::config;

/// All different, so that a wrong one shows.
const DIAL: Duration = Duration::from_millis(1_100);
const CHALLENGE: Duration = Duration::from_millis(1_300);
const CONNECT: Duration = Duration::from_millis(1_700);
const CLOSE_GRACE: Duration = Duration::from_millis(190);
const WRITE_STALL: Duration = Duration::from_millis(2_300);
const REQUEST: Duration = Duration::from_millis(2_900);
const BASE: Duration = Duration::from_millis(310);
const MAX: Duration = Duration::from_millis(1_000);
const STABLE: Duration = Duration::from_millis(4_100);
const DRAIN: Duration = Duration::from_millis(3_700);
/// Twice the tick interval of the hello.
const SILENCE: Duration = Duration::from_millis(7_400);

#[derive(Clone, Debug)]
enum Step {
    /// The next thing on the way to ready: chance alone seldom goes all of it.
    Onward,
    Start,
    Shutdown,
    Opened,
    Challenge,
    Hello,
    Event,
    /// The gateway says that it will go, and for how long.
    Going(Option<u64>),
    Staying,
    Bytes {
        read: u64,
        written: u64,
    },
    Take,
    Flushed,
    Broken,
    Request(Option<u64>),
    RequestForEver,
    Cancel(usize),
    Answer(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => Just(Step::Onward),
        3 => Just(Step::Start),
        1 => Just(Step::Shutdown),
        8 => Just(Step::Opened),
        7 => Just(Step::Challenge),
        7 => Just(Step::Hello),
        3 => Just(Step::Event),
        2 => option::of(0_u64..3_000).prop_map(Step::Going),
        1 => Just(Step::Staying),
        3 => (0_u64..3, 0_u64..3).prop_map(|(read, written)| Step::Bytes { read, written }),
        9 => Just(Step::Take),
        3 => Just(Step::Flushed),
        2 => Just(Step::Broken),
        5 => option::of(1_u64..6_000).prop_map(Step::Request),
        1 => Just(Step::RequestForEver),
        2 => (0_usize..9).prop_map(Step::Cancel),
        3 => (0_usize..9).prop_map(Step::Answer),
        6 => prop_oneof![1_u64..500, 1_u64..5_000, 1_u64..20_000].prop_map(Step::Pass),
    ]
}

/// How far the model's connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    None,
    Dialing,
    AwaitingChallenge,
    AwaitingHello,
    Ready,
    /// Shut down, the close not answered yet.
    Stopping,
}

/// A list of deadlines, and what is needed to keep it.
struct Model {
    now: Instant,
    phase: Phase,
    deadlines: Vec<(TimerKind, Instant)>,
    /// Requests that have not ended, and whether the transport has them.
    requests: Vec<Open>,
    /// The connect is not taken yet.
    connect_unsent: bool,
    unflushed: bool,
    /// Bytes the transport has told of.
    bytes: (u64, u64),
    attempts: u32,
    /// The gateway is about to go, and for how long at most.
    draining: bool,
    away: Duration,
}

struct Open {
    id: RequestId,
    deadline: Option<Instant>,
    frame: Option<String>,
    /// Whether it is a connection's: waiting ones are not.
    carried: bool,
}

impl Model {
    fn clear(&mut self, kind: TimerKind) {
        self.deadlines.retain(|(other, _)| *other != kind);
    }

    fn set(&mut self, kind: TimerKind, after: Duration) {
        self.clear(kind);
        self.deadlines.push((kind, self.now.after(after)));
    }

    fn next(&self) -> Option<Instant> {
        let requests = self.requests.iter().filter_map(|open| open.deadline);
        self.deadlines.iter().map(|(_, at)| *at).chain(requests).min()
    }

    /// A new attempt. An old connection may still be closing.
    fn dial(&mut self) {
        self.deadlines.retain(|(kind, _)| *kind == TimerKind::CloseGrace);
        self.phase = Phase::Dialing;
        (self.unflushed, self.connect_unsent, self.bytes) = (false, false, (0, 0));
        (self.draining, self.away) = (false, Duration::ZERO);
        self.set(TimerKind::Dial, DIAL);
    }

    fn start(&mut self) {
        if self.phase == Phase::None && !self.has(TimerKind::Backoff) {
            self.attempts = 0;
            self.dial();
        }
    }

    fn has(&self, kind: TimerKind) -> bool {
        self.deadlines.iter().any(|(other, _)| *other == kind)
    }

    /// The connection ends, and another attempt follows 310, 620, 1000, 1000 … ms after the gateway may be back. With `closing` the gateway is
    /// told and has a moment to answer; an earlier one that still had is given up.
    fn down(&mut self, closing: bool) {
        self.deadlines.retain(|(kind, _)| *kind == TimerKind::CloseGrace);
        self.phase = Phase::None;
        self.connect_unsent = false;
        self.requests.retain(|open| !open.carried);
        if closing {
            self.set(TimerKind::CloseGrace, CLOSE_GRACE);
        }
        let ceiling = BASE.saturating_mul(1 << self.attempts.min(10)).min(MAX);
        self.attempts += 1;
        self.set(TimerKind::Backoff, self.away + ceiling);
    }

    fn shutdown(&mut self) {
        let spoken = !matches!(self.phase, Phase::None | Phase::Dialing);
        if self.phase == Phase::Stopping {
            return;
        }
        self.deadlines.clear();
        self.requests.clear();
        self.connect_unsent = false;
        self.phase = Phase::None;
        if spoken {
            self.set(TimerKind::CloseGrace, CLOSE_GRACE);
            self.phase = Phase::Stopping;
        }
    }

    fn alive(&mut self) {
        if self.phase == Phase::Ready {
            self.set(TimerKind::Silence, SILENCE);
        }
    }

    fn going(&mut self, hint: Option<u64>) {
        if matches!(self.phase, Phase::None | Phase::Stopping) {
            return;
        }
        let hint = hint.map(Duration::from_millis).unwrap_or_default();
        self.away = self.away.max(hint);
        self.set(TimerKind::Drain, hint + DRAIN);
        self.draining |= self.phase == Phase::Ready;
    }

    /// What waited for another connection goes over this one.
    fn staying(&mut self) {
        if self.phase == Phase::Ready {
            self.clear(TimerKind::Drain);
            self.away = Duration::ZERO;
            if std::mem::take(&mut self.draining) {
                self.requests.iter_mut().for_each(|open| open.carried = true);
            }
        }
    }

    fn takes_requests(&self) -> bool {
        self.phase == Phase::Ready && !self.draining
    }

    /// Everything that is due by then happens, at its time.
    fn pass(&mut self, millis: u64) {
        let end = self.now.after(Duration::from_millis(millis));
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.now = at;
            self.requests.retain(|open| open.deadline.is_none_or(|deadline| deadline > at));
            let due: Vec<TimerKind> =
                self.deadlines.iter().filter(|(_, other)| *other <= at).map(|(kind, _)| *kind).collect();
            self.deadlines.retain(|(_, other)| *other > at);
            for kind in due {
                match kind {
                    TimerKind::CloseGrace => {
                        if self.phase == Phase::Stopping {
                            self.phase = Phase::None;
                        }
                    }
                    TimerKind::Backoff => self.dial(),
                    TimerKind::Stable => self.attempts = 0,
                    TimerKind::Drain => self.staying(),
                    TimerKind::Dial | TimerKind::Silence | TimerKind::WriteStall => self.down(false),
                    TimerKind::Challenge | TimerKind::Connect => self.down(true),
                    other => unreachable!("{other:?}"),
                }
            }
        }
        self.now = end;
    }
}

/// The client and the model, side by side.
struct Pair {
    d: Drive,
    m: Model,
    /// The connection dialed last, if an input may still be for it.
    connect: Option<String>,
}

impl Pair {
    fn new() -> Self {
        let d = Drive::new(|c| {
            c.timeouts.dial = DIAL;
            c.timeouts.challenge = CHALLENGE;
            c.timeouts.connect = CONNECT;
            c.timeouts.close_grace = CLOSE_GRACE;
            c.timeouts.write_stall = WRITE_STALL;
            c.timeouts.request = Some(REQUEST);
            c.timeouts.drain = DRAIN;
            c.timeouts.silence_floor = Duration::from_millis(1);
            c.backoff.base = BASE;
            c.backoff.max = MAX;
            c.backoff.stable_after = STABLE;
            c.backoff.jitter = Jitter::None;
            c.backoff.max_attempts = None;
        });
        let m = Model {
            now: d.now.mono,
            phase: Phase::None,
            deadlines: Vec::new(),
            requests: Vec::new(),
            connect_unsent: false,
            unflushed: false,
            bytes: (0, 0),
            attempts: 0,
            draining: false,
            away: Duration::ZERO,
        };
        Self { d, m, connect: None }
    }

    fn act(&mut self, step: &Step) {
        let open = !matches!(self.m.phase, Phase::None | Phase::Stopping);
        match step {
            Step::Onward => {
                let onward = self.onward();
                self.act(&onward);
            }
            Step::Start => {
                self.d.start();
                self.m.start();
            }
            Step::Shutdown => {
                self.d.shutdown();
                self.m.shutdown();
            }
            Step::Opened => {
                self.d.input(Input::Opened);
                if self.m.phase == Phase::Dialing {
                    self.m.clear(TimerKind::Dial);
                    self.m.set(TimerKind::Challenge, CHALLENGE);
                    self.m.phase = Phase::AwaitingChallenge;
                }
            }
            Step::Challenge => self.challenge(),
            Step::Hello => self.hello(),
            Step::Event => {
                self.d.text(&event("tick", 1, "{}"));
                self.m.alive();
            }
            Step::Going(hint) => {
                let payload = hint.map_or("{}".into(), |hint| format!(r#"{{"restartExpectedMs":{hint}}}"#));
                self.d.text(&event("shutdown", 1, &payload));
                self.m.alive();
                self.m.going(*hint);
            }
            Step::Staying => {
                self.d.text(&event("gateway.suspension", 1, r#"{"phase":"accepting"}"#));
                self.m.alive();
                self.m.staying();
            }
            Step::Bytes { read, written } => self.bytes(*read, *written),
            Step::Take => self.take(),
            Step::Flushed => {
                self.d.input(Input::Flushed);
                if open {
                    self.m.unflushed = false;
                    self.m.clear(TimerKind::WriteStall);
                }
            }
            Step::Broken => {
                self.d.input(Input::Closed { code: None, reason: String::new() });
                match self.m.phase {
                    Phase::None => {
                        // It may be the end of one that was closing.
                        self.m.clear(TimerKind::CloseGrace);
                    }
                    Phase::Stopping => {
                        self.m.clear(TimerKind::CloseGrace);
                        self.m.phase = Phase::None;
                    }
                    _ => self.m.down(false),
                }
            }
            Step::Request(after) => {
                let request = Request::new("health").unwrap();
                let limit = after.map_or(REQUEST, Duration::from_millis);
                let request = if after.is_some() { request.timeout(limit) } else { request };
                self.request(request, Some(limit));
            }
            Step::RequestForEver => self.request(Request::new("health").unwrap().no_timeout(), None),
            Step::Cancel(index) => {
                if *index < self.m.requests.len() {
                    let open = self.m.requests.remove(*index);
                    assert!(self.d.client.cancel(open.id).is_some());
                }
            }
            Step::Answer(index) => {
                let sent = self.m.requests.iter().enumerate().filter(|(_, open)| open.frame.is_some());
                let found = sent.map(|(at, _)| at).nth(*index);
                if let Some(at) = found {
                    let frame = self.m.requests.remove(at).frame.unwrap();
                    self.d.text(&response(&frame, "{}"));
                    self.m.alive();
                }
            }
            Step::Pass(millis) => {
                self.d.advance(Duration::from_millis(*millis));
                self.m.pass(*millis);
            }
        }
    }

    fn onward(&self) -> Step {
        match self.m.phase {
            Phase::None if self.m.has(TimerKind::Backoff) => Step::Pass(300),
            Phase::None => Step::Start,
            Phase::Dialing => Step::Opened,
            Phase::AwaitingChallenge => Step::Challenge,
            Phase::AwaitingHello if self.m.connect_unsent => Step::Take,
            Phase::AwaitingHello => Step::Hello,
            Phase::Ready if self.m.unflushed => Step::Flushed,
            Phase::Ready => Step::Pass(3_000),
            Phase::Stopping => Step::Broken,
        }
    }

    fn challenge(&mut self) {
        self.d.text(&challenge("n"));
        if self.m.phase == Phase::AwaitingChallenge {
            self.m.clear(TimerKind::Challenge);
            self.m.set(TimerKind::Connect, CONNECT);
            self.m.phase = Phase::AwaitingHello;
            self.m.connect_unsent = true;
            self.connect = None;
        }
        self.m.alive();
    }

    fn hello(&mut self) {
        let Some(connect) = &self.connect else { return };
        if self.m.phase == Phase::AwaitingHello {
            let half = SILENCE.as_millis() / 2;
            self.d.text(&response(connect, &HELLO.replace("30000", &half.to_string())));
            self.m.clear(TimerKind::Connect);
            self.m.phase = Phase::Ready;
            self.m.alive();
            if self.m.attempts > 0 {
                self.m.set(TimerKind::Stable, STABLE);
            }
            self.m.requests.iter_mut().for_each(|open| open.carried = true);
        }
    }

    fn bytes(&mut self, read: u64, written: u64) {
        let (bytes_in, bytes_out) = (self.m.bytes.0 + read, self.m.bytes.1 + written);
        self.d.input(Input::Alive { bytes_in, bytes_out });
        if matches!(self.m.phase, Phase::None | Phase::Stopping) {
            return;
        }
        self.m.bytes = (bytes_in, bytes_out);
        if read > 0 {
            self.m.alive();
        }
        if written > 0 && self.m.unflushed {
            self.m.set(TimerKind::WriteStall, WRITE_STALL);
        }
    }

    fn take(&mut self) {
        let Some(frame) = self.d.take_one() else {
            let queued = self.m.requests.iter().any(|open| open.carried && open.frame.is_none());
            assert!(!self.m.connect_unsent, "the connect waits");
            assert!(!queued || !self.m.takes_requests(), "a request waits");
            return;
        };
        if !self.m.unflushed {
            self.m.unflushed = true;
            self.m.set(TimerKind::WriteStall, WRITE_STALL);
        }
        if self.m.phase == Phase::AwaitingHello {
            self.m.connect_unsent = false;
            self.connect = Some(frame);
            return;
        }
        let id = openclaw_tests::id_of(&frame);
        let open = self.m.requests.iter_mut().find(|open| open.id.to_string() == id).expect("an open request");
        open.frame = Some(frame);
    }

    fn request(&mut self, request: Request, limit: Option<Duration>) {
        if let Ok(id) = self.d.submit(request, 0) {
            let deadline = limit.map(|limit| self.m.now.after(limit));
            let carried = self.m.takes_requests();
            self.m.requests.push(Open { id, deadline, frame: None, carried });
        }
    }

    /// The two say the same of what comes next.
    fn agree(&self) -> Result<(), TestCaseError> {
        let next = self.d.client.poll_timeout();
        prop_assert_eq!(next.map(|(at, _)| at), self.m.next(), "{:?}: {:?}", self.m.phase, self.m.deadlines);
        if let Some((at, kind)) = next {
            let of_request = self.m.requests.iter().any(|open| open.deadline == Some(at));
            let named = self.m.deadlines.contains(&(kind, at)) || (kind == TimerKind::Request && of_request);
            prop_assert!(named, "{:?} at {:?}, not in {:?}", kind, at, self.m.deadlines);
        }
        prop_assert_eq!(self.d.now.mono, self.m.now);
        let (in_flight, waiting, _) = self.d.client.load();
        prop_assert_eq!(in_flight + waiting, self.m.requests.len(), "requests");
        Ok(())
    }
}

#[test]
fn the_next_timer_is_the_earliest_of_the_model() {
    let config = config(1_000);
    let cases = config.cases;
    // How often each kind was the next to fire.
    let tally: RefCell<HashMap<TimerKind, u32>> = RefCell::default();
    let result = TestRunner::new(config).run(&vec(step(), 1..80), |steps| {
        let mut pair = Pair::new();
        pair.act(&Step::Start);
        let mut reached: Option<ConnId> = None;
        for step in &steps {
            pair.act(step);
            pair.agree().map_err(|error| TestCaseError::fail(format!("after {step:?}: {error}")))?;
            prop_assert!(pair.d.conn >= reached, "connections count upwards");
            reached = pair.d.conn;
            if let Some((_, kind)) = pair.d.client.poll_timeout() {
                *tally.borrow_mut().entry(kind).or_default() += 1;
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let tally = tally.into_inner();
    assert!(tally.len() == 10 && tally.values().all(|times| *times >= cases / 20), "hardly tried: {tally:?}");
    println!("{tally:?}");
}
