//! The address of an endpoint, as a customer states it.

use super::public_address::is_public;
use super::{FieldError, schema};
use serde::{Deserialize, Deserializer};
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address that messages are sent to: `https`, a host, perhaps a port, a path, a query; nothing else.
///
/// Read by rules of our own that leave nothing to be read in two ways: no user, no fragment, no escapes in the host, no
/// backslash, no white space. What the host's name leads to is judged when something is sent (REQUIREMENTS S-25).
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    host: (usize, usize),
}

const PATTERN: &str = r"^https?://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?][!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*)?$";

impl WebhookUrl {
    /// The most characters it may have.
    pub const MAX: usize = 500;

    /// Checks and takes the address.
    ///
    /// # Errors
    /// `invalid_url`; `too_long`; never repeats the text.
    pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
        let text = text.into();
        if text.len() > Self::MAX {
            return Err(FieldError::new("too_long", format!("must have at most {} characters", Self::MAX)));
        }
        let host = host(&text).ok_or_else(|| {
            FieldError::new(
                "invalid_url",
                "must be an https:// address of a host name or IP address, perhaps with port, path and query, in ASCII; without user, password and fragment",
            )
        })?;
        Ok(Self { text, host })
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, without port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// Whether the way is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Refuses an address without TLS, and one whose host alone shows that it is not on the internet; what its name leads
    /// to is judged when something is sent.
    ///
    /// # Errors
    /// `invalid_url`; never repeats the text.
    pub fn must_be_public(&self) -> Result<(), FieldError> {
        let bound = match (self.is_https(), self.is_plainly_local()) {
            (false, _) => "must begin with https://",
            (true, true) => "must name a host on the internet",
            (true, false) => return Ok(()),
        };
        Err(FieldError::new("invalid_url", bound))
    }

    /// Whether the host alone shows that it is not on the internet: an address that is not public, or a name that stands
    /// for this machine or a local network.
    #[must_use]
    pub fn is_plainly_local(&self) -> bool {
        let host = self.host().to_ascii_lowercase();
        if let Some(ip) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return !ip.parse::<Ipv6Addr>().is_ok_and(|ip| is_public(ip.into()));
        }
        if let Ok(ip) = host.parse::<Ipv4Addr>() {
            return !is_public(ip.into());
        }
        // A last label of digits is an address in one of the ways that resolvers read besides a.b.c.d.
        let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        let numeric = last.starts_with(|c: char| c.is_ascii_digit());
        let local = ["localhost", "local", "internal", "localdomain", "home", "lan"];
        numeric || local.contains(&last) || !host.contains('.')
    }
}

/// Where the host stands in a sound address.
fn host(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let begin = text.len() - rest.len();
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!$%&'()*+,./:;=?@_~-".contains(&byte)) {
        return None;
    }
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, port) = authority.split_at(end);
        let ip = &host[1..host.len() - 1];
        ip.parse::<Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.find(':').map_or((authority, ""), |at| authority.split_at(at));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let sound = host.bytes().all(plain) && ends(host.bytes().next()) && ends(host.bytes().next_back());
        if !sound || host.contains("..") || host.len() > 253 {
            return None;
        }
        (host, port)
    };
    let port_is_sound = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(port) => {
            port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
        }
    };
    port_is_sound.then_some((begin, begin + host.len()))
}

/// Redacted: a customer may have put a secret into it.
impl std::fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookUrl(…)")
    }
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

schema::documented!(WebhookUrl, "WebhookUrl", schema::text(10, WebhookUrl::MAX, PATTERN));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_their_host() {
        for (text, host) in [
            ("https://hooks.example.com", "hooks.example.com"),
            ("https://hooks.example.com/a/b%20c?x=y&z=@1", "hooks.example.com"),
            ("https://hooks.example.com:8443/", "hooks.example.com"),
            ("https://203.0.114.7?x", "203.0.114.7"),
            ("http://[2a01:4f8::1]:80/x", "[2a01:4f8::1]"),
        ] {
            let url = WebhookUrl::new(text).unwrap();
            assert_eq!((url.as_str(), url.host(), format!("{url:?}")), (text, host, "WebhookUrl(…)".to_owned()));
        }
        for text in [
            "",
            "https://",
            "https:///x",
            "HTTPS://a.dk",
            "ftp://a.dk",
            "file:///etc/passwd",
            "https://user@a.dk/",
            "https://a.dk@evil.dk/",
            "https://a.dk\\@evil.dk/",
            "https://a.dk#x",
            "https://a.dk/#x",
            "https://a.dk/ x",
            "https://a.dk/\n",
            "https://a.dk/æ",
            "https://æ.dk/",
            "https://a%2e.dk/",
            "https://a..dk/",
            "https://.dk/",
            "https://a.dk./",
            "https://a.dk:/",
            "https://a.dk:0/",
            "https://a.dk:65536/",
            "https://a.dk:+80/",
            "https://[::1/",
            "https://[::1%25eth0]/",
            "https://[]/",
            "https://a_b.dk/",
            "//a.dk",
        ] {
            assert_eq!(WebhookUrl::new(text).unwrap_err().code, "invalid_url", "{text}");
        }
        let long = format!("https://a.dk/{}", "x".repeat(500));
        assert_eq!(WebhookUrl::new(long).unwrap_err().code, "too_long");
    }

    #[test]
    fn hosts_that_are_plainly_not_on_the_internet() {
        let local = |host: &str| WebhookUrl::new(format!("https://{host}/x")).unwrap().is_plainly_local();
        for host in [
            "localhost",
            "LOCALHOST",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "backend",
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "[::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
        ] {
            assert!(local(host), "{host}");
        }
        let refused = |text: &str| WebhookUrl::new(text).unwrap().must_be_public().is_err();
        assert!(refused("http://example.com/") && refused("https://10.1.2.3/") && !refused("https://example.com/"));
        for host in ["example.com", "10.example.com", "203.0.114.7", "[2a01:4f8::1]", "local.dk"] {
            assert!(!local(host), "{host}");
        }
    }
}
