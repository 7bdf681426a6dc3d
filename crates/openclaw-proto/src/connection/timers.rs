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
#[derive(Debug)]
pub(crate) struct Timers {
    at: [Instant; TimerKind::CONNECTION.len()],
}

/// The time of a timer that is not set.
const NEVER: Instant = Instant::from_nanos(u64::MAX);

impl Default for Timers {
    fn default() -> Self {
        Self { at: [NEVER; TimerKind::CONNECTION.len()] }
    }
}

impl Timers {
    #[inline]
    fn put(&mut self, kind: TimerKind, at: Instant) {
        let index = TimerKind::CONNECTION.iter().position(|k| *k == kind);
        if let Some(slot) = index.and_then(|index| self.at.get_mut(index)) {
            *slot = at;
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, kind: TimerKind, at: Instant) {
        // The end of all time is a time too.
        self.put(kind, at.min(Instant::from_nanos(u64::MAX - 1)));
    }

    #[inline]
    pub(crate) fn clear(&mut self, kind: TimerKind) {
        self.put(kind, NEVER);
    }

    pub(crate) fn get(&self, kind: TimerKind) -> Option<Instant> {
        let index = TimerKind::CONNECTION.iter().position(|k| *k == kind)?;
        self.at.get(index).copied().filter(|at| *at != NEVER)
    }

    #[inline]
    pub(crate) fn next(&self) -> Option<(Instant, TimerKind)> {
        // The time first, of the kinds the first with it: asked in every turn.
        let first = self.at.iter().copied().min().filter(|at| *at != NEVER)?;
        let index = self.at.iter().position(|at| *at == first)?;
        TimerKind::CONNECTION.get(index).map(|kind| (first, *kind))
    }

    /// The first timer that is due.
    pub(crate) fn due(&self, now: Instant) -> Option<TimerKind> {
        self.next().filter(|(at, _)| *at <= now).map(|(_, kind)| kind)
    }
}
