//! Requests after hello.

use std::time::Duration;

use openclaw_testkit::{ErrorBody, GatewayConfig, Reply};
use serde_json::{Value, json};

use crate::lab::{Lab, Seen, connect, params, patched, request};

fn error(id: impl Into<Value>, code: &str, message: &str) -> Value {
    json!({"type": "res", "id": id.into(), "ok": false, "error": {"code": code, "message": message}})
}

/// The answers to a message after hello.
fn answers(config: GatewayConfig, scopes: &[&str], text: &str) -> Vec<Seen> {
    let mut lab = Lab::new(config);
    let peer = lab.program(scopes);
    lab.text(peer, text);
    lab.take(peer)
}

#[test]
fn messages_that_are_no_request_are_answered_as_by_real_gateways() {
    let bad = |id: Value, fault: &str| {
        vec![Seen::Text(error(id, "INVALID_REQUEST", &format!("invalid request frame: {fault}")))]
    };
    for (text, expected) in [
        ("{bad", vec![]),
        ("hello", vec![]),
        ("", vec![]),
        ("[]", bad(json!("invalid"), "must be object")),
        ("null", bad(json!("invalid"), "must be object")),
        ("5", bad(json!("invalid"), "must be object")),
        (r#"{"type":"req","id":null,"method":"x"}"#, bad(json!("invalid"), "at /id: must be string")),
        (r#"{"type":"req","id":7,"method":"x"}"#, bad(json!(7), "at /id: must be string")),
        (r#"{"type":"req","id":{"a":1},"method":"x"}"#, bad(json!({"a": 1}), "at /id: must be string")),
        (r#"{"type":"req","id":"","method":"x"}"#, bad(json!(""), "at /id: must not have fewer than 1 characters")),
        (
            r#"{"type":"event","event":"x"}"#,
            bad(
                json!("invalid"),
                concat!(
                    "must have required property 'id'; at root: unexpected property 'event'; ",
                    "at /type: must be equal to constant"
                ),
            ),
        ),
        (
            r#"{"type":"xx","id":5,"bogus":1}"#,
            bad(
                json!(5),
                concat!(
                    "must have required property 'method'; at root: unexpected property 'bogus'; ",
                    "at /type: must be equal to constant; at /id: must be string"
                ),
            ),
        ),
        (
            r#"{"type":"req","id":"1","method":"health","traceparent":1}"#,
            bad(json!("1"), "at /traceparent: must be string"),
        ),
    ] {
        assert_eq!(answers(GatewayConfig::v4(), &["operator.read"], text), expected, "{text}");
    }
    let long = request("health", json!({}))
        .to_string()
        .replace("{\"id\"", &format!("{{\"traceparent\":\"{}\",\"id\"", "x".repeat(129)));
    let expected = bad(json!("r"), "at /traceparent: must not have more than 128 characters");
    assert_eq!(answers(GatewayConfig::v4(), &[], &long), expected);
    assert_eq!(answers(GatewayConfig::v3(), &[], &long), bad(json!("r"), "at root: unexpected property 'traceparent'"));
    assert_eq!(
        answers(GatewayConfig::v3(), &[], "{}"),
        bad(
            json!("invalid"),
            concat!(
                "must have required property 'type'; must have required property 'id'; ",
                "must have required property 'method'"
            )
        )
    );
}

#[test]
fn every_method_wants_its_scope_and_health_wants_none() {
    let methods =
        ["status", "agents.list", "models.list", "sessions.list", "system-presence", "echo", "chat.send", "agent"];
    for method in methods {
        let scope = if matches!(method, "chat.send" | "agent") { "operator.write" } else { "operator.read" };
        let mut lab = Lab::new(GatewayConfig::v4());
        let nobody = lab.program(&[]);
        let refused = lab.ask(nobody, method, json!({}));
        assert_eq!(refused["error"]["code"], "FORBIDDEN", "{method}");
        assert_eq!(refused["error"]["message"], format!("missing scope: {scope}"));
        let details = json!({"code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope]});
        assert_eq!(refused["error"]["details"], details);
        assert_eq!(lab.ask(nobody, "health", json!({}))["ok"], true);
        let mut lab = Lab::new(GatewayConfig::v3());
        let nobody = lab.program(&[]);
        assert_eq!(
            lab.ask(nobody, method, json!({})),
            error("r", "INVALID_REQUEST", &format!("missing scope: {scope}"))
        );
    }
    let mut lab = Lab::new(GatewayConfig::v4());
    let writer = lab.program(&["operator.write"]);
    assert_eq!(lab.ask(writer, "agents.list", json!({}))["ok"], true, "write includes read");
}

#[test]
fn an_unknown_method_is_told_to_admins_and_hidden_from_others() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (admin, reader) = (lab.program(&["operator.admin"]), lab.program(&["operator.read"]));
    assert_eq!(lab.ask(admin, "no.such", json!({})), error("r", "INVALID_REQUEST", "unknown method: no.such"));
    assert_eq!(lab.ask(reader, "no.such", json!({}))["error"]["message"], "missing scope: operator.admin");
    // A second connect is a method for admins that always says no.
    let again = connect(params(4, &[]));
    lab.send(admin, &again);
    let message = "connect is only valid as the first request";
    assert_eq!(lab.frames(admin), [error("c", "INVALID_REQUEST", message)]);
    lab.send(reader, &again);
    assert_eq!(lab.frames(reader)[0]["error"]["message"], "missing scope: operator.admin");
}

#[test]
fn params_of_known_methods_are_checked() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let writer = lab.program(&["operator.write"]);
    for (method, params, message) in [
        ("agents.list", json!({"x": 1}), "invalid agents.list params: at root: unexpected property 'x'"),
        ("sessions.list", json!([]), "invalid sessions.list params: must be object"),
        ("chat.send", json!({}), "session mutation target is unavailable"),
        ("chat.abort", json!({}), "session mutation target is unavailable"),
        (
            "chat.send",
            json!({"sessionKey": "s", "message": "x"}),
            "invalid chat.send params: must have required property 'idempotencyKey'",
        ),
        ("agent", json!({}), "invalid agent params: must have required property 'message'"),
        ("agent.wait", json!({}), "invalid agent.wait params: must have required property 'runId'"),
    ] {
        assert_eq!(lab.ask(writer, method, params)["error"]["message"], message);
    }
    let mut lab = Lab::new(GatewayConfig::v3());
    let writer = lab.program(&["operator.write"]);
    assert_eq!(
        lab.ask(writer, "agent", json!({}))["error"]["message"],
        "invalid agent params: must have required property 'message'; must have required property 'idempotencyKey'"
    );
}

#[test]
fn equal_ids_are_all_served() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&["operator.read"]);
    for n in 0..3 {
        lab.gateway.handle_text(lab.now, peer, &request("echo", json!(n)).to_string());
    }
    lab.pump();
    let payloads: Vec<Value> = lab.frames(peer).iter().map(|frame| frame["payload"].clone()).collect();
    assert_eq!(payloads, [json!(0), json!(1), json!(2)]);
}

#[test]
fn a_frame_of_exactly_the_payload_limit_is_served_and_one_byte_more_closes_with_1009() {
    for extra in [0, 1] {
        let mut lab = Lab::new(GatewayConfig::v4().limits(|limits| limits.max_payload = 100_000));
        let peer = lab.program(&["operator.read"]);
        let frame = request("echo", json!("")).to_string();
        let fill = "x".repeat(100_000 + extra - frame.len());
        lab.text(peer, &request("echo", json!(fill)).to_string());
        match lab.take(peer).as_slice() {
            [Seen::Text(frame)] if extra == 0 => assert_eq!(frame["payload"], fill),
            [Seen::Close(1009, reason)] if extra == 1 => assert_eq!(reason, ""),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_profile_the_connection_does_not_act_as_stops_a_request() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let program = lab.program(&["operator.read"]);
    let with_profile = |id: &str| {
        let mut frame = request("health", json!({}));
        frame["expectedProfileId"] = json!(id);
        frame
    };
    lab.send(program, &with_profile("gateway-owner"));
    let error = lab.frames(program).remove(0)["error"].clone();
    assert_eq!(error["code"], "INVALID_REQUEST");
    assert_eq!(error["details"], json!({"reason": "EXPECTED_PROFILE_MISMATCH", "execution": "not_started"}));
    let (person, _) = lab.join(patched(json!({"client": {"id": "test", "mode": "test"}})));
    lab.send(person, &with_profile("gateway-owner"));
    assert_eq!(lab.frames(person)[0]["ok"], true);
    lab.send(person, &with_profile(""));
    let message = "invalid request frame: at /expectedProfileId: must not have fewer than 1 characters";
    assert_eq!(lab.frames(person)[0]["error"]["message"], message);
}

#[test]
fn more_than_256_requests_waiting_are_told_that_the_server_is_busy() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&["operator.read"]);
    for n in 0..300 {
        let frame = json!({"type": "req", "id": n.to_string(), "method": "health"});
        lab.gateway.handle_text(lab.now, peer, &frame.to_string());
    }
    lab.pump();
    let frames = lab.frames(peer);
    let (served, refused): (Vec<_>, Vec<_>) = frames.iter().partition(|frame| frame["ok"] == true);
    assert_eq!((served.len(), refused.len()), (256, 44));
    assert_eq!(
        refused[0]["error"],
        json!({"code": "UNAVAILABLE", "message": "The server is busy. Please try again in a moment.", "retryable": true})
    );
    assert_eq!(frames[0]["ok"], false, "refusals come first");
    assert_eq!(lab.ask(peer, "health", json!({}))["ok"], true);
}

#[test]
fn nodes_have_methods_of_their_own_and_are_closed_when_they_insist_on_others() {
    let node_method = |config: GatewayConfig| config.method("node.ping", "node", |_, _| Reply::ok(json!("pong")));
    let mut lab = Lab::new(node_method(GatewayConfig::v4()));
    let (node, _) =
        lab.join_as_device(json!({"role": "node", "scopes": [], "client": {"id": "node-host", "mode": "node"}}));
    assert_eq!(lab.ask(node, "node.ping", json!({}))["payload"], "pong");
    assert_eq!(lab.ask(node, "health", json!({}))["ok"], true);
    for _ in 0..10 {
        let refused = lab.ask(node, "status", json!({}));
        assert_eq!(refused, error("r", "INVALID_REQUEST", "unauthorized role: node"));
    }
    lab.send(node, &request("status", json!({})));
    assert_eq!(lab.take(node).pop(), Some(Seen::Close(1008, "repeated unauthorized calls".into())));
    let admin = lab.program(&["operator.admin"]);
    assert_eq!(lab.ask(admin, "node.ping", json!({}))["error"]["message"], "unauthorized role: operator");
}

#[test]
fn methods_of_ones_own_answer_at_once_later_twice_never_or_with_an_error() {
    let mut lab = Lab::new(
        GatewayConfig::v4()
            .method("now", "operator.read", |call, params| {
                Reply::ok(json!({"method": call.method(), "id": call.id(), "params": params}))
            })
            .method("later", "operator.read", |_, _| Reply::ok(json!(1)).after(Duration::from_millis(70)))
            .method("twice", "operator.read", |_, _| {
                Reply::accepted().then_after(Duration::from_secs(1), Reply::ok(json!({"status": "ok"})))
            })
            .method("never", "operator.read", |_, _| Reply::never())
            .method("wrong", "operator.read", |_, _| Reply::error(ErrorBody::new("APPROVAL_NOT_FOUND", "gone")))
            .method("typed", "operator.read", |call, _| call.parse::<u8>().map(Value::from).into())
            .method("close", "operator.read", |_, _| Reply::close(4001, "that was it"))
            .method("abort", "operator.read", |_, _| Reply::abort())
            .method("status", "operator.admin", |_, _| Reply::ok(json!("mine"))),
    );
    let peer = lab.program(&["operator.read"]);
    let now = lab.ask(peer, "now", json!([1]));
    assert_eq!(now["payload"], json!({"method": "now", "id": "r", "params": [1]}));
    lab.send(peer, &request("later", json!({})));
    lab.wait_ms(69);
    assert_eq!(lab.take(peer), []);
    lab.wait_ms(1);
    assert_eq!(lab.frames(peer)[0]["payload"], 1);
    assert_eq!(lab.ask(peer, "twice", json!({}))["payload"]["status"], "accepted");
    lab.wait_ms(1000);
    assert_eq!(lab.frames(peer)[0]["payload"]["status"], "ok");
    lab.send(peer, &request("never", json!({})));
    lab.wait_ms(10_000);
    assert_eq!(lab.take(peer), []);
    assert_eq!(lab.ask(peer, "wrong", json!({}))["error"]["code"], "APPROVAL_NOT_FOUND");
    assert_eq!(lab.ask(peer, "typed", json!(7))["payload"], 7);
    assert_eq!(lab.ask(peer, "typed", json!("x"))["error"]["code"], "INVALID_REQUEST");
    assert_eq!(lab.ask(peer, "status", json!({}))["error"]["code"], "FORBIDDEN", "replaced, with a scope of its own");
    lab.send(peer, &request("close", json!({})));
    assert_eq!(lab.take(peer), [Seen::Close(4001, "that was it".into())]);
    let peer = lab.program(&["operator.read"]);
    lab.send(peer, &request("abort", json!({})));
    assert_eq!(lab.take(peer), [Seen::Abort]);
}

#[test]
fn a_method_sends_events_to_everybody_or_to_its_caller_alone() {
    let mut lab = Lab::new(GatewayConfig::v4().method("deal", "operator.read", |call, _| {
        call.broadcast("cards.dealt", &json!({"n": 1}));
        call.event("cards.yours", &json!({"n": 2}));
        call.broadcast_after(Duration::from_millis(5), "cards.dealt", &json!({"n": 3}));
        Reply::ok(json!({}))
    }));
    let (caller, other) = (lab.program(&["operator.read"]), lab.program(&["operator.read"]));
    lab.send(caller, &request("deal", json!({})));
    lab.wait_ms(5);
    let name = |frame: &Value| {
        let name = frame["event"].as_str().unwrap_or("answer");
        format!("{name} {}", frame["seq"])
    };
    let seen: Vec<_> = lab.frames(caller).iter().map(name).collect();
    assert_eq!(seen, ["cards.dealt 1", "cards.yours null", "answer null", "cards.dealt 2"]);
    let seen: Vec<_> = lab.frames(other).iter().map(name).collect();
    assert_eq!(seen, ["cards.dealt 1", "cards.dealt 2"]);
}

#[test]
fn the_test_methods_echo_wait_and_make_up_data() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&["operator.read"]);
    lab.text(peer, r#"{"type":"req","id":"r","method":"echo","params":{"z":1.50,"a":[1e400]}}"#);
    assert_eq!(
        lab.take(peer),
        [Seen::Raw(r#"{"type":"res","id":"r","ok":true,"payload":{"z":1.50,"a":[1e400]}}"#.into())],
        "echo gives back the very text"
    );
    for kind in ["ascii", "unicode", "escaped", "nested"] {
        let size = if kind == "nested" { 100 } else { 10_000 };
        let blob = lab.ask(peer, "blob", json!({"size": size, "kind": kind}));
        assert_eq!(blob["payload"]["kind"], kind);
    }
    assert_eq!(lab.ask(peer, "blob", json!({"size": 5}))["payload"]["data"], "xxxxx");
    assert_eq!(lab.ask(peer, "blob", json!({"kind": "odd"}))["error"]["code"], "INVALID_REQUEST");
    lab.send(peer, &request("slow", json!({"ms": 40})));
    lab.wait_ms(39);
    assert_eq!(lab.take(peer), []);
    lab.wait_ms(1);
    assert_eq!(lab.frames(peer)[0]["payload"], json!({"waitedMs": 40}));
    lab.send(peer, &request("flood", json!({"count": 600, "size": 10})));
    let frames = lab.frames(peer);
    assert_eq!(frames.len(), 601);
    assert_eq!((&frames[599]["event"], &frames[599]["seq"]), (&json!("chat"), &json!(600)));
    assert_eq!(frames[600]["payload"], json!({"count": 600}));
}

#[test]
fn a_method_taken_away_is_unknown() {
    let mut lab = Lab::new(GatewayConfig::v4().without_method("agents.list"));
    let (admin, hello) = lab.join(params(4, &["operator.admin"]));
    assert!(!hello["features"]["methods"].as_array().unwrap().contains(&json!("agents.list")));
    let refused = lab.ask(admin, "agents.list", json!({}));
    assert_eq!(refused, error("r", "INVALID_REQUEST", "unknown method: agents.list"));
}

#[test]
fn the_journal_keeps_what_was_asked() {
    let mut lab = Lab::new(GatewayConfig::v4().limits(|limits| limits.journal = 2));
    let peer = lab.program(&["operator.read"]);
    for n in 0..3 {
        lab.ask(peer, "echo", json!(n));
    }
    lab.ask(peer, "chat.send", json!({"refused": true}));
    let asked: Vec<_> = lab.gateway.requests().map(|asked| (asked.method.clone(), asked.json())).collect();
    assert_eq!(asked, [("echo".to_owned(), json!(2)), ("chat.send".to_owned(), json!({"refused": true}))]);
    let mut lab = Lab::new(GatewayConfig::v4().limits(|limits| limits.journal_bytes = 1000));
    let peer = lab.program(&["operator.read"]);
    for _ in 0..3 {
        lab.ask(peer, "echo", json!("x".repeat(400)));
    }
    assert_eq!(lab.gateway.requests().count(), 2);
}

#[test]
fn scopes_for_sessions_of_ones_own_are_worth_nothing_without_a_user() {
    for (scope, methods) in [
        ("operator.sessions.read", vec!["sessions.list"]),
        ("operator.sessions.write", vec!["sessions.list", "chat.send", "chat.abort"]),
    ] {
        let mut lab = Lab::new(GatewayConfig::v4());
        let peer = lab.program(&[scope]);
        for method in methods {
            let message = "Session-scoped access requires a verified user profile.";
            assert_eq!(lab.ask(peer, method, json!({})), error("r", "FORBIDDEN", message), "{scope} {method}");
        }
        assert_eq!(lab.ask(peer, "agents.list", json!({}))["error"]["message"], "missing scope: operator.read");
    }
    let mut lab = Lab::new(GatewayConfig::v3());
    let peer = lab.program(&["operator.sessions.read"]);
    assert_eq!(lab.ask(peer, "sessions.list", json!({}))["error"]["message"], "missing scope: operator.read");
}

#[test]
fn there_are_no_plugins_to_act_on_sessions() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&["operator.write"]);
    let mut message = |params| lab.ask(peer, "plugins.sessionAction", params)["error"]["message"].clone();
    assert_eq!(message(json!({"pluginId": "a", "actionId": "b"})), "unknown plugin session action: a/b");
    let blank = "plugins.sessionAction pluginId and actionId must be non-empty";
    assert_eq!(message(json!({"pluginId": "a", "actionId": " "})), blank);
    let missing = "invalid plugins.sessionAction params: must have required property 'actionId'";
    assert_eq!(message(json!({"pluginId": "a"})), missing);
    let mut lab = Lab::new(GatewayConfig::v3());
    let peer = lab.program(&["operator.admin"]);
    let unknown = error("r", "INVALID_REQUEST", "unknown method: plugins.sessionAction");
    assert_eq!(lab.ask(peer, "plugins.sessionAction", json!({})), unknown);
}
