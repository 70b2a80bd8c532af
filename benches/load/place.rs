//! A folder and a fresh database for one run, gone when the run is.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::path::PathBuf;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// The kind of the database at an address.
    pub fn of(url: &str) -> Self {
        if url.starts_with("sqlite:") { Self::Sqlite } else { Self::Postgres }
    }
}

/// The PostgreSQL in which databases may be made, if one is named.
#[expect(clippy::disallowed_methods, reason = "says where the PostgreSQL of the tests is; no setting of the program")]
pub fn postgres_url() -> Option<String> {
    std::env::var("GUESTLOG_TEST_POSTGRES_URL").ok()
}

/// A folder and a database.
pub struct Place {
    pub kind: Kind,
    pub dir: PathBuf,
    pub url: String,
    database: Option<String>,
}

impl Place {
    pub fn new(kind: Kind) -> Self {
        let name = format!("load_{}", uuid::Uuid::new_v4().simple());
        let dir = std::env::temp_dir().join("guestlog-load").join(&name);
        std::fs::create_dir_all(&dir).unwrap();
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite://{}/guestlog.db", dir.display());
                Self { kind, dir, url, database: None }
            }
            Kind::Postgres => {
                let base = postgres_url().expect("GUESTLOG_TEST_POSTGRES_URL names a PostgreSQL");
                let mut admin = PgConnection::establish(&base).expect("the PostgreSQL answers");
                admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
                Self { kind, dir, url: with_database(&base, &name), database: Some(name) }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let (Some(name), Some(base)) = (&self.database, postgres_url())
            && let Ok(mut admin) = PgConnection::establish(&base)
        {
            let _ = admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Has everything that is dirty written out, so that one run does not pay for the one before.
pub fn settle() {
    if let Some(base) = postgres_url()
        && let Ok(mut admin) = PgConnection::establish(&base)
    {
        let _ = admin.batch_execute("CHECKPOINT");
    }
    // Only a kindness: without it the run still counts.
    let _ = std::process::Command::new("sync").status();
}

/// The path of an SQLite address.
pub fn path(url: &str) -> &str {
    url.strip_prefix("sqlite://").unwrap_or(url)
}

fn with_database(base: &str, name: &str) -> String {
    let (address, parameters) = base.split_once('?').map_or((base, None), |(a, p)| (a, Some(p)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let server = address[authority..].find('/').map_or(address, |at| &address[..authority + at]);
    parameters.map_or_else(|| format!("{server}/{name}"), |parameters| format!("{server}/{name}?{parameters}"))
}
