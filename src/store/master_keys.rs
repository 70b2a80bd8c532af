//! Master keys that are or were in use; the keys themselves are in files outside.

use super::conn::Conn;
use super::locks;
use super::schema::{customer_keys, master_keys, service_keys};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;

/// Under this number the service itself is locked like a customer.
const SERVICE: CustomerId = CustomerId(0);

/// A master key's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = master_keys, treat_none_as_default_value = false)]
pub struct MasterKeyRow {
    /// Digest of the key.
    pub id: String,
    /// When it took over.
    pub created_at: Timestamp,
    /// Since when nothing stored is under it.
    pub retired_at: Option<Timestamp>,
    /// When its file was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

/// Holds the choice of the master key until the transaction ends: shared by who wraps with it, alone by who changes it.
pub fn hold(tx: &mut Tx<'_>, alone: bool) -> QueryResult<()> {
    locks::hold_customer(tx, SERVICE, alone)
}

/// All of them, the earliest first.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<MasterKeyRow>> {
    master_keys::table.order((master_keys::created_at, master_keys::id)).select(MasterKeyRow::as_select()).load(conn)
}

/// The one that wraps new keys: of those not retired the latest.
pub fn in_use(conn: &mut Conn) -> QueryResult<Option<String>> {
    master_keys::table
        .filter(master_keys::retired_at.is_null())
        .order((master_keys::created_at.desc(), master_keys::id.desc()))
        .select(master_keys::id)
        .first(conn)
        .optional()
}

/// Stores one.
pub fn insert(tx: &mut Tx<'_>, row: &MasterKeyRow) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(master_keys::table).values(row).execute(c))
}

/// Retires every other than this one.
pub fn retire_others(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(master_keys::table.filter(master_keys::id.ne(id).and(master_keys::retired_at.is_null())))
        .set(master_keys::retired_at.eq(now))
        .execute(conn)
}

/// Notes that the file of one has been destroyed; the first time counts.
pub fn destroyed(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(master_keys::table.filter(master_keys::id.eq(id).and(master_keys::destroyed_at.is_null())))
        .set(master_keys::destroyed_at.eq(now))
        .execute(conn)
}

/// The master keys by which stored keys are wrapped.
pub fn wrapping(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let mut ids: Vec<String> = customer_keys::table.select(customer_keys::master_key_id).distinct().load(conn)?;
    ids.extend(service_keys::table.select(service_keys::master_key_id).distinct().load::<String>(conn)?);
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
