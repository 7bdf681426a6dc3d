//! A store that ends with the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_proto::Secret;

use super::{CredentialStore, DeviceSeed, StoreError, StoredToken, TokenKey};

/// Keeps credentials for as long as it lives: for tests, and for programs that keep them elsewhere.
///
/// None of its operations fails or blocks.
#[derive(Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    seed: Option<DeviceSeed>,
    tokens: BTreeMap<TokenKey, StoredToken>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialStore for MemoryStore {
    fn load_seed(&self) -> Result<Option<DeviceSeed>, StoreError> {
        Ok(self.lock().seed.clone())
    }

    fn save_seed_if_absent(&self, seed: &DeviceSeed) -> Result<DeviceSeed, StoreError> {
        Ok(self.lock().seed.get_or_insert_with(|| seed.clone()).clone())
    }

    fn forget_seed(&self) -> Result<(), StoreError> {
        self.lock().seed = None;
        Ok(())
    }

    fn load_token(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.lock().tokens.get(key).cloned())
    }

    fn save_token(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        self.lock().tokens.insert(key.clone(), token.clone());
        Ok(())
    }

    fn clear_token(&self, key: &TokenKey, only: Option<&Secret>) -> Result<bool, StoreError> {
        let mut kept = self.lock();
        let meant = kept.tokens.get(key).is_some_and(|kept| only.is_none_or(|only| kept.token == *only));
        if meant {
            kept.tokens.remove(key);
        }
        Ok(meant)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.lock();
        f.debug_struct("MemoryStore").field("seed", &kept.seed).field("tokens", &kept.tokens.len()).finish()
    }
}
