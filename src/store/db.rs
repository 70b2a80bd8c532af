//! The database as the rest of the house sees it: `read` and `write`, nothing else.

use super::conn::{self, Conn};
use super::pooler::{self, Begin};
use super::pools::{self, Pools};
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

/// How a transaction begins that sees one state throughout; on SQLite every one does.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How to reach the database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://PATH` or `postgres://…`.
    pub url: String,
    /// The same PostgreSQL without the pooler that `url` goes through; none when `url` goes through none.
    pub direct_url: Option<String>,
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
            direct_url: None,
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
    begin: Begin,
    /// What a connection beside the pools is told that only reads.
    reading: String,
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
        let direct = options.direct_url.as_deref().map(|url| direct(url, &target)).transpose()?;
        let begin = Begin::of(&target, options);
        let pools = Pools::open(&target, options)?;
        let is_pooled = direct.is_some();
        let target = direct.unwrap_or(target);
        let reading = pools::setup(&target, options, true);
        let db = Self(Arc::new(Inner { pools, target, begin, reading }));
        db.refuse_sessions(is_pooled)?;
        db.refuse_unsafe_settings()?;
        Ok(db)
    }

    /// Refuses a pooler that the settings do not name, and one that leads elsewhere.
    fn refuse_sessions(&self, is_pooled: bool) -> Result<(), Error> {
        if self.is_sqlite() {
            return Ok(());
        }
        if is_pooled {
            return pooler::refuse_another_database(&mut self.direct()?, &mut *self.0.pools.writer()?);
        }
        self.0.pools.pair(pooler::refuse_one_session)
    }

    /// A connection of its own, past any pooler.
    fn direct(&self) -> Result<Conn, Error> {
        Conn::open(&self.0.target).map_err(Error::unavailable)
    }

    fn refuse_unsafe_settings(&self) -> Result<(), Error> {
        let mut conn = self.0.pools.writer()?;
        if let Conn::Postgres(c) = &mut **conn {
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
            let standby: Setting = diesel::sql_query("SELECT pg_is_in_recovery()::text AS setting").get_result(c)?;
            if standby.setting == "true" {
                return Err(Error::internal("PostgreSQL is a standby: it may still show people who are erased"));
            }
        }
        Ok(())
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.0.target.is_sqlite()
    }

    /// Where it is, for a connection beside the pools and past any pooler.
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
        // Its lock is a session's.
        if self.0.begin.read.is_some() { self.direct()?.migrate() } else { self.0.pools.writer()?.migrate() }
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
        let mut conn = self.0.pools.reader()?;
        let outcome = match &self.0.begin.read {
            Some(begin) => pooler::read(&mut conn, begin, query),
            None => query(&mut conn),
        };
        conn.is_suspect = matches!(outcome, Err(Error::Unavailable(_)));
        outcome
    }

    /// Runs `query` on a connection of its own that cannot write, in one transaction that sees one state throughout.
    ///
    /// For what takes long: it takes no connection from the requests. While it lasts, the space of what is erased
    /// meanwhile cannot be overwritten, so whoever calls bounds the time.
    ///
    /// # Errors
    /// Those of `query`, and [`Error::Unavailable`] when the database is out of reach.
    pub fn snapshot<T>(&self, query: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        let mut conn = self.direct()?;
        run(&mut conn, &self.0.reading)?;
        pooler::read(&mut conn, if self.is_sqlite() { "BEGIN" } else { SNAPSHOT }, query)
    }

    /// Runs `work` in one transaction, again when the database says that it lost a race.
    ///
    /// # Errors
    /// Those of `work`, and [`Error::Unavailable`] when no connection is free in time or the races go on.
    pub fn write<T>(&self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut conn = self.0.pools.writer()?;
        let replanned = if conn.count_write() { self.0.begin.replanned } else { None };
        let begin = replanned.unwrap_or(&self.0.begin.write);
        for attempt in 1..=ATTEMPTS {
            match conn.write(begin, |conn| work(&mut Tx::new(conn))) {
                Err(Error::Conflict(why)) if attempt < ATTEMPTS => {
                    tracing::debug!(attempt, error = %why, "transaction runs again");
                    metrics::counter!("guestlog_db_retries_total").increment(1);
                    std::thread::sleep(pause(attempt));
                }
                outcome => {
                    conn.is_suspect = matches!(outcome, Err(Error::Unavailable(_)));
                    return outcome;
                }
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

/// The address past the pooler; only PostgreSQL has one.
fn direct(url: &str, of: &Target) -> Result<Target, Error> {
    let direct = conn::parse(url)?;
    if direct.is_sqlite() || of.is_sqlite() {
        return Err(Error::internal("database.direct_url is for PostgreSQL behind a pooler; SQLite has none"));
    }
    Ok(direct)
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
