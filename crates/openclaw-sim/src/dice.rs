//! Chance that is the same on every run.

/// SplitMix64 (Steele, Lea and Flood).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Other dice, told apart by `label`. These here are not moved by it, so what one part of a run throws does not
    /// change what another part does.
    #[must_use]
    pub fn fork(&self, label: u64) -> Self {
        let mut fork = Self(self.0 ^ label.wrapping_mul(0xd6e8_feb8_6659_fd93));
        Self(fork.roll())
    }

    /// Sixty-four bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; zero for a bound of zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.roll()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// A place in a list of that length.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(u64::MAX))).unwrap_or_default()
    }

    /// True so many times out of so many.
    pub fn chance(&mut self, times: u64, out_of: u64) -> bool {
        self.below(out_of) < times
    }

    /// One of several, or the default where there are none.
    pub fn pick<T: Clone + Default>(&mut self, from: &[T]) -> T {
        let place = self.place(from.len());
        from.get(place).cloned().unwrap_or_default()
    }

    /// A seed of the core.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        for chunk in seed.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.roll().to_le_bytes());
        }
        seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_throws_and_forks_are_apart() {
        let (mut a, mut b) = (Dice::new(7), Dice::new(7));
        let throws: Vec<u64> = (0..50).map(|_| a.roll()).collect();
        assert!(throws.iter().all(|throw| *throw == b.roll()));
        let dice = Dice::new(7);
        assert_ne!(dice.fork(1).roll(), dice.fork(2).roll());
        assert_eq!(dice.fork(1).roll(), dice.fork(1).roll());
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_them() {
        let mut dice = Dice::new(1);
        let seen: std::collections::BTreeSet<u64> = (0..1000).map(|_| dice.between(3, 7)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
        assert_eq!((dice.below(0), dice.place(0), dice.pick::<u8>(&[])), (0, 0, 0));
    }
}
