//! Ids that look like the gateway's but come from a seed.

/// Makes UUID-shaped ids. Equal seeds give equal ids in equal order.
#[derive(Clone, Debug)]
pub(crate) struct Ids(u64);

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next id, marked as a random UUID (version 4) because the gateway's are.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }

    /// SplitMix64: short, and good enough for ids that only have to differ.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn equal_seeds_give_equal_ids_and_different_seeds_do_not() {
        let (mut a, mut b, mut c) = (Ids::new(1), Ids::new(1), Ids::new(2));
        let first = a.uuid();
        assert_eq!(first, b.uuid());
        assert_ne!(first, a.uuid());
        assert_ne!(first, c.uuid());
        assert_eq!(first.len(), 36);
    }
}
