//! Operators that ask for more scopes without connecting again.

use openclaw_proto::Instant;
use serde_json::{Value, json};

use super::{Action, GatewayCore, PeerId, Ticket};
use crate::pairing::{Ask, scopes};
use crate::proof::Proven;
use crate::reply::{Answer, ErrorBody, Reply};

/// How long an outcome can still be asked for.
const KEPT: std::time::Duration = std::time::Duration::from_secs(15);

/// What became of a request, as far as anybody has said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Approved,
    Rejected,
}

/// Somebody asks for more scopes.
#[derive(Debug)]
struct Upgrade {
    request: String,
    owner: Proven,
    asked: Vec<String>,
    /// The token and the approval it began with.
    before: (Option<String>, u64),
    expires: Instant,
    decision: Option<Decision>,
    /// The outcome, and until when it is kept.
    outcome: Option<(Value, Instant)>,
    waiting: Vec<Ticket>,
}

/// All that are asked for.
#[derive(Debug, Default)]
pub(crate) struct Upgrades(Vec<Upgrade>);

impl Upgrades {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn find(&mut self, request: &str) -> Option<&mut Upgrade> {
        self.0.iter_mut().find(|upgrade| upgrade.request == request)
    }
}

impl GatewayCore {
    /// Asks for more scopes in the name of a connection's device.
    pub(crate) fn request_upgrade(&mut self, peer: PeerId, asked: &[String]) -> Reply {
        let Some(session) = self.peers.get(&peer).and_then(super::Peer::session).cloned() else {
            return Reply::never();
        };
        let known = session.device.as_ref().and_then(|device| self.pairing.known(&device.id, &device.public_key));
        let (Some(owner), Some(known)) = (session.device.clone(), known) else { return Reply::error(no_device()) };
        let before = (known.tokens.get("operator").map(|token| token.token.clone()), known.approved_at);
        let asked = scopes::normal(asked);
        if !asked.iter().all(|scope| scopes::is_known(scope)) {
            return Reply::error(ErrorBody::invalid("requested scopes contain an unknown operator scope"));
        }
        if !scopes::allow(true, "operator", &session.scope_texts(), &asked) {
            let message = "requested scopes must include the connection's current scopes";
            return Reply::error(ErrorBody::invalid(message));
        }
        let ask = Ask {
            device_id: owner.id.clone(),
            public_key: owner.public_key.clone(),
            facts: session.facts.clone(),
            role: "operator".into(),
            roles: Vec::new(),
            scopes: asked.clone(),
            silent: false,
        };
        let filed = self.pairing.file(ask, self.now.unix.0, &mut self.rng);
        let expires = self.now.mono.after(self.limits.pairing_request);
        let id = filed.request.id.clone();
        match self.upgrades.find(&id) {
            Some(upgrade) => (upgrade.asked, upgrade.expires) = (asked, expires),
            None => self.upgrades.0.push(Upgrade {
                request: id.clone(),
                owner: owner.clone(),
                asked,
                before,
                expires,
                decision: None,
                outcome: None,
                waiting: Vec::new(),
            }),
        }
        self.schedule.put(expires, Action::UpgradesExpire);
        for superseded in &filed.superseded {
            self.decide_upgrade(superseded, Decision::Rejected);
            self.pairing_resolved(superseded, &owner.id, "rejected");
        }
        if filed.created {
            self.send_event("device.pair.requested", &filed.request.row(), true);
        }
        Reply::ok(json!({"requestId": id}))
    }

    /// Waits for what becomes of a request for more scopes.
    pub(crate) fn wait_upgrade(&mut self, ticket: &Ticket, request: &str) -> Reply {
        let session = self.peers.get(&ticket.peer).and_then(super::Peer::session);
        let Some(owner) = session.and_then(|session| session.device.clone()) else { return Reply::error(no_device()) };
        // What is over is forgotten by now.
        self.settle_upgrades();
        let Some(upgrade) = self.upgrades.find(request).filter(|upgrade| upgrade.owner == owner) else {
            return Reply::error(ErrorBody::invalid("scope upgrade expired or not found"));
        };
        upgrade.waiting.push(ticket.clone());
        self.settle_upgrades();
        Reply::never()
    }

    /// Somebody has decided on a request.
    pub(crate) fn decide_upgrade(&mut self, request: &str, decision: Decision) {
        if let Some(upgrade) = self.upgrades.find(request) {
            upgrade.decision = Some(decision);
        }
        self.settle_upgrades();
    }

    /// Answers those who wait for something that is no longer open.
    pub(crate) fn settle_upgrades(&mut self) {
        let now = self.now.mono;
        self.pairing.expire(self.now.unix.0);
        let mut upgrades = std::mem::take(&mut self.upgrades.0);
        let mut answers = Vec::new();
        for upgrade in upgrades.iter_mut().filter(|upgrade| !upgrade.waiting.is_empty()) {
            if upgrade.outcome.is_none() {
                upgrade.outcome = self.outcome(upgrade).map(|outcome| (outcome, now.after(KEPT)));
            }
            if let Some((outcome, _)) = &upgrade.outcome {
                let waiting = std::mem::take(&mut upgrade.waiting);
                answers.extend(waiting.into_iter().map(|ticket| (ticket, outcome.clone())));
            }
        }
        upgrades.retain(|upgrade| {
            let until = upgrade.outcome.as_ref().map_or_else(|| upgrade.expires.after(KEPT), |(_, until)| *until);
            now < until
        });
        self.upgrades.0 = upgrades;
        for (ticket, outcome) in answers {
            self.respond(&ticket, &Answer::Ok(Some(outcome.to_string())));
        }
    }

    /// What has become of a request; none while it is open.
    fn outcome(&self, upgrade: &Upgrade) -> Option<Value> {
        let id = &upgrade.request;
        if self.now.mono >= upgrade.expires {
            return Some(json!({"status": "expired", "requestId": id}));
        }
        if self.pairing.request(id).is_some() {
            return None;
        }
        let known = self.pairing.known(&upgrade.owner.id, &upgrade.owner.public_key);
        let held = known.and_then(|device| device.tokens.get("operator")).filter(|token| token.revoked_at.is_none());
        let granted = held.zip(known).filter(|(token, device)| {
            let (token_before, approved_before) = &upgrade.before;
            let has_changed = token_before.as_ref() != Some(&token.token) && device.approved_at != *approved_before;
            let is_approved = upgrade.decision == Some(Decision::Approved) || upgrade.decision.is_none() && has_changed;
            is_approved && scopes::allow(true, "operator", &upgrade.asked, &token.scopes)
        });
        Some(match granted {
            Some((token, _)) => json!({
                "status": "approved",
                "requestId": id,
                "deviceToken": token.token,
                "scopes": token.scopes,
            }),
            None => json!({"status": "rejected", "requestId": id}),
        })
    }
}

fn no_device() -> ErrorBody {
    ErrorBody::invalid(concat!(
        "device scope upgrade requires a paired browser identity; ",
        "reopen the Control UI over HTTPS or localhost, then retry"
    ))
    .details(json!({"code": "DEVICE_IDENTITY_REQUIRED", "recommendedNextStep": "reopen_control_ui_securely"}))
}
