//! Instructions by which a customer lets the service decide.

use super::conn::Conn;
use super::schema::delegations;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// An instruction's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = delegations)]
pub struct Delegation {
    /// Whose.
    pub customer_id: CustomerId,
    /// For which right, by its number.
    pub asked: i16,
    /// SHA-256 of the signed document.
    pub document_sha256: Vec<u8>,
    /// Since when.
    pub instructed_at: Timestamp,
    /// By whose key.
    pub actor: String,
}

/// Stores an instruction, in place of an earlier one for the same right.
pub fn put(tx: &mut Tx<'_>, row: &Delegation) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(delegations::table)
        .values(row)
        .on_conflict((delegations::customer_id, delegations::asked))
        .do_update()
        .set((
            delegations::document_sha256.eq(excluded(delegations::document_sha256)),
            delegations::instructed_at.eq(excluded(delegations::instructed_at)),
            delegations::actor.eq(excluded(delegations::actor)),
        ))
        .execute(c))
}

/// Ends an instruction.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, asked: i16) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(delegations::table.find((customer, asked))).execute(conn)
}

/// The instruction for a right.
pub fn find(conn: &mut Conn, customer: CustomerId, asked: i16) -> QueryResult<Option<Delegation>> {
    delegations::table.find((customer, asked)).select(Delegation::as_select()).first(conn).optional()
}

/// All instructions of a customer.
pub fn of_customer(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<Delegation>> {
    delegations::table
        .filter(delegations::customer_id.eq(customer))
        .order(delegations::asked)
        .select(Delegation::as_select())
        .load(conn)
}
