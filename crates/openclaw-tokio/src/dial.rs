//! TCP, TLS and upgrade, step by step, each with its own kind of failure.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use openclaw_client::TransportError;
use openclaw_client::proto::DialPlan;
use openclaw_client::rustls::pki_types::ServerName;
use openclaw_client::transport::{ByteCount, DialOptions};
use openclaw_client::websocket::{WebSocket, transport_error, upgrade_request, websocket_config};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

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
    plan: DialPlan,
    options: Arc<DialOptions>,
) -> Result<WebSocket<WebSocketStream<Counted<Stream>>>, TransportError> {
    let tcp = connect(&plan).await?;
    let stream = if plan.url.is_secure() { secure(tcp, &plan, &options).await? } else { Stream::Plain(tcp) };
    let count = ByteCount::default();
    let stream = Counted::new(stream, count.clone());
    let (socket, _response) =
        client_async_with_config(upgrade_request(&plan)?, stream, Some(websocket_config(&plan, &options)))
            .await
            .map_err(transport_error)?;
    Ok(WebSocket::new(socket, count))
}

async fn connect(plan: &DialPlan) -> Result<TcpStream, TransportError> {
    let host = plan.url.host();
    let addresses = tokio::net::lookup_host((host.as_str(), plan.url.port()))
        .await
        .map_err(|e| TransportError::Resolve { host: host.clone(), message: e.to_string() })?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            // A dial to a local port that nobody listens on, and that lies where the system takes its own ports from, can
            // meet itself half-way. It is no gateway, and it keeps the real one from taking its port again.
            Ok(stream) if met_itself(&stream) => last = Some(format!("{address}: nobody listens there")),
            Ok(stream) => {
                // Requests are small and somebody waits for each; a refusal of the option costs only latency.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(format!("{address}: {error}")),
        }
    }
    Err(TransportError::Connect(last.unwrap_or_else(|| format!("{host} has no address"))))
}

fn met_itself(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(peer)) if local == peer)
}

async fn secure(tcp: TcpStream, plan: &DialPlan, options: &DialOptions) -> Result<Stream, TransportError> {
    let config = options.tls.clone().ok_or_else(|| TransportError::Tls("TLS is not configured".into()))?;
    let name = ServerName::try_from(plan.url.host()).map_err(|e| TransportError::Tls(e.to_string()))?;
    let stream = TlsConnector::from(config).connect(name, tcp).await.map_err(|e| TransportError::Tls(e.to_string()))?;
    Ok(Stream::Tls(Box::new(stream)))
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
    use tokio::net::{TcpListener, TcpSocket};

    #[tokio::test]
    async fn a_socket_that_is_its_own_peer_is_told_from_one_with_a_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(!met_itself(&TcpStream::connect(address).await.unwrap()));
        drop(listener);

        // What a dial to a closed port comes upon when the system happens to give it that port as its own.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let itself = socket.local_addr().unwrap();
        assert!(met_itself(&socket.connect(itself).await.unwrap()));
    }
}
