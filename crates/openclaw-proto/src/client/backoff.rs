//! How long to wait before the next attempt.

use core::time::Duration;

use crate::rng::Rng;

/// How attempts are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Jitter {
    /// Anywhere between nothing and the ceiling: a gateway's restart is not followed by all its clients at once.
    #[default]
    Full,
    /// Half of the ceiling, and up to another half.
    Equal,
    /// The ceiling exactly. For tests, and for programs that are alone with their gateway.
    None,
}

/// The rules of reconnecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackoffConfig {
    /// The first attempt's ceiling. Default 1 s (the official client's).
    pub base: Duration,
    /// No ceiling is above this. Default 30 s (the official client's).
    pub max: Duration,
    /// How delays are spread below their ceiling. Default full (the official client has none, so its clients come back
    /// in lock-step).
    pub jitter: Jitter,
    /// How long a connection must have been ready for the ceilings to begin anew. Default 10 s; the official client
    /// begins anew at hello, and so loops once a second with a gateway that accepts and then closes.
    pub stable_after: Duration,
    /// Attempts in a row, counted after a connection has ended, before the client gives up. Default: no limit. Zero
    /// means that the client stops when its connection ends.
    pub max_attempts: Option<u32>,
    /// A step of the wall clock against the monotonic one that counts as a wake from sleep. Default 10 s: far above
    /// what clock slewing does within one call, far below a sleep worth noticing.
    pub wake_jump: Duration,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            max: Duration::from_secs(30),
            jitter: Jitter::Full,
            stable_after: Duration::from_secs(10),
            max_attempts: None,
            wake_jump: Duration::from_secs(10),
        }
    }
}

/// Counts attempts and says how long to wait before each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
    /// Those of them that raised the ceiling.
    steps: u32,
}

impl Backoff {
    /// The delay before the next attempt; none when there have been enough.
    ///
    /// `floor` is what the gateway asked for: the delay is spread above it and never cut to our own maximum. `counts` is
    /// whether the next ceiling is higher for it.
    pub(crate) fn next(
        &mut self,
        config: &BackoffConfig,
        floor: Duration,
        counts: bool,
        rng: &mut Rng,
    ) -> Option<Duration> {
        if config.max_attempts.is_some_and(|max| self.attempts >= max) {
            return None;
        }
        let ceiling = ceiling(config, self.steps);
        self.attempts = self.attempts.saturating_add(1);
        self.steps = self.steps.saturating_add(u32::from(counts));
        Some(floor.saturating_add(spread(ceiling, config.jitter, rng)))
    }

    /// The same for an attempt with a time of its own, which says nothing of the gateway's health.
    pub(crate) fn exactly(&mut self, config: &BackoffConfig, delay: Duration) -> Option<Duration> {
        if config.max_attempts.is_some_and(|max| self.attempts >= max) {
            return None;
        }
        self.attempts = self.attempts.saturating_add(1);
        Some(delay)
    }

    /// Attempts since the ceilings began anew.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The ceilings begin anew.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// base × 2^attempts, at most max.
fn ceiling(config: &BackoffConfig, attempts: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempts).unwrap_or(u32::MAX);
    config.base.checked_mul(factor).map_or(config.max, |ceiling| ceiling.min(config.max))
}

fn spread(ceiling: Duration, jitter: Jitter, rng: &mut Rng) -> Duration {
    let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
    let delay = match jitter {
        Jitter::None => nanos,
        Jitter::Full => uniform(nanos, rng),
        Jitter::Equal => (nanos - nanos / 2) + uniform(nanos / 2, rng),
    };
    Duration::from_nanos(delay)
}

