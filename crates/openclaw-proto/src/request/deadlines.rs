//! When each request gives up.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use super::slab::Key;
use crate::time::Instant;

/// A deadline that was set, and where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    /// None where it is one of the others.
    lane: Option<u8>,
}

/// Deadlines by time, those of one time by slot.
///
/// Programs use a handful of timeouts, and of requests with the same one the last made is the last due: each timeout has a
/// queue, in which setting and clearing are cheap however many wait. Timeouts beyond the handful share an ordered set.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    lanes: Vec<Lane>,
    others: BTreeSet<(Instant, Key)>,
}

/// The deadlines of one timeout, in order. Those that were cleared stay until they are at the front or too many.
#[derive(Debug, Default)]
struct Lane {
    timeout: Duration,
    queue: VecDeque<(Instant, Key)>,
    set: usize,
}

impl Deadlines {
    /// Timeouts that have a queue of their own.
    const LANES: usize = 8;

    /// Sets the deadline of `key` to `timeout` from `now`.
    #[inline]
    pub(crate) fn set(&mut self, now: Instant, timeout: Duration, key: Key) -> Due {
        let at = now.after(timeout);
        if let Some((index, lane)) = (0..).zip(&mut self.lanes).find(|(_, lane)| lane.timeout == timeout) {
            lane.set(at, key);
            return Due { at, lane: Some(index) };
        }
        let lane = self.new_lane(timeout);
        match lane.and_then(|lane| self.lanes.get_mut(usize::from(lane))) {
            Some(lane) => lane.set(at, key),
            None => drop(self.others.insert((at, key))),
        }
        Due { at, lane }
    }

    /// A queue for a timeout that has none, if there is one to be had.
    #[cold]
    fn new_lane(&mut self, timeout: Duration) -> Option<u8> {
        let lane = self.lanes.iter().position(|lane| lane.set == 0).unwrap_or(self.lanes.len());
        match self.lanes.get_mut(lane) {
            Some(lane) => lane.timeout = timeout,
            None if lane == Self::LANES => return None,
            None => self.lanes.push(Lane { timeout, ..Lane::default() }),
        }
        u8::try_from(lane).ok()
    }

    /// Clears a deadline of `key`. `is_set` says of any other whether it still is.
    pub(crate) fn clear(&mut self, due: Due, key: Key, is_set: impl Fn(Due, Key) -> bool) {
        match due.lane.and_then(|lane| self.lanes.get_mut(usize::from(lane))) {
            Some(lane) => lane.clear(|(at, key)| is_set(Due { at, ..due }, key)),
            None => drop(self.others.remove(&(due.at, key))),
        }
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        if self.lanes.iter().all(|lane| lane.set == 0) {
            self.lanes = Vec::new();
        }
    }

    /// The first deadline.
    #[inline]
    pub(crate) fn first(&self) -> Option<(Instant, Key)> {
        let lanes = self.lanes.iter().filter_map(|lane| lane.queue.front());
        lanes.chain(self.others.first()).min().copied()
    }
}

impl Lane {
    /// Cleared deadlines that may always be there.
    const SWEEP_ABOVE: usize = 64;

    fn set(&mut self, at: Instant, key: Key) {
        self.set += 1;
        let entry = (at, key);
        if self.queue.back().is_none_or(|last| *last <= entry) {
            self.queue.push_back(entry);
        } else {
            // The same instant and a lower slot, or a clock that went back.
            let place = self.queue.partition_point(|earlier| *earlier <= entry);
            self.queue.insert(place, entry);
        }
    }

    fn clear(&mut self, is_set: impl Fn((Instant, Key)) -> bool) {
        self.set -= 1;
        while self.queue.front().is_some_and(|front| !is_set(*front)) {
            self.queue.pop_front();
        }
        if self.queue.len() > Self::SWEEP_ABOVE && self.queue.len() / 2 > self.set {
            self.queue.retain(|entry| is_set(*entry));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// The deadlines beside a plain set of them.
    #[derive(Default)]
    struct Both {
        deadlines: Deadlines,
        plain: BTreeSet<(Instant, Key)>,
        dues: BTreeMap<Key, Due>,
    }

    impl Both {
        fn set(&mut self, now: u64, timeout: u64, key: Key) {
            let due = self.deadlines.set(Instant::from_nanos(now), Duration::from_nanos(timeout), key);
            self.plain.insert((due.at, key));
            self.dues.insert(key, due);
        }

        fn clear(&mut self, key: Key) {
            let due = self.dues.remove(&key).unwrap();
            self.plain.remove(&(due.at, key));
            self.deadlines.clear(due, key, |due, key| self.dues.get(&key) == Some(&due));
        }

        fn check(&self) {
            assert_eq!(self.deadlines.first(), self.plain.first().copied());
        }
    }

    #[test]
    fn the_first_is_that_of_an_ordered_set_whatever_is_set_and_cleared() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for timeouts in [1, 3, 30] {
            let mut both = Both::default();
            let (mut now, mut generation) = (1_000, 0);
            for _ in 0..20_000 {
                match next(8) {
                    0..4 => {
                        generation += 1;
                        let key = Key { slot: u32::try_from(next(5)).unwrap(), generation };
                        both.set(now, 10 + 5 * next(timeouts), key);
                    }
                    4..7 if !both.dues.is_empty() => {
                        let nth = usize::try_from(next(both.dues.len() as u64)).unwrap();
                        let key = *both.dues.keys().nth(nth).unwrap();
                        both.clear(key);
                    }
                    // A clock that goes back breaks nothing either.
                    _ => now = (now + next(4)).saturating_sub(next(3)),
                }
                both.check();
            }
            while let Some((_, key)) = both.deadlines.first() {
                both.clear(key);
                both.check();
            }
            assert!(both.dues.is_empty() && both.deadlines.lanes.iter().all(|lane| lane.queue.is_empty()));
        }
    }

    #[test]
    fn what_is_cleared_behind_one_that_stays_does_not_pile_up() {
        let mut both = Both::default();
        both.set(0, 10, Key { slot: 0, generation: 0 });
        for generation in 0..10_000 {
            let key = Key { slot: 1, generation };
            both.set(u64::from(generation), 10, key);
            both.clear(key);
        }
        assert!(both.deadlines.lanes.iter().all(|lane| lane.queue.len() <= Lane::SWEEP_ABOVE + 1));
        both.check();
    }
}
