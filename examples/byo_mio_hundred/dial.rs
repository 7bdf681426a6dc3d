//! Making a socket without waiting for it: TCP, then the upgrade, each in as many steps as the network takes.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use openclaw_examples::{Counted, Link, met_itself, transport_error, websocket_config};
use openclaw_proto::{ConnId, DialPlan, TransportError};
use tungstenite::ClientHandshake;
use tungstenite::handshake::{HandshakeError, MidHandshake};

/// A dial under way.
pub(crate) struct Dial {
    pub(crate) conn: ConnId,
    plan: DialPlan,
    stage: Stage,
}

enum Stage {
    Connecting(TcpStream),
    Upgrading(MidHandshake<ClientHandshake<Counted<TcpStream>>>),
}

/// How far a dial has come.
pub(crate) enum Step {
    /// It waits for its socket.
    Pending(Dial),
    Open(Link<TcpStream>),
}

impl Dial {
    pub(crate) fn start(
        conn: ConnId,
        plan: DialPlan,
        address: SocketAddr,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, TransportError> {
        if plan.url.is_secure() {
            return Err(TransportError::Tls("this example speaks ws: only".into()));
        }
        let failed = |error: io::Error| TransportError::Connect(format!("{address}: {error}"));
        let mut stream = TcpStream::connect(address).map_err(failed)?;
        // Until it is open there is always one of the two to wait for. Readiness comes in edges, so both may be asked for.
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE).map_err(failed)?;
        Ok(Self { conn, plan, stage: Stage::Connecting(stream) })
    }

    /// Goes as far as can be gone now.
    pub(crate) fn advance(self) -> Result<Step, TransportError> {
        let Self { conn, plan, stage } = self;
        let result = match stage {
            Stage::Connecting(stream) => {
                if !is_connected(&stream).map_err(|error| TransportError::Connect(error.to_string()))? {
                    return Ok(Step::Pending(Self { conn, plan, stage: Stage::Connecting(stream) }));
                }
                // Requests are small and somebody waits for each; a refusal of the option costs only latency.
                let _ = stream.set_nodelay(true);
                let config = websocket_config(&plan);
                tungstenite::client::client_with_config(plan.url.as_str(), Counted::new(stream), Some(config))
            }
            Stage::Upgrading(handshake) => handshake.handshake(),
        };
        match result {
            Ok((socket, _response)) => Ok(Step::Open(Link::new(conn, socket))),
            Err(HandshakeError::Interrupted(handshake)) => {
                Ok(Step::Pending(Self { conn, plan, stage: Stage::Upgrading(handshake) }))
            }
            Err(HandshakeError::Failure(error)) => Err(transport_error(error)),
        }
    }
}

/// A connect that does not block says how it went only when asked: first whether it failed, then whether there is a peer.
fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(peer) if met_itself(stream.local_addr(), Ok(peer)) => Err(ErrorKind::ConnectionRefused.into()),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
