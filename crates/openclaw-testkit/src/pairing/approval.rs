//! Approving a device that asks to be paired.

use std::collections::BTreeMap;

use super::device::{Device, Token};
use super::request::Request;
use super::setup::Profile;
use super::{Pairing, scopes};
use crate::rng::Rng;

/// What has become of an approval.
#[derive(Debug)]
pub(crate) enum Approval {
    Approved(Device),
    /// With the message.
    Forbidden(String),
    /// There is no such request.
    Unknown,
}

/// Who approves.
#[derive(Debug)]
pub(crate) struct Approver<'a> {
    /// What they may give: no more than they have.
    pub(crate) scopes: &'a [String],
    /// `owner`, `silent` or `bootstrap`.
    pub(crate) via: &'static str,
    /// The device is here right now, with this name.
    pub(crate) here: Option<Option<String>>,
}

impl Pairing {
    /// Pairs the device of a request.
    pub(crate) fn approve(&mut self, id: &str, approver: &Approver<'_>, now: u64, rng: &mut Rng) -> Approval {
        self.expire(now);
        let Some(request) = self.request(id).cloned() else { return Approval::Unknown };
        let asked = scopes::normal(&request.scopes);
        if let Some(scope) = scopes::outside(&request.roles, &asked) {
            return Approval::Forbidden(format!("invalid scope for requested roles: {scope}"));
        }
        let existing = self.devices.get(&request.device_id);
        let mut granted = Vec::new();
        for role in &request.roles {
            let scopes = self.token_scopes(role, &request, existing);
            if role == "operator" && !scopes.is_empty() {
                let asked = scopes::normal(&request.scopes);
                let needed = if self.v4 { scopes::merged([&*asked, &*scopes]) } else { scopes.clone() };
                if let Some(scope) = scopes::missing(self.v4, role, &needed, approver.scopes) {
                    return Approval::Forbidden(format!("missing scope: {scope}"));
                }
            }
            granted.push((role.clone(), scopes));
        }
        let before = existing.map(|device| device.scopes.as_slice()).unwrap_or_default();
        let approved = scopes::merged([before, &request.scopes]);
        Approval::Approved(self.admit(&request, granted, approved, approver, now, rng))
    }

    /// Pairs the device of a request by the profile of the setup code it shows.
    pub(crate) fn approve_setup(
        &mut self,
        id: &str,
        profile: &Profile,
        approver: &Approver<'_>,
        now: u64,
        rng: &mut Rng,
    ) -> Approval {
        self.expire(now);
        let Some(request) = self.request(id).cloned() else { return Approval::Unknown };
        if let Some(role) = request.roles.iter().find(|role| !profile.roles.contains(role)) {
            return Approval::Forbidden(format!("bootstrap profile does not allow role: {role}"));
        }
        let allowed = profile.handoff("operator");
        let asked = scopes::of_role("operator", &scopes::normal(&request.scopes));
        if let Some(scope) = scopes::missing(self.v4, "operator", &asked, &allowed) {
            return Approval::Forbidden(format!("bootstrap profile does not allow scope: {scope}"));
        }
        // v3 gives every role of the profile, whatever is asked for.
        let roles = if self.v4 { request.roles.clone() } else { profile.roles.clone() };
        let granted: Vec<_> = roles.iter().map(|role| (role.clone(), profile.handoff(role))).collect();
        let given: Vec<String> = granted.iter().flat_map(|(_, scopes)| scopes.clone()).collect();
        let kept: Vec<String> = self.devices.get(&request.device_id).map_or_else(Vec::new, |device| {
            let others = device.roles.iter().filter(|role| !roles.contains(role));
            others.flat_map(|role| scopes::of_role(role, &device.scopes)).collect()
        });
        let approved = scopes::merged([kept.as_slice(), &given]);
        Approval::Approved(self.admit(&request, granted, approved, approver, now, rng))
    }

    /// The scopes that a role's token gets.
    fn token_scopes(&self, role: &str, request: &Request, existing: Option<&Device>) -> Vec<String> {
        let asked = scopes::of_role(role, &scopes::normal(&request.scopes));
        let held = existing.and_then(|device| device.tokens.get(role));
        let baseline = || existing.map(Device::baseline).unwrap_or_default();
        if asked.is_empty() {
            let kept = held.map(|token| token.scopes.clone());
            let approved = || scopes::merged([baseline().as_slice(), &request.scopes]);
            return scopes::of_role(role, &scopes::normal(&kept.unwrap_or_else(approved)));
        }
        let Some(held) = held.filter(|_| self.v4) else { return asked };
        // What the device has been approved for before, its token may have lost on purpose.
        let baseline = scopes::of_role(role, &baseline());
        let fresh: Vec<String> = asked.into_iter().filter(|scope| !baseline.contains(scope)).collect();
        scopes::of_role(role, &scopes::normal(&scopes::merged([held.scopes.as_slice(), &fresh])))
    }

    fn admit(
        &mut self,
        request: &Request,
        granted: Vec<(String, Vec<String>)>,
        approved: Vec<String>,
        approver: &Approver<'_>,
        now: u64,
        rng: &mut Rng,
    ) -> Device {
        let existing = self.devices.remove(&request.device_id);
        let before = existing.as_ref();
        let mut tokens: BTreeMap<String, Token> = before.map(|device| device.tokens.clone()).unwrap_or_default();
        for (role, scopes) in granted {
            let old = tokens.remove(&role);
            tokens.insert(role.clone(), fresh_token(&role, scopes, old.as_ref(), now, rng));
        }
        let mut facts = request.facts.clone();
        if let Some(Some(name)) = &approver.here {
            facts.display_name = Some(name.clone());
        }
        let known_roles = before.map(|device| device.roles.as_slice()).unwrap_or_default();
        let new_roles: Vec<String> = tokens.keys().filter(|role| !request.roles.contains(role)).cloned().collect();
        let last_seen = before.and_then(|device| device.last_seen);
        let device = Device {
            id: request.device_id.clone(),
            public_key: request.public_key.clone(),
            facts,
            label: before.and_then(|device| device.label.clone()),
            role: request.role.clone(),
            roles: scopes::merged([known_roles, &request.roles, &new_roles]),
            scopes: approved,
            tokens,
            approved_via: via(before.map(|device| device.approved_via), approver.via),
            created_at: before.map_or(now, |device| device.created_at),
            approved_at: now,
            last_seen: approver.here.as_ref().map(|_| (now, "connect")).or(last_seen),
        };
        self.pending.retain(|pending| pending.id != request.id);
        self.devices.insert(device.id.clone(), device.clone());
        device
    }
}

/// How a device counts as approved: what a person has said is not forgotten.
fn via(before: Option<&'static str>, now: &'static str) -> &'static str {
    match before {
        Some(before @ ("owner" | "bootstrap")) if now != "owner" => before,
        _ => now,
    }
}

pub(super) fn fresh_token(role: &str, scopes: Vec<String>, old: Option<&Token>, now: u64, rng: &mut Rng) -> Token {
    Token {
        token: rng.token(),
        role: role.to_owned(),
        scopes,
        created_at: old.map_or(now, |old| old.created_at),
        rotated_at: old.map(|_| now),
        revoked_at: None,
        last_used_at: old.and_then(|old| old.last_used_at),
    }
}
