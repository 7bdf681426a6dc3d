#![doc = include_str!("../../docs/store.md")]

mod error;
mod location;
mod memory;
mod seed;

#[cfg(any(unix, windows))]
mod file;
#[cfg(any(unix, windows))]
mod format;
#[cfg(any(unix, windows))]
mod identity;
#[cfg(any(unix, windows))]
mod lock;
#[cfg(any(unix, windows))]
mod permissions;
#[cfg(any(unix, windows))]
mod reading;
#[cfg(any(unix, windows))]
mod replace;
#[cfg(test)]
mod temp_dir;
#[cfg(any(unix, windows))]
mod tokens;

pub use openclaw_proto::GatewayKey;
use openclaw_proto::Secret;
pub use openclaw_proto::credentials::{StoredToken, TokenKey};

pub use error::StoreError;
#[cfg(any(unix, windows))]
pub use file::FileStore;
pub use location::{STATE_DIR_VAR, default_dir};
pub use memory::MemoryStore;
pub use seed::DeviceSeed;
#[cfg(any(unix, windows))]
pub use tokens::KeptToken;

/// Where a device keeps its seed and the tokens that gateways issued to it.
///
/// Operations may block on files and on other processes. They are synchronous: asynchronous callers run them where
/// blocking is allowed.
///
/// What an implementation must hold to: each operation happens as a whole or not at all, also next to other threads and
/// processes; a token of one [`TokenKey`] is never given for another; and what cannot be read is reported and not
/// overwritten.
pub trait CredentialStore: Send + Sync {
    /// The device's seed, if it has one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn load_seed(&self) -> Result<Option<DeviceSeed>, StoreError>;

    /// Keeps the seed unless there is one, and returns the one that is kept. Of several processes that start at once, all
    /// get the same.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    fn save_seed_if_absent(&self, seed: &DeviceSeed) -> Result<DeviceSeed, StoreError>;

    /// Removes the seed. This device is a new one from then on, and the tokens of the old one are of no use to it.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    fn forget_seed(&self) -> Result<(), StoreError>;

    /// The token kept for a key.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn load_token(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError>;

    /// Keeps a token in the place of the one that was kept for the key. Keeping the same again costs one look.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    fn save_token(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError>;

    /// Removes the token kept for a key; with `only`, if it is still that one. Returns whether it was there.
    ///
    /// A client whose token was refused gives the refused one: another process may have got a new one meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    fn clear_token(&self, key: &TokenKey, only: Option<&Secret>) -> Result<bool, StoreError>;
}
