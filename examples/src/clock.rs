//! The core reads no clock; this reads both of its.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_proto::{Instant, Now, UnixMillis};

/// The operating system's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Clock {
    /// Both clocks, read together: the core compares their steps to notice that the machine has slept.
    #[must_use]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: Instant::from_elapsed(self.origin.elapsed()),
            unix: UnixMillis(u64::try_from(unix.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// How long it is until then; zero when it is past.
    #[must_use]
    pub fn until(&self, at: Instant) -> Duration {
        at.since(self.now().mono)
    }
}
