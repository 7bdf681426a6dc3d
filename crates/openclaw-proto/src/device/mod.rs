//! A device's identity: an Ed25519 key whose holder the gateway knows again.
//!
//! Nodes need one; operators without one lose their scopes, except on the gateway's own machine. The gateway pairs
//! the device once and then issues it a token of its own.
//!
//! The key may be in memory (`Ed25519Signer`, feature `ed25519`), or in an agent or a chip behind a [`Signer`] of the
//! caller's. Nothing here draws random bytes: a key's seed comes from the caller.
//!
//! ```
//! # #[cfg(feature = "ed25519")] {
//! use std::sync::Arc;
//! use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};
//!
//! let signer = Ed25519Signer::from_seed(&[7; 32]); // from the operating system's random source, in life
//! let device = DeviceIdentity::new(Arc::new(signer));
//! assert_eq!(device.id().as_str().len(), 64);
//! # }
//! ```

mod base64url;
#[cfg(feature = "ed25519")]
mod ed25519;
mod id;
mod payload;
mod signer;

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

#[cfg(feature = "ed25519")]
pub use ed25519::{Ed25519Signer, SeedError};
pub use id::DeviceId;
pub use payload::{PayloadVersion, SigningPayload, normalise};
pub use signer::{SignError, Signer};

/// Who signs a connect, and what is signed.
#[derive(Clone)]
pub struct DeviceIdentity {
    signer: Arc<dyn Signer>,
    public_key: [u8; 32],
    id: DeviceId,
    payload: PayloadVersion,
}

impl DeviceIdentity {
    /// The identity of `signer`'s key, with payloads of version 3. The public key is asked for once.
    #[must_use]
    pub fn new(signer: Arc<dyn Signer>) -> Self {
        let public_key = signer.public_key();
        Self { signer, public_key, id: DeviceId::of(&public_key), payload: PayloadVersion::default() }
    }

    /// Signs payloads of another version.
    #[must_use]
    pub fn with_payload(mut self, version: PayloadVersion) -> Self {
        self.payload = version;
        self
    }

    /// The device's id.
    #[must_use]
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// The raw public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Which payload is signed.
    #[must_use]
    pub fn payload(&self) -> PayloadVersion {
        self.payload
    }

    /// The public key as it is sent: base64url without padding.
    #[must_use]
    pub fn public_key_text(&self) -> String {
        base64url::encode(&self.public_key)
    }

    /// The identity of which a log tells: its key is not there.
    pub(crate) fn recorded(public_key: &str) -> Option<Self> {
        Some(Self::new(Arc::new(Absent(base64url::decode(public_key)?))))
    }

    pub(crate) fn sign(&self, payload: &SigningPayload<'_>) -> Result<[u8; 64], SignError> {
        self.signer.sign(payload.text(self.payload).expose().as_bytes())
    }
}

/// Two are equal if the same signer signs the same for them: what two signers do with one key is theirs to know.
impl PartialEq for DeviceIdentity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.signer, &other.signer) && self.payload == other.payload
    }
}

impl Eq for DeviceIdentity {}

/// A signer's name for itself may say too much, so only the id is shown.
impl fmt::Debug for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceIdentity").field("id", &self.id).field("payload", &self.payload).finish_non_exhaustive()
    }
}

/// A key that is somewhere else.
#[derive(Debug)]
struct Absent([u8; 32]);

impl Signer for Absent {
    fn public_key(&self) -> [u8; 32] {
        self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Err(SignError::new("the key is not here"))
    }
}

/// The `device` object of a connect: the proof that its sender holds the key.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proof {
    id: String,
    public_key: String,
    signature: String,
    signed_at: u64,
    nonce: String,
}

impl Proof {
    pub(crate) fn new(device: &DeviceIdentity, signature: &[u8; 64], signed_at: u64, nonce: &str) -> Self {
        Self {
            id: device.id.as_str().into(),
            public_key: device.public_key_text(),
            signature: base64url::encode(signature),
            signed_at,
            nonce: nonce.into(),
        }
    }
}
