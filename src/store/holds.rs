//! What of people must be kept beyond an erasure, and until when.

use super::conn::Conn;
use super::schema::{holds, people, restrictions};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use diesel::prelude::*;

/// A hold's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = holds, treat_none_as_default_value = false)]
pub struct Hold {
    /// Whose person.
    pub customer_id: CustomerId,
    /// The person, or what is left of the person.
    pub person_id: PersonId,
    /// Outside.
    pub public_id: PublicId,
    /// Keyed digest of the ref's blind index, by which the hold is found after the erasure too.
    pub ref_digest: Vec<u8>,
    /// The letter of Article 17(3), as a number from 1.
    pub ground: i16,
    /// Which provision demands it, sealed under the person's key.
    pub law_sealed: Vec<u8>,
    /// What is kept, a bit each.
    pub fields: i32,
    /// Since when.
    pub placed_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// When all else of the person was erased.
    pub erased_at: Option<Timestamp>,
}

/// The holds of these people, the first placed first.
pub fn of(conn: &mut Conn, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<Hold>> {
    holds::table
        .filter(holds::customer_id.eq(customer).and(holds::person_id.eq_any(ids)))
        .order((holds::placed_at, holds::public_id))
        .select(Hold::as_select())
        .load(conn)
}

/// The holds under a ref, of the living person and of what is left of erased ones; the first placed first.
pub fn by_ref(conn: &mut Conn, customer: CustomerId, digest: &[u8]) -> QueryResult<Vec<Hold>> {
    holds::table
        .filter(holds::customer_id.eq(customer).and(holds::ref_digest.eq(digest)))
        .order((holds::placed_at, holds::public_id))
        .select(Hold::as_select())
        .load(conn)
}

/// Holds of a customer that are over, the first first.
pub fn over(conn: &mut Conn, customer: CustomerId, now: Timestamp, limit: i64) -> QueryResult<Vec<Hold>> {
    holds::table
        .filter(holds::customer_id.eq(customer).and(holds::ends_at.le(now)))
        .order(holds::ends_at)
        .limit(limit)
        .select(Hold::as_select())
        .load(conn)
}

/// When the next hold of a customer ends.
pub fn next_end(conn: &mut Conn, customer: CustomerId) -> QueryResult<Option<Timestamp>> {
    holds::table
        .filter(holds::customer_id.eq(customer))
        .order(holds::ends_at)
        .select(holds::ends_at)
        .first(conn)
        .optional()
}

/// Stores holds; at most 3,000 at once.
pub fn insert(tx: &mut Tx<'_>, rows: &[Hold]) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(holds::table).values(rows).execute(c))
}

/// Ends a hold now: the job that erases the rest finds it.
pub fn end(tx: &mut Tx<'_>, hold: &Hold, now: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(holds::table.find((hold.customer_id, hold.person_id, hold.public_id)))
        .set(holds::ends_at.eq(now))
        .execute(conn)
}

/// Removes a hold; returns how many there were.
pub fn remove(tx: &mut Tx<'_>, hold: &Hold) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(holds::table.find((hold.customer_id, hold.person_id, hold.public_id))).execute(conn)
}

/// Blind indexes of what is left of erased people: no ref leads to them, and no list of the customer's names them.
pub fn rests(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<Vec<u8>>> {
    let theirs = restrictions::customer_id.eq(people::customer_id).and(restrictions::person_id.eq(people::id));
    restrictions::table
        .inner_join(people::table.on(theirs))
        .filter(restrictions::customer_id.eq(customer).and(restrictions::ground.eq(super::restrictions::HELD)))
        .select(people::ref_index)
        .load(conn)
}
