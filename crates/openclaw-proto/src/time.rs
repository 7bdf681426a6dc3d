//! Time as the core sees it: values handed in, never clocks read.

use core::fmt;
use core::time::Duration;

/// A point on a monotonic clock, in nanoseconds since an origin the adapter chose.
///
/// Only differences mean anything. Every timer of the core runs on this clock, so that a step of
/// the wall clock (NTP, a user setting the date) can neither fire nor starve one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The origin of the clock.
    pub const ZERO: Self = Self(0);

    /// The instant `nanos` nanoseconds after the origin.
    #[inline]
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    #[inline]
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The instant `elapsed` after the origin; saturates after 584 years.
    #[inline]
    #[must_use]
    pub fn from_elapsed(elapsed: Duration) -> Self {
        Self(saturating_nanos(elapsed))
    }

    /// Time since the origin.
    #[inline]
    #[must_use]
    pub const fn elapsed(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// This instant moved forward; saturates.
    #[inline]
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(delay)))
    }

    /// Time from `earlier` to `self`, zero when `earlier` is the later one.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Saturates after 584 years.
#[inline]
fn saturating_nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.elapsed())
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixMillis(pub u64);

/// Both clocks, read together by the adapter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// The monotonic clock: every timer runs on it.
    pub mono: Instant,
    /// The wall clock: only shown and signed, never compared with a deadline.
    pub unix: UnixMillis,
}

impl Now {
    /// Both clocks moved forward by the same amount.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self { mono: self.mono.after(delay), unix: UnixMillis(self.unix.0.saturating_add(millis)) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn what_is_too_long_to_be_counted_is_the_longest_time_there_is() {
        let longest = Duration::from_nanos(u64::MAX);
        for duration in [Duration::ZERO, Duration::from_nanos(999_999_999), Duration::new(3, 7), longest] {
            assert_eq!(u128::from(Instant::from_elapsed(duration).as_nanos()), duration.as_nanos());
        }
        for longer in [longest + Duration::from_nanos(1), Duration::new(longest.as_secs() + 1, 0), Duration::MAX] {
            assert_eq!(Instant::from_elapsed(longer).as_nanos(), u64::MAX);
        }
    }

    #[test]
    fn an_instant_is_shown_as_what_has_passed_since_its_origin() {
        assert_eq!(format!("{:?}", Instant::from_elapsed(Duration::from_millis(15_250))), "15.25s");
        assert_eq!(format!("{:?}", Instant::ZERO), "0ns");
    }
}
