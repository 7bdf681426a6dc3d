//! Whether a connect is granted, and what.

use std::time::Duration;

use openclaw_proto::connect::{Role, Scope};

use super::auth::{Credential, Failure, Hint};
use super::peer::Session;
use super::{GatewayCore, PeerId, PeerInfo, Phase};
use crate::errors;
use crate::json::Json;
use crate::reply::ErrorBody;

/// The decision on a connect whose params have the right shape.
#[derive(Debug)]
pub(crate) enum Verdict {
    Welcome(Session),
    Refused {
        error: ErrorBody,
        code: u16,
        reason: String,
        /// A penalty for guessing.
        delay: Duration,
    },
}

/// A refusal that closes with its own message.
fn refused(error: ErrorBody, code: u16) -> Verdict {
    Verdict::Refused { reason: error.message.clone(), error, code, delay: Duration::ZERO }
}

impl GatewayCore {
    /// Judges a connect in the order in which real gateways do.
    pub(crate) fn judge(&mut self, peer: PeerId, params: &Json) -> Verdict {
        let Some(info) = self.peers.get(&peer).map(|peer| peer.info.clone()) else {
            return refused(ErrorBody::unavailable("gone"), 1000);
        };
        match self.phase {
            Phase::Booting => {
                let error = errors::starting();
                return Verdict::Refused {
                    error,
                    code: 1013,
                    reason: "gateway starting".into(),
                    delay: Duration::ZERO,
                };
            }
            Phase::Draining | Phase::Closed | Phase::Down if self.dialect.is_v4() => {
                let error = errors::restarting("connect");
                let reason = "gateway restart in progress".into();
                return Verdict::Refused { error, code: 1013, reason, delay: Duration::ZERO };
            }
            _ => {}
        }
        let client = params.get("client").unwrap_or(&Json::Null);
        let of_client = |name: &str| client.text_of(name).unwrap_or_default();
        let (id, mode) = (of_client("id"), of_client("mode"));
        let role_name = params.text_of("role").unwrap_or("operator");
        if let Some(error) = self.protocol_fault(params, role_name, mode) {
            return refused(error, 1002);
        }
        let role = match role_name {
            "operator" => Role::Operator,
            "node" => Role::Node,
            _ => return refused(ErrorBody::invalid("invalid role"), 1008),
        };
        if id == "openclaw-browser-copilot" {
            let message =
                "browser copilot requires ui mode with run-tool-bindings and session-scoped-events capabilities";
            return refused(ErrorBody::invalid(message), 1008);
        }
        if let Some(reason) = origin_fault(&info, id, mode) {
            return refused(errors::origin(reason), 1008);
        }
        if let Some(error) = self.device_fault(peer, params) {
            return refused(error, 1008);
        }
        self.authenticate(&info, params, role, id, mode)
    }

    /// What is wrong with a device's proof. Its nonce must be the challenge's; whether the signature is one, and whether
    /// the device is known, nobody looks at yet: the place to do so is here.
    fn device_fault(&self, peer: PeerId, params: &Json) -> Option<ErrorBody> {
        let nonce = params.get("device")?.text_of("nonce").unwrap_or_default().trim();
        let challenge = self.peers.get(&peer).map(|peer| peer.nonce.as_str());
        if nonce.is_empty() {
            Some(errors::device_nonce("DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing", "device nonce required"))
        } else if challenge != Some(nonce) {
            Some(errors::device_nonce("DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch", "device nonce mismatch"))
        } else {
            None
        }
    }

    fn protocol_fault(&self, params: &Json, role: &str, mode: &str) -> Option<ErrorBody> {
        let bound = |name| params.integer_of(name).unwrap_or_default();
        let (min, max) = (bound("minProtocol"), bound("maxProtocol"));
        let accepted = if self.dialect.is_v4() {
            max >= 4 && min <= 4
                || mode == "probe" && max >= 3 && min <= 4
                || role == "node" && mode == "node" && max >= 3 && min <= 3
        } else {
            max >= 3 && min <= 3
        };
        (!accepted).then(|| errors::protocol_mismatch(self.dialect, min, max))
    }

