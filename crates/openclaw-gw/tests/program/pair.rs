//! `pair`, and what the other commands say of a pairing.

use serde_json::{Value, json};

use crate::gateway::{Script, TOKEN};
use crate::program::{Program, command, run, run_as, state_dir, told};

fn pairing(id: &str) -> Value {
    json!({"code": "NOT_PAIRED", "message": "pairing required", "details": {
        "code": "PAIRING_REQUIRED", "reason": "scope-upgrade", "requestId": id, "deviceId": "dev-1",
        "requestedRole": "operator", "requestedScopes": ["operator.write"], "approvedRoles": ["operator"],
        "approvedScopes": ["operator.read\u{1b}[2J"],
    }})
}

fn issuing() -> Script {
    Script::default().hello(|hello| hello["auth"]["deviceToken"] = json!("device-token-5d1e"))
}

#[test]
fn every_command_shows_the_request_and_the_command_that_approves_it() {
    for args in [&["status"][..], &["call", "health"], &["watch"], &["watch", "--no-reconnect"]] {
        let ended = run(&Script::default().refusing(pairing("req-7")).start(), args);
        assert_eq!(ended.code, Some(4), "{ended:?}");
        for part in [
            "pairing: scope-upgrade",
            "request: req-7",
            "device: dev-1",
            "asked for: operator, operator.write",
            "approved so far: operator, operator.read\\u001b[2J",
            "approve with: openclaw devices approve req-7",
            "openclaw-gw pair",
        ] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
    let ended = run(&Script::default().refusing(pairing("req-7")).start(), &["--json", "watch"]);
    let object = json!({
        "reason": "scope-upgrade", "requestId": "req-7", "deviceId": "dev-1", "requestedRole": "operator",
        "requestedScopes": ["operator.write"], "approvedRoles": ["operator"],
        "approvedScopes": ["operator.read\u{1b}[2J"], "approveCommand": "openclaw devices approve req-7",
    });
    assert_eq!(ended.rows().last().unwrap()["pairing"], object);
    let error = ended.error();
    assert_eq!((&error["kind"], &error["exitCode"], &error["pairing"]), (&json!("pairing"), &json!(4), &object));
}

#[test]
fn an_id_that_could_be_a_command_is_not_part_of_one() {
    let ended = run(&Script::default().refusing(pairing("$(reboot)")).start(), &["status"]);
    assert!(ended.stderr.contains("approve with: openclaw devices list"), "{}", ended.stderr);
}

#[test]
fn it_shows_the_request_waits_and_says_when_it_is_approved() {
    let gateway = issuing().refusing_at_first(2, pairing("req-7")).start();
    let state = state_dir();
    let mut program = Program::start(told(&gateway, &["--json", "pair"]).env("OPENCLAW_GW_STATE_DIR", &state));
    let row = |program: &mut Program| serde_json::from_str::<Value>(&program.line()).unwrap();
    let asked = row(&mut program);
    assert_eq!((&asked["state"], &asked["pairing"]["requestId"]), (&json!("pairing"), &json!("req-7")));
    let waiting = row(&mut program);
    assert_eq!(waiting["state"], "waiting");
    assert!(waiting["waitMs"].as_u64().unwrap() >= 30_000, "{waiting}");
    program.enter();
    // The same request is not shown again.
    assert_eq!(row(&mut program)["state"], "waiting");
    program.enter();
    let ended = program.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let paired = ended.json();
    for (key, value) in [
        ("state", json!("paired")),
        ("already", json!(false)),
        ("approved", json!(true)),
        ("tokenStored", json!(true)),
        ("role", json!("operator")),
        ("scopes", json!(["operator.read"])),
        ("missingScopes", json!([])),
    ] {
        assert_eq!(paired[key], value, "{key}: {paired}");
    }
    let again = run_as(&state, &gateway, &["pair"]);
    assert_eq!(again.code, Some(0));
    assert_eq!(again.stdout, "this device is paired already: its token is stored\n");
}

#[test]
fn people_read_the_same() {
    let gateway = issuing().refusing_at_first(1, pairing("req-8")).start();
    let mut program = Program::start(&mut told(&gateway, &["pair"]));
    let mut text = String::new();
    while !text.contains("asking again") {
        text.push_str(&program.line());
    }
    for part in ["an operator has to approve this device", "scope-upgrade", "openclaw devices approve req-8", "\\u001b"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    program.enter();
    let ended = program.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "approved: its token is stored\n"));
}

#[test]
fn a_gateway_that_asks_nobody_or_issues_nothing_is_told_as_such() {
    let ended = run(&issuing().start(), &["pair"]);
    assert!(ended.stdout.contains("without asking anybody: its token is stored"), "{}", ended.stdout);
    let ended = run(&Script::default().start(), &["--scope", "operator.admin", "pair"]);
    assert!(ended.stdout.contains("has issued no token"), "{}", ended.stdout);
    assert!(ended.stdout.contains("not granted: operator.admin"), "{}", ended.stdout);
}

#[test]
fn the_time_given_ends_the_wait() {
    let gateway = Script::default().refusing(pairing("req-9")).start();
    let ended = run(&gateway, &["--json", "pair", "--timeout", "700ms"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let error = ended.error();
    assert_eq!((&error["kind"], &error["pairing"]["requestId"]), (&json!("timeout"), &json!("req-9")));
}

#[test]
fn what_no_operator_can_approve_is_not_waited_for() {
    let refusal = json!({"code": "INVALID_REQUEST", "message": "no", "details": {"code": "AUTH_TOKEN_MISMATCH"}});
    let ended = run(&Script::default().refusing(refusal).start(), &["pair"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("ws://127.0.0.1:{port}");
    let ended = Program::start(&mut command(&["--url", &url, "--token", TOKEN, "pair"])).end();
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait_and_is_not_taken_for_approval() {
    let gateway = Script::default().refusing(pairing("req-7")).start();
    let mut program = Program::start(&mut told(&gateway, &["--json", "pair"]));
    program.until_state("waiting");
    program.signal("-INT");
    let ended = program.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}
