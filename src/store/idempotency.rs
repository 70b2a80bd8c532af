//! Answers kept for a retry.

use super::conn::Conn;
use super::schema::idempotency_keys;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;

/// A kept answer's row.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct Kept {
    /// Whose; 0 is the operator.
    pub customer_id: CustomerId,
    /// Keyed digest of the Idempotency-Key.
    pub key_digest: Vec<u8>,
    /// Keyed digest of method, path and body.
    pub request_digest: Vec<u8>,
    /// Status of the answer.
    pub status: i16,
    /// The answer, sealed.
    pub answer_sealed: Vec<u8>,
    /// When.
    pub created_at: Timestamp,
}

/// The answer kept under this key.
pub fn find(conn: &mut Conn, customer: CustomerId, key_digest: &[u8]) -> QueryResult<Option<Kept>> {
    idempotency_keys::table.find((customer, key_digest)).select(Kept::as_select()).first(conn).optional()
}

/// Keeps an answer.
pub fn insert(tx: &mut Tx<'_>, kept: &Kept) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(idempotency_keys::table).values(kept).execute(c))
}

/// Removes what is older than `before`.
pub fn remove_before(tx: &mut Tx<'_>, customer: CustomerId, before: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(
        idempotency_keys::table
            .filter(idempotency_keys::customer_id.eq(customer).and(idempotency_keys::created_at.lt(before))),
    )
    .execute(conn)
}
