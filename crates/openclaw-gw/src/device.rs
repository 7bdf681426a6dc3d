//! Who this program is to gateways: the stored identity and its tokens.

use std::sync::Arc;

use openclaw_client::Secret;
use openclaw_client::connect::{ClientId, Role};
use openclaw_client::device::{DeviceIdentity, Ed25519Signer};
use openclaw_client::store::{CredentialStore, DeviceSeed, FileStore, StoreError, TokenKey};

use crate::failure::Failure;
use crate::settings::Settings;

/// The device, with its identity made.
pub(crate) struct Device {
    pub(crate) store: FileStore,
    pub(crate) identity: DeviceIdentity,
    key: TokenKey,
    /// The token it had when the program started.
    pub(crate) token: Option<Secret>,
}

/// The kind of client this program is, in a role.
pub(crate) fn client_id(role: &Role) -> ClientId {
    match role {
        Role::Node => ClientId::NodeHost,
        _ => openclaw_client::connect::ClientInfo::default().id,
    }
}

/// The identity of a seed.
pub(crate) fn identity(seed: &DeviceSeed) -> DeviceIdentity {
    DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(seed.expose())))
}

impl Device {
    /// Opens the store and makes the identity if there is none; none if the user wants no device. May block.
    pub(crate) fn open(settings: &Settings) -> Result<Option<Self>, Failure> {
        if !settings.device {
            return Ok(None);
        }
        // An address that cannot be used is told before anything is made.
        let address = settings.address().map_err(|error| Failure::url(&error))?;
        let made = || -> Result<Self, StoreError> {
            let store = FileStore::of_user()?;
            let seed = match store.load_seed()? {
                Some(seed) => seed,
                None => store.save_seed_if_absent(&DeviceSeed::generate()?)?,
            };
            let identity = identity(&seed);
            let role = settings.role.clone();
            let key = TokenKey::new(&address, identity.id().clone(), role.clone(), client_id(&role));
            let token = store.load_token(&key)?.map(|stored| stored.token);
            Ok(Self { store, identity, key, token })
        };
        made().map(Some).map_err(|error| Failure::store(&error))
    }

    /// Whether there is a token now.
    pub(crate) fn has_token(&self) -> Result<bool, Failure> {
        self.store.load_token(&self.key).map(|token| token.is_some()).map_err(|error| Failure::store_alone(&error))
    }
}
