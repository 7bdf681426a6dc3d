//! Requests after the hello, and their answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::{GatewayCore, Life, Scheduled};
use crate::check;
use crate::fault::{Fault, Phase};
use crate::reply::{Asked, PeerId, Reply};
use crate::wire;

/// Which request an answer is for.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) peer: PeerId,
    id: Value,
    method: String,
}

impl GatewayCore {
    pub(super) fn serve(&mut self, peer: PeerId, text: &str) {
        // Gateways pass over what is no JSON without a word.
        let Ok(value) = serde_json::from_str::<Value>(text) else { return };
        let request = match check::request(self.config.dialect, &value) {
            Ok(request) => request,
            Err(bad) => {
                let message = format!("invalid request frame: {}", bad.fault);
                self.refuse(peer, &bad.id, &wire::invalid(&message));
                return;
            }
        };
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.requests += 1;
        let nth = state.requests;
        let call = Call { peer, id: request.id, method: request.method.clone() };
        let asked = Asked { peer, method: request.method, params: request.params };
        let verdict = self.judge(&asked);
        self.note(asked.clone());
        if self.fault_at(peer, Phase::Request(nth)) {
            return;
        }
        match verdict {
            Err(error) => self.step(&call, Reply::Error(error)),
            Ok(handler) => {
                let replies = handler(&asked);
                self.answer(&call, replies);
            }
        }
    }

    /// The handler of a request, or why there is none for it.
    fn judge(&self, asked: &Asked) -> Result<crate::reply::Handler, Value> {
        if asked.method == "connect" {
            return Err(wire::invalid("connect is only valid as the first request"));
        }
        if !matches!(self.life, Life::Serving) {
            return Err(wire::restarting(&asked.method));
        }
        let holds = |scope: &str| self.peers.get(&asked.peer).is_some_and(|peer| peer.holds(scope));
        let Some(method) = self.config.methods.get(&asked.method) else {
            // Only an admin learns that a method does not exist.
            return Err(if holds("operator.admin") {
                wire::invalid(&format!("unknown method: {}", asked.method))
            } else {
                wire::missing_scope(self.config.dialect, "operator.admin")
            });
        };
        if let Some(scope) = method.scope.as_deref().filter(|scope| !holds(scope)) {
            return Err(wire::missing_scope(self.config.dialect, scope));
        }
        if self.waiting >= self.config.max_waiting {
            return Err(wire::busy());
        }
        Ok(std::sync::Arc::clone(&method.handler))
    }

    fn note(&mut self, asked: Asked) {
        let limit = self.config.journal_limit.max(1);
        if self.journal.len() >= limit {
            self.journal.drain(..limit.div_ceil(2));
        }
        self.journal.push(asked);
    }

    /// Does what is due at once and puts the rest off. A request whose first answer is put off waits.
    fn answer(&mut self, call: &Call, replies: Vec<Reply>) {
        let mut first = None;
        for (place, reply) in replies.iter().enumerate().filter(|(_, reply)| reply.answers()) {
            let delay = delay_of(reply);
            if first.is_none_or(|(soonest, _)| delay < soonest) {
                first = Some((delay, place));
            }
        }
        let first = first.filter(|(delay, _)| !delay.is_zero()).map(|(_, place)| place);
        for (place, reply) in replies.into_iter().enumerate() {
            let delay = delay_of(&reply);
            let reply = undelayed(reply);
            if delay.is_zero() {
                self.step(call, reply);
                continue;
            }
            let waits = first == Some(place);
            self.waiting += usize::from(waits);
            self.schedule(self.now.mono.after(delay), Scheduled::Step { call: call.clone(), reply, waits });
        }
    }

    /// One step of an answer.
    pub(super) fn step(&mut self, call: &Call, reply: Reply) {
        let dialect = self.config.dialect;
        match reply {
            Reply::Ok(payload) => self.respond(call, wire::response(dialect, &call.id, &payload)),
            Reply::Error(error) => self.respond(call, wire::refusal(dialect, &call.id, &error)),
            Reply::Accepted(mut payload) => {
                if payload.get("status").is_none() {
                    wire::merge(&mut payload, &json!({"status": "accepted"}));
                }
                self.respond(call, wire::response(dialect, &call.id, &payload));
            }
            Reply::Event { name, payload } => self.send_event(call.peer, &name, &payload),
            Reply::Broadcast { name, payload } => self.broadcast(self.now, &name, &payload),
            Reply::CloseConnection { code, reason } => self.close(call.peer, code, &reason),
            Reply::After(_, reply) => self.step(call, *reply),
            Reply::Nothing => {}
        }
    }

    fn respond(&mut self, call: &Call, text: String) {
        if self.has_fault(call.peer, &Fault::SwallowResponse { method: call.method.clone() }) {
            return;
        }
        if self.has_fault(call.peer, &Fault::DuplicateResponses) {
            self.send(call.peer, text.clone());
        }
        self.send(call.peer, text);
    }
}

/// How late a step is; delays inside delays add up.
fn delay_of(reply: &Reply) -> Duration {
    match reply {
        Reply::After(delay, reply) => delay.saturating_add(delay_of(reply)),
        _ => Duration::ZERO,
    }
}

fn undelayed(reply: Reply) -> Reply {
    match reply {
        Reply::After(_, reply) => undelayed(*reply),
        reply => reply,
    }
}
