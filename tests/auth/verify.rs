//! The gateway's side of a signature.

use ed25519_dalek::{Signature, Verifier, VerifyingKey};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes in base64url without padding, the slow way.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(6)
        .map(|six| {
            let value = (0..6).fold(0, |value, place| value << 1 | usize::from(six.get(place).copied().unwrap_or(0)));
            char::from(ALPHABET[value])
        })
        .collect()
}

/// The bytes of a base64url text.
pub(crate) fn bytes_of(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text
        .bytes()
        .flat_map(|c| {
            let six = ALPHABET.iter().position(|digit| *digit == c).expect("base64url");
            (0..6).rev().map(move |bit| (six >> bit & 1) as u8)
        })
        .collect();
    bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

/// Whether a signature, as it is sent, is that key's over that text.
pub(crate) fn verifies(public_key: &str, text: &str, signature: &str) -> bool {
    let key: [u8; 32] = bytes_of(public_key).try_into().expect("32 bytes");
    let signature: [u8; 64] = bytes_of(signature).try_into().expect("64 bytes");
    VerifyingKey::from_bytes(&key).expect("a key").verify(text.as_bytes(), &Signature::from_bytes(&signature)).is_ok()
}
