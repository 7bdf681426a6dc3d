//! What device tokens let in, and what becomes of connections that came by them.

use std::time::Duration;

use openclaw_testkit::{GatewayConfig, KnownDevice, PeerInfo, TestDevice};
use serde_json::{Value, json};

use crate::lab::{Lab, Seen, connect, patched};

fn device() -> TestDevice {
    TestDevice::from_seed([1; 32])
}

fn by_token(token: &str, scopes: &[&str]) -> Value {
    json!({
        "client": {"id": "cli", "mode": "cli"},
        "scopes": scopes,
        "auth": {"token": null, "deviceToken": token},
    })
}

/// A gateway that knows the device and its token.
fn lab(config: GatewayConfig) -> Lab {
    let scopes = ["operator.read", "operator.pairing"];
    Lab::new(config.device(KnownDevice::new(device().public_key()).operator(scopes).token("d-token")))
}

#[test]
fn a_token_lets_its_device_in_and_no_other() {
    for (config, method) in [(GatewayConfig::v4(), json!("device-token")), (GatewayConfig::v3(), Value::Null)] {
        let mut lab = lab(config);
        let (peer, auth) = lab.enter(&device(), by_token("d-token", &["operator.read"]));
        assert_eq!((&auth["method"], &auth["deviceToken"]), (&method, &json!("d-token")));
        let connections = lab.gateway.connections();
        let own = connections.iter().find(|connection| connection.peer == peer).unwrap();
        assert_eq!((own.method, own.device_id.as_deref()), ("device-token", Some(device().id().as_str())));
        let other = TestDevice::from_seed([2; 32]);
        let code = lab.refused(&other, by_token("d-token", &["operator.read"]))["code"].clone();
        assert_eq!(code, "AUTH_DEVICE_TOKEN_MISMATCH");
    }
}

#[test]
fn a_token_lets_nobody_have_more_than_it_is_for() {
    for (config, code) in
        [(GatewayConfig::v4(), "AUTH_SCOPE_MISMATCH"), (GatewayConfig::v3(), "AUTH_DEVICE_TOKEN_MISMATCH")]
    {
        let mut lab = lab(config);
        assert_eq!(lab.refused(&device(), by_token("d-token", &["operator.write"]))["code"], code);
        assert_eq!(lab.enter(&device(), by_token("d-token", &[])).1["role"], "operator");
    }
}

#[test]
fn a_replaced_token_closes_the_connections_of_its_device_and_role() {
    let mut lab = lab(GatewayConfig::v4());
    let (peer, _) = lab.enter(&device(), by_token("d-token", &["operator.read"]));
    let backend = lab.program(&["operator.read"]);
    assert!(lab.gateway.rotate_token(lab.now, &device().id(), "node").is_none());
    let token = lab.gateway.rotate_token(lab.now, &device().id(), "operator").unwrap();
    lab.pump();
    assert_eq!(lab.take(peer), [Seen::Close(4001, "device removed".into())]);
    assert_eq!(lab.take(backend), []);
    assert_eq!(lab.refused(&device(), by_token("d-token", &[]))["code"], "AUTH_DEVICE_TOKEN_MISMATCH");
    assert_eq!(lab.enter(&device(), by_token(token.token.expose(), &[])).1["deviceToken"], token.token.expose());
}

#[test]
fn a_withdrawn_token_is_one_no_more_and_a_removed_device_is_a_stranger() {
    let mut lab = lab(GatewayConfig::v4());
    let (peer, _) = lab.enter(&device(), by_token("d-token", &[]));
    assert!(lab.gateway.revoke_token(lab.now, &device().id(), "operator"));
    assert!(!lab.gateway.revoke_token(lab.now, "nobody", "operator"));
    lab.pump();
    assert_eq!(lab.take(peer), [Seen::Close(4001, "device removed".into())]);
    assert!(lab.gateway.device(&device().id()).unwrap().tokens[0].is_revoked);
    assert_eq!(lab.refused(&device(), by_token("d-token", &[]))["code"], "AUTH_DEVICE_TOKEN_MISMATCH");
    assert!(lab.gateway.remove_device(lab.now, &device().id()));
    assert!(!lab.gateway.remove_device(lab.now, &device().id()));
    assert!(lab.gateway.devices().is_empty());
}

