//! People whose data must be kept but not used (Article 18).

use super::conn::Conn;
use super::people::Person;
use super::schema::{people, restrictions};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// The ground of what is left of an erased person under a hold: nobody sees it, as if it were restricted.
pub const HELD: i16 = 100;

/// A restriction's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = restrictions, treat_none_as_default_value = false)]
pub struct Restriction {
    /// Whose person.
    pub customer_id: CustomerId,
    /// The person.
    pub person_id: PersonId,
    /// The letter of Article 18(1), as a number from 1; or [`HELD`].
    pub ground: i16,
    /// Why, sealed under the person's key.
    pub reason_sealed: Option<Vec<u8>>,
    /// Since when.
    pub placed_at: Timestamp,
}

/// The restrictions of these people.
pub fn of(conn: &mut Conn, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<Restriction>> {
    restrictions::table
        .filter(restrictions::customer_id.eq(customer).and(restrictions::person_id.eq_any(ids)))
        .select(Restriction::as_select())
        .load(conn)
}

/// A restricted person by the blind index of the ref, with the restriction.
pub fn by_ref(conn: &mut Conn, customer: CustomerId, index: &[u8]) -> QueryResult<Option<(Person, Restriction)>> {
    let theirs = restrictions::customer_id.eq(people::customer_id).and(restrictions::person_id.eq(people::id));
    people::table
        .inner_join(restrictions::table.on(theirs))
        .filter(people::customer_id.eq(customer).and(people::ref_index.eq(index)))
        .select((Person::as_select(), Restriction::as_select()))
        .first(conn)
        .optional()
}

/// Everybody of a customer who is restricted.
pub fn all(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<PersonId>> {
    restrictions::table.filter(restrictions::customer_id.eq(customer)).select(restrictions::person_id).load(conn)
}

/// Places a restriction, or changes the ground of one; the time of the first stays.
pub fn place(tx: &mut Tx<'_>, row: &Restriction) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(restrictions::table)
        .values(row)
        .on_conflict((restrictions::customer_id, restrictions::person_id))
        .do_update()
        .set((
            restrictions::ground.eq(excluded(restrictions::ground)),
            restrictions::reason_sealed.eq(excluded(restrictions::reason_sealed)),
        ))
        .execute(c))
}

/// Lifts a restriction; returns how many there were.
pub fn lift(tx: &mut Tx<'_>, customer: CustomerId, person: PersonId) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(restrictions::table.find((customer, person))).execute(conn)
}
