//! Keys of the service itself, wrapped by the master key.

use super::conn::Conn;
use super::schema::service_keys;
use super::tx::{Tx, on_each};
use crate::domain::Timestamp;
use diesel::prelude::*;

/// A key's row.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_keys, treat_none_as_default_value = false)]
pub struct ServiceKey {
    /// What it is for.
    pub purpose: String,
    /// Counted from 1.
    pub version: i32,
    /// The key, wrapped by the master key.
    pub wrapped: Vec<u8>,
    /// Which master key.
    pub master_key_id: String,
    /// The public half, of a key that signs.
    pub public_key: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it makes nothing new.
    pub retired_at: Option<Timestamp>,
}

/// All of them.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<ServiceKey>> {
    service_keys::table.order((service_keys::purpose, service_keys::version)).select(ServiceKey::as_select()).load(conn)
}

/// Stores those that are not there yet.
pub fn insert(tx: &mut Tx<'_>, rows: &[ServiceKey]) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(service_keys::table).values(rows).on_conflict_do_nothing().execute(c))
}

/// Stores a key as another master key wraps it, if it is still the one that was read.
pub fn rewrap(tx: &mut Tx<'_>, from: &ServiceKey, wrapped: &[u8], master_key_id: &str) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let read = service_keys::purpose
        .eq(&from.purpose)
        .and(service_keys::version.eq(from.version))
        .and(service_keys::master_key_id.eq(&from.master_key_id));
    diesel::update(service_keys::table.filter(read))
        .set((service_keys::wrapped.eq(wrapped), service_keys::master_key_id.eq(master_key_id)))
        .execute(conn)
}
