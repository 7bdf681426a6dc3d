//! Credentials of a connect.

use alloc::string::String;

use crate::secret::Secret;

/// The `auth` object of a connect. A blank credential counts as absent; with none at all the object is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// The gateway's shared token.
    pub token: Option<Secret>,
    /// The gateway's password.
    pub password: Option<Secret>,
    /// A token issued to this device.
    pub device_token: Option<Secret>,
    /// A single-use token from a setup code.
    pub bootstrap_token: Option<Secret>,
}

impl Auth {
    /// The shared token alone.
    #[must_use]
    pub fn token(token: impl Into<Secret>) -> Self {
        Self { token: Some(token.into()), ..Self::default() }
    }

    /// The password alone.
    #[must_use]
    pub fn password(password: impl Into<Secret>) -> Self {
        Self { password: Some(password.into()), ..Self::default() }
    }

    /// Whether there is no credential in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields().all(|(_, secret)| secret.is_none())
    }

    /// The wire's field names with what is to be sent.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        fn present(secret: Option<&Secret>) -> Option<&str> {
            secret.filter(|secret| !secret.is_blank()).map(Secret::expose)
        }
        [
            ("token", present(self.token.as_ref())),
            ("bootstrapToken", present(self.bootstrap_token.as_ref())),
            ("deviceToken", present(self.device_token.as_ref())),
            ("password", present(self.password.as_ref())),
        ]
        .into_iter()
    }
}

/// The `device` object of a connect: a device's proof that it holds its key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Lower-case hexadecimal SHA-256 of the raw public key.
    pub id: String,
    /// The raw Ed25519 public key, base64url without padding.
    pub public_key: String,
    /// The signature, base64url without padding.
    pub signature: String,
    /// The challenge's `ts`, in milliseconds.
    pub signed_at: u64,
    /// The challenge's nonce.
    pub nonce: String,
}
