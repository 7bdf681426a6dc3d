//! From the upgrade to the hello, and every way of not getting there.

use std::time::Duration;

use crate::lab::{Lab, Seen, TOKEN, close, connect, params, patched, refusal};
use openclaw_testkit::{AuthMode, Dialect, GatewayConfig, PeerInfo};
use serde_json::{Value, json};

/// What a client sees after its challenge when its first frame is `text`.
fn after(config: GatewayConfig, text: &str) -> Vec<Seen> {
    let mut lab = Lab::new(config);
    let peer = lab.dial();
    lab.take(peer);
    lab.text(peer, text);
    lab.take(peer)
}

fn after_connect(config: GatewayConfig, patch: Value) -> Vec<Seen> {
    after(config, &connect(patched(patch)).to_string())
}

#[test]
fn the_challenge_comes_at_once_and_has_the_shape_of_its_dialect() {
    for (dialect, field) in [(Dialect::V4, "payload"), (Dialect::V3, "payload"), (Dialect::Original, "params")] {
        let mut lab = Lab::new(GatewayConfig::new().dialect(dialect));
        let peer = lab.dial();
        let frames = lab.frames(peer);
        let [challenge] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!((&challenge["type"], &challenge["event"]), (&json!("event"), &json!("connect.challenge")));
        assert_eq!(challenge[field]["nonce"].as_str().unwrap().len(), 36);
        assert_eq!(challenge[field]["ts"], 1_795_000_000_000_u64);
        assert_eq!(challenge[field].get("capabilities").is_some(), dialect == Dialect::V4);
        assert!(challenge.get("seq").is_none());
    }
}

