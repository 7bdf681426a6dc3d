//! Large frames, full pipes and bursts.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use openclaw_client::{CallError, Down, NotSent, Request, State, StopReason, TransportError};
use openclaw_tests::lane::unobserved;
use openclaw_tests::lane::{Client, Lane, PATIENCE};
use openclaw_tests::{Conn, Peer, event};
use tungstenite::Message;

use crate::scene::once;

const TOO_LARGE: &str = "to mask requests of many MiB takes longer than the test waits";

pub fn pings_are_answered_without_the_application(lane: Lane) {
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        conn.ping();
        let answer = conn.message();
        tx.lock().unwrap().send(matches!(answer, Some(Message::Pong(data)) if data.as_ref() == [1, 2, 3])).unwrap();
        conn.serve();
    });
    let _client = lane.connect(once(&peer)).unwrap();
    assert_eq!(rx.recv_timeout(PATIENCE), Ok(true));
}

pub fn a_frame_of_exactly_the_inbound_limit_arrives_and_one_byte_more_ends_the_connection(lane: Lane) {
    const LIMIT: usize = 1 << 20;
    for extra in [0, 1] {
        let peer = Peer::start(move |conn| {
            conn.handshake();
            let frame = event("big", 1, r#""""#);
            let fill = "x".repeat(LIMIT + extra - frame.len());
            conn.event("big", 1, &format!(r#""{fill}""#));
            conn.serve();
        });
        let client = lane.build(once(&peer).limits(|l| l.inbound_frame = LIMIT)).unwrap();
        let mut events = client.events("big");
        client.connect().unwrap();
        if extra == 0 {
            assert_eq!(events.item().frame().as_ref().len(), LIMIT);
        } else {
            match client.until(|state| matches!(state, State::Stopped { .. })) {
                State::Stopped { why: StopReason::Down(down) } => {
                    assert!(matches!(*down, Down::Transport(TransportError::FrameTooLarge(_))), "{down:?}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

pub fn a_reply_of_the_largest_size_arrives_whole(lane: Lane) {
    const SIZE: usize = (25 << 20) - 200;
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.reply(&asked, &format!(r#""{}""#, "y".repeat(SIZE)));
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let payload = client.request_raw("big", "{}").unwrap().unwrap();
    assert_eq!(payload.as_str().len(), SIZE + 2);
}

pub fn a_request_of_the_largest_size_leaves_whole(lane: Lane) {
    const SIZE: usize = (25 << 20) - 200;
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        let asked = conn.ask();
        tx.lock().unwrap().send(asked.params.as_str().map(str::len)).unwrap();
        conn.reply(&asked, "{}");
        conn.serve();
    });
    let client = lane.connect(unobserved(TOO_LARGE, || once(&peer))).unwrap();
    client.call(Request::with_params("big", &"z".repeat(SIZE)).unwrap()).wait().unwrap();
    assert_eq!(rx.recv_timeout(PATIENCE), Ok(Some(SIZE)));
}

pub fn a_peer_that_stops_reading_is_dropped_after_the_write_limit_and_reading_goes_on_meanwhile(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        // Never reads again, but goes on talking.
        for seq in 1..=1000 {
            conn.event("talk", seq, "{}");
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let client = lane
        .build(unobserved(TOO_LARGE, || once(&peer)).timeouts(|t| t.write_stall = Duration::from_millis(300)))
        .unwrap();
    let mut events = client.events("talk");
    let fill = "z".repeat(8 << 20);
    let requests = [(); 4].map(|()| Request::with_params("big", &fill).unwrap());
    client.connect().unwrap();
    for call in requests.map(|request| client.call(request)) {
        match call.wait().unwrap_err() {
            CallError::OutcomeUnknown(down) => assert!(matches!(*down, Down::WriteStalled), "{down:?}"),
            CallError::NotSent(NotSent::ConnectionLost(down)) => assert!(matches!(*down, Down::WriteStalled)),
            other => panic!("{other:?}"),
        }
    }
    let mut heard = 0;
    while let Ok(Some(Ok(_))) = events.next_within(Duration::ZERO) {
        heard += 1;
    }
    assert!(heard >= 3, "heard {heard} events while the write was stuck");
}

/// Says 16 MiB before it reads a word of the 16 MiB that the client says meanwhile.
pub fn talk_first(conn: &mut Conn) {
    conn.handshake();
    let fill = format!(r#""{}""#, "t".repeat(1 << 20));
    for seq in 1..=16 {
        conn.event("talk", seq, &fill);
    }
    conn.serve();
}

/// Says 16 MiB to a peer of that kind, and hears what it says.
pub fn talk_too(client: &Client) {
    let mut events = client.events("talk");
    client.connect().unwrap();
    let fill = "z".repeat(1 << 20);
    let calls: Vec<_> = (0..16).map(|_| client.call(Request::with_params("big", &fill).unwrap())).collect();
    for seq in 1..=16 {
        assert_eq!(events.item().seq, Some(seq));
    }
    for call in calls {
        call.wait().unwrap();
    }
}

pub fn both_sides_with_much_to_say_do_not_wait_for_each_other(lane: Lane) {
    let peer = Peer::start(talk_first);
    talk_too(&lane.build(once(&peer)).unwrap());
}
