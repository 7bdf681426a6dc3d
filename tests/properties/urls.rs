//! Addresses: read twice they are the same, their keys are addresses too, and plaintext goes where the ranges say.

use std::net::{Ipv4Addr, Ipv6Addr};

use openclaw_proto::{GatewayKey, GatewayUrl, Plaintext, UrlError};
use proptest::option;
use proptest::prelude::*;

use crate::config;

/// The parts of an address.
#[derive(Clone, Debug)]
struct Parts {
    secure: bool,
    host: String,
    port: Option<u16>,
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9-]{0,8}[a-z0-9](\\.[a-z]{2,5}){0,2}",
        any::<[u8; 4]>().prop_map(|octets| Ipv4Addr::from(octets).to_string()),
        any::<u128>().prop_map(|bits| format!("[{}]", Ipv6Addr::from(bits))),
        Just("localhost".into()),
    ]
}

fn parts() -> impl Strategy<Value = Parts> {
    let path = "(/[a-zA-Z0-9._~-]{1,6}){0,3}/{0,2}";
    (any::<bool>(), host(), option::of(any::<u16>()), path, option::of("[a-z0-9=&/?é]{0,9}"), option::of("[a-z]{0,4}"))
        .prop_map(|(secure, host, port, path, query, fragment)| Parts { secure, host, port, path, query, fragment })
}

impl Parts {
    fn address(&self, http: bool) -> String {
        let scheme = match (self.secure, http) {
            (true, false) => "wss",
            (true, true) => "HTTPS",
            (false, false) => "ws",
            (false, true) => "Http",
        };
        let mut text = format!("{scheme}://{}", self.host);
        text.extend(self.port.map(|port| format!(":{port}")));
        text.push_str(&self.path);
        text.extend(self.query.as_ref().map(|query| format!("?{query}")));
        text.extend(self.fragment.as_ref().map(|fragment| format!("#{fragment}")));
        text
    }
}

fn read(text: &str) -> Result<GatewayUrl, UrlError> {
    GatewayUrl::parse(text, Plaintext::Anywhere)
}

/// The ranges of the policy, as numbers.
fn private(address: Ipv4Addr) -> bool {
    let ranges = [
        ("127.0.0.0", 8),
        ("10.0.0.0", 8),
        ("172.16.0.0", 12),
        ("192.168.0.0", 16),
        ("169.254.0.0", 16),
        ("100.64.0.0", 10),
    ];
    ranges.iter().any(|(network, bits)| {
        let network: Ipv4Addr = network.parse().unwrap();
        (u32::from(address) ^ u32::from(network)) >> (32 - bits) == 0
    })
}

/// The same for IPv6.
fn private_v6(address: Ipv6Addr) -> bool {
    let bits = u128::from(address);
    let ranges = [(0xfe80_u128 << 112, 10), (0xfc00 << 112, 7), (0xfec0 << 112, 10)];
    let mapped = bits >> 32 == 0xffff && private(Ipv4Addr::from((bits & 0xffff_ffff) as u32));
    bits == 1 || mapped || ranges.iter().any(|(network, length)| (bits ^ network) >> (128 - length) == 0)
}

/// Octets near the edges of the ranges as often as others.
fn octets() -> impl Strategy<Value = [u8; 4]> {
    let edge = || proptest::sample::select(&[0_u8, 9, 10, 11, 15, 16, 31, 32, 63, 64, 100, 127, 128, 168, 169][..]);
    let high = || proptest::sample::select(&[172_u8, 192, 254, 255][..]);
    let octet = || prop_oneof![edge(), high(), any::<u8>()];
    [octet(), octet(), octet(), octet()]
}

