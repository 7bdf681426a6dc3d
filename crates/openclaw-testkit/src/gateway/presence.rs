//! Who is there.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::peer::Session;
use super::{Action, GatewayCore, PeerId};
use crate::dialect::Dialect;
use crate::rng::Rng;

/// How many rows of clients that left are kept.
const KEPT: usize = 100;

/// The rows of `presence` and their version.
#[derive(Debug)]
pub(crate) struct Presence {
    version: u64,
    gateway_version: String,
    /// The gateway's own row has it on wire 4 only.
    instance: Option<String>,
    /// The newest first.
    rows: VecDeque<(String, Value)>,
}

impl Presence {
    pub(crate) fn new(dialect: Dialect, gateway_version: &str, rng: &mut Rng) -> Self {
        let instance = dialect.is_v4().then(|| rng.uuid());
        Self { version: 1, gateway_version: gateway_version.into(), instance, rows: VecDeque::new() }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The rows: the gateway's own first.
    pub(crate) fn rows(&self, now: u64) -> Value {
        let version = &self.gateway_version;
        let mut own = json!({
            "host": "gateway-host",
            "ip": "127.0.0.1",
            "version": version,
            "platform": "linux",
            "deviceFamily": "Linux",
            "mode": "gateway",
            "reason": "self",
            "text": format!("Gateway: gateway-host (127.0.0.1) · app {version} · mode gateway · reason self"),
            "ts": now,
        });
        if let Some(instance) = &self.instance {
            crate::json::merge(&mut own, &json!({"instanceId": instance}));
        }
        std::iter::once(own).chain(self.rows.iter().map(|(_, row)| row.clone())).collect()
    }

    fn put(&mut self, key: String, mut row: Value) {
        self.version += 1;
        let before = self.rows.iter().find(|(known, _)| *known == key).and_then(|(_, row)| row.get("onlineSince"));
        if let (Some(since), Some("disconnect")) = (before, row.get("reason").and_then(Value::as_str)) {
            crate::json::merge(&mut row, &json!({"onlineSince": since}));
        }
        self.rows.retain(|(known, _)| *known != key);
        self.rows.push_front((key, row));
        self.rows.truncate(KEPT);
    }
}

/// Whether such a client has a row.
fn is_shown(dialect: Dialect, session: &Session) -> bool {
    if dialect.is_v4() {
        !matches!(session.client_mode.as_str(), "cli" | "backend" | "probe")
    } else {
        session.client_mode != "cli"
    }
}

fn row(dialect: Dialect, session: &Session, reason: &str, now: u64) -> Value {
    let host = session.display_name.as_deref().unwrap_or(&session.client_id);
    let scopes: Vec<&str> = session.scopes.iter().map(openclaw_proto::connect::Scope::as_str).collect();
    let shown = if dialect.is_v4() { "unknown" } else { host };
    let mut row = json!({
        "host": host,
        "version": session.version,
        "platform": session.platform,
        "mode": session.client_mode,
        "roles": [session.role.as_str()],
        "reason": reason,
        "text": format!("Node: {shown} · mode {}", session.client_mode),
        "ts": now,
    });
    if let Some(members) = row.as_object_mut() {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.into(), value);
            }
        };
        put("scopes", (!scopes.is_empty()).then(|| json!(scopes)));
        put("instanceId", session.instance_id.as_deref().or_else(|| session.device_id()).map(|id| json!(id)));
        put("deviceId", session.device_id().map(|id| json!(id)));
        if dialect.is_v4() {
            put("clientId", Some(json!(session.client_id)));
            put("onlineSince", Some(json!(now)));
            let profile = session.profile.as_ref();
            put("user", profile.map(|id| json!({"id": id, "identity": {"type": "profile", "id": id}})));
        }
    }
    row
}

impl GatewayCore {
    /// A client has been let in: it is there already in its own hello. Says whether it is shown.
    pub(crate) fn came(&mut self, peer: PeerId, session: &Session) -> bool {
        self.show(peer, session, "connect")
    }

    /// The others learn of a client that came: on v4 by `presence`, on v3, somewhat later, by `health`.
    pub(crate) fn announce(&mut self, shown: bool) {
        if !self.dialect.is_v4() {
            let soon = std::time::Duration::from_millis(100);
            self.schedule.put(self.now.mono.after(soon), Action::HealthSoon);
        } else if shown {
            self.send_presence();
        }
    }

    /// A client has left.
    pub(crate) fn left(&mut self, peer: PeerId, session: &Session) {
        if self.show(peer, session, "disconnect") {
            self.send_presence();
        }
    }

    fn show(&mut self, peer: PeerId, session: &Session, reason: &str) -> bool {
        let shown = is_shown(self.dialect, session);
        if shown {
            let key = session.device_id().or(session.instance_id.as_deref());
            let key = key.map_or_else(|| peer.to_string(), str::to_owned);
            let row = row(self.dialect, session, reason, self.now.unix.0);
            self.presence.put(key, row);
        }
        shown
    }

    fn send_presence(&mut self) {
        let presence = json!({"presence": self.presence.rows(self.now.unix.0)});
        self.send_event("presence", &presence, true);
    }
}
