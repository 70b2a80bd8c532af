//! The address under which people reach the service.

use super::FieldError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Scheme, host and port that links in mails begin with; no path, and no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    scheme_length: usize,
    host_end: usize,
}

impl PublicUrl {
    /// The most characters it may have.
    pub const MAX: usize = 300;

    /// Checks and takes an address: `https://` and a host, or `http://` and a loopback host, each with a port if wanted.
    ///
    /// Links carry one-time codes and lead to personal data, so nobody on the way may read them.
    ///
    /// # Errors
    /// `invalid_url`.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let refused = || {
            let bound =
                "must be https:// with a host and at most a port, or http:// with localhost or a loopback address";
            FieldError::new("invalid_url", bound)
        };
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, authority) = text.split_once("://").ok_or_else(refused)?;
        let (host, port) = split(authority).ok_or_else(refused)?;
        let safe = match scheme {
            "https" => true,
            "http" => is_loopback(host),
            _ => false,
        };
        let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
        if !safe || !port_fits || !is_host(host) || text.len() > Self::MAX {
            return Err(refused());
        }
        let scheme_length = scheme.len();
        Ok(Self { text: text.to_owned(), scheme_length, host_end: scheme_length + 3 + host.len() })
    }

    /// The address, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone; an IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text.get(self.scheme_length + 3..self.host_end).unwrap_or_default()
    }

    /// Whether nobody on the way can read what is sent.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Whether it leads to this machine only.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_loopback(self.host())
    }

    /// The address of a page; `path` begins with a slash.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Takes a host alone: a name, an IPv4 address, or an IPv6 address in brackets.
///
/// # Errors
/// `invalid_host`.
pub fn host(text: &str) -> Result<&str, FieldError> {
    let refused = || FieldError::new("invalid_host", "must be a host's name or address, without a port");
    is_host(text).then_some(text).ok_or_else(refused)
}

/// Host, with its brackets, and port.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at(end);
        return if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) };
    }
    Some(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))))
}

fn v6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Whether a host of a URL is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| IpAddr::V4(address).is_loopback())
        || v6(host).is_some_and(|address| address.is_loopback())
}

/// A name of letters, digits, hyphens and dots (RFC 1123), or an address.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    v6(host).is_some() || (host.len() <= 253 && host.split('.').all(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_parts() {
        for (text, host) in [
            ("https://privacy.example.dk", "privacy.example.dk"),
            ("https://privacy.example.dk:8443/", "privacy.example.dk"),
            ("https://192.0.2.7", "192.0.2.7"),
            ("https://[2001:db8::1]:443", "[2001:db8::1]"),
            ("http://localhost:8080", "localhost"),
            ("http://127.0.0.1:0", "127.0.0.1"),
            ("http://[::1]", "[::1]"),
        ] {
            let url = PublicUrl::new(text).unwrap();
            assert_eq!((url.host(), url.is_https()), (host, text.starts_with("https")), "{text}");
            assert_eq!(url.to("/privacy"), format!("{}/privacy", text.trim_end_matches('/')));
        }
    }

    #[test]
    fn what_could_be_read_on_the_way_or_is_no_origin_is_refused() {
        for text in [
            "",
            "example.dk",
            "http://example.dk",
            "http://127.0.0.1.example.dk",
            "ftp://example.dk",
            "https://",
            "https://example.dk/path",
            "https://example.dk?x",
            "https://user@example.dk",
            "https://user:secret@example.dk",
            "https://example.dk:99999",
            "https://example.dk:",
            "https://exa mple.dk",
            "https://exämple.dk",
            "https://-example.dk",
            "https://[::1",
            "https://[::1]x",
            "https://example..dk",
            "https://example.dk\r\nX: y",
        ] {
            assert_eq!(PublicUrl::new(text).map_err(|error| error.code), Err("invalid_url"), "{text}");
        }
    }
}
