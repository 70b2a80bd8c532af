//! Written retention agreements.

use super::conn::Conn;
use super::schema::retention_agreements;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

/// An agreement's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = retention_agreements, treat_none_as_default_value = false)]
pub struct Agreement {
    /// Whose people and visits.
    pub customer_id: CustomerId,
    /// Inside the database, growing.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// SHA-256 of the document.
    pub document_sha256: Vec<u8>,
    /// Between whom, as a JSON list of texts.
    pub parties: String,
    /// When it was signed.
    pub signed_at: Option<Timestamp>,
    /// Since when it is in force.
    pub in_force_from: Timestamp,
    /// Until when.
    pub in_force_until: Option<Timestamp>,
    /// People go so many days after the last that was heard of them.
    pub people_days: Option<i32>,
    /// Visits go so many days after they were over.
    pub visits_days: Option<i32>,
    /// When it was entered.
    pub created_at: Timestamp,
}

/// Stores an agreement.
pub fn insert(tx: &mut Tx<'_>, row: &Agreement) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(retention_agreements::table).values(row).execute(c))
}

/// One agreement.
pub fn find(conn: &mut Conn, customer: CustomerId, id: PublicId) -> QueryResult<Option<Agreement>> {
    retention_agreements::table
        .filter(retention_agreements::customer_id.eq(customer).and(retention_agreements::public_id.eq(id)))
        .select(Agreement::as_select())
        .first(conn)
        .optional()
}

/// A customer's agreements, in the order in which they were entered.
pub fn of_customer(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<Agreement>> {
    retention_agreements::table
        .filter(retention_agreements::customer_id.eq(customer))
        .order(retention_agreements::id)
        .select(Agreement::as_select())
        .load(conn)
}

/// The customers that have an agreement which is signed and not over.
pub fn customers(conn: &mut Conn, now: Timestamp) -> QueryResult<Vec<CustomerId>> {
    let over = retention_agreements::in_force_until.le(now);
    retention_agreements::table
        .filter(retention_agreements::signed_at.is_not_null())
        .filter(retention_agreements::in_force_until.is_null().or(diesel::dsl::not(over)))
        .select(retention_agreements::customer_id)
        .distinct()
        .order(retention_agreements::customer_id)
        .load(conn)
}

/// Ends an agreement.
pub fn end(tx: &mut Tx<'_>, customer: CustomerId, id: i64, until: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(retention_agreements::table.find((customer, id)))
        .set(retention_agreements::in_force_until.eq(until))
        .execute(conn)
}
