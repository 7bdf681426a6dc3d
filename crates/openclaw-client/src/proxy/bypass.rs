//! `NO_PROXY`: hosts that are reached directly.

use std::net::IpAddr;

/// Whether `list` names the host. Its entries, with commas or spaces between, are names (that stand for what lies below them
/// too, with or without a dot or `*.` before them), addresses, networks (`10.0.0.0/8`), each with a port or without, or `*`.
pub(super) fn names(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| covers(entry, &host, port))
}

fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let (name, only) = split_port(entry);
    if only.is_some_and(|only| only != port) {
        return false;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return covers_address(name, address.to_canonical());
    }
    let name = name.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
    let below = host.strip_suffix(&name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.is_empty() && below
}

/// `host:port`, `[address]:port`, or either without a port. A bare IPv6 address has colons but no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn covers_address(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let (Ok(network), Some(bits)) = (network.parse::<IpAddr>(), bits) else { return false };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            same(network.to_bits().into(), address.to_bits().into(), 32, bits)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128, bits),
        _ => false,
    }
}

/// Whether the first `bits` of two addresses of `width` bits are the same.
fn same(a: u128, b: u128, width: u32, bits: u32) -> bool {
    (a ^ b).checked_shr(width - bits.min(width)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_stand_for_what_lies_below_them() {
        for (list, host, expected) in [
            ("example.com", "example.com", true),
            ("example.com", "a.b.example.com", true),
            ("example.com", "notexample.com", false),
            ("example.com", "example.com.evil", false),
            (".example.com", "example.com", true),
            (".example.com", "a.example.com", true),
            ("*.example.com", "a.example.com", true),
            ("EXAMPLE.com.", "a.example.com", true),
            ("example.com", "a.example.com.", true),
            ("a.com, b.com", "b.com", true),
            ("a.com b.com", "b.com", true),
            ("a.com,,", "b.com", false),
            ("*", "anything", true),
            ("*", "10.0.0.1", true),
            ("a.com,*", "b.com", true),
            ("", "example.com", false),
            (".", "example.com", false),
            ("*.", "example.com", false),
            ("com", "example.com", true),
        ] {
            assert_eq!(names(list, host, 443), expected, "{list:?} {host}");
        }
    }

    #[test]
    fn a_port_narrows_an_entry() {
        for (list, host, expected) in [
            ("example.com:443", "example.com", true),
            ("example.com:80", "example.com", false),
            ("10.0.0.1:443", "10.0.0.1", true),
            ("10.0.0.1:80", "10.0.0.1", false),
            ("[2001:db8::1]:443", "2001:db8::1", true),
            ("[2001:db8::1]:80", "2001:db8::1", false),
            ("example.com:x", "example.com", false),
        ] {
            assert_eq!(names(list, host, 443), expected, "{list:?} {host}");
        }
    }

    #[test]
    fn addresses_and_networks() {
        for (list, host, expected) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.10", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.1.0/25", "192.168.1.127", true),
            ("192.168.1.0/25", "192.168.1.128", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("10.0.0.1/32", "10.0.0.1", true),
            ("10.0.0.1/99", "10.0.0.2", false),
            ("10.0.0.0/x", "10.0.0.0", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("[2001:DB8::1]", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:1::9", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("::/0", "10.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("10.0.0.0/8", "10.example.com", false),
            ("0.1", "10.0.0.1", false),
        ] {
            assert_eq!(names(list, host, 443), expected, "{list:?} {host}");
        }
    }
}
