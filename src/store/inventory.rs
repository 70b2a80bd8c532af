//! What the inventory of keys counts.

use super::conn::Conn;
use super::customers::CustomerKey;
use super::schema::{customer_keys, customers, people};
use crate::domain::{CustomerId, PublicId};
use diesel::dsl::count_star;
use diesel::prelude::*;

/// All customers' keys.
pub fn customer_keys(conn: &mut Conn) -> QueryResult<Vec<CustomerKey>> {
    customer_keys::table
        .order((customer_keys::customer_id, customer_keys::purpose, customer_keys::version))
        .select(CustomerKey::as_select())
        .load(conn)
}

/// The public ids of all customers.
pub fn customers(conn: &mut Conn) -> QueryResult<Vec<(CustomerId, PublicId)>> {
    customers::table.select((customers::id, customers::public_id)).load(conn)
}

/// How many people's keys each version of each customer's key wraps.
pub fn people_by_version(conn: &mut Conn) -> QueryResult<Vec<(CustomerId, i32, i64)>> {
    people::table
        .group_by((people::customer_id, people::key_version))
        .select((people::customer_id, people::key_version, count_star()))
        .load(conn)
}
