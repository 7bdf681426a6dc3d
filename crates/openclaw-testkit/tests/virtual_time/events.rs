//! Events, ticks, pings and slow readers.

use std::time::Duration;

use openclaw_testkit::GatewayConfig;
use serde_json::{Value, json};

use crate::lab::{Lab, Seen, patched, request};

fn names(frames: &[Value]) -> Vec<(String, u64)> {
    let name =
        |frame: &Value| (frame["event"].as_str().unwrap_or("answer").to_owned(), frame["seq"].as_u64().unwrap_or(0));
    frames.iter().map(name).collect()
}

#[test]
fn each_connection_counts_its_events_from_1_and_sees_only_what_its_scopes_allow() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let (reader, nobody) = (lab.program(&["operator.read"]), lab.program(&[]));
    for event in ["chat", "tick", "exec.approval.requested", "made.up"] {
        lab.gateway.broadcast(lab.now, event, &json!({}));
    }
    lab.pump();
    assert_eq!(names(&lab.frames(reader)), [("chat".into(), 1), ("tick".into(), 2), ("made.up".into(), 3)]);
    assert_eq!(names(&lab.frames(nobody)), [("tick".into(), 1), ("made.up".into(), 2)]);
    lab.gateway.event(lab.now, nobody, "just.you", &json!(1));
    lab.pump();
    assert_eq!(lab.frames(nobody), [json!({"type": "event", "event": "just.you", "payload": 1})]);
    let late = lab.program(&["operator.read"]);
    lab.gateway.broadcast(lab.now, "chat", &json!({}));
    lab.pump();
    assert_eq!(
        (names(&lab.frames(late)), names(&lab.frames(reader))),
        (vec![("chat".into(), 1)], vec![("chat".into(), 4)])
    );
}

#[test]
fn connections_without_hello_see_no_events() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.dial();
    lab.take(peer);
    lab.gateway.broadcast(lab.now, "tick", &json!({}));
    lab.pump();
    assert_eq!(lab.take(peer), []);
}

#[test]
fn ticks_come_from_one_timer_for_all() {
    let mut lab = Lab::new(GatewayConfig::v4());
    lab.wait(Duration::from_secs(20));
    let peer = lab.program(&[]);
    lab.wait(Duration::from_secs(10));
    let tick = lab.frames(peer).remove(0);
    assert_eq!((&tick["event"], &tick["seq"]), (&json!("tick"), &json!(1)));
    assert_eq!(tick["payload"]["ts"], lab.now.unix.0);
    lab.wait(Duration::from_secs(30));
    assert_eq!(names(&lab.frames(peer)), [("health".into(), 2), ("tick".into(), 3)]);
    let mut fast = Lab::new(GatewayConfig::v4().limits(|limits| limits.tick = Duration::from_millis(10)));
    let (peer, hello) = fast.join(patched(json!({})));
    assert_eq!(hello["policy"]["tickIntervalMs"], 10);
    fast.wait_ms(100);
    assert_eq!(fast.frames(peer).len(), 10);
}

#[test]
fn a_connection_is_pinged_every_25_seconds_and_cut_without_a_close_frame_if_it_does_not_answer() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&[]);
    let pings = |seen: Vec<Seen>| seen.iter().filter(|seen| **seen == Seen::Ping).count();
    lab.wait(Duration::from_secs(100));
    assert_eq!(pings(lab.take(peer)), 4);
    lab.pongs = false;
    lab.wait(Duration::from_secs(49));
    let seen = lab.take(peer);
    assert_eq!(pings(seen.clone()), 1);
    assert!(!seen.contains(&Seen::Abort));
    lab.wait(Duration::from_secs(1));
    assert_eq!(lab.take(peer).pop(), Some(Seen::Abort));
    assert!(lab.gateway.connections().is_empty());
}

#[test]
fn v4_tells_presence_of_people_who_come_and_go_and_not_of_programs() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let watcher = lab.program(&["operator.read"]);
    let blind = lab.program(&[]);
    let program = lab.program(&["operator.read"]);
    lab.gateway.handle_closed(lab.now, program);
    lab.pump();
    assert_eq!(lab.take(watcher), []);
    let client = json!({"id": "openclaw-macos", "mode": "ui", "displayName": "second", "instanceId": "inst-b"});
    let (person, hello) = lab.join(patched(json!({"client": client})));
    assert_eq!(hello["snapshot"]["presence"], json!([]), "it has no scope to see any");
    assert_eq!(hello["snapshot"]["stateVersion"]["presence"], 2);
    let event = lab.frames(watcher).remove(0);
    assert_eq!((&event["event"], &event["seq"]), (&json!("presence"), &json!(1)));
    assert_eq!(event["stateVersion"], json!({"presence": 2, "health": 1}));
    let row = &event["payload"]["presence"][1];
    assert_eq!(
        (&row["host"], &row["instanceId"], &row["reason"]),
        (&json!("second"), &json!("inst-b"), &json!("connect"))
    );
    lab.gateway.handle_closed(lab.now, person);
    lab.pump();
    let event = lab.frames(watcher).remove(0);
    assert_eq!(event["payload"]["presence"][1]["reason"], "disconnect");
    assert_eq!(lab.take(blind), []);
}

