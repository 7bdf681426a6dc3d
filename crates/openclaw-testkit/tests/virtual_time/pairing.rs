//! Devices that nobody knows, and how they become known.

use std::time::Duration;

use openclaw_testkit::{GatewayConfig, KnownDevice, Pairing, PeerInfo, RestartPlan, TestDevice};
use serde_json::{Value, json};

use crate::lab::{Lab, Seen};

fn cli() -> Value {
    json!({"client": {"id": "cli", "mode": "cli"}})
}

/// A command line that asks for these scopes.
fn asking(scopes: &[&str]) -> Value {
    json!({"client": {"id": "cli", "mode": "cli"}, "scopes": scopes})
}

fn device(seed: u8) -> TestDevice {
    TestDevice::from_seed([seed; 32])
}

#[test]
fn a_device_of_this_machine_is_paired_at_once_and_those_who_may_pair_are_told() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let admin = lab.program(&["operator.pairing"]);
    let reader = lab.program(&["operator.read"]);
    let (_, auth) = lab.enter(&device(1), cli());
    assert_eq!(auth["deviceToken"].as_str().unwrap().len(), 43);
    assert_eq!((&auth["issuedAtMs"], &auth["method"]), (&json!(1_795_000_000_000_u64), &json!("token")));
    let events = lab.frames(admin);
    let [resolved] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        (&resolved["event"], &resolved["payload"]["decision"]),
        (&json!("device.pair.resolved"), &json!("approved"))
    );
    assert_eq!(resolved["seq"], 1);
    assert_eq!(lab.frames(reader), [] as [Value; 0]);
    let known = lab.gateway.device(&device(1).id()).unwrap();
    assert_eq!((known.roles, known.scopes), (vec!["operator".into()], vec!["operator.read".into()]));
    assert_eq!(known.tokens[0].token.expose(), auth["deviceToken"].as_str().unwrap());
}

#[test]
fn a_gateway_that_asks_lets_nobody_in_before_somebody_has_agreed() {
    for config in [GatewayConfig::v4(), GatewayConfig::v3()] {
        let mut lab = Lab::new(config.pairing(Pairing::Manual));
        let admin = lab.program(&["operator.pairing"]);
        let refusal = lab.refused(&device(1), cli());
        assert_eq!((&refusal["code"], &refusal["reason"]), (&json!("PAIRING_REQUIRED"), &json!("not-paired")));
        let pending = lab.gateway.pending_pairings();
        let [request] = pending.as_slice() else { panic!("{pending:?}") };
        assert_eq!((&refusal["requestId"], &refusal["deviceId"]), (&json!(request.request_id), &json!(device(1).id())));
        assert_eq!((request.role.as_str(), request.client.0.as_str(), request.is_repair), ("operator", "cli", false));
        assert_eq!(lab.frames(admin)[0]["event"], "device.pair.requested");
        assert!(lab.gateway.approve(lab.now, &request.request_id));
        assert!(!lab.gateway.approve(lab.now, &request.request_id));
        lab.pump();
        assert_eq!(lab.frames(admin)[0]["payload"]["decision"], "approved");
        let (_, auth) = lab.enter(&device(1), cli());
        assert_eq!(auth["scopes"], json!(["operator.read"]));
        // The backend of this machine needs no device, and none of its is asked for.
        assert!(lab.enter(&device(2), json!({})).1.get("deviceToken").is_none());
        assert!(lab.gateway.pending_pairings().is_empty());
    }
}

#[test]
fn a_rejected_device_may_ask_again_and_gets_another_request() {
    let mut lab = Lab::new(GatewayConfig::v4().pairing(Pairing::Manual));
    let first = lab.refused(&device(1), cli())["requestId"].clone();
    assert!(lab.gateway.reject(lab.now, first.as_str().unwrap()));
    assert!(!lab.gateway.reject(lab.now, first.as_str().unwrap()));
    let second = lab.refused(&device(1), cli())["requestId"].clone();
    assert_ne!(first, second);
    assert_eq!(lab.refused(&device(1), cli())["requestId"], second);
}

#[test]
fn a_request_is_forgotten_after_five_minutes_on_v4_counted_from_the_last_time() {
    for (config, lives_on) in [(GatewayConfig::v4(), true), (GatewayConfig::v3(), false)] {
        let mut lab = Lab::new(config.pairing(Pairing::Manual));
        let first = lab.refused(&device(1), cli())["requestId"].clone();
        lab.wait(Duration::from_secs(200));
        assert_eq!(lab.refused(&device(1), cli())["requestId"], first);
        lab.wait(Duration::from_secs(200));
        assert_eq!(lab.refused(&device(1), cli())["requestId"] == first, lives_on);
        lab.wait(Duration::from_secs(301));
        assert!(!lab.gateway.approve(lab.now, first.as_str().unwrap()));
    }
}

