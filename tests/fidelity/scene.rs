//! Scenes: what needs several connections, one after another, to show.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use openclaw_testkit::TestDevice;
use serde_json::{Value, json};

use crate::join::Join;
use crate::labels::Labels;
use crate::line::Line;
use crate::normal;
use crate::probe::Gateway;

/// What happens, by name.
#[derive(Clone, Copy)]
pub struct Scene {
    pub name: &'static str,
    pub play: fn(&mut Stage<'_>),
}

/// Where it happens. What the gateway does is noted in order.
pub struct Stage<'a> {
    pub gateway: &'a Gateway,
    lines: BTreeMap<&'static str, Line>,
    labels: Labels,
    notes: Vec<Value>,
}

/// Plays a scene; gives what the gateway did.
pub fn play(scene: &Scene, gateway: &Gateway) -> Vec<Value> {
    let mut stage = Stage { gateway, lines: BTreeMap::new(), labels: Labels::default(), notes: Vec::new() };
    stage.labels.name(&gateway.address, "(address)");
    (scene.play)(&mut stage);
    stage.notes
}

impl Stage<'_> {
    /// A device that no gateway has ever seen.
    pub fn device(&mut self, name: &str) -> TestDevice {
        let mut seed = [0; 32];
        for chunk in seed.chunks_mut(8) {
            chunk.copy_from_slice(&RandomState::new().hash_one(name).to_le_bytes());
        }
        let device = TestDevice::from_seed(seed);
        self.labels.name(&device.id(), format!("(device {name})"));
        self.labels.name(&device.public_key(), format!("(key {name})"));
        device
    }

    /// Connects, and notes what comes of it. Gives the payload of the hello; null if there is none.
    pub fn join(&mut self, who: &'static str, join: &Join) -> Value {
        // No two scenes come from the same page, so that none is locked out over another.
        let page = format!("http://localhost:{}", 20_000 + RandomState::new().hash_one(who) % 40_000);
        self.join_from(who, join, join.on_page.then_some(page.as_str()))
    }

    /// The same from a page of that origin.
    pub fn join_from(&mut self, who: &'static str, join: &Join, origin: Option<&str>) -> Value {
        let mut line = Line::open(self.gateway, origin);
        let params = join.params(self.gateway.wire, &self.gateway.token, &line.challenge);
        let answer = line.ask("connect", params);
        let hello = answer.as_ref().map(|answer| answer["payload"].clone()).unwrap_or_default();
        let refused = hello.is_null();
        self.note(who, answer);
        if refused {
            let end = line.read();
            self.note(who, end);
        } else {
            self.lines.insert(who, line);
        }
        hello
    }

    /// Somebody who may do everything and has no device. Nothing of it is noted.
    pub fn admin(&mut self) {
        let join = Join::program("gateway-client", "backend").scopes(&["operator.admin"]);
        let notes = self.notes.len();
        self.join("admin", &join);
        self.notes.truncate(notes);
    }

    /// Asks, and notes the answer. Gives its payload.
    pub fn ask(&mut self, who: &'static str, method: &str, params: Value) -> Value {
        let mut answer = self.on(who, |line| line.ask(method, params));
        let mut payload = Value::Null;
        if let Some(answered) = answer.as_mut().ok().and_then(|answer| answer.get_mut("payload")) {
            self.own_devices(answered);
            payload = answered.clone();
        }
        self.note(who, answer);
        payload
    }

    /// Asks for something that is nobody's business. Gives the payload of the answer.
    pub fn ask_quietly(&mut self, who: &'static str, method: &str, params: Value) -> Value {
        let notes = self.notes.len();
        let payload = self.ask(who, method, params);
        self.notes.truncate(notes);
        payload
    }

    /// Asks without waiting.
    pub fn send(&mut self, who: &'static str, method: &str, params: Value) -> String {
        self.lines.get_mut(who).map(|line| line.send(method, params)).unwrap_or_default()
    }

    /// Waits for an answer, and notes it.
    pub fn answer(&mut self, who: &'static str, id: &str) {
        let answer = self.on(who, |line| line.answer(id));
        self.note(who, answer);
    }

    /// Notes the events about the scene's devices that have come by now.
    pub fn heard(&mut self, who: &'static str) {
        let mut events = self.lines.get_mut(who).map(Line::events).unwrap_or_default();
        events.retain(|event| {
            event["event"].as_str().is_some_and(|name| name.starts_with("device.")) && self.labels.concerns(event)
        });
        for event in events {
            self.note(who, Ok(event));
        }
    }

    /// Notes whether a connection is still there, or how it has ended.
    pub fn fate(&mut self, who: &'static str) {
        let fate = self.on(who, |line| line.ask("health", json!({}))).map(|_| json!({"still": "there"}));
        self.note(who, fate);
    }

    /// Does something with a connection, if it was let in.
    fn on(&mut self, who: &'static str, act: impl FnOnce(&mut Line) -> Result<Value, Value>) -> Result<Value, Value> {
        self.lines.get_mut(who).map_or_else(|| Err(json!({"not": "connected"})), act)
    }

    fn note(&mut self, who: &'static str, what: Result<Value, Value>) {
        let mut what = what.unwrap_or_else(|end| end);
        let mut auth = Value::Null;
        if what["payload"]["type"] == "hello-ok" {
            auth = what["payload"]["auth"].clone();
        }
        if !auth.is_null() {
            what = normal::frame(what);
            what["hello"]["auth"] = auth;
        }
        if let Some(members) = what.as_object_mut() {
            ["id", "seq", "type", "recipientProfileId"].iter().for_each(|volatile| drop(members.remove(*volatile)));
            members.insert("who".into(), json!(who));
        }
        let what = self.labels.apply(what);
        self.notes.push(what);
    }

    /// Takes the devices of others out of a list.
    fn own_devices(&self, payload: &mut Value) {
        for list in ["pending", "paired"] {
            if let Some(Value::Array(items)) = payload.get_mut(list) {
                items.retain(|item| self.labels.concerns(item));
            }
        }
    }
}
