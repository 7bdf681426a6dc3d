//! From the upgrade to the hello.

use serde_json::json;

use super::connect::Refusal;
use super::peer::{Peer, Session, Stage};
use super::{Action, GatewayCore, HttpRefusal, PeerId, PeerInfo, Phase};
use crate::faults::{Effect, Point};
use crate::frames::{self, EventBody};
use crate::json::{Incoming, Json, read, text_of};
use crate::pairing::Code;
use crate::reply::{Answer, ErrorBody};
use crate::schema::violations;
use crate::shapes;

/// What a client is told whose first request is another one.
const FIRST_MUST_CONNECT: &str = "invalid handshake: first request must be connect";

impl GatewayCore {
    /// Whether a connection may be upgraded.
    pub(crate) fn admit(&mut self, peer: PeerId, info: &PeerInfo) -> Result<(), HttpRefusal> {
        for effect in self.strike(&Point::Upgrade, peer) {
            if let Effect::Refuse(refusal) = effect {
                return Err(refusal);
            }
        }
        let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"];
        if self.dialect.is_v4() && info.address.is_loopback() && forwarded.iter().any(|name| info.get(name).is_some()) {
            let body = json!({"error": {
                "message": concat!(
                    "Proxy client attribution is required. Configure gateway.trustedProxies narrowly and make the ",
                    "proxy overwrite or safely rebuild forwarded client headers."
                ),
                "type": "proxy_attribution_required",
            }});
            let refusal = HttpRefusal::new(403, text_of(&body));
            return Err(refusal.header("Content-Type", "application/json; charset=utf-8"));
        }
        if matches!(self.phase, Phase::Draining | Phase::Closed | Phase::Down) {
            return Err(HttpRefusal::new(503, "Gateway websocket admission closed"));
        }
        let waiting =
            self.peers.values().filter(|peer| peer.is_unauthenticated() && peer.info.address == info.address).count();
        if waiting >= self.limits.preauth_connections {
            return Err(HttpRefusal::new(503, "Too many unauthenticated sockets"));
        }
        Ok(())
    }

    pub(crate) fn challenge(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(&id) else { return };
        let mut payload = json!({"nonce": peer.nonce, "ts": self.now.unix.0});
        if self.dialect.is_v4() {
            if let Some(members) = payload.as_object_mut() {
                members.insert("capabilities".into(), json!(["model-catalog-snapshot"]));
            }
        }
        let frame = EventBody::new(self.dialect, "connect.challenge", &payload, None).frame(None, None);
        self.send_at(id, &Point::Challenge, frame, None);
    }

