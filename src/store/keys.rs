//! API keys.

use super::conn::Conn;
use super::schema::api_keys;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, LicenseId, Timestamp};
use diesel::prelude::*;

/// An API key's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub struct Key {
    /// The public part, by which it is looked up.
    pub key_id: String,
    /// Whose; none is the operator's.
    pub customer_id: Option<CustomerId>,
    /// Bound to this licence.
    pub license_id: Option<LicenseId>,
    /// Keyed digest of the secret.
    pub secret_digest: Vec<u8>,
    /// Scopes, separated by spaces.
    pub scopes: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The day on which it was last used.
    pub last_used_day: Option<Timestamp>,
}

/// Stores a key.
pub fn insert(tx: &mut Tx<'_>, key: &Key) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(api_keys::table).values(key).execute(c))
}

/// A key by its public part.
pub fn find(conn: &mut Conn, key_id: &str) -> QueryResult<Option<Key>> {
    api_keys::table.find(key_id).select(Key::as_select()).first(conn).optional()
}

/// The keys of a customer, or the operator's.
pub fn of_customer(conn: &mut Conn, customer: Option<CustomerId>) -> QueryResult<Vec<Key>> {
    let query = api_keys::table.order((api_keys::created_at, api_keys::key_id)).select(Key::as_select()).into_boxed();
    match customer {
        Some(customer) => query.filter(api_keys::customer_id.eq(customer)).load(conn),
        None => query.filter(api_keys::customer_id.is_null()).load(conn),
    }
}

/// Ends a key; the first revocation stands.
pub fn revoke(tx: &mut Tx<'_>, key_id: &str, now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(api_keys::table.filter(api_keys::key_id.eq(key_id).and(api_keys::revoked_at.is_null())))
        .set(api_keys::revoked_at.eq(now))
        .execute(conn)
}

/// Notes the day of use.
pub fn used(tx: &mut Tx<'_>, key_id: &str, day: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(api_keys::table.find(key_id)).set(api_keys::last_used_day.eq(day)).execute(conn)
}
