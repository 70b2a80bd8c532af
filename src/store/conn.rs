//! One connection type over both databases.

use super::url::{self, Target};
use crate::error::Error;
use diesel::connection::{AnsiTransactionManager, CacheSize, Connection, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, R2D2Connection};
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

/// How a transaction that writes begins on SQLite. It takes the write lock up front: a deferred `BEGIN` fails most
/// contended transactions.
pub(super) const IMMEDIATE: &str = "BEGIN IMMEDIATE";

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// To a PostgreSQL server.
    Postgres(PgConnection),
    /// To an SQLite file.
    Sqlite(SqliteConnection),
}

impl Conn {
    pub(super) fn open(target: &Target) -> ConnectionResult<Self> {
        match target {
            Target::Postgres(conninfo) => PgConnection::establish(conninfo.expose()).map(Self::Postgres),
            Target::Sqlite(path) => SqliteConnection::establish(&path.to_string_lossy()).map(Self::Sqlite),
        }
    }

    /// A transaction, begun as the database and the way there need it.
    pub(super) fn write<T>(
        &mut self,
        begin: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, begin)?,
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, begin)?,
        }
        match work(self) {
            Ok(value) => {
                <Self as TransactionManager<Self>>::commit_transaction(self)?;
                metrics::counter!("guestlog_db_commits_total").increment(1);
                Ok(value)
            }
            Err(error) => {
                // The caller's error matters more than a failed rollback; the pool drops a broken connection.
                let _ = <Self as TransactionManager<Self>>::rollback_transaction(self);
                Err(error)
            }
        }
    }
}

/// How long a connection that has just done its work is taken to be alive without being asked.
const FRESH: Duration = Duration::from_secs(1);

/// A connection of a pool, and what is known of its health.
pub(super) struct Held {
    conn: Conn,
    /// When it last answered.
    seen: Instant,
    /// Transactions that have written.
    writes: u32,
    /// At how many of them statements are to be planned anew.
    replan_at: u32,
    /// Whether its last work failed for want of the database, so that it is not used again.
    pub is_suspect: bool,
}

impl Held {
    /// Counts a transaction that writes, and tells whether its statements should be planned anew.
    ///
    /// PostgreSQL keeps to plans that it has made for tables as they were, and of tables that are not yet analysed it knows
    /// their size alone. So plans are made anew whenever tables may have grown by half; later PostgreSQL analyses them
    /// itself.
    pub fn count_write(&mut self) -> bool {
        self.writes = self.writes.saturating_add(1);
        if self.writes < self.replan_at || self.writes > 65_536 {
            return false;
        }
        self.replan_at = self.writes + self.writes / 2 + 1;
        true
    }
}

impl Deref for Held {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Makes connections for a pool and sets each one up.
#[derive(Debug)]
pub(super) struct Manager {
    pub target: Target,
    pub setup: String,
    /// Whether a session is lent out for a transaction only, and knows no names of statements.
    pub is_pooled: bool,
}

impl ManageConnection for Manager {
    type Connection = Held;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Held, r2d2::Error> {
        let mut conn = Conn::open(&self.target).map_err(r2d2::Error::ConnectionError)?;
        if self.is_pooled {
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        } else {
            conn.batch_execute(&self.setup).map_err(r2d2::Error::QueryError)?;
        }
        Ok(Held { conn, seen: Instant::now(), writes: 0, replan_at: 2, is_suspect: false })
    }
    /// Asks a connection that has rested; one question more for each transaction would cost a busy service a tenth.
    fn is_valid(&self, held: &mut Held) -> Result<(), r2d2::Error> {
        if held.seen.elapsed() < FRESH {
            return Ok(());
        }
        let answered = match &mut **held {
            // As text: behind a pooler that nobody told of, a prepared statement would fail first, and say nothing of it.
            Conn::Postgres(c) => c.batch_execute("SELECT 1"),
            Conn::Sqlite(c) => c.ping(),
        };
        answered.map_err(r2d2::Error::QueryError)
    }
    fn has_broken(&self, held: &mut Held) -> bool {
        held.seen = Instant::now();
        held.is_suspect || held.is_broken()
    }
}

pub(super) fn parse(url: &str) -> Result<Target, Error> {
    url::parse(url).map_err(Error::internal)
}