    /// A message has come.
    pub(crate) fn received(&mut self, id: PeerId, text: &str) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| !peer.deaf) else { return };
        let (v4, size, is_new) = (self.dialect.is_v4(), text.len(), peer.is_unauthenticated());
        let (limit, queue) = match &mut peer.stage {
            Stage::Closing => return,
            Stage::Greeted => (self.limits.preauth_frame, None),
            Stage::Answering(queue) => (self.limits.preauth_frame, Some(queue)),
            Stage::Open { before_hello, .. } => (self.limits.max_payload, before_hello.as_mut()),
        };
        if size > limit {
            self.close_peer(id, 1009, "");
            return;
        }
        match queue {
            // v3 takes what comes before its hello for another first frame.
            Some(queue) if v4 => {
                if queue.len() < self.limits.handshake_queue {
                    queue.push(text.into());
                } else {
                    self.close_peer(id, 1008, "too many pending handshake frames");
                }
            }
            Some(_) if is_new => self.spoil(id, text),
            _ if is_new => self.first_frame_arrived(id, text),
            _ => self.request_arrived(id, text),
        }
    }

    fn first_frame_arrived(&mut self, id: PeerId, text: &str) {
        let shaped = if self.faults.is_empty() || !text.contains("\"connect\"") {
            super::send::Shaped::default()
        } else {
            let request = match read(text) {
                Incoming::Frame(envelope) => envelope.id.map(str::to_owned),
                _ => None,
            };
            self.control(id, &Point::Connect, request.as_deref())
        };
        self.set_answering(id);
        if !shaped.delay.is_zero() && !shaped.prevented {
            self.schedule.put(self.now.mono.after(shaped.delay), Action::Connect(id, text.into()));
        } else if !shaped.prevented {
            self.first_frame(id, text);
        }
    }

    /// A v3 client did not wait for its hello.
    fn spoil(&mut self, id: PeerId, text: &str) {
        let frame = read(text);
        if matches!(&frame, Incoming::Frame(envelope) if envelope.frame.text_of("method") == Some("connect")) {
            // A connect is welcome as often as it comes before the first hello.
            return self.first_frame(id, text);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if !std::mem::replace(&mut peer.spoiled, true) {
            self.connects.push_back((id, None));
        }
        if let Incoming::Frame(envelope) = frame {
            let error = ErrorBody::invalid(FIRST_MUST_CONNECT);
            let answer = Answer::Error(None, error);
            let text = frames::response(self.dialect, envelope.id.unwrap_or("null"), &answer);
            text.into_iter().for_each(|text| self.emit(id, text));
        }
    }

    /// Judges the connects that have come in this turn.
    pub(crate) fn judge_connects(&mut self) {
        while let Some((id, connect)) = self.connects.pop_front() {
            let open = self.peers.get(&id).filter(|peer| !peer.is_closing());
            match (open.map(|peer| peer.spoiled), connect) {
                (Some(true), _) => self.close_peer(id, 1008, FIRST_MUST_CONNECT),
                (Some(false), Some((request, params))) => self.answer_connect(id, request, &params),
                _ => {}
            }
        }
    }

    fn set_answering(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            if matches!(peer.stage, Stage::Greeted) {
                peer.stage = Stage::Answering(Vec::new());
            }
        }
    }

    /// Reads the first frame of a connection.
    pub(crate) fn first_frame(&mut self, id: PeerId, text: &str) {
        let envelope = match read(text) {
            Incoming::NotJson => return self.close_peer(id, 1000, ""),
            Incoming::NotAnObject => return self.close_peer(id, 1008, "invalid request frame"),
            Incoming::Frame(envelope) => envelope,
        };
        let params = envelope.params.and_then(Json::parse).unwrap_or(Json::Null);
        if self.dialect.is_v4() && claims_worker(&params) {
            return self.close_peer(id, 1008, "invalid-handshake");
        }
        let voice = self.dialect.voice();
        if violations(&envelope.frame, shapes::request(self.dialect), voice).is_some() {
            return self.close_peer(id, 1008, "invalid request frame");
        }
        let request = envelope.id.unwrap_or("null").to_owned();
        if envelope.frame.text_of("method") != Some("connect") {
            let error = ErrorBody::invalid(FIRST_MUST_CONNECT);
            return self.refuse(id, &request, error, 1008);
        }
        if let Some(fault) = violations(&params, shapes::connect(self.dialect), voice) {
            return self.refuse(id, &request, ErrorBody::invalid(format!("invalid connect params: {fault}")), 1008);
        }
        if self.dialect.is_v4() {
            self.answer_connect(id, request, &params);
        } else {
            // On v3 whatever else has come by now spoils it.
            self.connects.push_back((id, Some((request, params))));
        }
    }

    fn answer_connect(&mut self, id: PeerId, request: String, params: &Json) {
        let refusal = match self.judge(id, params) {
            Ok(session) => return self.welcome(id, &request, &session),
            Err(refusal) => *refusal,
        };
        let Refusal { error, code, reason, delay } = refusal;
        if delay.is_zero() {
            self.refuse_with(id, &request, error, code, &reason);
        } else {
            self.schedule.put(self.now.mono.after(delay), Action::Refuse(id, request, error, code));
        }
    }

    /// Refuses a connect with an error and closes with the error's message.
    pub(crate) fn refuse(&mut self, id: PeerId, request: &str, error: ErrorBody, code: u16) {
        let reason = error.message.clone();
        self.refuse_with(id, request, error, code, &reason);
    }

    fn refuse_with(&mut self, id: PeerId, request: &str, error: ErrorBody, code: u16, reason: &str) {
        if let Some(text) = frames::response(self.dialect, request, &Answer::Error(None, error)) {
            self.send_at(id, &Point::Response("connect".into()), text, Some(request));
        }
        self.close_peer(id, code, reason);
    }

    fn welcome(&mut self, id: PeerId, request: &str, session: &Session) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let is_first = peer.session().is_none();
        let waiting = match std::mem::replace(&mut peer.stage, Stage::Greeted) {
            Stage::Answering(queue) => queue,
            _ => Vec::new(),
        };
        peer.stage = Stage::Open { session: session.clone(), before_hello: Some(waiting) };
        let shown = self.came(id, session);
        let mut hello = self.hello(id, session);
        let effects = self.strike(&Point::Hello, id);
        for patch in &self.advertise {
            crate::json::merge(&mut hello, patch);
        }
        for effect in &effects {
            if let Effect::MergeHello(patch) = effect {
                crate::json::merge(&mut hello, patch);
            }
        }
        let answer = Answer::Ok(Some(text_of(&hello)));
        let Some(text) = frames::response(self.dialect, request, &answer) else { return };
        let shaped = self.shape(id, effects, text, Some(request));
        if is_first && !self.limits.ping.is_zero() {
            self.schedule.put(self.now.mono.after(self.limits.ping), Action::Ping(id));
        }
        let delay = shaped.delay;
        let mut texts = shaped.texts.into_iter();
        if let Some(first) = texts.next() {
            if delay.is_zero() {
                self.hello_out(id, first);
            } else {
                self.schedule.put(self.now.mono.after(delay), Action::EmitHello(id, first));
            }
        }
        for text in texts {
            self.schedule.put(self.now.mono.after(delay), Action::Emit(id, text));
        }
        self.announce(shown);
        if let Some(code) = &session.used_setup {
            self.setup_completed(code, session);
        }
    }

    /// Tells those who may pair that a setup code of theirs has let a device in.
    fn setup_completed(&mut self, code: &Code, session: &Session) {
        let Some(setup) = &code.setup_id else { return };
        let mut payload = json!({
            "setupId": setup,
            "deviceId": session.device_id(),
            "access": code.profile.access(),
            "ts": self.now.unix.0,
        });
        if let Some(name) = &session.display_name {
            crate::json::merge(&mut payload, &json!({"deviceName": name}));
        }
        self.send_event("device.pair.setup.completed", &payload, true);
    }

    /// Sends the hello, and takes up what has waited for it.
    pub(crate) fn hello_out(&mut self, id: PeerId, text: String) {
        self.emit(id, text);
        let mut waiting = Vec::new();
        if let Some(Peer { stage: Stage::Open { before_hello, .. }, .. }) = self.peers.get_mut(&id) {
            waiting = before_hello.take().unwrap_or_default();
        }
        self.control(id, &Point::AfterHello, None);
        for text in waiting {
            self.received(id, &text);
        }
    }
}

/// Whether somebody wants in as a worker, which has a door of its own.
fn claims_worker(params: &Json) -> bool {
    let client = params.get("client").unwrap_or(&Json::Null);
    params.text_of("role") == Some("worker")
        || client.text_of("id") == Some("openclaw-worker")
        || client.text_of("mode") == Some("worker")
}
