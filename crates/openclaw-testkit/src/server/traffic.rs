//! What has come over the port.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What has come over a server's port since its start.
///
/// A client that is careful with its credentials sends no HTTP request, and so none of [`plain_bytes`](Self::plain_bytes),
/// before it knows whom it talks to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// TCP connections.
    pub connections: u64,
    /// Bytes.
    pub bytes: u64,
    /// TLS handshakes that were completed; none without TLS.
    pub handshakes: u64,
    /// Bytes out of their encryption; without TLS, all of them.
    pub plain_bytes: u64,
    /// HTTP requests: upgrades and others.
    pub requests: u64,
}

/// The same while it is being counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) bytes: Arc<AtomicU64>,
    pub(crate) handshakes: AtomicU64,
    pub(crate) plain_bytes: Arc<AtomicU64>,
    pub(crate) requests: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Traffic {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            connections: value(&self.connections),
            bytes: value(&self.bytes),
            handshakes: value(&self.handshakes),
            plain_bytes: value(&self.plain_bytes),
            requests: value(&self.requests),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A stream whose received bytes are counted.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    counter: Arc<AtomicU64>,
}

impl<S> Counted<S> {
    pub(crate) fn new(stream: S, counter: &Arc<AtomicU64>) -> Self {
        Self { stream, counter: Arc::clone(counter) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let received = buf.filled().len().saturating_sub(before);
        this.counter.fetch_add(u64::try_from(received).unwrap_or(u64::MAX), Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
