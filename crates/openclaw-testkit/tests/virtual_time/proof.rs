//! What devices must prove.

use openclaw_testkit::{Dialect, GatewayConfig, TestDevice};
use serde_json::{Value, json};

use crate::lab::{Lab, Seen, connect, patched};

/// What a connect gets whose device signs this far from the challenge and is changed after that.
fn outcome(dialect: Dialect, ahead: i64, tamper: impl Fn(&mut Value)) -> Value {
    let mut lab = Lab::new(GatewayConfig::new().dialect(dialect));
    let peer = lab.dial();
    let challenge = lab.frames(peer)[0]["payload"].clone();
    let mut params = patched(json!({"client": {"id": "cli", "mode": "cli"}}));
    let nonce = challenge["nonce"].as_str().unwrap();
    let time = challenge["ts"].as_u64().unwrap().saturating_add_signed(ahead);
    params["device"] = TestDevice::from_seed([1; 32]).prove(&params, nonce, time);
    tamper(&mut params["device"]);
    lab.send(peer, &connect(params));
    let seen = lab.take(peer);
    match seen.as_slice() {
        [Seen::Text(hello)] => hello["payload"]["auth"]["role"].clone(),
        [Seen::Text(refusal), Seen::Close(1008, reason)] => {
            assert_eq!(refusal["error"]["message"], *reason);
            refusal["error"]["details"]["code"].clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_device_is_let_in_by_its_proof_and_by_nothing_like_it() {
    for dialect in [Dialect::V4, Dialect::V3] {
        assert_eq!(outcome(dialect, 0, |_| ()), "operator");
        for (member, value, code) in [
            ("id", "x", "DEVICE_AUTH_DEVICE_ID_MISMATCH"),
            ("publicKey", "AAAA", "DEVICE_AUTH_DEVICE_ID_MISMATCH"),
            ("nonce", " ", "DEVICE_AUTH_NONCE_REQUIRED"),
            ("nonce", "n", "DEVICE_AUTH_NONCE_MISMATCH"),
            ("signature", "x", "DEVICE_AUTH_SIGNATURE_INVALID"),
        ] {
            assert_eq!(outcome(dialect, 0, |device| device[member] = json!(value)), code, "{member} {value}");
        }
        let other = TestDevice::from_seed([2; 32]).sign("something");
        assert_eq!(outcome(dialect, 0, |device| device["signature"] = json!(other)), "DEVICE_AUTH_SIGNATURE_INVALID");
    }
}

#[test]
fn the_clocks_may_be_two_minutes_apart_and_not_a_millisecond_more() {
    for ahead in [-120_000, 120_000] {
        assert_eq!(outcome(Dialect::V4, ahead, |_| ()), "operator");
    }
    for ahead in [-120_001, 120_001] {
        assert_eq!(outcome(Dialect::V4, ahead, |_| ()), "DEVICE_AUTH_SIGNATURE_EXPIRED");
    }
    // Times that no clock shows are no trouble.
    let time = |time: u64| outcome(Dialect::V4, 0, |device| device["signedAt"] = json!(time));
    assert_eq!(time(u64::MAX), "DEVICE_AUTH_SIGNATURE_EXPIRED");
    assert_eq!(time(0), "DEVICE_AUTH_SIGNATURE_EXPIRED");
}

#[test]
fn a_proof_is_for_one_connection_and_one_way_of_connecting() {
    let device = TestDevice::from_seed([1; 32]);
    let mut lab = Lab::new(GatewayConfig::v4());
    let (first, second) = (lab.dial(), lab.dial());
    let challenge = lab.frames(first)[0]["payload"].clone();
    let mut params = patched(json!({}));
    params["device"] = device.prove(&params, challenge["nonce"].as_str().unwrap(), lab.now.unix.0);
    lab.send(second, &connect(params.clone()));
    let seen = lab.take(second);
    assert!(matches!(&seen[1..], [Seen::Close(1008, _)] | [.., Seen::Close(1008, _)]), "{seen:?}");
    for (member, value) in [("scopes", json!(["operator.admin"])), ("role", json!("node"))] {
        let peer = lab.dial();
        let challenge = lab.frames(peer)[0]["payload"].clone();
        let mut params = patched(json!({}));
        params["device"] = device.prove(&params, challenge["nonce"].as_str().unwrap(), lab.now.unix.0);
        params[member] = value;
        lab.send(peer, &connect(params));
        assert_eq!(lab.frames(peer)[0]["error"]["details"]["code"], "DEVICE_AUTH_SIGNATURE_INVALID", "{member}");
    }
}

#[test]
fn a_bad_proof_is_found_before_a_bad_token_and_costs_no_time() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.dial();
    lab.take(peer);
    let mut params = patched(json!({"auth": {"token": "wrong"}}));
    params["device"] = TestDevice::from_seed([1; 32]).prove(&params, "n", lab.now.unix.0);
    lab.send(peer, &connect(params));
    assert_eq!(lab.frames(peer)[0]["error"]["details"]["code"], "DEVICE_AUTH_NONCE_MISMATCH");
    // But the token has been counted.
    let (peer, seen) = lab.join_as_device(json!({"auth": {"token": "wrong"}}));
    assert_eq!(seen, []);
    lab.wait_ms(499);
    assert_eq!(lab.take(peer), []);
    lab.wait_ms(1);
    assert_eq!(lab.frames(peer)[0]["error"]["details"]["code"], "AUTH_TOKEN_MISMATCH");
}