#[test]
fn who_replaces_its_own_token_is_told_it_before_it_is_closed() {
    let mut lab = lab(GatewayConfig::v4());
    let (peer, _) = lab.enter(&device(), by_token("d-token", &["operator.read", "operator.pairing"]));
    let params = json!({"deviceId": device().id(), "role": "operator"});
    lab.send(peer, &json!({"type": "req", "id": "r", "method": "device.token.rotate", "params": params}));
    let seen = lab.take(peer);
    let [Seen::Text(answer), Seen::Close(4001, _)] = seen.as_slice() else { panic!("{seen:?}") };
    let token = answer["payload"]["token"].as_str().unwrap();
    assert_eq!(lab.enter(&device(), by_token(token, &[])).1["deviceToken"], token);
}

/// A page of this machine: it is exempt from nothing.
fn page(origin: &str) -> PeerInfo {
    PeerInfo::loopback().header("Origin", origin)
}

fn guess(lab: &mut Lab, origin: &str, auth: Value) -> Value {
    let peer = lab.dial_from(page(origin));
    let challenge = lab.frames(peer)[0]["payload"].clone();
    let mut params = patched(json!({"client": {"id": "cli", "mode": "cli"}, "scopes": []}));
    params["auth"] = auth;
    params["device"] = device().prove(&params, challenge["nonce"].as_str().unwrap(), lab.now.unix.0);
    lab.send(peer, &connect(params));
    lab.frames(peer)[0].clone()
}

#[test]
fn who_guesses_device_tokens_is_locked_out_of_those_and_of_nothing_else() {
    let mut lab = lab(GatewayConfig::v4());
    let here = "http://localhost:1";
    for _ in 0..10 {
        let answer = guess(&mut lab, here, json!({"deviceToken": "bad"}));
        assert_eq!(answer["error"]["details"]["code"], "AUTH_DEVICE_TOKEN_MISMATCH");
    }
    let locked = guess(&mut lab, here, json!({"deviceToken": "d-token"}));
    assert_eq!(locked["error"]["details"]["code"], "AUTH_RATE_LIMITED");
    assert_eq!((&locked["error"]["retryAfterMs"], &locked["error"]["retryable"]), (&json!(300_000), &json!(true)));
    assert_eq!(guess(&mut lab, here, json!({"token": "test-token"}))["ok"], true);
    assert_eq!(guess(&mut lab, "http://localhost:2", json!({"deviceToken": "d-token"}))["ok"], true);
    lab.wait(Duration::from_secs(300));
    assert_eq!(guess(&mut lab, here, json!({"deviceToken": "d-token"}))["ok"], true);
}

#[test]
fn a_wrong_shared_token_of_a_device_waits_and_a_right_token_of_its_own_makes_good_for_it() {
    let mut lab = lab(GatewayConfig::v4());
    let wrong = |lab: &mut Lab| {
        lab.join_with(&device(), json!({"client": {"id": "cli", "mode": "cli"}, "auth": {"token": "bad"}}))
    };
    let (peer, seen) = wrong(&mut lab);
    assert_eq!(seen, []);
    lab.wait_ms(250);
    assert_eq!(lab.frames(peer)[0]["error"]["details"]["canRetryWithDeviceToken"], true);
    let both = json!({"client": {"id": "cli", "mode": "cli"}, "auth": {"token": "bad", "deviceToken": "d-token"}});
    assert_eq!(lab.enter(&device(), both).1["method"], "device-token");
    let (peer, seen) = wrong(&mut lab);
    assert_eq!(seen, []);
    lab.wait_ms(500);
    assert_eq!(lab.frames(peer).len(), 1, "the second failure of the minute");
}
