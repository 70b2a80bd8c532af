//! The steps that make the schema: which are due, and running them.

use super::conn::Conn;
use crate::error::Error;
use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// Any number will do, as long as every node takes the same: the bytes of "guestlog".
const LOCK: i64 = 0x6775_6573_746c_6f67;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

impl Conn {
    /// Runs what is missing of the migrations, one node at a time; returns how many ran.
    pub(super) fn migrate(&mut self) -> Result<usize, Error> {
        match self {
            Self::Postgres(c) => patiently(c, |c| {
                c.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
                let ran = c.run_pending_migrations(POSTGRES).map(|ran| ran.len()).map_err(Error::internal);
                c.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
                ran
            }),
            Self::Sqlite(c) => Ok(c.run_pending_migrations(SQLITE).map_err(Error::internal)?.len()),
        }
    }

    /// How many migrations this program has that the database has not run, and the other way round.
    ///
    /// It only reads, so readiness and `doctor` need no right to write: Diesel's own `applied_migrations` would make
    /// the table in which it keeps them.
    pub(super) fn migrations_due(&mut self) -> Result<(usize, usize), Error> {
        let known = known(matches!(self, Self::Sqlite(_)))?;
        let applied = self.migrations()?;
        Ok((known.difference(&applied).count(), applied.difference(&known).count()))
    }

    /// The migrations that have run.
    pub(super) fn migrations(&mut self) -> Result<BTreeSet<String>, Error> {
        let sql = match self {
            Self::Postgres(_) => "SELECT count(to_regclass('__diesel_schema_migrations')) AS number",
            Self::Sqlite(_) => "SELECT count(*) AS number FROM sqlite_schema WHERE name = '__diesel_schema_migrations'",
        };
        if diesel::sql_query(sql).get_result::<Count>(self)?.number == 0 {
            return Ok(BTreeSet::new());
        }
        let rows: Vec<Applied> = diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(self)?;
        Ok(rows.into_iter().map(|row| row.version).collect())
    }
}

/// Runs `work` without the time limits of a request: another node's migration, or one over a large table, takes as
/// long as it takes.
fn patiently<T>(c: &mut PgConnection, work: impl FnOnce(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
    let mut limits = Vec::new();
    for name in ["lock_timeout", "statement_timeout"] {
        let found: Setting = diesel::sql_query(format!("SELECT current_setting('{name}') AS value")).get_result(c)?;
        limits.push(format!("SET {name} = '{}';", found.value));
        c.batch_execute(&format!("SET {name} = 0"))?;
    }
    let outcome = work(c);
    c.batch_execute(&limits.concat())?;
    outcome
}

/// The migrations of this program.
///
/// # Errors
/// When they cannot be read from the program.
pub fn known(sqlite: bool) -> Result<BTreeSet<String>, Error> {
    if sqlite { versions::<diesel::sqlite::Sqlite>(&SQLITE) } else { versions::<diesel::pg::Pg>(&POSTGRES) }
}

fn versions<B: Backend>(source: &EmbeddedMigrations) -> Result<BTreeSet<String>, Error> {
    let all = MigrationSource::<B>::migrations(source).map_err(Error::internal)?;
    Ok(all.iter().map(|migration| migration.name().version().to_string()).collect())
}
