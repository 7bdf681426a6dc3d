//! Requests after hello: from the frame to the answer.

use std::collections::VecDeque;

use openclaw_proto::connect::{Role, Scope};
use serde_json::Value;

use super::events::droppable_by_name;
use super::peer::Session;
use super::{Action, Asked, GatewayCore, PeerId, Phase};
use crate::call::{Call, Wanted};
use crate::errors;
use crate::faults::Point;
use crate::frames::{self, EventBody};
use crate::json::{Incoming, Json, read};
use crate::methods::{Access, Run};
use crate::reply::{Answer, ErrorBody, Reply, Step};
use crate::schema::violations;
use crate::shapes;

/// Whom an answer is for.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) peer: PeerId,
    /// The request's id as JSON text.
    pub(crate) id: String,
    pub(crate) method: String,
}

/// A request that is to be started.
#[derive(Debug)]
pub(crate) struct Started {
    ticket: Ticket,
    params: String,
    profile: Option<String>,
    bytes: usize,
}

impl GatewayCore {
    /// A message has come from a client that has its hello.
    pub(crate) fn request_arrived(&mut self, peer: PeerId, text: &str) {
        let envelope = match read(text) {
            Incoming::NotJson => return,
            Incoming::NotAnObject => return self.invalid(peer, "\"invalid\"", "must be object"),
            Incoming::Frame(envelope) => envelope,
        };
        let fault = violations(&envelope.frame, shapes::request(self.dialect), self.dialect.voice());
        if let Some(fault) = fault {
            let id = envelope.id.filter(|id| *id != "null").unwrap_or("\"invalid\"");
            return self.invalid(peer, id, &fault);
        }
        let text_of = |name: &str| envelope.frame.text_of(name).unwrap_or_default();
        let (method, id) = (text_of("method"), envelope.id.unwrap_or_default());
        let params = envelope.params.filter(|params| *params != "null").unwrap_or("{}");
        self.journal.record(Asked::new(peer, self.now, text_of("id"), method, params));
        let started = Started {
            ticket: Ticket { peer, id: id.into(), method: method.into() },
            params: params.into(),
            profile: envelope.frame.text_of("expectedProfileId").map(str::to_owned),
            bytes: text.len(),
        };
        let shaped = if self.faults.is_empty() {
            Default::default()
        } else {
            self.control(peer, &Point::Request(method.into()), Some(id))
        };
        if shaped.prevented {
            return;
        }
        if shaped.delay.is_zero() {
            self.enqueue(started);
        } else {
            self.schedule.put(self.now.mono.after(shaped.delay), Action::Start(started));
        }
    }

    fn invalid(&mut self, peer: PeerId, id: &str, fault: &str) {
        let error = ErrorBody::invalid(format!("invalid request frame: {fault}"));
        let ticket = Ticket { peer, id: id.into(), method: String::new() };
        self.respond(&ticket, &Answer::Error(None, error));
    }

    /// Operators' requests wait their turn; the room is bounded on v4.
    fn enqueue(&mut self, started: Started) {
        let is_operator = self
            .peers
            .get(&started.ticket.peer)
            .and_then(super::Peer::session)
            .is_some_and(|s| s.role == Role::Operator);
        let full = self.starts.len() >= self.limits.start_queue
            || self.start_bytes.saturating_add(started.bytes) > self.limits.start_queue_bytes;
        if self.dialect.is_v4() && is_operator && full {
            self.respond(&started.ticket, &Answer::Error(None, errors::busy()));
            return;
        }
        self.start_bytes += started.bytes;
        self.starts.push_back(started);
    }

    /// Starts what has waited.
    pub(crate) fn start_requests(&mut self) {
        while let Some(started) = self.starts.pop_front() {
            self.start_bytes = self.start_bytes.saturating_sub(started.bytes);
            self.start(started);
        }
    }

    pub(crate) fn start(&mut self, started: Started) {
        let Started { ticket, params, profile, .. } = started;
        let Some(session) = self.peers.get(&ticket.peer).and_then(super::Peer::session).cloned() else { return };
        if profile.is_some() && profile != session.profile {
            return self.respond(&ticket, &Answer::Error(None, errors::wrong_profile()));
        }
        if let Some(error) = self.authorise(&session, &ticket.method) {
            return self.respond(&ticket, &Answer::Error(None, error));
        }
        if self.dialect.is_v4() && self.phase == Phase::Draining {
            return self.respond(&ticket, &Answer::Error(None, errors::restarting(&ticket.method)));
        }
        if let Some(error) = self.misshapen(&session, &ticket.method, &params) {
            return self.respond(&ticket, &Answer::Error(None, error));
        }
        self.run(&ticket, &params, &session);
    }

