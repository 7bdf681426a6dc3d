//! Where a proxy is, and the login it wants.

use std::borrow::Cow;
use std::fmt;

use data_encoding::BASE64;
use openclaw_proto::Secret;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    /// `user:password` as Basic has it, encoded.
    login: Option<Secret>,
}

/// Why a proxy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyUrlError {
    /// No URL. What it says is not repeated: a password may be in it.
    #[error("it is no URL: {0}")]
    Malformed(String),
    /// A kind of proxy that is not spoken.
    #[error("{0}:// proxies are not supported, only http:// ones")]
    Scheme(String),
    /// It names no host.
    #[error("it names no host")]
    NoHost,
    /// The gateway's address is without TLS, and the proxy is where plaintext must not go.
    #[error(
        "what is sent to a ws:// gateway crosses the way to the proxy {host:?} unencrypted: use wss://, leave this gateway \
         out, or allow plaintext to the proxy"
    )]
    PlaintextRefused {
        /// The proxy's host.
        host: String,
    },
}

impl Proxy {
    /// Reads `http://user:password@host:port`, in which everything but the host may be missing. The port is then 80.
    ///
    /// # Errors
    /// When it is no address, or that of another kind of proxy.
    pub fn parse(text: &str) -> Result<Self, ProxyUrlError> {
        let text = text.trim();
        let text = if text.contains("://") { Cow::Borrowed(text) } else { format!("http://{text}").into() };
        let url = Url::parse(&text).map_err(|e| ProxyUrlError::Malformed(e.to_string()))?;
        if url.scheme() != "http" {
            return Err(ProxyUrlError::Scheme(url.scheme().into()));
        }
        let host = match url.host().ok_or(ProxyUrlError::NoHost)? {
            Host::Domain(name) => name.into(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Ok(Self { host, port: url.port_or_known_default().unwrap_or(80), login: login(&url) })
    }

    /// The proxy's host; an IPv6 address is without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The proxy's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The credentials of HTTP's Basic scheme.
    pub(super) fn login(&self) -> Option<&Secret> {
        self.login.as_ref()
    }
}

fn login(url: &Url) -> Option<Secret> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut plain: Vec<u8> = percent_decode_str(url.username()).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(Secret::new(BASE64.encode(&plain)))
}

/// `host:port`, as `CONNECT` and `Host` have it.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Without the login.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", authority(&self.host, self.port))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("url", &self.to_string()).field("login", &self.login.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<String>) {
        let proxy = Proxy::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        (proxy.to_string(), proxy.login().map(|login| login.expose().to_owned()))
    }

    #[test]
    fn every_spelling_of_an_address() {
        for (text, url) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("http://proxy.example:3128/", "http://proxy.example:3128"),
            ("HTTP://Proxy.Example", "http://proxy.example:80"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            (" proxy.example ", "http://proxy.example:80"),
            ("10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(parsed(text), (url.into(), None), "{text}");
        }
    }

    #[test]
    fn a_login_is_decoded_and_encoded_for_basic() {
        for (text, plain) in [
            ("http://Aladdin:open%20sesame@p", "Aladdin:open sesame"),
            ("user@p:1", "user:"),
            ("user:a%3Ab%40c@p:1", "user:a:b@c"),
            ("http://:pw@p", ":pw"),
            ("http://u%C3%BC:p@p", "u\u{fc}:p"),
        ] {
            assert_eq!(parsed(text).1, Some(BASE64.encode(plain.as_bytes())), "{text}");
        }
        assert_eq!(parsed("http://Aladdin:open%20sesame@p").1.unwrap(), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn a_login_is_not_shown_by_proxies_and_errors() {
        let proxy = Proxy::parse("http://user:s3cr3t@p:1").unwrap();
        let shown = format!("{proxy} {proxy:?}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("user") && !shown.contains("dXNlc"), "{shown}");
        for bad in ["http://user:s3cr3t@", "http://user:s3cr3t@p:port", "socks5://user:s3cr3t@p:1"] {
            let error = Proxy::parse(bad).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
    }

    #[test]
    fn other_kinds_of_proxies_are_refused() {
        for scheme in ["https", "socks5", "socks5h", "socks4", "ftp"] {
            let error = Proxy::parse(&format!("{scheme}://p:1")).unwrap_err();
            assert_eq!(error, ProxyUrlError::Scheme(scheme.into()));
        }
        for text in ["", "http://", "http://p:99999", "p q", "http://[::1"] {
            assert!(matches!(Proxy::parse(text), Err(ProxyUrlError::Malformed(_))), "{text:?}");
        }
    }
}
