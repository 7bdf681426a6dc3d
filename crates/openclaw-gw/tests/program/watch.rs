//! `watch`.

use serde_json::{Value, json};

use crate::gateway::{Act, Script, Seen, event};
use crate::program::{Program, run, told};

/// Payloads as no serialiser of ours would write them.
const RAW: &str = r#"{"b":12345678901234567890123, "a":"é"}"#;

fn events() -> Vec<Act> {
    vec![
        Act::Raw(format!(
            r#"{{"type":"event","event":"chat","seq":1,"stateVersion":{{"presence":2,"health":3}},"payload":{RAW}}}"#
        )),
        Act::Raw(r#"{"type":"event","event":"bare"}"#.into()),
        event("chat", 4, &json!("gap")),
        event("chat", 4, &json!("twice")),
        event("tick", 5, &json!({"ts": 1})),
    ]
}

#[test]
fn json_rows_have_exactly_the_promised_keys() {
    let gateway = Script::default().then(events()).start();
    let ended = run(&gateway, &["watch", "--json", "--count", "5"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let rows = ended.rows();
    let states: Vec<&Value> = rows.iter().map(|row| &row["state"]).filter(|state| !state.is_null()).collect();
    assert_eq!(states, ["connecting", "handshaking", "ready"]);
    let events: Vec<&Value> = rows.iter().filter(|row| row.get("event").is_some()).collect();
    assert_eq!(events.len(), 5);
    for row in &events {
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["event", "payload", "receivedAt", "seq", "stateVersion"]);
        let at = row["receivedAt"].as_str().unwrap();
        assert!(at.len() == 24 && at.ends_with('Z') && at.contains('T'), "{at}");
    }
    assert_eq!(events[0]["stateVersion"], json!({"presence": 2, "health": 3}));
    assert_eq!(
        (&events[1]["seq"], &events[1]["stateVersion"], &events[1]["payload"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(ended.stdout.contains(&format!(r#""payload":{RAW},"#)), "the payload is not touched: {}", ended.stdout);
    assert_eq!(gateway.end(), Some(1000));
}

#[test]
fn lines_for_people_show_gaps_and_nothing_that_steers_a_terminal() {
    let hostile =
        Act::Raw("{\"type\":\"event\",\"event\":\"e\\u001b[2J\u{202e}\",\"seq\":6,\"payload\":\"\u{9b}31m\"}".into());
    let mut acts = events();
    acts.push(hostile);
    let gateway = Script::default().then(acts).start();
    let ended = run(&gateway, &["watch", "--count", "6"]);
    assert_eq!(ended.code, Some(0));
    for part in [
        "[ready]  gateway 2026.9.6, protocol 4",
        "#4   (gap: 2 missing)",
        "#4   (duplicate)",
        "e\\u001b[2J\\u202e",
        "\\u009b31m",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains(['\x1b', '\u{9b}', '\u{202e}']), "{:?}", ended.stdout);
}

#[test]
fn names_filter_and_a_time_ends_it() {
    let gateway = Script::default().then(events()).start();
    let ended = run(&gateway, &["watch", "--json", "--event", "tick", "--event", "bare", "--for", "400ms"]);
    assert_eq!(ended.code, Some(0));
    let rows = ended.rows();
    let names: Vec<&Value> = rows.iter().filter_map(|row| row.get("event")).collect();
    assert_eq!(names, ["bare", "tick"]);
}

#[test]
fn the_end_of_the_connection_is_told_after_its_last_event() {
    let mut acts = events();
    acts.push(Act::Close(1012, "service restart"));
    let gateway = Script::default().then(acts).start();
    let ended = run(&gateway, &["watch", "--json", "--no-reconnect"]);
    assert_eq!(ended.code, Some(2));
    let rows = ended.rows();
    assert_eq!(rows.iter().filter(|row| row.get("event").is_some()).count(), 5);
    let last = rows.last().unwrap();
    assert_eq!(last["state"], "stopped");
    assert!(last["reason"].as_str().unwrap().contains("1012: service restart"));
    assert_eq!(ended.error()["kind"], "connection");
}

#[test]
fn a_lost_connection_is_told_and_the_next_one_follows() {
    let mut acts = events();
    acts.push(Act::Close(1012, "service restart"));
    let gateway = Script::default().then(acts).start();
    let program = Program::start(&mut told(&gateway, &["watch", "--json", "--count", "10"]));
    let ended = program.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let rows = ended.rows();
    let states: Vec<&str> = rows.iter().filter_map(|row| row["state"].as_str()).collect();
    let life = ["connecting", "handshaking", "ready", "backoff", "connecting", "handshaking", "ready"];
    // The gateway closes the second connection too, which may or may not be told before the last event ends the program.
    assert_eq!(states.get(..life.len()), Some(life.as_slice()));
    let wait = rows.iter().find(|row| row["state"] == "backoff").unwrap();
    assert!(wait["reason"].as_str().unwrap().contains("1012: service restart"));
    assert!(wait["waitMs"].as_u64().unwrap() <= 1_000);
}

#[test]
fn a_refusal_that_only_the_user_can_mend_ends_it() {
    let error = json!({"code": "INVALID_REQUEST", "message": "no", "details": {"code": "AUTH_TOKEN_MISMATCH"}});
    let ended = run(&Script::default().refusing(error).start(), &["watch", "--json"]);
    assert_eq!(ended.code, Some(5));
    assert_eq!(ended.rows().last().unwrap()["state"], "paused");
}

#[test]
fn a_slow_reader_is_told_how_much_it_missed() {
    const EVENTS: u64 = 5_000;
    let filler = "x".repeat(200);
    let mut acts: Vec<Act> = (1..=EVENTS).map(|seq| event("e", seq, &json!(filler))).collect();
    acts.push(Act::Sync);
    acts.push(Act::Close(1012, "done"));
    let gateway = Script::default().then(acts).start();
    let program = Program::start(&mut told(&gateway, &["watch", "--json", "--no-reconnect"]));
    gateway.connect();
    // Reading begins only when the program has taken in everything.
    assert!(matches!(gateway.next(), Seen::Taken));
    let rows = program.end().rows();
    let shown = rows.iter().filter(|row| row.get("event").is_some()).count() as u64;
    let missed: u64 = rows.iter().filter_map(|row| row["lagged"].as_u64()).sum();
    assert!(missed > 0 && shown > 1_000, "{shown} shown, {missed} missed");
    assert_eq!(shown + missed, EVENTS);
}

#[test]
fn scopes_that_were_not_granted_are_pointed_out() {
    let script = || Script::default().hello(|hello| hello["auth"]["scopes"] = json!([])).then(events());
    let ended = run(&script().start(), &["watch", "--count", "1"]);
    assert!(ended.stderr.starts_with("warning: not granted"), "{}", ended.stderr);
    let ended = run(&script().start(), &["watch", "--count", "1", "--json"]);
    let rows = ended.rows();
    let ready = rows.iter().find(|row| row["state"] == "ready").unwrap();
    assert_eq!((&ready["scopes"], &ready["missingScopes"]), (&json!([]), &json!(["operator.read"])));
}
