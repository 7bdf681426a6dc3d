//! The private half of a device's identity.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::StoreError;

/// The 32 bytes a device's Ed25519 key is made from. Whoever has them is this device.
///
/// `Debug` shows none of them, and the memory is wiped when the value is dropped. They live on the heap, so that
/// moving the value leaves no copy behind.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceSeed(Box<[u8; 32]>);

impl DeviceSeed {
    /// A new seed of the operating system's random bytes.
    ///
    /// # Errors
    /// [`StoreError::Random`] when the operating system gives none.
    pub fn generate() -> Result<Self, StoreError> {
        let mut seed = Self::zero();
        getrandom::fill(seed.0.as_mut()).map_err(StoreError::Random)?;
        Ok(seed)
    }

    /// A seed that exists already. The caller's copy is the caller's to wipe.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut seed = Self::zero();
        seed.0.copy_from_slice(bytes);
        seed
    }

    /// The seed in clear. The name is long so that a reviewer sees it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    fn zero() -> Self {
        Self(Box::new([0; 32]))
    }

    /// 64 lower-case hexadecimal digits.
    pub(super) fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 0xf] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        text
    }

    /// Reads what [`to_hex`](Self::to_hex) wrote.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut seed = Self::zero();
        let mut digits = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
        for byte in seed.0.iter_mut() {
            *byte = digits.next()?? << 4 | digits.next()??;
        }
        Some(seed)
    }
}

impl Drop for DeviceSeed {
    fn drop(&mut self) {
        self.0.as_mut().zeroize();
    }
}

impl fmt::Debug for DeviceSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSeed(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_both_ways() {
        let seed = DeviceSeed::from_bytes(&std::array::from_fn(|i| u8::try_from(i * 8 + 7).unwrap()));
        let text = seed.to_hex();
        assert_eq!(text.as_str(), "070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff");
        assert_eq!(DeviceSeed::from_hex(&text), Some(seed.clone()));
        assert_eq!(DeviceSeed::from_hex(&text.to_uppercase()), Some(seed));
    }

    #[test]
    fn other_texts_are_no_seed() {
        for text in [String::new(), "0".repeat(63), "0".repeat(65), "g".repeat(64), "é".repeat(32), " ".repeat(64)] {
            assert_eq!(DeviceSeed::from_hex(&text), None, "{text}");
        }
    }

    #[test]
    fn new_seeds_differ() {
        assert_ne!(DeviceSeed::generate().unwrap(), DeviceSeed::generate().unwrap());
    }
}
