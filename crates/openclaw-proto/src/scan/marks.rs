//! Which bytes end the plain part of a string: a whole block of them at a time.
//!
//! A frame is mostly short strings. To look for the end of each from its beginning costs every one of them the same again,
//! and each search waits for the one before. So a block's marks are made once, by wide instructions that look at all of its
//! bytes, and serve every string in it.

/// Bytes of a block: a mark is a bit of a word.
const BLOCK: usize = 64;

/// The marks of the block that was looked at last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// Where the block ends: a multiple of its size.
    end: usize,
    bits: u64,
}

impl Marks {
    /// Of no block yet.
    pub(super) const NONE: Self = Self { end: 0, bits: 0 };

    /// The first marked byte at or behind `at`, the text's length if there is none, and the marks around it. What is looked for
    /// lies behind what was found last, so not before the block.
    #[inline(always)]
    pub(super) fn find(self, text: &[u8], at: usize) -> (usize, Self) {
        debug_assert!(at + BLOCK >= self.end, "{at} is before the block that ends at {}", self.end);
        let mut from = at;
        if at < self.end {
            let bits = self.bits >> (at % BLOCK);
            if bits != 0 {
                return (at + bits.trailing_zeros() as usize, self);
            }
            from = self.end;
        }
        let (place, bits) = search(text, from);
        (place, Self { end: (place | (BLOCK - 1)) + 1, bits })
    }
}

/// The same from a block on that was not looked at yet; the marks are those of the block it is in. Two words, so that they come
/// back in registers.
#[inline(never)]
fn search(text: &[u8], at: usize) -> (usize, u64) {
    let start = at & !(BLOCK - 1);
    let Some(block) = text.get(start..).and_then(<[u8]>::first_chunk) else { return search_tail(text, at) };
    let bits = marks(block);
    match bits >> (at % BLOCK) {
        0 => search_behind(text, start + BLOCK),
        left => (at + left.trailing_zeros() as usize, bits),
    }
}

/// The same in all blocks from `start` on.
#[inline(never)]
fn search_behind(text: &[u8], start: usize) -> (usize, u64) {
    search(text, past_plain_blocks(text, start))
}

/// The same in what is left at the end, if anything is: fewer bytes than a block. Where that can be, a block is taken that begins
/// earlier: cheaper than a copy.
#[inline(never)]
fn search_tail(text: &[u8], at: usize) -> (usize, u64) {
    let rest = text.len().saturating_sub(at & !(BLOCK - 1));
    let bits = match text.last_chunk() {
        _ if rest == 0 => 0,
        Some(block) => marks(block) >> (BLOCK - rest),
        None => {
            let mut block = [b' '; BLOCK];
            if let Some(begin) = block.get_mut(..text.len()) {
                begin.copy_from_slice(text);
            }
            marks(&block)
        }
    };
    match bits >> (at % BLOCK) {
        0 => (text.len(), bits),
        left => (at + left.trailing_zeros() as usize, bits),
    }
}

/// Past the blocks without a mark. Long texts have many: to see that there is none costs half of what marks cost.
#[inline(always)]
fn past_plain_blocks(text: &[u8], mut start: usize) -> usize {
    while let Some(block) = text.get(start..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        if block.iter().fold(false, |found, byte| found | ends_plain(*byte)) {
            break;
        }
        start += BLOCK;
    }
    start
}

/// Quote, backslash or control character. Turning that bit takes the quote to the end of the control characters and
/// nothing else among them, which makes one comparison of two.
#[inline(always)]
const fn ends_plain(byte: u8) -> bool {
    (byte ^ 2) <= 0x20 || byte == b'\\'
}

/// A bit for each byte of the block. The compiler makes wide instructions of the comparisons; the loop gathers eight bytes, each
/// zero or one, into eight bits by a multiplication.
#[inline(always)]
fn marks(block: &[u8; BLOCK]) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let flags = block.map(|byte| u8::from(ends_plain(byte)));
    let mut bits = 0;
    let mut rest = flags.as_slice();
    let mut shift = 0;
    while let Some((word, after)) = rest.split_first_chunk() {
        bits |= (u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56) << shift;
        rest = after;
        shift += 8;
    }
    bits
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_byte_is_marked_that_ends_plain_text_and_no_other() {
        for byte in 0..=255 {
            let ends = byte < 0x20 || byte == b'"' || byte == b'\\';
            assert_eq!(ends_plain(byte), ends, "{byte}");
            for place in 0..BLOCK {
                let mut block = [b'a'; BLOCK];
                block[place] = byte;
                assert_eq!(marks(&block), u64::from(ends) << place);
            }
        }
        assert_eq!(marks(&[0; BLOCK]), u64::MAX);
    }

    /// From every place of texts of every length around the blocks' ends, with and without marks of an earlier search.
    #[test]
    fn the_next_marked_byte_is_found_from_everywhere() {
        for length in 0..4 * BLOCK + 3 {
            for step in [1, 7, 63, 64, 65, 1_000] {
                let text: Vec<u8> = (1..=length).map(|n| if n % step == 0 { b'"' } else { b'a' }).collect();
                let (mut marks, mut last) = (Marks::NONE, 0);
                for at in 0..=length {
                    let expected = (at..length).find(|place| text[*place] == b'"').unwrap_or(length);
                    assert_eq!(Marks::NONE.find(&text, at).0, expected, "{length} {step} {at}");
                    if at >= last {
                        (last, marks) = marks.find(&text, at);
                        assert_eq!(last, expected, "{length} {step} {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn plain_blocks_are_passed_and_no_others() {
        assert_eq!(past_plain_blocks(&[b'a'; 200], 0), 192);
        for mark in [b'"', b'\\', 0, 0x1f] {
            let mut text = vec![b'a'; 192];
            text[100] = mark;
            assert_eq!(past_plain_blocks(&text, 0), 64, "{mark}");
        }
        assert_eq!(past_plain_blocks(&[b' '; 64], 0), 64);
    }
}
