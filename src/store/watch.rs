//! How many people a customer has deleted of late, and how many it holds.

use super::conn::Conn;
use super::schema::{deletions, people};
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;

/// How many deletions of this origin a customer has made since that erased somebody.
pub fn deleted_since(conn: &mut Conn, customer: CustomerId, origin: i16, since: Timestamp) -> QueryResult<i64> {
    deletions::table
        .filter(deletions::customer_id.eq(customer).and(deletions::completed_at.gt(since)))
        .filter(deletions::origin.eq(origin).and(deletions::people.gt(0)))
        .count()
        .get_result(conn)
}

/// How many people a customer holds.
pub fn held(conn: &mut Conn, customer: CustomerId) -> QueryResult<i64> {
    people::table.filter(people::customer_id.eq(customer)).count().get_result(conn)
}
