//! Variety that is the same on every run.

/// A linear congruential generator (Knuth's constants): poor randomness, but enough to wander.
#[derive(Clone, Debug)]
pub struct Lcg(u64);

impl Lcg {
    /// A generator.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`; zero for a bound of zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The low bits of such a generator repeat soon, so they are not used.
        usize::try_from(self.0 >> 33).unwrap_or(0).checked_rem(bound).unwrap_or(0)
    }

    /// True `numerator` times out of `denominator`.
    pub fn chance(&mut self, numerator: usize, denominator: usize) -> bool {
        self.below(denominator) < numerator
    }

    /// One of several, if there are any.
    pub fn pick<'a, V>(&mut self, from: &'a [V]) -> Option<&'a V> {
        let index = self.below(from.len());
        from.get(index)
    }
}
