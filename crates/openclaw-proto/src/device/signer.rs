//! What holds a device's key.

use alloc::string::String;
use core::fmt;

/// Holds an Ed25519 key and signs with it.
///
/// It is called while the core works on an input, so it should answer soon: an agent that asks a person belongs in
/// front of the client, not behind this trait.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The raw public key. It must not change.
    fn public_key(&self) -> [u8; 32];

    /// The pure Ed25519 signature (RFC 8032) of `payload`, which holds a credential in clear.
    ///
    /// # Errors
    /// When there is no signature. The client then pauses until it is nudged.
    fn sign(&self, payload: &[u8]) -> Result<[u8; 64], SignError>;
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SignError(String);

impl SignError {
    /// An error with a message for people. It is shown and recorded, so it must hold no secret.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
