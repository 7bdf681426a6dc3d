//! More scopes for a connection that is open already.

use std::time::Duration;

use openclaw_testkit::{GatewayConfig, PeerId, TestDevice};
use serde_json::{Value, json};

use crate::lab::{Lab, request};

fn device() -> TestDevice {
    TestDevice::from_seed([1; 32])
}

/// A device with `operator.read` that has asked for `operator.write` too, and its request.
fn set() -> (Lab, PeerId, String) {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (peer, _) = lab.enter(&device(), json!({"client": {"id": "cli", "mode": "cli"}}));
    let scopes = json!({"scopes": ["operator.read", "operator.write"]});
    let answer = lab.ask(peer, "device.scopes.requestUpgrade", scopes);
    let id = answer["payload"]["requestId"].as_str().unwrap().to_owned();
    (lab, peer, id)
}

fn wait(lab: &mut Lab, peer: PeerId, id: &str) -> Vec<Value> {
    lab.send(peer, &request("device.scopes.waitUpgrade", json!({"requestId": id})));
    lab.frames(peer)
}

#[test]
fn who_waits_is_answered_when_somebody_approves_and_has_its_old_scopes_until_it_connects_again() {
    let (mut lab, peer, id) = set();
    let before = lab.gateway.device(&device().id()).unwrap().tokens[0].token.expose().to_owned();
    assert_eq!(wait(&mut lab, peer, &id), [] as [Value; 0]);
    assert!(lab.gateway.approve(lab.now, &id));
    lab.pump();
    let answers = lab.frames(peer);
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    let outcome = &answer["payload"];
    assert_eq!((&outcome["status"], &outcome["requestId"]), (&json!("approved"), &json!(id)));
    assert_eq!(outcome["scopes"], json!(["operator.read", "operator.write"]));
    let token = outcome["deviceToken"].as_str().unwrap();
    assert_ne!(token, before);
    let refused =
        lab.ask(peer, "chat.send", json!({"sessionKey": "agent:main:main", "message": "x", "idempotencyKey": "k"}));
    assert_eq!(refused["error"]["details"]["code"], "MISSING_SCOPE");
    let patch = json!({
        "client": {"id": "cli", "mode": "cli"},
        "scopes": ["operator.read", "operator.write"],
        "auth": {"token": null, "deviceToken": token},
    });
    lab.enter(&device(), patch);
}

#[test]
fn an_outcome_can_be_asked_for_again_for_fifteen_seconds() {
    let (mut lab, peer, id) = set();
    assert!(lab.gateway.reject(lab.now, &id));
    lab.pump();
    for _ in 0..2 {
        assert_eq!(wait(&mut lab, peer, &id)[0]["payload"], json!({"status": "rejected", "requestId": id}));
        lab.wait_ms(7400);
    }
    lab.wait_ms(300);
    let answers = wait(&mut lab, peer, &id);
    assert_eq!(answers[0]["error"]["message"], "scope upgrade expired or not found");
}

#[test]
fn what_nobody_decides_on_expires_after_five_minutes() {
    let (mut lab, peer, id) = set();
    assert_eq!(wait(&mut lab, peer, &id), [] as [Value; 0]);
    lab.wait(Duration::from_secs(299));
    assert!(lab.frames(peer).iter().all(|frame| frame["type"] == "event"));
    lab.wait(Duration::from_secs(1));
    let frames = lab.frames(peer);
    let answer = frames.iter().find(|frame| frame["type"] == "res").unwrap();
    assert_eq!(answer["payload"], json!({"status": "expired", "requestId": id}));
}

#[test]
fn asking_for_something_else_takes_the_first_request_back() {
    let (mut lab, peer, id) = set();
    wait(&mut lab, peer, &id);
    let scopes = json!({"scopes": ["operator.read", "operator.pairing"]});
    lab.send(peer, &request("device.scopes.requestUpgrade", scopes));
    let frames = lab.frames(peer);
    assert_eq!(frames[0]["payload"], json!({"status": "rejected", "requestId": id}));
    let second = frames[1]["payload"]["requestId"].as_str().unwrap();
    let pending = lab.gateway.pending_pairings();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].request_id, second);
    assert_eq!(pending[0].scopes.len(), 3, "both are asked for now: {:?}", pending[0].scopes);
}

#[test]
fn a_device_that_is_removed_gets_nothing() {
    let (mut lab, peer, id) = set();
    wait(&mut lab, peer, &id);
    lab.gateway.remove_device(lab.now, &device().id());
    lab.pump();
    assert_eq!(lab.frames(peer), [] as [Value; 0], "it is closed first");
}
