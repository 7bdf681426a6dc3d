//! base64url without padding (RFC 4648, section 5).

use alloc::string::String;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().chain(&[0, 0]).take(3).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        for shift in [18, 12, 6, 0].iter().take(chunk.len() + 1) {
            let digit = usize::try_from(word >> shift & 63).unwrap_or(0);
            text.extend(ALPHABET.chars().nth(digit));
        }
    }
    text
}

/// Reads 32 bytes; none for anything that is not the one spelling of 32 bytes.
pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut places = bytes.iter_mut();
    let (mut word, mut bits) = (0_u32, 0);
    for c in text.chars() {
        let digit = u32::try_from(ALPHABET.find(c)?).ok()?;
        word = word << 6 | digit;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *places.next()? = u8::try_from(word >> bits).ok()?;
            word &= (1 << bits) - 1;
        }
    }
    (places.next().is_none() && word == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vectors_of_the_rfc_without_their_padding() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
        }
        assert_eq!(encode(&[0xfb, 0xef, 0xff]), "--__");
    }

    #[test]
    fn thirty_two_bytes_come_back_and_nothing_else_is_read() {
        for fill in [0, 1, 0x7f, 0xff] {
            let text = encode(&[fill; 32]);
            assert_eq!((text.len(), decode(&text)), (43, Some([fill; 32])));
        }
        let text = encode(&[7; 32]);
        // One digit less or more, padding, the other alphabet, and bits that would be lost.
        for wrong in [&text[1..], &alloc::format!("{text}A"), &alloc::format!("{text}="), "", "é"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        assert_eq!(decode(&encode(&[255; 32]).replace('_', "/")), None);
        assert_eq!(decode(&alloc::format!("{}B", "A".repeat(42))), None);
    }
}