#[test]
fn first_frames_that_are_no_connect_end_as_with_real_gateways() {
    for (text, expected) in [
        ("this is not json", close(1000, "")),
        ("", close(1000, "")),
        ("{", close(1000, "")),
        ("[]", close(1008, "invalid request frame")),
        ("null", close(1008, "invalid request frame")),
        ("5", close(1008, "invalid request frame")),
        ("{}", close(1008, "invalid request frame")),
        (r#"{"type":"req","id":"1"}"#, close(1008, "invalid request frame")),
        (r#"{"type":"req","id":1,"method":"connect"}"#, close(1008, "invalid request frame")),
        (r#"{"type":"req","id":"1","method":""}"#, close(1008, "invalid request frame")),
        (r#"{"id":"1","method":"connect"}"#, close(1008, "invalid request frame")),
        (
            r#"{"type":"req","id":"1","method":"health"}"#,
            refusal("1", "INVALID_REQUEST", "invalid handshake: first request must be connect", 1008),
        ),
        (
            r#"{"type":"req","id":"1","method":"connect"}"#,
            refusal("1", "INVALID_REQUEST", "invalid connect params: must be object", 1008),
        ),
    ] {
        assert_eq!(after(GatewayConfig::v4(), text), expected, "{text}");
        assert_eq!(after(GatewayConfig::v3(), text), expected, "v3: {text}");
    }
    let extra = r#"{"type":"req","id":"1","method":"connect","bogus":1}"#;
    assert_eq!(after(GatewayConfig::v4(), extra), close(1008, "invalid request frame"));
    let long = format!(r#"{{"type":"req","id":"1","method":"connect","traceparent":"{}"}}"#, "x".repeat(129));
    assert_eq!(after(GatewayConfig::v4(), &long), close(1008, "invalid request frame"));
    let short = long.replace(&"x".repeat(129), "x");
    assert_eq!(after(GatewayConfig::v3(), &short), close(1008, "invalid request frame"));
    assert!(matches!(after(GatewayConfig::v4(), &short).as_slice(), [Seen::Text(_), Seen::Close(1008, _)]));
}

#[test]
fn a_first_frame_may_have_65536_bytes_and_not_one_more() {
    let frame = |size: usize| {
        let empty = connect(patched(json!({"userAgent": ""}))).to_string();
        let text = connect(patched(json!({"userAgent": "a".repeat(size - empty.len())}))).to_string();
        assert_eq!(text.len(), size);
        text
    };
    assert_eq!(after(GatewayConfig::v4(), &frame(65_537)), close(1009, ""));
    assert!(matches!(after(GatewayConfig::v4(), &frame(65_536)).as_slice(), [Seen::Text(_)]));
}

#[test]
fn connect_params_are_checked_against_the_closed_schema_in_the_words_of_the_dialect() {
    for (patch, v4, v3) in [
        (
            json!({"minProtocol": null, "maxProtocol": null}),
            "must have required property 'minProtocol'",
            "must have required property 'minProtocol'; must have required property 'maxProtocol'",
        ),
        (json!({"minProtocol": "4"}), "at /minProtocol: must be integer", "at /minProtocol: must be integer"),
        (json!({"minProtocol": 0}), "at /minProtocol: must be >= 1", "at /minProtocol: must be >= 1"),
        (json!({"minProtocol": 3.5}), "at /minProtocol: must be integer", "at /minProtocol: must be integer"),
        (
            json!({"aaa": 1, "zzz": 1, "client": {"bogus": 1}}),
            "at root: unexpected property 'aaa'; at /client: unexpected property 'bogus'",
            concat!(
                "at root: unexpected property 'aaa'; at root: unexpected property 'zzz'; ",
                "at /client: unexpected property 'bogus'"
            ),
        ),
        (
            json!({"client": {"id": "control-center", "mode": "operator"}}),
            concat!(
                "at /client/id: must be equal to one of the allowed values; ",
                "at /client/mode: must be equal to one of the allowed values"
            ),
            concat!(
                "at /client/id: must be equal to one of the allowed values; ",
                "at /client/mode: must be equal to one of the allowed values"
            ),
        ),
        (
            json!({"client": {"version": ""}}),
            "at /client/version: must not have fewer than 1 characters",
            "at /client/version: must NOT have fewer than 1 characters",
        ),
        (
            json!({"client": {"buildId": "b".repeat(97)}}),
            "at /client/buildId: must not have more than 96 characters",
            "at /client: unexpected property 'buildId'",
        ),
        (json!({"scopes": "x"}), "at /scopes: must be array", "at /scopes: must be array"),
        (json!({"scopes": [1]}), "at /scopes/0: must be string", "at /scopes/0: must be string"),
        (json!({"auth": "x"}), "at /auth: must be object", "at /auth: must be object"),
        (
            json!({"auth": {"token": 1, "zz": 2}}),
            "at /auth: unexpected property 'zz'; at /auth/token: must be string",
            "at /auth: unexpected property 'zz'; at /auth/token: must be string",
        ),
        (json!({"permissions": {"a": 1}}), "at /permissions/a: must be boolean", "at /permissions/a: must be boolean"),
        (
            json!({"device": {"id": "i", "publicKey": "k", "signature": "s", "signedAt": 1}}),
            "at /device: must have required property 'nonce'",
            "at /device: must have required property 'nonce'",
        ),
    ] {
        for (config, fault) in [(GatewayConfig::v4(), v4), (GatewayConfig::v3(), v3)] {
            let message = format!("invalid connect params: {fault}");
            let mut expected = refusal("c", "INVALID_REQUEST", &message, 1008);
            if let Some(Seen::Close(_, reason)) = expected.last_mut() {
                reason.truncate(120);
            }
            assert_eq!(after_connect(config, patch.clone()), expected, "{patch}");
        }
    }
}

#[test]
fn workers_have_no_way_in() {
    for patch in [
        json!({"client": {"id": "openclaw-worker", "mode": "worker"}}),
        json!({"role": "worker"}),
        json!({"client": {"mode": "worker"}}),
    ] {
        assert_eq!(after_connect(GatewayConfig::v4(), patch), close(1008, "invalid-handshake"));
    }
}

/// The refusal with details.
fn detailed(code: &str, message: &str, details: Value, close: u16) -> Vec<Seen> {
    let mut expected = refusal("c", code, message, close);
    if let Some(Seen::Text(frame)) = expected.first_mut() {
        frame["error"]["details"] = details;
    }
    expected
}

#[test]
fn another_protocol_is_refused_before_anything_else_and_closed_with_1002() {
    let details = |min, max| {
        json!({
            "code": "PROTOCOL_MISMATCH", "clientMinProtocol": min, "clientMaxProtocol": max,
            "expectedProtocol": 4, "minimumProbeProtocol": 3,
        })
    };
    for (min, max) in [(3, 3), (5, 6), (4, 3)] {
        let patch = json!({"minProtocol": min, "maxProtocol": max, "role": "boss", "auth": {"token": "wrong"}});
        assert_eq!(
            after_connect(GatewayConfig::v4(), patch),
            detailed("INVALID_REQUEST", "protocol mismatch", details(min, max), 1002)
        );
    }
    assert_eq!(
        after_connect(GatewayConfig::v3(), json!({"minProtocol": 4, "maxProtocol": 4})),
        detailed("INVALID_REQUEST", "protocol mismatch", json!({"expectedProtocol": 3}), 1002)
    );
}

#[test]
fn probes_and_nodes_of_protocol_3_are_let_in_by_v4_and_told_protocol_4() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let probe = patched(json!({
        "minProtocol": 3, "maxProtocol": 3, "client": {"id": "openclaw-probe", "mode": "probe"},
    }));
    let (_, hello) = lab.join(probe);
    assert_eq!((&hello["protocol"], &hello["auth"]["scopes"]), (&json!(4), &json!([])));
    let node = json!({
        "minProtocol": 3, "maxProtocol": 3, "role": "node", "scopes": [],
        "client": {"id": "node-host", "mode": "node"},
    });
    let (_, seen) = lab.join_as_device(node);
    let [Seen::Text(hello)] = seen.as_slice() else { panic!("{seen:?}") };
    let hello = &hello["payload"];
    assert_eq!((&hello["protocol"], &hello["auth"]["role"]), (&json!(4), &json!("node")));
}

#[test]
fn credentials_are_refused_with_the_codes_of_real_gateways() {
    let mismatch = |retry: bool| {
        json!({
            "code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch", "canRetryWithDeviceToken": retry,
            "recommendedNextStep": if retry { "retry_with_device_token" } else { "update_auth_credentials" },
        })
    };
    let wrong = "unauthorized: gateway token mismatch (provide gateway auth token)";
    assert_eq!(
        after_connect(GatewayConfig::v3(), json!({"auth": {"token": "wrong"}})),
        detailed("INVALID_REQUEST", wrong, mismatch(false), 1008)
    );
    let required = json!({"code": "DEVICE_IDENTITY_REQUIRED"});
    let required = detailed("NOT_PAIRED", "device identity required", required, 1008);
    for patch in [
        json!({"auth": null}),
        json!({"auth": {"token": ""}}),
        json!({"auth": {"token": null, "deviceToken": "d"}}),
        json!({"role": "node", "client": {"id": "node-host", "mode": "node"}}),
    ] {
        assert_eq!(after_connect(GatewayConfig::v4(), patch.clone()), required, "{patch}");
    }
    let as_device = |config, patch| Lab::new(config).join_as_device(patch).1;
    assert_eq!(
        as_device(GatewayConfig::v3(), json!({"auth": {"token": "wrong"}})),
        detailed("INVALID_REQUEST", wrong, mismatch(true), 1008)
    );
    let token = json!({
        "code": "AUTH_DEVICE_TOKEN_MISMATCH", "authReason": "device_token_mismatch", "canRetryWithDeviceToken": false,
        "recommendedNextStep": "update_auth_credentials",
    });
    let message = "unauthorized: device token mismatch (rotate/reissue device token)";
    assert_eq!(
        as_device(GatewayConfig::v4(), json!({"auth": {"token": null, "deviceToken": "x"}})),
        detailed("INVALID_REQUEST", message, token, 1008)
    );
    let ui = json!({"code": "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"});
    let message = "control ui requires device identity (use HTTPS or localhost secure context)";
    assert_eq!(
        after_connect(GatewayConfig::v4(), json!({"client": {"id": "openclaw-tui", "mode": "ui"}})),
        detailed("INVALID_REQUEST", message, ui, 1008)
    );
    assert_eq!(
        after_connect(GatewayConfig::v4(), json!({"role": "boss"})),
        refusal("c", "INVALID_REQUEST", "invalid role", 1008)
    );
}

#[test]
fn a_password_gateway_wants_its_password() {
    let config = || GatewayConfig::v4().password("pw");
    let mut lab = Lab::new(config());
    let (_, hello) = lab.join(patched(json!({"auth": {"token": null, "password": "pw"}})));
    assert_eq!(hello["auth"]["method"], "password");
    // On v4 the secret may stand in either field.
    let (_, hello) = lab.join(patched(json!({"auth": {"token": "pw"}})));
    assert_eq!(hello["auth"]["method"], "password");
    let seen = after_connect(GatewayConfig::v3().password("pw"), json!({"auth": {"token": null, "password": "x"}}));
    let [Seen::Text(frame), Seen::Close(1008, _)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(frame["error"]["details"]["code"], "AUTH_PASSWORD_MISMATCH");
    let seen = after_connect(GatewayConfig::v3().password("pw"), json!({"auth": {"token": "pw"}}));
    let [Seen::Text(frame), Seen::Close(1008, _)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(frame["error"]["details"]["code"], "AUTH_PASSWORD_MISSING");
}

#[test]
fn a_gateway_without_authentication_lets_local_programs_in() {
    let mut lab = Lab::new(GatewayConfig::v4().auth(AuthMode::None));
    let (_, hello) = lab.join(patched(json!({"auth": null})));
    assert_eq!(hello["auth"]["scopes"], json!(["operator.read"]));
    assert_eq!(hello["auth"]["method"], "none");
}

#[test]
fn scopes_without_a_device_are_kept_or_emptied_as_by_real_gateways() {
    for (id, mode, v4, v3) in [
        ("gateway-client", "backend", true, true),
        ("cli", "cli", true, false),
        ("gateway-client", "cli", false, false),
        ("test", "test", false, false),
        ("openclaw-macos", "ui", false, false),
        ("node-host", "node", false, false),
        ("openclaw-probe", "probe", false, false),
    ] {
        for (config, kept) in [(GatewayConfig::v4(), v4), (GatewayConfig::v3(), v3)] {
            let (_, hello) = Lab::new(config).join(patched(json!({"client": {"id": id, "mode": mode}})));
            let expected = if kept { json!(["operator.read"]) } else { json!([]) };
            assert_eq!(hello["auth"]["scopes"], expected, "{id}/{mode}");
        }
    }
    let mut lab = Lab::new(GatewayConfig::v4());
    let remote = lab.dial_from(PeerInfo::new([10, 0, 0, 7].into()));
    lab.send(remote, &connect(params(4, &["operator.read"])));
    assert_eq!(lab.frames(remote)[1]["payload"]["auth"]["scopes"], json!([]), "not on this machine");
}

#[test]
fn browsers_need_an_origin_of_the_gateways_own() {
    let webchat = || connect(patched(json!({"client": {"id": "webchat", "mode": "webchat"}})));
    for (origin, program, reason) in [
        (None, false, Some("origin missing or invalid")),
        (Some("http://evil.example"), false, Some("origin not allowed")),
        (Some("http://evil.example"), true, Some("origin not allowed")),
        (Some("http://127.0.0.1:5"), false, None),
        (Some("http://localhost:5"), true, None),
    ] {
        let mut lab = Lab::new(GatewayConfig::v4());
        let info = origin.map_or_else(PeerInfo::loopback, |origin| PeerInfo::loopback().header("Origin", origin));
        let peer = lab.dial_from(info);
        let frame = if program { connect(params(4, &["operator.read"])) } else { webchat() };
        lab.send(peer, &frame);
        let answer = lab.frames(peer).remove(1);
        match reason {
            Some(reason) => {
                let details = json!({"code": "CONTROL_UI_ORIGIN_NOT_ALLOWED", "reason": reason});
                assert_eq!(answer["error"]["details"], details);
            }
            None => assert_eq!(answer["payload"]["auth"]["scopes"], json!([]), "an origin costs the local exception"),
        }
    }
}

#[test]
fn the_v4_hello_has_the_real_shape() {
    let mut lab = Lab::new(GatewayConfig::v4().method("cards.count", "operator.read", |_, _| unreachable!()));
    let (_, hello) = lab.join(params(4, &["operator.read"]));
    assert_eq!(hello["type"], "hello-ok");
    assert_eq!(hello["protocol"], 4);
    assert_eq!(hello["server"]["version"], "2026.9.6");
    for id in ["connId", "bootId"] {
        assert_eq!(hello["server"][id].as_str().unwrap().len(), 36);
    }
    let methods = hello["features"]["methods"].as_array().unwrap();
    assert!(methods.contains(&json!("chat.send")) && methods.contains(&json!("cards.count")));
    assert!(!methods.contains(&json!("connect")));
    assert_eq!(hello["features"]["events"].as_array().unwrap().len(), 64);
    assert_eq!(hello["features"]["capabilities"], json!(["profile-binding-v1"]));
    assert_eq!(hello["auth"]["method"], "token");
    assert_eq!((&hello["auth"]["role"], &hello["auth"]["scopes"]), (&json!("operator"), &json!(["operator.read"])));
    let policy = &hello["policy"];
    assert_eq!((&policy["maxPayload"], &policy["maxBufferedBytes"]), (&json!(26_214_400), &json!(52_428_800)));
    assert_eq!(policy["tickIntervalMs"], 30_000);
    let snapshot = &hello["snapshot"];
    assert_eq!(snapshot["stateVersion"], json!({"presence": 1, "health": 1}));
    assert_eq!(snapshot["suspension"]["phase"], "accepting");
    assert_eq!(snapshot["presence"].as_array().unwrap().len(), 1, "the gateway itself; programs have no row");
    assert!(snapshot.get("authMode").is_none(), "only for admins");
    let (_, hello) = lab.join(params(4, &["operator.admin"]));
    assert_eq!(hello["snapshot"]["authMode"], "token");
}

#[test]
fn the_v3_hello_has_the_real_shape() {
    let (_, hello) = Lab::new(GatewayConfig::v3()).join(params(3, &["operator.read"]));
    assert_eq!((&hello["type"], &hello["protocol"]), (&json!("hello-ok"), &json!(3)));
    assert_eq!(hello["server"].as_object().unwrap().keys().collect::<Vec<_>>(), ["connId", "version"]);
    assert_eq!(hello["auth"], json!({"role": "operator", "scopes": ["operator.read"]}));
    assert_eq!(hello["features"]["events"].as_array().unwrap().len(), 25);
    assert!(hello["features"].get("capabilities").is_none());
    assert_eq!(hello["snapshot"]["presence"].as_array().unwrap().len(), 2, "the gateway and the client itself");
}

#[test]
fn the_original_dialect_welcomes_the_original_client_in_its_own_field_names() {
    let mut lab = Lab::new(GatewayConfig::original());
    let peer = lab.dial();
    let params = json!({
        "minProtocol": 3, "maxProtocol": 3, "role": "operator", "scopes": ["operator.read"],
        "client": {"id": "control-center", "version": "1.0", "platform": "server", "mode": "operator"},
        "auth": {"token": TOKEN},
    });
    lab.send(peer, &connect(params));
    let hello = lab.frames(peer).remove(1);
    assert_eq!(hello["result"]["connId"].as_str().unwrap().len(), 36);
    assert!(hello.get("ok").is_none() && hello.get("payload").is_none() && hello["result"].get("type").is_none());
    let echoed = lab.ask(peer, "echo", json!({"a": 1}));
    assert_eq!(echoed, json!({"type": "res", "id": "r", "result": {"a": 1}}));
    let refused = lab.ask(peer, "chat.send", json!({}));
    assert_eq!(refused["error"], json!({"code": 400, "message": "missing scope: operator.write"}));
    lab.gateway.broadcast(lab.now, "cards.dealt", &json!({"n": 1}));
    lab.pump();
    assert_eq!(lab.frames(peer), [json!({"type": "event", "event": "cards.dealt", "params": {"n": 1}, "seq": 1})]);
}

#[test]
fn a_silent_client_is_closed_after_15_seconds_and_cut_if_it_does_not_answer_that() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let silent = lab.dial();
    lab.take(silent);
    lab.wait(Duration::from_millis(14_999));
    assert_eq!(lab.take(silent), []);
    lab.wait_ms(1);
    assert_eq!(lab.take(silent), close(1000, ""));
    lab.wait_ms(1000);
    assert_eq!(lab.take(silent), [Seen::Abort], "it did not answer the close");
}

#[test]
fn guesses_from_loopback_are_answered_ever_later_and_a_right_token_at_once() {
    let mut lab = Lab::new(GatewayConfig::v4());
    for (attempt, delay) in [250, 500, 1000, 2000, 4000, 5000, 5000].into_iter().enumerate() {
        let peer = lab.dial();
        lab.send(peer, &connect(patched(json!({"auth": {"token": "wrong"}}))));
        lab.take(peer);
        lab.wait_ms(delay - 1);
        assert_eq!(lab.take(peer), [], "attempt {attempt}");
        lab.wait_ms(1);
        assert!(matches!(lab.take(peer).as_slice(), [Seen::Text(_), Seen::Close(1008, _)]), "attempt {attempt}");
    }
    lab.program(&["operator.read"]);
}

#[test]
fn guesses_lead_to_a_lockout_where_loopback_is_not_exempt() {
    let mut lab = Lab::new(GatewayConfig::v4().limits(|limits| {
        limits.auth_exempt_loopback = false;
        limits.auth_attempts = 3;
        limits.auth_lockout = Duration::from_secs(4);
    }));
    for _ in 0..3 {
        let peer = lab.dial();
        lab.send(peer, &connect(patched(json!({"auth": {"token": "wrong"}}))));
        assert!(matches!(lab.take(peer).as_slice(), [_, Seen::Text(_), Seen::Close(1008, _)]));
        lab.wait_ms(10);
    }
    let peer = lab.dial();
    lab.take(peer);
    lab.send(peer, &connect(params(4, &["operator.read"])));
    let details = json!({
        "code": "AUTH_RATE_LIMITED", "authReason": "rate_limited", "canRetryWithDeviceToken": false,
        "recommendedNextStep": "wait_then_retry",
    });
    let message = "unauthorized: too many failed authentication attempts (retry later)";
    let mut expected = detailed("INVALID_REQUEST", message, details, 1008);
    if let Some(Seen::Text(frame)) = expected.first_mut() {
        frame["error"]["retryable"] = json!(true);
        frame["error"]["retryAfterMs"] = json!(3990);
    }
    assert_eq!(lab.take(peer), expected);
    lab.wait_ms(4000);
    lab.program(&["operator.read"]);
}

#[test]
fn thirty_two_connections_without_hello_are_allowed_per_address() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peers: Vec<_> = (0..32).map(|_| lab.dial()).collect();
    let refused = lab.gateway.connect(lab.now, PeerInfo::loopback()).unwrap_err();
    assert_eq!((refused.status, refused.body.as_str()), (503, "Too many unauthenticated sockets"));
    lab.dial_from(PeerInfo::new([10, 0, 0, 7].into()));
    lab.send(peers[0], &connect(params(4, &[])));
    lab.dial();
    lab.gateway.handle_closed(lab.now, peers[1]);
    lab.dial();
    assert!(lab.gateway.connect(lab.now, PeerInfo::loopback()).is_err());
}

#[test]
fn forwarded_headers_on_loopback_are_refused_by_v4() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let info = PeerInfo::loopback().header("X-Forwarded-For", "8.8.8.8");
    let refused = lab.gateway.connect(lab.now, info.clone()).unwrap_err();
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("proxy_attribution_required"));
    Lab::new(GatewayConfig::v3()).dial_from(info);
}

#[test]
fn binary_messages_are_read_as_text() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.dial();
    lab.gateway.handle_binary(lab.now, peer, connect(params(4, &[])).to_string().as_bytes());
    lab.pump();
    assert_eq!(lab.frames(peer)[1]["ok"], true);
    let peer = lab.dial();
    lab.take(peer);
    lab.gateway.handle_binary(lab.now, peer, b"\xff\xfe");
    lab.pump();
    assert_eq!(lab.take(peer), close(1000, ""));
}

#[test]
fn nothing_is_heard_from_a_connection_that_has_been_closed() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.dial();
    lab.text(peer, "nonsense");
    lab.take(peer);
    lab.send(peer, &connect(params(4, &[])));
    assert_eq!(lab.take(peer), []);
    assert!(lab.gateway.connections().is_empty());
}

#[test]
fn equal_seeds_and_inputs_give_equal_outputs() {
    let run = || {
        let mut lab = Lab::new(GatewayConfig::v4());
        let a = lab.program(&["operator.admin"]);
        let b = lab.program(&["operator.read"]);
        lab.ask(a, "chat.send", json!({"sessionKey": "s", "message": "hi", "idempotencyKey": "k"}));
        lab.wait(Duration::from_secs(31));
        (lab.take(a), lab.take(b))
    };
    assert_eq!(run(), run());
}
