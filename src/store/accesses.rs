//! Who read of people.

use super::conn::Conn;
use super::schema::{access_people, accesses, people};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;

/// How many rows go into one statement: SQLite takes 32,766 values.
const ROWS: usize = 5_000;

/// A reading's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = accesses)]
pub struct Access {
    /// Whose people.
    pub customer_id: CustomerId,
    /// Inside the database, growing.
    pub id: i64,
    /// The public part of the key.
    pub key_id: String,
    /// The number of a [`crate::domain::role::Role`].
    pub role: i16,
    /// What for: method and address of the route.
    pub purpose: String,
    /// When.
    pub at: Timestamp,
    /// When last the same was read of the same people.
    pub last_at: Timestamp,
    /// How often it was.
    pub requests: i64,
    /// Of how many people.
    pub people: i64,
}

/// A reading and one of those it was of.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = access_people)]
pub struct Link {
    /// Whose person.
    pub customer_id: CustomerId,
    /// Of whom.
    pub person_id: PersonId,
    /// Which reading.
    pub access_id: i64,
}

/// Stores readings.
pub fn insert(tx: &mut Tx<'_>, rows: &[Access]) -> QueryResult<()> {
    for rows in rows.chunks(ROWS / 2) {
        on_each!(tx, |c| diesel::insert_into(accesses::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Stores of whom they were, whoever is still there.
pub fn link(tx: &mut Tx<'_>, links: &[Link]) -> QueryResult<()> {
    for links in links.chunks(ROWS) {
        on_each!(tx, |c| diesel::insert_into(access_people::table).values(links).execute(c))?;
    }
    Ok(())
}

/// Which of these people are there, and keeps them until the transaction ends; in the order of ids, as all who lock
/// people do. SQLite has one writer and needs no lock.
pub fn alive(tx: &mut Tx<'_>, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<PersonId>> {
    let mut alive = Vec::with_capacity(ids.len());
    let conn: &mut Conn = tx;
    for ids in ids.chunks(ROWS) {
        let theirs = people::customer_id.eq(customer).and(people::id.eq_any(ids));
        let found: Vec<PersonId> = match conn {
            Conn::Postgres(c) => {
                people::table.filter(theirs).order(people::id).select(people::id).for_key_share().load(c)?
            }
            Conn::Sqlite(c) => people::table.filter(theirs).order(people::id).select(people::id).load(c)?,
        };
        alive.extend(found);
    }
    Ok(alive)
}

/// Notes that the same was read again; false when the row has been purged.
pub fn again(tx: &mut Tx<'_>, customer: CustomerId, id: i64, at: Timestamp) -> QueryResult<bool> {
    let conn: &mut Conn = tx;
    let changed = diesel::update(accesses::table.find((customer, id)))
        .set((accesses::last_at.eq(at), accesses::requests.eq(accesses::requests + 1)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Readings of a person's data after `after`, in the order of their ids.
pub fn of_person(
    conn: &mut Conn,
    customer: CustomerId,
    person: PersonId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Access>> {
    access_people::table
        .inner_join(
            accesses::table.on(accesses::customer_id
                .eq(access_people::customer_id)
                .and(accesses::id.eq(access_people::access_id))),
        )
        .filter(access_people::customer_id.eq(customer).and(access_people::person_id.eq(person)))
        .filter(access_people::access_id.gt(after))
        .order(access_people::access_id)
        .limit(limit)
        .select(Access::as_select())
        .load(conn)
}

/// A customer's earliest readings: when each was last.
pub fn earliest(conn: &mut Conn, customer: CustomerId, limit: i64) -> QueryResult<Vec<(i64, Timestamp)>> {
    accesses::table
        .filter(accesses::customer_id.eq(customer))
        .order(accesses::id)
        .limit(limit)
        .select((accesses::id, accesses::last_at))
        .load(conn)
}

/// Deletes readings, and of whom they were with them.
pub fn delete(tx: &mut Tx<'_>, customer: CustomerId, ids: &[i64]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(accesses::table.filter(accesses::customer_id.eq(customer).and(accesses::id.eq_any(ids))))
        .execute(conn)
}
