//! A certificate by its hash.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

/// The SHA-256 of a certificate's DER: what a pin names.
///
/// Read from 64 hexadecimal digits or 32 pairs of them with colons between, in either case, with or without `sha256:`
/// before them and white space around. Written as `sha256:` and 64 digits.
///
/// ```
/// use openclaw_proto::Fingerprint;
///
/// let colons: Fingerprint = " SHA256:AB:12:00:00:00:00:00:00:00:00:00:00:00:00:00:00:\
///                             00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00 ".parse()?;
/// let plain: Fingerprint = "ab12000000000000000000000000000000000000000000000000000000000000".parse()?;
/// assert_eq!(colons, plain);
/// # Ok::<(), openclaw_proto::FingerprintError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// Why a text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no SHA-256 fingerprint: expected 64 hexadecimal digits, or 32 pairs of them with colons between")]
#[non_exhaustive]
pub struct FingerprintError;

impl Fingerprint {
    /// A fingerprint from the hash itself.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let text = text.trim();
        let digits = match text.split_once(':') {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("sha256") => rest.trim_start(),
            _ => text,
        };
        let mut hash = [0; 32];
        let mut rest = digits.as_bytes();
        let colons = rest.get(2) == Some(&b':');
        for (index, byte) in hash.iter_mut().enumerate() {
            if colons && index > 0 {
                rest = rest.strip_prefix(b":").ok_or(FingerprintError)?;
            }
            let [high, low, after @ ..] = rest else { return Err(FingerprintError) };
            *byte = digit(*high)? << 4 | digit(*low)?;
            rest = after;
        }
        if rest.is_empty() { Ok(Self(hash)) } else { Err(FingerprintError) }
    }
}

fn digit(byte: u8) -> Result<u8, FingerprintError> {
    let value = char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    value.ok_or(FingerprintError)
}

/// As it is written, for where a pin is taken as text.
impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn hash() -> [u8; 32] {
        core::array::from_fn(|i| u8::try_from(i * 8 + 7).unwrap())
    }

    #[test]
    fn every_spelling_is_the_same_fingerprint() {
        let hex: String = hash().iter().map(|byte| format!("{byte:02x}")).collect();
        let pairs: Vec<String> = hash().iter().map(|byte| format!("{byte:02X}")).collect();
        let colons = pairs.join(":");
        for digits in [&hex, &hex.to_uppercase(), &colons, &colons.to_lowercase()] {
            for text in [
                digits.clone(),
                format!("sha256:{digits}"),
                format!("SHA256:{digits}"),
                format!("Sha256: {digits}"),
                format!(" \t{digits}\n"),
                format!(" sha256:{digits} "),
            ] {
                assert_eq!(text.parse(), Ok(Fingerprint::new(hash())), "{text:?}");
            }
        }
        let shown = Fingerprint::new(hash()).to_string();
        assert_eq!(shown, format!("sha256:{hex}"));
        assert_eq!(shown.parse(), Ok(Fingerprint::new(hash())));
    }

    #[test]
    fn anything_else_is_none() {
        let hex = "0".repeat(64);
        let colons = ["00"; 32].join(":");
        for text in [
            "",
            "sha256:",
            &hex[1..],
            &format!("{hex}0"),
            &format!("{hex}00"),
            &format!("{}g", &hex[1..]),
            &format!("{}é", &hex[2..]),
            &format!("sha1:{hex}"),
            &format!("sha256:sha256:{hex}"),
            &format!("sha256 {hex}"),
            &format!("{} {}", &hex[..32], &hex[32..]),
            &format!("{colons}:"),
            &format!(":{colons}"),
            &colons[3..],
            &format!("{colons}:00"),
            &colons.replacen(':', "", 1),
            &colons.replacen(':', "::", 1),
            &colons.replace(':', "-"),
            &format!("{}:{}", &hex[..2], &hex[2..]),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text:?}");
        }
    }
}
