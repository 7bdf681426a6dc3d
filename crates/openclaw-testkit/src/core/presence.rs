//! Who is there: the rows behind `presence`, and the versions of presence and health.

use serde_json::{Value, json};

use super::GatewayCore;
use crate::config::Dialect;
use crate::reply::PeerId;
use crate::wire;

/// Clients that a v4 gateway does not list.
const UNLISTED: [&str; 3] = ["cli", "backend", "probe"];

/// Rows beyond this number push out the oldest of those who have left.
const MAX_ROWS: usize = 200;

/// The rows, and how often they and the health state have changed.
#[derive(Debug)]
pub(super) struct Presence {
    /// In the order of arrival. Those who have left stay, marked.
    rows: Vec<(PeerId, Value)>,
    version: u64,
    health: u64,
}

impl Presence {
    pub(super) const fn new() -> Self {
        Self { rows: Vec::new(), version: 1, health: 1 }
    }

    /// The rows as a list that begins with the gateway's own.
    pub(super) fn list(&self, now_ms: u64) -> Value {
        let own = json!({"host": "testkit", "mode": "gateway", "reason": "self", "ts": now_ms});
        std::iter::once(own).chain(self.rows.iter().map(|(_, row)| row.clone())).collect()
    }

    pub(super) fn versions(&self) -> Value {
        json!({"presence": self.version, "health": self.health})
    }
}

impl GatewayCore {
    /// Lists a client before its hello; says whether it is one that gateways list.
    pub(super) fn enlist(&mut self, peer: PeerId, role: &str, scopes: &[String], client: &Value) -> bool {
        let field = |key: &str| client.get(key).and_then(Value::as_str).unwrap_or_default();
        if self.config.dialect == Dialect::V4 && UNLISTED.contains(&field("mode")) {
            return false;
        }
        let mut row = json!({
            "host": client.get("displayName").and_then(Value::as_str).unwrap_or_else(|| field("id")),
            "version": field("version"), "platform": field("platform"), "mode": field("mode"),
            "roles": [role], "scopes": scopes, "reason": "connect", "ts": self.now.unix.0,
        });
        if self.config.dialect == Dialect::V4 {
            wire::merge(&mut row, &json!({"clientId": field("id"), "onlineSince": self.now.unix.0}));
        }
        self.presence.rows.push((peer, row));
        if self.config.dialect != Dialect::V4 {
            self.presence.version += 1;
        }
        true
    }

    /// Tells the others of a client that has had its hello: v4 by `presence`, v3 only by `health`.
    pub(super) fn announce(&mut self) {
        if self.config.dialect == Dialect::V4 {
            self.presence.version += 1;
            self.tell_presence();
        } else {
            self.presence.health += 1;
            let health = json!({"ok": true, "ts": self.now.unix.0, "channels": {}, "defaultAgentId": "main"});
            self.tell_all("health", &health);
        }
    }

    /// A listed client has left.
    pub(super) fn delist(&mut self, gone: PeerId) {
        let now = self.now.unix.0;
        let Some((_, row)) = self.presence.rows.iter_mut().find(|(peer, _)| *peer == gone) else { return };
        wire::merge(row, &json!({"reason": "disconnect", "ts": now}));
        if self.presence.rows.len() > MAX_ROWS {
            let left = |row: &Value| row.get("reason").and_then(Value::as_str) == Some("disconnect");
            if let Some(oldest) = self.presence.rows.iter().position(|(_, row)| left(row)) {
                self.presence.rows.remove(oldest);
            }
        }
        self.presence.version += 1;
        self.tell_presence();
    }

    fn tell_presence(&mut self) {
        let payload = json!({"presence": self.presence.list(self.now.unix.0)});
        self.tell_all("presence", &payload);
    }

    /// Sends an event to everybody who may see it.
    pub(super) fn tell_all(&mut self, event: &str, payload: &Value) {
        let seeing: Vec<PeerId> = self.peers.iter().filter(|(_, peer)| peer.sees(event)).map(|(id, _)| *id).collect();
        for peer in seeing {
            self.send_event(peer, event, payload);
        }
    }

    /// The versions an event of that name carries.
    pub(super) fn state_version(&self, event: &str) -> Option<Value> {
        matches!(event, "presence" | "health").then(|| self.presence.versions())
    }
}
