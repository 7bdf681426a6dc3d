//! The `connect` request and the challenge that precedes it.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Auth, ClientInfo, Role, Scope};
use crate::credentials::Choice;
use crate::device::Proof;
use crate::json::{self, RawObject};
use crate::request::RequestId;

/// The protocol versions a client can speak, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolRange {
    /// The lowest.
    pub min: u32,
    /// The highest.
    pub max: u32,
}

impl Default for ProtocolRange {
    /// 3..=4: a v3 gateway answers 3, a v4 gateway 4.
    fn default() -> Self {
        Self { min: 3, max: 4 }
    }
}

impl ProtocolRange {
    /// Whether `version` is one of them.
    #[must_use]
    pub fn contains(self, version: u32) -> bool {
        (self.min..=self.max).contains(&version)
    }
}

/// Everything a `connect` says. The gateway refuses unknown keys, so absent fields are left out of the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectParams {
    /// Protocol versions offered.
    pub protocol: ProtocolRange,
    /// What connects.
    pub client: ClientInfo,
    /// As what. Default: operator.
    pub role: Role,
    /// The scopes to ask for. Default: those of the stored token, if that is the credential; else `operator.read` for
    /// operators and none for nodes.
    pub scopes: Option<Vec<Scope>>,
    /// Capabilities, open strings. Without `tool-events` the gateway sends no live tool frames.
    pub caps: Vec<String>,
    /// Commands a node offers.
    pub commands: Vec<String>,
    /// Permissions a node has.
    pub permissions: BTreeMap<String, bool>,
    /// A node's search path for programs.
    pub path_env: Option<String>,
    /// Credentials.
    pub auth: Auth,
    /// BCP 47 language tag.
    pub locale: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

impl Default for ConnectParams {
    fn default() -> Self {
        Self {
            protocol: ProtocolRange::default(),
            client: ClientInfo::default(),
            role: Role::Operator,
            scopes: None,
            caps: Vec::new(),
            commands: Vec::new(),
            permissions: BTreeMap::new(),
            path_env: None,
            auth: Auth::default(),
            locale: None,
            user_agent: None,
        }
    }
}

impl ConnectParams {
    /// The `connect` frame. It holds the chosen credentials in clear.
    pub(crate) fn encode(&self, id: RequestId, choice: &Choice, proof: Option<&Proof>) -> String {
        let mut out = Object::open(r#"{"type":"req","id":""#);
        out.raw(&id.to_string());
        out.raw(r#"","method":"connect","params":{"#);
        out.field("minProtocol", &self.protocol.min);
        out.field("maxProtocol", &self.protocol.max);
        out.nested("client");
        out.field("id", &self.client.id);
        out.field("version", &self.client.version);
        out.field("platform", &self.client.platform);
        out.field("mode", &self.client.mode);
        out.optional("displayName", self.client.display_name.as_ref());
        out.optional("buildId", self.client.build_id.as_ref());
        out.optional("deviceFamily", self.client.device_family.as_ref());
        out.optional("modelIdentifier", self.client.model_identifier.as_ref());
        out.optional("timeZone", self.client.time_zone.as_ref());
        out.optional("instanceId", self.client.instance_id.as_ref());
        out.close();
        out.field("role", &self.role);
        out.field("scopes", &choice.scopes);
        out.field("caps", &self.caps);
        out.optional("commands", Some(&self.commands).filter(|c| !c.is_empty()));
        out.optional("permissions", Some(&self.permissions).filter(|p| !p.is_empty()));
        out.optional("pathEnv", self.path_env.as_ref());
        out.optional("device", proof);
        if !choice.auth.is_empty() {
            out.nested("auth");
            for (name, secret) in choice.auth.fields() {
                out.secret(name, secret);
            }
            out.close();
        }
        out.optional("locale", self.locale.as_ref());
        out.optional("userAgent", self.user_agent.as_ref());
        out.close();
        out.close();
        out.finish()
    }
}

/// A JSON object written field by field.
struct Object {
    text: Vec<u8>,
    first: bool,
}

impl Object {
    fn open(text: &str) -> Self {
        // Room for most connects: a text that grows leaves copies of what is in it behind.
        let mut room = Vec::with_capacity(2_048);
        room.extend_from_slice(text.as_bytes());
        Self { text: room, first: true }
    }

    fn raw(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn key(&mut self, name: &str) {
        if !core::mem::replace(&mut self.first, false) {
            self.text.push(b',');
        }
        json::push_string(&mut self.text, name);
        self.text.push(b':');
    }

    fn field<T: serde::Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        self.key(name);
        json::push(&mut self.text, value);
    }

    fn optional<T: serde::Serialize + ?Sized>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    fn secret(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(name);
            json::push_secret(&mut self.text, value);
        }
    }

    fn nested(&mut self, name: &str) {
        self.key(name);
        self.text.push(b'{');
        self.first = true;
    }

    fn close(&mut self) {
        self.text.push(b'}');
        self.first = false;
    }

    fn finish(self) -> String {
        String::from_utf8(self.text).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }
}

/// What `connect.challenge` brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The nonce a device signs.
    pub nonce: String,
    /// The gateway's clock in milliseconds, where it says.
    pub ts: Option<u64>,
    /// Capabilities announced before the handshake (since 2026.9.6).
    pub capabilities: Vec<String>,
}