    /// Why a client may not call a method.
    fn authorise(&self, session: &Session, method: &str) -> Option<ErrorBody> {
        if method == "health" {
            return None;
        }
        let access = self.methods.access(method);
        let for_nodes = matches!(access, Some(Access::Node));
        if for_nodes != (session.role == Role::Node) {
            return Some(errors::unauthorized_role(session.role.as_str()));
        }
        match access {
            Some(Access::Operator) => None,
            _ if session.is_admin() => access.is_none().then(|| errors::unknown_method(method)),
            Some(Access::Node) => None,
            Some(Access::Scope(scope)) if session.may(scope) => None,
            Some(_) if self.dialect.is_v4() && session_scope(method).is_some_and(|scope| session.may(&scope)) => {
                Some(errors::no_user_profile())
            }
            Some(Access::Scope(scope)) => Some(errors::missing_scope(self.dialect, scope.as_str())),
            None => Some(errors::missing_scope(self.dialect, Scope::Admin.as_str())),
        }
    }

    /// What is wrong with the params of a built-in method.
    fn misshapen(&self, session: &Session, method: &str, params: &str) -> Option<ErrorBody> {
        if !matches!(self.methods.run(method), Some(Run::Builtin(_))) {
            return None;
        }
        let shape = shapes::params(self.dialect, method)?;
        let params = Json::parse(params).unwrap_or(Json::Null);
        let needs_session = method == "chat.send" || method == "chat.abort" && !session.is_admin();
        if self.dialect.is_v4() && needs_session && params.text_of("sessionKey").is_none() {
            return Some(errors::session_target(method));
        }
        let fault = violations(&params, shape, self.dialect.voice())?;
        Some(ErrorBody::invalid(format!("invalid {method} params: {fault}")))
    }

    fn run(&mut self, ticket: &Ticket, params: &str, session: &Session) {
        let reply = match self.methods.run_mut(&ticket.method) {
            Some(Run::Builtin(builtin)) => {
                let builtin = *builtin;
                builtin(self, ticket, params)
            }
            Some(Run::User(handler)) => {
                let id = Json::parse(&ticket.id);
                let mut call = Call {
                    peer: ticket.peer,
                    now: self.now,
                    method: &ticket.method,
                    id: id.as_ref().and_then(Json::text).unwrap_or_default(),
                    params,
                    client_id: &session.client_id,
                    client_mode: &session.client_mode,
                    role: &session.role,
                    scopes: &session.scopes,
                    rng: &mut self.rng,
                    events: Vec::new(),
                };
                let value = serde_json::from_str(params).unwrap_or(Value::Null);
                let reply = handler(&mut call, &value);
                let wanted = call.events;
                self.send_wanted(ticket.peer, wanted);
                reply
            }
            None => Reply::error(errors::unknown_method(&ticket.method)),
        };
        self.answer(ticket.clone(), reply.steps);
        // Whoever is closed over this call has its answer by now.
        self.close_removed();
    }

    fn send_wanted(&mut self, peer: PeerId, wanted: Vec<Wanted>) {
        for event in wanted {
            if event.only {
                let frame = EventBody::new(self.dialect, &event.name, &event.payload, None).frame(None, None);
                self.send_at(peer, &Point::Event(event.name), frame, None);
            } else if event.delay.is_zero() {
                self.send_event(&event.name, &event.payload, droppable_by_name(&event.name));
            } else {
                let action = Action::Broadcast(event.name, event.payload);
                self.schedule.put(self.now.mono.after(event.delay), action);
            }
        }
    }

    /// Gives the answers of a reply, each at its time.
    pub(crate) fn answer(&mut self, ticket: Ticket, mut steps: VecDeque<Step>) {
        while let Some(step) = steps.pop_front() {
            if step.delay.is_zero() {
                self.respond(&ticket, &step.answer);
            } else {
                let at = self.now.mono.after(step.delay);
                steps.push_front(Step { delay: std::time::Duration::ZERO, answer: step.answer });
                self.schedule.put(at, Action::Answer(ticket, steps));
                return;
            }
        }
    }

    /// Gives one answer.
    pub(crate) fn respond(&mut self, ticket: &Ticket, answer: &Answer) {
        let peer = ticket.peer;
        match answer {
            Answer::Close(code, reason) => return self.close_peer(peer, *code, reason),
            Answer::Abort => return self.abort_peer(peer),
            Answer::Ok(_) | Answer::Error(..) => {}
        }
        if self.is_slow(peer) {
            return self.close_peer(peer, 1008, "slow consumer");
        }
        let wrong_role = matches!(answer, Answer::Error(_, error) if error.message.starts_with("unauthorized role:"));
        if let Some(text) = frames::response(self.dialect, &ticket.id, answer) {
            if self.faults.is_empty() {
                self.emit(peer, text);
            } else {
                self.send_at(peer, &Point::Response(ticket.method.clone()), text, Some(&ticket.id));
            }
        }
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.unauthorized = if wrong_role { state.unauthorized + 1 } else { 0 };
        if state.unauthorized > self.limits.unauthorized_calls {
            self.close_peer(peer, 1008, "repeated unauthorized calls");
        }
    }
}

/// The scope that lets users call a method on sessions of their own. The gateway knows no such users: whoever holds
/// nothing else is let in by a shared secret.
fn session_scope(method: &str) -> Option<Scope> {
    match method {
        "sessions.list" => Some(Scope::SessionsRead),
        "chat.send" | "chat.abort" => Some(Scope::SessionsWrite),
        _ => None,
    }
}
