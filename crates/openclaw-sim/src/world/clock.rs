//! A machine's two clocks.

use openclaw_proto::{Instant, Now, UnixMillis};

/// When all runs begin, by the wall clock.
const EPOCH_MS: u64 = 1_795_000_000_000;

/// A machine's two clocks, each with a mind of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// The monotonic clock's lead over the world's time, in nanoseconds: its origin is the machine's.
    lead: u64,
    /// What it missed while it stood still.
    lag: u64,
    /// What the wall clock was set by, in milliseconds.
    set: i64,
}

impl Clock {
    pub(super) fn new(lead: u64) -> Self {
        Self { lead, ..Self::default() }
    }

    pub(super) fn now(self, at: Instant) -> Now {
        let mono = at.as_nanos().saturating_add(self.lead).saturating_sub(self.lag);
        let unix = (EPOCH_MS + at.as_nanos() / 1_000_000).saturating_add_signed(self.set);
        Now { mono: Instant::from_nanos(mono), unix: UnixMillis(unix) }
    }

    /// The world's time at which the monotonic clock shows this.
    pub(super) fn world(self, mono: Instant) -> Instant {
        Instant::from_nanos(mono.as_nanos().saturating_add(self.lag).saturating_sub(self.lead))
    }

    pub(super) fn stood_still(&mut self, nanos: u64) {
        self.lag = self.lag.saturating_add(nanos);
    }

    pub(super) fn set(&mut self, by_ms: i64) {
        self.set = self.set.saturating_add(by_ms);
    }
}
