//! What a device signs: the text over all fields of a connect, and that the signature on the wire is one of it.

use std::sync::Arc;

use openclaw_proto::connect::{Auth, ClientInfo, Role, Scope};
use openclaw_proto::device::{
    DeviceId, DeviceIdentity, Ed25519Signer, PayloadVersion, Signer, SigningPayload, normalise,
};
use openclaw_proto::{Client, ClientConfig, GatewayUrl, Input, Now, Output, Plaintext, Secret};
use serde_json::{Value, json};

use super::script::Script;

/// Every field of a payload.
struct Fields {
    client: ClientInfo,
    role: Role,
    scopes: Vec<Scope>,
    signed_at: u64,
    token: String,
    nonce: String,
}

/// Reads `data` as the fields of a connect, a line each, and builds the payload of both versions.
///
/// The format has no escapes: a `|` in a field, or a comma in a scope, can be mistaken for a separator, and the gateway
/// puts the text together in the same way. Without those the text says exactly what the fields say, so two connects that
/// differ in a signed field differ in what is signed. On some inputs a client connects with these fields, and the
/// signature in its frame must be one of the payload that the frame itself adds up to.
pub fn device_payload(data: &[u8]) {
    let mut script = Script::new(data);
    let signs = script.number() == 0;
    let fields = Fields::read(&mut script);
    let device = DeviceId::of(&[script.number(); 32]);
    let v2 = fields.text(&device, PayloadVersion::V2);
    let v3 = fields.text(&device, PayloadVersion::V3);
    let platform = normalise(&fields.client.platform);
    let family = normalise(fields.client.device_family.as_deref().unwrap_or_default());
    for text in [&platform, &family] {
        assert_eq!(&normalise(text), text, "normalising twice is no different");
        assert!(!text.bytes().any(|byte| byte.is_ascii_uppercase()));
    }
    assert_eq!(v3.strip_prefix("v3"), Some(&*format!("{}|{platform}|{family}", v2.strip_prefix("v2").unwrap_or("?"))));
    fields.are_all_there(&device, &v2);
    if signs {
        fields.signed();
    }
}

impl Fields {
    fn read(script: &mut Script<'_>) -> Self {
        let mut client = ClientInfo::default();
        client.id = script.line().into();
        client.mode = script.line().into();
        client.platform = script.line();
        client.device_family = Some(script.line()).filter(|family| !family.is_empty());
        let role = script.line().into();
        let scopes = (0..script.number() % 4).map(|_| script.line().into()).collect();
        let signed_at = script.line();
        // What is no number gives a large one.
        let signed_at = signed_at
            .parse()
            .unwrap_or_else(|_| signed_at.bytes().fold(0, |sum: u64, byte| sum << 8 | u64::from(byte)));
        Self { client, role, scopes, signed_at, token: script.line(), nonce: script.line() }
    }

    fn text(&self, device: &DeviceId, version: PayloadVersion) -> String {
        let token = Secret::new(&*self.token);
        let payload = SigningPayload {
            device,
            client: &self.client,
            role: &self.role,
            scopes: &self.scopes,
            signed_at: self.signed_at,
            token: Some(&token).filter(|token| !token.expose().is_empty()),
            nonce: &self.nonce,
        };
        payload.text(version).expose().to_owned()
    }

    /// Every field can be read back from the text, unless one has a separator in it.
    fn are_all_there(&self, device: &DeviceId, v2: &str) {
        let (id, mode, role) = (self.client.id.as_str(), self.client.mode.as_str(), self.role.as_str());
        let fixed = [id, mode, role, &self.token, &self.nonce];
        let scopes: Vec<&str> = self.scopes.iter().map(Scope::as_str).collect();
        if fixed.iter().any(|field| field.contains('|')) || scopes.iter().any(|scope| scope.contains(['|', ','])) {
            return;
        }
        let parts: Vec<&str> = v2.split('|').collect();
        let signed_at = self.signed_at.to_string();
        let [version, own, fixed @ .., token, nonce] = parts.as_slice() else { panic!("{v2:?}") };
        assert_eq!((*version, *own), ("v2", device.as_str()));
        assert_eq!((*token, *nonce), (&*self.token, &*self.nonce));
        assert_eq!(fixed, [id, mode, role, &scopes.join(","), &signed_at]);
        if !scopes.is_empty() {
            assert_eq!(fixed[3].split(',').collect::<Vec<_>>(), scopes);
        }
    }

    /// A client connects with these fields.
    fn signed(&self) {
        let signer = Ed25519Signer::from_seed(&[7; 32]);
        let key = signer.public_key();
        let url = GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly).expect("loopback");
        let mut config = ClientConfig::new(url);
        config.device = Some(DeviceIdentity::new(Arc::new(signer)));
        config.connect.client = self.client.clone();
        config.connect.role = self.role.clone();
        config.connect.scopes = Some(self.scopes.clone());
        config.connect.auth = Auth::token(&*self.token);
        let mut client: Client<(), String> = Client::new(config, [1; 32]);
        client.start(Now::default());
        let conn = loop {
            match client.poll_output() {
                Some(Output::Dial { conn, .. }) => break conn,
                Some(_) => {}
                None => panic!("it does not dial"),
            }
        };
        client.handle_input(Now::default(), conn, Input::Opened);
        let challenge = json!({"nonce": self.nonce, "ts": self.signed_at});
        let frame = json!({"type": "event", "event": "connect.challenge", "payload": challenge});
        client.handle_input(Now::default(), conn, Input::Text(frame.to_string()));
        // Without a nonce, or with one or a time that is out of range, there is nothing to sign.
        let Some(connect) = client.poll_transmit(Now::default()) else { return };
        let frame: Value = serde_json::from_str(&connect.text).expect("a frame is JSON");
        let params = &frame["params"];
        let signature = base64url(text(&params["device"]["signature"]));
        let signature = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).expect("a key");
        key.verify_strict(added_up(params).as_bytes(), &signature).expect("the signature is over what the frame says");
    }
}

/// The payload as a gateway puts it together from a connect's params.
fn added_up(params: &Value) -> String {
    let (client, device, auth) = (&params["client"], &params["device"], &params["auth"]);
    let token = ["token", "deviceToken", "bootstrapToken"].map(|name| text(&auth[name]));
    let token = token.into_iter().find(|token| !token.is_empty()).unwrap_or_default();
    let scopes = params["scopes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let scopes: Vec<&str> = scopes.iter().map(text).collect();
    let signed_at = device["signedAt"].to_string();
    let (platform, family) = (normalise(text(&client["platform"])), normalise(text(&client["deviceFamily"])));
    let fields = [
        "v3",
        text(&device["id"]),
        text(&client["id"]),
        text(&client["mode"]),
        text(&params["role"]),
        &scopes.join(","),
        &signed_at,
        token,
        text(&device["nonce"]),
        &platform,
        &family,
    ];
    fields.join("|")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn base64url(text: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter).expect("base64url");
        bits = bits << 6 | u32::try_from(value).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
