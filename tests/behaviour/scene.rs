//! What scenarios begin with.

use std::time::Duration;

use openclaw_client::{BackoffConfig, Builder, ConnectError, Down, Jitter, StartError};
use openclaw_testkit::{GatewayConfig, Server};
use openclaw_tests::Peer;
use openclaw_tests::lane::{Client, Lane, background};

/// A client for a peer; its first connection is its last.
pub fn once(peer: &Peer) -> Builder<()> {
    steady(peer).no_reconnect()
}

/// A client for a peer that reconnects quickly.
pub fn steady(peer: &Peer) -> Builder<()> {
    openclaw_tests::lane::builder(peer.url()).token("test-token").backoff(|b| {
        b.base = Duration::from_millis(10);
        b.max = Duration::from_millis(100);
    })
}

/// A backoff that no test sees the end of.
pub fn forever(backoff: &mut BackoffConfig) {
    backoff.base = Duration::from_secs(3_000);
    backoff.max = backoff.base;
    backoff.jitter = Jitter::None;
}

/// A client connected to a peer that answers everything.
pub fn serving(lane: Lane) -> (Peer, Client) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let client = lane.connect(once(&peer)).expect("connects");
    (peer, client)
}

/// An embedded gateway.
pub fn gateway(config: GatewayConfig) -> Server {
    background().block_on(Server::start(config)).expect("a port")
}

/// A client for an embedded gateway that reconnects quickly.
pub fn client_of(server: &Server) -> Builder<()> {
    openclaw_tests::lane::builder(server.url()).token(server.token()).backoff(|b| {
        b.base = Duration::from_millis(10);
        b.max = Duration::from_millis(100);
    })
}

/// Why a client did not connect.
pub fn down(error: StartError) -> Down {
    match error {
        StartError::Connect(ConnectError::Down(down)) => (*down).clone(),
        other => panic!("{other:?}"),
    }
}
