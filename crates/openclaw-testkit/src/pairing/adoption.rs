//! Devices that a test makes known.

use super::approval::fresh_token;
use super::device::{Device, Facts};
use super::{Pairing, scopes};
use crate::base64;
use crate::devices::KnownDevice;
use crate::proof;
use crate::rng::Rng;

impl Pairing {
    /// Knows a device from now on; gives its id. What it has been approved for before, it keeps.
    pub(crate) fn adopt(&mut self, known: &KnownDevice, now: u64, rng: &mut Rng) -> String {
        let key = proof::public_key(&known.public_key).unwrap_or_default();
        let id = proof::device_id(&key);
        let before = self.devices.remove(&id);
        let (client_id, client_mode) = known.client.clone().unzip();
        let mut device = before.unwrap_or_else(|| Device {
            id: id.clone(),
            public_key: base64::encode(&key),
            facts: Facts::default(),
            label: None,
            role: String::new(),
            roles: Vec::new(),
            scopes: Vec::new(),
            tokens: std::collections::BTreeMap::new(),
            approved_via: "owner",
            created_at: now,
            approved_at: now,
            last_seen: None,
        });
        device.facts = Facts {
            display_name: known.display_name.clone(),
            platform: known.platform.clone(),
            device_family: known.device_family.clone(),
            client_id,
            client_mode,
            remote_ip: None,
        };
        let mut preset = known.token.as_ref();
        for (role, asked) in &known.roles {
            let mut token = fresh_token(role, scopes::normal(asked), device.tokens.get(role), now, rng);
            if let Some(preset) = preset.take() {
                preset.expose().clone_into(&mut token.token);
            }
            device.tokens.insert(role.clone(), token);
            device.roles = scopes::merged([device.roles.as_slice(), std::slice::from_ref(role)]);
            device.scopes = scopes::merged([device.scopes.as_slice(), asked]);
            device.role.clone_from(role);
        }
        device.approved_at = now;
        self.devices.insert(id.clone(), device);
        id
    }
}
