//! What a customer, or the operator, should know of.

use super::conn::Conn;
use super::schema::{customers, notices};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

/// A notice's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices)]
pub struct Notice {
    /// Whose; 0 is the operator's alone.
    pub customer_id: CustomerId,
    /// Inside the database, growing as notices are raised.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// What it is about.
    pub kind: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Counts and instants as JSON.
    pub details: String,
}

/// Stores a notice.
pub fn insert(tx: &mut Tx<'_>, notice: &Notice) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(notices::table).values(notice).execute(c))
}

/// Notices below `before`, newest first: a customer's, or with none everybody's.
pub fn page(
    conn: &mut Conn,
    customer: Option<CustomerId>,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Notice>> {
    let mut query = notices::table.order(notices::id.desc()).limit(limit).select(Notice::as_select()).into_boxed();
    if let Some(customer) = customer {
        query = query.filter(notices::customer_id.eq(customer));
    }
    if let Some(before) = before {
        query = query.filter(notices::id.lt(before));
    }
    query.load(conn)
}

/// When a customer last got a notice of this kind.
pub fn last_raised(conn: &mut Conn, customer: CustomerId, kind: &str) -> QueryResult<Option<Timestamp>> {
    notices::table
        .filter(notices::customer_id.eq(customer).and(notices::kind.eq(kind)))
        .order(notices::id.desc())
        .select(notices::raised_at)
        .first(conn)
        .optional()
}

/// By what customers are known outside.
pub fn public_ids(conn: &mut Conn, ids: &[CustomerId]) -> QueryResult<Vec<(CustomerId, PublicId)>> {
    customers::table.filter(customers::id.eq_any(ids)).select((customers::id, customers::public_id)).load(conn)
}
