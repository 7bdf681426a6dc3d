//! Who connects: a device and where its key and tokens are kept.

use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::Client as Core;
use openclaw_proto::ClientConfig;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};

use super::{BuildError, Builder};
use crate::Text;
use crate::call::Waiter;
use crate::keeper::Keeper;
use crate::store::{CredentialStore, DeviceSeed, StoreError};

/// What the caller said of the device.
#[derive(Default)]
pub(super) struct Identity {
    device: Option<DeviceIdentity>,
    store: Option<Arc<dyn CredentialStore>>,
    pairing_poll: Option<Duration>,
}

impl<R> Builder<R> {
    /// Connects as this device: its key signs the challenge. Nodes need one; operators without one lose their scopes, except
    /// on the gateway's own machine.
    #[must_use]
    pub fn device(mut self, device: DeviceIdentity) -> Self {
        self.identity.device = Some(device);
        self
    }

    /// Keeps the tokens that gateways issue to the device here, and shows them where they count. Without a
    /// [`device`](Self::device) the device's own key is kept here too: made at the first use, and the same from then on.
    ///
    /// A store that fails later costs no connection: it is told as [`Notice::Store`](openclaw_proto::Notice::Store).
    #[must_use]
    pub fn store(mut self, store: impl CredentialStore + 'static) -> Self {
        self.identity.store = Some(Arc::new(store));
        self
    }

    /// The same with a store that others use too.
    #[must_use]
    pub fn shared_store(mut self, store: Arc<dyn CredentialStore>) -> Self {
        self.identity.store = Some(store);
        self
    }

    /// Asks this often (but no faster than every 30 s) whether a pairing that waits for an operator has been approved.
    /// Default: the client pauses until a nudge, unless the gateway wants to be asked.
    #[must_use]
    pub fn pairing_poll(mut self, every: Duration) -> Self {
        self.identity.pairing_poll = Some(every);
        self
    }
}

impl Identity {
    /// Settles who the device is.
    pub(super) fn configure(&mut self, config: &mut ClientConfig) -> Result<(), BuildError> {
        config.pairing_poll = self.pairing_poll;
        config.device = match (self.device.take(), &self.store) {
            (Some(device), _) => Some(device),
            (None, Some(store)) => Some(own_device(&**store)?),
            (None, None) => None,
        };
        Ok(())
    }

    /// Has the core know the stored token, and somebody keep those to come. A token that cannot be read is no reason not to
    /// connect: there may be another credential.
    pub(super) fn equip(self, core: &mut Core<Waiter, Text>) -> Option<Keeper> {
        let store = self.store?;
        let mut failed = None;
        if let Some(key) = core.token_key() {
            match store.load_token(&key) {
                Ok(token) => core.set_stored_token(token),
                Err(error) => failed = Some(error),
            }
        }
        Some(Keeper::new(store, failed))
    }
}

/// The device whose key is in a store, made now if there is none yet.
fn own_device(store: &dyn CredentialStore) -> Result<DeviceIdentity, StoreError> {
    let seed = match store.load_seed()? {
        Some(seed) => seed,
        None => store.save_seed_if_absent(&DeviceSeed::generate()?)?,
    };
    Ok(DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(seed.expose()))))
}
