//! A key in memory.

use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::base64url;
use super::{DeviceId, SignError, Signer};
use crate::secret::Secret;

/// Signs with a key in memory, which is overwritten when the signer is dropped. There is no way to see the key but
/// [`export`](Self::export).
pub struct Ed25519Signer {
    key: SigningKey,
}

impl Ed25519Signer {
    /// The key of that seed (32 random bytes, the private key of RFC 8032). The caller's copy stays the caller's to
    /// overwrite.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The seed as text for a store: base64url without padding.
    #[must_use]
    pub fn export(&self) -> Secret {
        base64url::encode(self.key.as_bytes()).into()
    }

    /// Reads what [`export`](Self::export) wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn import(seed: &Secret) -> Result<Self, SeedError> {
        let seed = Zeroizing::new(base64url::decode(seed.expose()).ok_or(SeedError)?);
        Ok(Self::from_seed(&seed))
    }

    /// The id of the device with this key.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        DeviceId::of(&self.public_key())
    }
}

impl Signer for Ed25519Signer {
    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn sign(&self, payload: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.key.sign(payload).to_bytes())
    }
}

/// Shows whose key it is, not the key.
impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer").field("device_id", &self.device_id()).finish_non_exhaustive()
    }
}

/// A text is not the seed of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a seed is 32 bytes in base64url without padding")]
pub struct SeedError;
