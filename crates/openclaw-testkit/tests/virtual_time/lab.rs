//! The gateway in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use openclaw_proto::{Instant, Now, UnixMillis};
use openclaw_testkit::{GatewayConfig, GatewayCore, GatewayOutput, PeerId, PeerInfo, TestDevice};
use serde_json::{Value, json};

/// What a client sees.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Text(Value),
    Raw(String),
    Ping,
    Close(u16, String),
    Abort,
}

pub(crate) struct Lab {
    pub(crate) gateway: GatewayCore,
    pub(crate) now: Now,
    seen: BTreeMap<PeerId, Vec<Seen>>,
    pub(crate) ports: Vec<GatewayOutput>,
    /// Whether clients answer pings.
    pub(crate) pongs: bool,
}

pub(crate) const TOKEN: &str = "test-token";

impl Lab {
    pub(crate) fn new(config: GatewayConfig) -> Self {
        let now = Now { mono: Instant::ZERO, unix: UnixMillis(1_795_000_000_000) };
        let gateway = GatewayCore::new(config, 7);
        Self { gateway, now, seen: BTreeMap::new(), ports: Vec::new(), pongs: true }
    }

    /// Takes up what the gateway wants, as a host would.
    pub(crate) fn pump(&mut self) {
        loop {
            while let Some(output) = self.gateway.poll_output() {
                let (peer, seen) = match output {
                    GatewayOutput::Send { peer, text } => {
                        let seen = serde_json::from_str(&text).map_or(Seen::Raw(text), Seen::Text);
                        (peer, seen)
                    }
                    GatewayOutput::Ping { peer } => {
                        if self.pongs {
                            self.gateway.handle_pong(self.now, peer);
                        }
                        (peer, Seen::Ping)
                    }
                    GatewayOutput::Close { peer, code, reason } => (peer, Seen::Close(code, reason)),
                    GatewayOutput::Abort { peer } => (peer, Seen::Abort),
                    port => {
                        self.ports.push(port);
                        continue;
                    }
                };
                self.seen.entry(peer).or_default().push(seen);
            }
            if self.gateway.poll_timeout().is_none_or(|at| at > self.now.mono) {
                return;
            }
            self.gateway.handle_timeout(self.now);
        }
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn wait(&mut self, duration: Duration) {
        self.pump();
        let end = self.now.mono.after(duration);
        while let Some(at) = self.gateway.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.after(at.since(self.now.mono));
            self.pump();
        }
        self.now = self.now.after(end.since(self.now.mono));
        self.pump();
    }

    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.wait(Duration::from_millis(ms));
    }

    pub(crate) fn dial(&mut self) -> PeerId {
        self.dial_from(PeerInfo::loopback())
    }

    pub(crate) fn dial_from(&mut self, info: PeerInfo) -> PeerId {
        let peer = self.gateway.connect(self.now, info).expect("the upgrade is granted");
        self.pump();
        peer
    }

    pub(crate) fn text(&mut self, peer: PeerId, text: &str) {
        self.gateway.handle_text(self.now, peer, text);
        self.pump();
    }

    pub(crate) fn send(&mut self, peer: PeerId, frame: &Value) {
        self.text(peer, &frame.to_string());
    }

    /// Everything `peer` has seen since it last looked.
    pub(crate) fn take(&mut self, peer: PeerId) -> Vec<Seen> {
        self.seen.remove(&peer).unwrap_or_default()
    }

    /// The frames among it.
    pub(crate) fn frames(&mut self, peer: PeerId) -> Vec<Value> {
        let frame = |seen| match seen {
            Seen::Text(frame) => Some(frame),
            _ => None,
        };
        self.take(peer).into_iter().filter_map(frame).collect()
    }

    /// Connects with the given params and returns the connection with its hello.
    pub(crate) fn join(&mut self, params: Value) -> (PeerId, Value) {
        let peer = self.dial();
        self.send(peer, &connect(params));
        let hello = self.frames(peer).pop().expect("an answer");
        assert_eq!(hello["id"], "c", "{hello}");
        assert!(hello.get("error").is_none(), "{hello}");
        (peer, hello["payload"].clone())
    }

    /// Connects as a device; null params of the patch are left out.
    pub(crate) fn join_with(&mut self, device: &TestDevice, patch: Value) -> (PeerId, Vec<Seen>) {
        let peer = self.dial();
        let challenge = self.frames(peer)[0]["payload"].clone();
        let mut params = patched(patch);
        params["device"] = device.prove(&params, challenge["nonce"].as_str().unwrap(), self.now.unix.0);
        self.send(peer, &connect(params));
        (peer, self.take(peer))
    }

    /// The same as one device of many.
    pub(crate) fn join_as_device(&mut self, patch: Value) -> (PeerId, Vec<Seen>) {
        self.join_with(&TestDevice::from_seed([1; 32]), patch)
    }

    /// The same, and is let in; gives the `auth` of the hello.
    pub(crate) fn enter(&mut self, device: &TestDevice, patch: Value) -> (PeerId, Value) {
        let (peer, seen) = self.join_with(device, patch);
        let Some(Seen::Text(hello)) = seen.first() else { panic!("{seen:?}") };
        assert!(hello.get("error").is_none(), "{hello}");
        (peer, hello["payload"]["auth"].clone())
    }

    /// The same, and is refused; gives the details of the error.
    pub(crate) fn refused(&mut self, device: &TestDevice, patch: Value) -> Value {
        let (_, seen) = self.join_with(device, patch);
        let [Seen::Text(refusal), Seen::Close(1008, _)] = seen.as_slice() else { panic!("{seen:?}") };
        refusal["error"]["details"].clone()
    }

    /// Connects as a program with the given scopes.
    pub(crate) fn program(&mut self, scopes: &[&str]) -> PeerId {
        self.join(params(34, scopes)).0
    }

    /// Asks and gives the first answer.
    pub(crate) fn ask(&mut self, peer: PeerId, method: &str, params: Value) -> Value {
        self.send(peer, &request(method, params));
        let frames = self.frames(peer);
        frames.iter().find(|frame| frame["type"] == "res").cloned().unwrap_or_else(|| panic!("no answer in {frames:?}"))
    }
}

