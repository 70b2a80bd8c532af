//! Deleting what is kept for a time only: tombstones and fingerprints.

use super::conn::Conn;
use super::schema::{erasure_marks, tombstones};
use super::tx::Tx;
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;

/// Some of a customer's tombstones that have expired.
pub fn expired_tombstones(
    conn: &mut Conn,
    customer: CustomerId,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<Vec<u8>>> {
    tombstones::table
        .filter(tombstones::customer_id.eq(customer).and(tombstones::expires_at.le(now)))
        .limit(limit)
        .select(tombstones::digest)
        .load(conn)
}

/// Deletes these tombstones, but for one that has been renewed.
pub fn tombstones(tx: &mut Tx<'_>, customer: CustomerId, digests: &[Vec<u8>], now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(
        tombstones::table
            .filter(tombstones::customer_id.eq(customer).and(tombstones::digest.eq_any(digests)))
            .filter(tombstones::expires_at.le(now)),
    )
    .execute(conn)
}

/// Some of a customer's fingerprints that have expired.
pub fn expired_marks(conn: &mut Conn, customer: CustomerId, now: Timestamp, limit: i64) -> QueryResult<Vec<i64>> {
    erasure_marks::table
        .filter(erasure_marks::customer_id.eq(customer).and(erasure_marks::expires_at.le(now)))
        .limit(limit)
        .select(erasure_marks::id)
        .load(conn)
}

/// Deletes these fingerprints.
pub fn marks(tx: &mut Tx<'_>, customer: CustomerId, ids: &[i64]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(
        erasure_marks::table.filter(erasure_marks::customer_id.eq(customer).and(erasure_marks::id.eq_any(ids))),
    )
    .execute(conn)
}

/// Fingerprints after the named row, of all customers.
pub fn marks_page(
    conn: &mut Conn,
    after: Option<(CustomerId, i64)>,
    limit: i64,
) -> QueryResult<Vec<(CustomerId, i64, Vec<u8>)>> {
    let mut query = erasure_marks::table
        .order((erasure_marks::customer_id, erasure_marks::id))
        .limit(limit)
        .select((erasure_marks::customer_id, erasure_marks::id, erasure_marks::marks))
        .into_boxed();
    if let Some((customer, id)) = after {
        let later = erasure_marks::customer_id.eq(customer).and(erasure_marks::id.gt(id));
        query = query.filter(erasure_marks::customer_id.gt(customer).or(later));
    }
    query.load(conn)
}
