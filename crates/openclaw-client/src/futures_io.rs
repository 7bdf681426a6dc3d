//! The dial of every runtime whose sockets have the traits of `futures-io`: TCP or tunnel, TLS and upgrade, step by step.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_tungstenite::tungstenite::protocol::Role;
use async_tungstenite::{WebSocketStream, client_async_with_config};
use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::TlsConnector;
use openclaw_proto::{DialPlan, TransportError};

use crate::dialing::{Tcp, connect, tls, tls_error};
use crate::park::at_once;
use crate::transport::{ByteCount, DialOptions};
use crate::websocket::{WebSocket, transport_error, upgrade_request, websocket_config};

/// The transport of these runtimes.
pub type Socket = WebSocket<WebSocketStream<Counted>>;

/// A TCP stream with or without TLS.
pub trait Stream: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Unpin> Stream for S {}

/// A stream that counts its bytes, so that a message that trickles in shows as life.
#[derive(Debug)]
pub struct Counted {
    stream: Box<dyn Stream>,
    secure: bool,
    count: ByteCount,
}

/// A transport over a runtime's TCP.
///
/// # Errors
/// Where a step fails.
pub async fn dial<T>(tcp: T, plan: DialPlan, options: Arc<DialOptions>) -> Result<Socket, TransportError>
where
    T: Tcp,
    T::Stream: Stream + 'static,
{
    let tcp = connect(&tcp, &plan, &options).await?;
    let secure = plan.url.is_secure();
    let stream: Box<dyn Stream> = match tls(&plan, &options)? {
        None => Box::new(tcp),
        Some((config, name)) => {
            Box::new(TlsConnector::from(config).connect(name, tcp).await.map_err(|e| tls_error(&e))?)
        }
    };
    let stream = Counted { stream, secure, count: ByteCount::default() };
    let (socket, _response) =
        client_async_with_config(upgrade_request(&plan, &options)?, stream, Some(websocket_config(&plan, &options)))
            .await
            .map_err(transport_error)?;
    Ok(WebSocket::new(socket, |socket| &socket.get_ref().count, renewed))
}

/// The same connection in a stream that has received nothing yet.
fn renewed(socket: WebSocketStream<Counted>) -> Option<WebSocketStream<Counted>> {
    let config = *socket.get_config();
    at_once(WebSocketStream::from_raw_socket(socket.into_inner(), Role::Client, Some(config)))
}

/// [`Tcp::poll_read`] of these sockets.
pub fn poll_read<S: AsyncRead + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    buf: &mut [u8],
) -> Poll<io::Result<usize>> {
    Pin::new(stream).poll_read(cx, buf)
}

/// [`Tcp::poll_write`] of these sockets.
pub fn poll_write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    bytes: &[u8],
) -> Poll<io::Result<usize>> {
    Pin::new(stream).poll_write(cx, bytes)
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(read)) = &result {
            self.count.read(buf.get(..*read).unwrap_or_default());
        }
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(written)) = &result {
            self.count.written(*written);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

impl Drop for Counted {
    /// Tells the peer that TLS ends, in one attempt: nobody waits for a connection that is given up.
    fn drop(&mut self) {
        if self.secure {
            let _ = Pin::new(&mut self.stream).poll_close(&mut Context::from_waker(Waker::noop()));
        }
    }
}
