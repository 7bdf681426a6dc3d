//! The timer table.

use crate::time::Instant;

/// Why the core wants to be called at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimerKind {
    /// Name resolution, TCP, TLS and the WebSocket upgrade take too long.
    Dial,
    /// The gateway has sent no challenge.
    Challenge,
    /// The gateway has not answered `connect`.
    Connect,
    /// Nothing at all has come from the gateway for too long.
    Silence,
    /// A write makes no progress.
    WriteStall,
    /// A gateway that said it would go is still there.
    Drain,
    /// The connection has been ready long enough for the backoff to begin anew.
    Stable,
    /// The next attempt is due.
    Backoff,
    /// The peer has not answered the close.
    CloseGrace,
    /// A request's deadline.
    Request,
}

impl TimerKind {
    const CONNECTION: [Self; 7] =
        [Self::Dial, Self::Challenge, Self::Connect, Self::Silence, Self::WriteStall, Self::Drain, Self::Stable];
}

/// The timers of one connection: one place each.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    at: [Option<Instant>; TimerKind::CONNECTION.len()],
}

impl Timers {
    fn slot(&mut self, kind: TimerKind) -> Option<&mut Option<Instant>> {
        let index = TimerKind::CONNECTION.iter().position(|k| *k == kind)?;
        self.at.get_mut(index)
    }

    pub(crate) fn set(&mut self, kind: TimerKind, at: Instant) {
        if let Some(slot) = self.slot(kind) {
            *slot = Some(at);
        }
    }

    pub(crate) fn clear(&mut self, kind: TimerKind) {
        if let Some(slot) = self.slot(kind) {
            *slot = None;
        }
    }

    pub(crate) fn get(&self, kind: TimerKind) -> Option<Instant> {
        let index = TimerKind::CONNECTION.iter().position(|k| *k == kind)?;
        self.at.get(index).copied().flatten()
    }

    pub(crate) fn next(&self) -> Option<(Instant, TimerKind)> {
        self.at
            .iter()
            .zip(TimerKind::CONNECTION)
            .filter_map(|(at, kind)| Some(((*at)?, kind)))
            .min_by_key(|(at, _)| *at)
    }

    /// The first timer that is due.
    pub(crate) fn due(&self, now: Instant) -> Option<TimerKind> {
        self.next().filter(|(at, _)| *at <= now).map(|(_, kind)| kind)
    }
}
