//! Name, TCP or tunnel, TLS and upgrade. Every wait just tries again: the driver asks at every wake-up.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, sync_channel};
use std::task::{Context, Poll};
use std::thread;

use mio::net::TcpStream;
use openclaw_client::TransportError;
use openclaw_client::dialing::{Tcp, connect, tls, tls_error};
use openclaw_client::nonblocking::Stream;
use openclaw_client::proto::DialPlan;
use openclaw_client::transport::DialOptions;
use openclaw_client::websocket::{transport_error, upgrade_request, websocket_config};
use tungstenite::HandshakeError;
use tungstenite::client::client_with_config;

use crate::reactor::Reactor;
use crate::socket::Socket;
use crate::watched::Watched;

pub(crate) async fn dial(
    reactor: Reactor,
    plan: DialPlan,
    options: Arc<DialOptions>,
) -> Result<Socket, TransportError> {
    let tcp = connect(&reactor, &plan, &options).await?;
    let stream = match tls(&plan, &options)? {
        None => Stream::plain(tcp),
        Some((config, name)) => {
            let mut stream = Stream::tls(tcp, name, config)?;
            retry(|| stream.handshake()).await.map_err(|e| tls_error(&e))?;
            stream
        }
    };
    let config = websocket_config(&plan, &options);
    let mut progress = client_with_config(upgrade_request(&plan, &options)?, stream, Some(config));
    loop {
        match progress {
            Ok((websocket, _response)) => return Socket::new(websocket),
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

/// Tries at every wake-up until it would block no more.
async fn retry<V>(mut attempt: impl FnMut() -> io::Result<V>) -> io::Result<V> {
    poll_fn(|_| poll(&mut attempt)).await
}

fn poll<V>(mut attempt: impl FnMut() -> io::Result<V>) -> Poll<io::Result<V>> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Poll::Pending,
            result => return Poll::Ready(result),
        }
    }
}

impl Tcp for Reactor {
    type Stream = Watched;

    /// On a thread of its own: the system's resolver blocks for as long as it likes, and whoever gives up on the dial leaves
    /// that thread behind.
    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![(address, port).into()]);
        }
        let (found, result) = sync_channel(1);
        let bell = self.waker().clone();
        thread::Builder::new().name("openclaw-resolve".into()).spawn(move || {
            // Nobody listens any more when the dial was given up.
            let _ = found.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
            bell.wake();
        })?;
        poll_fn(move |_| match result.try_recv() {
            Ok(addresses) => Poll::Ready(addresses),
            Err(TryRecvError::Empty) => Poll::Pending,
            Err(TryRecvError::Disconnected) => Poll::Ready(Err(io::Error::other("the resolver's thread has ended"))),
        })
        .await
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Watched> {
        let socket = Watched::new(TcpStream::connect(address)?, self.clone())?;
        let tcp = socket.tcp();
        retry(|| match (tcp.take_error()?, tcp.peer_addr()) {
            (Some(error), _) => Err(error),
            (None, Err(error)) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
            (None, peer) => peer,
        })
        .await?;
        Ok(socket)
    }

    fn ends(stream: &Watched) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((stream.tcp().local_addr()?, stream.tcp().peer_addr()?))
    }

    fn set_nodelay(stream: &Watched) -> io::Result<()> {
        stream.tcp().set_nodelay(true)
    }

    fn poll_read(stream: &mut Watched, _cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        poll(|| stream.read(buf))
    }

    fn poll_write(stream: &mut Watched, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll(|| stream.write(bytes))
    }
}