#[test]
fn a_known_device_keeps_to_what_it_was_approved_for() {
    let known = KnownDevice::new(device(1).public_key()).operator(["operator.read"]).platform("Linux");
    let mut lab = Lab::new(GatewayConfig::v4().pairing(Pairing::Manual).device(known));
    lab.enter(&device(1), cli());
    let reason = |lab: &mut Lab, patch| lab.refused(&device(1), patch)["reason"].clone();
    assert_eq!(reason(&mut lab, asking(&["operator.write"])), "scope-upgrade");
    assert_eq!(
        reason(&mut lab, json!({"client": {"id": "cli", "mode": "cli", "platform": "darwin"}})),
        "metadata-upgrade"
    );
    assert_eq!(
        reason(&mut lab, json!({"role": "node", "client": {"id": "node-host", "mode": "node"}, "scopes": []})),
        "role-upgrade"
    );
    let refusal = lab.refused(&device(1), asking(&["operator.admin"]));
    assert_eq!(
        (&refusal["approvedRoles"], &refusal["approvedScopes"]),
        (&json!(["operator"]), &json!(["operator.read"]))
    );
    assert_eq!(lab.gateway.pending_pairings().len(), 1, "they have become one");
}

#[test]
fn an_app_may_come_with_a_newer_system_and_nobody_else_may() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let app = |version: &str| json!({"client": {"id": "openclaw-macos", "mode": "ui", "platform": format!("macOS {version}")}});
    lab.enter(&device(1), app("15.1"));
    lab.enter(&device(1), app("26.0"));
    assert_eq!(lab.gateway.device(&device(1).id()).unwrap().platform.as_deref(), Some("macOS 26.0"));
    let program =
        |version: &str| json!({"client": {"id": "test", "mode": "test", "platform": format!("macos {version}")}});
    lab.enter(&device(2), program("15.1"));
    assert_eq!(lab.refused(&device(2), program("26.0"))["reason"], "metadata-upgrade");
}

#[test]
fn devices_from_elsewhere_are_asked_about_even_if_those_of_this_machine_are_not() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.dial_from(PeerInfo::new([203, 0, 113, 9].into()));
    let challenge = lab.frames(peer)[0]["payload"].clone();
    let mut params = crate::lab::patched(cli());
    params["device"] = device(1).prove(&params, challenge["nonce"].as_str().unwrap(), lab.now.unix.0);
    lab.send(peer, &crate::lab::connect(params));
    let seen = lab.take(peer);
    let [Seen::Text(refusal), Seen::Close(1008, _)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(refusal["error"]["details"]["reason"], "not-paired");
    let admin = lab.program(&["operator.pairing"]);
    let list = lab.ask(admin, "device.pair.list", json!({}));
    assert_eq!(list["payload"]["pending"][0]["remoteIp"], "203.0.113.9");
}

#[test]
fn of_programs_without_a_memory_only_the_last_is_known_after_a_while() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (gone, _) = lab.enter(&device(1), cli());
    let (_, _) = lab.enter(&device(2), cli());
    lab.enter(&device(3), json!({"client": {"id": "test", "mode": "test"}}));
    lab.gateway.handle_closed(lab.now, gone);
    lab.wait(Duration::from_secs(59));
    lab.enter(&device(4), cli());
    assert_eq!(lab.gateway.devices().len(), 4, "not yet");
    lab.wait(Duration::from_secs(2));
    lab.enter(&device(5), cli());
    let mut left: Vec<String> = lab.gateway.devices().into_iter().map(|device| device.device_id).collect();
    left.sort();
    let mut expected = [2, 3, 4, 5].map(|seed| device(seed).id());
    expected.sort();
    assert_eq!(left, expected, "the one that has left is forgotten");
}

#[test]
fn devices_and_requests_outlive_a_restart() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (_, auth) = lab.enter(&device(1), cli());
    lab.refused(&device(1), json!({"client": {"id": "cli", "mode": "cli", "platform": "darwin"}}));
    lab.gateway.restart(lab.now, RestartPlan::default());
    lab.wait(Duration::from_secs(1));
    assert_eq!(lab.gateway.pending_pairings().len(), 1);
    let patch =
        json!({"client": {"id": "cli", "mode": "cli"}, "auth": {"token": null, "deviceToken": auth["deviceToken"]}});
    assert_eq!(lab.enter(&device(1), patch).1["method"], "device-token");
}
