//! What a gateway does about first frames, in virtual time.
#![allow(missing_docs, reason = "names of tests say what they show")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, too"
)]
#![allow(dead_code, unreachable_pub, clippy::needless_pass_by_value, reason = "one bench for several test files")]

mod common;

use std::time::Duration;

use common::{Bench, connect, connect_as, request};
use openclaw_testkit::{Dialect, GatewayConfig};
use serde_json::{Value, json};

fn first(config: GatewayConfig, text: &str) -> Vec<String> {
    let mut bench = Bench::new(config);
    let peer = bench.open();
    bench.say(peer, text)
}

#[test]
fn a_connection_is_challenged_at_once_and_equal_seeds_challenge_alike() {
    let challenges: Vec<Value> = (0..2)
        .map(|_| {
            let mut bench = Bench::new(GatewayConfig::new());
            bench.core.connect(bench.now);
            bench.frames().remove(0)
        })
        .collect();
    assert_eq!(challenges[0], challenges[1]);
    assert_eq!(challenges[0]["event"], "connect.challenge");
    assert_eq!(challenges[0]["payload"]["nonce"].as_str().unwrap().len(), 36);
    assert!(challenges[0].get("seq").is_none());
}

#[test]
fn first_frames_that_are_wrong_end_the_connection_with_the_real_codes() {
    let scopeless = json!({"client": {"mode": "operator", "id": "control-center"}});
    let table = [
        ("not json", "nonsense".to_owned(), vec![r#"#0 close 1000 """#]),
        ("json", r#"{"hello":1}"#.into(), vec![r#"#0 close 1008 "invalid request frame""#]),
        ("an array", "[1]".into(), vec![r#"#0 close 1008 "invalid request frame""#]),
        ("an empty id", request("", "connect", json!({})), vec![r#"#0 close 1008 "invalid request frame""#]),
        (
            "another method",
            request("h", "health", json!({})),
            vec![
                r#"#0 no "h" "INVALID_REQUEST" invalid handshake: first request must be connect"#,
                r#"#0 close 1008 "invalid handshake: first request must be connect""#,
            ],
        ),
        (
            "an unknown key",
            connect(json!({"bogus": 1})),
            vec![
                r#"#0 no "c" "INVALID_REQUEST" invalid connect params: at root: unexpected property 'bogus'"#,
                r#"#0 close 1008 "invalid connect params: at root: unexpected property 'bogus'""#,
            ],
        ),
        (
            "unknown ids",
            connect(scopeless),
            vec![
                r#"#0 no "c" "INVALID_REQUEST" invalid connect params: at /client/id: must be equal to one of the allowed values; at /client/mode: must be equal to one of the allowed values"#,
                r#"#0 close 1008 "invalid connect params: at /client/id: must be equal to one of the allowed values; at /client/mode: must be equal to one""#,
            ],
        ),
        (
            "another protocol",
            connect(json!({"minProtocol": 5, "maxProtocol": 6})),
            vec![r#"#0 no "c" "INVALID_REQUEST" protocol mismatch"#, r#"#0 close 1002 "protocol mismatch""#],
        ),
        (
            "another token",
            connect(json!({"auth": {"token": "other"}})),
            vec![
                r#"#0 no "c" "INVALID_REQUEST" unauthorized: gateway token mismatch (provide gateway auth token)"#,
                r#"#0 close 1008 "unauthorized: gateway token mismatch (provide gateway auth token)""#,
            ],
        ),
        (
            "no token",
            connect(json!({"auth": null})),
            vec![r#"#0 no "c" "NOT_PAIRED" device identity required"#, r#"#0 close 1008 "device identity required""#],
        ),
        ("a worker", connect(json!({"client": {"mode": "worker"}})), vec![r#"#0 close 1008 "invalid-handshake""#]),
        ("a good one", connect(json!({})), vec![r#"#0 yes "c" hello-ok"#]),
        ("a range", connect(json!({"minProtocol": 3})), vec![r#"#0 yes "c" hello-ok"#]),
        (
            "an old node",
            connect(
                json!({"minProtocol": 3, "maxProtocol": 3, "role": "node", "client": {"id": "node-host", "mode": "node"}}),
            ),
            vec![r#"#0 yes "c" hello-ok"#, "#0 event presence seq 1"],
        ),
    ];
    for (what, text, expected) in table {
        assert_eq!(first(GatewayConfig::new(), &text), expected, "{what}");
    }
}

#[test]
fn the_first_frame_may_have_65536_bytes_and_not_one_more() {
    for (size, expected) in [(65_536, r#"#0 yes "c" hello-ok"#), (65_537, r#"#0 close 1009 """#)] {
        let frame = |filler: usize| connect(json!({"userAgent": "x".repeat(filler)}));
        let text = frame(size - frame(1).len() + 1);
        assert_eq!(text.len(), size);
        assert_eq!(first(GatewayConfig::new(), &text), [expected]);
    }
}

#[test]
fn a_silent_client_is_closed_after_fifteen_seconds() {
    let mut bench = Bench::new(GatewayConfig::new());
    bench.open();
    assert!(bench.pass(Duration::from_millis(14_999)).is_empty());
    assert_eq!(bench.pass(Duration::from_millis(1)), [r#"#0 close 1000 """#]);
}

#[test]
fn a_booting_gateway_says_when_to_come_again() {
    let mut bench = Bench::new(GatewayConfig::new().booting());
    let peer = bench.open();
    bench.core.handle_text(bench.now, peer, &connect(json!({})));
    let outputs = bench.outputs();
    assert!(format!("{outputs:?}").contains("code: 1013, reason: \"gateway starting\""), "{outputs:?}");
    let text = format!("{outputs:?}").replace('\\', "");
    for part in [r#""retryAfterMs":500"#, r#""reason":"startup-sidecars""#, r#""retryable":true"#] {
        assert!(text.contains(part), "{part} in {text}");
    }
    bench.core.set_booting(false);
    let peer = bench.open();
    assert_eq!(bench.say(peer, &connect(json!({}))), [r#"#1 yes "c" hello-ok"#]);
}

#[test]
fn details_are_those_of_the_dialect() {
    let mismatch = json!({"minProtocol": 7, "maxProtocol": 7});
    let v4 = json!({"code": "PROTOCOL_MISMATCH", "clientMinProtocol": 7, "clientMaxProtocol": 7, "expectedProtocol": 4, "minimumProbeProtocol": 3});
    for (dialect, details) in [(Dialect::V4, v4), (Dialect::V3, json!({"expectedProtocol": 3}))] {
        let mut bench = Bench::new(GatewayConfig::new().dialect(dialect));
        let peer = bench.open();
        bench.core.handle_text(bench.now, peer, &connect_as(dialect, mismatch.clone()));
        assert_eq!(bench.frames()[0]["error"]["details"], details);
    }
}

#[test]
fn scopes_are_kept_or_silently_taken_as_the_kind_of_client_deserves() {
    let device = json!({"id": "d", "publicKey": "k", "signature": "s", "signedAt": 1, "nonce": "?"});
    let table = [
        (Dialect::V4, "gateway-client", "backend", false, true),
        (Dialect::V4, "cli", "cli", false, true),
        (Dialect::V4, "test", "test", false, false),
        (Dialect::V4, "gateway-client", "cli", false, false),
        (Dialect::V4, "test", "test", true, true),
        (Dialect::V3, "gateway-client", "backend", false, true),
        (Dialect::V3, "cli", "cli", false, false),
        (Dialect::Original, "control-center", "operator", false, true),
    ];
    for (dialect, id, mode, with_device, kept) in table {
        let mut bench = Bench::new(GatewayConfig::new().dialect(dialect));
        let peer = bench.core.connect(bench.now);
        let challenge = bench.frames().remove(0);
        let mut patch = json!({"client": {"id": id, "mode": mode}});
        if with_device {
            patch["device"] = device.clone();
            patch["device"]["nonce"] = challenge["payload"]["nonce"].clone();
        }
        bench.core.handle_text(bench.now, peer, &connect_as(dialect, patch));
        let frame = bench.frames().remove(0);
        let hello = frame.get("payload").unwrap_or(&frame["result"]);
        let scopes = hello["auth"]["scopes"].as_array().unwrap_or_else(|| panic!("{frame}"));
        assert_eq!(!scopes.is_empty(), kept, "{dialect:?} {id}/{mode}");
    }
}

#[test]
fn each_dialect_has_its_own_hello() {
    let hello = |dialect| {
        let mut bench = Bench::new(GatewayConfig::new().dialect(dialect).hello_override(json!({"extra": {"a": 1}})));
        let peer = bench.open();
        bench.core.handle_text(bench.now, peer, &connect_as(dialect, json!({})));
        bench.frames().remove(0)
    };
    let (v4, v3, original) = (hello(Dialect::V4), hello(Dialect::V3), hello(Dialect::Original));
    assert_eq!(
        (&v4["ok"], &v4["payload"]["protocol"], &v4["payload"]["extra"]["a"]),
        (&json!(true), &json!(4), &json!(1))
    );
    assert!(v4["payload"]["server"]["bootId"].is_string() && v4["payload"]["server"]["connId"].is_string());
    assert!(v3["payload"]["server"]["connId"].is_string() && v3["payload"]["server"].get("bootId").is_none());
    assert!(original.get("ok").is_none() && original["result"]["connId"].is_string());
    assert_eq!(original["result"]["protocol"], 3);
}
