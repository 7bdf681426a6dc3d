//! The present connection of the model.

use std::time::Duration;

use openclaw_proto::{Instant, Timeouts};

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being made.
    Dialing,
    /// It is open.
    Greeting,
    /// The challenge has come.
    Connecting,
    /// Hello has come.
    Welcome,
}

/// What has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    Dial,
    Challenge,
    Connect,
    Silence,
    Stall,
    Drain,
    Stable,
}

/// The present connection.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub(super) number: u64,
    pub(super) stage: Stage,
    pub(super) away: Option<Duration>,
    pub(super) tick: Duration,
    alarms: Vec<(Instant, Alarm)>,
    unflushed: bool,
    bytes_in: u64,
    bytes_out: u64,
}

impl Socket {
    pub(super) fn new(number: u64, now: Instant, limits: &Timeouts) -> Self {
        Self {
            number,
            stage: Stage::Dialing,
            away: None,
            tick: Duration::ZERO,
            alarms: vec![(now.after(limits.dial), Alarm::Dial)],
            unflushed: false,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    pub(super) fn set(&mut self, alarm: Alarm, at: Instant) {
        self.clear(alarm);
        self.alarms.push((at, alarm));
    }

    pub(super) fn clear(&mut self, alarm: Alarm) {
        self.alarms.retain(|(_, known)| *known != alarm);
    }

    /// The alarm that goes off first, if one does by now.
    pub(super) fn ring(&mut self, now: Instant) -> Option<Alarm> {
        let (_, alarm) = self.alarms.iter().copied().filter(|(at, _)| *at <= now).min()?;
        self.clear(alarm);
        Some(alarm)
    }

    /// How long a silence may last.
    pub(super) fn patience(&self, limits: &Timeouts) -> Duration {
        (self.tick * 2).max(limits.silence_floor)
    }

    pub(super) fn alive(&mut self, now: Instant, limits: &Timeouts) {
        if self.stage == Stage::Welcome {
            self.set(Alarm::Silence, now.after(self.patience(limits)));
        }
    }

    /// After a sleep the silence may last no longer than until the next tick and a little.
    pub(super) fn probe(&mut self, now: Instant) {
        if self.stage == Stage::Welcome {
            let at = now.after(self.tick + Duration::from_secs(5));
            let sooner = self.alarms.iter().all(|(known, alarm)| *alarm != Alarm::Silence || at < *known);
            if sooner {
                self.set(Alarm::Silence, at);
            }
        }
    }

    pub(super) fn handed_over(&mut self, now: Instant, limits: &Timeouts) {
        if !self.unflushed {
            self.unflushed = true;
            self.set(Alarm::Stall, now.after(limits.write_stall));
        }
    }

    pub(super) fn flushed(&mut self) {
        self.unflushed = false;
        self.clear(Alarm::Stall);
    }

    pub(super) fn progress(&mut self, now: Instant, bytes_in: u64, bytes_out: u64, limits: &Timeouts) {
        if bytes_in > self.bytes_in {
            self.bytes_in = bytes_in;
            self.alive(now, limits);
        }
        if bytes_out > self.bytes_out {
            self.bytes_out = bytes_out;
            if self.unflushed {
                self.set(Alarm::Stall, now.after(limits.write_stall));
            }
        }
    }
}
