//! One connection type over both databases.

use super::url::{self, Target};
use crate::error::Error;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, R2D2Connection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// To a PostgreSQL server.
    Postgres(PgConnection),
    /// To an SQLite file.
    Sqlite(SqliteConnection),
}

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// Any number will do, as long as every node takes the same: the bytes of "guestlog".
const MIGRATION_LOCK: i64 = 0x6775_6573_746c_6f67;

impl Conn {
    pub(super) fn open(target: &Target) -> ConnectionResult<Self> {
        match target {
            Target::Postgres(conninfo) => PgConnection::establish(conninfo.expose()).map(Self::Postgres),
            Target::Sqlite(path) => SqliteConnection::establish(&path.to_string_lossy()).map(Self::Sqlite),
        }
    }

    /// Runs what is missing of the migrations, one node at a time; returns how many ran.
    pub(super) fn migrate(&mut self) -> Result<usize, Error> {
        match self {
            Self::Postgres(c) => {
                c.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
                let ran = c.run_pending_migrations(POSTGRES).map(|ran| ran.len()).map_err(Error::internal);
                c.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
                ran
            }
            Self::Sqlite(c) => Ok(c.run_pending_migrations(SQLITE).map_err(Error::internal)?.len()),
        }
    }

    /// How many migrations this program has that the database has not run, and the other way round.
    pub(super) fn migrations_due(&mut self) -> Result<(usize, usize), Error> {
        let (known, applied) = match self {
            Self::Postgres(c) => {
                let known = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).map_err(Error::internal)?.len();
                (known, c.applied_migrations().map_err(Error::internal)?.len())
            }
            Self::Sqlite(c) => {
                let known =
                    MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(Error::internal)?.len();
                (known, c.applied_migrations().map_err(Error::internal)?.len())
            }
        };
        Ok((known.saturating_sub(applied), applied.saturating_sub(known)))
    }

    /// A transaction that takes SQLite's write lock up front: a deferred `BEGIN` fails most contended transactions.
    pub(super) fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        match self {
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction(c)?,
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

/// Makes connections for a pool and sets each one up.
#[derive(Debug)]
pub(super) struct Manager {
    pub target: Target,
    pub setup: String,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Conn, r2d2::Error> {
        let mut conn = Conn::open(&self.target).map_err(r2d2::Error::ConnectionError)?;
        conn.batch_execute(&self.setup).map_err(r2d2::Error::QueryError)?;
        Ok(conn)
    }
    fn is_valid(&self, conn: &mut Conn) -> Result<(), r2d2::Error> {
        conn.ping().map_err(r2d2::Error::QueryError)
    }
    fn has_broken(&self, conn: &mut Conn) -> bool {
        conn.is_broken()
    }
}

pub(super) fn parse(url: &str) -> Result<Target, Error> {
    url::parse(url).map_err(Error::internal)
}
