//! Credentials of a connect.

use crate::secret::Secret;
use crate::trim::trim;

/// The credentials an application gives. A blank one counts as absent, and white space around one is not part of it.
/// [`choose`](crate::credentials::choose) says which of them a connect shows.
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
    /// Whether the bootstrap token is shown instead of everything else, until it has led to a hello. For the first
    /// connect after a setup code was read; a program that starts again has a stored token by then.
    pub prefer_bootstrap: bool,
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

    /// The same without blank credentials and without white space around the others.
    pub(crate) fn trimmed(&self) -> Self {
        let present = |secret: &Option<Secret>| secret.as_ref().filter(|s| !s.is_blank()).map(Secret::trimmed);
        Self {
            token: present(&self.token),
            password: present(&self.password),
            device_token: present(&self.device_token),
            bootstrap_token: present(&self.bootstrap_token),
            prefer_bootstrap: self.prefer_bootstrap,
        }
    }

    /// The wire's field names with what is to be sent.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        fn present(secret: Option<&Secret>) -> Option<&str> {
            secret.map(|secret| trim(secret.expose())).filter(|secret| !secret.is_empty())
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
