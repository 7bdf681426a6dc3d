//! Ending, from every state.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use openclaw_client::{EventFilter, State, StopReason};
use openclaw_tests::Peer;
use openclaw_tests::lane::{Lane, PATIENCE};

use crate::scene::{forever, once, serving, steady};

/// A peer that serves, and tells with which close code its client left.
fn telling() -> (Peer, Receiver<Option<u16>>) {
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        tx.lock().unwrap().send(conn.serve()).unwrap();
    });
    (peer, rx)
}

pub fn shutting_down_closes_politely_when_ready(lane: Lane) {
    let (peer, code) = telling();
    let client = lane.connect(once(&peer)).unwrap();
    client.shutdown();
    assert_eq!(code.recv_timeout(PATIENCE).unwrap(), Some(1000));
    assert!(matches!(client.state(), State::Stopped { why: StopReason::Requested }));
}

pub fn shutting_down_when_idle_or_stopped_is_no_error(lane: Lane) {
    let (peer, client) = serving(lane);
    client.shutdown();
    client.shutdown();
    let idle = lane.build(once(&peer)).unwrap();
    idle.shutdown();
    assert!(matches!(idle.state(), State::Stopped { .. }));
}

pub fn shutting_down_while_dialing_does_not_wait_for_the_dial(lane: Lane) {
    // It takes the connection and never answers the upgrade.
    let hole = Peer::raw(|mut tcp| while matches!(std::io::Read::read(&mut tcp, &mut [0; 4096]), Ok(1..)) {});
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let client = lane.build(once(&hole)).unwrap();
        client.start();
        client.until(|state| matches!(state, State::Dialing { .. }));
        std::thread::sleep(Duration::from_millis(20));
        let begin = Instant::now();
        client.shutdown();
        best = best.min(begin.elapsed());
        assert!(matches!(client.state(), State::Stopped { why: StopReason::Requested }));
    }
    assert!(best < Duration::from_secs(5), "a third of the time for dialing: {best:?}");
}

pub fn shutting_down_while_handshaking_ends_it(lane: Lane) {
    let silent = Peer::start(|conn| {
        conn.message();
    });
    let client = lane.build(once(&silent)).unwrap();
    client.start();
    client.until(|state| matches!(state, State::Handshaking { .. }));
    client.shutdown();
    assert!(matches!(client.state(), State::Stopped { why: StopReason::Requested }));
}

pub fn shutting_down_in_backoff_ends_it(lane: Lane) {
    let peer = Peer::raw(drop);
    let client = lane.build(steady(&peer).backoff(forever)).unwrap();
    client.start();
    client.until(|state| matches!(state, State::Backoff { .. }));
    client.shutdown();
    assert!(matches!(client.state(), State::Stopped { why: StopReason::Requested }));
}

pub fn dropping_the_last_handle_closes_the_connection(lane: Lane) {
    let (peer, code) = telling();
    let client = lane.connect(once(&peer)).unwrap();
    let mut events = client.events(EventFilter::all());
    drop(client.clone());
    client.request_raw("health", "{}").unwrap();
    drop(client);
    assert!(events.recv().is_none(), "streams end with the client");
    assert_eq!(code.recv_timeout(PATIENCE).unwrap(), Some(1000));
}

pub fn a_stopped_client_can_be_started_again(lane: Lane) {
    let (peer, client) = serving(lane);
    client.shutdown();
    client.connect().unwrap();
    client.request_raw("health", "{}").unwrap();
    assert_eq!(peer.accepted(), 2);
}
