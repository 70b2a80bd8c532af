//! Reading all people of a customer, a part at a time, for a comparison with the customer's own list.
//!
//! Each part is a statement of its own: a transaction over a million people would keep SQLite from emptying its
//! write-ahead log and PostgreSQL from vacuuming.

use super::conn::Conn;
use super::schema::{people, restrictions};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

/// Blind indexes of the refs that begin with this byte, ascending: read from the index alone.
///
/// What is left of erased people under a hold is the customer's no more, and no list of its names it.
pub fn indexes_from(conn: &mut Conn, customer: CustomerId, first: u8) -> QueryResult<Vec<Vec<u8>>> {
    let mut query = people::table
        .filter(people::customer_id.eq(customer).and(people::ref_index.ge(vec![first])))
        .order(people::ref_index)
        .select(people::ref_index)
        .into_boxed();
    if let Some(next) = first.checked_add(1) {
        query = query.filter(people::ref_index.lt(vec![next]));
    }
    let mut found: Vec<Vec<u8>> = query.load(conn)?;
    let rests = super::holds::rests(conn, customer)?;
    if !rests.is_empty() {
        found.retain(|index| !rests.contains(index));
    }
    Ok(found)
}

/// Of the people with these blind indexes, those whose row was last changed before `since`.
pub fn unchanged_since(
    conn: &mut Conn,
    customer: CustomerId,
    indexes: &[Vec<u8>],
    since: Timestamp,
) -> QueryResult<Vec<PersonId>> {
    people::table
        .filter(people::customer_id.eq(customer).and(people::ref_index.eq_any(indexes)))
        .filter(people::updated_at.lt(since))
        .select(people::id)
        .load(conn)
}

/// A person's ref, sealed, with what opens it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct SealedRef {
    /// Inside the database.
    pub id: PersonId,
    /// Blind index of the ref.
    pub ref_index: Vec<u8>,
    /// The ref.
    pub ref_sealed: Vec<u8>,
    /// The person's key, wrapped by the customer's.
    pub wrapped_key: Vec<u8>,
    /// Version of the customer's key.
    pub key_version: i32,
}

/// The refs of people after `after`, in the order of their ids; not of what is left of erased ones.
pub fn refs_after(conn: &mut Conn, customer: CustomerId, after: PersonId, limit: i64) -> QueryResult<Vec<SealedRef>> {
    let rest = restrictions::table
        .filter(restrictions::customer_id.eq(customer).and(restrictions::person_id.eq(people::id)))
        .filter(restrictions::ground.eq(super::restrictions::HELD));
    people::table
        .filter(people::customer_id.eq(customer).and(people::id.gt(after)))
        .filter(not(exists(rest)))
        .order(people::id)
        .limit(limit)
        .select(SealedRef::as_select())
        .load(conn)
}
