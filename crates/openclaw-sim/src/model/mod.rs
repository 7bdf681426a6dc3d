//! A client's states as the documentation tells them, written a second time: what must be told after each call.
//!
//! The model knows nothing of the core but its configuration. Where chance decides, it knows the bounds.

mod backoff;
mod expect;
mod hear;
mod plan;
mod socket;

use openclaw_proto::{ClientConfig, Input, Instant, Now, Output, State, StateKind, TransportError, Trigger};

pub use expect::Row;
pub(crate) use expect::name;
pub use plan::{Cause, Plan, Standing, plan};

use crate::invariants::Draw;
use crate::reading::{Reading, integer};
use crate::watch::{Call, Chronicle, Step};
use backoff::Waits;
use expect::{Expect, Wait};
use socket::{Alarm, Socket, Stage};

/// The model of one client.
#[derive(Clone, Debug)]
pub struct Model {
    config: ClientConfig,
    state: StateKind,
    socket: Option<Socket>,
    /// A connection that waits for the peer's close, and until when.
    closing: Option<(u64, Instant)>,
    /// When the next attempt is due.
    due: Option<Instant>,
    waits: Waits,
    standing: Standing,
    dials: u64,
    /// The wall clock's lead over the monotonic one, in nanoseconds, as seen last.
    lead: Option<i128>,
    /// What the jitter of the last wait has drawn.
    draw: Option<Draw>,
    /// What is to be told of this step, and the trigger of each.
    expected: Vec<(Trigger, Expect)>,
}