fn segments() -> impl Strategy<Value = u128> {
    let first = prop_oneof![
        proptest::sample::select(
            &[0_u128, 0xfe7f, 0xfe80, 0xfebf, 0xfec0, 0xfeff, 0xff00, 0xfbff, 0xfc00, 0xfdff, 0xfe00][..]
        ),
        0_u128..0x1_0000,
    ];
    let mapped = octets().prop_map(|octets| 0xffff_u128 << 32 | u128::from(u32::from_be_bytes(octets)));
    prop_oneof![(first, any::<u128>()).prop_map(|(first, rest)| first << 112 | rest >> 16), mapped, 0_u128..4,]
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn an_address_is_read_again_as_itself(parts in parts()) {
        let text = parts.address(false);
        let url = read(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let again = read(url.as_str()).unwrap();
        prop_assert_eq!(&again, &url);
        prop_assert_eq!(again.as_str(), url.as_str());
        prop_assert_eq!(read(&parts.address(true)).unwrap(), url.clone(), "http means ws");
        prop_assert_eq!(url.is_secure(), parts.secure);
        prop_assert_eq!(url.port(), parts.port.unwrap_or(if parts.secure { 443 } else { 80 }));
    }

    #[test]
    fn a_key_is_an_address_with_itself_as_key(parts in parts()) {
        let url = read(&parts.address(false)).unwrap();
        let key = GatewayKey::new(&url);
        let of_key = read(key.as_str()).unwrap();
        prop_assert_eq!(&GatewayKey::new(&of_key), &key);
        prop_assert_eq!((of_key.host(), of_key.port(), of_key.is_secure()), (url.host(), url.port(), url.is_secure()));
    }

    #[test]
    fn a_key_says_where_and_nothing_else(parts in parts(), other in parts()) {
        let key = |parts: &Parts| GatewayKey::new(&read(&parts.address(false)).unwrap());
        let bare = Parts { query: None, fragment: None, path: parts.path.trim_end_matches('/').into(), ..parts.clone() };
        prop_assert_eq!(key(&parts), key(&bare), "query, fragment and slashes at the end are not part of it");
        for changed in [
            Parts { secure: !parts.secure, ..parts.clone() },
            Parts { port: Some(read(&parts.address(false)).unwrap().port().wrapping_add(1)), ..parts.clone() },
            Parts { path: format!("/changed{}", parts.path), ..parts.clone() },
        ] {
            prop_assert_ne!(key(&parts), key(&changed));
        }
        let same_host = parts.host.eq_ignore_ascii_case(&other.host);
        prop_assert_eq!(key(&Parts { host: other.host, ..parts.clone() }) == key(&parts), same_host);
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_query(parts in parts(), secret in "[A-Z]{12}") {
        let url = read(&Parts { query: Some(format!("token={secret}")), ..parts }.address(false)).unwrap();
        prop_assert!(url.as_str().contains(&secret));
        let shown = format!("{url} {url:?} {}", GatewayKey::new(&url));
        prop_assert!(!shown.contains(&secret) && !shown.to_ascii_uppercase().contains(&secret), "{}", shown);
    }

    #[test]
    fn plaintext_goes_where_the_ranges_say(octets in octets(), bits in segments()) {
        let v4 = Ipv4Addr::from(octets);
        let allowed = |host: String| GatewayUrl::parse(&format!("ws://{host}/"), Plaintext::PrivateOnly).is_ok();
        prop_assert_eq!(allowed(v4.to_string()), private(v4), "{}", v4);
        prop_assert_eq!(allowed(u32::from(v4).to_string()), private(v4), "{} as a number", v4);
        let v6 = Ipv6Addr::from(bits);
        prop_assert_eq!(allowed(format!("[{v6}]")), private_v6(v6), "{}", v6);
        for policy in [Plaintext::Never, Plaintext::Anywhere] {
            let ok = GatewayUrl::parse(&format!("ws://{v4}"), policy).is_ok();
            prop_assert_eq!(ok, policy == Plaintext::Anywhere);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![any::<String>(), "(ws|wss|http)s?:/{0,3}[\\[\\]:@/?#%.a-f0-9é]{0,24}"]) {
        for policy in [Plaintext::PrivateOnly, Plaintext::Never, Plaintext::Anywhere] {
            if let Ok(url) = GatewayUrl::parse(&text, policy) {
                prop_assert_eq!(GatewayUrl::parse(url.as_str(), policy), Ok(url));
            }
        }
    }
}
