//! Drains, restarts, sudden ends.

use std::time::Duration;

use openclaw_testkit::{Drain, GatewayConfig, GatewayOutput, PeerInfo, Phase, RestartPlan};
use serde_json::json;

use crate::lab::{Lab, Seen, connect, params, refusal, request};

#[test]
fn a_drain_refuses_requests_then_says_shutdown_and_closes_with_1012() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&["operator.read"]);
    let greeted = lab.dial();
    lab.take(greeted);
    lab.gateway.drain(lab.now, Drain::default().lasting(Duration::from_secs(5)));
    assert_eq!(lab.gateway.phase(), Phase::Draining);
    let refused = lab.ask(peer, "health", json!({}));
    assert_eq!(
        refused["error"],
        json!({
            "code": "UNAVAILABLE", "message": "health unavailable during gateway restart",
            "retryable": true, "retryAfterMs": 1000,
            "details": {"method": "health", "reason": "gateway-restarting", "phase": "accepting"},
        })
    );
    assert_eq!(lab.ask(peer, "no.such", json!({}))["error"]["code"], "FORBIDDEN", "authority comes first");
    let admission = lab.gateway.connect(lab.now, PeerInfo::loopback()).unwrap_err();
    assert_eq!((admission.status, admission.body.as_str()), (503, "Gateway websocket admission closed"));
    lab.send(greeted, &connect(params(4, &[])));
    let seen = lab.take(greeted);
    let [Seen::Text(answer), Seen::Close(1013, reason)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(answer["error"]["details"]["reason"], "gateway-restarting");
    assert_eq!(reason, "gateway restart in progress");
    lab.wait_ms(4999);
    assert_eq!(lab.take(peer), []);
    lab.wait_ms(1);
    let seen = lab.take(peer);
    let [Seen::Text(event), Seen::Close(1012, reason)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((&event["event"], &event["payload"]), (&json!("shutdown"), &json!({"reason": "gateway stopping"})));
    assert_eq!(reason, "service restart");
    lab.wait_ms(50);
    assert_eq!((lab.gateway.phase(), lab.ports.as_slice()), (Phase::Down, [GatewayOutput::StopListening].as_slice()));
    lab.wait(Duration::from_secs(100));
    assert_eq!(lab.gateway.phase(), Phase::Down);
}

#[test]
fn v3_serves_until_the_end_and_states_that_it_does_not_know_when_it_is_back() {
    let mut lab = Lab::new(GatewayConfig::v3());
    let peer = lab.program(&["operator.read"]);
    lab.gateway.drain(lab.now, Drain::default().lasting(Duration::from_millis(50)));
    assert_eq!(lab.ask(peer, "health", json!({}))["ok"], true);
    lab.wait_ms(50);
    let frames = lab.frames(peer);
    assert_eq!(frames[0]["payload"], json!({"reason": "gateway stopping", "restartExpectedMs": null}));
}

#[test]
fn a_restart_has_all_its_phases_and_ends_with_another_boot() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (peer, before) = lab.join(params(4, &["operator.write"]));
    lab.ask(peer, "chat.send", json!({"sessionKey": "s", "message": "hi", "idempotencyKey": "k"}));
    lab.take(peer);
    let plan = RestartPlan::default().drain_for(Duration::from_millis(100)).down_for(Duration::from_millis(200));
    lab.gateway.restart(lab.now, plan.boot_for(Duration::from_millis(300)));
    lab.wait_ms(100);
    let seen = lab.take(peer);
    let [.., Seen::Text(event), Seen::Close(1012, _)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(event["payload"], json!({"reason": "gateway restarting", "restartExpectedMs": 150}));
    assert_eq!(lab.gateway.connect(lab.now, PeerInfo::loopback()).unwrap_err().status, 503);
    lab.wait_ms(50);
    assert_eq!((lab.gateway.phase(), lab.ports.last()), (Phase::Down, Some(&GatewayOutput::StopListening)));
    lab.wait_ms(200);
    assert_eq!((lab.gateway.phase(), lab.ports.last()), (Phase::Booting, Some(&GatewayOutput::Listen)));
    let early = lab.dial();
    lab.take(early);
    lab.send(early, &connect(params(4, &[])));
    let mut expected = refusal("c", "UNAVAILABLE", "gateway starting; retry shortly", 1013);
    if let [Seen::Text(frame), Seen::Close(_, reason)] = expected.as_mut_slice() {
        frame["error"]["retryable"] = json!(true);
        frame["error"]["retryAfterMs"] = json!(500);
        frame["error"]["details"] = json!({"reason": "startup-sidecars"});
        *reason = "gateway starting".into();
    }
    assert_eq!(lab.take(early), expected);
    lab.wait_ms(300);
    let (peer, after) = lab.join(params(4, &["operator.write"]));
    assert_ne!(before["server"]["bootId"], after["server"]["bootId"]);
    assert_eq!(after["snapshot"]["uptimeMs"], 300);
    // What was said before is forgotten: the same key starts another run.
    let again = lab.ask(peer, "chat.send", json!({"sessionKey": "s", "message": "hi", "idempotencyKey": "k"}));
    assert_eq!(again["payload"]["status"], "started");
}

#[test]
fn a_gateway_may_take_its_time_to_start() {
    let mut lab = Lab::new(GatewayConfig::v3().boot_for(Duration::from_secs(1)));
    let peer = lab.dial();
    lab.send(peer, &connect(params(3, &[])));
    assert_eq!(lab.take(peer).pop(), Some(Seen::Close(1013, "gateway starting".into())));
    lab.wait_ms(1000);
    lab.program(&[]);
}

#[test]
fn a_kill_cuts_everything_and_a_revival_serves_again() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (ready, greeted) = (lab.program(&[]), lab.dial());
    lab.take(greeted);
    lab.gateway.kill(lab.now);
    lab.pump();
    assert_eq!((lab.take(ready), lab.take(greeted)), (vec![Seen::Abort], vec![Seen::Abort]));
    assert_eq!(lab.ports, [GatewayOutput::StopListening]);
    lab.wait(Duration::from_secs(60));
    lab.gateway.revive(lab.now, Duration::ZERO);
    lab.program(&[]);
    assert_eq!(lab.ports.last(), Some(&GatewayOutput::Listen));
}

#[test]
fn a_kill_during_a_restart_ends_the_restart() {
    let mut lab = Lab::new(GatewayConfig::v4());
    lab.gateway.restart(lab.now, RestartPlan::realistic());
    lab.gateway.kill(lab.now);
    lab.wait(Duration::from_secs(60));
    assert_eq!(lab.gateway.phase(), Phase::Down);
}

#[test]
fn an_invalidated_client_is_closed_with_4001() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&[]);
    lab.gateway.invalidate(lab.now, peer, "device-token-revoked");
    lab.pump();
    assert_eq!(lab.take(peer), [Seen::Close(4001, "client invalidated: device-token-revoked".into())]);
    lab.send(peer, &request("health", json!({})));
    assert_eq!(lab.take(peer), []);
}
