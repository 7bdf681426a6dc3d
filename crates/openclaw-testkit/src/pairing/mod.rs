//! The devices a gateway knows, and those that ask to be known. Times are those of the gateway's wall clock, in
//! milliseconds.

mod adoption;
mod approval;
mod device;
mod request;
pub(crate) mod scopes;
mod setup;
mod tokens;

use std::collections::BTreeMap;

pub(crate) use approval::{Approval, Approver};
pub(crate) use device::{Device, Facts, Token};
pub(crate) use request::{Ask, Request};
pub use setup::Setup;
pub(crate) use setup::{Code, Profile};
pub(crate) use tokens::TokenFault;

use crate::limits::GatewayLimits;
use crate::reply::millis;

/// How old the approval of a device must be before another one of its kind takes its place.
const GRACE: u64 = 60_000;

/// All devices.
#[derive(Debug)]
pub(crate) struct Pairing {
    v4: bool,
    /// In the order in which they came.
    pending: Vec<Request>,
    pub(crate) devices: BTreeMap<String, Device>,
    setups: Vec<Code>,
    request_lifetime: u64,
    setup_lifetime: u64,
}

impl Pairing {
    pub(crate) fn new(v4: bool, limits: &GatewayLimits) -> Self {
        Self {
            v4,
            pending: Vec::new(),
            devices: BTreeMap::new(),
            setups: Vec::new(),
            request_lifetime: millis(limits.pairing_request),
            setup_lifetime: millis(limits.setup_code),
        }
    }

    /// Forgets what has waited too long.
    pub(crate) fn expire(&mut self, now: u64) {
        let (v4, request_lifetime, setup_lifetime) = (self.v4, self.request_lifetime, self.setup_lifetime);
        self.pending.retain(|request| {
            let since = if v4 { request.refreshed_at } else { request.at };
            now.saturating_sub(since) <= request_lifetime
        });
        self.setups.retain(|code| code.is_alive(now, setup_lifetime));
    }

    /// The device of that id, if its key is this one.
    pub(crate) fn known(&self, id: &str, public_key: &str) -> Option<&Device> {
        self.devices.get(id).filter(|device| device.public_key == public_key)
    }

    /// The devices, those approved last first.
    pub(crate) fn paired(&self) -> Vec<&Device> {
        let mut paired: Vec<&Device> = self.devices.values().collect();
        paired.sort_by_key(|device| std::cmp::Reverse(device.approved_at));
        paired
    }

    /// Forgets a device, and what it asks for.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Device> {
        let device = self.devices.remove(id)?;
        self.pending.retain(|request| request.device_id != id);
        Some(device)
    }

    /// Forgets the devices whose place one that has just been paired without being asked takes: those of the same client
    /// that were paired in the same way some time ago and are not here. Programs without a memory would fill the list.
    pub(crate) fn prune(&mut self, id: &str, now: u64, is_here: impl Fn(&str) -> bool) -> Vec<Device> {
        let kind = |device: &Device| {
            let lowered = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_lowercase();
            let facts = &device.facts;
            [lowered(&facts.client_id), lowered(&facts.client_mode), lowered(&facts.display_name)]
        };
        let Some(new) = self.devices.get(id).filter(|device| device.approved_via == "silent").map(kind) else {
            return Vec::new();
        };
        let is_old = |device: &&Device| {
            device.id != id
                && device.approved_via == "silent"
                && kind(device) == new
                && now.saturating_sub(device.approved_at) >= GRACE
                && !is_here(&device.id)
        };
        let old: Vec<String> = self.devices.values().filter(is_old).map(|device| device.id.clone()).collect();
        old.iter().filter_map(|id| self.remove(id)).collect()
    }
}
