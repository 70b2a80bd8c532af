//! To what people have objected, or for what they withdrew their consent.

use super::conn::Conn;
use super::schema::objections;
use super::tx::{Tx, on_each};
use crate::domain::objection::{Purpose, State};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// An objection's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = objections, treat_none_as_default_value = false)]
pub struct Objection {
    /// Whose person.
    pub customer_id: CustomerId,
    /// The person.
    pub person_id: PersonId,
    /// Which processing stops.
    pub purpose: i16,
    /// An objection or a withdrawal of consent.
    pub claim: i16,
    /// Whether it is decided, and how.
    pub state: i16,
    /// On which compelling grounds it was refused, sealed under the person's key.
    pub grounds_sealed: Option<Vec<u8>>,
    /// Since when.
    pub received_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// The objections of these people, by purpose.
pub fn of(conn: &mut Conn, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<Objection>> {
    objections::table
        .filter(objections::customer_id.eq(customer).and(objections::person_id.eq_any(ids)))
        .order((objections::person_id, objections::purpose))
        .select(Objection::as_select())
        .load(conn)
}

/// Everybody of a customer whose objection to one of these purposes stands.
pub fn standing(conn: &mut Conn, customer: CustomerId, purposes: &[Purpose]) -> QueryResult<Vec<PersonId>> {
    let purposes: Vec<i16> = purposes.iter().map(|purpose| purpose.number()).collect();
    objections::table
        .filter(objections::customer_id.eq(customer).and(objections::purpose.eq_any(purposes)))
        .filter(objections::state.ne(State::Overruled.number()))
        .select(objections::person_id)
        .load(conn)
}

/// Stores an objection, or what became of it; the time of the first stays.
pub fn put(tx: &mut Tx<'_>, row: &Objection) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(objections::table)
        .values(row)
        .on_conflict((objections::customer_id, objections::person_id, objections::purpose))
        .do_update()
        .set((
            objections::claim.eq(excluded(objections::claim)),
            objections::state.eq(excluded(objections::state)),
            objections::grounds_sealed.eq(excluded(objections::grounds_sealed)),
            objections::decided_at.eq(excluded(objections::decided_at)),
        ))
        .execute(c))
}

/// Removes an objection that was taken back; returns how many there were.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, person: PersonId, purpose: Purpose) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(objections::table.find((customer, person, purpose.number()))).execute(conn)
}
