//! The table by itself, for benchmarks.

use core::time::Duration;

use super::{Answer, RequestLimits, Requests, Terms};
use crate::request::RequestId;
use crate::rng::Rng;
use crate::time::Instant;

/// The table without frames; a waiter is a number.
#[doc(hidden)]
#[derive(Debug)]
pub struct Correlation {
    table: Requests<u32>,
    rng: Rng,
}

impl Correlation {
    /// An empty one without bounds.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        let limits = RequestLimits { in_flight: usize::MAX, waiting: usize::MAX, outgoing_bytes: usize::MAX };
        Self { table: Requests::new(limits), rng: Rng::from_seed(seed) }
    }

    /// Takes a request in and to the transport.
    pub fn ask(&mut self, now: Instant, timeout: Duration, waiter: u32) -> Option<RequestId> {
        let key = self.table.slab.next_key()?;
        let terms = Terms { timeout: Some(timeout), ..Terms::default() };
        let id = self.table.enter(key, now, waiter, terms, true, self.rng.next_u64());
        self.table.take_outgoing()?;
        Some(id)
    }

    /// Finds whom an answer is for, and ends the request.
    pub fn answer(&mut self, now: Instant, id: &str) -> Option<u32> {
        match self.table.answer(now, id, || false) {
            Answer::Final { waiter, .. } => Some(waiter),
            Answer::Accepted { .. } | Answer::Stray(_) => None,
        }
    }
}
