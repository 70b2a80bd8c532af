//! How a value is read from TOML or from the text of a variable.
//!
//! The `config` crate's own conversions are not used: they take `true` for 1, round 1.5 to 2 and repeat the value in
//! the error. Errors made here say what is expected and nothing else.

use crate::domain::FieldError;
use crate::domain::public_url::PublicUrl;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The longest secret that is taken, in bytes.
pub(super) const MAX_SECRET_BYTES: usize = 4_096;

/// A setting that is one of a few words.
pub(super) trait Choice: Copy + 'static {
    /// The words and what they stand for.
    const CHOICES: &'static [(&'static str, Self)];
}

/// Reads a scalar through `text`, or a whole number through `number`; says `expected` of all others.
struct Scalar<T, N, S> {
    expected: String,
    number: N,
    text: S,
    of: PhantomData<T>,
}

impl<T, N: Fn(u64) -> Option<T>, S: Fn(&str) -> Option<T>> Visitor<'_> for Scalar<T, N, S> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expected)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        u64::try_from(value).ok().and_then(&self.number).ok_or_else(|| wanted(&self.expected))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        (self.number)(value).ok_or_else(|| wanted(&self.expected))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        (self.text)(value).ok_or_else(|| wanted(&self.expected))
    }
}

fn wanted<E: Error>(expected: &str) -> E {
    E::custom(format_args!("expected {expected}"))
}

fn read<'de, T, D: Deserializer<'de>>(
    from: D,
    expected: impl Into<String>,
    number: impl Fn(u64) -> Option<T>,
    text: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    from.deserialize_any(Scalar { expected: expected.into(), number, text, of: PhantomData })
}

fn words<'de, T, D: Deserializer<'de>>(
    from: D,
    expected: impl Into<String>,
    text: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    read(from, expected, |_| None, text)
}

/// A whole number from `MIN` to `MAX`; in text, digits only.
pub(super) fn whole<'de, const MIN: u64, const MAX: u64, T: TryFrom<u64>, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    let fitting = |n: u64| (MIN..=MAX).contains(&n).then(|| T::try_from(n).ok()).flatten();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    read(from, format!("a whole number from {MIN} to {MAX}"), fitting, |text| digits(text).and_then(fitting))
}

/// `true` or `false`.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    struct Flag;

    impl Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true or false")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
            value.parse().map_err(|_| wanted("true or false"))
        }
    }

    from.deserialize_any(Flag)
}

/// One of the words of a [`Choice`].
pub(super) fn choice<'de, T: Choice, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let names: Vec<_> = T::CHOICES.iter().map(|(name, _)| *name).collect();
    words(from, format!("one of {}", names.join(", ")), |text| {
        T::CHOICES.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice)
    })
}

/// An IP address and port.
pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    words(from, "an IP address and port, as 127.0.0.1:8080 or [::1]:8080", |text| text.parse().ok())
}

/// An address of the service, as [`PublicUrl::new`] takes it.
pub(super) fn public_url<'de, D: Deserializer<'de>>(from: D) -> Result<PublicUrl, D::Error> {
    let expected = "https:// with a host and at most a port, or http:// with localhost or a loopback address";
    words(from, expected, |text| PublicUrl::new(text).ok())
}

/// A text of the domain, which says what is expected.
pub(super) fn domain<'de, T, D: Deserializer<'de>>(
    from: D,
    expected: &str,
    text: impl Fn(&str) -> Result<T, FieldError>,
) -> Result<T, D::Error> {
    words(from, expected, |given| text(given).ok())
}

/// As [`domain`], of digits that TOML may hold as a number.
pub(super) fn digits<'de, T, D: Deserializer<'de>>(
    from: D,
    expected: &str,
    text: impl Fn(&str) -> Result<T, FieldError>,
) -> Result<T, D::Error> {
    read(from, expected, |number| text(&number.to_string()).ok(), |given| text(given).ok())
}

/// A path that is not empty.
pub(super) fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    words(from, "a path", |text| (!text.is_empty()).then(|| PathBuf::from(text)))
}

/// A path that may be left out.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    path(from).map(Some)
}

/// A secret: one line of text, never repeated in an error.
pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    words(from, format!("one line of 1 to {MAX_SECRET_BYTES} bytes"), |text| {
        let fits = (1..=MAX_SECRET_BYTES).contains(&text.len()) && !text.contains(char::is_control);
        fits.then(|| SecretString::from(text))
    })
}

/// A secret that need not be there.
pub(super) fn optional_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    secret(from).map(Some)
}

/// Networks or single addresses: a list, or text with commas between them.
pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    const EXPECTED: &str = "networks or addresses, as 10.0.0.0/8 or 192.0.2.7";

    struct Networks;

    fn network<E: Error>(text: &str) -> Result<IpNet, E> {
        let text = text.trim();
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        // Truncated, so that 10.1.2.3/8 says what it does when it is shown.
        network.map(|network: IpNet| network.trunc()).map_err(|_| wanted(EXPECTED))
    }

    impl<'de> Visitor<'de> for Networks {
        type Value = Vec<IpNet>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(EXPECTED)
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
            if value.trim().is_empty() { Ok(Vec::new()) } else { value.split(',').map(network).collect() }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut networks = Vec::new();
            while let Some(item) = items.next_element::<String>()? {
                networks.push(network(&item)?);
            }
            Ok(networks)
        }
    }

    from.deserialize_any(Networks)
}
