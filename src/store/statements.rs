//! What people say beside what is held of them.

use super::conn::Conn;
use super::schema::statements;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// A statement's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = statements)]
pub struct Statement {
    /// Whose person.
    pub customer_id: CustomerId,
    /// The person.
    pub person_id: PersonId,
    /// The words, sealed under the person's key.
    pub text_sealed: Vec<u8>,
    /// When they were said.
    pub made_at: Timestamp,
}

/// The statements of these people.
pub fn of(conn: &mut Conn, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<Statement>> {
    statements::table
        .filter(statements::customer_id.eq(customer).and(statements::person_id.eq_any(ids)))
        .select(Statement::as_select())
        .load(conn)
}

/// Stores a statement in place of the one before.
pub fn put(tx: &mut Tx<'_>, row: &Statement) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(statements::table)
        .values(row)
        .on_conflict((statements::customer_id, statements::person_id))
        .do_update()
        .set((
            statements::text_sealed.eq(excluded(statements::text_sealed)),
            statements::made_at.eq(excluded(statements::made_at)),
        ))
        .execute(c))
}

/// Removes a statement; returns how many there were.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, person: PersonId) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(statements::table.find((customer, person))).execute(conn)
}
