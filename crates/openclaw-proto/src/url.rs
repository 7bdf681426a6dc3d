//! Where the gateway is, and whether a credential may travel there.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Which plaintext (`ws:`) endpoints may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Plaintext {
    /// Loopback, private and link-local addresses, `localhost`, and names under `.local` and `.ts.net`.
    #[default]
    PrivateOnly,
    /// None: TLS everywhere.
    Never,
    /// Any host. The credential crosses the network in clear; meant for tunnels the caller vouches for.
    Anywhere,
}

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
}

impl GatewayUrl {
    /// Parses an address (by the WHATWG rules, so `2130706433` is 127.0.0.1) and applies the policy.
    ///
    /// # Errors
    /// When it is no gateway address or plaintext to its host is refused.
    pub fn parse(text: &str, plaintext: Plaintext) -> Result<Self, UrlError> {
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
        if !secure && !plaintext_allowed(&host, plaintext) {
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

fn plaintext_allowed(host: &Host<&str>, policy: Plaintext) -> bool {
    match policy {
        Plaintext::Never => false,
        Plaintext::Anywhere => true,
        Plaintext::PrivateOnly => match host {
            Host::Domain(name) => private_name(name),
            Host::Ipv4(address) => private_v4(*address),
            Host::Ipv6(address) => private_v6(*address),
        },
    }
}

/// The parser has lower-cased the name already. A name below `localhost` is up to the resolver and not safe.
fn private_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost"
        || [".local", ".ts.net"].iter().any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| !rest.is_empty()))
}

/// 127/8, 10/8, 172.16/12, 192.168/16, 169.254/16 (link-local) and 100.64/10 (carrier-grade NAT, used by
/// overlay networks).
fn private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_loopback() || address.is_private() || address.is_link_local() || (a == 100 && (64..128).contains(&b))
}

/// `::1`, `fe80::/10`, `fc00::/7`, `fec0::/10` (site-local, deprecated but private), and mapped private v4.
fn private_v6(address: Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    address.is_loopback()
        || (first & 0xffc0) == 0xfe80
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfec0
        || address.to_ipv4_mapped().is_some_and(private_v4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// Every row of the policy: address, allowed by default.
    const TABLE: &[(&str, bool)] = &[
        ("wss://gateway.example.com", true),
        ("https://gateway.example.com/path", true),
        ("wss://8.8.8.8:18789", true),
        ("ws://localhost:18789", true),
        ("ws://LOCALHOST", true),
        ("ws://localhost.", true),
        ("ws://localhost..", true),
        ("http://localhost", true),
        ("ws://127.0.0.1:18789", true),
        ("ws://127.255.255.254", true),
        ("ws://2130706433", true),
        ("ws://0x7f.1", true),
        ("ws://10.0.0.1", true),
        ("ws://172.16.0.1", true),
        ("ws://172.31.255.255", true),
        ("ws://192.168.1.1", true),
        ("ws://169.254.10.1", true),
        ("ws://100.64.0.1", true),
        ("ws://100.127.255.255", true),
        ("ws://[::1]:18789", true),
        ("ws://[fe80::1]", true),
        ("ws://[febf::1]", true),
        ("ws://[fc00::1]", true),
        ("ws://[fdff::1]", true),
        ("ws://[fec0::1]", true),
        ("ws://[::ffff:192.168.1.1]", true),
        ("ws://[::ffff:127.0.0.1]", true),
        ("ws://printer.local", true),
        ("ws://printer.local.", true),
        ("ws://host.tailnet.ts.net", true),
        ("ws://0.0.0.0", false),
        ("ws://[::]", false),
        ("ws://8.8.8.8", false),
        ("ws://172.15.0.1", false),
        ("ws://172.32.0.1", false),
        ("ws://192.169.0.1", false),
        ("ws://100.63.255.255", false),
        ("ws://100.128.0.1", false),
        ("ws://[2001:db8::1]", false),
        ("ws://[::ffff:8.8.8.8]", false),
        ("ws://[fe00::1]", false),
        ("ws://gateway.example.com", false),
        ("http://gateway.example.com", false),
        ("ws://host.docker.internal:18789", false),
        ("ws://sub.localhost", false),
        ("ws://localhost.example.com", false),
        ("ws://local", false),
        ("ws://.local", false),
        ("ws://ts.net", false),
        ("ws://evil-ts.net", false),
        ("ws://127.0.0.1.example.com", false),
    ];

    #[test]
    fn plaintext_policy_table() {
        for (text, allowed) in TABLE {
            let verdict = GatewayUrl::parse(text, Plaintext::PrivateOnly);
            match (&verdict, allowed) {
                (Ok(_), true) => {}
                (Err(UrlError::PlaintextRefused { .. } | UrlError::Malformed(_)), false) => {}
                other => panic!("{text}: {other:?}"),
            }
            let secure = text.starts_with("wss") || text.starts_with("https");
            assert_eq!(GatewayUrl::parse(text, Plaintext::Never).is_ok(), secure, "{text}");
        }
    }

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
