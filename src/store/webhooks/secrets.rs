//! What signs for an endpoint.

use crate::domain::{CustomerId, Timestamp};
use crate::store::conn::Conn;
use crate::store::schema::webhook_secrets;
use crate::store::tx::{Tx, on_each};
use diesel::prelude::*;

/// A secret's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_secrets, treat_none_as_default_value = false)]
pub struct Secret {
    /// Whose.
    pub customer_id: CustomerId,
    /// The endpoint that it signs for.
    pub endpoint_id: i64,
    /// Inside the database, growing as secrets are made.
    pub id: i64,
    /// The secret, sealed under the customer's key.
    pub secret_sealed: Vec<u8>,
    /// Version of that key.
    pub key_version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, once another has taken over.
    pub expires_at: Option<Timestamp>,
}

/// Stores a secret.
pub fn insert(tx: &mut Tx<'_>, secret: &Secret) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(webhook_secrets::table).values(secret).execute(c))
}

/// The secrets of an endpoint that have not ended, the newest first.
pub fn in_force(conn: &mut Conn, customer: CustomerId, endpoint: i64, now: Timestamp) -> QueryResult<Vec<Secret>> {
    webhook_secrets::table
        .filter(webhook_secrets::customer_id.eq(customer).and(webhook_secrets::endpoint_id.eq(endpoint)))
        .filter(webhook_secrets::expires_at.is_null().or(webhook_secrets::expires_at.gt(now)))
        .order(webhook_secrets::id.desc())
        .select(Secret::as_select())
        .load(conn)
}

/// Deletes the secrets of an endpoint that are older than `newest`.
pub fn delete_before(tx: &mut Tx<'_>, customer: CustomerId, endpoint: i64, newest: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let of = webhook_secrets::customer_id.eq(customer).and(webhook_secrets::endpoint_id.eq(endpoint));
    diesel::delete(webhook_secrets::table.filter(of.and(webhook_secrets::id.lt(newest)))).execute(conn)
}

/// Sets when a secret ends.
pub fn end(tx: &mut Tx<'_>, customer: CustomerId, endpoint: i64, id: i64, at: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(webhook_secrets::table.find((customer, endpoint, id)))
        .set(webhook_secrets::expires_at.eq(at))
        .execute(conn)
}

/// Deletes a customer's secrets that have ended.
pub fn delete_ended(tx: &mut Tx<'_>, customer: CustomerId, now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let ended = webhook_secrets::customer_id.eq(customer).and(webhook_secrets::expires_at.le(now));
    diesel::delete(webhook_secrets::table.filter(ended)).execute(conn)
}

/// Whether a customer has secrets that have ended.
pub fn any_ended(conn: &mut Conn, customer: CustomerId, now: Timestamp) -> QueryResult<bool> {
    let ended = webhook_secrets::customer_id.eq(customer).and(webhook_secrets::expires_at.le(now));
    let found = webhook_secrets::table.filter(ended).select(webhook_secrets::id).first::<i64>(conn).optional()?;
    Ok(found.is_some())
}
