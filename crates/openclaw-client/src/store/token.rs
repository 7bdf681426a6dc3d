//! A stored token.

use openclaw_proto::Secret;
use openclaw_proto::connect::{Role, Scope};

/// A token that a gateway issued to this device, with what it said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: Secret,
    /// The role the gateway named. It may name another one than was asked for, so it is not always the key's.
    pub role: Role,
    /// The scopes it carries. Asking for more with this token is refused.
    pub scopes: Vec<Scope>,
    /// When it was issued, in Unix milliseconds by the gateway's clock, if the gateway said so.
    pub issued_at_ms: Option<u64>,
}

impl StoredToken {
    /// A token of which only the role is known.
    #[must_use]
    pub fn new(token: impl Into<Secret>, role: Role) -> Self {
        Self { token: token.into(), role, scopes: Vec::new(), issued_at_ms: None }
    }

    /// The same token with scopes.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// The same token with the time of its issue, in Unix milliseconds.
    #[must_use]
    pub fn with_issued_at_ms(mut self, at: impl Into<Option<u64>>) -> Self {
        self.issued_at_ms = at.into();
        self
    }
}
