//! What the core's types show of themselves, and how they turn into each other.

use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::connect::Scope;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};
use openclaw_proto::recovery::{PauseReason, Place, Reaction, explain};
use openclaw_proto::{
    Down, Execution, Fingerprint, GatewayError, GatewayKey, GatewayUrl, Input, NotSent, Outcome, Plaintext, Refused,
    Request, TransportError, UpgradeRefused,
};
use openclaw_tests::{Drive, response};
use serde::Deserialize;

#[test]
fn inputs_show_their_size_and_not_their_text() {
    let inputs: [(Input<&str>, &str); 7] = [
        (Input::Opened, "Opened"),
        (Input::Text("a secret"), "Text(8 bytes)"),
        (Input::Binary { len: 7 }, "Binary(7 bytes)"),
        (Input::Alive { bytes_in: 1, bytes_out: 2 }, "Alive(1 in, 2 out)"),
        (Input::Flushed, "Flushed"),
        (
            Input::Closed { code: Some(1012), reason: "service restart".into() },
            r#"Closed(Some(1012), "service restart")"#,
        ),
        (Input::Failed(TransportError::Tls("no".into())), r#"Failed(Tls("no"))"#),
    ];
    for (input, shown) in inputs {
        assert_eq!(format!("{input:?}"), shown);
    }
}

#[test]
fn a_connection_s_end_is_told_in_words() {
    let closed = |code| Down::Closed { code, reason: "bye".into(), after_hello: true }.to_string();
    assert!(closed(Some(1012)).contains("1012") && closed(Some(1012)).contains("bye"), "{}", closed(Some(1012)));
    assert!(closed(None).contains("without a close frame"), "{}", closed(None));

    let refused = |body: &str| UpgradeRefused::new(503, Vec::new(), body.into()).to_string();
    assert_eq!(refused(""), "the WebSocket upgrade was refused with HTTP status 503");
    assert_eq!(refused("  \nmore"), "the WebSocket upgrade was refused with HTTP status 503");
    let long = format!("busy\u{7}, {}\nnot shown", "x".repeat(200));
    let shown = refused(&long);
    assert!(shown.starts_with("the WebSocket upgrade was refused with HTTP status 503: busy, xxx"), "{shown}");
    assert!(!shown.contains("not shown") && shown.len() < 220, "{shown}");
}

#[test]
fn a_refused_request_gives_its_waiter_back_and_says_why() {
    let refused = Refused { waiter: "not to be shown", why: NotSent::TooManyInFlight { limit: 3 } };
    assert_eq!(refused.to_string(), format!("not sent: {}", refused.why));
    let shown = format!("{refused:?}");
    assert!(shown.contains("TooManyInFlight") && !shown.contains("not to be shown"), "{shown}");
}

#[test]
fn a_fingerprint_a_key_and_a_scope_are_read_from_text_and_given_back() {
    let hash = [0xab; 32];
    let text = String::from(Fingerprint::new(hash));
    assert_eq!(text.parse::<Fingerprint>().unwrap().as_bytes(), &hash);

    let url = GatewayUrl::parse("wss://gateway.example/team?k=v", Plaintext::Never).unwrap();
    assert_eq!(GatewayKey::from(&url).as_str(), "wss://gateway.example:443/team");

    assert_eq!("operator.read".parse::<Scope>(), Ok(Scope::Read));
    assert_eq!("operator.new".parse::<Scope>(), Ok(Scope::from("operator.new")));
}

#[test]
fn a_device_names_the_key_its_signer_has() {
    let signer = Ed25519Signer::from_seed(&[7; 32]);
    let device = DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&[7; 32])));
    assert_eq!(device.public_key(), &openclaw_proto::device::Signer::public_key(&signer));
}

#[test]
fn a_payload_is_read_into_a_type_of_the_caller_s_and_moved_to_another_text() {
    #[derive(Deserialize)]
    struct Words<'a> {
        text: &'a str,
    }
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, r#"{"text":"hello"}"#));
    let Some((1, Outcome::Replied(Some(payload)))) = d.outcomes().pop() else { panic!("no reply") };
    assert_eq!(payload.deserialize::<Words<'_>>().unwrap().text, "hello");
    assert!(payload.deserialize::<u32>().is_err());
    let whole = payload.frame().clone();
    let owned = payload.map_text(|frame| frame.to_string());
    assert_eq!((owned.as_str(), owned.frame().as_str()), (r#"{"text":"hello"}"#, &*whole));
}

#[test]
fn what_an_error_says_of_its_effect_is_believed_and_else_the_code_decides() {
    let execution = |body: &str| GatewayError::parse(body).execution();
    let with = |details: &str| execution(&format!(r#"{{"code":"INVALID_REQUEST","details":{details}}}"#));
    assert_eq!(with(r#"{"execution":"not_started"}"#), Execution::NotStarted);
    assert_eq!(with(r#"{"execution":"unknown"}"#), Execution::MayHaveRun);
    assert_eq!(with(r#"{"nodeCommandDispatched":true}"#), Execution::MayHaveRun);
    assert_eq!(with(r#"{"nodeCommandDispatched":false}"#), Execution::NotStarted);
    assert_eq!(with("{}"), Execution::NotStarted);
    assert_eq!(execution(r#"{"code":"AGENT_TIMEOUT"}"#), Execution::MayHaveRun);
}

#[test]
fn reactions_and_the_places_of_codes_are_told_in_words() {
    let after = Duration::from_millis(250);
    let pause = |until| Reaction::Pause { reason: PauseReason::Trust, until };
    for (reaction, words) in [
        (Reaction::RetryWithDeviceToken { after }, "one attempt with the stored token after 250 ms"),
        (pause(None), "pause (certificate)"),
        (pause(Some(after)), "pause (certificate) for 250 ms"),
        (
            Reaction::Retry { floor: after, counts: false },
            "retry after a backoff of at least 250 ms that does not grow",
        ),
    ] {
        assert_eq!(reaction.to_string(), words);
    }
    let places = [Place::Detail, Place::Reason, Place::Top, Place::Node].map(|place| place.to_string());
    assert_eq!(places, ["details.code", "details.reason", "code", "details.nodeError.code"]);
    let found = |code: &str| explain(code).map(|row| row.place()).collect::<Vec<_>>();
    assert_eq!(found("AUTH_TOKEN_MISMATCH"), ["details.code"]);
    assert_eq!(found("1012"), ["close code"]);
    assert_eq!(found("403"), ["HTTP status"]);
}

#[test]
fn a_request_knows_its_method_and_the_length_of_its_frame() {
    let request = Request::new("sessions.list").unwrap();
    assert_eq!(request.method(), "sessions.list");
    let length = request.frame_len();
    let mut d = Drive::ready();
    d.submit(request, 1).unwrap();
    assert_eq!(d.frame().len(), length);
}
