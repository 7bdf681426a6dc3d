//! The containers that are open.

use alloc::vec::Vec;

/// A bit each: set for an object.
pub(super) struct Nesting {
    /// The innermost ones, below the highest set bit, which is none.
    top: u64,
    /// Full words of those around them.
    rest: Vec<u64>,
}

impl Nesting {
    const EMPTY: u64 = 1;

    pub(super) const fn new() -> Self {
        Self { top: Self::EMPTY, rest: Vec::new() }
    }

    #[inline(always)]
    pub(super) fn open(&mut self, object: bool) {
        if self.top >> 63 != 0 {
            self.spill();
        }
        self.top = self.top << 1 | u64::from(object);
    }

    /// Closes the innermost; false when none is left.
    #[inline(always)]
    pub(super) fn close(&mut self) -> bool {
        self.top >>= 1;
        self.top != Self::EMPTY || self.refill()
    }

    #[inline(always)]
    pub(super) fn in_object(&self) -> bool {
        self.top & 1 == 1
    }

    #[cold]
    fn spill(&mut self) {
        self.rest.push(self.top);
        self.top = Self::EMPTY;
    }

    #[cold]
    fn refill(&mut self) -> bool {
        match self.rest.pop() {
            Some(top) => self.top = top,
            None => return false,
        }
        true
    }
}
