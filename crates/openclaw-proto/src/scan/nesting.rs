//! The containers that are open: a bit each, set for an object.

use alloc::vec::Vec;

/// The innermost ones, below the highest set bit, which is none. Whoever scans keeps them, in a register.
pub(super) type Top = u64;

/// None.
pub(super) const EMPTY: Top = 1;

/// Full words of the containers around those.
pub(super) struct Nesting(Vec<Top>);

impl Nesting {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    #[inline(always)]
    pub(super) fn open(&mut self, top: Top, object: bool) -> Top {
        let top = if top >> 63 != 0 { self.spill(top) } else { top };
        top << 1 | Top::from(object)
    }

    /// Closes the innermost; none when none is left.
    #[inline(always)]
    pub(super) fn close(&mut self, top: Top) -> Option<Top> {
        match top >> 1 {
            EMPTY => self.0.pop(),
            top => Some(top),
        }
    }

    #[cold]
    fn spill(&mut self, top: Top) -> Top {
        self.0.push(top);
        EMPTY
    }
}