impl Challenge {
    /// Reads the payload; none when there is no usable nonce.
    pub(crate) fn parse(payload: &str) -> Option<Self> {
        let object = RawObject::parse(payload)?;
        let nonce = object.string("nonce").filter(|nonce| !nonce.trim().is_empty())?;
        Some(Self { nonce, ts: object.integer("ts"), capabilities: object.strings("capabilities").unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::{Holdings, choose};
    use crate::device::{DeviceId, DeviceIdentity, SignError, Signer};

    fn encoded(params: &ConnectParams, proof: Option<&Proof>) -> String {
        let choice = choose(&Holdings {
            auth: &params.auth,
            stored: None,
            retry_armed: false,
            endpoint_trusted: false,
            bootstrap_spent: false,
            role: &params.role,
            scopes: params.scopes.as_deref(),
        });
        params.encode(RequestId::new(0, 0, 0), &choice, proof)
    }

    #[test]
    fn the_default_connect_is_the_frame_a_real_gateway_accepts() {
        let mut params = ConnectParams { auth: Auth::token("t\"0"), ..ConnectParams::default() };
        params.client.version = "1.2.3".into();
        params.client.platform = "linux".into();
        assert_eq!(
            encoded(&params, None),
            concat!(
                r#"{"type":"req","id":"00000000-0000-8000-8000-000000000000","method":"connect","params":{"#,
                r#""minProtocol":3,"maxProtocol":4,"client":{"id":"gateway-client","version":"1.2.3","#,
                r#""platform":"linux","mode":"backend"},"role":"operator","scopes":["operator.read"],"caps":[],"#,
                r#""auth":{"token":"t\"0"}}}"#
            )
        );
    }

    #[test]
    fn absent_and_blank_fields_are_left_out_and_present_ones_are_spelled_as_on_the_wire() {
        let mut params = ConnectParams { auth: Auth::token("  "), ..ConnectParams::default() };
        assert!(!encoded(&params, None).contains("auth"));
        params.auth.password = Some("pw".into());
        params.client.display_name = Some("d".into());
        params.commands.push("lab.echo".into());
        params.permissions.insert("camera".into(), true);
        params.locale = Some("de-CH".into());
        let device = DeviceIdentity::new(alloc::sync::Arc::new(Zero));
        let proof = Proof::new(&device, &[0; 64], 7, "n");
        let value: serde_json::Value = serde_json::from_str(&encoded(&params, Some(&proof))).unwrap();
        let params = &value["params"];
        assert_eq!(params["auth"], serde_json::json!({"password":"pw"}));
        assert_eq!(params["client"]["displayName"], "d");
        assert_eq!(params["permissions"], serde_json::json!({"camera":true}));
        assert_eq!(
            params["device"],
            serde_json::json!({
                "id": DeviceId::of(&[0; 32]).as_str(),
                "publicKey": "A".repeat(43),
                "signature": "A".repeat(86),
                "signedAt": 7,
                "nonce": "n",
            })
        );
        assert_eq!(params["locale"], "de-CH");
    }

    #[derive(Debug)]
    struct Zero;

    impl Signer for Zero {
        fn public_key(&self) -> [u8; 32] {
            [0; 32]
        }

        fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
            Ok([0; 64])
        }
    }
}
