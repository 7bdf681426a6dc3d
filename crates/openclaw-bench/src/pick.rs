//! One of many at random, the same in every run.

/// The state of a generator of random numbers.
#[derive(Debug)]
pub(crate) struct Pick(usize);

impl Pick {
    pub(crate) const fn new() -> Self {
        Self(1)
    }

    /// Takes one out of a pool that is not empty.
    pub(crate) fn out_of<V>(&mut self, pool: &mut Vec<V>) -> V {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        pool.swap_remove((self.0 >> 33) % pool.len())
    }
}
