//! What an event's sequence number says about the events before it.

/// An event's place in its connection's sequence.
///
/// Gateways count per connection from 1 (before 2026.5: one counter for the whole gateway, so a connection may start
/// anywhere) and use a number up even for an event they drop because the reader is slow. That is how drops show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sequence {
    /// The first sequenced event of this connection.
    First,
    /// The one expected.
    Next,
    /// Some before it are missing.
    Gap {
        /// How many.
        missing: u64,
    },
    /// The same number as the highest one seen.
    Duplicate,
    /// A number below the highest one seen.
    Regressed,
    /// It carries none: events aimed at one connection do not.
    Unsequenced,
}

/// The highest sequence number seen. It never goes down.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watermark(Option<u64>);

impl Watermark {
    #[inline]
    pub(crate) fn observe(&mut self, seq: Option<u64>) -> Sequence {
        let Some(seq) = seq else { return Sequence::Unsequenced };
        let Some(highest) = self.0 else {
            self.0 = Some(seq);
            return Sequence::First;
        };
        if seq == highest {
            return Sequence::Duplicate;
        }
        if seq < highest {
            return Sequence::Regressed;
        }
        self.0 = Some(seq);
        match seq - highest - 1 {
            0 => Sequence::Next,
            missing => Sequence::Gap { missing },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watermark_never_goes_down_so_a_regression_cannot_fabricate_a_gap() {
        let mut w = Watermark::default();
        let seen: alloc::vec::Vec<_> =
            [Some(7), Some(8), None, Some(12), Some(12), Some(3), Some(13)].map(|s| w.observe(s)).into();
        assert_eq!(
            seen,
            [
                Sequence::First,
                Sequence::Next,
                Sequence::Unsequenced,
                Sequence::Gap { missing: 3 },
                Sequence::Duplicate,
                Sequence::Regressed,
                Sequence::Next,
            ]
        );
    }

    #[test]
    fn the_largest_number_is_no_overflow() {
        let mut w = Watermark::default();
        w.observe(Some(0));
        assert_eq!(w.observe(Some(u64::MAX)), Sequence::Gap { missing: u64::MAX - 1 });
        assert_eq!(w.observe(Some(u64::MAX)), Sequence::Duplicate);
    }
}
