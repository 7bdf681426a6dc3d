//! What tells the tokens of gateways apart.

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::url::GatewayUrl;

/// Which gateway: scheme, host, port and path of its address.
///
/// The query is left out, it may change from one connection to the next. Spellings of the same address are one key:
/// `https` is `wss`, `http` is `ws`, a missing port is the scheme's own, and a slash at the end of the path is none.
/// Everything else keeps gateways apart, even where two names may lead to one machine (`localhost` and `127.0.0.1`,
/// `g.example` and `g.example.`): a device that pairs twice is a nuisance, a token sent to the wrong gateway is a leak.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayKey(String);

impl GatewayKey {
    /// The key of the gateway at an address.
    #[must_use]
    pub fn new(url: &GatewayUrl) -> Self {
        let scheme = if url.is_secure() { "wss" } else { "ws" };
        let (host, port) = (url.host(), url.port());
        let after_scheme = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
        let address = after_scheme.split_once('?').map_or(after_scheme, |(address, _)| address);
        let path = address.split_once('/').map_or("", |(_, path)| path).trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        Self(if host.contains(':') {
            format!("{scheme}://[{host}]:{port}{slash}{path}")
        } else {
            format!("{scheme}://{host}:{port}{slash}{path}")
        })
    }

    /// The key as it is stored, for example `wss://gateway.example:443/team`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&GatewayUrl> for GatewayKey {
    fn from(url: &GatewayUrl) -> Self {
        Self::new(url)
    }
}

impl fmt::Display for GatewayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::url::Plaintext;

    fn key(address: &str) -> String {
        GatewayKey::new(&GatewayUrl::parse(address, Plaintext::Anywhere).unwrap()).to_string()
    }

    #[test]
    fn spellings_of_one_address_are_one_key() {
        for (expected, spellings) in [
            (
                "wss://g.example:443",
                &[
                    "wss://g.example",
                    "wss://g.example/",
                    "https://g.example",
                    "https://G.Example:443/",
                    "wss://g.example?token=a",
                    "wss://g.example/?x=/y#z",
                    " wss://g.example:443# ",
                    "wss://g.example/a/..",
                ][..],
            ),
            ("ws://g.example:80", &["ws://g.example", "http://g.example:80/", "http://g.example:0080"]),
            ("ws://127.0.0.1:18789", &["ws://127.0.0.1:18789", "http://2130706433:18789/", "ws://127.1:18789"]),
            ("ws://[::1]:18789", &["ws://[::1]:18789", "http://[0:0::0:1]:18789/?a=b"]),
            (
                "wss://g.example:443/a/b",
                &["wss://g.example/a/b", "https://g.example/a/b/", "https://g.example/a/c/../b?q=/"],
            ),
            ("wss://xn--bcher-kva.example:443", &["wss://bücher.example", "wss://BÜCHER.example/"]),
        ] {
            for spelling in spellings {
                assert_eq!(key(spelling), expected, "{spelling}");
            }
        }
    }

    #[test]
    fn other_gateways_are_other_keys() {
        let addresses = [
            "wss://g.example",
            "ws://g.example",
            "wss://g.example:80",
            "ws://g.example:443",
            "wss://g.example.",
            "wss://h.example",
            "wss://g.example/a",
            "wss://g.example/A",
            "wss://g.example/a/b",
            "wss://g.example/ab",
            "wss://g.example/a%2Fb",
            "ws://localhost:18789",
            "ws://127.0.0.1:18789",
            "ws://[::1]:18789",
            "ws://[::ffff:127.0.0.1]:18789",
        ];
        let keys: alloc::collections::BTreeSet<_> = addresses.iter().map(|address| key(address)).collect();
        assert_eq!(keys.len(), addresses.len(), "{keys:?}");
    }

    #[test]
    fn a_key_is_an_address_with_itself_as_key() {
        for address in ["wss://g.example/a/b/", "ws://[fe80::1]", "http://localhost:1/x?y"] {
            assert_eq!(key(&key(address)), key(address));
        }
    }
}
