//! From the first frame to the hello.

use openclaw_proto::connect::Role;
use serde_json::{Value, json};

use super::{GatewayCore, Life, Stage};
use crate::check;
use crate::config::Dialect;
use crate::fault::{Fault, Phase};
use crate::hello::{self, Greeting};
use crate::reply::PeerId;
use crate::wire;

/// A `connect` turned away: what it is told, the close code, and a close reason if it is not the error's message.
struct Refusal {
    error: Value,
    code: u16,
    reason: Option<&'static str>,
}

impl Refusal {
    fn policy(error: Value) -> Self {
        Self { error, code: 1008, reason: None }
    }
}

impl GatewayCore {
    pub(super) fn shake(&mut self, peer: PeerId, text: &str) {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            self.close(peer, 1000, "");
            return;
        };
        let Ok(request) = check::request(self.config.dialect, &value) else {
            self.close(peer, 1008, "invalid request frame");
            return;
        };
        if self.fault_at(peer, Phase::Connect) {
            return;
        }
        if self.has_fault(peer, &Fault::WithholdHello) {
            if let Some(state) = self.peers.get_mut(&peer) {
                state.stage = Stage::Mute;
            }
            return;
        }
        if is_worker(&request.params) && self.config.dialect == Dialect::V4 {
            self.close(peer, 1008, "invalid-handshake");
            return;
        }
        match self.admit(peer, &request) {
            Ok((role, scopes)) => {
                let client = request.params.get("client").cloned().unwrap_or_default();
                self.greet(peer, &request.id, &role, scopes, &client);
            }
            Err(Refusal { error, code, reason }) => {
                self.refuse(peer, &request.id, &error);
                let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
                self.close(peer, code, reason.unwrap_or(message));
            }
        }
    }

    /// The role and the scopes a `connect` gets.
    fn admit(&self, peer: PeerId, request: &check::Request) -> Result<(String, Vec<String>), Refusal> {
        if request.method != "connect" {
            return Err(Refusal::policy(wire::invalid("invalid handshake: first request must be connect")));
        }
        let params = &request.params;
        let faults = check::connect(self.config.dialect, params);
        if !faults.is_empty() {
            let message = format!("invalid connect params: {}", faults.join("; "));
            return Err(Refusal::policy(wire::invalid(&message)));
        }
        if !matches!(self.life, Life::Serving) {
            return Err(Refusal { error: wire::restarting("connect"), code: 1013, reason: Some("service restart") });
        }
        if self.config.booting {
            return Err(Refusal { error: wire::starting(), code: 1013, reason: Some("gateway starting") });
        }
        self.check_protocol(params)?;
        let role = params.get("role").and_then(Value::as_str).unwrap_or("operator");
        if role != Role::Operator.as_str() && role != Role::Node.as_str() {
            return Err(Refusal::policy(wire::invalid("invalid role")));
        }
        self.check_auth(peer, params)?;
        Ok((role.to_owned(), self.scopes(role, params)))
    }

    fn check_protocol(&self, params: &Value) -> Result<(), Refusal> {
        let number = |key: &str| params.get(key).and_then(Value::as_u64).unwrap_or_default();
        let (min, max) = (number("minProtocol"), number("maxProtocol"));
        let within = |version: u64| (min..=max).contains(&version);
        let own = u64::from(self.config.dialect.protocol());
        let (mode, role) = (client_field(params, "mode"), params.get("role").and_then(Value::as_str));
        // Gateways of protocol 4 still talk to nodes and probes of protocol 3.
        let old_friend = self.config.dialect == Dialect::V4
            && (mode == "probe" || (mode == "node" && role == Some("node")))
            && within(3);
        if within(own) || old_friend {
            return Ok(());
        }
        let mut details = json!({"expectedProtocol": own});
        if self.config.dialect == Dialect::V4 {
            details = json!({
                "code": "PROTOCOL_MISMATCH", "clientMinProtocol": min, "clientMaxProtocol": max,
                "expectedProtocol": own, "minimumProbeProtocol": 3,
            });
        }
        Err(Refusal { error: wire::invalid_with("protocol mismatch", &details), code: 1002, reason: None })
    }

    fn check_auth(&self, peer: PeerId, params: &Value) -> Result<(), Refusal> {
        let device = params.get("device");
        let device_needed = || {
            let details = json!({"code": "DEVICE_IDENTITY_REQUIRED"});
            json!({"code": "NOT_PAIRED", "message": "device identity required", "details": details})
        };
        if let Some(token) = &self.config.token {
            let auth = |key: &str| params.pointer(&format!("/auth/{key}")).and_then(Value::as_str);
            // Devices may reconnect with what they were given; the kit gives none, so it is the shared token or nothing.
            let given: Vec<&str> =
                ["token", "password", "deviceToken", "bootstrapToken"].into_iter().filter_map(auth).collect();
            let problem = match (given.is_empty(), device) {
                (true, None) => return Err(Refusal::policy(device_needed())),
                (true, Some(_)) => Some(("missing", "AUTH_TOKEN_MISSING", "token_missing")),
                (false, _) if given.contains(&token.as_str()) => None,
                (false, _) => Some(("mismatch", "AUTH_TOKEN_MISMATCH", "token_mismatch")),
            };
            if let Some((what, code, reason)) = problem {
                let details = json!({
                    "code": code, "authReason": reason, "canRetryWithDeviceToken": false,
                    "recommendedNextStep": "update_auth_credentials",
                });
                let message = format!("unauthorized: gateway token {what} (provide gateway auth token)");
                return Err(Refusal::policy(wire::invalid_with(&message, &details)));
            }
        }
        match device {
            None if client_field(params, "id") == "openclaw-tui" => Err(Refusal::policy(device_needed())),
            None => Ok(()),
            Some(device) => self.check_nonce(peer, device),
        }
    }

    /// A device must have signed this connection's nonce. The signature itself is taken on trust.
    fn check_nonce(&self, peer: PeerId, device: &Value) -> Result<(), Refusal> {
        let nonce = device.get("nonce").and_then(Value::as_str).unwrap_or_default().trim();
        if self.peers.get(&peer).is_some_and(|state| state.nonce == nonce) {
            return Ok(());
        }
        let (message, code) = if nonce.is_empty() {
            ("device nonce required", "DEVICE_AUTH_NONCE_REQUIRED")
        } else {
            ("device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH")
        };
        Err(Refusal::policy(wire::invalid_with(message, &json!({ "code": code }))))
    }

    /// Without a device, only few kinds of client keep the scopes they ask for; the others get none, and no error.
    fn scopes(&self, role: &str, params: &Value) -> Vec<String> {
        let pair = (client_field(params, "id"), client_field(params, "mode"));
        let trusted = match self.config.dialect {
            Dialect::V4 => matches!(pair, ("gateway-client", "backend") | ("cli", "cli")),
            Dialect::V3 => pair == ("gateway-client", "backend"),
            Dialect::Original => true,
        };
        if role == "node" || !(trusted || params.get("device").is_some()) {
            return Vec::new();
        }
        let asked = params.get("scopes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        asked.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn greet(&mut self, peer: PeerId, id: &Value, role: &str, scopes: Vec<String>, client: &Value) {
        let conn_id = self.ids.uuid();
        let listed = self.enlist(peer, role, &scopes, client);
        let greeting = Greeting {
            conn_id: &conn_id,
            boot_id: &self.boot_id,
            role,
            scopes: &scopes,
            uptime: self.now.mono.since(self.booted.unwrap_or(self.now.mono)),
            presence: self.presence.list(self.now.unix.0),
            versions: self.presence.versions(),
        };
        let hello = hello::hello(&self.config, &greeting);
        let next_ping = self.now.mono.after(self.config.ping);
        if let Some(state) = self.peers.get_mut(&peer) {
            state.stage = Stage::Ready { next_ping, awaiting_pong: false };
            state.scopes = scopes;
        }
        self.send(peer, wire::response(self.config.dialect, id, &hello));
        if !self.fault_at(peer, Phase::Hello) && listed {
            self.announce();
        }
    }
}

fn client_field<'a>(params: &'a Value, key: &str) -> &'a str {
    params.get("client").and_then(|client| client.get(key)).and_then(Value::as_str).unwrap_or_default()
}

fn is_worker(params: &Value) -> bool {
    params.get("role").and_then(Value::as_str) == Some("worker")
        || client_field(params, "id") == "openclaw-worker"
        || client_field(params, "mode") == "worker"
}
