//! Asking a proxy for a tunnel, without IO.

use std::fmt;
use std::time::Duration;

use httparse::{EMPTY_HEADER, Error, Response, Status};
use openclaw_proto::{ProxyError, ProxyRefusal};

use super::address::{Proxy, authority};

/// More than the head of any answer that means well.
const MAX_HEAD: usize = 16 * 1024;
/// Headers of an answer.
const MAX_HEADERS: usize = 100;

/// One exchange with a proxy: bytes to write, then bytes that were read, until the tunnel is open.
///
/// ```
/// use openclaw_client::proxy::{Proxy, Tunnel};
///
/// let proxy = Proxy::parse("http://127.0.0.1:3128")?;
/// let mut tunnel = Tunnel::new(&proxy, "gateway.example", 443);
/// assert!(tunnel.outgoing().starts_with(b"CONNECT gateway.example:443 HTTP/1.1\r\n"));
/// tunnel.written(tunnel.outgoing().len());
/// assert!(!tunnel.received(b"HTTP/1.1 200 Connection est")?, "not all of it");
/// assert!(tunnel.received(b"ablished\r\n\r\n")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tunnel {
    request: Vec<u8>,
    written: usize,
    head: Vec<u8>,
}

impl Tunnel {
    /// A tunnel to `host`, which the proxy resolves; an IPv6 address is without brackets.
    #[must_use]
    pub fn new(proxy: &Proxy, host: &str, port: u16) -> Self {
        let target = authority(host, port);
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(login) = proxy.login() {
            request.push_str("Proxy-Authorization: Basic ");
            request.push_str(login.expose());
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        Self { request: request.into_bytes(), written: 0, head: Vec::new() }
    }

    /// What is still to be written; empty when the answer can be read.
    #[must_use]
    pub fn outgoing(&self) -> &[u8] {
        self.request.get(self.written..).unwrap_or_default()
    }

    /// So many of those bytes were written.
    pub fn written(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes);
    }

    /// Bytes were read. Says whether the tunnel is open; until then more are to be read. No bytes at all mean that the proxy
    /// has ended the connection.
    ///
    /// # Errors
    /// When the proxy refuses, or says what cannot be understood. The connection is of no use then.
    pub fn received(&mut self, bytes: &[u8]) -> Result<bool, ProxyError> {
        if bytes.is_empty() {
            return Err(ProxyError::Ended);
        }
        self.head.extend_from_slice(bytes);
        loop {
            match self.parse()? {
                Parsed::Partial if self.head.len() > MAX_HEAD => return Err(ProxyError::TooLarge { limit: MAX_HEAD }),
                Parsed::Partial => return Ok(false),
                // An interim answer; the real one follows.
                Parsed::Complete { size, refusal } if (100..200).contains(&refusal.status) && refusal.status != 101 => {
                    self.head.drain(..size);
                }
                Parsed::Complete { size, refusal } if (200..300).contains(&refusal.status) => {
                    // Whoever is behind the proxy has been told nothing yet, so these bytes are from nobody we know.
                    if self.head.len() > size {
                        return Err(ProxyError::Malformed("more came than the answer".into()));
                    }
                    return Ok(true);
                }
                Parsed::Complete { refusal, .. } => return Err(ProxyError::Refused(refusal)),
            }
        }
    }

    fn parse(&self) -> Result<Parsed, ProxyError> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut response = Response::new(&mut headers);
        let size = match response.parse(&self.head) {
            Ok(Status::Partial) => return Ok(Parsed::Partial),
            Ok(Status::Complete(size)) => size,
            Err(Error::TooManyHeaders) => return Err(ProxyError::Malformed("too many headers".into())),
            Err(error) => return Err(ProxyError::Malformed(format!("it is no HTTP ({error})"))),
        };
        let mut refusal = ProxyRefusal::new(response.code.unwrap_or_default());
        refusal.reason = response.reason.unwrap_or_default().into();
        let values = |wanted: &'static str| {
            let named = response.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(wanted));
            named.filter_map(|header| std::str::from_utf8(header.value).ok())
        };
        let schemes: Vec<&str> =
            values("proxy-authenticate").filter_map(|value| value.split_whitespace().next()).collect();
        if !schemes.is_empty() {
            refusal.schemes = Some(schemes.join(", "));
        }
        refusal.retry_after =
            values("retry-after").next().and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
        Ok(Parsed::Complete { size, refusal })
    }
}

/// How far an answer has come; a success is put as a refusal with a pleasant status.
enum Parsed {
    Partial,
    Complete { size: usize, refusal: ProxyRefusal },
}

