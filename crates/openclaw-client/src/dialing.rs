//! The steps of a dial that are the same on every runtime, each with its own kind of failure.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use openclaw_proto::{DialPlan, TransportError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::transport::DialOptions;

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
}

/// A connection to the first of the plan's addresses that takes one.
///
/// # Errors
/// When the host has no address, or none of them answers; then the last one's error is told.
pub async fn connect<T: Tcp>(tcp: &T, plan: &DialPlan) -> Result<T::Stream, TransportError> {
    let host = plan.url.host();
    let addresses = match tcp.resolve(host.clone(), plan.url.port()).await {
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
    let name = ServerName::try_from(plan.url.host()).map_err(|e| tls_error(&e))?;
    Ok(Some((config, name)))
}

/// What TLS failed with, in the core's terms.
#[must_use]
pub fn tls_error(error: &impl ToString) -> TransportError {
    TransportError::Tls(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use openclaw_proto::{GatewayUrl, Plaintext};

    use super::*;

    /// A network in which a host name is the list of its addresses' last digits.
    struct Fake;

    impl Tcp for Fake {
        type Stream = SocketAddr;

        async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
            let digits = host.strip_suffix(".test").ok_or_else(|| io::Error::other("no such host"))?;
            Ok(digits.bytes().filter(u8::is_ascii_digit).map(|digit| at(digit - b'0', port)).collect())
        }

        async fn connect(&self, address: SocketAddr) -> io::Result<SocketAddr> {
            if address.ip().to_string().ends_with('1') { Err(io::Error::other("refused")) } else { Ok(address) }
        }

        fn ends(stream: &SocketAddr) -> io::Result<(SocketAddr, SocketAddr)> {
            let local = if stream.ip().to_string().ends_with('2') { *stream } else { at(9, 1) };
            Ok((local, *stream))
        }

        fn set_nodelay(_: &SocketAddr) -> io::Result<()> {
            Err(io::Error::other("not this option"))
        }
    }

    fn at(digit: u8, port: u16) -> SocketAddr {
        ([10, 0, 0, digit], port).into()
    }

    fn plan(url: &str) -> DialPlan {
        DialPlan::new(GatewayUrl::parse(url, Plaintext::Anywhere).unwrap(), 1024)
    }

    fn dial(host: &str) -> Result<SocketAddr, String> {
        let plan = plan(&format!("ws://{host}:7"));
        match pin!(connect(&Fake, &plan)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result.map_err(|error| error.to_string()),
            Poll::Pending => panic!("waits for nothing"),
        }
    }

    #[test]
    fn the_first_address_that_answers_is_taken() {
        assert_eq!(dial("x1234.test"), Ok(at(3, 7)));
    }

    #[test]
    fn the_last_address_says_why_none_was_taken() {
        assert_eq!(dial("x21.test").unwrap_err(), "cannot connect: 10.0.0.1:7: refused");
        assert_eq!(dial("x12.test").unwrap_err(), "cannot connect: 10.0.0.2:7: nobody listens there");
        assert_eq!(dial("x.test").unwrap_err(), "cannot connect: x.test has no address");
        assert_eq!(dial("x.invalid").unwrap_err(), "cannot resolve \"x.invalid\": no such host");
    }

    #[test]
    fn tls_is_only_for_those_who_configured_it() {
        assert!(tls(&plan("ws://a.test"), &DialOptions::default()).unwrap().is_none());
        let error = tls(&plan("wss://a.test"), &DialOptions::default()).unwrap_err();
        assert!(error.to_string().ends_with("TLS is not configured"), "{error}");
    }
}
