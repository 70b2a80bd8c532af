//! What is told.

use super::load_locked;
use crate::domain::webhook::State;
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use crate::store::conn::Conn;
use crate::store::schema::{webhook_deliveries, webhook_endpoints, webhook_messages};
use crate::store::tx::{Tx, on_each};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

/// A message's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_messages, treat_none_as_default_value = false)]
pub struct Message {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database, growing as messages are made.
    pub id: i64,
    /// Outside: by it recipients tell a repeated message.
    pub public_id: PublicId,
    /// What it is about, as a number.
    pub topic: i16,
    /// The case, deletion, notice or endpoint that it is about.
    pub subject: Option<PublicId>,
    /// The person whom it is about, who is held.
    pub person_id: Option<PersonId>,
    /// What is sent, sealed under the customer's key; none once all have got it.
    pub body_sealed: Option<Vec<u8>>,
    /// Version of that key.
    pub key_version: i32,
    /// When it happened.
    pub created_at: Timestamp,
}

/// A message that nobody is still to get, who is there.
macro_rules! is_over {
    () => {
        not(exists(
            webhook_deliveries::table
                .filter(webhook_deliveries::customer_id.eq(webhook_messages::customer_id))
                .filter(webhook_deliveries::message_id.eq(webhook_messages::id))
                .filter(webhook_deliveries::state.ne(State::Delivered.number()))
                .filter(exists(
                    webhook_endpoints::table
                        .filter(webhook_endpoints::customer_id.eq(webhook_deliveries::customer_id))
                        .filter(webhook_endpoints::id.eq(webhook_deliveries::endpoint_id))
                        .filter(webhook_endpoints::closed_at.is_null()),
                )),
        ))
    };
}

/// Stores a message.
pub fn insert(tx: &mut Tx<'_>, message: &Message) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(webhook_messages::table).values(message).execute(c))
}

/// A message, kept from being changed by others until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, customer: CustomerId, id: i64) -> QueryResult<Option<Message>> {
    let found: Vec<Message> =
        load_locked!(tx, webhook_messages::table.find((customer, id)).select(Message::as_select()), for_no_key_update)?;
    Ok(found.into_iter().next())
}

/// As [`lock`], of many at once and in their order.
pub fn lock_all(tx: &mut Tx<'_>, customer: CustomerId, ids: &[i64]) -> QueryResult<usize> {
    let of = webhook_messages::customer_id.eq(customer).and(webhook_messages::id.eq_any(ids));
    let query = webhook_messages::table.filter(of).order(webhook_messages::id).select(webhook_messages::id);
    let found: Vec<i64> = load_locked!(tx, query, for_no_key_update)?;
    Ok(found.len())
}

/// Removes what a message says, unless somebody is still to get it; 1 when there was something.
pub fn wipe_when_over(tx: &mut Tx<'_>, customer: CustomerId, id: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let held = webhook_messages::table.find((customer, id)).filter(webhook_messages::body_sealed.is_not_null());
    diesel::update(held.filter(is_over!())).set(webhook_messages::body_sealed.eq(None::<Vec<u8>>)).execute(conn)
}

/// Removes what all of a customer's messages say that nobody is still to get: an endpoint has gone.
pub fn wipe_all_over(tx: &mut Tx<'_>, customer: CustomerId) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let held = webhook_messages::customer_id.eq(customer).and(webhook_messages::body_sealed.is_not_null());
    diesel::update(webhook_messages::table.filter(held).filter(is_over!()))
        .set(webhook_messages::body_sealed.eq(None::<Vec<u8>>))
        .execute(conn)
}

/// The ids of a customer's messages that say something and were made, and last queued, at or before a time.
macro_rules! held_since {
    ($customer:expr, $at:expr) => {
        webhook_messages::table
            .filter(webhook_messages::customer_id.eq($customer).and(webhook_messages::body_sealed.is_not_null()))
            .filter(webhook_messages::created_at.le($at))
            .filter(not(exists(
                webhook_deliveries::table
                    .filter(webhook_deliveries::customer_id.eq(webhook_messages::customer_id))
                    .filter(webhook_deliveries::message_id.eq(webhook_messages::id))
                    .filter(webhook_deliveries::queued_at.gt($at)),
            )))
            .select(webhook_messages::id)
    };
}

/// Some of a customer's messages that say something and were made, and last queued, at or before `at`.
pub fn held_since(conn: &mut Conn, customer: CustomerId, at: Timestamp, limit: i64) -> QueryResult<Vec<i64>> {
    held_since!(customer, at).limit(limit).load(conn)
}

/// Which of these messages [`held_since`] still means.
pub fn held_still(conn: &mut Conn, customer: CustomerId, at: Timestamp, ids: &[i64]) -> QueryResult<Vec<i64>> {
    held_since!(customer, at).filter(webhook_messages::id.eq_any(ids)).load(conn)
}

/// Removes what these messages say.
pub fn wipe(tx: &mut Tx<'_>, customer: CustomerId, ids: &[i64]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let of = webhook_messages::customer_id.eq(customer).and(webhook_messages::id.eq_any(ids));
    diesel::update(webhook_messages::table.filter(of))
        .set(webhook_messages::body_sealed.eq(None::<Vec<u8>>))
        .execute(conn)
}

/// Some of a customer's messages that were made at or before `at`.
pub fn made_by(conn: &mut Conn, customer: CustomerId, at: Timestamp, limit: i64) -> QueryResult<Vec<i64>> {
    webhook_messages::table
        .filter(webhook_messages::customer_id.eq(customer).and(webhook_messages::created_at.le(at)))
        .limit(limit)
        .select(webhook_messages::id)
        .load(conn)
}

/// Deletes these messages and what is known of their deliveries.
pub fn delete(tx: &mut Tx<'_>, customer: CustomerId, ids: &[i64]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let of = webhook_messages::customer_id.eq(customer).and(webhook_messages::id.eq_any(ids));
    diesel::delete(webhook_messages::table.filter(of)).execute(conn)
}
