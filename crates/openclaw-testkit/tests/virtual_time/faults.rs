//! Scripted misbehaviour.

use std::time::Duration;

use openclaw_testkit::{Effect, Fault, GatewayConfig, GatewayOutput, HttpRefusal, PeerInfo, Point};
use serde_json::{Value, json};

use crate::lab::{Lab, Seen, connect, params, request};

fn gateway(faults: impl IntoIterator<Item = Fault>) -> Lab {
    Lab::new(faults.into_iter().fold(GatewayConfig::v4(), GatewayConfig::fault))
}

fn close(code: u16, reason: &str) -> Effect {
    Effect::Close { code, reason: reason.into() }
}

#[test]
fn an_upgrade_is_refused_with_status_headers_and_body() {
    let refusal = HttpRefusal::new(429, "slow down").header("Retry-After", "7");
    let mut lab = gateway([Fault::new(Point::Upgrade, Effect::Refuse(refusal.clone())).connection(1)]);
    assert_eq!(lab.gateway.connect(lab.now, PeerInfo::loopback()).unwrap_err(), refusal);
    assert_eq!(lab.dial().number(), 2);
}

#[test]
fn a_challenge_is_withheld_delayed_doubled_replaced_or_preceded() {
    let mut lab = gateway([
        Fault::new(Point::Challenge, Effect::Withhold).connection(1),
        Fault::new(Point::Challenge, Effect::Delay(Duration::from_millis(300))).connection(2),
        Fault::new(Point::Challenge, Effect::Duplicate).connection(3),
        Fault::new(Point::Challenge, Effect::Replace("{}".into())).connection(4),
        Fault::new(Point::Challenge, Effect::Inject("not json".into())).connection(5),
        Fault::new(Point::Challenge, close(1011, "no handler")).connection(6),
        Fault::new(Point::Challenge, Effect::Abort).connection(7),
    ]);
    let peers: Vec<_> = (0..7).map(|_| lab.dial()).collect();
    assert_eq!(lab.take(peers[0]), []);
    assert_eq!(lab.take(peers[1]), []);
    lab.wait_ms(300);
    assert_eq!(lab.frames(peers[1]).len(), 1);
    let twice = lab.frames(peers[2]);
    assert_eq!(twice[0], twice[1]);
    assert_eq!(lab.take(peers[3]), [Seen::Text(json!({}))]);
    assert_eq!(lab.take(peers[4])[0], Seen::Raw("not json".into()));
    assert_eq!(lab.take(peers[5]), [Seen::Close(1011, "no handler".into())]);
    assert_eq!(lab.take(peers[6]), [Seen::Abort]);
}

