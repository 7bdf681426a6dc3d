//! The devices of a gateway on a port.

use openclaw_proto::Secret;

use super::Server;
use crate::devices::{DeviceToken, KnownDevice, PairedDevice, PendingPairing};
use crate::pairing::Setup;

impl Server {
    /// Makes a device known, or lets one have more; gives it with its tokens.
    pub fn pair(&self, device: &KnownDevice) -> Option<PairedDevice> {
        self.with(|core, now| core.pair(now, device))
    }

    /// The devices that are known, those approved last first.
    #[must_use]
    pub fn devices(&self) -> Vec<PairedDevice> {
        self.with(|core, _| core.devices())
    }

    /// The device of that id.
    #[must_use]
    pub fn device(&self, device_id: &str) -> Option<PairedDevice> {
        self.with(|core, _| core.device(device_id))
    }

    /// The devices that wait for their approval, the newest first.
    #[must_use]
    pub fn pending_pairings(&self) -> Vec<PendingPairing> {
        self.with(|core, _| core.pending_pairings())
    }

    /// Waits until `count` devices wait for their approval, and gives them.
    pub async fn pairing_requested(&self, count: usize) -> Vec<PendingPairing> {
        self.shared
            .until(|state| {
                let pending = state.core.pending_pairings();
                (pending.len() >= count).then_some(pending)
            })
            .await
    }

    /// Approves a device, as an admin would; says whether there was such a request.
    pub fn approve(&self, request_id: &str) -> bool {
        self.with(|core, now| core.approve(now, request_id))
    }

    /// Turns a device down; says whether there was such a request.
    pub fn reject(&self, request_id: &str) -> bool {
        self.with(|core, now| core.reject(now, request_id))
    }

    /// Replaces a device's token for a role; its connections in that role are closed with 4001. None if there is no such
    /// device or role.
    pub fn rotate_token(&self, device_id: &str, role: &str) -> Option<DeviceToken> {
        self.with(|core, now| core.rotate_token(now, device_id, role))
    }

    /// Withdraws a device's token for a role; its connections in that role are closed with 4001. Says whether there was
    /// one.
    pub fn revoke_token(&self, device_id: &str, role: &str) -> bool {
        self.with(|core, now| core.revoke_token(now, device_id, role))
    }

    /// Forgets a device; its connections are closed with 4001. Says whether it was known.
    pub fn remove_device(&self, device_id: &str) -> bool {
        self.with(|core, now| core.remove_device(now, device_id))
    }

    /// Makes a bootstrap token, as it is in a setup code: a new device gets in by it, once.
    #[must_use]
    pub fn bootstrap_token(&self, setup: Setup) -> Secret {
        self.with(|core, now| core.bootstrap_token(now, setup))
    }
}
