//! Text that must not be shown.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroize;

use crate::trim::trim;

/// A credential. `Debug` says that it is there and nothing else; there is no `Display`. Its memory is overwritten when it
/// is dropped.
///
/// # Copies that are not overwritten
///
/// The gateway needs the credential in clear, so it is also in the text of the `connect` frame
/// ([`Transmit::text`](crate::Transmit)) and what that text outgrew while it was written, and in the buffers of the
/// transport and of TLS; a token that the gateway issues is in the text of its answer and in
/// [`Hello::raw`](crate::connect::Hello::raw). Those are freed like any memory. The payload of a device's signature is
/// overwritten, and so is what a recorder remembers; a signer may keep copies of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a credential. Surrounding white space is not removed.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The credential in clear. The name is long so that a reviewer sees it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing but white space is in it; such a credential counts as absent.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        trim(&self.0).is_empty()
    }

    /// Without the white space around it: a token read from a file often ends with a line end.
    #[must_use]
    pub(crate) fn trimmed(&self) -> Self {
        Self(trim(&self.0).into())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}
