//! Both clocks of the gateway.

use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_proto::{Instant, Now, UnixMillis};

/// Time since the gateway's start. It is the runtime's time, so a paused runtime pauses the gateway too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: tokio::time::Instant,
    unix: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { origin: tokio::time::Instant::now(), unix: crate::reply::millis(unix) }
    }

    pub(crate) fn now(self) -> Now {
        let origin = Now { mono: Instant::ZERO, unix: UnixMillis(self.unix) };
        origin.after(self.origin.elapsed())
    }

    pub(crate) fn at(self, at: Instant) -> tokio::time::Instant {
        self.origin + at.elapsed()
    }
}
