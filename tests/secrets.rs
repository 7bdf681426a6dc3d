//! Nothing that is printed shows a credential.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use openclaw_proto::connect::{Auth, ConnectParams, Hello};
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer, SigningPayload};
use openclaw_proto::{
    ClientConfig, Down, GatewayError, GatewayUrl, Input, Outcome, Output, Plaintext, Request, Secret, State,
    StopReason, UrlError,
};
use openclaw_tests::{Drive, challenge, event, id_of, refusal, response};

/// One per place a credential can be in; each is long enough to be no part of anything else.
const SECRETS: [&str; 10] = [
    "s3cr3t-shared-token",
    "s3cr3t-password",
    "s3cr3t-device-token",
    "s3cr3t-bootstrap-token",
    "s3cr3t-issued-token",
    "s3cr3t-handed-over-token",
    "s3cr3t-in-params",
    "s3cr3t-in-payload",
    "s3cr3t-in-query",
    "s3cr3t-stored-token",
];

/// A device's seed, which is shown nowhere either.
const SEED: [u8; 32] = *b"s3cr3t-seed-of-thirty-two-bytes!";

fn configure(config: &mut ClientConfig) {
    config.device = Some(DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&SEED))));
    config.connect.auth.token = Some(SECRETS[0].into());
    config.connect.auth.password = Some(SECRETS[1].into());
    config.connect.auth.device_token = Some(SECRETS[2].into());
    config.connect.auth.bootstrap_token = Some(SECRETS[3].into());
    config.url = GatewayUrl::parse(&format!("wss://g.example/x?token={}", SECRETS[8]), Plaintext::Never).unwrap();
}

fn hello() -> String {
    format!(
        r#"{{"type":"hello-ok","protocol":4,"auth":{{"role":"operator","scopes":["operator.read"],"deviceToken":"{}","deviceTokens":[{{"deviceToken":"{}","role":"node"}}]}}}}"#,
        SECRETS[4], SECRETS[5]
    )
}

fn silent(what: &str, shown: &str) {
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{what} shows {secret}: {shown}");
    }
    assert!(!shown.to_lowercase().contains("s3cr3t"), "{what}: {shown}");
}

/// Both forms of `Debug`.
fn debug(what: &str, value: &impl Debug) {
    silent(what, &format!("{value:?}"));
    silent(what, &format!("{value:#?}"));
}

fn both(what: &str, value: &(impl Debug + Display)) {
    debug(what, value);
    silent(what, &value.to_string());
}

#[test]
fn configuration_and_credentials_show_nothing() {
    let mut config = Drive::new(configure).client.config().clone();
    debug("config", &config);
    debug("params", &config.connect);
    debug("auth", &config.connect.auth);
    debug("secret", &Secret::from(SECRETS[0]));
    debug("one token", &Auth::token(SECRETS[0]));
    debug("one password", &Auth::password(SECRETS[1]));
    both("url", &config.url);
    config.connect = ConnectParams::default();
    debug("without", &config);
}

