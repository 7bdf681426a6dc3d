//! The text of a UUID, eight digits at a time: each request writes one and each answer reads one.

use crate::frame::ID_LEN;

const EACH: u64 = 0x0101_0101_0101_0101;

/// Its text, with small letters.
#[rustfmt::skip]
pub(super) fn write(bytes: [u8; 16]) -> [u8; ID_LEN] {
    let [
        [a, b], [c, d], [e, f], [g, h], [i, j], [k, l], [m, n], [o, p],
        [q, r], [s, t], [u, v], [w, x], [y, z], [a2, b2], [c2, d2], [e2, f2],
    ] = bytes.map(digits);
    [
        a, b, c, d, e, f, g, h, b'-', i, j, k, l, b'-', m, n, o, p, b'-', q, r, s, t, b'-', u, v, w, x, y, z, a2, b2, c2,
        d2, e2, f2,
    ]
}

/// What [`write`] made; none for any other text, capitals included.
#[rustfmt::skip]
pub(super) fn read(text: &str) -> Option<[u8; 16]> {
    let [
        w0, w1, w2, w3, w4, w5, w6, w7, b'-', x0, x1, x2, x3, b'-', x4, x5, x6, x7, b'-', y0, y1, y2, y3, b'-', y4, y5,
        y6, y7, z0, z1, z2, z3, z4, z5, z6, z7,
    ] = *<&[u8; ID_LEN]>::try_from(text.as_bytes()).ok()?
    else {
        return None;
    };
    let [a, b, c, d] = bytes([w0, w1, w2, w3, w4, w5, w6, w7])?;
    let [e, f, g, h] = bytes([x0, x1, x2, x3, x4, x5, x6, x7])?;
    let [i, j, k, l] = bytes([y0, y1, y2, y3, y4, y5, y6, y7])?;
    let [m, n, o, p] = bytes([z0, z1, z2, z3, z4, z5, z6, z7])?;
    Some([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

/// Its two digits.
fn digits(byte: u8) -> [u8; 2] {
    DIGITS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Of each byte.
const DIGITS: [[u8; 2]; 256] = {
    const fn digit(half: u8) -> u8 {
        if half < 10 { b'0' + half } else { b'a' + half - 10 }
    }
    let mut digits = [[0; 2]; 256];
    let (mut rest, mut byte): (&mut [[u8; 2]], u8) = (&mut digits, 0);
    while let [pair, after @ ..] = rest {
        *pair = [digit(byte >> 4), digit(byte & 0x0f)];
        (rest, byte) = (after, byte.wrapping_add(1));
    }
    digits
};

/// A byte for each two digits, if they are digits.
fn bytes(digits: [u8; 8]) -> Option<[u8; 4]> {
    let text = u64::from_be_bytes(digits);
    let halves = halves(text);
    // Whatever was no digit is spelled otherwise.
    if halves & (EACH * 0xf0) != 0 || spelled(halves) != text {
        return None;
    }
    Some(packed(halves).to_be_bytes())
}

/// What the first eight digits say, if they are digits; else anything.
pub(super) fn first_word(text: &[u8; ID_LEN]) -> u32 {
    let [a, b, c, d, e, f, g, h, ..] = *text;
    packed(halves(u64::from_be_bytes([a, b, c, d, e, f, g, h])))
}

/// Eight digits as a byte each.
fn halves(text: u64) -> u64 {
    let is_letter = text >> 6 & EACH;
    (text & (EACH * 0x0f)).wrapping_add(is_letter * 9)
}

/// Eight half bytes, a byte each, as the word they make.
#[allow(clippy::cast_possible_truncation, reason = "the upper half is masked away")]
fn packed(halves: u64) -> u32 {
    let single = (halves >> 4 | halves) & 0x00ff_00ff_00ff_00ff;
    let pairs = (single >> 8 | single) & 0x0000_ffff_0000_ffff;
    ((pairs >> 16 | pairs) & 0xffff_ffff) as u32
}

/// The digits of eight half bytes.
fn spelled(halves: u64) -> u64 {
    let is_letter = (halves + EACH * 6) >> 4 & EACH;
    halves + EACH * b'0' as u64 + is_letter * u64::from(b'a' - b'0' - 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use uuid::Uuid;

    #[test]
    fn what_is_written_is_what_the_uuid_crate_writes_and_is_read_again() {
        let mut rng = Rng::from_seed([9; 32]);
        for _ in 0..20_000 {
            let bytes = Uuid::from_u64_pair(rng.next_u64(), rng.next_u64()).into_bytes();
            let text = write(bytes);
            assert_eq!(bytes.first_chunk(), Some(&first_word(&text).to_be_bytes()));
            let text = core::str::from_utf8(&text).unwrap();
            assert_eq!(text, Uuid::from_bytes(bytes).hyphenated().encode_lower(&mut [0; ID_LEN]));
            assert_eq!(read(text), Some(bytes));
        }
    }

    #[test]
    fn every_other_byte_in_any_place_is_refused() {
        let good = write(core::array::from_fn(|n| u8::try_from(n * 17).unwrap()));
        for place in 0..ID_LEN {
            for byte in 0..0x80 {
                let mut text = good;
                text[place] = byte;
                let digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                let right = if matches!(place, 8 | 13 | 18 | 23) { byte == b'-' } else { digit };
                let text = core::str::from_utf8(&text).unwrap();
                assert_eq!(read(text).is_some(), right, "{text:?}");
                assert!(read(text).is_none_or(|bytes| write(bytes) == text.as_bytes()));
            }
        }
        let text = core::str::from_utf8(&good).unwrap();
        for other in ["", &text[1..], &text[..35], "ééééééééé-éé-é-éé-éééé"] {
            assert_eq!(read(other), None);
        }
    }
}
