//! Whether a device is one of the gateway's, and may be what it wants to be.

use serde_json::json;

use super::GatewayCore;
use super::applicant::Applicant;
use super::connect::Refusal;
use crate::config::{AuthMode, Pairing};
use crate::errors::{self, PairingReason};
use crate::pairing::{Approval, Approver, Ask, Device, Profile, Setup, scopes};
use crate::proof::{self, Proven};

/// A device that is let in.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    /// It gets a token.
    pub(crate) has_baseline: bool,
    /// All that this setup code stands for is handed over.
    pub(crate) handoff: Option<Profile>,
}

/// A device that asks for more than it has.
struct Upgrade<'a> {
    applicant: &'a Applicant,
    device: &'a Proven,
    method: &'a str,
    reason: PairingReason,
    existing: Option<&'a Device>,
}

impl GatewayCore {
    /// Pairs a device or finds it paired.
    pub(crate) fn membership(
        &mut self,
        applicant: &Applicant,
        device: &Proven,
        method: &str,
    ) -> Result<Membership, Box<Refusal>> {
        let v4 = self.dialect.is_v4();
        let existing = self.pairing.devices.get(&device.id).cloned();
        let is_paired = existing.as_ref().is_some_and(|known| known.public_key == device.public_key);
        let by_itself = matches!(method, "device-token" | "token" | "password") || v4 && method == "none";
        let is_trusted = applicant.is_backend() && applicant.is_local && !applicant.from_page && by_itself;
        let is_own_page = applicant.is_operator_ui() && matches!(self.auth, AuthMode::None);
        if is_trusted || is_own_page {
            if !is_paired {
                return Ok(Membership { has_baseline: is_own_page || method != "device-token", handoff: None });
            }
            if v4 {
                self.seen(applicant, device);
                return Ok(Membership { has_baseline: true, handoff: None });
            }
        }
        let existing = existing.as_ref();
        let ask = |reason| Upgrade { applicant, device, method, reason, existing };
        let mut handoff = None;
        let Some(known) = existing.filter(|_| is_paired) else {
            let handoff = self.require_pairing(&ask(PairingReason::NotPaired))?;
            return Ok(Membership { has_baseline: true, handoff });
        };
        if self.has_changed(applicant, known) {
            handoff = self.require_pairing(&ask(PairingReason::MetadataUpgrade))?.or(handoff);
        }
        if !known.has_effective_role(applicant.role.as_str()) {
            handoff = self.require_pairing(&ask(PairingReason::RoleUpgrade))?.or(handoff);
        }
        if !scopes::allow(v4, applicant.role.as_str(), &applicant.scopes, &known.scopes) {
            handoff = self.require_pairing(&ask(PairingReason::ScopeUpgrade))?.or(handoff);
        }
        self.seen(applicant, device);
        if handoff.is_none() && method == "bootstrap-token" {
            handoff = self.setup_of(applicant, device).filter(|profile| self.is_made_for(applicant, profile));
        }
        Ok(Membership { has_baseline: true, handoff })
    }

    /// Notes that a paired device is here.
    fn seen(&mut self, applicant: &Applicant, device: &Proven) {
        let (v4, now) = (self.dialect.is_v4(), self.now.unix.0);
        let Some(known) = self.pairing.devices.get_mut(&device.id) else { return };
        known.facts.display_name.clone_from(&applicant.facts.display_name);
        known.facts.remote_ip.clone_from(&applicant.facts.remote_ip);
        if v4 {
            known.last_seen = Some((now, "connect"));
            if is_newer_system(applicant, known) {
                known.facts.platform.clone_from(&applicant.facts.platform);
            }
        } else {
            known.facts.client_id.clone_from(&applicant.facts.client_id);
            known.facts.client_mode.clone_from(&applicant.facts.client_mode);
        }
    }

    /// Whether a device has become another kind of thing since it was paired.
    fn has_changed(&self, applicant: &Applicant, known: &Device) -> bool {
        let differs = |before: &Option<String>, now: &Option<String>| {
            let before = proof::normal(before.as_deref());
            !before.is_empty() && before != proof::normal(now.as_deref())
        };
        let (before, now) = (&known.facts, &applicant.facts);
        let moved = differs(&before.platform, &now.platform);
        let excused = self.dialect.is_v4() && is_newer_system(applicant, known);
        moved && !excused || differs(&before.device_family, &now.device_family)
    }

