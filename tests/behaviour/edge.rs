//! What stands before a gateway: what it wants to hear, and where it sends one.

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use openclaw_client::{BuildError, Down, HeaderError, TransportError};
use openclaw_tests::Peer;
use openclaw_tests::lane::{Lane, PATIENCE};

use crate::scene::{down, once, serving};
use crate::secured::Secured;

pub fn edge_headers_arrive_under_tls(lane: Lane) {
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let secured = Secured::start(move |conn| {
        tx.lock().unwrap().send(conn.headers.clone()).unwrap();
        conn.handshake();
        conn.serve();
    });
    let builder = secured.trusting().header("CF-Access-Client-Id", "id.access").header("Cookie", "a=1");
    let builder = builder.header("x-twice", "1").header("X-Twice", "2").origin("https://control.example");
    assert!(!format!("{builder:?}").contains("id.access"), "values are secrets");
    lane.connect(builder).unwrap().shutdown();
    let headers = rx.recv_timeout(PATIENCE).unwrap();
    let values = |wanted: &str| -> Vec<&str> {
        headers.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(values("cf-access-client-id"), ["id.access"]);
    assert_eq!(values("cookie"), ["a=1"]);
    assert_eq!(values("x-twice"), ["1", "2"]);
    assert_eq!(values("origin"), ["https://control.example"]);
    assert_eq!(values("upgrade"), ["websocket"]);
}

pub fn edge_headers_are_refused_where_everybody_could_read_them(lane: Lane) {
    let (peer, client) = serving(lane);
    client.shutdown();
    let error = lane.build(once(&peer).header("CF-Access-Client-Secret", "s3cr3t")).unwrap_err();
    assert!(matches!(&error, BuildError::Header(HeaderError::Plaintext(_))), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    let error = lane.build(once(&peer).header("Host", "elsewhere.example")).unwrap_err();
    assert!(matches!(&error, BuildError::Header(HeaderError::Reserved(_))), "{error:?}");
    assert_eq!(peer.accepted(), 1);
    // An origin is no secret.
    lane.connect(once(&peer).origin("https://control.example")).unwrap().shutdown();
}

pub fn a_redirect_is_told_and_not_followed(lane: Lane) {
    let (target, client) = serving(lane);
    client.shutdown();
    let location = format!("http://127.0.0.1:{}/", target.port());
    for status in [301, 302, 307, 308] {
        let answer = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let peer = Peer::raw(move |mut tcp| {
            let _ = tcp.read(&mut [0; 4096]);
            let _ = tcp.write_all(answer.as_bytes());
        });
        match down(lane.connect(once(&peer)).unwrap_err()) {
            Down::Transport(TransportError::UpgradeRefused(refused)) => {
                assert_eq!((refused.status, refused.header("location")), (status, Some(location.as_str())));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(target.accepted(), 1);
}
