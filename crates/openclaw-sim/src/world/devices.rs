//! Devices: how gateways come to know them, and what their operators do.

use std::time::Duration;

use openclaw_testkit::KnownDevice;

use super::{Ended, World};
use crate::script::{Device, DeviceLoss};

/// What the token of a device is for.
const ROLE: &str = "operator";

impl World {
    /// Every gateway knows the devices that have been paired before.
    pub(super) fn introduce(&mut self) {
        let now = self.world_clock();
        for host in self.hosts.iter().filter(|host| host.spec.device == Device::Known) {
            let (Some(device), Some(stored)) = (host.identity(), host.known_token()) else { continue };
            let known = KnownDevice::new(device.public_key_text())
                .operator(["operator.read", "operator.write"])
                .token(stored.token);
            for site in &mut self.sites {
                site.core.pair(now, &known);
            }
        }
    }

    /// A gateway's operator takes something from a device. Says whether there was anything to take.
    pub(super) fn bereave(&mut self, client: usize, loss: DeviceLoss) -> bool {
        let now = self.world_clock();
        let Some(host) = self.hosts.get(client) else { return false };
        let (Some(device), gateway) = (host.identity().map(|device| device.id().to_string()), host.gateway) else {
            return false;
        };
        let Some(site) = self.sites.get_mut(gateway) else { return false };
        let took = match loss {
            DeviceLoss::TokenRotated => site.core.rotate_token(now, &device, ROLE).is_some(),
            DeviceLoss::TokenRevoked => site.core.revoke_token(now, &device, ROLE),
            DeviceLoss::Removed => site.core.remove_device(now, &device),
        };
        self.serve(gateway);
        took
    }

    /// Somebody will look at the pairings that wait at a gateway.
    pub(super) fn notice_pairings(&mut self, gateway: usize) {
        let Some(site) = self.sites.get_mut(gateway) else { return };
        let Some(delay) = site.approval else { return };
        let new: Vec<String> = site.core.pending_pairings().into_iter().map(|pending| pending.request_id).collect();
        for id in new {
            if self.sites.get_mut(gateway).is_some_and(|site| site.noticed.insert(id.clone())) {
                self.ends(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ended::Pairing(gateway, id));
            }
        }
    }

    /// Somebody approves a pairing.
    pub(super) fn approve(&mut self, gateway: usize, request: &str) {
        let now = self.world_clock();
        let Some(site) = self.sites.get_mut(gateway) else { return };
        site.noticed.remove(request);
        if site.core.approve(now, request) {
            self.coverage.struck("PairingDelay");
        }
        self.serve(gateway);
    }

    /// Users who are asked give the shared token where only the device's own was shown.
    pub(super) fn ask_users(&mut self) {
        for host in self.hosts.iter_mut().filter(|host| host.spec.device == Device::Known) {
            host.give_shared_token();
        }
    }
}

/// How long an approval takes, if pairings have to be approved.
pub(super) fn approval(ms: u64) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(ms))
}
