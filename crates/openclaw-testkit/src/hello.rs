//! The challenge and `hello-ok`, in each dialect's shape.

use std::time::Duration;

use openclaw_proto::UnixMillis;
use serde_json::{Value, json};

use crate::config::{Dialect, GatewayConfig};
use crate::wire;

const EVENTS: [&str; 9] =
    ["connect.challenge", "agent", "chat", "session.message", "presence", "tick", "health", "shutdown", "heartbeat"];

/// The challenge's payload.
pub(crate) fn challenge(dialect: Dialect, nonce: &str, now: UnixMillis) -> Value {
    let mut payload = json!({"nonce": nonce, "ts": now.0});
    if dialect == Dialect::V4 {
        wire::merge(&mut payload, &json!({"capabilities": ["model-catalog-snapshot"]}));
    }
    payload
}

/// What a hello says of its connection.
pub(crate) struct Greeting<'a> {
    pub(crate) conn_id: &'a str,
    pub(crate) boot_id: &'a str,
    pub(crate) role: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) uptime: Duration,
    /// The presence rows and the versions of presence and health.
    pub(crate) presence: Value,
    pub(crate) versions: Value,
}

/// The payload of `hello-ok`.
pub(crate) fn hello(config: &GatewayConfig, greeting: &Greeting<'_>) -> Value {
    let methods: Vec<&String> = config.methods.keys().collect();
    let mut hello = json!({
        "type": "hello-ok",
        "protocol": config.dialect.protocol(),
        "features": {"methods": methods, "events": EVENTS},
        "snapshot": {
            "presence": greeting.presence,
            "health": {"ok": true, "channels": {}, "defaultAgentId": "main"},
            "stateVersion": greeting.versions,
            "uptimeMs": wire::millis(greeting.uptime),
            "sessionDefaults": {
                "defaultAgentId": "main", "mainKey": "main", "mainSessionKey": "agent:main:main", "scope": "per-sender",
            },
        },
        "policy": {
            "maxPayload": config.max_payload,
            "maxBufferedBytes": 52_428_800,
            "tickIntervalMs": wire::millis(config.tick),
        },
    });
    let auth = json!({"role": greeting.role, "scopes": greeting.scopes});
    let method = if config.token.is_some() { "token" } else { "none" };
    let more = match config.dialect {
        Dialect::V4 => json!({
            "server": {
                "version": "2026.9.6", "buildId": "testkit", "bootId": greeting.boot_id, "connId": greeting.conn_id,
            },
            "features": {"capabilities": ["model-catalog-snapshot", "profile-binding-v1"]},
            "snapshot": {"suspension": {"phase": "accepting"}},
            "auth": {"method": method, "role": greeting.role, "scopes": greeting.scopes},
            "policy": {"attachments": {"maxBytes": 19_464_192, "maxImageBytes": 6_291_456}},
        }),
        Dialect::V3 => json!({
            "server": {"version": "2026.5.7", "connId": greeting.conn_id},
            "auth": auth,
            "snapshot": {"authMode": method},
        }),
        Dialect::Original => json!({"connId": greeting.conn_id, "auth": auth}),
    };
    wire::merge(&mut hello, &more);
    if let Some(patch) = &config.hello_override {
        wire::merge(&mut hello, patch);
    }
    hello
}
