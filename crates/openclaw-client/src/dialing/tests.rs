use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use openclaw_proto::{GatewayUrl, Plaintext};

use super::*;

/// A network in which a host name is the list of its addresses' last digits, and in which every stream says `answer`, byte
/// by byte, once it has been written to.
#[derive(Default)]
struct Fake {
    answer: &'static [u8],
    resolved: Mutex<Vec<String>>,
    wire: Arc<Mutex<Vec<u8>>>,
}

/// An address, what was written, and what is still to be read.
struct Wire(SocketAddr, Arc<Mutex<Vec<u8>>>, &'static [u8]);

impl Tcp for Fake {
    type Stream = Wire;

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner).push(host.clone());
        let digits = host.strip_suffix(".test").ok_or_else(|| io::Error::other("no such host"))?;
        Ok(digits.bytes().filter(u8::is_ascii_digit).map(|digit| at(digit - b'0', port)).collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Wire> {
        if address.ip().to_string().ends_with('1') {
            return Err(io::Error::other("refused"));
        }
        Ok(Wire(address, Arc::clone(&self.wire), self.answer))
    }

    fn ends(stream: &Wire) -> io::Result<(SocketAddr, SocketAddr)> {
        let local = if stream.0.ip().to_string().ends_with('2') { stream.0 } else { at(9, 1) };
        Ok((local, stream.0))
    }

    fn set_nodelay(_: &Wire) -> io::Result<()> {
        Err(io::Error::other("not this option"))
    }

    fn poll_read(stream: &mut Wire, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some((byte, rest)) = stream.2.split_first() else { return Poll::Ready(Ok(0)) };
        (buf[0], stream.2) = (*byte, rest);
        Poll::Ready(Ok(1))
    }

    fn poll_write(stream: &mut Wire, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let some = bytes.len().min(7);
        stream.1.lock().unwrap().extend_from_slice(&bytes[..some]);
        Poll::Ready(Ok(some))
    }
}

fn at(digit: u8, port: u16) -> SocketAddr {
    ([10, 0, 0, digit], port).into()
}

fn plan(url: &str) -> DialPlan {
    DialPlan::new(GatewayUrl::parse(url, Plaintext::Anywhere).unwrap(), 1024)
}

fn dial_over(fake: &Fake, url: &str, options: &DialOptions) -> Result<SocketAddr, TransportError> {
    match pin!(connect(fake, &plan(url), options)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map(|wire| wire.0),
        Poll::Pending => panic!("waits for nothing"),
    }
}

fn dial(host: &str) -> Result<SocketAddr, String> {
    let url = format!("ws://{host}:7");
    dial_over(&Fake::default(), &url, &DialOptions::default()).map_err(|error| error.to_string())
}

fn through(proxy: &str) -> DialOptions {
    DialOptions { proxy: Some(Proxy::parse(proxy).unwrap()), ..DialOptions::default() }
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
fn a_proxy_is_connected_to_in_the_gateway_s_place_and_resolves_its_name() {
    let fake = Fake { answer: b"HTTP/1.1 200 OK\r\n\r\n", ..Fake::default() };
    let reached = dial_over(&fake, "ws://gateway.invalid:7", &through("user:pw@proxy3.test:8")).unwrap();
    assert_eq!(reached, at(3, 8));
    assert_eq!(*fake.resolved.lock().unwrap(), ["proxy3.test"]);
    let request = String::from_utf8(fake.wire.lock().unwrap().clone()).unwrap();
    assert_eq!(
        request,
        "CONNECT gateway.invalid:7 HTTP/1.1\r\nHost: gateway.invalid:7\r\nProxy-Authorization: Basic dXNlcjpwdw==\r\n\r\n"
    );
}

#[test]
fn what_goes_wrong_at_a_proxy_is_said_of_the_proxy() {
    let failed = |answer, proxy: &str| {
        let fake = Fake { answer, ..Fake::default() };
        dial_over(&fake, "ws://gateway.invalid:7", &through(proxy)).unwrap_err().to_string()
    };
    assert_eq!(failed(b"", "proxy1.test:8"), "cannot connect: the proxy 10.0.0.1:8: refused");
    assert_eq!(failed(b"", "p.invalid:8"), "cannot resolve \"p.invalid\": no such host (it is the proxy)");
    assert_eq!(failed(b"", "proxy3.test:8"), "the proxy ended the connection without a full answer");
    assert_eq!(
        failed(b"HTTP/1.1 403 Forbidden\r\n\r\n", "proxy3.test:8"),
        "the proxy opens no tunnel: HTTP status 403 Forbidden"
    );
}

#[test]
fn tls_is_only_for_those_who_configured_it() {
    assert!(tls(&plan("ws://a.test"), &DialOptions::default()).unwrap().is_none());
    let error = tls(&plan("wss://a.test"), &DialOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("TLS is not configured"), "{error}");
}
