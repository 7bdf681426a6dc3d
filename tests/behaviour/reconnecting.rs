//! Losing the gateway and finding it again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use openclaw_client::{CallError, Down, Request, State, StopReason};
use openclaw_testkit::{GatewayConfig, RestartPlan};
use openclaw_tests::lane::{Lane, PATIENCE, background};
use openclaw_tests::{HELLO, Peer, challenge};
use serde_json::json;

use crate::scene::{client_of, forever, gateway, once, steady};

pub fn a_lost_connection_is_made_again_and_calls_go_on(lane: Lane) {
    let connections = AtomicUsize::new(0);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        if connections.fetch_add(1, Ordering::SeqCst) < 2 {
            conn.ask();
            // Gone without a word, the request unanswered.
            return;
        }
        conn.serve();
    });
    let client = lane.build(steady(&peer)).unwrap();
    let mut states = client.states();
    client.start();
    for _ in 0..2 {
        let error = client.request_raw("slow", "{}").unwrap_err();
        assert!(matches!(error, CallError::OutcomeUnknown(_)), "{error:?}");
    }
    client.request_raw("health", "{}").unwrap();
    let mut backoffs = 0;
    while let Ok(Some(Ok(state))) = states.next_within(Duration::ZERO) {
        backoffs += usize::from(matches!(state, State::Backoff { .. }));
    }
    assert_eq!(backoffs, 2);
}

pub fn a_gateway_that_vanishes_without_a_close_frame_is_told_as_such(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.ask();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let error = client.request_raw("slow", "{}").unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown(down) if matches!(*down, Down::Closed { code: None, .. })));
}

pub fn a_restarted_gateway_is_found_again_and_events_go_on(lane: Lane) {
    let server = gateway(GatewayConfig::v4());
    let client = lane.build(client_of(&server)).unwrap();
    let mut events = client.events("made.up");
    client.start();
    client.ready().unwrap();
    server.broadcast("made.up", &json!({"life": 1}));
    assert_eq!(events.item().payload(), Some(r#"{"life":1}"#));

    background().block_on(server.restart(RestartPlan::default())).unwrap();
    client.until(|state| matches!(state, State::Ready { .. }));
    background().block_on(server.connected(1));
    server.broadcast("made.up", &json!({"life": 2}));
    assert_eq!(events.item().payload(), Some(r#"{"life":2}"#));

    background().block_on(server.kill());
    client.until(|state| matches!(state, State::Backoff { .. }));
    background().block_on(server.resume()).unwrap();
    client.until(|state| matches!(state, State::Ready { .. }));
    client.request_raw("health", "{}").unwrap();
}

pub fn a_draining_gateway_gets_no_new_requests_and_they_are_kept_for_its_successor(lane: Lane) {
    let ((go, wait), (tell, told)) = (channel::<()>(), channel());
    let (wait, tell) = (Mutex::new(wait), Mutex::new(tell));
    let lives = AtomicUsize::new(0);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        if lives.fetch_add(1, Ordering::SeqCst) == 0 {
            conn.event("shutdown", 1, r#"{"reason":"gateway restarting","restartExpectedMs":10}"#);
            wait.lock().unwrap().recv().unwrap();
            tell.lock().unwrap().send(conn.close(1012, "service restart")).unwrap();
        }
        conn.serve();
    });
    let client = lane.build(steady(&peer)).unwrap();
    client.start();
    client.until(|state| matches!(state, State::Draining { .. }));
    let mut kept = client.call(Request::with_params("echo", &json!({"kept": true})).unwrap());
    assert!(kept.wait_for(Duration::from_millis(50)).is_none());
    go.send(()).unwrap();
    assert_eq!(kept.wait().unwrap().unwrap().as_str(), r#"{"kept":true}"#);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0), "requests to a gateway that goes");
}

pub fn a_nudge_ends_the_backoff(lane: Lane) {
    let connections = AtomicUsize::new(0);
    let peer = Peer::start(move |conn| {
        if connections.fetch_add(1, Ordering::SeqCst) == 0 {
            return;
        }
        conn.handshake();
        conn.serve();
    });
    let client = lane.build(steady(&peer).backoff(forever)).unwrap();
    client.start();
    client.until(|state| matches!(state, State::Backoff { .. }));
    client.nudge();
    client.ready().unwrap();
}

pub fn a_pause_that_a_nudge_has_ended_is_not_told_again(lane: Lane) {
    let connections = AtomicUsize::new(0);
    let peer = Peer::start(move |conn| {
        if connections.fetch_add(1, Ordering::SeqCst) == 0 {
            conn.text(&challenge("n"));
            let connect = conn.ask();
            conn.refuse(
                &connect,
                r#"{"code":"INVALID_REQUEST","message":"no","details":{"code":"AUTH_TOKEN_MISMATCH"}}"#,
            );
            return;
        }
        conn.handshake();
        conn.serve();
    });
    let client = lane.build(steady(&peer)).unwrap();
    client.start();
    client.until(|state| matches!(state, State::Paused { .. }));
    assert!(client.ready().is_err(), "it is paused");
    client.nudge();
    client.ready().unwrap();
}

pub fn a_gateway_that_falls_silent_is_given_up(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.text(&challenge("n"));
        let connect = conn.ask();
        conn.reply(&connect, &HELLO.replace("30000", "20"));
        // It listens, and says nothing any more.
        while conn.message().is_some() {}
    });
    let client = lane.build(once(&peer).timeouts(|t| t.silence_floor = Duration::from_millis(200))).unwrap();
    client.connect().unwrap();
    let error = client.request_raw("health", "{}").unwrap_err();
    assert!(matches!(&error, CallError::OutcomeUnknown(down) if matches!(**down, Down::Silent)), "{error:?}");
    let state = client.until(|state| matches!(state, State::Stopped { .. }));
    assert!(matches!(state, State::Stopped { why: StopReason::Down(down) } if matches!(*down, Down::Silent)));
}