/// A number in `0..=limit`, by multiplication: uniform to one part in 2^64 / limit.
fn uniform(limit: u64, rng: &mut Rng) -> u64 {
    let wide = u128::from(rng.next_u64()) * (u128::from(limit) + 1);
    u64::try_from(wide >> 64).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn delays(config: &BackoffConfig, n: usize, seed: u8) -> Vec<Duration> {
        let (mut backoff, mut rng) = (Backoff::default(), Rng::from_seed([seed; 32]));
        (0..n).map_while(|_| backoff.next(config, Duration::ZERO, true, &mut rng)).collect()
    }

    #[test]
    fn ceilings_double_from_one_second_to_thirty_and_stay_there() {
        let config = BackoffConfig { jitter: Jitter::None, ..BackoffConfig::default() };
        let seconds: Vec<u64> = delays(&config, 40, 1).iter().map(Duration::as_secs).collect();
        assert_eq!(seconds[..7], [1, 2, 4, 8, 16, 30, 30]);
        assert!(seconds[7..].iter().all(|s| *s == 30));
    }

    #[test]
    fn jitter_stays_in_its_bounds_and_fills_them_evenly() {
        for (jitter, low, high) in [(Jitter::Full, 0.0, 1.0), (Jitter::Equal, 0.5, 1.0)] {
            let config = BackoffConfig { jitter, max: Duration::from_secs(1), ..BackoffConfig::default() };
            let mut buckets = [0_u32; 10];
            let samples: Vec<f64> = delays(&config, 20_000, 9).iter().map(Duration::as_secs_f64).collect();
            for sample in &samples {
                assert!((low..=high).contains(sample), "{jitter:?} {sample}");
                let place = (sample - low) / (high - low) * 10.0;
                let index = (0..10).rev().find(|i| f64::from(*i) <= place).unwrap_or(0);
                buckets[usize::try_from(index).unwrap()] += 1;
            }
            // 2 000 expected in each; six standard deviations are 255.
            assert!(buckets.iter().all(|n| n.abs_diff(2_000) < 255), "{jitter:?} {buckets:?}");
            let mean = samples.iter().sum::<f64>() / 20_000.0;
            assert!((mean - (low + high) / 2.0).abs() < 0.01, "{mean}");
        }
    }

    #[test]
    fn a_floor_is_never_undercut_nor_cut_to_the_maximum() {
        let (config, mut rng) = (BackoffConfig::default(), Rng::from_seed([4; 32]));
        let floor = Duration::from_secs(300);
        let mut backoff = Backoff::default();
        for _ in 0..1_000 {
            let delay = backoff.next(&config, floor, true, &mut rng).unwrap();
            assert!((floor..=floor + config.max).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn attempts_end_at_their_limit_and_begin_anew_after_a_reset() {
        let config = BackoffConfig { max_attempts: Some(3), ..BackoffConfig::default() };
        let (mut backoff, mut rng) = (Backoff::default(), Rng::from_seed([4; 32]));
        let mut count = || (0..10).map_while(|_| backoff.next(&config, Duration::ZERO, true, &mut rng)).count();
        assert_eq!((count(), count()), (3, 0));
        backoff.reset();
        assert!(backoff.next(&config, Duration::ZERO, true, &mut rng).is_some());
        assert!(delays(&BackoffConfig { max_attempts: Some(0), ..config }, 1, 1).is_empty());
    }

    #[test]
    fn an_attempt_that_does_not_count_raises_no_ceiling_but_uses_up_the_limit() {
        let config = BackoffConfig { jitter: Jitter::None, max_attempts: Some(4), ..BackoffConfig::default() };
        let (mut backoff, mut rng) = (Backoff::default(), Rng::from_seed([4; 32]));
        let delays: Vec<_> = [false, false, true, true, true]
            .into_iter()
            .map(|counts| backoff.next(&config, Duration::ZERO, counts, &mut rng).map(|d| d.as_secs()))
            .collect();
        assert_eq!(delays, [Some(1), Some(1), Some(1), Some(2), None]);
    }

    #[test]
    fn extreme_settings_do_not_overflow() {
        let mut config = BackoffConfig { base: Duration::MAX, max: Duration::MAX, ..BackoffConfig::default() };
        assert_eq!(delays(&config, 100, 3).len(), 100);
        config.base = Duration::ZERO;
        assert!(delays(&config, 100, 3).iter().all(Duration::is_zero));
    }
}
