//! A log keeps within its limit, whichever part of a life it keeps.

use openclaw_proto::Input;
use openclaw_proto::record::{RecordLimit, ReplayError, replay, rerecord};
use openclaw_tests::{Drive, event};

use crate::{eventful, replayed};

#[test]
fn a_log_ends_at_its_limit_and_the_client_goes_on() {
    let whole = eventful(|_| {}).lines().next().unwrap().len();
    for limit in [0, 100, whole + 300, whole + 3_000, 9_000] {
        let mut d = Drive::default();
        assert!(d.client.record(RecordLimit::bytes(limit)));
        d.connect();
        for seq in 0..200 {
            d.text(&event("chat", seq, r#"{"text":"some words"}"#));
        }
        d.shutdown();
        let log = d.log();
        assert!(log.len() <= limit.max(16), "{} > {limit}", log.len());
        assert_eq!(log.lines().last(), Some(r#"{"end":"limit"}"#));
        assert_eq!(log.matches("\"end\"").count(), 1);
        assert_eq!(d.events().len(), 200);
        if limit > whole + 16 {
            let told = replayed(&log);
            assert!(!told.complete && told.inputs > 0, "{told:?}");
        }
    }
}

/// A client that keeps the last of its log, after that many events.
fn ringed(limit: usize, events: u64) -> Drive {
    let mut d = Drive::default();
    assert!(d.client.record(RecordLimit::last(limit)));
    d.connect();
    for seq in 0..events {
        d.text(&event("chat", seq, r#"{"text":"some words"}"#));
    }
    d
}

#[test]
fn a_ring_that_has_lost_nothing_replays_at_any_time() {
    let mut d = ringed(1 << 20, 20);
    let log = d.client.recording().expect("a ring");
    let told = replayed(&log);
    assert!(!told.complete && told.inputs > 20 && told.outputs > 20, "{told:?}");
    assert_eq!(d.client.poll_record(), None, "the lines stay until the end");

    d.input(Input::Closed { code: None, reason: String::new() });
    let later = d.client.recording().expect("a ring");
    assert!(later.starts_with(&log) && later.len() > log.len());
    d.client.end_record();
    let ended = d.client.recording().expect("a ring");
    assert!(replayed(&ended).complete);
    assert_eq!(rerecord(&ended).as_ref(), Ok(&ended));
    assert_eq!(d.log_so_far(), ended, "taken line by line it is the same");
    assert_eq!(d.client.recording(), None, "it has been taken");
}

#[test]
fn a_ring_keeps_the_last_lines_and_says_how_many_it_has_lost() {
    let mut whole = ringed(1 << 20, 300);
    let whole = whole.log();
    let (first, rest) = whole.split_once('\n').unwrap();
    for limit in [first.len() + 200, first.len() + 3_000, 20_000] {
        let mut d = ringed(limit, 300);
        let log = d.log();
        assert!(log.len() <= limit, "{} > {limit}", log.len());
        let mut lines = log.lines();
        assert_eq!(lines.next(), Some(first));
        let lost: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let lost = lost["lost"].as_u64().unwrap();
        let kept: Vec<&str> = lines.collect();
        assert!(kept.len() > 1, "{log}");
        let all: Vec<&str> = rest.lines().collect();
        assert_eq!(all[usize::try_from(lost).unwrap()..], kept);
        assert_eq!(replay(&log), Err(ReplayError::BeginningLost { lines: lost }));
        assert_eq!(rerecord(&log), Err(ReplayError::BeginningLost { lines: lost }));
    }
}

#[test]
fn a_ring_without_room_still_says_whose_log_it_is() {
    for limit in [0, 1, 100] {
        let mut d = ringed(limit, 5);
        let log = d.log();
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(log.starts_with("{\"openclaw-record\"") && log.contains("{\"lost\":"), "{log}");
        assert!(matches!(replay(&log), Err(ReplayError::BeginningLost { .. })));
    }
}

#[test]
fn a_log_of_first_lines_is_no_ring() {
    let mut d = Drive::default();
    assert!(d.client.record(RecordLimit::default()));
    d.connect();
    assert_eq!(d.client.recording(), None);
    assert_eq!(Drive::default().client.recording(), None);
}
