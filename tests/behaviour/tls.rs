//! TLS.

use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use openclaw_client::{Down, TransportError};
use openclaw_tests::event;
use openclaw_tests::lane::{Lane, PATIENCE};

use crate::pressure::{talk_first, talk_too};
use crate::scene::down;
use crate::secured::Secured;

pub fn wss_works_with_a_trusted_certificate_and_fails_typed_with_another(lane: Lane) {
    let secured = Secured::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let client = lane.connect(secured.trusting()).unwrap();
    client.request_raw("echo", "[1]").unwrap();
    client.shutdown();

    let error = lane.connect(secured.builder()).unwrap_err();
    assert!(matches!(down(error), Down::Transport(TransportError::Tls(_))));
    assert_eq!(secured.upgrades.load(Ordering::SeqCst), 1, "nothing was said to the untrusted one");
}

pub fn a_hundred_frames_in_one_tls_record_all_arrive(lane: Lane) {
    let secured = Secured::start(|conn| {
        conn.handshake();
        // 100 frames of some 60 bytes: one write, and less than the 16 KiB of a record.
        for seq in 1..=100 {
            conn.queue(&event("burst", seq, "{}"));
        }
        conn.flush();
        // And then silence: whoever waits for the socket again before everything is read waits for ever.
        conn.serve();
    });
    let client = lane.build(secured.trusting()).unwrap();
    let mut events = client.events("burst");
    client.connect().unwrap();
    for seq in 1..=100 {
        assert_eq!(events.item().seq, Some(seq));
    }
}

pub fn both_sides_with_much_to_say_over_tls_do_not_wait_for_each_other(lane: Lane) {
    let secured = Secured::start(talk_first);
    talk_too(&lane.build(secured.trusting()).unwrap());
}

pub fn the_peer_is_told_that_tls_ends(lane: Lane) {
    let (tx, rx) = channel();
    let secured = Secured::watched(
        |conn| {
            conn.handshake();
            conn.serve();
        },
        Some(tx),
    );
    let client = lane.connect(secured.trusting()).unwrap();
    client.shutdown();
    assert_eq!(rx.recv_timeout(PATIENCE), Ok(true), "close_notify");
}
