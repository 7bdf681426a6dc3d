//! What a probe is made of.

use serde_json::{Value, json};

/// The gateway that is probed.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub version: String,
    pub wire: u64,
    /// `host:port`.
    pub address: String,
    pub token: String,
}

/// One connection: what it sends, and when.
#[derive(Clone, Debug)]
pub struct Probe {
    pub name: String,
    /// Headers of the upgrade request; they take the place of usual ones of the same name.
    pub headers: Vec<(&'static str, String)>,
    /// The connect that has to be granted before the frames are sent. Without one, the frames are the first that the
    /// gateway hears.
    pub connect: Option<Value>,
    /// Sent together, in one write.
    pub frames: Vec<Frame>,
}

/// A message.
#[derive(Clone, Debug)]
pub enum Frame {
    Text(String),
    Binary(Vec<u8>),
}

impl Probe {
    /// A connection that begins with this frame.
    pub fn first(name: impl Into<String>, frame: impl Into<Frame>) -> Self {
        Self::silent(name).then(frame)
    }

    /// A connection that sends nothing.
    pub fn silent(name: impl Into<String>) -> Self {
        Self { name: name.into(), headers: Vec::new(), connect: None, frames: Vec::new() }
    }

    /// A connection that is let in with `operator.read` before it sends this frame.
    pub fn session(name: impl Into<String>, gateway: &Gateway, frame: impl Into<Frame>) -> Self {
        Self::silent(name).let_in(gateway).then(frame)
    }

    /// Is let in with `operator.read` before it sends its frames.
    pub fn let_in(self, gateway: &Gateway) -> Self {
        Self { connect: Some(gateway.connect()), ..self }
    }

    /// Sends one frame more.
    pub fn then(mut self, frame: impl Into<Frame>) -> Self {
        self.frames.push(frame.into());
        self
    }

    /// Asks for other scopes.
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        if let Some(connect) = &mut self.connect {
            connect["params"]["scopes"] = json!(scopes);
        }
        self
    }

    /// Puts a header into the upgrade request.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Frame {
    /// Whether a gateway answers it: every frame that is JSON is answered, or its connection is closed over it.
    pub fn is_json(&self) -> bool {
        match self {
            Self::Text(text) => serde_json::from_str::<Value>(text).is_ok(),
            Self::Binary(bytes) => serde_json::from_slice::<Value>(bytes).is_ok(),
        }
    }

    /// The id of the request in it.
    pub fn id(&self) -> Option<Value> {
        let frame: Value = match self {
            Self::Text(text) => serde_json::from_str(text).ok()?,
            Self::Binary(bytes) => serde_json::from_slice(bytes).ok()?,
        };
        frame.get("id").cloned()
    }
}

impl From<&str> for Frame {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Value> for Frame {
    fn from(frame: Value) -> Self {
        Self::Text(frame.to_string())
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl Gateway {
    /// A connect that is granted: a program on this machine that knows the token and wants `operator.read`.
    pub fn connect(&self) -> Value {
        self.connect_as("gateway-client", "backend")
    }

    /// The same of another kind of client.
    pub fn connect_as(&self, id: &str, mode: &str) -> Value {
        json!({"type": "req", "id": "c", "method": "connect", "params": {
            "minProtocol": self.wire,
            "maxProtocol": self.wire,
            "client": {"id": id, "version": "0.1.0", "platform": "linux", "mode": mode},
            "role": "operator",
            "scopes": ["operator.read"],
            "caps": [],
            "auth": {"token": self.token},
        }})
    }

    /// A connect whose params are not the usual ones.
    pub fn connect_with(&self, change: impl FnOnce(&mut Value)) -> Value {
        changed(self.connect(), |connect| change(&mut connect["params"]))
    }

    /// A node's connect.
    pub fn connect_node(&self, id: &str, mode: &str, protocol: u64) -> Value {
        let connect = self.connect_as(id, mode);
        changed(ranged(connect, protocol, protocol), |connect| {
            connect["params"]["role"] = json!("node");
            connect["params"]["scopes"] = json!([]);
        })
    }
}

/// A frame, changed.
pub fn changed(mut frame: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut frame);
    frame
}

/// A connect that offers other protocols.
pub fn ranged(connect: Value, min: u64, max: u64) -> Value {
    changed(connect, |connect| {
        connect["params"]["minProtocol"] = json!(min);
        connect["params"]["maxProtocol"] = json!(max);
    })
}

/// A connect without a secret.
pub fn without_auth(connect: Value) -> Value {
    changed(connect, |connect| remove(&mut connect["params"], "auth"))
}

/// Takes a member away.
pub fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name);
}

/// A request without params.
pub fn ask(method: &str) -> Value {
    json!({"type": "req", "id": "r", "method": method})
}

/// A request with params.
pub fn ask_with(method: &str, params: Value) -> Value {
    changed(ask(method), |request| request["params"] = params)
}

/// The same with another id.
pub fn with_id(request: Value, id: &str) -> Value {
    changed(request, |request| request["id"] = json!(id))
}
