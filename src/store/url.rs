//! The address of the database: which of the two, where, and whether the way there is safe.
//!
//! Read once, at start, by rules of our own and not the driver's: what this file accepts is written anew in a
//! form that leaves the driver nothing to guess, so the host that was judged is the host that is called.

use super::conninfo;
pub use super::conninfo::Conninfo;
use super::url_error::UrlError;
use std::fmt;
use std::path::PathBuf;

/// Where the data are.
#[derive(Debug, Clone)]
pub enum Target {
    /// SQLite in this file, relative to the working directory unless it begins with a slash.
    Sqlite(PathBuf),
    /// PostgreSQL, on this host or reached by verified TLS.
    Postgres(Conninfo),
}

impl Target {
    /// Whether it is the embedded database.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The address for logs: without user, password and anything else that is not about the place.
    #[must_use]
    pub fn redacted(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(conninfo) => conninfo.redacted().to_owned(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

/// Reads the address of the database.
///
/// A PostgreSQL that is not on this host is reached by TLS with a verified certificate or not at all: personal
/// data and the password would otherwise cross a network for anybody to read (GDPR Article 32(1)(a)).
///
/// # Errors
/// [`UrlError`], when the address is malformed, ambiguous or unsafe.
pub fn parse(url: &str) -> Result<Target, UrlError> {
    parse_for(url, cfg!(feature = "postgres-tls"))
}

fn parse_for(url: &str, has_tls: bool) -> Result<Target, UrlError> {
    let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
    match scheme {
        "sqlite" => sqlite(rest),
        "postgres" | "postgresql" => conninfo::parse(rest, has_tls).map(Target::Postgres),
        _ => Err(UrlError::Scheme),
    }
}

/// The path is taken as it stands, without percent-decoding: it is a file's name and not part of a web address.
fn sqlite(path: &str) -> Result<Target, UrlError> {
    // SQLite reads a name that begins with `file:` as a URI, whose parameters can switch off locking.
    let unusable = path.is_empty() || path.ends_with('/') || path.starts_with("file:") || path.starts_with(':');
    if unusable || path.contains('?') || path.chars().any(char::is_control) {
        return Err(UrlError::SqlitePath);
    }
    Ok(Target::Sqlite(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_a_file() {
        for (url, path) in [
            ("sqlite://guestlog.db", "guestlog.db"),
            ("sqlite:///var/lib/guestlog/a b%20c.db", "/var/lib/guestlog/a b%20c.db"),
        ] {
            let target = parse(url).unwrap();
            assert!(target.is_sqlite());
            assert_eq!(target.to_string(), url);
            assert!(matches!(target, Target::Sqlite(p) if p == std::path::Path::new(path)), "{url}");
        }
        let refused = ["", "x.db?mode=ro", "file:x.db", "data/", "a\0b", "a\nb", ":memory:", ":memory:?cache=shared"];
        for path in refused {
            assert_eq!(parse(&format!("sqlite://{path}")).unwrap_err(), UrlError::SqlitePath, "{path:?}");
        }
    }

    #[test]
    fn any_other_scheme_is_refused() {
        for url in ["", "x.db", "sqlite:x.db", "mysql://h/db", "Postgres://localhost/db", "://", "file:///x.db"] {
            assert_eq!(parse(url).unwrap_err(), UrlError::Scheme, "{url:?}");
        }
    }

    #[test]
    fn the_build_decides_about_other_hosts() {
        let read = parse("postgresql://db.example/guestlog");
        if cfg!(feature = "postgres-tls") {
            assert!(read.unwrap().redacted().contains("sslmode='verify-full'"));
        } else {
            assert_eq!(read.unwrap_err(), UrlError::NeedsFeature);
            assert!(UrlError::NeedsFeature.to_string().contains("postgres-tls"));
        }
    }
}
