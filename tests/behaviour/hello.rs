//! From nothing to ready.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use openclaw_client::State;
use openclaw_client::connect::Scope;
use openclaw_testkit::GatewayConfig;
use openclaw_tests::Peer;
use openclaw_tests::lane::{Lane, PATIENCE};

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