    /// Files what a device asks for. Gives the profile of the setup code that has let it in, if one has; refuses it if
    /// somebody has to be asked.
    fn require_pairing(&mut self, upgrade: &Upgrade<'_>) -> Result<Option<Profile>, Box<Refusal>> {
        let Upgrade { applicant, device, reason, .. } = *upgrade;
        let (v4, now) = (self.dialect.is_v4(), self.now.unix.0);
        let setup = self.setup_for(upgrade);
        let silent = setup.is_some() || self.is_silent(upgrade);
        let mut asked = applicant.scopes.clone();
        if let Some(profile) = setup.as_ref().filter(|_| v4) {
            asked = profile.roles.iter().flat_map(|role| profile.handoff(role)).collect();
        }
        let filed = self.pairing.file(
            Ask {
                device_id: device.id.clone(),
                public_key: device.public_key.clone(),
                facts: applicant.facts.clone(),
                role: applicant.role.as_str().to_owned(),
                roles: setup.as_ref().map(|profile| profile.roles.clone()).unwrap_or_default(),
                scopes: asked,
                silent,
            },
            now,
            &mut self.rng,
        );
        if v4 {
            filed.superseded.iter().for_each(|id| self.pairing_resolved(id, &device.id, "rejected"));
            self.settle_upgrades();
        }
        let mut approved = false;
        if filed.request.silent {
            approved = self.approve_silently(upgrade, &filed.request.id, setup.as_ref());
        } else if filed.created {
            self.send_event("device.pair.requested", &filed.request.row(), true);
        }
        let waits = self.pairing.request(&filed.request.id).is_some();
        let is_let_in = self.pairing.known(&device.id, &device.public_key).is_some_and(|known| {
            let allowed = match &setup {
                Some(profile) => profile.roles.iter().all(|role| known.has_effective_role(role)),
                None => {
                    known.has_effective_role(applicant.role.as_str())
                        && scopes::allow(v4, applicant.role.as_str(), &applicant.scopes, &known.scopes)
                }
            };
            allowed && !(v4 && self.has_changed(applicant, known))
        });
        if if v4 { is_let_in } else { filed.request.silent && (approved || is_let_in) } {
            return Ok(setup);
        }
        if filed.request.silent && waits {
            self.send_event("device.pair.requested", &filed.request.row(), true);
        }
        let mut waiting = self.pairing.requests().filter(|request| request.device_id == device.id);
        let request = if waits { Some(filed.request.id) } else { waiting.next().map(|request| request.id.clone()) };
        let existing = upgrade.existing.filter(|known| known.public_key == device.public_key);
        let waits_for_code = upgrade.method == "bootstrap-token"
            && reason == PairingReason::NotPaired
            && applicant.role.as_str() == "node"
            && applicant.scopes.is_empty()
            && upgrade.existing.is_none();
        let refusal = errors::pairing_required(
            self.dialect,
            reason,
            &json!({
                "requestId": request,
                "deviceId": device.id,
                "requestedRole": applicant.role.as_str(),
                "requestedScopes": applicant.scopes,
                "approvedRoles": existing.map(|known| &known.roles),
                "approvedScopes": existing.map(|known| approved_scopes(v4, known)),
            }),
            waits_for_code && v4,
        );
        let reason = match &request {
            Some(id) => format!("{} (requestId: {id})", refusal.message),
            None => refusal.message.clone(),
        };
        Err(Box::new(Refusal { reason, ..Refusal::new(refusal, 1008) }))
    }

    /// Approves a request that nobody needs to be asked about; says whether that went well.
    fn approve_silently(&mut self, upgrade: &Upgrade<'_>, id: &str, setup: Option<&Profile>) -> bool {
        let Upgrade { applicant, device, existing, .. } = *upgrade;
        let (v4, now) = (self.dialect.is_v4(), self.now.unix.0);
        let held = existing.filter(|_| v4).map(|known| known.scopes.as_slice()).unwrap_or_default();
        let granted = scopes::merged([applicant.scopes.as_slice(), held]);
        let approver = Approver {
            scopes: &granted,
            via: if setup.is_some() { "bootstrap" } else { "silent" },
            here: v4.then(|| applicant.facts.display_name.clone()),
        };
        let approval = match setup {
            Some(profile) => self.pairing.approve_setup(id, profile, &approver, now, &mut self.rng),
            None => self.pairing.approve(id, &approver, now, &mut self.rng),
        };
        let Approval::Approved(_) = approval else { return false };
        self.pairing_resolved(id, &device.id, "approved");
        if setup.is_none() && v4 {
            let here: Vec<String> = self.connected_devices().collect();
            let pruned = self.pairing.prune(&device.id, now, |id| here.iter().any(|known| known == id));
            pruned.iter().for_each(|device| self.disconnect_device(&device.id, None));
        }
        true
    }

