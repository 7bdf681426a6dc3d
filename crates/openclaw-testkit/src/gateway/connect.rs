//! Whether a connect is granted, and what.

use std::time::Duration;

use openclaw_proto::connect::{Role, Scope};

use super::applicant::Applicant;
use super::auth::Failure;
use super::guesses::Guessed;
use super::membership::Membership;
use super::peer::{Grant, Session};
use super::{GatewayCore, PeerId, PeerInfo, Phase};
use crate::errors;
use crate::json::Json;
use crate::proof;
use crate::reply::ErrorBody;

/// The decision on a connect whose params have the right shape.
pub(crate) type Verdict = Result<Session, Box<Refusal>>;

/// How a connect is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: ErrorBody,
    pub(crate) code: u16,
    pub(crate) reason: String,
    /// A penalty for guessing.
    pub(crate) delay: Duration,
}

impl Refusal {
    /// One that closes with its own message.
    pub(crate) fn new(error: ErrorBody, code: u16) -> Self {
        Self { reason: error.message.clone(), error, code, delay: Duration::ZERO }
    }
}

fn refused(error: ErrorBody, code: u16) -> Box<Refusal> {
    Box::new(Refusal::new(error, code))
}

fn penalised(error: ErrorBody, delay: Duration) -> Box<Refusal> {
    Box::new(Refusal { delay, ..Refusal::new(error, 1008) })
}

impl GatewayCore {
    /// Judges a connect in the order in which real gateways do.
    pub(crate) fn judge(&mut self, peer: PeerId, params: &Json) -> Verdict {
        let Some((info, nonce)) = self.peers.get(&peer).map(|peer| (peer.info.clone(), peer.nonce.clone())) else {
            return Err(refused(ErrorBody::unavailable("gone"), 1000));
        };
        if let Some(refusal) = self.not_now() {
            return Err(Box::new(refusal));
        }
        let client = params.get("client").unwrap_or(&Json::Null);
        let of_client = |name: &str| client.text_of(name).unwrap_or_default();
        let (id, mode) = (of_client("id"), of_client("mode"));
        let role_name = params.text_of("role").unwrap_or("operator");
        if let Some(error) = self.protocol_fault(params, role_name, mode) {
            return Err(refused(error, 1002));
        }
        let role = match role_name {
            "operator" => Role::Operator,
            "node" => Role::Node,
            _ => return Err(refused(ErrorBody::invalid("invalid role"), 1008)),
        };
        if id == "openclaw-browser-copilot" {
            let message =
                "browser copilot requires ui mode with run-tool-bindings and session-scoped-events capabilities";
            return Err(refused(ErrorBody::invalid(message), 1008));
        }
        if let Some(reason) = origin_fault(&info, id, mode) {
            return Err(refused(errors::origin(reason), 1008));
        }
        let applicant = Applicant::new(self.dialect, &info, params, role);
        self.authenticate(applicant, params, &nonce)
    }

