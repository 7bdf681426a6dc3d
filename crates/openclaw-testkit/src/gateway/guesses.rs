//! What becomes of those who guess credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use openclaw_proto::Instant;

use super::PeerInfo;
use crate::limits::GatewayLimits;

/// What is guessed: each kind is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Guessed {
    Secret,
    DeviceToken,
    Setup,
}

/// From where somebody guesses. Pages on this machine are told apart by their origin, and are exempt from nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    from_page: bool,
    is_local: bool,
    name: String,
}

impl Source {
    pub(crate) fn of(info: &PeerInfo) -> Self {
        let origin = info.get("origin").map(str::trim).filter(|origin| !origin.is_empty());
        let is_local = info.address.is_loopback();
        let name = match origin {
            Some(origin) if is_local => origin.to_ascii_lowercase(),
            _ => info.address.to_string(),
        };
        Self { from_page: origin.is_some(), is_local, name }
    }

    fn is_exempt(&self, limits: &GatewayLimits) -> bool {
        self.is_local && !self.from_page && limits.auth_exempt_loopback
    }
}

/// The failed attempts from one source.
#[derive(Debug, Default)]
struct Failures {
    at: Vec<Instant>,
    locked_until: Option<Instant>,
}

impl Failures {
    fn refresh(&mut self, now: Instant, limits: &GatewayLimits) {
        if self.locked_until.is_some_and(|until| now >= until) {
            *self = Self::default();
        }
        self.at.retain(|at| now.since(*at) < limits.auth_window);
    }
}

/// All failed attempts that count.
#[derive(Debug, Default)]
pub(crate) struct Guesses(BTreeMap<(Guessed, Source), Failures>);

impl Guesses {
    /// How long a source is locked out still.
    pub(crate) fn lockout(
        &mut self,
        what: Guessed,
        source: &Source,
        now: Instant,
        limits: &GatewayLimits,
    ) -> Option<Duration> {
        if source.is_exempt(limits) {
            return None;
        }
        let failures = self.0.get_mut(&(what, source.clone()))?;
        failures.refresh(now, limits);
        failures.locked_until.map(|until| until.since(now))
    }

    /// Records a failure; gives how long those who are never locked out wait for their answer.
    pub(crate) fn record(&mut self, what: Guessed, source: &Source, now: Instant, limits: &GatewayLimits) -> Duration {
        let failures = self.0.entry((what, source.clone())).or_default();
        failures.refresh(now, limits);
        if source.is_exempt(limits) {
            failures.at.push(now);
            let doublings = u32::try_from(failures.at.len().saturating_sub(1)).unwrap_or(u32::MAX).min(16);
            return limits.auth_delay.saturating_mul(1 << doublings).min(limits.auth_delay.saturating_mul(20));
        }
        if failures.locked_until.is_none() {
            failures.at.push(now);
            if failures.at.len() >= limits.auth_attempts {
                failures.locked_until = Some(now.after(limits.auth_lockout));
            }
        }
        Duration::ZERO
    }

    /// A right credential makes good for the wrong ones.
    pub(crate) fn forgive(&mut self, what: Guessed, source: &Source) {
        self.0.remove(&(what, source.clone()));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
