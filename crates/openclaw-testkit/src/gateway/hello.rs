//! What a gateway says to a client it lets in.

use openclaw_proto::connect::{Role, Scope};
use serde_json::{Value, json};

use super::guards::events;
use super::peer::{Grant, Session};
use super::{GatewayCore, PeerId, Phase};
use crate::config::AuthMode;
use crate::dialect::Dialect;
use crate::methods;
use crate::reply::millis;

impl GatewayCore {
    /// The payload of a connect's answer.
    pub(crate) fn hello(&self, id: PeerId, session: &Session) -> Value {
        let conn_id = self.peers.get(&id).map(|peer| peer.conn_id.clone()).unwrap_or_default();
        let v4 = self.dialect.is_v4();
        let mut hello = json!({
            "type": "hello-ok",
            "protocol": self.dialect.protocol(),
            "server": {"version": self.version, "connId": conn_id},
            "features": {"methods": self.methods.names(), "events": events(self.dialect)},
            "snapshot": self.snapshot(session),
            "auth": self.hello_auth(session),
            "policy": {
                "maxPayload": self.limits.max_payload,
                "maxBufferedBytes": self.limits.max_buffered,
                "tickIntervalMs": millis(self.limits.tick),
            },
        });
        let patch = if v4 {
            json!({
                "server": {
                    "buildId": format!("{}-testkit", self.version),
                    "bootId": self.boot_id,
                    "controlUiBuildSource": "bundled",
                },
                "features": {"capabilities": ["profile-binding-v1"]},
                "policy": {
                    "attachments": {"maxBytes": 19_464_192, "maxImageBytes": 6_291_456},
                    "allowedSessionVisibilities": ["shared", "read-only", "suggest", "draft"],
                    "hasMultipleSessionSharingIdentities": false,
                },
            })
        } else {
            json!({})
        };
        crate::json::merge(&mut hello, &patch);
        if v4 && session.may(&Scope::Read) {
            crate::json::merge(&mut hello, &control_ui());
        }
        if self.dialect == Dialect::Original {
            crate::json::merge(&mut hello, &json!({"type": null, "server": {"connId": null}, "connId": conn_id}));
        }
        hello
    }

    fn hello_auth(&self, session: &Session) -> Value {
        let v4 = self.dialect.is_v4();
        let own = session.grants.first().filter(|grant| grant.role == session.role.as_str());
        let mut auth = json!({"role": session.role.as_str(), "scopes": session.scope_texts()});
        if let Some(grant) = own {
            let patch = json!({"deviceToken": grant.token, "issuedAtMs": grant.issued_at});
            crate::json::merge(&mut auth, &patch);
            // v3 tells what the token is good for, whatever was asked for.
            if !v4 {
                crate::json::merge(&mut auth, &json!({"scopes": grant.scopes}));
            }
            let others: Vec<Value> = session.grants.iter().skip(1).map(Grant::row).collect();
            if !others.is_empty() {
                crate::json::merge(&mut auth, &json!({"deviceTokens": others}));
            }
        }
        if v4 {
            crate::json::merge(&mut auth, &json!({"method": session.method}));
            let has_scope = session.method != "none" || session.device.is_some();
            if session.role == Role::Operator && has_scope {
                crate::json::merge(&mut auth, &json!({"recoveryScope": self.recovery_scope}));
                if own.is_some() {
                    crate::json::merge(&mut auth, &json!({"recoveryMigrationAllowed": true}));
                }
            }
        }
        auth
    }

    fn snapshot(&self, session: &Session) -> Value {
        let v4 = self.dialect.is_v4();
        let sees_presence = !v4 || session.may(&Scope::Read);
        let presence = if sees_presence { self.presence.rows(self.now.unix.0) } else { json!([]) };
        let mut snapshot = json!({
            "presence": presence,
            "health": methods::health(self),
            "stateVersion": {"presence": self.presence.version(), "health": self.health_version},
            "uptimeMs": millis(self.now.mono.since(self.born)),
            "sessionDefaults": {
                "defaultAgentId": "main",
                "mainKey": "main",
                "mainSessionKey": "agent:main:main",
                "scope": "per-sender",
            },
        });
        if v4 {
            let phase = if matches!(self.phase, Phase::Draining) { "draining" } else { "accepting" };
            let patch = json!({
                "suspension": {"phase": phase},
                "appliedConfigHash": format!("hmac-sha256:v1:{}", "0".repeat(43)),
                "sessionDefaults": {"modelConfigured": true, "ownership": "sole", "selectionRequired": false},
            });
            crate::json::merge(&mut snapshot, &patch);
        }
        if session.is_admin() {
            let mode = match self.auth {
                AuthMode::Token(_) => "token",
                AuthMode::Password(_) => "password",
                AuthMode::None => "none",
            };
            let patch = json!({
                "configPath": "/gateway/openclaw.json",
                "stateDir": "/gateway",
                "authMode": mode,
            });
            crate::json::merge(&mut snapshot, &patch);
        }
        snapshot
    }
}

/// What the web interface shows by default; whoever may read is told.
fn control_ui() -> Value {
    let kind = |kind: &str, label: &str| json!({"pluginId": "session", "kind": kind, "label": label});
    json!({
        "controlUiWidgetKinds": [
            kind("session:report", "Report"),
            kind("session:progress", "Session progress"),
            kind("session:website", "Website"),
        ],
        "controlUiLinkReaders": [{
            "pluginId": "github",
            "id": "github-commit",
            "label": "GitHub",
            "icon": "github",
            "linkReader": {
                "hosts": ["github.com"],
                "pathPattern": "^/[^/]+/[^/]+/commit/[a-fA-F0-9]{7,40}/?$",
                "detailMethod": "github.detail",
                "imageMethod": "github.image",
            },
        }],
    })
}

impl Grant {
    fn row(&self) -> Value {
        json!({
            "deviceToken": self.token,
            "role": self.role,
            "scopes": self.scopes,
            "issuedAtMs": self.issued_at,
        })
    }
}
