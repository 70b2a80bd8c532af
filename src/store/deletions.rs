//! Deletions with their receipts, and the fingerprints of what was erased.

use super::conn::Conn;
use super::schema::{deletions, erasure_marks};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

pub use super::bulk::deletions::insert;

/// A deletion's row; names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deletions)]
pub struct Deletion {
    /// Whose people.
    pub customer_id: CustomerId,
    /// Inside the database, growing.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// What brought it about.
    pub origin: i16,
    /// The comparison that it is part of.
    pub reconciliation_id: Option<PublicId>,
    /// When.
    pub completed_at: Timestamp,
    /// How many people were named.
    pub refs: i64,
    /// How many were held, and erased.
    pub people: i64,
    /// Whether the search for what is left found nothing.
    pub verified: bool,
    /// The receipt as JSON.
    pub receipt: String,
}

/// One deletion.
pub fn find(conn: &mut Conn, customer: CustomerId, id: PublicId) -> QueryResult<Option<Deletion>> {
    deletions::table
        .filter(deletions::customer_id.eq(customer).and(deletions::public_id.eq(id)))
        .select(Deletion::as_select())
        .first(conn)
        .optional()
}

/// Deletions before `before`, newest first.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    reconciliation: Option<PublicId>,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Deletion>> {
    let mut query = deletions::table
        .filter(deletions::customer_id.eq(customer).and(deletions::id.lt(before.unwrap_or(i64::MAX))))
        .order(deletions::id.desc())
        .limit(limit)
        .select(Deletion::as_select())
        .into_boxed();
    if let Some(reconciliation) = reconciliation {
        query = query.filter(deletions::reconciliation_id.eq(reconciliation));
    }
    query.load(conn)
}

/// Fingerprints of what a deletion erased.
#[derive(Clone, Insertable)]
#[diesel(table_name = erasure_marks)]
pub struct Marks {
    /// Whose people.
    pub customer_id: CustomerId,
    /// The deletion's internal id.
    pub id: i64,
    /// 16 bytes each.
    pub marks: Vec<u8>,
    /// Until when they are kept.
    pub expires_at: Timestamp,
}

/// Stores fingerprints; at most 8,000 rows at once.
pub fn insert_marks(tx: &mut Tx<'_>, rows: &[Marks]) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(erasure_marks::table).values(rows).execute(c))
}
