//! Where a customer wants to be told.

use super::load_locked;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::store::conn::Conn;
use crate::store::schema::{webhook_deliveries, webhook_endpoints};
use crate::store::tx::{Tx, on_each};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

/// An endpoint's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_endpoints, treat_none_as_default_value = false)]
pub struct Endpoint {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database, growing as endpoints are made.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// The address, sealed under the customer's key.
    pub url_sealed: Vec<u8>,
    /// Version of that key.
    pub key_version: i32,
    /// Which recipient it is, in the customer's words.
    pub description: Option<String>,
    /// What it is told, in numbers with commas between.
    pub topics: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is told nothing.
    pub disabled_at: Option<Timestamp>,
    /// Why, as a number.
    pub disabled_reason: Option<i16>,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    /// How many did.
    pub failures: i32,
    /// When the customer deleted it; then it is there for the deliveries alone that went to it.
    pub closed_at: Option<Timestamp>,
}

/// Stores an endpoint.
pub fn insert(tx: &mut Tx<'_>, endpoint: &Endpoint) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(webhook_endpoints::table).values(endpoint).execute(c))
}

/// A customer's endpoints, in the order in which they were made.
pub fn of_customer(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<Endpoint>> {
    webhook_endpoints::table
        .filter(webhook_endpoints::customer_id.eq(customer).and(webhook_endpoints::closed_at.is_null()))
        .order(webhook_endpoints::id)
        .select(Endpoint::as_select())
        .load(conn)
}

/// As [`of_customer`], with those that the customer has deleted.
pub fn ever_of_customer(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<Endpoint>> {
    webhook_endpoints::table
        .filter(webhook_endpoints::customer_id.eq(customer))
        .order(webhook_endpoints::id)
        .select(Endpoint::as_select())
        .load(conn)
}

/// What a customer's endpoints that are not disabled are told, each with its id; none of them goes before this
/// transaction ends.
pub fn enabled(tx: &mut Tx<'_>, customer: CustomerId) -> QueryResult<Vec<(i64, String)>> {
    let query = webhook_endpoints::table
        .filter(webhook_endpoints::customer_id.eq(customer).and(webhook_endpoints::disabled_at.is_null()))
        .order(webhook_endpoints::id)
        .select((webhook_endpoints::id, webhook_endpoints::topics));
    load_locked!(tx, query, for_key_share)
}

/// What a customer's endpoints that are not disabled are told.
pub fn topics(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<String>> {
    webhook_endpoints::table
        .filter(webhook_endpoints::customer_id.eq(customer).and(webhook_endpoints::disabled_at.is_null()))
        .select(webhook_endpoints::topics)
        .load(conn)
}

/// An endpoint by its public id, unless it is deleted.
pub fn find(conn: &mut Conn, customer: CustomerId, id: PublicId) -> QueryResult<Option<Endpoint>> {
    webhook_endpoints::table
        .filter(webhook_endpoints::customer_id.eq(customer).and(webhook_endpoints::public_id.eq(id)))
        .filter(webhook_endpoints::closed_at.is_null())
        .select(Endpoint::as_select())
        .first(conn)
        .optional()
}

/// An endpoint by its id inside the database, deleted or not.
pub fn get(conn: &mut Conn, customer: CustomerId, id: i64) -> QueryResult<Option<Endpoint>> {
    webhook_endpoints::table.find((customer, id)).select(Endpoint::as_select()).first(conn).optional()
}

/// As [`get`], kept from being changed by others until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, customer: CustomerId, id: i64) -> QueryResult<Option<Endpoint>> {
    let found: Vec<Endpoint> = load_locked!(
        tx,
        webhook_endpoints::table.find((customer, id)).select(Endpoint::as_select()),
        for_no_key_update
    )?;
    Ok(found.into_iter().next())
}

/// Stores what may change of an endpoint.
pub fn update(tx: &mut Tx<'_>, endpoint: &Endpoint) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(webhook_endpoints::table.find((endpoint.customer_id, endpoint.id)))
        .set((
            webhook_endpoints::url_sealed.eq(&endpoint.url_sealed),
            webhook_endpoints::key_version.eq(endpoint.key_version),
            webhook_endpoints::description.eq(&endpoint.description),
            webhook_endpoints::topics.eq(&endpoint.topics),
            webhook_endpoints::disabled_at.eq(endpoint.disabled_at),
            webhook_endpoints::disabled_reason.eq(endpoint.disabled_reason),
            webhook_endpoints::failing_since.eq(endpoint.failing_since),
            webhook_endpoints::failures.eq(endpoint.failures),
            webhook_endpoints::closed_at.eq(endpoint.closed_at),
        ))
        .execute(conn)
}

/// The deleted endpoints of a customer of which no delivery is known.
macro_rules! forgotten {
    ($customer:expr) => {
        webhook_endpoints::table
            .filter(webhook_endpoints::customer_id.eq($customer).and(webhook_endpoints::closed_at.is_not_null()))
            .filter(not(exists(
                webhook_deliveries::table
                    .filter(webhook_deliveries::customer_id.eq(webhook_endpoints::customer_id))
                    .filter(webhook_deliveries::endpoint_id.eq(webhook_endpoints::id)),
            )))
    };
}

/// Whether a customer has deleted endpoints of which no delivery is known.
pub fn any_forgotten(conn: &mut Conn, customer: CustomerId) -> QueryResult<bool> {
    let found = forgotten!(customer).select(webhook_endpoints::id).first::<i64>(conn).optional()?;
    Ok(found.is_some())
}

/// Removes the deleted endpoints of a customer of which no delivery is known.
pub fn remove_forgotten(tx: &mut Tx<'_>, customer: CustomerId) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(forgotten!(customer)).execute(conn)
}