/// The request holds the login.
impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel")
            .field("outgoing_bytes", &self.outgoing().len())
            .field("received_bytes", &self.head.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "HTTP/1.1 200 Connection established\r\nVia: 1.1 p\r\n\r\n";

    fn tunnel() -> Tunnel {
        Tunnel::new(&Proxy::parse("p:1").unwrap(), "gateway.example", 443)
    }

    fn answered(answer: &[u8]) -> Result<bool, ProxyError> {
        tunnel().received(answer)
    }

    fn refusal(answer: &str) -> ProxyRefusal {
        match answered(answer.as_bytes()) {
            Err(ProxyError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_request_names_the_gateway_and_carries_the_login() {
        let request = |proxy: &str, host: &str| {
            let tunnel = Tunnel::new(&Proxy::parse(proxy).unwrap(), host, 18_789);
            String::from_utf8(tunnel.outgoing().to_vec()).unwrap()
        };
        assert_eq!(
            request("p:1", "gateway.example"),
            "CONNECT gateway.example:18789 HTTP/1.1\r\nHost: gateway.example:18789\r\n\r\n"
        );
        assert_eq!(
            request("Aladdin:open%20sesame@p:1", "2001:db8::1"),
            "CONNECT [2001:db8::1]:18789 HTTP/1.1\r\nHost: [2001:db8::1]:18789\r\n\
             Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
        );
    }

    #[test]
    fn a_request_may_leave_in_pieces() {
        let mut tunnel = tunnel();
        let all = tunnel.outgoing().to_vec();
        let mut sent = Vec::new();
        while let Some(byte) = tunnel.outgoing().first() {
            sent.push(*byte);
            tunnel.written(1);
        }
        assert_eq!(sent, all);
        tunnel.written(usize::MAX);
        assert!(tunnel.outgoing().is_empty());
    }

    #[test]
    fn every_success_opens_the_tunnel() {
        for answer in [
            OPEN,
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 204 No Content\n\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            assert_eq!(answered(answer.as_bytes()), Ok(true), "{answer}");
        }
    }

    #[test]
    fn an_answer_may_come_byte_by_byte() {
        let mut tunnel = tunnel();
        let (last, before) = OPEN.as_bytes().split_last().unwrap();
        for byte in before {
            assert_eq!(tunnel.received(&[*byte]), Ok(false));
        }
        assert_eq!(tunnel.received(&[*last]), Ok(true));
    }

    #[test]
    fn a_refusal_tells_what_it_says() {
        let login = refusal(
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\
             proxy-authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nno!",
        );
        assert_eq!((login.status, login.reason.as_str()), (407, "Proxy Authentication Required"));
        assert_eq!(login.schemes.as_deref(), Some("Negotiate, Basic"));
        let busy = refusal("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n");
        assert_eq!((busy.status, busy.retry_after), (503, Some(Duration::from_secs(7))));
        for status in [101, 301, 302, 400, 403, 404, 502, 504, 999] {
            assert_eq!(refusal(&format!("HTTP/1.1 {status} x\r\n\r\n")).status, status);
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for answer in
            ["SSH-2.0-OpenSSH\r\n", "\x15\x03\x01\x00\x02\x02F", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n"]
        {
            assert!(matches!(answered(answer.as_bytes()), Err(ProxyError::Malformed(_))), "{answer:?}");
        }
        let extra = format!("{OPEN}HTTP/1.1 101 Switching Protocols\r\n\r\n");
        assert!(matches!(answered(extra.as_bytes()), Err(ProxyError::Malformed(_))));
        let headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        assert!(matches!(answered(headers.as_bytes()), Err(ProxyError::Malformed(_))));
        assert_eq!(answered(b""), Err(ProxyError::Ended));
        let mut cut = tunnel();
        assert_eq!(cut.received(b"HTTP/1.1 2"), Ok(false));
        assert_eq!(cut.received(b""), Err(ProxyError::Ended));
    }

    #[test]
    fn an_endless_head_is_not_read_to_its_end() {
        let mut tunnel = tunnel();
        assert_eq!(tunnel.received(b"HTTP/1.1 200 OK\r\nx: "), Ok(false));
        let mut fed = 0;
        let error = loop {
            match tunnel.received(&[b'x'; 1000]) {
                Ok(open) => assert!(!open),
                Err(error) => break error,
            }
            fed += 1000;
            assert!(fed < 100_000);
        };
        assert_eq!(error, ProxyError::TooLarge { limit: MAX_HEAD });
    }

    #[test]
    fn a_login_is_not_shown() {
        let tunnel = Tunnel::new(&Proxy::parse("user:s3cr3t@p").unwrap(), "g", 1);
        let shown = format!("{tunnel:?}");
        assert!(!shown.contains("dXNl") && !shown.contains("s3cr3t"), "{shown}");
    }
}
