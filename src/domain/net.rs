//! IP addresses: read, brought to one form, taken through trusted proxies only, and shortened.

use super::FieldError;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address as servers and proxies write it.
///
/// A port, the brackets around IPv6 and an IPv6 zone id are stripped: none of them says who it is.
///
/// # Errors
/// `invalid_ip`; never repeats the text, which is personal data (C-582/14).
pub fn parse_ip(text: &str) -> Result<IpAddr, FieldError> {
    parse(text.trim())
        .map(canonical)
        .ok_or_else(|| FieldError::new("invalid_ip", "must be an IPv4 or IPv6 address of at most 100 characters"))
}

fn parse(text: &str) -> Option<IpAddr> {
    // An address has at most 45 characters; the rest is for brackets, a zone and a port.
    if text.len() > 100 {
        return None;
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (inside, behind) = bracketed.split_once(']')?;
        let sound = behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port);
        return if sound { v6(inside) } else { None };
    }
    if let Some((address, port)) = text.split_once(':')
        && let Ok(address) = address.parse::<Ipv4Addr>()
    {
        return is_port(port).then_some(address.into());
    }
    text.parse::<Ipv4Addr>().ok().map(IpAddr::from).or_else(|| v6(text))
}

fn v6(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((address, _)) => address,
        None => text,
    };
    address.parse::<Ipv6Addr>().ok().map(IpAddr::from)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// The one form of an address: an IPv4 address mapped into IPv6 (`::ffff:0:0/96`) as IPv4.
#[must_use]
pub fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Who sent a request, judged from the connection and the `X-Forwarded-For` headers in their order.
///
/// Only what a trusted proxy has written is believed: from the connection's `peer` backwards, each
/// trusted address vouches for the entry to its left, and the first untrusted one is the client. An
/// entry that cannot be read ends the walk at the last good hop; where all are trusted, the leftmost is
/// the client. So nothing that a client writes into the header itself can matter.
#[must_use]
pub fn client(peer: IpAddr, forwarded_for: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip));
    let mut hop = canonical(peer);
    let mut entries = forwarded_for.iter().rev().flat_map(|value| value.rsplit(','));
    while is_trusted(hop) {
        match entries.next().map(parse_ip) {
            Some(Ok(previous)) => hop = previous,
            Some(Err(_)) | None => break,
        }
    }
    hop
}

/// The network that an address is shortened to when the whole is no longer needed: /24 or /48.
///
/// As a network, so that host bits cannot come back; still personal data beside a time and a person
/// (REQUIREMENTS L-86).
#[must_use]
pub fn truncated(ip: IpAddr) -> IpNet {
    // A refused prefix cannot happen; were it to, the default network holds no bit of the address.
    match canonical(ip) {
        IpAddr::V4(ip) => Ipv4Net::new(ip, 24).unwrap_or_default().trunc().into(),
        IpAddr::V6(ip) => Ipv6Net::new(ip, 48).unwrap_or_default().trunc().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies() -> Vec<IpNet> {
        ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|net| net.parse().unwrap()).to_vec()
    }

    #[test]
    fn read_as_servers_write_them() {
        for (text, address) in [
            ("192.0.2.77", "192.0.2.77"),
            (" 192.0.2.77:65535 ", "192.0.2.77"),
            ("::ffff:192.0.2.77", "192.0.2.77"),
            ("[::ffff:192.0.2.77]:80", "192.0.2.77"),
            ("2001:DB8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:1", "fe80::1"),
            ("::1:80", "::1:80"),
        ] {
            assert_eq!(parse_ip(text), Ok(ip(address)), "{text}");
        }
        let long = format!("fe80::1%{}", "a".repeat(93));
        for text in [
            "",
            "unknown",
            "192.0.2",
            "192.0.2.077",
            "192.0.2.77:",
            "192.0.2.77:+80",
            "192.0.2.77:65536",
            "192.0.2.77%eth0",
            "[192.0.2.77]",
            "[::1",
            "[::1]80",
            "[::1]:",
            "::1]",
            "fe80::1%",
            "192.0.2.77/24",
            long.as_str(),
        ] {
            assert_eq!(parse_ip(text).unwrap_err().code, "invalid_ip", "{text}");
        }
    }

    #[test]
    fn the_client_is_the_first_one_no_proxy_vouches_for() {
        let trusted = proxies();
        for (peer, headers, expected) in [
            ("198.51.100.1", &["203.0.113.7"][..], "198.51.100.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.7:5000,10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.7", "[2001:db8:ffff::2]:80, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["10.0.0.4,10.0.0.3", "10.0.0.2"], "10.0.0.4"),
            ("10.0.0.1", &["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["1.1.1.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1", ""], "10.0.0.1"),
        ] {
            assert_eq!(client(ip(peer), headers, &trusted), ip(expected), "{headers:?}");
        }
    }

    #[test]
    fn shortened() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2::1", "2001:db8:1::/48"),
        ] {
            assert_eq!(truncated(ip(address)).to_string(), network);
        }
    }

    proptest! {
        #[test]
        fn forged_headers_of_a_stranger_never_matter(peer in any::<IpAddr>(), forged in "[0-9a-f:., ]{0,80}") {
            let peer = canonical(peer);
            prop_assume!(!proxies().iter().any(|net| net.contains(&peer)));
            prop_assert_eq!(client(peer, &[&forged], &proxies()), peer);
        }

        #[test]
        fn what_the_client_prepends_never_changes_the_result(
            real in any::<IpAddr>(), hops in 0..4_u8, forged in "(([0-9]{1,3}\\.){3}[0-9]{1,3}|10\\.0\\.0\\.[0-9]|\\PC{0,9}|,){0,6}", joined: bool,
        ) {
            let real = canonical(real);
            prop_assume!(!proxies().iter().any(|net| net.contains(&real)));
            let mut written = real.to_string();
            for hop in 0..hops {
                written = format!("{written}, 10.1.0.{hop}");
            }
            let both = format!("{forged},{written}");
            let headers = if joined { vec![both.as_str()] } else { vec![forged.as_str(), written.as_str()] };
            prop_assert_eq!(client(ip("10.0.0.1"), &headers, &proxies()), real);
        }

        #[test]
        fn host_bits_are_always_zero(address in any::<IpAddr>()) {
            let network = truncated(address);
            prop_assert_eq!(network, network.trunc());
            prop_assert!(network.contains(&canonical(address)));
            prop_assert_eq!(network.prefix_len(), if canonical(address).is_ipv4() { 24 } else { 48 });
        }

        #[test]
        fn every_address_reads_back(address in any::<IpAddr>(), port in any::<u16>()) {
            prop_assert_eq!(parse_ip(&address.to_string()), Ok(canonical(address)));
            prop_assert_eq!(parse_ip(&std::net::SocketAddr::new(address, port).to_string()), Ok(canonical(address)));
        }
    }
}
