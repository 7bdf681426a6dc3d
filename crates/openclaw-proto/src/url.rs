//! Where the gateway is, and whether a credential may travel there.

mod plaintext;

use alloc::string::{String, ToString};
use core::fmt;

use ::url::{Host, Url};

pub use plaintext::Plaintext;

/// A gateway's address that passed the plaintext policy.
///
/// `http` and `https` spellings mean `ws` and `wss`. `Debug` and `Display` leave the query out: some deployments put
/// secrets there.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewayUrl {
    url: Url,
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not a URL.
    #[error("not a URL: {0}")]
    Malformed(String),
    /// Neither `ws`, `wss`, `http` nor `https`.
    #[error("unsupported scheme {0:?}: use ws:// or wss://")]
    Scheme(String),
    /// User name or password inside the URL.
    #[error("the URL carries a user name or password; give the credential separately")]
    UserInfo,
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// The policy forbids plaintext to that host.
    #[error("refusing to send credentials unencrypted to {host:?}: use wss://, or allow plaintext explicitly")]
    PlaintextRefused {
        /// The host.
        host: String,
    },
    /// A host that plaintext was explicitly allowed to is none.
    #[error("{0:?} is no host name or address: plaintext is allowed to a host alone, without scheme and port")]
    Exception(String),
}

impl GatewayUrl {
    /// Parses an address (by the WHATWG rules, so `2130706433` is 127.0.0.1) and applies the policy.
    ///
    /// # Errors
    /// When it is no gateway address or plaintext to its host is refused.
    pub fn parse(text: &str, plaintext: Plaintext) -> Result<Self, UrlError> {
        Self::parse_with::<&str>(text, plaintext, &[])
    }

    /// The same with exceptions: plaintext is allowed to the named hosts too, whatever the policy says. Each names one host,
    /// not what lies below it.
    ///
    /// # Errors
    /// See [`parse`](Self::parse); also when an exception is no host.
    pub fn parse_with<S: AsRef<str>>(text: &str, plaintext: Plaintext, exceptions: &[S]) -> Result<Self, UrlError> {
        let mut url = Url::parse(text.trim()).map_err(|e| UrlError::Malformed(e.to_string()))?;
        let secure = match url.scheme() {
            "wss" | "https" => true,
            "ws" | "http" => false,
            other => return Err(UrlError::Scheme(other.into())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::UserInfo);
        }
        let host = url.host().ok_or(UrlError::NoHost)?;
        let allowed = plaintext::allowed(&host, plaintext, exceptions)?;
        if !secure && !allowed {
            return Err(UrlError::PlaintextRefused { host: host.to_string() });
        }
        // All four are special schemes with the same rules, so this cannot fail.
        let _ = url.set_scheme(if secure { "wss" } else { "ws" });
        url.set_fragment(None);
        Ok(Self { url })
    }

    /// Whether the connection uses TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "wss"
    }

    /// The host as a socket or a certificate check wants it: an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(name)) => name.into(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    /// The port, the scheme's own where none is given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_else(|| if self.is_secure() { 443 } else { 80 })
    }

    /// The whole address with its query, for the upgrade request.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.url.host().is_some_and(|host| match host {
            Host::Domain(name) => name.trim_end_matches('.') == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
        })
    }
}

impl fmt::Display for GatewayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if shown.query().is_some() {
            shown.set_query(Some("redacted"));
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for GatewayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatewayUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_explicit_opt_in_lifts_the_policy_and_nothing_else() {
        assert!(GatewayUrl::parse("ws://host.docker.internal:18789", Plaintext::Anywhere).is_ok());
        for (text, error) in [
            ("ftp://localhost", UrlError::Scheme("ftp".into())),
            ("ws://user@localhost", UrlError::UserInfo),
            ("ws://user:pw@localhost", UrlError::UserInfo),
        ] {
            assert_eq!(GatewayUrl::parse(text, Plaintext::Anywhere), Err(error), "{text}");
        }
        for text in ["", "localhost:18789", "ws://", "ws:// "] {
            assert!(GatewayUrl::parse(text, Plaintext::Anywhere).is_err(), "{text}");
        }
    }

    #[test]
    fn a_query_reaches_the_gateway_but_no_log() {
        let url = GatewayUrl::parse("https://g.example/x?token=s3cret#frag", Plaintext::Never).unwrap();
        assert_eq!(url.as_str(), "wss://g.example/x?token=s3cret");
        let shown = format!("{url} {url:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!((url.host().as_str(), url.port()), ("g.example", 443));
    }

    #[test]
    fn an_ipv6_host_has_no_brackets_for_the_socket() {
        let url = GatewayUrl::parse("ws://[::1]:9", Plaintext::PrivateOnly).unwrap();
        assert_eq!((url.host().as_str(), url.port(), url.is_loopback()), ("::1", 9, true));
    }
}
