//! A connect of a scene.

use openclaw_testkit::TestDevice;
use serde_json::{Value, json};

/// How a connection connects: by default as a command line that knows the shared token and wants `operator.read`.
#[derive(Clone, Debug)]
pub struct Join {
    pub client: Value,
    pub role: &'static str,
    pub scopes: Value,
    /// None stands for the shared token, null for nothing.
    pub auth: Option<Value>,
    pub device: Option<TestDevice>,
    /// Whether the device signs by the older version.
    pub v2: bool,
    /// How far the device's clock is ahead, in milliseconds.
    pub ahead: i64,
    /// Whether it comes from a page of the gateway's own. Devices of such programs are never paired without being asked.
    pub on_page: bool,
    /// What is done to the proof.
    pub tamper: fn(&mut Value),
}

impl Join {
    /// A command line without a device.
    pub fn cli() -> Self {
        Self::program("cli", "cli")
    }

    pub fn program(id: &str, mode: &str) -> Self {
        Self {
            client: json!({"id": id, "version": "0.1.0", "platform": "linux", "mode": mode}),
            role: "operator",
            scopes: json!(["operator.read"]),
            auth: None,
            device: None,
            v2: false,
            ahead: 0,
            on_page: false,
            tamper: |_| (),
        }
    }

    /// A node.
    pub fn node() -> Self {
        Self { role: "node", scopes: json!([]), ..Self::program("node-host", "node") }
    }

    pub fn device(self, device: &TestDevice) -> Self {
        Self { device: Some(device.clone()), ..self }
    }

    pub fn scopes(self, scopes: &[&str]) -> Self {
        Self { scopes: json!(scopes), ..self }
    }

    pub fn auth(self, auth: Value) -> Self {
        Self { auth: Some(auth), ..self }
    }

    /// Knows this device token and nothing else.
    pub fn device_token(self, token: &Value) -> Self {
        self.auth(json!({"deviceToken": token}))
    }

    pub fn client(mut self, name: &str, value: &str) -> Self {
        self.client[name] = json!(value);
        self
    }

    pub fn on_page(self) -> Self {
        Self { on_page: true, ..self }
    }

    pub fn ahead(self, ahead: i64) -> Self {
        Self { ahead, ..self }
    }

    pub fn tamper(self, tamper: fn(&mut Value)) -> Self {
        Self { tamper, ..self }
    }

    /// The params, in answer to a challenge.
    pub fn params(&self, protocol: u64, token: &str, challenge: &Value) -> Value {
        let mut params = json!({
            "minProtocol": protocol,
            "maxProtocol": protocol,
            "client": self.client,
            "role": self.role,
            "scopes": self.scopes,
            "caps": [],
            "auth": self.auth.clone().unwrap_or_else(|| json!({"token": token})),
        });
        if params["auth"].is_null() {
            params.as_object_mut().expect("an object").remove("auth");
        }
        if let Some(device) = &self.device {
            let nonce = challenge["nonce"].as_str().expect("a nonce");
            let time = challenge["ts"].as_u64().expect("a time").saturating_add_signed(self.ahead);
            let prove = if self.v2 { TestDevice::prove_v2 } else { TestDevice::prove };
            params["device"] = prove(device, &params, nonce, time);
            (self.tamper)(&mut params["device"]);
        }
        params
    }
}
