//! What the gateway says unasked.

use std::sync::mpsc::channel;
use std::time::Duration;

use openclaw_client::{Backlog, EventFilter, Request, Sequence};
use openclaw_tests::lane::{Lane, PATIENCE};
use openclaw_tests::{Peer, challenge, event};

use crate::scene::once;

pub fn events_come_in_order_annotated_and_filtered_by_name(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        for (name, seq) in [("a", 1), ("b", 2), ("a", 3), ("c", 7), ("a", 7)] {
            conn.event(name, seq, r#"{"x":1}"#);
        }
        conn.serve();
    });
    let client = lane.build(once(&peer)).unwrap();
    let mut all = client.events(EventFilter::all());
    let mut some = client.events(["b", "c"]);
    client.connect().unwrap();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let event = all.item();
        assert_eq!(event.payload(), Some(r#"{"x":1}"#));
        seen.push((event.name().to_owned(), event.sequence));
    }
    let expected = [
        ("a", Sequence::First),
        ("b", Sequence::Next),
        ("a", Sequence::Next),
        ("c", Sequence::Gap { missing: 3 }),
        ("a", Sequence::Duplicate),
    ];
    assert_eq!(seen, expected.map(|(name, sequence)| (name.to_owned(), sequence)));
    assert_eq!((some.item().seq, some.item().seq), (Some(2), Some(7)));
}

pub fn events_before_hello_come_before_ready(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.text(&challenge("n"));
        let connect = conn.ask();
        conn.event("early", 1, "{}");
        conn.reply(&connect, openclaw_tests::HELLO);
        conn.serve();
    });
    let client = lane.build(once(&peer)).unwrap();
    let mut early = client.events("early");
    client.connect().unwrap();
    assert!(early.next_within(Duration::ZERO).is_ok(), "queued before the client was ready");
}

pub fn a_handler_is_free_to_make_requests(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.event("poke", 1, r#"{"n":1}"#);
        conn.event("poke", 2, r#"{"n":2}"#);
        conn.serve();
    });
    let client = lane.build(once(&peer)).unwrap();
    let (tx, rx) = channel();
    client.on_event_ask("poke", |event| Request::with_raw_params("echo", event.payload().unwrap()).unwrap(), tx);
    client.connect().unwrap();
    for n in 1..=2 {
        let answer = rx.recv_timeout(PATIENCE).unwrap().unwrap().unwrap();
        assert_eq!(answer.as_str(), format!(r#"{{"n":{n}}}"#));
    }
}

pub fn a_stuck_handler_delays_no_other(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.event("slow", 1, "{}");
        conn.event("quick", 2, "{}");
        conn.serve();
    });
    let client = lane.build(once(&peer)).unwrap();
    let (_release, until) = channel();
    client.on_event_hang("slow", until);
    let mut quick = client.events("quick");
    client.connect().unwrap();
    assert_eq!(quick.item().seq, Some(2));
    client.request_raw("health", "{}").unwrap();
}

pub fn a_slow_reader_gets_a_lag_notice_and_the_connection_lives(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        for seq in 1..=100 {
            conn.queue(&event("flood", seq, "{}"));
        }
        conn.flush();
        conn.serve();
    });
    let client = lane.build(once(&peer)).unwrap();
    let mut events = client.events_with("flood", Backlog { items: 10, bytes: 1 << 20 });
    client.connect().unwrap();
    // The answer comes after the events, so by now all of them have been queued or counted.
    client.request_raw("health", "{}").unwrap();
    for seq in 1..=10 {
        assert_eq!(events.item().seq, Some(seq));
    }
    assert_eq!(events.recv().unwrap().unwrap_err().missed, 90);
}

pub fn ten_thousand_frames_in_one_burst_all_arrive_in_order(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        for seq in 1..=10_000 {
            conn.queue(&event("burst", seq, r#""0123456789""#));
        }
        conn.flush();
        conn.serve();
    });
    let client = lane.build(once(&peer)).unwrap();
    let mut events = client.events_with("burst", Backlog { items: 20_000, bytes: 64 << 20 });
    client.connect().unwrap();
    for seq in 1..=10_000 {
        assert_eq!(events.item().seq, Some(seq));
    }
}
