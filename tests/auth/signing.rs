//! What is signed is what is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use openclaw_proto::connect::{ClientInfo, Role, Scope};
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer, PayloadVersion, SignError, Signer, normalise};
use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{Down, Input, Output, Secret, State, StateKind};
use openclaw_tests::{Drive, Lcg, challenge, hello_response};
use serde_json::Value;

use crate::verify::verifies;
use openclaw_tests::scene::{MINUTE, SECOND, device, with_device};

/// The text a gateway puts together from a connect, by the rules of the protocol and from the frame alone.
fn payload_of(params: &Value, version: PayloadVersion) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (client, device, auth) = (&params["client"], &params["device"], &params["auth"]);
    let scopes: Vec<&str> = params["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    let token = ["token", "deviceToken", "bootstrapToken"].iter().find_map(|name| auth[name].as_str()).unwrap_or("");
    let mut fields = vec![
        "v2".to_owned(),
        text(&device["id"]),
        text(&client["id"]),
        text(&client["mode"]),
        text(&params["role"]),
        scopes.join(","),
        device["signedAt"].as_u64().unwrap().to_string(),
        token.to_owned(),
        text(&device["nonce"]),
    ];
    if version == PayloadVersion::V3 {
        "v3".clone_into(&mut fields[0]);
        fields.extend([normalise(&text(&client["platform"])), normalise(&text(&client["deviceFamily"]))]);
    }
    fields.join("|")
}

fn proven(connect: &str, version: PayloadVersion) {
    let frame: Value = serde_json::from_str(connect).unwrap();
    let params = &frame["params"];
    let device = &params["device"];
    let (key, signature) = (device["publicKey"].as_str().unwrap(), device["signature"].as_str().unwrap());
    let payload = payload_of(params, version);
    assert!(verifies(key, &payload, signature), "{payload}\n{connect}");
}

/// A text of letters that have something to them.
fn text(script: &mut Lcg, length: usize) -> String {
    let letters = ['a', 'Z', '|', ',', '"', '\\', ' ', '\u{feff}', '\u{85}', 'İ', 'é', '\u{3000}', '0', '\n', '😀'];
    (0..script.below(length)).filter_map(|_| script.pick(&letters)).collect()
}