    /// Whether nobody needs to be asked.
    fn is_silent(&self, upgrade: &Upgrade<'_>) -> bool {
        let Upgrade { applicant, method, reason, existing, .. } = *upgrade;
        let (v4, own_page) = (self.dialect.is_v4(), applicant.is_operator_ui() || applicant.is_chat_page());
        if !applicant.is_local || applicant.from_page && !own_page {
            return false;
        }
        if v4 && existing.is_some() && applicant.role.as_str() != "operator" {
            return false;
        }
        let automatic = self.pairs == Pairing::Automatic;
        match reason {
            PairingReason::MetadataUpgrade => !applicant.from_page && !own_page && applicant.is_native_app(),
            PairingReason::ScopeUpgrade => automatic && v4 && matches!(method, "none" | "token" | "password"),
            PairingReason::NotPaired | PairingReason::RoleUpgrade => automatic,
        }
    }

    /// The profile of the setup code that lets a device in without anybody being asked.
    fn setup_for(&self, upgrade: &Upgrade<'_>) -> Option<Profile> {
        let Upgrade { applicant, device, method, reason, existing } = *upgrade;
        let is_bare_node = applicant.role.as_str() == "node" && applicant.scopes.is_empty();
        if method != "bootstrap-token" || !is_bare_node {
            return None;
        }
        let is_first = reason == PairingReason::NotPaired && existing.is_none();
        let is_more = self.dialect.is_v4() && reason == PairingReason::ScopeUpgrade && existing.is_some();
        if !is_first && !is_more {
            return None;
        }
        self.setup_of(applicant, device).filter(|profile| self.is_made_for(applicant, profile))
    }

    fn setup_of(&self, applicant: &Applicant, device: &Proven) -> Option<Profile> {
        self.pairing.setup_profile(applicant.auth("bootstrapToken")?, &device.id, &device.public_key)
    }

    /// Whether a setup code is one for this kind of device.
    fn is_made_for(&self, applicant: &Applicant, profile: &Profile) -> bool {
        if !self.dialect.is_v4() {
            return true;
        }
        let platform = proof::normal(applicant.facts.platform.as_deref());
        let family = proof::normal(applicant.facts.device_family.as_deref());
        let runs = |system: &str| platform.split_whitespace().next() == Some(system);
        let is_node = applicant.mode == "node" && applicant.role.as_str() == "node" && applicant.scopes.is_empty();
        is_node
            && match profile.setup {
                Setup::Mobile | Setup::MobileLimited => match applicant.id.as_str() {
                    "openclaw-android" => runs("android") && family == "android",
                    "openclaw-ios" => {
                        (runs("ios") || runs("ipados")) && matches!(family.as_str(), "iphone" | "ipad" | "ios")
                    }
                    _ => false,
                },
                Setup::Node => applicant.id == "node-host",
                Setup::VoiceNode => applicant.id == "node-host" && runs("esp32") && family == "esp32",
            }
    }
}

/// An app on a newer version of the system it was paired on.
fn is_newer_system(applicant: &Applicant, known: &Device) -> bool {
    let systems: &[&str] = match applicant.id.as_str() {
        "openclaw-ios" => &["ios", "ipados"],
        "openclaw-android" => &["android"],
        "openclaw-watchos" => &["watchos"],
        "openclaw-macos" => &["macos"],
        _ => return false,
    };
    let system_of = |platform: &Option<String>| {
        let platform = proof::normal(platform.as_deref());
        platform.split_whitespace().next().is_some_and(|system| systems.contains(&system))
    };
    system_of(&applicant.facts.platform) && system_of(&known.facts.platform)
}

/// The scopes that a refusal tells.
fn approved_scopes(v4: bool, known: &Device) -> Vec<String> {
    let mut approved = known.scopes.clone();
    if v4 {
        approved.sort();
        approved.dedup();
    }
    approved
}
