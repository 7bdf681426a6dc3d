//! What a client says before it has its hello.

use crate::lab::{Lab, Seen, close, connect, params, patched, refusal, request};
use openclaw_testkit::GatewayConfig;
use serde_json::{Value, json};

#[test]
fn requests_right_behind_connect_are_served_in_order() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.dial();
    lab.gateway.handle_text(lab.now, peer, &connect(params(4, &["operator.read"])).to_string());
    for n in 0..20 {
        let frame = json!({"type": "req", "id": n.to_string(), "method": "echo", "params": n});
        lab.gateway.handle_text(lab.now, peer, &frame.to_string());
    }
    lab.pump();
    let ids: Vec<Value> = lab.frames(peer).iter().skip(1).map(|frame| frame["id"].clone()).collect();
    let expected: Vec<Value> = std::iter::once(json!("c")).chain((0..20).map(|n| json!(n.to_string()))).collect();
    assert_eq!(ids, expected);
}

#[test]
fn v3_does_not_forgive_a_request_that_comes_before_its_hello() {
    let mut lab = Lab::new(GatewayConfig::v3());
    let peer = lab.dial();
    lab.take(peer);
    lab.gateway.handle_text(lab.now, peer, &connect(params(3, &["operator.read"])).to_string());
    for _ in 0..2 {
        lab.gateway.handle_text(lab.now, peer, &request("health", json!({})).to_string());
    }
    lab.pump();
    let message = "invalid handshake: first request must be connect";
    let refused = refusal("r", "INVALID_REQUEST", message, 1008);
    assert_eq!(lab.take(peer), [refused[0].clone(), refused[0].clone(), refused[1].clone()]);
}

#[test]
fn v3_answers_every_connect_that_comes_before_its_hello() {
    let mut lab = Lab::new(GatewayConfig::v3());
    let peer = lab.dial();
    lab.take(peer);
    for _ in 0..2 {
        lab.gateway.handle_text(lab.now, peer, &connect(params(3, &["operator.read"])).to_string());
    }
    lab.pump();
    let hellos = lab.frames(peer);
    assert!(hellos.len() == 2 && hellos.iter().all(|hello| hello["payload"]["type"] == "hello-ok"), "{hellos:?}");
    assert_eq!(lab.ask(peer, "health", json!({}))["ok"], true);
    lab.wait_ms(60_000);
    assert_eq!(lab.take(peer).iter().filter(|seen| **seen == Seen::Ping).count(), 2, "one every 25 s");
}

#[test]
fn fifteen_frames_may_wait_behind_a_connect_under_way_and_not_one_more() {
    for frames in [15, 16] {
        let mut lab = Lab::new(GatewayConfig::v4());
        let peer = lab.dial();
        lab.take(peer);
        // A wrong token: its answer takes 250 ms.
        lab.send(peer, &connect(patched(json!({"auth": {"token": "wrong"}}))));
        for _ in 0..frames {
            lab.send(peer, &request("health", json!({})));
        }
        if frames == 15 {
            assert_eq!(lab.take(peer), []);
            lab.wait_ms(250);
            assert!(matches!(lab.take(peer).as_slice(), [Seen::Text(_), Seen::Close(1008, _)]));
        } else {
            assert_eq!(lab.take(peer), close(1008, "too many pending handshake frames"));
        }
    }
}
