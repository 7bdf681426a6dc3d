//! The bounds of each wait.

use std::time::Duration;

use openclaw_proto::{BackoffConfig, Jitter};

/// How many attempts have failed in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    attempts: u32,
    raised: u32,
}

impl Waits {
    /// The least and the most the next wait may last, above what the gateway asked for.
    pub(super) fn next(self, rules: &BackoffConfig) -> (Duration, Duration) {
        let mut ceiling = rules.base.min(rules.max);
        for _ in 0..self.raised {
            ceiling = ceiling.saturating_mul(2).min(rules.max);
        }
        match rules.jitter {
            Jitter::Full => (Duration::ZERO, ceiling),
            Jitter::Equal => (ceiling / 2, ceiling),
            Jitter::None => (ceiling, ceiling),
        }
    }

    /// An attempt is to be made; whether the next wait may be longer for it.
    pub(super) fn made(&mut self, counts: bool) {
        self.attempts += 1;
        self.raised += u32::from(counts);
    }

    pub(super) fn attempts(self) -> u32 {
        self.attempts
    }
}
