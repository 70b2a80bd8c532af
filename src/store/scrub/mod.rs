//! What is done to the files after erasures, so that nothing of the erased stays in them.
//!
//! Outside of any transaction of a use-case, and on a connection of its own: what is done here waits for readers, and
//! neither the writers of events nor a request should wait along.

pub mod pages;
pub mod postgres;
pub mod sqlite;

use super::conn::Conn;
use super::db::{self, Db};
use super::schema::deletions;
use crate::domain::Timestamp;
use crate::error::Error;
use diesel::dsl::min;
use diesel::prelude::*;

/// How long to wait for a lock of another's, in milliseconds: whoever comes after waits behind us.
const LOCK_TIMEOUT_MS: u32 = 2_000;

/// A connection for the scrub alone; a statement on PostgreSQL may run for `statement_s`.
///
/// # Errors
/// When the database is out of reach.
pub fn open(of: &Db, statement_s: i64) -> Result<Conn, Error> {
    let mut conn = Conn::open(of.target()).map_err(Error::unavailable)?;
    let setup = match conn {
        Conn::Sqlite(_) => format!(
            "PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; \
             PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
        ),
        Conn::Postgres(_) => format!(
            "SET lock_timeout = {LOCK_TIMEOUT_MS}; SET statement_timeout = '{statement_s}s'; SET TIME ZONE 'UTC';"
        ),
    };
    db::run(&mut conn, &setup)?;
    Ok(conn)
}

/// The first deletion after `after`, or of all: since when something waits to be scrubbed.
pub fn waiting_since(conn: &mut Conn, after: Option<Timestamp>) -> QueryResult<Option<Timestamp>> {
    let after = after.unwrap_or(Timestamp::EPOCH);
    deletions::table.filter(deletions::completed_at.gt(after)).select(min(deletions::completed_at)).first(conn)
}