impl Model {
    /// The model of a client that has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            state: StateKind::Idle,
            socket: None,
            closing: None,
            due: None,
            waits: Waits::default(),
            standing: Standing::default(),
            dials: 0,
            lead: None,
            draw: None,
            expected: Vec::new(),
        }
    }

    /// The state the client should be in.
    #[must_use]
    pub fn state(&self) -> StateKind {
        self.state
    }

    /// What jitter has drawn since the last time this was asked, if it has drawn anything.
    pub(crate) fn take_draw(&mut self) -> Option<Draw> {
        self.draw.take()
    }

    /// Follows a step. Gives the transitions it made.
    ///
    /// # Errors
    /// When the client told other states than the documentation says.
    pub fn step(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<Vec<Row>, String> {
        let (now, before) = (step.now, self.state);
        self.standing = Standing::of(known);
        match &step.call {
            Call::Start => {
                self.clocks(now);
                self.dial(now, Trigger::Start);
            }
            Call::Nudge => {
                self.clocks(now);
                self.dial(now, Trigger::Nudge);
            }
            Call::Shutdown => self.shutdown(now),
            Call::Timeout => {
                self.clocks(now);
                self.timeout(now);
            }
            Call::Input { conn, input } => {
                self.clocks(now);
                self.input(now, conn.number(), input, step.reading.as_ref(), known);
            }
            Call::Transmit { frame: Some(_), .. } => {
                if let Some(socket) = &mut self.socket {
                    socket.handed_over(now.mono, &self.config.timeouts);
                }
            }
            Call::Transmit { .. } | Call::Request { .. } | Call::Cancel { .. } => {}
        }
        self.compare(step, before)
    }

    fn compare(&mut self, step: &Step<'_>, before: StateKind) -> Result<Vec<Row>, String> {
        let mut told = step.outputs.iter().filter_map(|output| match output {
            Output::State(state) => Some(state),
            _ => None,
        });
        let (mut rows, mut from) = (Vec::new(), before);
        for (trigger, expect) in std::mem::take(&mut self.expected) {
            let Some(state) = told.next() else { return Err(format!("{expect:?} was not told")) };
            let Some(chosen) = expect.meets(state) else {
                return Err(format!("{state:?} was told instead of {expect:?}"));
            };
            if matches!(state, State::Backoff { .. } | State::Paused { .. }) {
                self.due = chosen;
                self.draw = expect.drawn(chosen, self.config.backoff.jitter);
            }
            rows.push((from, trigger, expect.kind()));
            from = expect.kind();
        }
        if let Some(surplus) = told.next() {
            return Err(format!("{surplus:?} was told in state {from:?} for no reason"));
        }
        if step.after.state != self.state {
            return Err(format!("it is {:?} and says so of {:?}", step.after.state, self.state));
        }
        Ok(rows)
    }

    /// Another state, and what is to be told of it.
    fn turn(&mut self, trigger: Trigger, expect: Expect) {
        self.state = expect.kind();
        self.expected.push((trigger, expect));
    }

    fn clocks(&mut self, now: Now) {
        let lead = i128::from(now.unix.0) * 1_000_000 - i128::from(now.mono.as_nanos());
        let Some(before) = self.lead.replace(lead) else { return };
        let jump = self.config.backoff.wake_jump.as_nanos();
        if u128::try_from(lead - before).is_ok_and(|by| by >= jump) {
            self.dial(now, Trigger::Wake);
            if let Some(socket) = &mut self.socket {
                socket.probe(now.mono);
            }
        }
    }

    fn dial(&mut self, now: Now, trigger: Trigger) {
        let possible = match trigger {
            Trigger::Start => matches!(self.state, StateKind::Idle | StateKind::Paused | StateKind::Stopped),
            Trigger::Wake => self.state == StateKind::Backoff,
            _ => matches!(self.state, StateKind::Backoff | StateKind::Paused),
        };
        if !possible {
            return;
        }
        if trigger != Trigger::Due {
            self.waits = Waits::default();
        }
        self.due = None;
        self.dials += 1;
        self.socket = Some(Socket::new(self.dials, now.mono, &self.config.timeouts));
        self.turn(trigger, Expect::Dialing(self.dials));
    }

    fn shutdown(&mut self, now: Now) {
        if matches!(self.state, StateKind::Stopping | StateKind::Stopped) {
            return;
        }
        self.due = None;
        self.closing = None;
        match self.socket.take().filter(|socket| socket.stage != Stage::Dialing) {
            Some(socket) => {
                self.closing = Some((socket.number, now.mono.after(self.config.timeouts.close_grace)));
                self.turn(Trigger::Shutdown, Expect::Stopping);
            }
            None => self.turn(Trigger::Shutdown, Expect::Stopped { why: None }),
        }
    }

    fn timeout(&mut self, now: Now) {
        if self.closing.is_some_and(|(_, until)| until <= now.mono) {
            self.closed();
        }
        if self.due.is_some_and(|due| due <= now.mono) {
            self.dial(now, Trigger::Due);
        }
        while let Some(alarm) = self.socket.as_mut().and_then(|socket| socket.ring(now.mono)) {
            match alarm {
                Alarm::Dial => self.down(now, &Cause::Other("DialTimeout"), false),
                Alarm::Challenge => self.down(now, &Cause::Other("ChallengeTimeout"), true),
                Alarm::Connect => self.down(now, &Cause::Other("ConnectTimeout"), true),
                Alarm::Silence => self.down(now, &Cause::Other("Silent"), false),
                Alarm::Stall => self.down(now, &Cause::Other("WriteStalled"), false),
                Alarm::Drain => self.resume(),
                Alarm::Stable => self.waits = Waits::default(),
            }
        }
    }

    fn closed(&mut self) {
        self.closing = None;
        if self.state == StateKind::Stopping {
            self.turn(Trigger::Closed, Expect::Stopped { why: None });
        }
    }

    fn input(&mut self, now: Now, number: u64, input: &Input<String>, reading: Option<&Reading>, known: &Chronicle) {
        if self.closing.is_some_and(|(closing, _)| closing == number) {
            if matches!(input, Input::Closed { .. } | Input::Failed(_)) {
                self.closed();
            }
            return;
        }
        let limits = self.config.timeouts;
        let Some(socket) = self.socket.as_mut().filter(|socket| socket.number == number) else { return };
        match input {
            Input::Opened if socket.stage == Stage::Dialing => {
                socket.stage = Stage::Greeting;
                socket.clear(Alarm::Dial);
                socket.set(Alarm::Challenge, now.mono.after(limits.challenge));
                self.turn(Trigger::Opened, Expect::Handshaking(number));
            }
            Input::Text(_) => {
                socket.alive(now.mono, &limits);
                if let Some(reading) = reading {
                    self.hear(now, reading, known);
                }
            }
            Input::Binary { .. } => socket.alive(now.mono, &limits),
            Input::Alive { bytes_in, bytes_out } => socket.progress(now.mono, *bytes_in, *bytes_out, &limits),
            Input::Flushed => socket.flushed(),
            Input::Closed { code, reason } => {
                let after_hello = socket.stage == Stage::Welcome;
                self.down(now, &Cause::Closed { code: *code, reason: reason.clone(), after_hello }, false);
            }
            Input::Failed(TransportError::UpgradeRefused(http)) => {
                let after = http.headers.iter().find(|(name, _)| name == "retry-after");
                let after = after.and_then(|(_, value)| value.trim().parse().ok()).map(std::time::Duration::from_secs);
                self.down(now, &Cause::Http { status: http.status, after }, false);
            }
            Input::Failed(_) => self.down(now, &Cause::Other("Transport"), false),
            _ => {}
        }
    }

    /// The connection ends. `politely` is whether a close frame is sent and its answer awaited.
    fn down(&mut self, now: Now, cause: &Cause, politely: bool) {
        let Some(socket) = self.socket.take() else { return };
        if politely {
            self.closing = Some((socket.number, now.mono.after(self.config.timeouts.close_grace)));
        }
        let (why, rules) = (cause.name(), &self.config.backoff);
        match plan(cause, self.standing) {
            Plan::Pause { .. } if rules.max_attempts == Some(0) => {
                self.turn(Trigger::GiveUp, Expect::Stopped { why: Some(why) });
            }
            Plan::Pause { reason, until } => {
                let wait = until.map(|until| {
                    let (least, most) = Waits::default().next(rules);
                    Wait { from: now.mono, least: until + least, most: until + most }
                });
                self.turn(Trigger::Pause, Expect::Paused { why, reason, wait });
            }
            Plan::Retry { .. } | Plan::Both { .. }
                if rules.max_attempts.is_some_and(|max| self.waits.attempts() >= max) =>
            {
                self.turn(Trigger::GiveUp, Expect::Stopped { why: Some(why) });
            }
            Plan::Both { after } => {
                self.waits.made(false);
                let wait = Wait { from: now.mono, least: after, most: after };
                self.turn(Trigger::Retry, Expect::Backoff { why, attempt: self.waits.attempts(), wait });
            }
            Plan::Retry { floor, counts } => {
                let floor = floor.max(socket.away.unwrap_or_default());
                let (least, most) = self.waits.next(rules);
                self.waits.made(counts);
                let wait = Wait { from: now.mono, least: floor + least, most: floor + most };
                self.turn(Trigger::Retry, Expect::Backoff { why, attempt: self.waits.attempts(), wait });
            }
        }
    }

    fn resume(&mut self) {
        let Some(socket) = self.socket.as_mut().filter(|socket| socket.stage == Stage::Welcome) else { return };
        socket.away = None;
        socket.clear(Alarm::Drain);
        let number = socket.number;
        if self.state == StateKind::Draining {
            self.turn(Trigger::Resume, Expect::Ready(number));
        }
    }
}
