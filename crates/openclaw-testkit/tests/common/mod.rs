//! A gateway in virtual time, and what it says in a few words.

use std::time::Duration;

use openclaw_testkit::proto::{Instant, Now, UnixMillis};
use openclaw_testkit::{Dialect, GatewayConfig, GatewayCore, GatewayOutput, PeerId};
use serde_json::{Value, json};

/// A gateway whose clock is the test's.
pub struct Bench {
    pub core: GatewayCore,
    pub now: Now,
}

impl Bench {
    pub fn new(config: GatewayConfig) -> Self {
        let now = Now { mono: Instant::ZERO, unix: UnixMillis(1_800_000_000_000) };
        Self { core: GatewayCore::new(config, 7), now }
    }

    /// A connection, its challenge read.
    pub fn open(&mut self) -> PeerId {
        let peer = self.core.connect(self.now);
        self.frames();
        peer
    }

    /// A connection with a hello and these scopes.
    pub fn ready(&mut self, scopes: &[&str]) -> PeerId {
        let peer = self.open();
        self.say(peer, &connect(json!({ "scopes": scopes })));
        peer
    }

    /// Sends a text and gives what the gateway does about it.
    pub fn say(&mut self, peer: PeerId, text: &str) -> Vec<String> {
        self.core.handle_text(self.now, peer, text);
        self.said()
    }

    /// Asks.
    pub fn ask(&mut self, peer: PeerId, method: &str, params: Value) -> Vec<String> {
        self.say(peer, &request("q", method, params))
    }

    /// Time passes, timer by timer.
    pub fn pass(&mut self, time: Duration) -> Vec<String> {
        let end = self.now.after(time);
        while let Some(at) = self.core.poll_timeout().filter(|at| *at <= end.mono) {
            self.now = self.now.after(at.since(self.now.mono));
            self.core.handle_timeout(self.now);
        }
        self.now = end;
        self.said()
    }

    /// What the gateway has done, in a few words each.
    pub fn said(&mut self) -> Vec<String> {
        self.outputs().iter().map(short).collect()
    }

    /// The frames it has sent.
    pub fn frames(&mut self) -> Vec<Value> {
        let outputs = self.outputs();
        let text = |output: &GatewayOutput| match output {
            GatewayOutput::Send { text, .. } => serde_json::from_str(text).ok(),
            _ => None,
        };
        outputs.iter().filter_map(text).collect()
    }

    pub fn outputs(&mut self) -> Vec<GatewayOutput> {
        std::iter::from_fn(|| self.core.poll_output()).collect()
    }
}

/// An output in a few words: frames by what tells them apart.
fn short(output: &GatewayOutput) -> String {
    match output {
        GatewayOutput::Ping { peer } => format!("{peer} ping"),
        GatewayOutput::Abort { peer } => format!("{peer} abort"),
        GatewayOutput::Close { peer, code, reason } => format!("{peer} close {code} {reason:?}"),
        GatewayOutput::Send { peer, text } => {
            let Ok(frame) = serde_json::from_str::<Value>(text) else { return format!("{peer} text {text}") };
            match (frame["type"].as_str(), frame.get("error")) {
                (Some("event"), _) => format!("{peer} event {} seq {}", frame["event"].as_str().unwrap(), frame["seq"]),
                (_, Some(error)) => {
                    format!("{peer} no {} {} {}", frame["id"], error["code"], error["message"].as_str().unwrap())
                }
                _ => {
                    let payload = frame.get("payload").unwrap_or(&frame["result"]);
                    let kind = payload.get("type").or(payload.get("status")).and_then(Value::as_str).unwrap_or("ok");
                    format!("{peer} yes {} {kind}", frame["id"])
                }
            }
        }
        other => format!("{other:?}"),
    }
}

pub fn request(id: &str, method: &str, params: Value) -> String {
    json!({"type": "req", "id": id, "method": method, "params": params}).to_string()
}

/// A `connect` that a gateway of protocol 4 takes, changed by `patch` (null removes).
pub fn connect(patch: Value) -> String {
    connect_as(Dialect::V4, patch)
}

pub fn connect_as(dialect: Dialect, patch: Value) -> String {
    let protocol = dialect.protocol();
    let mut params = json!({
        "minProtocol": protocol, "maxProtocol": protocol, "role": "operator", "scopes": ["operator.read"],
        "client": {"id": "gateway-client", "version": "1", "platform": "linux", "mode": "backend"},
        "auth": {"token": "test-token"},
    });
    merge(&mut params, &patch);
    request("c", "connect", params)
}

fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(object), Value::Object(patch)) => {
            for (key, patch) in patch {
                if patch.is_null() {
                    object.remove(key);
                } else {
                    merge(object.entry(key.clone()).or_insert(Value::Null), patch);
                }
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}
