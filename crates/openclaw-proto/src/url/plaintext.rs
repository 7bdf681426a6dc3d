//! Whether a credential may travel to a host unencrypted.

use alloc::string::{String, ToString};
use core::net::{AddrParseError, Ipv4Addr, Ipv6Addr};

use ::url::Host;

use super::UrlError;

/// Which plaintext (`ws:`) endpoints may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Plaintext {
    /// Loopback, private and link-local addresses, `localhost`, and names under `.local` and `.ts.net`.
    #[default]
    PrivateOnly,
    /// None: TLS everywhere.
    Never,
    /// Any host. The credential crosses the network in clear, wherever the address points; naming the one host that is
    /// meant ([`GatewayUrl::parse_with`](super::GatewayUrl::parse_with)) says less than this.
    Anywhere,
}

/// Whether plaintext to `host` is allowed, by the policy or as an exception made for that very host.
///
/// # Errors
/// When an exception is no host.
pub(super) fn allowed<S: AsRef<str>>(host: &Host<&str>, policy: Plaintext, exceptions: &[S]) -> Result<bool, UrlError> {
    let by_policy = match policy {
        Plaintext::Never => false,
        Plaintext::Anywhere => true,
        Plaintext::PrivateOnly => match host {
            Host::Domain(name) => private_name(name),
            Host::Ipv4(address) => private_v4(*address),
            Host::Ipv6(address) => private_v6(*address),
        },
    };
    // Every exception is read even where none is needed: a slip in it shows at once and not when the address changes.
    let mut excepted = false;
    for exception in exceptions {
        excepted |= same_host(host, &parse_host(exception.as_ref())?);
    }
    Ok(by_policy || excepted)
}

/// A host by itself, read as it would be inside an address. An IPv6 address may come without its brackets.
fn parse_host(text: &str) -> Result<Host<String>, UrlError> {
    let text = text.trim();
    let host = text.parse().map(Host::Ipv6).or_else(|_: AddrParseError| Host::parse(text));
    host.ok().ok_or_else(|| UrlError::Exception(text.to_string()))
}

