//! What people ask for by the public form, until it has become cases.

use super::conn::Conn;
use super::schema::privacy_requests;
use super::tx::{Tx, load_locked, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

/// A request's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = privacy_requests, primary_key(id), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct PrivacyRequest {
    /// Inside the database.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// The customer that the person named.
    pub customer_id: Option<CustomerId>,
    /// Which right, by its number.
    pub asked: i16,
    /// The language of the answer.
    pub locale: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Address and words, sealed; none once they are of no more use.
    pub asked_sealed: Option<Vec<u8>>,
    /// Digest of the code that was sent last.
    pub code_digest: Option<Vec<u8>>,
    /// Until when that code is taken.
    pub code_expires_at: Option<Timestamp>,
    /// How often a code was tried since the last was sent.
    pub code_tries: i16,
    /// How many codes were sent.
    pub codes_sent: i16,
    /// When a right code came first.
    pub verified_at: Option<Timestamp>,
    /// Digest of the token that the last right code gave.
    pub token_digest: Option<Vec<u8>>,
    /// Until when that token is taken.
    pub token_expires_at: Option<Timestamp>,
    /// When the cases were made.
    pub passed_on_at: Option<Timestamp>,
    /// When it is deleted.
    pub expires_at: Timestamp,
}

/// Stores a request.
pub fn insert(tx: &mut Tx<'_>, row: &PrivacyRequest) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(privacy_requests::table).values(row).execute(c))
}

/// A request by what it is called outside.
pub fn find(conn: &mut Conn, id: PublicId) -> QueryResult<Option<PrivacyRequest>> {
    privacy_requests::table
        .filter(privacy_requests::public_id.eq(id))
        .select(PrivacyRequest::as_select())
        .first(conn)
        .optional()
}

/// A request by its number.
pub fn get(conn: &mut Conn, id: i64) -> QueryResult<Option<PrivacyRequest>> {
    privacy_requests::table.find(id).select(PrivacyRequest::as_select()).first(conn).optional()
}

/// A request by its number, locked until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, id: i64) -> QueryResult<Option<PrivacyRequest>> {
    let found: QueryResult<Vec<PrivacyRequest>> =
        load_locked!(tx, privacy_requests::table.find(id).select(PrivacyRequest::as_select()));
    Ok(found?.pop())
}

/// Stores a request as it is now.
pub fn update(tx: &mut Tx<'_>, row: &PrivacyRequest) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(privacy_requests::table.find(row.id)).set(row).execute(conn)
}

/// Deletes a request.
pub fn remove(tx: &mut Tx<'_>, id: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(privacy_requests::table.find(id)).execute(conn)
}
