//! Locks that outlive a statement and end with the transaction.

use super::conn::Conn;
use super::tx::Tx;
use crate::domain::CustomerId;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Holds back every writer of a customer (alone) or only those who hold alone (shared), until the transaction ends.
///
/// A correction and the event that it corrects may arrive at two nodes at once, and neither would see the other:
/// a transaction with corrections holds its customer alone. SQLite has one writer and needs nothing.
pub fn hold_customer(tx: &mut Tx<'_>, customer: CustomerId, alone: bool) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    if let Conn::Postgres(c) = conn {
        let name = if alone { "pg_advisory_xact_lock" } else { "pg_advisory_xact_lock_shared" };
        diesel::sql_query(format!("SELECT {name}($1)")).bind::<BigInt, _>(customer.0).execute(c)?;
    }
    Ok(())
}

/// Waits until every writer of a customer who has taken ids by now has committed or given up.
///
/// PostgreSQL hands out ids when they are taken and shows rows when they are committed, so a row may appear behind one
/// with a greater id. Whoever follows along by id waits here first and then sees all that is below what it sees.
/// SQLite has one writer and needs nothing.
pub fn await_writers(conn: &mut Conn, customer: CustomerId) -> QueryResult<()> {
    if let Conn::Postgres(c) = conn {
        // Outside of a transaction the lock ends with the statement.
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(customer.0).execute(c)?;
    }
    Ok(())
}
