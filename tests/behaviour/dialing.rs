//! Not getting there.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use openclaw_client::{BuildError, Down, TransportError};
use openclaw_tests::Peer;
use openclaw_tests::lane::{Lane, builder};

use crate::scene::{down, once};

pub fn a_refused_upgrade_keeps_status_headers_and_body(lane: Lane) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 34\r\n\r\nToo many unauthenticated sockets\r\n";
    let peer = Peer::raw(|mut tcp| {
        let _ = tcp.read(&mut [0; 4096]);
        let _ = tcp.write_all(ANSWER);
    });
    match down(lane.connect(once(&peer)).unwrap_err()) {
        Down::Transport(TransportError::UpgradeRefused(refused)) => {
            assert_eq!((refused.status, refused.header("retry-after")), (503, Some("7")));
            assert_eq!(refused.body.trim(), "Too many unauthenticated sockets");
        }
        other => panic!("{other:?}"),
    }
}

pub fn each_way_of_not_connecting_has_its_own_error(lane: Lane) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = lane.connect(builder(format!("ws://127.0.0.1:{free}")).no_reconnect()).unwrap_err();
    assert!(matches!(down(refused), Down::Transport(TransportError::Connect(_))));
    let unresolved = lane.connect(builder("ws://no-such-host.local:1").no_reconnect()).unwrap_err();
    assert!(matches!(down(unresolved), Down::Transport(TransportError::Resolve { .. })));
    let garbage = Peer::raw(|mut tcp| {
        let _ = tcp.write_all(b"SSH-2.0-OpenSSH\r\n\r\n");
        while matches!(tcp.read(&mut [0; 4096]), Ok(1..)) {}
    });
    let error = lane.connect(once(&garbage)).unwrap_err();
    assert!(matches!(down(error), Down::Transport(TransportError::Protocol(_))));
}

/// A port whose queue of connections is full, so that the system answers nobody who knocks.
struct BlackHole {
    listener: socket2::Socket,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    fn new() -> Self {
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            queued.push(stream);
            assert!(queued.len() < 100, "the queue is never full");
        }
        Self { listener, _queued: queued }
    }

    fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap().as_socket().unwrap())
    }
}

pub fn a_black_hole_is_given_up_after_the_time_for_dialing(lane: Lane) {
    let hole = BlackHole::new();
    let impatient = builder(hole.url()).no_reconnect().timeouts(|t| t.dial = Duration::from_millis(100));
    assert!(matches!(down(lane.connect(impatient).unwrap_err()), Down::DialTimeout));
    // And shutting down does not wait for it.
    let patient = lane.build(builder(hole.url()).timeouts(|t| t.dial = Duration::from_secs(3_000))).unwrap();
    patient.start();
    patient.shutdown();
}

pub fn no_byte_leaves_for_an_address_the_plaintext_policy_refuses(lane: Lane) {
    // Port 9 of a documentation address: were a connection attempted, the test would hang instead of failing at once.
    let error = lane.build(builder("ws://203.0.113.7:9").token("secret")).unwrap_err();
    assert!(matches!(error, BuildError::Url(_)));
    assert!(!format!("{error} {error:?}").contains("secret"));
}
