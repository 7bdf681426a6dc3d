//! The steps of a dial that are the same on every runtime, each with its own kind of failure.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use openclaw_proto::{DialPlan, ProxyError, TransportError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::proxy::{Proxy, Tunnel};
use crate::transport::DialOptions;
pub use crate::trust::tls_error;

/// A runtime's TCP.
pub trait Tcp: Sync {
    /// An open connection. Dropping it closes it.
    type Stream: Send;

    /// The addresses of a host, best first.
    fn resolve(&self, host: String, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// Connects to an address. Dropping the future gives the connection up.
    fn connect(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Both ends of a connection: ours, the peer's.
    ///
    /// # Errors
    /// When the operating system does not know them.
    fn ends(stream: &Self::Stream) -> io::Result<(SocketAddr, SocketAddr)>;

    /// Has every write leave at once.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn set_nodelay(stream: &Self::Stream) -> io::Result<()>;

    /// Reads some bytes; none at the end.
    fn poll_read(stream: &mut Self::Stream, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some bytes.
    fn poll_write(stream: &mut Self::Stream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
}

/// A connection to the plan's gateway, direct or through a proxy.
///
/// # Errors
/// When the gateway, or the proxy, cannot be connected to, and when the proxy opens no tunnel.
pub async fn connect<T: Tcp>(tcp: &T, plan: &DialPlan, options: &DialOptions) -> Result<T::Stream, TransportError> {
    let Some(proxy) = &options.proxy else {
        return reach(tcp, plan.url.host(), plan.url.port()).await;
    };
    let mut stream = match reach(tcp, proxy.host().into(), proxy.port()).await {
        Ok(stream) => stream,
        Err(error) => return Err(at_proxy(error)),
    };
    tunnel::<T>(&mut stream, proxy, plan).await?;
    Ok(stream)
}

/// Says of an error that it is not about the gateway.
fn at_proxy(error: TransportError) -> TransportError {
    match error {
        TransportError::Connect(message) => TransportError::Connect(format!("the proxy {message}")),
        TransportError::Resolve { host, message } => {
            TransportError::Resolve { host, message: format!("{message} (it is the proxy)") }
        }
        other => other,
    }
}

/// Has a proxy open a tunnel to the plan's gateway.
async fn tunnel<T: Tcp>(stream: &mut T::Stream, proxy: &Proxy, plan: &DialPlan) -> Result<(), TransportError> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            TransportError::Proxy(ProxyError::Ended)
        }
        _ => TransportError::Io(format!("the proxy: {error}")),
    };
    let mut tunnel = Tunnel::new(proxy, &plan.url.host(), plan.url.port());
    while !tunnel.outgoing().is_empty() {
        let written = poll_fn(|cx| T::poll_write(stream, cx, tunnel.outgoing())).await.map_err(failed)?;
        if written == 0 {
            return Err(TransportError::Proxy(ProxyError::Ended));
        }
        tunnel.written(written);
    }
    let mut buf = [0; 1024];
    loop {
        let read = poll_fn(|cx| T::poll_read(stream, cx, &mut buf)).await.map_err(failed)?;
        if tunnel.received(buf.get(..read).unwrap_or_default()).map_err(TransportError::Proxy)? {
            return Ok(());
        }
    }
}

/// A connection to the first of the host's addresses that takes one.
async fn reach<T: Tcp>(tcp: &T, host: String, port: u16) -> Result<T::Stream, TransportError> {
    let addresses = match tcp.resolve(host.clone(), port).await {
        Ok(addresses) => addresses,
        Err(error) => return Err(TransportError::Resolve { host, message: error.to_string() }),
    };
    let mut last = None;
    for address in addresses {
        match tcp.connect(address).await {
            // A dial to a local port that nobody listens on, and that lies where the system takes its own ports from, can
            // meet itself half-way. It is no gateway, and it keeps the real one from taking its port again.
            Ok(stream) if met_itself::<T>(&stream) => last = Some(format!("{address}: nobody listens there")),
            Ok(stream) => {
                // Requests are small and somebody waits for each; a refusal of the option costs only latency.
                let _ = T::set_nodelay(&stream);
                return Ok(stream);
            }
            Err(error) => last = Some(format!("{address}: {error}")),
        }
    }
    Err(TransportError::Connect(last.unwrap_or_else(|| format!("{host} has no address"))))
}

/// Whether a connection is its own peer.
pub fn met_itself<T: Tcp>(stream: &T::Stream) -> bool {
    matches!(T::ends(stream), Ok((local, peer)) if local == peer)
}

/// What a TLS handshake needs, where the plan wants one.
///
/// # Errors
/// When TLS is not configured, or no certificate can be for that host.
pub fn tls(
    plan: &DialPlan,
    options: &DialOptions,
) -> Result<Option<(Arc<ClientConfig>, ServerName<'static>)>, TransportError> {
    if !plan.url.is_secure() {
        return Ok(None);
    }
    let config = options.tls.clone().ok_or_else(|| TransportError::Tls("TLS is not configured".into()))?;
    let name = ServerName::try_from(plan.url.host()).map_err(|e| TransportError::Tls(e.to_string()))?;
    Ok(Some((config, name)))
}

#[cfg(test)]
mod tests;
