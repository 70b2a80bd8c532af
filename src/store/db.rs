//! The database as the rest of the house sees it: `read` and `write`, nothing else.

use super::conn::{self, Conn};
use super::pools::Pools;
use super::tx::Tx;
use super::url::Target;
use crate::error::Error;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often a transaction that lost a race is run again before the client is told to.
const ATTEMPTS: u32 = 12;

/// How to reach the database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://PATH` or `postgres://…`.
    pub url: String,
    /// Connections for reading.
    pub readers: u32,
    /// Connections for writing; SQLite always has one.
    pub writers: u32,
    /// How long to wait for another's lock, in milliseconds.
    pub busy_timeout_ms: u32,
    /// How long to wait for a free connection, in milliseconds.
    pub acquire_timeout_ms: u32,
    /// How long one statement may run on PostgreSQL, in milliseconds.
    pub statement_timeout_ms: u32,
}

impl Options {
    /// The defaults for `url`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
            writers: 2,
            busy_timeout_ms: 5_000,
            acquire_timeout_ms: 5_000,
            statement_timeout_ms: 30_000,
        }
    }
}

/// Redacted: the address may hold a password.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("readers", &self.readers)
            .field("writers", &self.writers)
            .finish_non_exhaustive()
    }
}

/// The database: a pool that cannot write and one that can.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pools: Pools,
    target: Target,
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

impl Db {
    /// Opens the database, sets every connection up and refuses settings under which an acknowledged event could be lost.
    ///
    /// # Errors
    /// An address of an unknown kind, a database out of reach, or unsafe settings (T-06).
    pub fn open(options: &Options) -> Result<Self, Error> {
        let target = conn::parse(&options.url)?;
        if let Target::Sqlite(path) = &target {
            make_private_file(path).map_err(Error::internal)?;
        }
        let pools = Pools::open(&target, options)?;
        let db = Self(Arc::new(Inner { pools, target }));
        db.refuse_unsafe_settings()?;
        Ok(db)
    }

    fn refuse_unsafe_settings(&self) -> Result<(), Error> {
        let mut conn = self.0.pools.writer()?;
        if let Conn::Postgres(c) = &mut *conn {
            for (name, unsafe_value) in [
                ("fsync", "off"),
                ("full_page_writes", "off"),
                ("synchronous_commit", "off"),
                ("data_sync_retry", "on"),
            ] {
                let found: Setting =
                    diesel::sql_query(format!("SELECT current_setting('{name}') AS setting")).get_result(c)?;
                if found.setting == unsafe_value {
                    let why =
                        format!("PostgreSQL runs with {name} = {unsafe_value}: an acknowledged event could be lost");
                    return Err(Error::internal(why));
                }
            }
        }
        Ok(())
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.0.target.is_sqlite()
    }

    /// Where it is, for a connection beside the pools.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.0.target
    }

    /// Where the SQLite file lies; none on PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.0.target {
            Target::Sqlite(path) => Some(path),
            Target::Postgres(_) => None,
        }
    }

    /// The migrations that have run.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub fn migrations(&self) -> Result<BTreeSet<String>, Error> {
        self.0.pools.reader()?.migrations()
    }

    /// Runs what is missing of the migrations; returns how many ran.
    ///
    /// # Errors
    /// When the database is out of reach or a migration fails.
    pub fn migrate(&self) -> Result<usize, Error> {
        self.0.pools.writer()?.migrate()
    }

    /// How many migrations the database lacks, and how many it has that this program does not know.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub fn migrations_due(&self) -> Result<(usize, usize), Error> {
        self.0.pools.reader()?.migrations_due()
    }

    /// Runs `query` on a connection that cannot write.
    ///
    /// # Errors
    /// Those of `query`, and [`Error::Unavailable`] when no connection is free in time.
    pub fn read<T>(&self, query: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        query(&mut *self.0.pools.reader()?)
    }

    /// Runs `work` in one transaction, again when the database says that it lost a race.
    ///
    /// # Errors
    /// Those of `work`, and [`Error::Unavailable`] when no connection is free in time or the races go on.
    pub fn write<T>(&self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut conn = self.0.pools.writer()?;
        for attempt in 1..=ATTEMPTS {
            match conn.write(|conn| work(&mut Tx::new(conn))) {
                Err(Error::Conflict(why)) if attempt < ATTEMPTS => {
                    tracing::debug!(attempt, error = %why, "transaction runs again");
                    metrics::counter!("guestlog_db_retries_total").increment(1);
                    std::thread::sleep(pause(attempt));
                }
                outcome => return outcome,
            }
        }
        Err(Error::unavailable("the races went on"))
    }

    /// How many connections are in use and how many there are, readers then writers; none when closed.
    #[must_use]
    pub fn pools(&self) -> Vec<(&'static str, u32, u32)> {
        self.0.pools.counts()
    }

    /// Closes every connection, waiting for those that are just being made; whoever asks for one later is refused.
    pub fn close(&self) {
        self.0.pools.close();
    }
}

/// A pause that grows with the attempt, jittered so that the losers of one race do not meet again.
fn pause(attempt: u32) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness the pause is merely not jittered.
    let _ = getrandom::fill(&mut byte);
    Duration::from_micros(u64::from(attempt) * (500 + u64::from(byte[0]) * 40))
}

/// Makes the file, readable by its owner alone, before SQLite would make it readable by all.
fn make_private_file(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // The operating system does not say which file it means.
    let named = |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop).map_err(named)
}

/// Runs a statement that answers nothing, for the settings of a connection.
pub(super) fn run(conn: &mut Conn, sql: &str) -> QueryResult<()> {
    conn.batch_execute(sql)
}
