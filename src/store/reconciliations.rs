//! Comparisons with the customer's own list, and whom a running one has still to delete.

use super::conn::Conn;
use super::schema::{deletions, reconciliation_people, reconciliations};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use diesel::prelude::*;

/// A comparison's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reconciliations, treat_none_as_default_value = false)]
pub struct Reconciliation {
    /// Whose people.
    pub customer_id: CustomerId,
    /// Inside the database, growing.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// How far it has come, as a number.
    pub state: i16,
    /// Whether it only counts.
    pub dry_run: bool,
    /// When the customer's list was taken.
    pub snapshot_at: Timestamp,
    /// When the list had arrived.
    pub started_at: Timestamp,
    /// When all was done.
    pub finished_at: Option<Timestamp>,
    /// How many refs the list has.
    pub refs: i64,
    /// How many people were held.
    pub held: i64,
    /// How many of them were neither in the list nor heard of since it was taken.
    pub absent: i64,
    /// How many it has erased.
    pub erased: i64,
    /// How many it spared because something was heard of them meanwhile.
    pub changed: i64,
    /// How many it spared because their data are restricted.
    pub restricted: i64,
}

/// Stores a comparison.
pub fn insert(tx: &mut Tx<'_>, row: &Reconciliation) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(reconciliations::table).values(row).execute(c))
}

/// One by its public id.
pub fn find(conn: &mut Conn, customer: CustomerId, id: PublicId) -> QueryResult<Option<Reconciliation>> {
    reconciliations::table
        .filter(reconciliations::customer_id.eq(customer).and(reconciliations::public_id.eq(id)))
        .select(Reconciliation::as_select())
        .first(conn)
        .optional()
}

/// One by its internal id.
pub fn get(conn: &mut Conn, customer: CustomerId, id: i64) -> QueryResult<Option<Reconciliation>> {
    reconciliations::table.find((customer, id)).select(Reconciliation::as_select()).first(conn).optional()
}

/// Comparisons before `before`, newest first.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Reconciliation>> {
    reconciliations::table
        .filter(reconciliations::customer_id.eq(customer).and(reconciliations::id.lt(before.unwrap_or(i64::MAX))))
        .order(reconciliations::id.desc())
        .limit(limit)
        .select(Reconciliation::as_select())
        .load(conn)
}

/// The comparisons of a customer in this state.
pub fn in_state(conn: &mut Conn, customer: CustomerId, state: i16) -> QueryResult<Vec<Reconciliation>> {
    reconciliations::table
        .filter(reconciliations::customer_id.eq(customer).and(reconciliations::state.eq(state)))
        .select(Reconciliation::as_select())
        .load(conn)
}

/// Moves a comparison from one state to another; returns 0 when it is not in the first.
pub fn advance(tx: &mut Tx<'_>, row: &Reconciliation, to: i16, finished_at: Option<Timestamp>) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(reconciliations::table.find((row.customer_id, row.id)).filter(reconciliations::state.eq(row.state)))
        .set((reconciliations::state.eq(to), reconciliations::finished_at.eq(finished_at)))
        .execute(conn)
}

/// Adds to the counts of a comparison.
pub fn count(tx: &mut Tx<'_>, row: &Reconciliation, erased: i64, changed: i64, restricted: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(reconciliations::table.find((row.customer_id, row.id)))
        .set((
            reconciliations::erased.eq(reconciliations::erased + erased),
            reconciliations::changed.eq(reconciliations::changed + changed),
            reconciliations::restricted.eq(reconciliations::restricted + restricted),
        ))
        .execute(conn)
}

/// Sets how many a comparison has erased.
pub fn set_erased(tx: &mut Tx<'_>, row: &Reconciliation, erased: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(reconciliations::table.find((row.customer_id, row.id)))
        .set(reconciliations::erased.eq(erased))
        .execute(conn)
}

/// How many people the deletions of a comparison erased; all of them have a greater id.
pub fn erased_by(conn: &mut Conn, row: &Reconciliation) -> QueryResult<i64> {
    let people: Vec<i64> = deletions::table
        .filter(deletions::customer_id.eq(row.customer_id).and(deletions::id.gt(row.id)))
        .filter(deletions::reconciliation_id.eq(row.public_id))
        .select(deletions::people)
        .load(conn)?;
    Ok(people.iter().sum())
}

#[derive(Insertable)]
#[diesel(table_name = reconciliation_people)]
#[expect(clippy::struct_field_names, reason = "they are the columns' names")]
struct Candidate {
    customer_id: CustomerId,
    reconciliation_id: i64,
    person_id: PersonId,
}

/// Writes down people to delete, who are there and locked.
pub fn add_people(tx: &mut Tx<'_>, row: &Reconciliation, people: &[PersonId]) -> QueryResult<usize> {
    let candidate =
        |person: &PersonId| Candidate { customer_id: row.customer_id, reconciliation_id: row.id, person_id: *person };
    people.chunks(5_000).try_fold(0, |sum, chunk| {
        let rows: Vec<Candidate> = chunk.iter().map(candidate).collect();
        let stored = on_each!(tx, |c| diesel::insert_into(reconciliation_people::table).values(&rows).execute(c))?;
        Ok(sum + stored)
    })
}

/// The next people to delete.
pub fn next_people(conn: &mut Conn, row: &Reconciliation, limit: i64) -> QueryResult<Vec<PersonId>> {
    reconciliation_people::table
        .filter(reconciliation_people::customer_id.eq(row.customer_id))
        .filter(reconciliation_people::reconciliation_id.eq(row.id))
        .order(reconciliation_people::person_id)
        .limit(limit)
        .select(reconciliation_people::person_id)
        .load(conn)
}

/// Strikes people out who are to be spared; returns how many were written down still.
pub fn strike_people(tx: &mut Tx<'_>, row: &Reconciliation, people: &[PersonId]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(
        reconciliation_people::table
            .filter(reconciliation_people::customer_id.eq(row.customer_id))
            .filter(reconciliation_people::reconciliation_id.eq(row.id))
            .filter(reconciliation_people::person_id.eq_any(people)),
    )
    .execute(conn)
}
