//! Copies of the database for backups, and putting one back in its place.
//!
//! SQLite is copied by `VACUUM INTO`: one consistent state, without the free pages in which what was erased may stand
//! until it is overwritten. SQLite's page-by-page interface would copy those pages, too. PostgreSQL is copied by its own
//! `pg_dump`, which reads live rows alone.

mod postgres;
mod programs;
mod sqlite;

pub use programs::ProgramError;

use super::conn::Conn;
use super::schema::{customer_keys, service_keys};
use super::url::Target;
use crate::error::Error;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::path::Path;

/// Why a database is not replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Somebody works with it.
    #[error("the database is in use; stop every guestlog that serves it, and every other program that has it open")]
    InUse,
    /// What was copied is not what the manifest says.
    #[error("the backup has changed while it was read")]
    Changed,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The name of the copy within a backup.
#[must_use]
pub fn file_name(target: &Target) -> &'static str {
    if target.is_sqlite() { "guestlog.db" } else { "guestlog.dump" }
}

/// Writes a copy of the database to a new file, readable by its owner alone and on disk when it returns.
///
/// # Errors
/// A database out of reach, a full disk, a `pg_dump` that is missing or fails.
pub fn write(target: &Target, file: &Path) -> Result<(), Error> {
    match target {
        Target::Sqlite(path) => sqlite::copy(path, file),
        Target::Postgres(conninfo) => postgres::dump(conninfo, file),
    }
}

/// Whether there is anything that a restore would replace.
///
/// # Errors
/// A database out of reach.
pub fn is_there(target: &Target) -> Result<bool, Error> {
    match target {
        Target::Sqlite(path) => Ok(path.metadata().is_ok_and(|found| found.len() > 0)),
        Target::Postgres(_) => postgres::has_tables(&mut open(target)?),
    }
}

/// Puts the copy in `file` in the place of the database, whole or not at all; its SHA-256 must be `sha256`.
///
/// # Errors
/// [`ReplaceError`], a full disk, PostgreSQL's programs missing or failing. The database is then as it was.
pub fn put_back(target: &Target, file: &Path, sha256: &str) -> Result<(), Error> {
    match target {
        Target::Sqlite(path) => sqlite::put_back(path, file, sha256),
        Target::Postgres(conninfo) => {
            if super::files::sha256(file).map_err(Error::internal)?.0 != sha256 {
                return Err(Error::internal(ReplaceError::Changed));
            }
            if postgres::has_other_sessions(&mut open(target)?)? {
                return Err(Error::internal(ReplaceError::InUse));
            }
            postgres::restore(conninfo, file)
        }
    }
}

/// The master keys by which stored keys are wrapped, also in a database of an earlier version.
pub fn master_keys(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let mut ids: Vec<String> = customer_keys::table.select(customer_keys::master_key_id).distinct().load(conn)?;
    let sql = match conn {
        Conn::Postgres(_) => "SELECT count(to_regclass('service_keys')) AS number",
        Conn::Sqlite(_) => "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'service_keys'",
    };
    if diesel::sql_query(sql).get_result::<Count>(conn)?.number > 0 {
        ids.extend(service_keys::table.select(service_keys::master_key_id).distinct().load::<String>(conn)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn open(target: &Target) -> Result<Conn, Error> {
    Conn::open(target).map_err(Error::unavailable)
}
