//! `call`.

use serde_json::{Value, json};

use crate::gateway::{Act, Script};
use crate::program::{Program, run, told};

#[test]
fn the_payload_comes_as_the_gateway_sent_it() {
    // Order, numbers beyond 64 bits and repeated keys included.
    const RAW: &str = r#"{"z":1,"a":12345678901234567890123, "z":[1.50,"é\u001b"]}"#;
    let gateway = Script::default().on(|_| vec![Act::ReplyRaw(RAW)]).start();
    let ended = run(&gateway, &["call", "health"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, format!("{RAW}\n"));
    gateway.connect();
    let request = gateway.request();
    assert_eq!(request["method"], "health");
    assert_eq!(request.get("params"), None);
    assert_eq!(gateway.end(), Some(1000));
}

#[test]
fn params_come_from_the_argument_a_file_or_standard_input() {
    let gateway = Script::default().on(|_| vec![Act::Reply(json!({}))]).start();
    let path = std::env::temp_dir().join(format!("openclaw-gw-call-{}.json", std::process::id()));
    std::fs::write(&path, "{\"from\":\"file\"}\n").unwrap();
    let at_path = format!("@{}", path.display());
    for (argument, from) in [(r#"{"from":"argument"}"#, "argument"), (&at_path, "file"), ("-", "input")] {
        let mut program = Program::start(&mut told(&gateway, &["call", "m", "--params", argument]));
        program.feed(r#"{"from":"input"}"#);
        assert_eq!(program.end().code, Some(0), "{argument}");
        gateway.connect();
        assert_eq!(gateway.request()["params"], json!({ "from": from }));
        gateway.end();
    }
    std::fs::remove_file(path).unwrap();
}

fn busy() -> Value {
    json!({"code": "UNAVAILABLE", "message": "too many writes", "retryable": true, "retryAfterMs": 2500,
        "details": {"code": "RATE_LIMITED", "recommendedNextStep": "wait_then_retry"}})
}

#[test]
fn a_refusal_is_told_with_all_its_particulars() {
    let gateway = Script::default().on(|_| vec![Act::Refuse(busy())]).start();
    let ended = run(&gateway, &["call", "m"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    for part in
        ["UNAVAILABLE/RATE_LIMITED: too many writes", "details: {", "after 2s 500ms", "wait_then_retry", "hint: "]
    {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let ended = run(&gateway, &["--json", "call", "m"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let error = ended.error();
    assert_eq!(error["kind"], "refused");
    assert_eq!(error["code"], "UNAVAILABLE");
    assert_eq!(error["detailCode"], "RATE_LIMITED");
    assert_eq!(error["details"], busy()["details"]);
    assert_eq!(error["retryAfterMs"], 2500);
    assert_eq!(error["exitCode"], 1);
}

#[test]
fn a_missing_scope_is_named_with_the_way_to_ask_for_it() {
    let error = json!({"code": "FORBIDDEN", "message": "missing scope: operator.write"});
    let gateway = Script::default().on(move |_| vec![Act::Refuse(error.clone())]).start();
    let ended = run(&gateway, &["call", "agents.list"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--scope operator.write"), "{}", ended.stderr);
}

#[test]
fn no_answer_in_time_is_an_end_of_its_own() {
    let gateway = Script::default().start();
    let ended = run(&gateway, &["--json", "call", "m", "--timeout", "300ms"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
    let error = ended.error();
    assert_eq!((&error["kind"], &error["mayHaveRun"]), (&json!("timeout"), &json!(true)));
    assert_eq!(gateway.end(), Some(1000));
}

#[test]
fn a_connection_that_ends_first_leaves_the_outcome_unknown() {
    let gateway = Script::default().on(|_| vec![Act::Close(1012, "service restart")]).start();
    let ended = run(&gateway, &["call", "m"]);
    assert_eq!(ended.code, Some(2));
    for part in ["1012: service restart", "may have run", "hint: "] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

fn two_answers() -> Vec<Act> {
    vec![Act::Reply(json!({"status": "accepted", "runId": "r"})), Act::Reply(json!({"status": "ok", "n": 1}))]
}

#[test]
fn both_answers_of_a_two_stage_call_are_shown() {
    let gateway = Script::default().on(|_| two_answers()).start();
    for method in ["agent", "some.method"] {
        let ended = run(&gateway, &["call", method, "--two-stage"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "{\"n\":1,\"status\":\"ok\"}\n"));
        assert!(
            ended.stderr.starts_with("accepted: {") && ended.stderr.contains("\"runId\":\"r\""),
            "{}",
            ended.stderr
        );
        let ended = run(&gateway, &["call", method, "--two-stage", "--json"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let stages = [
            json!({"stage": "accepted", "payload": {"status": "accepted", "runId": "r"}}),
            json!({"stage": "final", "payload": {"status": "ok", "n": 1}}),
        ];
        assert_eq!(ended.rows(), stages);
    }
}

#[test]
fn a_method_known_to_answer_twice_gives_its_result_unasked() {
    let gateway = Script::default().on(|_| two_answers()).start();
    assert_eq!(run(&gateway, &["call", "agent"]).json(), json!({"status": "ok", "n": 1}));
    assert_eq!(run(&gateway, &["call", "other"]).json(), json!({"status": "accepted", "runId": "r"}));
}

#[test]
fn a_second_answer_that_does_not_come_ends_in_time() {
    let gateway = Script::default().on(|_| two_answers().into_iter().take(1).collect()).start();
    for method in ["agent", "other"] {
        let ended = run(&gateway, &["call", method, "--two-stage", "--timeout", "300ms", "--json"]);
        assert_eq!((ended.code, ended.rows().len()), (Some(3), 1), "{ended:?}");
        assert_eq!(ended.error()["mayHaveRun"], true);
    }
}

#[test]
fn one_answer_to_a_two_stage_call_is_the_result() {
    let gateway = Script::default().on(|_| vec![Act::Reply(json!({"done": true}))]).start();
    let ended = run(&gateway, &["call", "m", "--two-stage", "--json"]);
    assert_eq!(ended.json(), json!({"stage": "final", "payload": {"done": true}}));
}