    fn authenticate(&mut self, info: &PeerInfo, params: &Json, role: Role, id: &str, mode: &str) -> Verdict {
        let auth = params.get("auth");
        let given = |name: &str| auth.and_then(|auth| auth.text_of(name)).is_some_and(|text| !text.trim().is_empty());
        let device = params.get("device");
        let (secret, delay) = self.check_secret(info.address, auth);
        let (method, failure) = match secret {
            Credential::Ok(method) => (method, None),
            Credential::Wrong(failure) => ("", Some(failure)),
        };
        let by_secret = failure.is_none() && method != "none";
        let is_backend = (id, mode) == ("gateway-client", "backend") || (id, mode) == ("control-center", "operator");
        let is_cli = (id, mode) == ("cli", "cli");
        let proxied = ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| info.get(name).is_some());
        let local = info.address.is_loopback() && info.get("origin").is_none() && !proxied;
        let hint = match (mode, info.address.is_loopback() && self.dialect.is_v4()) {
            ("cli", true) => Hint::LocalCli,
            ("cli", false) => Hint::RemoteCli,
            _ => Hint::Program,
        };
        let unauthorized = |failure: Failure| {
            let error = failure.error(hint, device.is_some(), given("deviceToken"));
            Verdict::Refused { reason: error.message.clone(), error, code: 1008, delay }
        };
        let mut scopes: Vec<Scope> = params.texts_of("scopes").into_iter().map(Scope::from).collect();
        if device.is_none() {
            // A program on this machine is taken at its word; whoever else has no device gets no scopes, or no entry.
            let trusted_backend = is_backend && local && failure.is_none();
            let trusted_cli = is_cli && local && by_secret && self.dialect.is_v4();
            let welcome = role == Role::Operator && (trusted_backend || by_secret);
            if matches!(id, "openclaw-tui" | "openclaw-control-ui") {
                return penalised(refused(errors::control_ui_device_required(), 1008), delay);
            }
            if !welcome {
                return match failure {
                    Some(failure) if given("token") || given("password") => unauthorized(failure),
                    _ => penalised(refused(errors::device_required(), 1008), delay),
                };
            }
            if !trusted_backend && !trusted_cli {
                scopes.clear();
            }
        } else if let Some(failure) = failure {
            return unauthorized(self.device_credential(failure, given("deviceToken")));
        }
        if role == Role::Node {
            scopes.clear();
        }
        Verdict::Welcome(self.session(params, role, scopes, method))
    }

    /// What a device's own credential is worth. Devices are not paired here yet: their tokens count for nothing, and a
    /// shared secret lets every device in with the scopes it asks for.
    fn device_credential(&self, failure: Failure, sent_device_token: bool) -> Failure {
        if sent_device_token { Failure::DeviceTokenMismatch } else { failure }
    }

    fn session(&self, params: &Json, role: Role, scopes: Vec<Scope>, method: &'static str) -> Session {
        let client = params.get("client").unwrap_or(&Json::Null);
        let text = |name: &str| client.text_of(name).map(str::to_owned);
        let mode = text("mode").unwrap_or_default();
        let device_id = params.get("device").and_then(|device| device.text_of("id")).map(str::to_owned);
        // Programs without a device act as nobody in particular; people act as the gateway's owner.
        let is_person = !matches!(mode.as_str(), "cli" | "backend" | "probe");
        let profile = self.dialect.is_v4() && role == Role::Operator && (device_id.is_some() || is_person);
        Session {
            client_id: text("id").unwrap_or_default(),
            client_mode: mode,
            display_name: text("displayName"),
            version: text("version").unwrap_or_default(),
            platform: text("platform").unwrap_or_default(),
            instance_id: text("instanceId"),
            device_id,
            role,
            scopes,
            method,
            profile: profile.then(|| "gateway-owner".to_owned()),
        }
    }
}

fn penalised(verdict: Verdict, penalty: Duration) -> Verdict {
    match verdict {
        Verdict::Refused { error, code, reason, .. } => Verdict::Refused { error, code, reason, delay: penalty },
        welcome @ Verdict::Welcome(_) => welcome,
    }
}

/// Why a browser's origin, or the lack of one, is refused.
fn origin_fault(info: &PeerInfo, id: &str, mode: &str) -> Option<&'static str> {
    let origin = info.get("origin").map(str::trim).filter(|origin| !origin.is_empty());
    let is_browser = matches!(id, "openclaw-control-ui" | "webchat" | "webchat-ui") || mode == "webchat";
    let Some(origin) = origin else { return is_browser.then_some("origin missing or invalid") };
    let Some((_, authority)) = origin.split_once("://") else { return Some("origin missing or invalid") };
    let host = host_of(authority);
    let is_own = info.get("host").is_some_and(|own| own.eq_ignore_ascii_case(authority));
    let is_local = info.address.is_loopback() && matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    (!is_own && !is_local).then_some("origin not allowed")
}

fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    }
}
