//! Name, TCP, TLS and upgrade. Every wait just tries again: the driver asks at every wake-up.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel};
use std::task::Poll;
use std::thread;

use mio::Token;
use mio::net::TcpStream;
use openclaw_client::TransportError;
use openclaw_client::nonblocking::Stream;
use openclaw_client::proto::DialPlan;
use openclaw_client::transport::DialOptions;
use openclaw_client::websocket::{transport_error, upgrade_request, websocket_config};
use tungstenite::HandshakeError;
use tungstenite::client::client_with_config;

use crate::reactor::Reactor;
use crate::socket::Socket;

pub(crate) async fn dial(
    reactor: Reactor,
    plan: DialPlan,
    options: Arc<DialOptions>,
) -> Result<Socket, TransportError> {
    let (tcp, token) = connect(&reactor, &plan).await?;
    let stream = if plan.url.is_secure() {
        let mut stream = Stream::tls(tcp, &plan.url.host(), options.tls.clone())?;
        retry(|| stream.handshake()).await.map_err(|e| TransportError::Tls(e.to_string()))?;
        stream
    } else {
        Stream::plain(tcp)
    };
    let config = websocket_config(&plan, &options);
    let mut progress = client_with_config(upgrade_request(&plan)?, stream, Some(config));
    loop {
        match progress {
            Ok((websocket, _response)) => return Socket::new(websocket, reactor, token),
            Err(HandshakeError::Failure(error)) => return Err(transport_error(error)),
            Err(HandshakeError::Interrupted(pending)) => {
                once_more().await;
                progress = pending.handshake();
            }
        }
    }
}

/// Until the next wake-up.
async fn once_more() {
    let mut waited = false;
    poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Tries until it would block no more.
async fn retry<V>(mut attempt: impl FnMut() -> io::Result<V>) -> io::Result<V> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => once_more().await,
            result => return result,
        }
    }
}

/// Resolves a name on a thread of its own: the system's resolver blocks for as long as it likes, and whoever gives up
/// on the dial leaves that thread behind.
async fn resolve(reactor: &Reactor, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let (found, result) = channel();
    let bell = reactor.waker();
    thread::Builder::new().name("openclaw-resolve".into()).spawn(move || {
        // Nobody listens any more when the dial was given up.
        let _ = found.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
        bell.wake();
    })?;
    loop {
        match result.try_recv() {
            Ok(addresses) => return addresses,
            Err(TryRecvError::Empty) => once_more().await,
            Err(TryRecvError::Disconnected) => return Err(io::Error::other("the resolver's thread has ended")),
        }
    }
}

async fn connect(reactor: &Reactor, plan: &DialPlan) -> Result<(TcpStream, Token), TransportError> {
    let host = plan.url.host();
    let addresses = resolve(reactor, host.clone(), plan.url.port())
        .await
        .map_err(|e| TransportError::Resolve { host: host.clone(), message: e.to_string() })?;
    let mut last = None;
    for address in addresses {
        match open(reactor, address).await {
            Ok(open) => return Ok(open),
            Err(error) => last = Some(format!("{address}: {error}")),
        }
    }
    Err(TransportError::Connect(last.unwrap_or_else(|| format!("{host} has no address"))))
}

async fn open(reactor: &Reactor, address: SocketAddr) -> io::Result<(TcpStream, Token)> {
    let mut tcp = TcpStream::connect(address)?;
    let token = reactor.register(&mut tcp)?;
    retry(|| match (tcp.take_error()?, tcp.peer_addr()) {
        (Some(error), _) => Err(error),
        (None, Err(error)) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
        (None, peer) => peer,
    })
    .await?;
    // Requests are small and somebody waits for each; a refusal of the option costs only latency.
    let _ = tcp.set_nodelay(true);
    Ok((tcp, token))
}
