//! How a connection comes in: counted, and out of its encryption.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::traffic::{Counted, Counters, count};

/// A connection's stream, whatever it is made of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What all connections come through.
#[derive(Debug, Default)]
pub(crate) struct Door {
    pub(crate) counters: Counters,
    #[cfg(feature = "tls")]
    pub(crate) secured: Option<super::tls::Secured>,
}

impl Door {
    /// Lets a connection in; none if it does not get through its TLS handshake.
    pub(crate) async fn open(self: &Arc<Self>, tcp: TcpStream) -> Option<Box<dyn Stream>> {
        count(&self.counters.connections);
        let stream = Counted::new(tcp, &self.counters.bytes);
        #[cfg(feature = "tls")]
        if let Some(secured) = &self.secured {
            let stream = secured.acceptor.accept(stream).await.ok()?;
            count(&self.counters.handshakes);
            return Some(Box::new(Counted::new(stream, &self.counters.plain_bytes)));
        }
        Some(Box::new(Counted::new(stream, &self.counters.plain_bytes)))
    }
}
