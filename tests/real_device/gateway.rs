//! The gateways, and clients for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use openclaw_proto::connect::{ClientId, ClientInfo, ClientMode, Scope};
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};
use openclaw_proto::{ClientConfig, Output, PairingReason, State};
use openclaw_tests::{RealGateway, real_gateways};
use serde_json::json;

use crate::live::Live;

/// A gateway that `cargo xtask` has started.
pub struct Gateway(RealGateway);

impl std::ops::Deref for Gateway {
    type Target = RealGateway;

    fn deref(&self) -> &RealGateway {
        &self.0
    }
}

pub fn gateways() -> Vec<Gateway> {
    real_gateways().into_iter().map(Gateway).collect()
}

/// A device nobody has seen before.
pub fn signer() -> Ed25519Signer {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let mut seed = *b"seed of a device in a real test.";
    seed[0] = COUNT.fetch_add(1, Ordering::Relaxed);
    seed[1..5].copy_from_slice(&std::process::id().to_le_bytes());
    Ed25519Signer::from_seed(&seed)
}

/// The same as an identity.
pub fn device() -> DeviceIdentity {
    DeviceIdentity::new(Arc::new(signer()))
}

impl Gateway {
    /// A device that shows the shared token.
    pub fn client(&self, device: &DeviceIdentity, configure: impl FnOnce(&mut ClientConfig)) -> Live {
        Live::new(&self.url, |c| {
            c.device = Some(device.clone());
            c.connect.client = ClientInfo::new(ClientId::Cli, ClientMode::Cli);
            c.connect.auth.token = Some(self.token.as_str().into());
            configure(c);
        })
    }

    /// A paired device and its token.
    pub fn paired(&self, scopes: &[Scope]) -> (DeviceIdentity, StoredToken) {
        let device = device();
        let mut live = self.client(&device, |c| c.connect.scopes = Some(scopes.to_vec()));
        self.admit(&mut live);
        (device, issued(&live).unwrap_or_else(|| panic!("{}: no token: {:?}", self.version, live.told)))
    }

    /// Connects, with an operator's approval if the gateway is set to want one.
    pub fn admit(&self, live: &mut Live) {
        let state = live.start();
        if let Some(request) = state.pairing() {
            assert_eq!(request.reason, Some(PairingReason::NotPaired));
            let id = request.request_id.expect("an id");
            self.operator().call("device.pair.approve", &json!({"requestId": id})).expect("approved");
            ready(self, &live.nudge());
        } else {
            ready(self, &state);
        }
    }

    /// A paired device that connects with its token alone.
    pub fn with_token(
        &self,
        (device, token): &(DeviceIdentity, StoredToken),
        change: impl FnOnce(&mut ClientConfig),
    ) -> Live {
        let mut live = self.client(device, |c| {
            c.connect.auth.token = None;
            change(c);
        });
        live.core.set_stored_token(Some(token.clone()));
        live
    }

    /// Whoever decides pairings.
    pub fn operator(&self) -> Live {
        let mut live = Live::new(&self.url, |c| {
            c.connect.auth.token = Some(self.token.as_str().into());
            c.connect.scopes = Some(vec![Scope::Admin, Scope::Pairing]);
        });
        ready(self, &live.start());
        live
    }
}

/// The token issued last.
pub fn issued(live: &Live) -> Option<StoredToken> {
    live.told.iter().rev().find_map(|output| match output {
        Output::TokenIssued { token, .. } => Some(token.clone()),
        _ => None,
    })
}

/// The client got in.
pub fn ready(gateway: &Gateway, state: &State) {
    assert!(matches!(state, State::Ready { .. }), "{}: {state:?}", gateway.version);
}
