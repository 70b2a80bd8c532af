//! Licences.

use super::conn::Conn;
use super::schema::licenses;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, LicenseId, PublicId, Timestamp};
use diesel::prelude::*;

/// A licence's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = licenses, treat_none_as_default_value = false)]
pub struct License {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database.
    pub id: LicenseId,
    /// Outside.
    pub public_id: PublicId,
    /// Blind index of the number.
    pub number_index: Vec<u8>,
    /// The number, sealed under the customer's key.
    pub number_sealed: Vec<u8>,
    /// Version of that key.
    pub key_version: i32,
    /// What the site is called.
    pub name: String,
    /// IANA time zone of the site.
    pub time_zone: String,
    /// Overdue so many minutes after check-in.
    pub overdue_after_minutes: Option<i32>,
    /// Overdue after this local time, `HH:MM`.
    pub closes_at: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Stores a licence.
pub fn insert(tx: &mut Tx<'_>, license: &License) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(licenses::table).values(license).execute(c))
}

/// A customer's licences, in the order in which they were issued.
pub fn of_customer(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<License>> {
    licenses::table
        .filter(licenses::customer_id.eq(customer))
        .order(licenses::id)
        .select(License::as_select())
        .load(conn)
}

/// A licence by the blind index of its number.
pub fn by_number(conn: &mut Conn, customer: CustomerId, index: &[u8]) -> QueryResult<Option<License>> {
    licenses::table
        .filter(licenses::customer_id.eq(customer).and(licenses::number_index.eq(index)))
        .select(License::as_select())
        .first(conn)
        .optional()
}

/// A licence by its public id.
pub fn find(conn: &mut Conn, customer: CustomerId, id: PublicId) -> QueryResult<Option<License>> {
    licenses::table
        .filter(licenses::customer_id.eq(customer).and(licenses::public_id.eq(id)))
        .select(License::as_select())
        .first(conn)
        .optional()
}

/// Changes what may be changed of a licence.
pub fn update(tx: &mut Tx<'_>, license: &License) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(licenses::table.find((license.customer_id, license.id)))
        .set((
            licenses::name.eq(&license.name),
            licenses::time_zone.eq(&license.time_zone),
            licenses::overdue_after_minutes.eq(license.overdue_after_minutes),
            licenses::closes_at.eq(&license.closes_at),
            licenses::revoked_at.eq(license.revoked_at),
        ))
        .execute(conn)
}

/// A licence by its internal id.
pub fn get(conn: &mut Conn, customer: CustomerId, id: LicenseId) -> QueryResult<Option<License>> {
    licenses::table.find((customer, id)).select(License::as_select()).first(conn).optional()
}
