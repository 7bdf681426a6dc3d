//! Switching the flight recorder on and taking its log.

use alloc::boxed::Box;
use alloc::string::String;

use super::{Client, StateKind};
use crate::record::{Log, RecordLimit};
use crate::time::Now;

impl<W: Clone, T: AsRef<str>> Client<W, T> {
    /// Records everything from now on; see [`record`](crate::record). To be called before anything else, a stored
    /// token included: a client that has lived already cannot be recorded, since its log would not replay. Returns whether it is recorded.
    pub fn record(&mut self, limit: RecordLimit) -> bool {
        let fresh = self.state == StateKind::Idle
            && self.clock_offset.is_none()
            && self.outputs.is_empty()
            && self.wallet.untouched()
            && self.requests.untouched();
        if fresh {
            self.log = Some(Box::new(Log::new(&self.config, self.rng.seed(), limit)));
        }
        fresh
    }

    /// The next line of the log, without its line end. The log is held in memory until it is taken, up to its limit. One
    /// that keeps the last of it ([`RecordLimit::last`]) gives its lines when it has ended.
    pub fn poll_record(&mut self) -> Option<String> {
        self.log.as_mut()?.poll()
    }

    /// The log so far of a client that keeps the last of it ([`RecordLimit::last`]), for a report of what has just gone
    /// wrong; the recording goes on. None for another client, and when the lines have been taken after the end.
    #[must_use]
    pub fn recording(&self) -> Option<String> {
        self.log.as_ref()?.text()
    }

    /// Ends the recording: its last line says that nothing is missing. The lines not taken yet can still be.
    pub fn end_record(&mut self) {
        let left = self.outputs.len();
        if let Some(log) = &mut self.log {
            log.end(left);
        }
    }

    /// Records that time has passed.
    pub(super) fn note_timeout(&mut self, now: Now) {
        if self.log.is_none() {
            return;
        }
        let due = self.poll_timeout().filter(|(at, _)| *at <= now.mono).map(|(_, kind)| kind);
        if let Some(log) = &mut self.log {
            log.timeout(now, due);
        }
    }

    /// Records a call that consists of its time.
    pub(super) fn note(&mut self, call: &str, now: Now) {
        if let Some(log) = &mut self.log {
            log.called(call, now);
        }
    }
}
