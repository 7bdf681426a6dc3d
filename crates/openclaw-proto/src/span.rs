//! Parts of a text, by place.

use core::ops::Range;

/// A part of a received text, or none. Half the size of a range: no frame is larger than [`Span::LIMIT`], as no client takes one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    begin: u32,
    end: u32,
}

impl Span {
    /// Bytes of a text whose parts can be named: 4 GiB.
    pub(crate) const LIMIT: usize = u32::MAX as usize;

    /// No part. It lies in no text.
    pub(crate) const NONE: Self = Self { begin: 1, end: 0 };

    #[inline]
    pub(crate) fn of(range: Range<usize>) -> Self {
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            (Ok(begin), Ok(end)) => Self { begin, end },
            _ => Self::NONE,
        }
    }

    #[inline]
    pub(crate) fn of_optional(range: Option<Range<usize>>) -> Self {
        range.map_or(Self::NONE, Self::of)
    }

    /// The part of this text, which may be another one than it was: then there may be none.
    #[inline]
    pub(crate) fn of_text(self, text: &str) -> Option<&str> {
        text.get(self.begin as usize..self.end as usize)
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.end.saturating_sub(self.begin) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_there_if_the_text_has_it() {
        let span = Span::of(2..5);
        assert_eq!((span.of_text("a word"), span.len()), (Some("wor"), 3));
        assert_eq!((span.of_text("a"), span.of_text("éé")), (None, None));
        assert_eq!((Span::NONE.of_text("a word"), Span::NONE.len()), (None, 0));
        assert!(Span::of(0..Span::LIMIT + 1) == Span::NONE);
    }
}
