//! Devices that ask to be paired.

use serde_json::{Map, Value, json};

use super::device::Facts;
use super::{Pairing, scopes};
use crate::rng::Rng;

/// A device that waits for somebody's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) device_id: String,
    pub(crate) public_key: String,
    pub(crate) facts: Facts,
    pub(crate) role: String,
    pub(crate) roles: Vec<String>,
    pub(crate) scopes: Vec<String>,
    /// Nobody needs to be asked.
    pub(crate) silent: bool,
    /// The device is paired already.
    pub(crate) is_repair: bool,
    pub(crate) at: u64,
    /// When it was last asked for again.
    pub(crate) refreshed_at: u64,
}

/// What a device asks for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) device_id: String,
    pub(crate) public_key: String,
    pub(crate) facts: Facts,
    pub(crate) role: String,
    /// Beside its role.
    pub(crate) roles: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) silent: bool,
}

/// What has become of what a device asks for.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) request: Request,
    /// It is a new one.
    pub(crate) created: bool,
    /// The requests whose place it takes.
    pub(crate) superseded: Vec<String>,
}

impl Request {
    /// As lists and events show it.
    pub(crate) fn row(&self) -> Value {
        let mut row = Map::new();
        row.insert("requestId".into(), json!(self.id));
        row.insert("deviceId".into(), json!(self.device_id));
        row.insert("publicKey".into(), json!(self.public_key));
        self.facts.write(&mut row);
        row.insert("role".into(), json!(self.role));
        row.insert("roles".into(), json!(self.roles));
        row.insert("scopes".into(), json!(self.scopes));
        row.insert("silent".into(), json!(self.silent));
        row.insert("isRepair".into(), json!(self.is_repair));
        row.insert("ts".into(), json!(self.at));
        row.into()
    }

    /// Whether what is asked for now is what has been asked for.
    fn is_for(&self, ask: &Ask, v4: bool) -> bool {
        if self.public_key != ask.public_key || self.role != ask.role {
            return false;
        }
        let (roles, asked, held) = (ask.all_roles(), scopes::normal(&ask.scopes), scopes::normal(&self.scopes));
        let is_same = scopes::same(&self.roles, &roles) && scopes::same(&held, &asked);
        let covers =
            |scope: &String| roles.iter().any(|role| scopes::allow(v4, role, std::slice::from_ref(scope), &held));
        // v3 takes less for something else.
        is_same || v4 && roles.iter().all(|role| self.roles.contains(role)) && asked.iter().all(covers)
    }

    fn refresh(&mut self, ask: Ask, is_repair: bool, now: u64) {
        let Facts { display_name, platform, device_family, client_id, client_mode, remote_ip } = ask.facts;
        let facts = &mut self.facts;
        facts.display_name = display_name.or_else(|| facts.display_name.take());
        facts.platform = platform.or_else(|| facts.platform.take());
        facts.device_family = device_family.or_else(|| facts.device_family.take());
        facts.client_id = client_id.or_else(|| facts.client_id.take());
        facts.client_mode = client_mode.or_else(|| facts.client_mode.take());
        facts.remote_ip = remote_ip.or_else(|| facts.remote_ip.take());
        self.silent &= ask.silent;
        self.is_repair |= is_repair;
        self.refreshed_at = now;
    }
}

impl Ask {
    fn all_roles(&self) -> Vec<String> {
        scopes::merged([self.roles.as_slice(), std::slice::from_ref(&self.role)])
    }
}

impl Pairing {
    /// Files what a device asks for: with the request that waits already if that is for the same, else as a new request
    /// in place of all that wait.
    pub(crate) fn file(&mut self, ask: Ask, now: u64, rng: &mut Rng) -> Filed {
        self.expire(now);
        let v4 = self.v4;
        let is_repair = self.devices.contains_key(&ask.device_id);
        let mut waiting = self.pending.iter_mut().filter(|request| request.device_id == ask.device_id);
        if let (Some(only), None) = (waiting.next(), waiting.next()) {
            if only.is_for(&ask, v4) {
                only.refresh(ask, is_repair, now);
                return Filed { request: only.clone(), created: false, superseded: Vec::new() };
            }
        }
        let (before, others): (Vec<_>, Vec<_>) =
            self.pending.drain(..).partition(|request| request.device_id == ask.device_id);
        self.pending = others;
        let lists = before.iter().map(|request| request.roles.as_slice());
        let roles = scopes::merged(lists.chain([ask.all_roles().as_slice()]));
        let lists = before.iter().map(|request| request.scopes.as_slice());
        let asked = scopes::merged(lists.chain([ask.scopes.as_slice()]));
        let request = Request {
            id: rng.uuid(),
            device_id: ask.device_id,
            public_key: ask.public_key,
            facts: ask.facts,
            role: ask.role,
            roles,
            scopes: asked,
            silent: ask.silent && before.iter().all(|request| request.silent),
            is_repair,
            at: now,
            refreshed_at: now,
        };
        self.pending.push(request.clone());
        Filed { request, created: true, superseded: before.into_iter().map(|request| request.id).collect() }
    }

    /// Turns a request down; gives the device's id.
    pub(crate) fn reject(&mut self, id: &str, now: u64) -> Option<String> {
        self.expire(now);
        let index = self.pending.iter().position(|request| request.id == id)?;
        let request = self.pending.remove(index);
        if self.v4 {
            self.setups.retain(|setup| !setup.is_bound_to(&request.device_id, &request.public_key));
        }
        Some(request.device_id)
    }

    pub(crate) fn request(&self, id: &str) -> Option<&Request> {
        self.pending.iter().find(|request| request.id == id)
    }

    /// The requests that wait, the newest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.pending.iter().rev()
    }
}
