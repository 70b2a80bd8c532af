//! A pooler before PostgreSQL that lends out a session for one transaction at a time, as PgBouncer does in transaction
//! mode.
//!
//! Whatever is set outside of a transaction is set for somebody else, too, so each transaction sets it for itself. What
//! needs a session of its own (migrations, the scrub, backups) goes to PostgreSQL directly. Statements are not prepared
//! by name: PgBouncer knows such names since 1.21 only. Diesel sends the others in one message with their values, so
//! that they are safe outside of transactions as well.

use super::conn::{Conn, IMMEDIATE};
use super::db::Options;
use super::url::Target;
use crate::error::Error;
use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};

/// How transactions begin.
#[derive(Debug, Clone)]
pub(super) struct Begin {
    /// One that writes.
    pub write: String,
    /// One that writes after everything was planned anew; none where nothing stays planned.
    pub replanned: Option<&'static str>,
    /// One that reads; none where the connection itself cannot write, so that reading needs no transaction.
    pub read: Option<String>,
}

impl Begin {
    pub fn of(target: &Target, options: &Options) -> Self {
        let (wait_ms, statement_ms) = (options.busy_timeout_ms, options.statement_timeout_ms);
        match target {
            Target::Sqlite(_) => Self { write: IMMEDIATE.to_owned(), replanned: None, read: None },
            Target::Postgres(_) if options.direct_url.is_none() => {
                Self { write: "BEGIN".to_owned(), replanned: Some("BEGIN; DISCARD PLANS"), read: None }
            }
            // One message each, so that the settings cost no round trip.
            Target::Postgres(_) => Self {
                write: format!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {wait_ms}; \
                     SET LOCAL statement_timeout = {statement_ms}; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
                ),
                replanned: None,
                read: Some(format!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = {statement_ms}; \
                     SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
                )),
            },
        }
    }
}

#[derive(QueryableByName)]
struct Pid {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Bool)]
    held: bool,
}

/// Refuses two connections that are one session to PostgreSQL: a pooler of which the settings do not know.
///
/// It finds one that lends out the session it got back last, which is PgBouncer's way unless told otherwise, as long as
/// no other process asks at the same moment.
pub(super) fn refuse_one_session(a: &mut Conn, b: &mut Conn) -> Result<(), Error> {
    let (Conn::Postgres(a), Conn::Postgres(b)) = (a, b) else { return Ok(()) };
    let pid = |c: &mut PgConnection| {
        diesel::sql_query("SELECT pg_backend_pid() AS pid").get_result::<Pid>(c).map(|found| found.pid)
    };
    if pid(a)? != pid(b)? {
        return Ok(());
    }
    Err(Error::internal(
        "two connections are one session of PostgreSQL, as through a pooler in transaction mode; its own address belongs \
         into database.direct_url, and a journal's address must be its own",
    ))
}

/// Refuses a direct address that is not of the database behind the pooler: migrations and scrubs would go astray.
pub(super) fn refuse_another_database(direct: &mut Conn, pooled: &mut Conn) -> Result<(), Error> {
    let (Conn::Postgres(direct), Conn::Postgres(pooled)) = (direct, pooled) else { return Ok(()) };
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let lock = i64::from_le_bytes(random);
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(lock).execute(direct)?;
    // Both numbers of a lock are shown as unsigned 32-bit halves.
    let seen: Held = diesel::sql_query(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND (classid::bigint << 32 | objid::bigint) = $1) AS held",
    )
    .bind::<BigInt, _>(lock)
    .get_result(pooled)?;
    if seen.held {
        return Ok(());
    }
    Err(Error::internal("database.direct_url is not the PostgreSQL that database.url leads to"))
}

/// Whether a transaction is open on the connection.
pub(super) fn in_transaction(c: &mut PgConnection) -> QueryResult<bool> {
    let status = <PgConnection as Connection>::TransactionManager::transaction_manager_status_mut(c);
    status.transaction_depth().map(|depth| depth.is_some())
}

/// A transaction that reads, where a connection may be anybody's.
pub(super) fn read<T>(
    conn: &mut Conn,
    begin: &str,
    query: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, begin)?,
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, begin)?,
    }
    let outcome = query(conn);
    // There is nothing to commit; a failure to end it concerns the connection alone, which the pool then drops.
    let _ = <Conn as TransactionManager<Conn>>::rollback_transaction(conn);
    outcome
}