#[test]
fn the_client_shows_nothing_in_any_phase_and_neither_does_what_it_says() {
    let mut d = Drive::new(configure);
    d.client.set_stored_token(Some(StoredToken::new(SECRETS[9], [])));
    let mut looks = 0;
    let mut look = |d: &Drive, phase: &str| {
        looks += 1;
        debug(phase, &d.client);
        debug(phase, d);
        for output in &d.outputs {
            debug(phase, output);
        }
    };
    look(&d, "idle");
    d.request("health", 1).unwrap();
    d.start();
    look(&d, "dialing");
    d.input(Input::Opened);
    look(&d, "awaiting challenge");
    d.text(&challenge("n"));
    look(&d, "connect queued");
    let transmit = d.transmit().unwrap();
    for secret in &SECRETS[..3] {
        assert!(transmit.text.contains(secret), "the frame itself must hold it");
    }
    assert!(!transmit.text.contains(SECRETS[3]), "a bootstrap token is shown only where nothing else is");
    debug("transmit", &transmit);
    look(&d, "awaiting hello");
    let answer = response(&transmit.text, &hello());
    debug("input", &Input::Text(answer.clone()));
    d.text(&answer);
    look(&d, "ready");

    let params = serde_json::json!({ "apiKey": SECRETS[6] });
    let request = Request::with_params("config.set", &params).unwrap();
    debug("request", &request);
    d.submit(request, 2).unwrap();
    look(&d, "request queued");
    let frames = d.frames();
    d.text(&event("chat", 1, &format!(r#"{{"text":"{}"}}"#, SECRETS[7])));
    d.text(&response(&frames[0], &format!(r#"{{"token":"{}"}}"#, SECRETS[7])));
    d.text(&refusal(
        &frames[1],
        &format!(r#"{{"code":"INVALID_REQUEST","message":"no","details":{{"given":"{}"}}}}"#, SECRETS[7]),
    ));
    d.text(&format!(r#"{{"type":"res","id":"{}","ok":true,"payload":"{}"}}"#, id_of(&frames[0]), SECRETS[7]));
    d.text(&format!(r#"{{"type":"{}"#, SECRETS[7]));
    look(&d, "after answers");
    d.request("agent", 3).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, &format!(r#"{{"status":"accepted","key":"{}"}}"#, SECRETS[7])));
    look(&d, "accepted");
    d.shutdown();
    look(&d, "closing");
    d.advance(std::time::Duration::from_secs(1));
    look(&d, "stopped");
    let mut seen = [false; 6];
    for output in d.take() {
        match output {
            Output::Completed { outcome: Outcome::Replied(payload), .. } => {
                debug("payload", &payload);
                seen[0] = true;
            }
            Output::Completed { outcome: Outcome::Rejected(rejected), .. } => {
                both("error", &rejected.error);
                debug("rejected", &rejected);
                seen[1] = true;
            }
            Output::Event(event) => {
                debug("event", &event);
                seen[2] = true;
            }
            Output::State(State::Ready { hello, .. }) => {
                assert!(hello.raw().contains(SECRETS[4]));
                debug("hello", &hello);
                seen[3] = true;
            }
            Output::Dial { plan, .. } => {
                debug("plan", &plan);
                both("url", &plan.url);
                seen[4] = true;
            }
            Output::TokenIssued { key, token } => {
                assert_eq!(token.token.expose(), SECRETS[4]);
                debug("key", &key);
                debug("issued", &token);
                seen[5] = true;
            }
            _ => {}
        }
    }
    assert_eq!(seen, [true; 6]);
    assert_eq!(looks, 11);
}

#[test]
fn a_hello_shows_that_tokens_came_and_not_which() {
    let (hello, _) = Hello::parse(&hello()).unwrap();
    let granted = hello.auth().unwrap();
    assert_eq!(granted.device_token.as_ref().unwrap().expose(), SECRETS[4]);
    assert_eq!(granted.device_tokens[0].token.expose(), SECRETS[5]);
    debug("hello", &hello);
    debug("granted", &granted);
    debug("device token", &granted.device_tokens[0]);
    assert!(format!("{hello:?}").contains("redacted"));
}

#[test]
fn a_device_shows_who_it_is_and_neither_seed_nor_payload() {
    let signer = Ed25519Signer::from_seed(&SEED);
    let device = DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&SEED)));
    let seed = signer.export();
    assert!(format!("{signer:?} {device:?}").contains(signer.device_id().as_str()));
    for shown in [format!("{signer:?} {signer:#?}"), format!("{device:?} {device:#?}"), format!("{seed:?}")] {
        assert!(!shown.contains(seed.expose()) && !shown.contains("115, 51"), "{shown}");
        silent("device", &shown);
    }
    let token = Secret::from(SECRETS[2]);
    let params = ConnectParams::default();
    let payload = SigningPayload {
        device: device.id(),
        client: &params.client,
        role: &params.role,
        scopes: &[],
        signed_at: 1,
        token: Some(&token),
        nonce: "n",
    };
    debug("payload", &payload);
    debug("its text", &payload.text(device.payload()));
    assert!(payload.text(device.payload()).expose().contains(SECRETS[2]));
    both("import", &Ed25519Signer::import(&SECRETS[3].into()).map(|_| ()).unwrap_err());
}

#[test]
fn a_rejected_token_is_told_and_not_shown() {
    let mut d = Drive::awaiting_challenge(|c| {
        configure(c);
        c.connect.auth = Auth::default();
    });
    d.client.set_stored_token(Some(StoredToken::new(SECRETS[9], ["operator.read".into()])));
    d.text(&challenge("n"));
    let connect = d.frame();
    assert!(connect.contains(SECRETS[9]));
    d.text(&refusal(&connect, r#"{"code":"X","details":{"code":"AUTH_DEVICE_TOKEN_MISMATCH"}}"#));
    debug("outputs", &d.outputs);
    assert!(d.outputs.iter().any(|o| matches!(o, Output::TokenRejected { token, .. } if token.expose() == SECRETS[9])));
}

#[test]
fn errors_and_reasons_to_go_down_show_nothing() {
    let body = format!(r#"{{"code":"X","message":"no","extra":"{0}","details":{{"token":"{0}"}}}}"#, SECRETS[0]);
    let error = GatewayError::parse(&body);
    both("error", &error);
    let refused = Down::Refused(error);
    both("refused", &refused);
    debug("stopped", &State::Stopped { why: StopReason::Down(refused.into()) });

    let mut d = Drive::awaiting_hello(configure);
    let connect = d.frame();
    d.text(&refusal(&connect, &body));
    debug("outputs", &d.outputs);
    both("down", &d.down());

    let mut d = Drive::awaiting_hello(|c| {
        configure(c);
        c.connect.auth.token = Some(SECRETS[0].repeat(10_000).into());
    });
    assert!(d.frames().is_empty());
    both("too large", &d.down());
}

#[test]
fn addresses_that_are_refused_show_no_password() {
    for (address, expected) in [
        (format!("ws://user:{}@localhost", SECRETS[1]), UrlError::UserInfo),
        (format!("wss://{}@g.example", SECRETS[1]), UrlError::UserInfo),
    ] {
        let error = GatewayUrl::parse(&address, Plaintext::Anywhere).unwrap_err();
        both("url error", &error);
        assert_eq!(error, expected);
    }
    for address in [
        format!("ftp://user:{}@localhost/", SECRETS[1]),
        format!("ws://g.example/?token={}", SECRETS[8]),
        format!("ws://[bad/?token={}", SECRETS[8]),
        format!("not a url {}", SECRETS[8]),
    ] {
        both("url error", &GatewayUrl::parse(&address, Plaintext::PrivateOnly).unwrap_err());
    }
}

#[test]
fn what_is_shown_instead_is_enough_to_follow_a_connection() {
    let mut d = Drive::ready();
    d.text(&event("tick", 3, "{}"));
    let conn = d.conn.unwrap();
    assert_eq!((format!("{conn:?}"), conn.to_string(), conn.number()), ("ConnId(1)".into(), "#1".into(), 1));
    let client = format!("{:?}", d.client);
    for part in ["state: Ready", "id: ConnId(1)", "frames_in: 3", r#"version: Some("2026.9.6")"#] {
        assert!(client.contains(part), "{part}: {client}");
    }
    let told = format!("{:?}", d.take());
    for part in ["name: \"tick\"", "seq: Some(3)", "sequence: First", "payload_bytes: 2"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let request = Request::with_params("chat.send", &"x").unwrap();
    assert!(format!("{request:?}").contains(r#"method: "chat.send""#));
    d.submit(request, 1).unwrap();
    let transmit = d.transmit().unwrap();
    assert_eq!(format!("{transmit:?}"), format!("Transmit(ConnId(1), {} bytes)", transmit.text.len()));
    d.text(&refusal(&transmit.text, r#"{"code":"UNAVAILABLE","message":"busy","details":{"reason":"drain"}}"#));
    let told = format!("{:?}", d.take());
    assert!(told.contains("Rejected") && told.contains("busy") && told.contains("drain"), "{told}");
    d.request("health", 2).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, "[1,2,3]"));
    assert!(format!("{:?}", d.take()).contains("Payload(7 bytes)"));
}
