//! Messages on their way to endpoints.

use super::messages::Message;
use crate::domain::webhook::State;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::store::conn::Conn;
use crate::store::schema::{webhook_deliveries, webhook_messages};
use crate::store::tx::{Tx, on_each};
use diesel::prelude::*;

/// A delivery's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database, growing as deliveries are made.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// What is delivered.
    pub message_id: i64,
    /// To whom.
    pub endpoint_id: i64,
    /// How far it has come, as a number.
    pub state: i16,
    /// How often it was tried since it was queued.
    pub attempts: i32,
    /// When it was queued, the first time or again.
    pub queued_at: Timestamp,
    /// Not to be tried before.
    pub due_at: Timestamp,
    /// When it was last tried.
    pub attempted_at: Option<Timestamp>,
    /// What the endpoint answered then.
    pub status: Option<i16>,
    /// Why that failed, as a number.
    pub fault: Option<i16>,
    /// When the endpoint said that it has it.
    pub acknowledged_at: Option<Timestamp>,
}

/// Stores deliveries.
pub fn insert(tx: &mut Tx<'_>, deliveries: &[Delivery]) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(webhook_deliveries::table).values(deliveries).execute(c))
}

/// The deliveries of an endpoint that are under way.
macro_rules! pending {
    ($customer:expr, $endpoint:expr) => {
        webhook_deliveries::customer_id
            .eq($customer)
            .and(webhook_deliveries::endpoint_id.eq($endpoint))
            .and(webhook_deliveries::state.eq(State::Pending.number()))
    };
}

/// Deliveries with what they deliver.
#[diesel::dsl::auto_type]
fn with_messages() -> _ {
    let of_customer = webhook_messages::customer_id.eq(webhook_deliveries::customer_id);
    webhook_deliveries::table.inner_join(
        webhook_messages::table.on(of_customer.and(webhook_messages::id.eq(webhook_deliveries::message_id))),
    )
}

/// What is due to an endpoint first, with its message.
pub fn due(
    conn: &mut Conn,
    customer: CustomerId,
    endpoint: i64,
    now: Timestamp,
) -> QueryResult<Option<(Delivery, Message)>> {
    with_messages()
        .filter(pending!(customer, endpoint).and(webhook_deliveries::due_at.le(now)))
        .order(webhook_deliveries::due_at)
        .select((Delivery::as_select(), Message::as_select()))
        .first(conn)
        .optional()
}

/// When something is due to an endpoint next.
pub fn next_due(conn: &mut Conn, customer: CustomerId, endpoint: i64) -> QueryResult<Option<Timestamp>> {
    webhook_deliveries::table
        .filter(pending!(customer, endpoint))
        .order(webhook_deliveries::due_at)
        .select(webhook_deliveries::due_at)
        .first(conn)
        .optional()
}

/// Stores what an attempt came to; 0 when the delivery has gone or is not under way any more.
pub fn attempted(tx: &mut Tx<'_>, delivery: &Delivery) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let row = webhook_deliveries::table.find((delivery.customer_id, delivery.id));
    diesel::update(row.filter(webhook_deliveries::state.eq(State::Pending.number())))
        .set((
            webhook_deliveries::state.eq(delivery.state),
            webhook_deliveries::attempts.eq(delivery.attempts),
            webhook_deliveries::due_at.eq(delivery.due_at),
            webhook_deliveries::attempted_at.eq(delivery.attempted_at),
            webhook_deliveries::status.eq(delivery.status),
            webhook_deliveries::fault.eq(delivery.fault),
            webhook_deliveries::acknowledged_at.eq(delivery.acknowledged_at),
        ))
        .execute(conn)
}

/// Gives up everything that is under way to an endpoint.
pub fn give_up(tx: &mut Tx<'_>, customer: CustomerId, endpoint: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(webhook_deliveries::table.filter(pending!(customer, endpoint)))
        .set(webhook_deliveries::state.eq(State::Dead.number()))
        .execute(conn)
}

/// Removes the deliveries to an endpoint that were never tried.
pub fn remove_untried(tx: &mut Tx<'_>, customer: CustomerId, endpoint: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let of = webhook_deliveries::customer_id.eq(customer).and(webhook_deliveries::endpoint_id.eq(endpoint));
    diesel::delete(webhook_deliveries::table.filter(of.and(webhook_deliveries::attempted_at.is_null()))).execute(conn)
}

/// Gives up what is under way of these messages, which say nothing any more.
pub fn give_up_messages(tx: &mut Tx<'_>, customer: CustomerId, messages: &[i64]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let of = webhook_deliveries::customer_id.eq(customer).and(webhook_deliveries::message_id.eq_any(messages));
    diesel::update(webhook_deliveries::table.filter(of.and(webhook_deliveries::state.eq(State::Pending.number()))))
        .set(webhook_deliveries::state.eq(State::Dead.number()))
        .execute(conn)
}

/// Has a delivery tried anew from now on.
pub fn requeue(tx: &mut Tx<'_>, customer: CustomerId, id: i64, now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(webhook_deliveries::table.find((customer, id)))
        .set((
            webhook_deliveries::state.eq(State::Pending.number()),
            webhook_deliveries::attempts.eq(0),
            webhook_deliveries::queued_at.eq(now),
            webhook_deliveries::due_at.eq(now),
        ))
        .execute(conn)
}

/// A delivery of an endpoint by its public id, with its message.
pub fn find(
    conn: &mut Conn,
    customer: CustomerId,
    endpoint: i64,
    id: PublicId,
) -> QueryResult<Option<(Delivery, Message)>> {
    with_messages()
        .filter(webhook_deliveries::customer_id.eq(customer).and(webhook_deliveries::public_id.eq(id)))
        .filter(webhook_deliveries::endpoint_id.eq(endpoint))
        .select((Delivery::as_select(), Message::as_select()))
        .first(conn)
        .optional()
}

/// An endpoint's deliveries below `before`, newest first, with their messages.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    endpoint: i64,
    state: Option<State>,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<(Delivery, Message)>> {
    let mut query = with_messages()
        .filter(webhook_deliveries::customer_id.eq(customer).and(webhook_deliveries::endpoint_id.eq(endpoint)))
        .order(webhook_deliveries::id.desc())
        .limit(limit)
        .select((Delivery::as_select(), Message::as_select()))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(webhook_deliveries::state.eq(state.number()));
    }
    if let Some(before) = before {
        query = query.filter(webhook_deliveries::id.lt(before));
    }
    query.load(conn)
}

/// The deliveries of all messages about a case, a deletion or a notice, in the order in which they were made.
pub fn about(
    conn: &mut Conn,
    customer: CustomerId,
    subject: PublicId,
    limit: i64,
) -> QueryResult<Vec<(Delivery, Message)>> {
    with_messages()
        .filter(webhook_messages::customer_id.eq(customer).and(webhook_messages::subject.eq(subject)))
        .order(webhook_deliveries::id)
        .limit(limit)
        .select((Delivery::as_select(), Message::as_select()))
        .load(conn)
}