/// Params of a program's connect. Protocol 34 stands for the range 3 to 4.
pub(crate) fn params(protocol: u32, scopes: &[&str]) -> Value {
    let (min, max) = if protocol == 34 { (3, 4) } else { (protocol, protocol) };
    json!({
        "minProtocol": min,
        "maxProtocol": max,
        "client": {"id": "gateway-client", "version": "1", "platform": "linux", "mode": "backend"},
        "role": "operator",
        "scopes": scopes,
        "caps": [],
        "auth": {"token": TOKEN},
    })
}

/// Params with a JSON merge patch: null removes.
pub(crate) fn patched(patch: Value) -> Value {
    fn merge(target: &mut Value, patch: Value) {
        match patch {
            Value::Object(patch) if target.is_object() => {
                for (name, value) in patch {
                    if value.is_null() {
                        target.as_object_mut().unwrap().remove(&name);
                    } else {
                        merge(target.as_object_mut().unwrap().entry(name).or_insert(json!({})), value);
                    }
                }
            }
            other => *target = other,
        }
    }
    let mut params = params(34, &["operator.read"]);
    merge(&mut params, patch);
    params
}

pub(crate) fn connect(params: Value) -> Value {
    json!({"type": "req", "id": "c", "method": "connect", "params": params})
}

pub(crate) fn request(method: &str, params: Value) -> Value {
    json!({"type": "req", "id": "r", "method": method, "params": params})
}

/// A refusal as it is seen: the error response, then the close.
pub(crate) fn refusal(id: &str, code: &str, message: &str, close: u16) -> Vec<Seen> {
    let error = json!({"code": code, "message": message});
    vec![Seen::Text(json!({"type": "res", "id": id, "ok": false, "error": error})), Seen::Close(close, message.into())]
}

/// A close, and nothing else.
pub(crate) fn close(code: u16, reason: &str) -> Vec<Seen> {
    vec![Seen::Close(code, reason.into())]
}
