//! What a test does to the gateway's devices, and what comes of it for their connections.

use openclaw_proto::{Now, Secret};
use serde_json::json;

use super::upgrades::Decision;
use super::{GatewayCore, PeerId};
use crate::devices::{DeviceToken, KnownDevice, PairedDevice, PendingPairing};
use crate::pairing::{Approval, Approver, Setup};

impl GatewayCore {
    /// Makes a device known, or lets one have more; gives it with its tokens.
    pub fn pair(&mut self, now: Now, device: &KnownDevice) -> Option<PairedDevice> {
        self.now = now;
        let id = self.pairing.adopt(device, now.unix.0, &mut self.rng);
        self.pairing.devices.get(&id).map(PairedDevice::from)
    }

    /// The devices that are known, those approved last first.
    #[must_use]
    pub fn devices(&self) -> Vec<PairedDevice> {
        self.pairing.paired().into_iter().map(PairedDevice::from).collect()
    }

    /// The device of that id.
    #[must_use]
    pub fn device(&self, device_id: &str) -> Option<PairedDevice> {
        self.pairing.devices.get(device_id).map(PairedDevice::from)
    }

    /// The devices that wait for their approval, the newest first.
    #[must_use]
    pub fn pending_pairings(&self) -> Vec<PendingPairing> {
        self.pairing.requests().map(PendingPairing::from).collect()
    }

    /// Approves a device, as an admin would; says whether there was such a request.
    pub fn approve(&mut self, now: Now, request_id: &str) -> bool {
        self.now = now;
        let scopes = ["operator.admin".to_owned()];
        let approver = Approver { scopes: &scopes, via: "owner", here: None };
        let approval = self.pairing.approve(request_id, &approver, now.unix.0, &mut self.rng);
        let Approval::Approved(device) = approval else { return false };
        self.approved(request_id, &device.id);
        true
    }

    /// Turns a device down; says whether there was such a request.
    pub fn reject(&mut self, now: Now, request_id: &str) -> bool {
        self.now = now;
        let Some(device) = self.pairing.reject(request_id, now.unix.0) else { return false };
        self.rejected(request_id, &device);
        true
    }

    /// Replaces a device's token for a role; its connections in that role are closed with 4001. None if there is no such
    /// device or role.
    pub fn rotate_token(&mut self, now: Now, device_id: &str, role: &str) -> Option<DeviceToken> {
        self.now = now;
        let token = self.pairing.rotate(device_id, role, None, None, now.unix.0, &mut self.rng)?;
        self.disconnect_device(device_id, Some(role));
        self.close_removed();
        Some(DeviceToken::from(&token))
    }

    /// Withdraws a device's token for a role; its connections in that role are closed with 4001. Says whether there was
    /// one.
    pub fn revoke_token(&mut self, now: Now, device_id: &str, role: &str) -> bool {
        self.now = now;
        let revoked = self.pairing.revoke(device_id, role, None, now.unix.0).is_some();
        if revoked {
            self.disconnect_device(device_id, Some(role));
            self.close_removed();
        }
        revoked
    }

    /// Forgets a device; its connections are closed with 4001. Says whether it was known.
    pub fn remove_device(&mut self, now: Now, device_id: &str) -> bool {
        self.now = now;
        let removed = self.pairing.remove(device_id).is_some();
        if removed {
            self.disconnect_device(device_id, None);
            self.close_removed();
            self.settle_upgrades();
        }
        removed
    }

    /// Makes a bootstrap token, as it is in a setup code: a new device gets in by it, once.
    pub fn bootstrap_token(&mut self, now: Now, setup: Setup) -> Secret {
        self.now = now;
        let (token, _) = self.pairing.issue_setup(setup, None, now.unix.0, &mut self.rng);
        token.into()
    }

    /// A request has been approved.
    pub(crate) fn approved(&mut self, request: &str, device: &str) {
        self.decide_upgrade(request, Decision::Approved);
        self.pairing_resolved(request, device, "approved");
    }

    /// A request has been rejected.
    pub(crate) fn rejected(&mut self, request: &str, device: &str) {
        self.decide_upgrade(request, Decision::Rejected);
        self.pairing_resolved(request, device, "rejected");
    }

    /// Tells those who may pair what has become of a request.
    pub(crate) fn pairing_resolved(&mut self, request: &str, device: &str, decision: &str) {
        let payload = json!({
            "requestId": request,
            "deviceId": device,
            "decision": decision,
            "ts": self.now.unix.0,
        });
        self.send_event("device.pair.resolved", &payload, true);
    }

    /// The devices that have a connection.
    pub(crate) fn connected_devices(&self) -> impl Iterator<Item = String> {
        self.peers.values().filter_map(|peer| peer.session()?.device_id().map(str::to_owned))
    }

    /// Has the connections of a device closed, once whoever has asked for it has its answer.
    pub(crate) fn disconnect_device(&mut self, device: &str, role: Option<&str>) {
        self.removals.push((device.to_owned(), role.map(str::to_owned)));
    }

    /// Closes the connections of devices that have lost their authority.
    pub(crate) fn close_removed(&mut self) {
        for (device, role) in std::mem::take(&mut self.removals) {
            let is_meant = |peer: &super::Peer| {
                peer.session().is_some_and(|session| {
                    session.device_id() == Some(&device)
                        && role.as_deref().is_none_or(|role| session.role.as_str() == role)
                })
            };
            let meant: Vec<PeerId> = self.peers.iter().filter(|(_, peer)| is_meant(peer)).map(|(id, _)| *id).collect();
            meant.into_iter().for_each(|peer| self.close_peer(peer, 4001, "device removed"));
        }
    }
}
