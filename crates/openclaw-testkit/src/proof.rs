//! What a device signs to prove that it is the one whose key it shows, and whether it did.

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::base64;
use crate::json::Json;

/// How far the clocks of a device and of the gateway may be apart, in milliseconds.
const SKEW: u64 = 120_000;

/// Longer keys and signatures are not looked at.
const LONGEST: usize = 4096;

/// Why a proof is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofFault {
    IdMismatch,
    Stale,
    NonceMissing,
    NonceMismatch,
    Signature,
}

impl ProofFault {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::IdMismatch => "device-id-mismatch",
            Self::Stale => "device-signature-stale",
            Self::NonceMissing => "device-nonce-missing",
            Self::NonceMismatch => "device-nonce-mismatch",
            Self::Signature => "device-signature",
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::IdMismatch => "DEVICE_AUTH_DEVICE_ID_MISMATCH",
            Self::Stale => "DEVICE_AUTH_SIGNATURE_EXPIRED",
            Self::NonceMissing => "DEVICE_AUTH_NONCE_REQUIRED",
            Self::NonceMismatch => "DEVICE_AUTH_NONCE_MISMATCH",
            Self::Signature => "DEVICE_AUTH_SIGNATURE_INVALID",
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::IdMismatch => "device identity mismatch",
            Self::Stale => "device signature expired",
            Self::NonceMissing => "device nonce required",
            Self::NonceMismatch => "device nonce mismatch",
            Self::Signature => "device signature invalid",
        }
    }
}

/// A device that has proven who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proven {
    pub(crate) id: String,
    /// The key's 32 bytes in base64url.
    pub(crate) public_key: String,
}

/// Checks the `device` of a connect's params in the order in which gateways do; `unix` is the gateway's clock.
pub(crate) fn check(params: &Json, device: &Json, challenge: &str, unix: u64) -> Result<Proven, ProofFault> {
    let text = |name: &str| device.text_of(name).unwrap_or_default();
    let key = public_key(text("publicKey")).ok_or(ProofFault::IdMismatch)?;
    let id = device_id(&key);
    if text("id") != id {
        return Err(ProofFault::IdMismatch);
    }
    let signed_at = device.integer_of("signedAt").unwrap_or_default();
    let distance = i128::from(signed_at) - i128::from(unix);
    if distance.unsigned_abs() > u128::from(SKEW) {
        return Err(ProofFault::Stale);
    }
    let nonce = text("nonce").trim();
    if nonce.is_empty() {
        return Err(ProofFault::NonceMissing);
    }
    if nonce != challenge {
        return Err(ProofFault::NonceMismatch);
    }
    let claim = Claim { params, id: &id, signed_at, nonce };
    let signed = |payload: String| verify(&key, payload.as_bytes(), text("signature"));
    if !signed(claim.v3()) && !signed(claim.v2()) {
        return Err(ProofFault::Signature);
    }
    Ok(Proven { id, public_key: base64::encode(&key) })
}

/// The bytes of a public key as clients show it: base64 of the bytes, or PEM.
pub(crate) fn public_key(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let bytes = if text.contains("BEGIN") {
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::decode(&body);
        // The key is the end of its SubjectPublicKeyInfo.
        der.strip_prefix(b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice())?.to_vec()
    } else {
        base64::decode(text)
    };
    (!bytes.is_empty()).then_some(bytes)
}

/// The id of the device with this key.
pub(crate) fn device_id(key: &[u8]) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verify(key: &[u8], message: &[u8], signature: &str) -> bool {
    let key = <[u8; 32]>::try_from(key).ok().and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let signature = Some(signature).filter(|text| text.len() <= LONGEST);
    let signature = signature.and_then(|text| Signature::from_slice(&base64::decode(text)).ok());
    match (key, signature) {
        (Some(key), Some(signature)) => key.verify(message, &signature).is_ok(),
        _ => false,
    }
}

/// What is signed: who connects, how, with what, in answer to which challenge.
pub(crate) struct Claim<'a> {
    /// The params of the connect.
    pub(crate) params: &'a Json,
    pub(crate) id: &'a str,
    pub(crate) signed_at: i64,
    pub(crate) nonce: &'a str,
}

impl Claim<'_> {
    pub(crate) fn v2(&self) -> String {
        format!("v2|{}", self.common())
    }

    pub(crate) fn v3(&self) -> String {
        let of_client = |name| normal(self.params.get("client").and_then(|client| client.text_of(name)));
        format!("v3|{}|{}|{}", self.common(), of_client("platform"), of_client("deviceFamily"))
    }

    fn common(&self) -> String {
        let of_client = |name| self.params.get("client").and_then(|client| client.text_of(name)).unwrap_or_default();
        let of_auth = |name| self.params.get("auth").and_then(|auth| auth.text_of(name));
        let token = ["token", "deviceToken", "bootstrapToken"].into_iter().find_map(of_auth).unwrap_or_default();
        [
            self.id,
            of_client("id"),
            of_client("mode"),
            self.params.text_of("role").unwrap_or("operator"),
            &self.params.texts_of("scopes").join(","),
            &self.signed_at.to_string(),
            token,
            self.nonce,
        ]
        .join("|")
    }
}

/// A platform or device family as it is signed and compared. JavaScript trims other characters than Rust does, and only
/// ASCII letters are lowered.
pub(crate) fn normal(text: Option<&str>) -> String {
    text.unwrap_or_default().trim_matches(is_js_space).to_ascii_lowercase()
}

fn is_js_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_trimmed_as_javascript_does_and_lowered_in_ascii_only() {
        assert_eq!(normal(None), "");
        assert_eq!(normal(Some("\u{feff} macOS\u{a0}")), "macos");
        assert_eq!(normal(Some("\u{85}X")), "\u{85}x");
        assert_eq!(normal(Some("LİNUX")), "lİnux");
    }

    #[test]
    fn a_key_is_base64_of_either_alphabet_or_pem() {
        let key = base64::decode("A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
        let pem = concat!(
            "-----BEGIN PUBLIC KEY-----\n",
            "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n",
            "-----END PUBLIC KEY-----\n"
        );
        assert_eq!(public_key("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=").as_ref(), Some(&key));
        assert_eq!(public_key(pem).as_ref(), Some(&key));
        assert_eq!(public_key("*"), None);
        assert_eq!(device_id(&key), "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c");
    }
}
