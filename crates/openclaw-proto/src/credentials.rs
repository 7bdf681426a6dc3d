//! Which credential a connect shows and which scopes it asks for: one pure function, [`choose`].
//!
//! | in hand | `token` | `password` | `deviceToken` | `bootstrapToken` | signed |
//! |---|---|---|---|---|---|
//! | a bootstrap token that is preferred | | | | sent | bootstrap token |
//! | a shared token or a password | sent | sent | | | shared token |
//! | the same, and a device token given explicitly | sent | sent | sent | | shared token, else device token |
//! | the same, a stored token and the one retry allowed | sent | sent | stored | | shared token, else stored token |
//! | a device token given explicitly | | | sent | | device token |
//! | a stored token, with or without a bootstrap token | | | stored | | stored token |
//! | a bootstrap token alone | | | | sent | bootstrap token |
//!
//! A device token goes into `deviceToken` only: gateways also take it as `token`, but a bad one then counts twice
//! against the limit of failed attempts. A password is never signed.

use alloc::vec::Vec;

use crate::connect::{Auth, ClientId, Role, Scope};
use crate::device::DeviceId;
use crate::gateway_key::GatewayKey;
use crate::secret::Secret;
use crate::url::GatewayUrl;

/// A token that a gateway has issued to this device earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: Secret,
    /// Its scopes; they are what a connect with it asks for unless told otherwise.
    pub scopes: Vec<Scope>,
    /// When it was issued, in Unix milliseconds, where the gateway says.
    pub issued_at_ms: Option<u64>,
}

impl StoredToken {
    /// A token with its scopes.
    #[must_use]
    pub fn new(token: impl Into<Secret>, scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self { token: token.into(), scopes: scopes.into_iter().collect(), issued_at_ms: None }
    }

    /// The same, with the time it was issued at.
    #[must_use]
    pub fn issued_at(mut self, unix_ms: Option<u64>) -> Self {
        self.issued_at_ms = unix_ms;
        self
    }
}

/// Under what a token has to be stored: a device has one for each role and kind of client at each gateway. A store that
/// leaves the gateway out sends one gateway's token to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct TokenKey {
    /// The gateway that issued it.
    pub gateway: GatewayKey,
    /// The device.
    pub device: DeviceId,
    /// The role.
    pub role: Role,
    /// The kind of client that uses it.
    pub client: ClientId,
}

impl TokenKey {
    /// The key of the token that a device uses at a gateway.
    #[must_use]
    pub fn new(gateway: &GatewayUrl, device: DeviceId, role: Role, client: ClientId) -> Self {
        Self { gateway: GatewayKey::new(gateway), device, role, client }
    }
}

/// Everything the choice depends on.
#[derive(Clone, Copy, Debug)]
pub struct Holdings<'a> {
    /// What was configured. Blank credentials count as absent, white space around one is not part of it.
    pub auth: &'a Auth,
    /// The token issued to this device earlier; none without a device.
    pub stored: Option<&'a StoredToken>,
    /// The gateway has refused the shared token, and the stored token may be shown beside it once.
    pub retry_armed: bool,
    /// The stored token may be shown to whoever answers at this address: it is this machine, or TLS with a pinned
    /// certificate.
    pub endpoint_trusted: bool,
    /// The bootstrap token has led to a hello; it works once.
    pub bootstrap_spent: bool,
    /// The role asked for.
    pub role: &'a Role,
    /// The scopes to ask for, if the application says.
    pub scopes: Option<&'a [Scope]>,
}

/// What to show and what to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// What goes into `auth`.
    pub auth: Auth,
    /// The scopes to ask for.
    pub scopes: Vec<Scope>,
    /// Whether the device token in it is the stored one.
    pub uses_stored: bool,
}

impl Choice {
    /// The token a device signs, which is the one the gateway looks at first.
    #[must_use]
    pub fn signed_token(&self) -> Option<&Secret> {
        let auth = &self.auth;
        auth.token.as_ref().or(auth.device_token.as_ref()).or(auth.bootstrap_token.as_ref())
    }
}

/// The scopes asked for when nobody says which: looking for operators, none for anybody else.
#[must_use]
pub fn default_scopes(role: &Role) -> Vec<Scope> {
    match role {
        Role::Operator => Vec::from([Scope::Read]),
        _ => Vec::new(),
    }
}

/// Chooses by the table above.
#[must_use]
pub fn choose(has: &Holdings<'_>) -> Choice {
    let mut auth = has.auth.trimmed();
    let stored = has.stored.filter(|stored| !stored.token.is_blank());
    let preferred = auth.prefer_bootstrap && auth.bootstrap_token.is_some();
    if preferred && !has.bootstrap_spent {
        auth = Auth { bootstrap_token: auth.bootstrap_token, ..Auth::default() };
        return Choice { auth, scopes: scopes(has, None), uses_stored: false };
    }
    if has.bootstrap_spent {
        auth.bootstrap_token = None;
        if preferred && stored.is_some() {
            // What the bootstrap token was preferred to is not gone back to.
            (auth.token, auth.password) = (None, None);
        }
    }
    let shared = auth.token.is_some() || auth.password.is_some();
    let retry = has.retry_armed && has.endpoint_trusted;
    let stored = stored.filter(|_| auth.device_token.is_none() && (retry || !shared));
    if let Some(stored) = stored {
        auth.device_token = Some(stored.token.trimmed());
    }
    if shared || auth.device_token.is_some() {
        auth.bootstrap_token = None;
    }
    Choice { scopes: scopes(has, stored), auth, uses_stored: stored.is_some() }
}

fn scopes(has: &Holdings<'_>, stored: Option<&StoredToken>) -> Vec<Scope> {
    let stored = stored.map(|stored| stored.scopes.as_slice()).filter(|scopes| !scopes.is_empty());
    has.scopes.or(stored).map_or_else(|| default_scopes(has.role), <[Scope]>::to_vec)
}
