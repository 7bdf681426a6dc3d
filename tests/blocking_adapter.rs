//! What only the blocking adapter has: a loop of its own, and silence.

use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use openclaw_blocking::{CallError, Client, EventLoop, Request, State, Turn};
use openclaw_tests::Peer;
use openclaw_tests::lane::observed;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

fn serving() -> Peer {
    Peer::start(|conn| {
        conn.handshake();
        conn.serve();
    })
}

fn connected(peer: &Peer) -> Client {
    observed(openclaw_blocking::builder(peer.url())).token("test-token").no_reconnect().connect().expect("connects")
}

#[test]
fn an_idle_client_is_not_woken_once_in_ten_seconds() {
    let peer = serving();
    let client = connected(&peer);
    client.request_raw("health", "{}").unwrap();
    // The driver may still be on its way back to sleep.
    std::thread::sleep(Duration::from_millis(200));
    let before = client.wakeups();
    std::thread::sleep(Duration::from_secs(10));
    let after = client.wakeups();
    println!("idle for 10 s: {before:?} before, {after:?} after");
    assert_eq!((after.socket, after.caller), (before.socket, before.caller));
    assert!(after.timer - before.timer <= 1, "the deadline of the answered request at most");
    // The request above may have come while the driver was awake; the one below has to ring.
    assert!(before.socket > 0, "the counters count: {before:?}");
    client.request_raw("health", "{}").unwrap();
    assert!(client.wakeups().caller > after.caller, "asleep until it was rung");
}

#[test]
fn a_loop_without_a_thread_does_the_same_on_the_callers_own() {
    let peer = serving();
    let (client, mut event_loop) =
        EventLoop::new(observed(openclaw_blocking::builder(peer.url())).token("test-token").no_reconnect()).unwrap();
    let mut states = client.states();
    client.start();
    let mut call = client.call(Request::with_raw_params("echo", "[1]").unwrap());
    let begin = Instant::now();
    let answer = loop {
        assert_eq!(event_loop.turn(Some(Duration::from_millis(100))).unwrap(), Turn::Running);
        if let Some(answer) = call.try_wait() {
            break answer;
        }
        assert!(begin.elapsed() < PATIENCE);
    };
    assert_eq!(answer.unwrap().unwrap().as_str(), "[1]");
    let mut ready = false;
    while let Ok(Ok(state)) = states.try_recv() {
        ready |= matches!(state, State::Ready { .. });
    }
    assert!(ready);
    drop(client);
    while event_loop.turn(None).unwrap() == Turn::Running {
        assert!(begin.elapsed() < PATIENCE);
    }
    assert!(matches!(states.recv(), Some(Ok(State::Stopping | State::Stopped { .. }))));
}

#[test]
fn dropping_the_loop_ends_everything_under_way() {
    let peer = serving();
    let (client, event_loop) = EventLoop::new(observed(openclaw_blocking::builder(peer.url()))).unwrap();
    let mut events = client.events("chat");
    let call = client.call(Request::new("health").unwrap());
    drop(event_loop);
    assert!(matches!(call.wait(), Err(CallError::DriverGone)));
    assert!(matches!(client.request_raw("health", "{}"), Err(CallError::DriverGone)));
    assert!(events.next().is_none());
    client.shutdown();
}

#[test]
fn waiting_has_a_limit_where_one_is_given() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        while conn.next_request().is_some() {}
    });
    let client = connected(&peer);
    let mut events = client.events("never");
    assert!(matches!(events.try_recv(), Err(TryRecvError::Empty)));
    assert!(matches!(events.recv_timeout(Duration::from_millis(5)), Err(RecvTimeoutError::Timeout)));
    let mut call = client.call(Request::new("never").unwrap());
    assert!(call.try_wait().is_none() && call.wait_timeout(Duration::from_millis(5)).is_none());
    let idle = observed(openclaw_blocking::builder(peer.url())).build().unwrap();
    assert!(idle.ready_timeout(Duration::from_millis(5)).is_none());
    client.shutdown();
    assert!(matches!(call.wait(), Err(CallError::OutcomeUnknown(_))));
    drop(client);
    assert!(events.next().is_none());
    assert!(matches!(events.try_recv(), Err(TryRecvError::Disconnected)));
}
