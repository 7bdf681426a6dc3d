//! A connection on which nothing comes is found dead in time, and none is while something comes.

use std::time::Duration;

use openclaw_proto::{ClientConfig, Down, Input, Instant, Output, State};

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

/// Ticks come once an interval, pings more often.
const AFTER_WAKE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Liveness {
    floor: Duration,
    tick: Duration,
    /// When something came last on the present connection, once it has its hello.
    heard: Option<Instant>,
    bytes_in: u64,
}

impl Liveness {
    pub(super) fn new(config: &ClientConfig) -> Self {
        Self { floor: config.timeouts.silence_floor, tick: Duration::ZERO, heard: None, bytes_in: 0 }
    }

    fn limit(&self) -> Duration {
        self.floor.max(self.tick * 2)
    }

    fn hear(&mut self, step: &Step<'_>, known: &Chronicle) {
        let Call::Input { conn, input } = &step.call else { return };
        if known.conn != Some(*conn) {
            return;
        }
        let something = match input {
            Input::Text(_) | Input::Binary { .. } => true,
            Input::Alive { bytes_in, .. } => {
                let more = *bytes_in > self.bytes_in;
                self.bytes_in = self.bytes_in.max(*bytes_in);
                more
            }
            _ => false,
        };
        if something && self.heard.is_some() {
            self.heard = Some(step.now.mono);
        }
    }
}

impl Invariant for Liveness {
    fn name(&self) -> &'static str {
        "liveness"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        self.hear(step, known);
        for output in step.outputs {
            match output {
                Output::State(State::Ready { hello, .. }) if self.heard.is_none() => {
                    self.tick = hello.policy.tick_interval;
                    self.heard = Some(step.now.mono);
                }
                Output::State(State::Ready { .. } | State::Draining { .. } | State::Handshaking { .. }) => {}
                Output::State(State::Dialing { .. }) => (self.heard, self.bytes_in) = (None, 0),
                Output::State(state) => {
                    let heard = self.heard.take();
                    let State::Backoff { why, .. } = state else { continue };
                    let silence = heard.map(|heard| step.now.mono.since(heard)).unwrap_or_default();
                    // After a wake the silence may be shorter, measured from the wake on.
                    if **why == Down::Silent && silence < self.limit().min(self.tick + AFTER_WAKE) {
                        return Err(format!("found dead after {silence:?}"));
                    }
                }
                _ => {}
            }
        }
        let Some(heard) = self.heard else { return Ok(()) };
        let limit = heard.after(self.limit());
        if matches!(step.call, Call::Timeout) && limit <= step.now.mono {
            return Err(format!("nothing has come since {heard:?}, and it is {:?}", step.now.mono));
        }
        match step.after.timeout {
            Some((armed, _)) if armed <= limit => Ok(()),
            other => Err(format!("the end of the silence at {limit:?} is not armed: {other:?}")),
        }
    }
}