#[test]
fn v3_tells_comers_by_health_and_goers_by_presence() {
    let mut lab = Lab::new(GatewayConfig::v3());
    let watcher = lab.program(&[]);
    lab.wait_ms(100);
    assert_eq!(names(&lab.frames(watcher)), [("health".into(), 1)]);
    let program = lab.program(&["operator.read"]);
    lab.wait_ms(100);
    let health = lab.frames(watcher).remove(0);
    assert_eq!((&health["event"], &health["stateVersion"]), (&json!("health"), &json!({"presence": 3, "health": 3})));
    lab.gateway.handle_closed(lab.now, program);
    lab.pump();
    assert_eq!(names(&lab.frames(watcher)), [("presence".into(), 3)]);
}

#[test]
fn a_gateway_names_its_own_instance_on_wire_4_only() {
    for (config, names) in [(GatewayConfig::v4(), true), (GatewayConfig::v3(), false)] {
        let mut lab = Lab::new(config);
        let (_, hello) = lab.join(patched(json!({"scopes": ["operator.read"]})));
        let own = &hello["snapshot"]["presence"][0];
        assert_eq!((&own["mode"], own.get("instanceId").is_some()), (&json!("gateway"), names), "{hello}");
    }
}

#[test]
fn events_name_the_profile_of_a_recipient_that_has_one() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let program = lab.program(&[]);
    let (person, _) = lab.join(patched(json!({"client": {"id": "test", "mode": "test"}})));
    lab.gateway.broadcast(lab.now, "tick", &json!({}));
    lab.pump();
    assert!(lab.frames(program).pop().unwrap().get("recipientProfileId").is_none());
    assert_eq!(lab.frames(person).pop().unwrap()["recipientProfileId"], "gateway-owner");
}

#[test]
fn a_slow_reader_misses_droppable_events_which_use_their_numbers_all_the_same() {
    let mut lab = Lab::new(GatewayConfig::v4());
    let peer = lab.program(&["operator.read"]);
    lab.gateway.broadcast(lab.now, "cron", &json!({}));
    lab.pump();
    lab.gateway.handle_buffered(peer, 52_428_801);
    lab.gateway.broadcast(lab.now, "cron", &json!({}));
    lab.gateway.broadcast(lab.now, "cron", &json!({}));
    lab.gateway.handle_buffered(peer, 52_428_800);
    lab.gateway.broadcast(lab.now, "cron", &json!({}));
    lab.pump();
    assert_eq!(names(&lab.frames(peer)), [("cron".into(), 1), ("cron".into(), 4)]);
}

#[test]
fn a_slow_reader_is_closed_over_what_must_not_be_missed_and_then_cut() {
    for by_event in [true, false] {
        let mut lab = Lab::new(GatewayConfig::v4());
        let peer = lab.program(&["operator.read"]);
        lab.gateway.handle_buffered(peer, 52_428_801);
        if by_event {
            lab.gateway.broadcast(lab.now, "tick", &json!({}));
            lab.pump();
        } else {
            lab.send(peer, &request("health", json!({})));
        }
        assert_eq!(lab.take(peer), [Seen::Close(1008, "slow consumer".into())]);
        // The close frame cannot get through either.
        lab.wait_ms(1000);
        assert_eq!(lab.take(peer), [Seen::Abort]);
    }
}

#[test]
fn what_has_not_been_fetched_counts_as_waiting_too() {
    let mut lab = Lab::new(GatewayConfig::v4().limits(|limits| limits.max_buffered = 10_000));
    let peer = lab.program(&["operator.read"]);
    let big = json!("x".repeat(6000));
    for _ in 0..3 {
        lab.gateway.broadcast(lab.now, "cron", &big);
    }
    lab.pump();
    assert_eq!(names(&lab.frames(peer)), [("cron".into(), 1), ("cron".into(), 2)], "the third one was too much");
    lab.gateway.broadcast(lab.now, "cron", &big);
    lab.pump();
    assert_eq!(names(&lab.frames(peer)), [("cron".into(), 4)]);
}
