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
