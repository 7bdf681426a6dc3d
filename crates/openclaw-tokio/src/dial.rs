//! TCP or tunnel, TLS and upgrade, step by step, each with its own kind of failure.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use openclaw_client::TransportError;
use openclaw_client::dialing::{Tcp, connect, tls, tls_error};
use openclaw_client::park::at_once;
use openclaw_client::proto::DialPlan;
use openclaw_client::transport::DialOptions;
use openclaw_client::websocket::{WebSocket, transport_error, upgrade_request, websocket_config};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Tokio;
use crate::counted::Counted;

/// A TCP stream with or without TLS.
#[derive(Debug)]
pub enum Stream {
    /// Without.
    Plain(TcpStream),
    /// With.
    Tls(Box<TlsStream<TcpStream>>),
}

pub(crate) async fn dial(
    tokio: Tokio,
    plan: DialPlan,
    options: Arc<DialOptions>,
) -> Result<WebSocket<Socket>, TransportError> {
    let tcp = connect(&tokio, &plan, &options).await?;
    let stream = match tls(&plan, &options)? {
        None => Stream::Plain(tcp),
        Some((config, name)) => {
            let secured = TlsConnector::from(config).connect(name, tcp).await.map_err(|e| tls_error(&e))?;
            Stream::Tls(Box::new(secured))
        }
    };
    let stream = Counted::new(stream);
    let (socket, _response) =
        client_async_with_config(upgrade_request(&plan, &options)?, stream, Some(websocket_config(&plan, &options)))
            .await
            .map_err(transport_error)?;
    Ok(WebSocket::new(socket, |socket| socket.get_ref().count(), renewed))
}

type Socket = WebSocketStream<Counted<Stream>>;

/// The same connection in a stream that has received nothing yet.
fn renewed(socket: Socket) -> Option<Socket> {
    let config = *socket.get_config();
    at_once(WebSocketStream::from_raw_socket(socket.into_inner(), Role::Client, Some(config)))
}

impl Tcp for Tokio {
    type Stream = TcpStream;

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }

    fn ends(stream: &TcpStream) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((stream.local_addr()?, stream.peer_addr()?))
    }

    fn set_nodelay(stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)
    }

    fn poll_read(stream: &mut TcpStream, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        Pin::new(stream).poll_read(cx, &mut buf).map_ok(|()| buf.filled().len())
    }

    fn poll_write(stream: &mut TcpStream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_write(cx, bytes)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl Drop for Stream {
    /// Tells the peer that TLS ends, in one attempt: nobody waits for a connection that is given up.
    fn drop(&mut self) {
        if let Self::Tls(stream) = self {
            let _ = Pin::new(stream).poll_shutdown(&mut Context::from_waker(Waker::noop()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openclaw_client::dialing::met_itself;
    use tokio::net::{TcpListener, TcpSocket};

    #[tokio::test]
    async fn a_socket_that_is_its_own_peer_is_told_from_one_with_a_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(!met_itself::<Tokio>(&TcpStream::connect(address).await.unwrap()));
        drop(listener);

        // What a dial to a closed port comes upon when the system happens to give it that port as its own.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let itself = socket.local_addr().unwrap();
        assert!(met_itself::<Tokio>(&socket.connect(itself).await.unwrap()));
    }
}