#[test]
fn property_a_signature_fits_the_frame_it_is_in_whatever_is_configured() {
    let mut script = Lcg::new(3);
    let mut with_token = 0;
    for round in 0..200_u32 {
        let seed: [u8; 32] = std::array::from_fn(|_| script.below(256) as u8);
        let version = if script.chance(1, 2) { PayloadVersion::V2 } else { PayloadVersion::V3 };
        let mut d = Drive::new(|c| {
            let identity = DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&seed)));
            c.device = Some(identity.with_payload(version));
            c.connect.client = ClientInfo::new(text(&mut script, 9).into(), text(&mut script, 9).into());
            c.connect.client.platform = text(&mut script, 9);
            c.connect.client.device_family = script.chance(1, 2).then(|| text(&mut script, 9));
            c.connect.role = if script.chance(1, 3) { Role::Node } else { Role::from(text(&mut script, 5)) };
            c.connect.scopes =
                script.chance(2, 3).then(|| (0..script.below(4)).map(|_| Scope::from(text(&mut script, 9))).collect());
            let mut secret = || script.chance(1, 2).then(|| Secret::new(text(&mut script, 20)));
            c.connect.auth.token = secret();
            c.connect.auth.password = secret();
            c.connect.auth.device_token = secret();
            c.connect.auth.bootstrap_token = secret();
            c.connect.auth.prefer_bootstrap = script.chance(1, 5);
        });
        if script.chance(1, 2) {
            d.client.set_stored_token(Some(StoredToken::new(text(&mut script, 9), [Scope::Admin])));
        }
        d.start();
        d.input(Input::Opened);
        let nonce = serde_json::json!(format!("nonce{}", text(&mut script, 20)));
        let ts = [0, 1, 1_795_000_000_000, 9_007_199_254_740_991_u64][script.below(4)];
        let payload = format!(r#"{{"nonce":{nonce},"ts":{ts}}}"#);
        d.text(&format!(r#"{{"type":"event","event":"connect.challenge","payload":{payload}}}"#));
        let connect = d.frame();
        proven(&connect, version);
        with_token += u32::from(connect.contains("oken\":"));
        let frame: Value = serde_json::from_str(&connect).unwrap();
        assert_eq!(frame["params"]["device"]["signedAt"], ts, "round {round}");
        assert_eq!(frame["params"]["device"]["nonce"], nonce);
    }
    assert!(with_token > 100, "{with_token}");
}

#[test]
fn a_device_signs_the_gateways_time_and_nonce_and_its_key_stays_hidden() {
    let mut d = Drive::awaiting_challenge(with_device);
    d.text(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"nonce-7","ts":1737264000000.0}}"#);
    let connect = d.frame();
    proven(&connect, PayloadVersion::V3);
    assert!(connect.contains(r#""signedAt":1737264000000,"nonce":"nonce-7""#), "{connect}");
    assert!(connect.contains(device().id().as_str()));
    let frame: Value = serde_json::from_str(&connect).unwrap();
    let (payload, device_sent) = (payload_of(&frame["params"], PayloadVersion::V3), &frame["params"]["device"]);
    for other in [payload.replace("nonce", "n0nce"), payload.replace('|', ""), format!("{payload}|")] {
        let (key, signature) = (device_sent["publicKey"].as_str().unwrap(), device_sent["signature"].as_str().unwrap());
        assert!(!verifies(key, &other, signature), "the check can fail");
    }
    d.text(&hello_response(&connect));
    assert_eq!(d.client.state(), StateKind::Ready);
    let signer = Ed25519Signer::from_seed(&[1; 32]);
    let exported = signer.export();
    let shown = format!("{:?} {signer:?} {:?} {exported:?}", d.client.config(), device());
    assert!(!shown.contains(exported.expose()) && !shown.contains("1, 1, 1"), "{shown}");
    assert_eq!(Ed25519Signer::import(&exported).unwrap().public_key(), signer.public_key());
    assert!(Ed25519Signer::import(&"short".into()).is_err());
}

#[test]
fn a_challenge_without_a_time_ends_the_attempt_of_a_device_and_only_of_a_device() {
    for ts in ["", r#","ts":null"#, r#","ts":"1""#, r#","ts":-1"#, r#","ts":1.5"#, r#","ts":1e300"#] {
        let text = format!(r#"{{"type":"event","event":"connect.challenge","payload":{{"nonce":"n"{ts}}}}}"#);
        let mut d = Drive::awaiting_challenge(with_device);
        d.text(&text);
        assert!(
            matches!(d.last_state(), Some(State::Backoff { why, .. }) if **why == Down::ChallengeWithoutTime),
            "{ts}"
        );
        // The client lives on.
        d.advance(SECOND);
        d.input(Input::Opened);
        d.text(&challenge("n"));
        d.say_hello();
        assert_eq!(d.client.state(), StateKind::Ready);

        let mut d = Drive::awaiting_challenge(|_| {});
        d.text(&text);
        d.say_hello();
        assert_eq!(d.client.state(), StateKind::Ready, "{ts}");
    }
}

#[test]
fn a_newer_challenge_is_signed_anew_unless_it_cannot_be() {
    let mut d = Drive::awaiting_challenge(with_device);
    d.text(&challenge("nonce-1"));
    d.text(&challenge("nonce-2"));
    d.text(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"nonce-3"}}"#);
    let connect = d.frame();
    assert!(connect.contains("nonce-2"), "{connect}");
    proven(&connect, PayloadVersion::V3);
    d.text(&hello_response(&connect));
    assert_eq!(d.client.state(), StateKind::Ready);
}

/// An agent that may be locked.
#[derive(Debug, Default)]
struct Agent {
    open: AtomicBool,
}

impl Signer for Agent {
    fn public_key(&self) -> [u8; 32] {
        Ed25519Signer::from_seed(&[9; 32]).public_key()
    }

    fn sign(&self, payload: &[u8]) -> Result<[u8; 64], SignError> {
        if self.open.load(Ordering::Relaxed) {
            Ed25519Signer::from_seed(&[9; 32]).sign(payload)
        } else {
            Err(SignError::new("the agent is locked"))
        }
    }
}

#[test]
fn a_signer_that_fails_pauses_the_client_until_it_is_nudged() {
    let agent = Arc::new(Agent::default());
    let mut d = Drive::awaiting_challenge(|c| {
        with_device(c);
        c.device = Some(DeviceIdentity::new(Arc::<Agent>::clone(&agent)));
    });
    d.text(&challenge("nonce"));
    assert!(d.frames().is_empty());
    let Some(State::Paused { why, reason: PauseReason::DeviceIdentity, until: None }) = d.last_state() else {
        panic!("{:?}", d.last_state())
    };
    assert_eq!(**why, Down::NotSigned(SignError::new("the agent is locked")));
    assert!(why.to_string().contains("the agent is locked"));
    assert!(d.outputs.iter().any(|output| matches!(output, Output::Close { code: 1000, .. })));
    d.advance(10 * MINUTE);
    assert_eq!(d.client.stats().dials, 1);

    agent.open.store(true, Ordering::Relaxed);
    d.nudge();
    d.input(Input::Opened);
    d.text(&challenge("nonce"));
    let connect = d.frame();
    proven(&connect, PayloadVersion::V3);
}

#[test]
fn a_node_with_a_device_asks_for_no_scopes_and_is_signed_for_as_a_node() {
    let mut d = Drive::awaiting_hello(|c| {
        with_device(c);
        c.connect.role = Role::Node;
    });
    let connect = d.frame();
    assert!(connect.contains(r#""role":"node","scopes":[]"#), "{connect}");
}
