//! The containers that are open: a bit each, set for an object.

use alloc::vec::Vec;

/// The innermost ones, below the highest set bit, which is none. Whoever scans keeps them, in a register.
pub(super) type Top = u64;

/// None.
pub(super) const EMPTY: Top = 1;

/// Behind the last one. A number, as an option would cost the scanner a branch more.
pub(super) const NONE_LEFT: Top = 0;

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

    /// Closes the innermost; [`NONE_LEFT`] if it was the last.
    #[inline(always)]
    pub(super) fn close(&mut self, top: Top) -> Top {
        match top >> 1 {
            EMPTY => self.refill(),
            top => top,
        }
    }

    #[cold]
    fn refill(&mut self) -> Top {
        self.0.pop().unwrap_or(NONE_LEFT)
    }

    #[cold]
    fn spill(&mut self, top: Top) -> Top {
        self.0.push(top);
        EMPTY
    }
}
