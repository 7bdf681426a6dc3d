//! A paired device.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::scopes;

/// What a device says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) display_name: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) device_family: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_mode: Option<String>,
    /// None for devices on this machine.
    pub(crate) remote_ip: Option<String>,
}

/// A token of a device for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) role: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_at: u64,
    pub(crate) rotated_at: Option<u64>,
    pub(crate) revoked_at: Option<u64>,
    pub(crate) last_used_at: Option<u64>,
}

/// A device that has been approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) public_key: String,
    pub(crate) facts: Facts,
    /// What operators call it.
    pub(crate) label: Option<String>,
    /// The role it was last approved for.
    pub(crate) role: String,
    pub(crate) roles: Vec<String>,
    pub(crate) scopes: Vec<String>,
    /// By role.
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) approved_via: &'static str,
    pub(crate) created_at: u64,
    pub(crate) approved_at: u64,
    pub(crate) last_seen: Option<(u64, &'static str)>,
}

impl Token {
    /// The moment hellos state.
    pub(crate) fn issued_at(&self) -> u64 {
        self.rotated_at.unwrap_or(self.created_at)
    }

    fn summary(&self) -> Value {
        let mut row = Map::new();
        row.insert("role".into(), json!(self.role));
        row.insert("scopes".into(), json!(self.scopes));
        row.insert("createdAtMs".into(), json!(self.created_at));
        let times =
            [("rotatedAtMs", self.rotated_at), ("revokedAtMs", self.revoked_at), ("lastUsedAtMs", self.last_used_at)];
        row.extend(times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), json!(at?)))));
        row.into()
    }
}

impl Facts {
    pub(super) fn write(&self, row: &mut Map<String, Value>) {
        let texts = [
            ("displayName", &self.display_name),
            ("platform", &self.platform),
            ("deviceFamily", &self.device_family),
            ("clientId", &self.client_id),
            ("clientMode", &self.client_mode),
            ("remoteIp", &self.remote_ip),
        ];
        row.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))));
    }
}

impl Device {
    /// Its scopes as tokens would have them.
    pub(crate) fn baseline(&self) -> Vec<String> {
        scopes::normal(&self.scopes)
    }

    /// Its roles that have a token in force.
    pub(crate) fn effective_roles(&self) -> Vec<String> {
        let in_force = |role: &&String| self.tokens.get(*role).is_some_and(|token| token.revoked_at.is_none());
        self.roles.iter().filter(in_force).cloned().collect()
    }

    pub(crate) fn has_effective_role(&self, role: &str) -> bool {
        self.effective_roles().iter().any(|known| known == role)
    }

    /// Whether only admins may manage it.
    pub(crate) fn is_more_than_operator(&self) -> bool {
        self.roles.iter().chain(self.tokens.keys()).any(|role| role != "operator")
    }

    /// As lists show it: without its secrets.
    pub(crate) fn row(&self, v4: bool, connected: Option<bool>) -> Value {
        let mut row = Map::new();
        row.insert("deviceId".into(), json!(self.id));
        row.insert("publicKey".into(), json!(self.public_key));
        self.facts.write(&mut row);
        row.insert("role".into(), json!(self.role));
        row.insert("roles".into(), json!(self.roles));
        row.insert("scopes".into(), json!(self.scopes));
        row.insert("createdAtMs".into(), json!(self.created_at));
        row.insert("approvedAtMs".into(), json!(self.approved_at));
        let tokens: Vec<Value> = self.tokens.values().map(Token::summary).collect();
        if !tokens.is_empty() {
            row.insert("tokens".into(), tokens.into());
        }
        if v4 {
            row.insert("approvedVia".into(), json!(self.approved_via));
            if let Some(label) = &self.label {
                row.insert("operatorLabel".into(), json!(label));
            }
            if let Some((at, reason)) = self.last_seen {
                row.insert("lastSeenAtMs".into(), json!(at));
                row.insert("lastSeenReason".into(), json!(reason));
            }
            if let Some(connected) = connected {
                row.insert("connected".into(), json!(connected));
            }
        }
        row.into()
    }
}
