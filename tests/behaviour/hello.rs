//! From nothing to ready.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use openclaw_client::State;
use openclaw_client::connect::Scope;
use openclaw_testkit::GatewayConfig;
use openclaw_tests::lane::{Lane, PATIENCE};
use openclaw_tests::{Conn, HELLO, Peer, challenge, event};

use crate::scene::{client_of, gateway, once, serving};

pub fn a_client_becomes_ready_and_knows_what_the_gateway_said(lane: Lane) {
    for (config, wire) in [(GatewayConfig::v4(), 4), (GatewayConfig::v3(), 3), (GatewayConfig::original(), 3)] {
        let server = gateway(config);
        let client = lane.build(client_of(&server)).unwrap();
        assert!(matches!(client.state(), State::Idle));
        let hello = client.connect().unwrap();
        assert_eq!(hello.protocol, wire);
        assert!(matches!(client.state(), State::Ready { .. }));
        assert_eq!(client.ready().unwrap().protocol, wire, "known from now on");
        client.shutdown();
    }
}

pub fn less_scope_than_asked_for_is_told(lane: Lane) {
    let (peer, _) = serving(lane);
    let client = lane.build(once(&peer).scopes([Scope::Read, Scope::Admin])).unwrap();
    let mut notices = client.notices();
    client.connect().unwrap();
    let notice = notices.item();
    assert!(format!("{notice:?}").contains("missing: [Admin]"), "{notice:?}");
}

pub fn the_upgrade_offers_no_compression_and_no_origin(lane: Lane) {
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        tx.lock().unwrap().send(conn.headers.clone()).unwrap();
        conn.handshake();
        conn.serve();
    });
    let _client = lane.connect(once(&peer)).unwrap();
    let headers = rx.recv_timeout(PATIENCE).unwrap();
    assert!(headers.iter().any(|(name, _)| name == "sec-websocket-key"));
    for absent in ["sec-websocket-extensions", "origin", "authorization", "cookie"] {
        assert!(!headers.iter().any(|(name, _)| name == absent), "{absent}");
    }
}

/// A WebSocket frame of a gateway's; `kind` has its opcode and whether it is the last of its message.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = match u8::try_from(len) {
        Ok(short @ 0..=125) => vec![kind, short],
        _ => [&[kind, 126], &u16::try_from(len).unwrap().to_be_bytes()[..]].concat(),
    };
    frame.extend_from_slice(payload);
    frame
}

const TEXT: u8 = 0x81;
const FIRST_PART: u8 = 0x01;
const LAST_PART: u8 = 0x80;
const PING: u8 = 0x89;

/// Has the client say its connect, and gives the answer to it.
fn answer(conn: &mut Conn) -> String {
    conn.text(&challenge("nonce-1"));
    let connect = conn.ask();
    format!(r#"{{"type":"res","id":"{}","ok":true,"payload":{HELLO}}}"#, connect.id)
}

pub fn what_comes_behind_the_hello_in_part_is_not_lost(lane: Lane) {
    let event = frame(TEXT, event("chat", 1, &format!(r#"{{"text":"{}"}}"#, "x".repeat(200))).as_bytes());
    for cut in [1, 2, 3, 4, 5, 100, event.len() - 1] {
        let event = event.clone();
        let peer = Peer::start(move |conn| {
            let (begin, rest) = event.split_at(cut);
            let hello = answer(conn);
            conn.bytes(&[&frame(TEXT, hello.as_bytes()), begin].concat());
            let asked = conn.ask();
            conn.bytes(rest);
            conn.reply(&asked, "1");
            conn.serve();
        });
        let client = lane.build(once(&peer)).unwrap();
        let mut events = client.events("chat");
        client.connect().unwrap();
        assert_eq!(client.request_raw("health", "{}").unwrap().unwrap().as_str(), "1", "{cut}");
        assert!(events.item().payload().is_some_and(|payload| payload.len() > 200), "{cut}");
        client.request_raw("health", "{}").unwrap();
    }
}

pub fn a_hello_may_come_in_parts_with_pings_between_them(lane: Lane) {
    let peer = Peer::start(|conn| {
        let hello = answer(conn);
        let (begin, rest) = hello.as_bytes().split_at(100);
        let parts = [frame(PING, b"1"), frame(FIRST_PART, begin), frame(PING, b"2"), frame(LAST_PART, rest)];
        parts.iter().for_each(|part| conn.bytes(part));
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    for _ in 0..3 {
        client.request_raw("health", "{}").unwrap();
    }
}
