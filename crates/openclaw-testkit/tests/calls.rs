//! What a gateway does after the hello, in virtual time.
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
use openclaw_testkit::{Asked, Dialect, GatewayConfig, Reply, error};
use serde_json::{Value, json};

const READ: &[&str] = &["operator.read"];
const WRITE: &[&str] = &["operator.write"];
const ADMIN: &[&str] = &["operator.admin"];

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn each_kind_of_request_gets_the_real_answer() {
    let table: [(&str, &[&str], String, &[&str]); 11] = [
        ("a call", READ, request("q", "health", json!({})), &[r#"#0 yes "q" ok"#]),
        (
            "no scope",
            &[],
            request("q", "health", json!({})),
            &[r#"#0 no "q" "FORBIDDEN" missing scope: operator.read"#],
        ),
        ("write", READ, request("q", "agent", json!({})), &[r#"#0 no "q" "FORBIDDEN" missing scope: operator.write"#]),
        (
            "unknown",
            WRITE,
            request("q", "nope", json!({})),
            &[r#"#0 no "q" "FORBIDDEN" missing scope: operator.admin"#],
        ),
        (
            "admin unknown",
            ADMIN,
            request("q", "nope", json!({})),
            &[r#"#0 no "q" "INVALID_REQUEST" unknown method: nope"#],
        ),
        (
            "a second connect",
            READ,
            request("q", "connect", json!({})),
            &[r#"#0 no "q" "INVALID_REQUEST" connect is only valid as the first request"#],
        ),
        (
            "no id",
            READ,
            json!({"type": "req", "method": "health"}).to_string(),
            &[r#"#0 no "invalid" "INVALID_REQUEST" invalid request frame: must have required property 'id'"#],
        ),
        (
            "a number for an id",
            READ,
            json!({"type": "req", "id": 7, "method": "health"}).to_string(),
            &[r#"#0 no 7 "INVALID_REQUEST" invalid request frame: at /id: must be string"#],
        ),
        (
            "an unknown key",
            READ,
            json!({"type": "req", "id": "k", "method": "health", "x": 1}).to_string(),
            &[r#"#0 no "k" "INVALID_REQUEST" invalid request frame: at root: unexpected property 'x'"#],
        ),
        ("not json", READ, "{".into(), &[]),
        (
            "flood",
            READ,
            request("q", "flood", json!({"count": 2, "size": 3})),
            &["#0 event chat seq 1", "#0 event chat seq 2", r#"#0 yes "q" ok"#],
        ),
    ];
    for (what, scopes, text, expected) in table {
        let mut bench = Bench::new(GatewayConfig::new());
        let peer = bench.ready(scopes);
        assert_eq!(bench.say(peer, &text), expected, "{what}");
    }
}

#[test]
fn missing_scopes_carry_details_in_protocol_4_only() {
    for (dialect, code) in
        [(Dialect::V4, json!("FORBIDDEN")), (Dialect::V3, json!("INVALID_REQUEST")), (Dialect::Original, json!(400))]
    {
        let mut bench = Bench::new(GatewayConfig::new().dialect(dialect));
        let peer = bench.open();
        bench.say(peer, &connect_as(dialect, json!({})));
        bench.core.handle_text(bench.now, peer, &request("q", "agent", json!({})));
        let frame = bench.frames().remove(0);
        assert_eq!(frame["error"]["code"], code);
        let details =
            json!({"code": "MISSING_SCOPE", "missingScope": "operator.write", "requiredScopes": ["operator.write"]});
        assert_eq!(frame["error"].get("details"), (dialect == Dialect::V4).then_some(&details));
    }
}

#[test]
fn an_agent_run_is_answered_twice_and_a_chat_streams_to_everybody_who_may_read() {
    let mut bench = Bench::new(GatewayConfig::new());
    let (asking, _reading, _blind) = (bench.ready(WRITE), bench.ready(READ), bench.ready(&[]));
    assert_eq!(bench.ask(asking, "agent", json!({"message": "hi"})), [r#"#0 yes "q" accepted"#]);
    assert_eq!(bench.pass(millis(50)), [r#"#0 yes "q" ok"#]);
    assert_eq!(bench.ask(asking, "chat.send", json!({"message": "hi"})), [r#"#0 yes "q" started"#]);
    let events: Vec<String> =
        (1..=3).flat_map(|seq| [0, 1].map(|peer| format!("#{peer} event chat seq {seq}"))).collect();
    assert_eq!(bench.pass(millis(50)), events);
}

#[test]
fn a_method_of_ones_own_says_what_it_likes_when_it_likes() {
    let script = |asked: &Asked| {
        vec![
            Reply::Event { name: "progress".into(), payload: asked.params.clone() },
            Reply::Nothing,
            Reply::Error(error("UNAVAILABLE", "not today")).after(millis(10)),
            Reply::CloseConnection { code: 4001, reason: "gone".into() }.after(millis(10)).after(millis(10)),
        ]
    };
    let mut bench = Bench::new(GatewayConfig::new().method("mine", "operator.read", script));
    let peer = bench.ready(READ);
    assert_eq!(bench.ask(peer, "mine", json!({"n": 1})), ["#0 event progress seq 1"]);
    assert_eq!(bench.pass(millis(10)), [r#"#0 no "q" "UNAVAILABLE" not today"#]);
    assert_eq!(bench.pass(millis(10)), [r#"#0 close 4001 "gone""#]);
    let journal = bench.core.journal();
    assert_eq!(journal, [Asked { peer, method: "mine".into(), params: json!({"n": 1}) }]);
}

#[test]
fn the_257th_waiting_request_is_turned_away_and_places_come_free() {
    let mut bench = Bench::new(GatewayConfig::new());
    let (peer, other) = (bench.ready(READ), bench.ready(READ));
    for _ in 0..256 {
        assert!(bench.ask(peer, "slow", json!({"ms": 100})).is_empty());
    }
    let busy = [r#"#1 no "q" "UNAVAILABLE" The server is busy. Please try again in a moment."#];
    assert_eq!(bench.ask(other, "health", json!({})), busy);
    assert_eq!(bench.pass(millis(100)).len(), 256);
    assert_eq!(bench.ask(other, "health", json!({})), [r#"#1 yes "q" ok"#]);
    for _ in 0..256 {
        bench.ask(peer, "slow", json!({"ms": 100}));
    }
    bench.core.handle_gone(bench.now, peer);
    assert_eq!(bench.ask(other, "health", json!({})), [r#"#1 yes "q" ok"#]);
}

#[test]
fn events_are_numbered_per_connection_and_those_without_scopes_get_few() {
    let mut bench = Bench::new(GatewayConfig::new());
    bench.ready(READ);
    bench.core.broadcast(bench.now, "chat", &json!({}));
    assert_eq!(bench.said(), ["#0 event chat seq 1"]);
    bench.ready(&[]);
    bench.open();
    for name in ["chat", "presence"] {
        bench.core.broadcast(bench.now, name, &json!({}));
    }
    assert_eq!(bench.said(), ["#0 event chat seq 2", "#0 event presence seq 3", "#1 event presence seq 1"]);
}

#[test]
fn ticks_come_every_thirty_seconds_and_pings_every_twenty_five() {
    let mut bench = Bench::new(GatewayConfig::new());
    let peer = bench.ready(READ);
    assert_eq!(bench.pass(millis(25_000)), ["#0 ping"]);
    bench.core.handle_pong(bench.now, peer);
    assert_eq!(bench.pass(millis(25_000)), ["#0 event tick seq 1", "#0 ping"]);
    assert_eq!(bench.pass(millis(25_000)), ["#0 event tick seq 2", "#0 abort"], "no pong");
    assert_eq!(bench.core.poll_timeout(), None, "nobody is left to do anything for");
}

#[test]
fn frames_over_the_limit_of_the_hello_close_with_1009() {
    let mut bench = Bench::new(GatewayConfig::new().max_payload(1000));
    let peer = bench.ready(READ);
    let text = request("q", "echo", json!({"x": "x".repeat(1000)}));
    assert_eq!(bench.say(peer, &text), [r#"#0 close 1009 """#]);
    assert!(bench.say(peer, &text).is_empty(), "the connection is over");
}

#[test]
fn a_drain_refuses_requests_then_says_shutdown_then_closes_and_a_boot_ends_it() {
    let mut bench = Bench::new(GatewayConfig::new().drain_grace(millis(5000)));
    let peer = bench.ready(READ);
    let boot = bench.core.boot_id().to_owned();
    bench.core.drain(bench.now, "gateway restarting", Some(millis(1500)));
    bench.core.handle_text(bench.now, peer, &request("q", "health", json!({})));
    let refused: Value = bench.frames().remove(0)["error"].take();
    assert_eq!((&refused["code"], &refused["retryAfterMs"]), (&json!("UNAVAILABLE"), &json!(1000)));
    assert_eq!(refused["details"]["reason"], "gateway-restarting");
    let latecomer = bench.open();
    let late = bench.say(latecomer, &connect(json!({})));
    assert_eq!(late.last().unwrap(), r#"#1 close 1013 "service restart""#);
    assert_eq!(bench.pass(millis(5000)), ["#0 event shutdown seq 1", r#"#0 close 1012 "service restart""#]);
    assert!(bench.core.stopped());
    bench.core.boot(bench.now);
    assert_ne!(bench.core.boot_id(), boot);
    bench.ready(READ);
    assert_eq!(bench.core.ready_peers().len(), 1);
}

#[test]
fn authority_can_be_withdrawn_and_everybody_cut_off() {
    let mut bench = Bench::new(GatewayConfig::new());
    let (first, _second) = (bench.ready(READ), bench.ready(READ));
    bench.core.invalidate(bench.now, first);
    assert_eq!(bench.said(), [r#"#0 close 4001 "client invalidated: device removed""#]);
    bench.core.abort_all(bench.now);
    assert_eq!(bench.said(), ["#1 abort"]);
}

#[test]
fn presence_tells_v4_clients_who_comes_and_goes_and_counts_its_versions() {
    let mut bench = Bench::new(GatewayConfig::new());
    bench.ready(READ);
    let visitor = bench.open();
    let ui = json!({"client": {"id": "openclaw-macos", "mode": "ui"}, "device": null});
    bench.core.handle_text(bench.now, visitor, &connect(ui));
    let frames = bench.frames();
    assert_eq!(frames[0]["payload"]["snapshot"]["stateVersion"], json!({"presence": 1, "health": 1}));
    for frame in &frames[1..] {
        assert_eq!((&frame["event"], &frame["stateVersion"]["presence"]), (&json!("presence"), &json!(2)));
        let rows = frame["payload"]["presence"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["reason"], &rows[1]["mode"]), (2, &json!("self"), &json!("ui")));
    }
    assert_eq!(frames.len(), 3, "the visitor's hello, and the event for both");
    bench.core.handle_gone(bench.now, visitor);
    let frames = bench.frames();
    assert_eq!((frames.len(), &frames[0]["stateVersion"]["presence"]), (1, &json!(3)));
    assert_eq!(frames[0]["payload"]["presence"][1]["reason"], "disconnect");
    // Programs come and go unlisted.
    let program = bench.ready(READ);
    bench.core.handle_gone(bench.now, program);
    assert!(bench.frames().iter().all(|frame| frame["event"] != "presence"));
}

#[test]
fn v3_lists_every_client_and_shows_an_arrival_only_by_health() {
    let mut bench = Bench::new(GatewayConfig::new().dialect(Dialect::V3));
    let first = bench.open();
    bench.core.handle_text(bench.now, first, &connect_as(Dialect::V3, json!({})));
    let frames = bench.frames();
    assert_eq!(frames[0]["payload"]["snapshot"]["stateVersion"]["presence"], 2);
    assert_eq!((&frames[1]["event"], &frames[1]["stateVersion"]["health"]), (&json!("health"), &json!(2)));
    let second = bench.open();
    bench.core.handle_text(bench.now, second, &connect_as(Dialect::V3, json!({})));
    bench.frames();
    bench.core.handle_gone(bench.now, second);
    let frames = bench.frames();
    assert_eq!((frames.len(), &frames[0]["event"]), (1, &json!("presence")));
}
