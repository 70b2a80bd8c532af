//! How to reach PostgreSQL: a URL read strictly, and written anew in libpq's `name='value'` form.
//!
//! libpq would take the host from the URL, from parameters, from the environment (`PGHOST`, `PGHOSTADDR`) or from
//! a service file. Here it comes from the URL alone, and the rest is pinned, so that none of them can move the
//! connection past the rule that only a host of our own is called without verified TLS.
//! Source: PostgreSQL 18 documentation, 32.1.1 "Connection Strings" and 32.15 "Environment Variables".

use super::url_error::{ALLOWED, UrlError};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;

/// libpq's own, from none to one that knows whom it talks to.
const MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// What may be shown: where the database is and how safe the way there is.
const PLACE: &[&str] = &["host", "hostaddr", "port", "dbname", "sslmode"];

/// What must not be shown to anybody.
const SECRET: &[&str] = &["password", "sslpassword"];

/// libpq would wait for ever for a host that does not answer.
const CONNECT_TIMEOUT_S: &str = "10";

/// A connection string for libpq, password included; `Debug` shows the place only.
#[derive(Clone)]
pub struct Conninfo {
    text: SecretString,
    place: String,
    open: String,
    password: Option<SecretString>,
}

impl Conninfo {
    /// The connection string itself, for the driver and nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The same without secrets, for the arguments of a program, which everybody on the machine can read.
    #[must_use]
    pub fn without_password(&self) -> &str {
        &self.open
    }

    /// The password alone, for the environment of a program.
    #[must_use]
    pub fn password(&self) -> Option<&SecretString> {
        self.password.as_ref()
    }

    /// Host, port, database and mode, without user and password.
    #[must_use]
    pub fn redacted(&self) -> &str {
        &self.place
    }
}

impl fmt::Debug for Conninfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Conninfo").field(&self.place).finish()
    }
}

/// Reads what follows `postgres://`.
pub(super) fn parse(rest: &str, has_tls: bool) -> Result<Conninfo, UrlError> {
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (userinfo, hosts) = authority.split_once('@').unwrap_or(("", authority));
    // A password with a bare @, / or ? would be cut in two, and its end taken for a host or a database to show.
    if hosts.contains('@') || tail.contains('@') {
        return Err(UrlError::Malformed);
    }
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));

    let mut settings = Settings::default();
    settings.put_decoded("user", user)?;
    settings.put_decoded("password", password)?;
    settings.put_hosts(hosts)?;
    settings.put_decoded("dbname", path.strip_prefix('/').unwrap_or(path))?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').filter(|(_, v)| !v.contains('=')).ok_or(UrlError::Malformed)?;
        let name = decode(name)?;
        let name = ALLOWED.iter().find(|allowed| **allowed == name).ok_or(UrlError::Parameter)?;
        settings.put_decoded(name, value)?;
    }
    settings.make_safe(has_tls)?;
    let open: Vec<&str> = ALLOWED.iter().copied().filter(|name| !SECRET.contains(name)).collect();
    Ok(Conninfo {
        text: settings.text(ALLOWED).into(),
        place: settings.text(PLACE),
        open: settings.text(&open),
        password: settings.get("password").map(|password| password.to_owned().into()),
    })
}

/// The settings of a connection, each at most once.
#[derive(Default)]
struct Settings(Vec<(&'static str, String)>);

impl Settings {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn put(&mut self, name: &'static str, value: String) -> Result<(), UrlError> {
        if self.get(name).is_some() {
            return Err(UrlError::Twice(name));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// An empty value is as good as none, and leaves the name free for a parameter.
    fn put_decoded(&mut self, name: &'static str, value: &str) -> Result<(), UrlError> {
        if value.is_empty() { Ok(()) } else { self.put(name, decode(value)?) }
    }

    /// One or more `host[:port]`, with commas between.
    fn put_hosts(&mut self, list: &str) -> Result<(), UrlError> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for one in list.split(',') {
            let (host, port) = match one.strip_prefix('[') {
                Some(v6) => v6.split_once(']').filter(|(v6, _)| !v6.is_empty()).ok_or(UrlError::Malformed)?,
                None => one.split_at(one.find(':').unwrap_or(one.len())),
            };
            let port = match port.strip_prefix(':') {
                Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits,
                None if port.is_empty() => port,
                _ => return Err(UrlError::Malformed),
            };
            hosts.push(host);
            ports.push(port);
        }
        self.put_decoded("host", &hosts.join(","))?;
        if ports.iter().any(|port| !port.is_empty()) { self.put("port", ports.join(",")) } else { Ok(()) }
    }

    /// Applies the rule about other hosts, and leaves nothing of it to the environment.
    fn make_safe(&mut self, has_tls: bool) -> Result<(), UrlError> {
        let hosts = ["host", "hostaddr"].into_iter().filter_map(|name| self.get(name));
        // Split after decoding, as libpq does: `%2C` separates hosts, too.
        let is_local = hosts.flat_map(|list| list.split(',')).all(is_local);
        let mode = self.get("sslmode");
        if mode.is_some_and(|mode| !MODES.contains(&mode)) {
            return Err(UrlError::SslMode);
        }
        let needs_tls = !is_local || matches!(mode, Some("require" | "verify-ca" | "verify-full"));
        if needs_tls && !has_tls {
            return Err(UrlError::NeedsFeature);
        }
        match mode {
            None if !is_local => self.put("sslmode", "verify-full".to_owned())?,
            Some(mode) if !is_local && mode != "verify-full" => return Err(UrlError::WeakTls),
            _ => {}
        }
        for (name, value) in [("host", ""), ("hostaddr", ""), ("connect_timeout", CONNECT_TIMEOUT_S)] {
            if self.get(name).is_none() {
                self.put(name, value.to_owned())?;
            }
        }
        Ok(())
    }

    /// Writes `name='value'` for each of `names` that is set.
    fn text(&self, names: &[&str]) -> String {
        let quoted = |value: &str| value.replace('\\', r"\\").replace('\'', r"\'");
        let shown = self.0.iter().filter(|(name, _)| names.contains(name));
        shown.map(|(name, value)| format!("{name}='{}'", quoted(value))).collect::<Vec<_>>().join(" ")
    }
}

/// Whether the host is this one: a socket in the file system, the loopback addresses, or the name `localhost`.
fn is_local(host: &str) -> bool {
    host.is_empty()
        || host.starts_with(['/', '@'])
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Percent-decoding (RFC 3986, 2.1) to UTF-8 without control characters; `+` stays what it is.
fn decode(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (pair, after) = rest.split_at_checked(2).ok_or(UrlError::Malformed)?;
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or(UrlError::Malformed);
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
        rest = after;
    }
    let text = String::from_utf8(bytes).map_err(|_| UrlError::Malformed)?;
    if text.chars().any(char::is_control) { Err(UrlError::Malformed) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
