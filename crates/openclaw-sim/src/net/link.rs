//! The way between a client and its gateway, whatever connection is on it.

use std::time::Duration;

use crate::script::{ClientSpec, Damage, DialFailure, Way, Ways};

/// What is done to the next frames of one direction.
#[derive(Debug, Default)]
pub(crate) struct Tamper {
    /// Damage, and for how many frames.
    pub(crate) damage: Vec<(Damage, u32)>,
    /// So many come twice.
    pub(crate) twice: u32,
    /// The next one is cut in the middle.
    pub(crate) cut: bool,
}

impl Tamper {
    /// What the next frame suffers.
    pub(crate) fn next_damage(&mut self) -> Option<Damage> {
        let (damage, left) = self.damage.first_mut()?;
        let damage = *damage;
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.damage.remove(0);
        }
        Some(damage)
    }
}

/// A window of time in which something holds; windows may overlap, and the later one counts.
#[derive(Debug)]
pub(crate) struct While<T> {
    holds: Vec<(u64, T)>,
}

impl<T> Default for While<T> {
    fn default() -> Self {
        Self { holds: Vec::new() }
    }
}

impl<T> While<T> {
    pub(crate) fn begin(&mut self, token: u64, what: T) {
        self.holds.push((token, what));
    }

    /// Says whether it held.
    pub(crate) fn end(&mut self, token: u64) -> bool {
        let before = self.holds.len();
        self.holds.retain(|(known, _)| *known != token);
        self.holds.len() < before
    }

    pub(crate) fn now(&self) -> Option<&T> {
        self.holds.last().map(|(_, what)| what)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.holds.iter().map(|(_, what)| what)
    }
}

/// The way between a client and its gateway.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Latency and jitter while they are not the usual ones.
    pub(crate) pace: While<(Duration, Duration)>,
    /// Bytes a second while they are bounded.
    pub(crate) bandwidth: While<u64>,
    /// Nothing passes.
    pub(crate) holes: While<Ways>,
    /// Dials fail.
    pub(crate) dial_fails: While<DialFailure>,
    /// Dials take longer.
    pub(crate) dial_slow: While<Duration>,
    /// A server in front refuses: status and `Retry-After`.
    pub(crate) http: While<(u16, Option<u64>)>,
    /// Close frames get no answer.
    pub(crate) no_goodbye: While<()>,
    pub(crate) up: Tamper,
    pub(crate) down: Tamper,
}

impl Link {
    /// Latency and jitter.
    pub(crate) fn pace(&self, spec: &ClientSpec) -> (Duration, Duration) {
        let usual = (Duration::from_micros(spec.latency_us), Duration::from_micros(spec.jitter_us));
        self.pace.now().copied().unwrap_or(usual)
    }

    pub(crate) fn is_open(&self, way: Way) -> bool {
        !self.holes.all().any(|ways| ways.has(way))
    }

    pub(crate) fn tamper(&mut self, way: Way) -> &mut Tamper {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// Ends the window of that token, whichever it is.
    pub(crate) fn end(&mut self, token: u64) {
        let _ = self.pace.end(token)
            || self.bandwidth.end(token)
            || self.holes.end(token)
            || self.dial_fails.end(token)
            || self.dial_slow.end(token)
            || self.http.end(token)
            || self.no_goodbye.end(token);
    }

    /// Everything is as it should be again.
    pub(crate) fn mend(&mut self) {
        *self = Self::default();
    }
}
