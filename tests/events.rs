//! Events: nothing between the wire and the application changes their order, their content or their count.

use std::time::Duration;

use openclaw_proto::connect::StateVersion;
use openclaw_proto::{Input, Outcome, Output, Sequence};
use openclaw_tests::{Drive, challenge, event, hello_response, response};

fn sequences(d: &mut Drive, seqs: &[&str]) -> Vec<Sequence> {
    for seq in seqs {
        d.text(&format!(r#"{{"type":"event","event":"tick","payload":{{}}{seq}}}"#));
    }
    let found = d.events().iter().map(|event| event.sequence).collect();
    d.take();
    found
}

fn seq(number: u64) -> String {
    format!(r#","seq":{number}"#)
}

#[test]
fn events_and_answers_keep_the_order_of_the_wire() {
    let mut d = Drive::ready();
    for waiter in 0..3 {
        d.request("health", waiter).unwrap();
    }
    let frames = d.frames();
    d.text(&event("a", 1, "{}"));
    d.text(&response(&frames[2], "{}"));
    d.text(&event("b", 2, "{}"));
    d.text(&event("c", 3, "{}"));
    d.text(&response(&frames[0], "{}"));
    d.text(&response(&frames[1], "{}"));
    d.text(&event("d", 4, "{}"));
    let told: Vec<String> = d
        .take()
        .iter()
        .map(|o| match o {
            Output::Event(e) => e.name().to_owned(),
            Output::Completed { waiter, outcome: Outcome::Replied(_) } => waiter.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["a", "2", "b", "c", "0", "1", "d"]);
}

#[test]
fn what_arrives_in_one_go_before_anything_is_polled_keeps_its_order_too() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    let frame = d.frame();
    let conn = d.conn.unwrap();
    for text in [event("a", 1, "{}"), response(&frame, "{}"), event("b", 2, "{}")] {
        d.client.handle_input(d.now, conn, Input::Text(text));
    }
    d.client.handle_input(d.now, conn, Input::Closed { code: Some(1012), reason: String::new() });
    let mut told = Vec::new();
    while let Some(output) = d.client.poll_output() {
        told.push(match output {
            Output::Event(e) => e.name().to_owned(),
            Output::Completed { .. } => "answer".into(),
            Output::State(_) => "stopped".into(),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(told, ["a", "answer", "b", "stopped"]);
}

#[test]
fn the_first_sequenced_event_is_first_wherever_it_starts() {
    for start in [0, 1, 2, 7_001, u64::MAX] {
        assert_eq!(sequences(&mut Drive::ready(), &[&seq(start)]), [Sequence::First]);
    }
}

#[test]
fn gaps_duplicates_and_regressions_are_told_and_a_regression_does_not_lower_the_mark() {
    let mut d = Drive::ready();
    let seen = sequences(
        &mut d,
        &[&seq(1), &seq(2), "", &seq(3), &seq(6), &seq(6), &seq(2), &seq(7), &seq(9), &seq(8), &seq(10)],
    );
    assert_eq!(
        seen,
        [
            Sequence::First,
            Sequence::Next,
            Sequence::Unsequenced,
            Sequence::Next,
            Sequence::Gap { missing: 2 },
            Sequence::Duplicate,
            Sequence::Regressed,
            Sequence::Next,
            Sequence::Gap { missing: 1 },
            Sequence::Regressed,
            Sequence::Next,
        ]
    );
    assert_eq!(d.client.stats().events, 11, "every one of them is surfaced");
}

#[test]
fn a_number_that_cannot_be_used_leaves_the_sequence_as_it_was() {
    let mut d = Drive::ready();
    let odd = [r#","seq":-1"#, r#","seq":2.5"#, r#","seq":"2""#, r#","seq":1e300"#, r#","seq":[]"#];
    let mut seqs = vec![seq(1)];
    seqs.extend(odd.map(Into::into));
    seqs.extend([r#","seq":null"#.into(), r#","seq":2.0"#.into()]);
    let seqs: Vec<&str> = seqs.iter().map(String::as_str).collect();
    let seen = sequences(&mut d, &seqs);
    let mut expected = vec![Sequence::First];
    expected.extend([Sequence::Unsequenced; 6]);
    expected.push(Sequence::Next);
    assert_eq!(seen, expected);
    assert_eq!(d.client.stats().odd, 5);
}

#[test]
fn the_largest_numbers_make_no_overflow() {
    let mut d = Drive::ready();
    let seen = sequences(&mut d, &[&seq(0), &seq(u64::MAX), &seq(u64::MAX), &seq(u64::MAX - 1)]);
    assert_eq!(
        seen,
        [Sequence::First, Sequence::Gap { missing: u64::MAX - 1 }, Sequence::Duplicate, Sequence::Regressed]
    );
}

#[test]
fn every_connection_has_a_sequence_of_its_own() {
    let mut d = Drive::ready();
    sequences(&mut d, &[&seq(1), &seq(2)]);
    let first = d.conn.unwrap();
    d.input(Input::Closed { code: Some(1012), reason: String::new() });
    d.connect();
    d.take();
    d.text(&event("tick", 900, "{}"));
    {
        let events = d.events();
        assert_eq!(events[0].sequence, Sequence::First);
        assert_ne!(events[0].conn, first);
        assert_eq!(events[0].conn, d.conn.unwrap());
    }
    d.take();
    assert_eq!(sequences(&mut d, &[&seq(901)]), [Sequence::Next]);
}

#[test]
fn the_sequence_runs_through_the_handshake_and_a_challenge_is_no_part_of_it() {
    let mut d = Drive::awaiting_challenge(|_| {});
    d.text(&event("early", 1, "{}"));
    d.text(&challenge("n"));
    let connect = d.frame();
    d.text(&event("node.invoke.request", 2, "{}"));
    d.text(&hello_response(&connect));
    d.text(&event("late", 3, "{}"));
    let told: Vec<String> = d.events().iter().map(|e| format!("{} {:?}", e.name(), e.sequence)).collect();
    assert_eq!(told, ["early First", "node.invoke.request Next", "late Next"]);
    assert_eq!(d.client.stats().events, 3);
}

#[test]
fn state_version_and_recipient_come_with_the_event() {
    let mut d = Drive::ready();
    d.text(
        r#"{"type":"event","event":"presence","payload":{},"seq":1,"stateVersion":{"presence":12,"health":34},"recipientProfileId":"p-1"}"#,
    );
    d.text(r#"{"type":"event","event":"health","payload":{},"stateVersion":{"presence":12.0,"health":35e0}}"#);
    d.text(r#"{"type":"event","event":"health","payload":{},"stateVersion":{"presence":-1,"health":1}}"#);
    d.text(r#"{"type":"event","event":"he\u0061lth","recipientProfileId":"p-\u0032"}"#);
    d.text(r#"{"type":"event","event":"health","recipientProfileId":3}"#);
    let events = d.events();
    assert_eq!(events[0].state_version(), Some(StateVersion { presence: 12, health: 34 }));
    assert_eq!(events[0].recipient_profile_id().as_deref(), Some("p-1"));
    assert_eq!(events[1].state_version(), Some(StateVersion { presence: 12, health: 35 }));
    assert_eq!(events[1].recipient_profile_id(), None);
    assert_eq!(events[2].state_version(), None);
    assert_eq!((events[3].name(), events[3].recipient_profile_id().as_deref()), ("health", Some("p-2")));
    assert_eq!(events[4].recipient_profile_id(), None);
    assert_eq!(d.client.stats().odd, 1);
}

#[test]
fn events_nobody_has_heard_of_pass_with_whatever_they_carry() {
    let mut d = Drive::ready();
    let payloads = [
        r#"{"deep":[[[{"x":null}]]],"n":1e999,"s":"\ud800","dup":1,"dup":2}"#,
        "[]",
        r#""text""#,
        "0.10",
        "true",
        " {  } ",
    ];
    for name in ["x", "plugin.acme.done", "connect.challenge2", "Connect.Challenge", "日本", "a b"] {
        for payload in payloads {
            d.text(&format!(r#"{{"type":"event","event":"{name}","payload":{payload},"future":[1]}}"#));
            let outputs = d.take();
            let [Output::Event(e)] = outputs.as_slice() else { panic!("{outputs:?}") };
            assert_eq!((e.name(), e.payload()), (name, Some(payload.trim())));
        }
    }
}

#[test]
fn a_name_written_with_escapes_is_the_same_name() {
    let mut d = Drive::ready();
    d.text(r#"{"type":"event","event":"ch\u0061t","payload":1}"#);
    assert_eq!(d.events()[0].name(), "chat");
    // And so is the challenge's.
    let mut d = Drive::awaiting_challenge(|_| {});
    d.text(r#"{"type":"event","event":"connect\u002echallenge","payload":{"nonce":"n"}}"#);
    assert_eq!(d.frames().len(), 1);
}

#[test]
fn an_event_can_be_read_copied_and_dated() {
    let mut d = Drive::ready();
    d.advance(Duration::from_secs(3));
    let now = d.now;
    d.text(&event("tick", 1, r#"{"ts":5}"#));
    let outputs = d.take();
    let [Output::Event(event)] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(event.received, now);
    assert_eq!(event.seq, Some(1));
    let value: serde_json::Value = event.deserialize().unwrap();
    assert_eq!(value, serde_json::json!({"ts": 5}));
    assert!(event.deserialize::<Vec<u8>>().is_err());
    let copied = event.clone().map_text(|text| text.into_boxed_str());
    assert_eq!((copied.name(), copied.payload()), ("tick", Some(r#"{"ts":5}"#)));
    assert_eq!(&**copied.frame(), event.frame().as_str());
}

#[test]
fn events_of_a_connection_that_has_ended_are_counted_not_surfaced() {
    let mut d = Drive::ready();
    let old = d.conn.unwrap();
    d.input(Input::Closed { code: None, reason: String::new() });
    d.take();
    d.client.handle_input(d.now, old, Input::Text(event("tick", 1, "{}")));
    assert!(d.client.poll_output().is_none());
    assert_eq!(d.client.stats().stale_inputs, 1);

    let mut closing = Drive::ready();
    closing.shutdown();
    closing.take();
    closing.text(&event("tick", 1, "{}"));
    assert!(closing.take().is_empty());
}