fn same_host(host: &Host<&str>, other: &Host<String>) -> bool {
    match (host, other) {
        (Host::Domain(a), Host::Domain(b)) => a.trim_end_matches('.') == b.trim_end_matches('.'),
        (Host::Ipv4(a), Host::Ipv4(b)) => a == b,
        (Host::Ipv6(a), Host::Ipv6(b)) => a == b,
        _ => false,
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
    use super::super::GatewayUrl;
    use super::*;

    /// What becomes of an address under the default policy.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Row {
        Tls,
        Private,
        Refused,
        /// No gateway's address under any policy.
        Never,
    }
    use Row::{Never, Private, Refused, Tls};

    const TABLE: &[(&str, Row)] = &[
        // TLS is always fine, wherever it goes.
        ("wss://gateway.example.com", Tls),
        ("https://gateway.example.com/path", Tls),
        ("WSS://Gateway.Example.com", Tls),
        ("wss://8.8.8.8:18789", Tls),
        ("wss://[2001:db8::1]", Tls),
        ("wss://0.0.0.0", Tls),
        // localhost, in any case and with trailing dots.
        ("ws://localhost:18789", Private),
        ("ws://LOCALHOST", Private),
        ("ws://LocalHost.", Private),
        ("ws://localhost..", Private),
        ("http://localhost", Private),
        ("ws://%6cocalhost", Private),
        // 127/8, in every spelling the parser knows.
        ("ws://127.0.0.0", Private),
        ("ws://127.0.0.1:18789", Private),
        ("ws://127.255.255.255", Private),
        ("ws://2130706433", Private),
        ("ws://0x7f.1", Private),
        ("ws://0177.0.0.1", Private),
        ("ws://127.1", Private),
        ("ws://１２７.0.0.1", Private),
        ("ws://126.255.255.255", Refused),
        ("ws://128.0.0.0", Refused),
        // 10/8, 172.16/12, 192.168/16.
        ("ws://10.0.0.0", Private),
        ("http://10.255.255.255", Private),
        ("ws://9.255.255.255", Refused),
        ("ws://11.0.0.0", Refused),
        ("ws://172.16.0.0", Private),
        ("ws://172.31.255.255", Private),
        ("ws://172.15.255.255", Refused),
        ("ws://172.32.0.0", Refused),
        ("ws://192.168.0.0", Private),
        ("ws://192.168.255.255", Private),
        ("ws://192.167.255.255", Refused),
        ("ws://192.169.0.0", Refused),
        // 169.254/16, 100.64/10.
        ("ws://169.254.0.0", Private),
        ("ws://169.254.255.255", Private),
        ("ws://169.253.255.255", Refused),
        ("ws://169.255.0.0", Refused),
        ("ws://100.64.0.0", Private),
        ("ws://100.127.255.255", Private),
        ("ws://100.63.255.255", Refused),
        ("ws://100.128.0.0", Refused),
        // ::1, fe80::/10, fc00::/7, fec0::/10.
        ("ws://[::1]:18789", Private),
        ("ws://[0:0:0:0:0:0:0:1]", Private),
        ("ws://[::2]", Refused),
        ("ws://[fe80::]", Private),
        ("ws://[febf:ffff::1]", Private),
        ("ws://[fe7f:ffff::1]", Refused),
        ("ws://[fc00::]", Private),
        ("ws://[fdff:ffff::1]", Private),
        ("ws://[fbff:ffff::1]", Refused),
        ("ws://[fe00::1]", Refused),
        ("ws://[fec0::]", Private),
        ("ws://[feff:ffff::1]", Private),
        ("ws://[ff02::1]", Refused),
        // IPv4-mapped forms, and what only looks like them.
        ("ws://[::ffff:127.0.0.1]", Private),
        ("ws://[::ffff:7f00:1]", Private),
        ("ws://[::ffff:10.1.2.3]", Private),
        ("ws://[::ffff:172.16.0.1]", Private),
        ("ws://[::ffff:192.168.1.1]", Private),
        ("ws://[::ffff:169.254.1.1]", Private),
        ("ws://[::ffff:100.64.0.1]", Private),
        ("ws://[::ffff:8.8.8.8]", Refused),
        ("ws://[::ffff:0.0.0.0]", Refused),
        ("ws://[::127.0.0.1]", Refused),
        ("ws://[64:ff9b::127.0.0.1]", Refused),
        // Names on the local link and of an overlay network.
        ("ws://printer.local", Private),
        ("ws://Printer.LOCAL.", Private),
        ("ws://host.tailnet.ts.net", Private),
        ("http://HOST.ts.NET.", Private),
        ("ws://local", Refused),
        ("ws://ts.net", Refused),
        ("ws://evil-ts.net", Refused),
        ("ws://mylocal", Refused),
        ("ws://printer.local.example.com", Refused),
        ("ws://host.ts.net.example.com", Refused),
        // Nowhere in particular.
        ("ws://0.0.0.0", Refused),
        ("ws://0", Refused),
        ("ws://[::]", Refused),
        // Public addresses, and every other name.
        ("ws://8.8.8.8", Refused),
        ("ws://255.255.255.255", Refused),
        ("ws://[2001:db8::1]", Refused),
        ("ws://gateway.example.com", Refused),
        ("http://gateway.example.com", Refused),
        ("ws://host.docker.internal:18789", Refused),
        ("ws://gateway", Refused),
        ("ws://sub.localhost", Refused),
        ("ws://localhost.example.com", Refused),
        ("ws://127.0.0.1.example.com", Refused),
        // Other schemes, and what is no address at all.
        ("ftp://localhost", Never),
        ("file:///tmp/gateway", Never),
        ("unix:/run/gateway", Never),
        ("ws+unix://localhost", Never),
        ("openclaw://localhost", Never),
        ("127.0.0.1:18789", Never),
        ("localhost:18789", Never),
        ("//localhost", Never),
        ("ws://", Never),
        ("ws://[::1", Never),
        ("ws://[fe80::1%25eth0]", Never),
        ("ws://256.0.0.1", Never),
        ("ws://local host", Never),
        ("", Never),
    ];

    #[test]
    fn every_row_under_every_policy() {
        for (text, row) in TABLE {
            let under = |policy| GatewayUrl::parse(text, policy);
            let verdict = match under(Plaintext::PrivateOnly) {
                Ok(url) if url.is_secure() => Tls,
                Ok(_) => Private,
                Err(UrlError::PlaintextRefused { .. }) => Refused,
                Err(_) => Never,
            };
            assert_eq!(verdict, *row, "{text}");
            assert_eq!(under(Plaintext::Never).is_ok(), *row == Tls, "{text}");
            assert_eq!(under(Plaintext::Anywhere).is_ok(), *row != Never, "{text}");
        }
    }

    #[test]
    fn an_exception_is_for_the_host_it_names_and_for_no_other() {
        let with = |text: &str, policy, exceptions: &[&str]| GatewayUrl::parse_with(text, policy, exceptions).is_ok();
        let private = Plaintext::PrivateOnly;
        for (text, exception) in [
            ("ws://host.docker.internal:18789", "host.docker.internal"),
            ("ws://host.docker.internal", " HOST.Docker.Internal. "),
            ("ws://gateway.example.com.", "gateway.example.com"),
            ("ws://8.8.8.8", "8.8.8.8"),
            ("ws://134744072", "8.8.8.8"),
            ("ws://[2001:db8::1]", "2001:db8::1"),
            ("ws://[2001:db8::1]", "[2001:DB8:0::1]"),
            ("ws://0.0.0.0", "0.0.0.0"),
        ] {
            assert!(!with(text, private, &[]), "{text}");
            assert!(with(text, private, &[exception]), "{text} {exception}");
            assert!(with(text, Plaintext::Never, &["other.example", exception]), "{text} {exception}");
        }
        for (text, exception) in [
            ("ws://evil.example", "host.docker.internal"),
            ("ws://sub.host.docker.internal", "host.docker.internal"),
            ("ws://docker.internal", "host.docker.internal"),
            ("ws://8.8.8.9", "8.8.8.8"),
            ("ws://[::ffff:8.8.8.8]", "8.8.8.8"),
            ("ftp://gateway.example.com", "gateway.example.com"),
        ] {
            assert!(!with(text, private, &[exception]), "{text} {exception}");
        }
    }

    #[test]
    fn what_is_no_host_is_no_exception() {
        for slip in ["", "http://gateway.example.com", "gateway.example.com:80", "a b", "[::1"] {
            for address in ["wss://gateway.example.com", "ws://localhost"] {
                let error = GatewayUrl::parse_with(address, Plaintext::PrivateOnly, &["fine.example", slip]);
                assert_eq!(error, Err(UrlError::Exception(slip.into())), "{slip}");
            }
        }
    }
}