    /// Why nobody is let in at the moment.
    fn not_now(&self) -> Option<Refusal> {
        let (error, reason) = match self.phase {
            Phase::Booting => (errors::starting(), "gateway starting"),
            Phase::Draining | Phase::Closed | Phase::Down if self.dialect.is_v4() => {
                (errors::restarting("connect"), "gateway restart in progress")
            }
            _ => return None,
        };
        Some(Refusal { reason: reason.into(), ..Refusal::new(error, 1013) })
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

    /// Lets a client in by its credentials, or refuses it.
    fn authenticate(&mut self, mut applicant: Applicant, params: &Json, nonce: &str) -> Verdict {
        let secret = self.check_secret(&applicant);
        let Some(device) = applicant.device.clone() else {
            return self.authenticate_bare(applicant, params, secret.result, secret.delay);
        };
        let proven = proof::check(params, &device, nonce, self.now.unix.0).map_err(|fault| {
            if secret.pending {
                self.guesses.record(Guessed::Secret, &applicant.source, self.now.mono, &self.limits);
            }
            refused(errors::device_proof(fault), 1008)
        })?;
        applicant.proven = Some(proven.clone());
        let method = self
            .check_device_credentials(&applicant, &secret)
            .map_err(|(failure, delay)| self.unauthorized(&applicant, failure, delay))?;
        let membership = self.membership(&applicant, &proven, method)?;
        let grants = self.grants(&applicant, &proven.id, &membership);
        let mut session = session(self.dialect.is_v4(), &applicant, params, method);
        session.device = Some(proven);
        session.grants = grants;
        if method == "bootstrap-token" {
            self.redeem(&applicant, &membership, &mut session);
        }
        Ok(session)
    }

    /// Lets a client in that has no device. A program on this machine is taken at its word; whoever else has no device gets
    /// no scopes, or no entry.
    fn authenticate_bare(
        &self,
        mut applicant: Applicant,
        params: &Json,
        secret: Result<&'static str, Failure>,
        delay: Duration,
    ) -> Verdict {
        let by_secret = matches!(secret, Ok("token" | "password"));
        let is_own = applicant.is_local && !applicant.from_page;
        let trusted_backend = applicant.is_backend() && is_own && secret.is_ok();
        let trusted_cli = applicant.is_cli() && is_own && by_secret && self.dialect.is_v4();
        if applicant.is_operator_ui() {
            return Err(penalised(errors::control_ui_device_required(), delay));
        }
        let method = match secret {
            Ok(method) if applicant.role == Role::Operator && (trusted_backend || by_secret) => method,
            Err(failure)
                if applicant
                    .raw_auth("token")
                    .or_else(|| applicant.raw_auth("password"))
                    .is_some_and(|raw| !raw.is_empty()) =>
            {
                return Err(self.unauthorized(&applicant, failure, delay));
            }
            _ => return Err(penalised(errors::device_required(), delay)),
        };
        if !trusted_backend && !trusted_cli {
            applicant.scopes.clear();
        }
        Ok(session(self.dialect.is_v4(), &applicant, params, method))
    }

    fn unauthorized(&self, applicant: &Applicant, failure: Failure, delay: Duration) -> Box<Refusal> {
        penalised(failure.error(self.dialect, applicant), delay)
    }

    /// The tokens a device gets.
    fn grants(&mut self, applicant: &Applicant, device: &str, membership: &Membership) -> Vec<Grant> {
        let now = self.now.unix.0;
        let role = applicant.role.as_str();
        let own = membership.has_baseline.then(|| (role.to_owned(), applicant.scopes.clone()));
        let handed = membership.handoff.iter().flat_map(|profile| {
            let others = profile.roles.iter().filter(|other| *other != role);
            others.map(|other| (other.clone(), profile.handoff(other)))
        });
        let wanted: Vec<_> = own.into_iter().chain(handed).collect();
        wanted
            .into_iter()
            .filter_map(|(role, scopes)| self.pairing.ensure(device, &role, &scopes, now, &mut self.rng))
            .map(Grant::from)
            .collect()
    }

    /// Notes that a setup code has been used.
    fn redeem(&mut self, applicant: &Applicant, membership: &Membership, session: &mut Session) {
        let Some(token) = applicant.auth("bootstrapToken") else { return };
        let (role, all) = (applicant.role.as_str(), membership.handoff.is_some());
        session.used_setup = self.pairing.redeem_setup(token, role, &applicant.scopes, all);
    }
}

fn session(v4: bool, applicant: &Applicant, params: &Json, method: &'static str) -> Session {
    let client = params.get("client").unwrap_or(&Json::Null);
    let text = |name: &str| client.text_of(name).map(str::to_owned);
    // Programs without a device act as nobody in particular; people act as the gateway's owner.
    let is_person = !matches!(applicant.mode.as_str(), "cli" | "backend" | "probe");
    let profile = v4 && applicant.role == Role::Operator && (applicant.proven.is_some() || is_person);
    Session {
        client_id: applicant.id.clone(),
        client_mode: applicant.mode.clone(),
        display_name: text("displayName"),
        version: text("version").unwrap_or_default(),
        platform: applicant.facts.platform.clone().unwrap_or_default(),
        instance_id: text("instanceId"),
        device: None,
        role: applicant.role.clone(),
        scopes: applicant.scopes.iter().map(|scope| Scope::from(scope.as_str())).collect(),
        method,
        grants: Vec::new(),
        used_setup: None,
        facts: applicant.facts.clone(),
        profile: profile.then(|| "gateway-owner".to_owned()),
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