#[test]
fn a_hello_is_withheld_late_changed_or_preceded_by_events() {
    let mut lab = gateway([
        Fault::new(Point::Hello, Effect::Withhold).connection(1),
        Fault::new(Point::Hello, Effect::Delay(Duration::from_millis(50))).connection(2),
        Fault::new(Point::Hello, Effect::MergeHello(json!({"protocol": 99, "snapshot": null}))).connection(3),
        Fault::new(Point::Hello, Effect::Inject(r#"{"type":"event","event":"early"}"#.into())).connection(4),
        Fault::new(Point::Hello, Effect::Replace(r#"{"type":"res","id":$id,"ok":true}"#.into())).connection(5),
        Fault::new(Point::Connect, Effect::Delay(Duration::from_millis(70))).connection(6),
        Fault::new(Point::Connect, Effect::Withhold).connection(7),
    ]);
    let peers: Vec<_> = (0..7).map(|_| lab.dial()).collect();
    for peer in &peers {
        lab.take(*peer);
        lab.send(*peer, &connect(params(4, &["operator.read"])));
    }
    lab.send(peers[1], &request("echo", json!("early")));
    lab.gateway.broadcast(lab.now, "cron", &json!({}));
    lab.pump();
    assert_eq!(lab.frames(peers[0])[0]["event"], "cron", "let in, but not told");
    let before: Vec<_> = lab.frames(peers[1]).iter().map(|frame| frame["event"].clone()).collect();
    assert_eq!(before, [json!("cron")], "events may come before a late hello");
    lab.wait_ms(50);
    let after = lab.frames(peers[1]);
    assert_eq!((&after[0]["payload"]["type"], &after[1]["payload"]), (&json!("hello-ok"), &json!("early")));
    let hello = lab.frames(peers[2]).remove(0);
    assert_eq!(hello["payload"]["protocol"], 99);
    assert!(hello["payload"].get("snapshot").is_none());
    assert_eq!(lab.frames(peers[3])[0]["event"], "early");
    assert_eq!(lab.frames(peers[4])[0], json!({"type": "res", "id": "c", "ok": true}));
    assert_eq!(lab.take(peers[5]), []);
    lab.wait_ms(20);
    assert_eq!(lab.frames(peers[5])[0]["payload"]["type"], "hello-ok");
    lab.wait(Duration::from_secs(15));
    assert_eq!(lab.take(peers[6]), [Seen::Close(1000, String::new())], "the handshake's deadline");
}

#[test]
fn what_a_hello_states_can_be_changed_for_all_without_changing_what_is_done() {
    let patch = json!({"policy": {"tickIntervalMs": -5, "maxPayload": 1}, "auth": null});
    let mut lab = Lab::new(GatewayConfig::v4().advertise(patch).advertise(json!({"extra": true})));
    let peer = lab.dial();
    lab.send(peer, &connect(params(4, &["operator.read"])));
    let hello = lab.frames(peer).remove(1)["payload"].clone();
    assert_eq!((&hello["policy"]["tickIntervalMs"], &hello["extra"]), (&json!(-5), &json!(true)));
    assert!(hello.get("auth").is_none());
    assert_eq!(lab.ask(peer, "echo", json!("x"))["ok"], true);
}

#[test]
fn after_hello_a_connection_is_cut_closed_mute_or_deaf() {
    let mut lab = gateway([
        Fault::new(Point::AfterHello, Effect::Abort).connection(1),
        Fault::new(Point::AfterHello, close(4001, "gateway auth changed")).connection(2),
        Fault::new(Point::AfterHello, Effect::StopWriting).connection(3),
        Fault::new(Point::AfterHello, Effect::StopReading).connection(4),
        Fault::new(Point::AfterHello, Effect::SkipSeq(10)).connection(5),
    ]);
    let peers: Vec<_> = (0..5).map(|_| lab.dial()).collect();
    for peer in &peers {
        lab.take(*peer);
        lab.send(*peer, &connect(params(4, &["operator.read"])));
    }
    let ends = |seen: Vec<Seen>| seen.into_iter().nth(1);
    assert_eq!(ends(lab.take(peers[0])), Some(Seen::Abort));
    assert_eq!(ends(lab.take(peers[1])), Some(Seen::Close(4001, "gateway auth changed".into())));
    for peer in &peers[2..4] {
        assert_eq!(lab.take(*peer).len(), 1, "the hello still comes");
        lab.send(*peer, &request("health", json!({})));
        assert_eq!(lab.take(*peer), []);
    }
    assert_eq!(lab.ports, [GatewayOutput::StopReading { peer: peers[3] }]);
    lab.wait(Duration::from_secs(31));
    assert_eq!(lab.take(peers[2]), [], "mute: not even ticks and pings");
    assert_eq!(lab.frames(peers[4]).pop().unwrap()["seq"], 11);
    assert_eq!(lab.frames(peers[3]).pop().unwrap()["event"], "tick", "deaf, not mute");
    lab.wait(Duration::from_secs(19));
    assert_eq!(lab.take(peers[3]).pop(), Some(Seen::Abort), "nor does it hear pongs");
}

#[test]
fn a_request_is_swallowed_late_or_ends_the_connection_before_it_runs() {
    let mut lab = gateway([
        Fault::new(Point::Request("echo".into()), Effect::Withhold).once(),
        Fault::new(Point::Request("echo".into()), Effect::Delay(Duration::from_millis(40))).skip(1).once(),
        Fault::new(Point::Request("health".into()), Effect::Abort).skip(1),
    ]);
    let peer = lab.program(&["operator.read"]);
    for n in 0..3 {
        lab.send(peer, &request("echo", json!(n)));
    }
    lab.wait_ms(40);
    let answers: Vec<Value> = lab.frames(peer).iter().map(|frame| frame["payload"].clone()).collect();
    assert_eq!(answers, [json!(2), json!(1)], "0 is never answered, 1 is late");
    assert_eq!(lab.ask(peer, "health", json!({}))["ok"], true);
    lab.send(peer, &request("health", json!({})));
    assert_eq!(lab.take(peer), [Seen::Abort]);
}

#[test]
fn a_response_is_lost_late_doubled_replaced_or_answers_nobody() {
    let unknown = r#"{"type":"res","id":"nobody","ok":true}"#;
    let mut lab = gateway([
        Fault::new(Point::Response("echo".into()), Effect::Withhold).once(),
        Fault::new(Point::Response("echo".into()), Effect::Delay(Duration::from_millis(40))).skip(1).once(),
        Fault::new(Point::Response("echo".into()), Effect::Duplicate).skip(2).once(),
        Fault::new(Point::Response("echo".into()), Effect::Replace(r#"{"type":"res","id":$id}"#.into())).skip(3).once(),
        Fault::new(Point::Response("echo".into()), Effect::Inject(unknown.into())).skip(4).once(),
        Fault::new(Point::Response("echo".into()), close(1012, "service restart")).skip(5).once(),
    ]);
    let peer = lab.program(&["operator.read"]);
    let answers = |lab: &mut Lab| {
        lab.send(peer, &request("echo", json!(1)));
        lab.take(peer)
    };
    let echo = Seen::Text(json!({"type": "res", "id": "r", "ok": true, "payload": 1}));
    assert_eq!(answers(&mut lab), []);
    assert_eq!(answers(&mut lab), []);
    lab.wait_ms(40);
    assert_eq!(lab.take(peer), std::slice::from_ref(&echo));
    assert_eq!(answers(&mut lab), [echo.clone(), echo.clone()]);
    assert_eq!(answers(&mut lab), [Seen::Text(json!({"type": "res", "id": "r"}))]);
    assert_eq!(answers(&mut lab), [Seen::Text(serde_json::from_str(unknown).unwrap()), echo]);
    assert_eq!(answers(&mut lab), [Seen::Close(1012, "service restart".into())]);
    assert_eq!(lab.gateway.requests().filter(|asked| asked.method == "echo").count(), 6);
}

#[test]
fn events_are_lost_doubled_or_skip_numbers() {
    let mut lab = gateway([
        Fault::new(Point::Event("cron".into()), Effect::Withhold).once(),
        Fault::new(Point::Event("cron".into()), Effect::Duplicate).skip(1).once(),
        Fault::new(Point::Event("cron".into()), Effect::SkipSeq(100)).skip(2).once(),
    ]);
    let peer = lab.program(&["operator.read"]);
    for _ in 0..4 {
        lab.gateway.broadcast(lab.now, "cron", &json!({}));
    }
    lab.pump();
    let seqs: Vec<_> = lab.frames(peer).iter().map(|frame| frame["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [2, 2, 103, 104], "a lost event has used its number");
}

#[test]
fn faults_strike_by_the_clock_and_can_be_added_and_taken_back() {
    let mut lab = gateway([Fault::new(Point::Time(Duration::from_secs(5)), Effect::Inject("odd".into()))]);
    let peer = lab.program(&["operator.read"]);
    lab.gateway.fault(Fault::new(Point::Time(Duration::from_secs(6)), Effect::Abort).connection(2));
    let second = lab.program(&["operator.read"]);
    lab.wait(Duration::from_secs(5));
    assert_eq!((lab.take(peer), lab.take(second)), (vec![Seen::Raw("odd".into())], vec![Seen::Raw("odd".into())]));
    lab.wait(Duration::from_secs(1));
    assert_eq!((lab.take(peer), lab.take(second)), (vec![], vec![Seen::Abort]));
    lab.gateway.fault(Fault::new(Point::Response("echo".into()), Effect::Withhold));
    lab.send(peer, &request("echo", json!(1)));
    assert_eq!(lab.take(peer), []);
    lab.gateway.clear_faults();
    assert_eq!(lab.ask(peer, "echo", json!(1))["ok"], true);
}
