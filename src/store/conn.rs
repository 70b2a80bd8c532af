//! One connection type over both databases.

use super::url::{self, Target};
use crate::error::Error;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, R2D2Connection};

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
