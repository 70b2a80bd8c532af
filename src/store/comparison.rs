//! What the comparison of the database with the journal of erasures asks and keeps.

use super::conn::Conn;
use super::schema::{journal_marks, people, tombstones};
use super::tombstones::Tombstone;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use diesel::prelude::*;

/// How far a journal has been compared with this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal_marks)]
pub struct Mark {
    /// Which journal.
    pub journal_id: PublicId,
    /// The number of the last entry that was compared.
    pub compared_to: i64,
    /// When.
    pub compared_at: Timestamp,
}

/// The mark of a journal.
pub fn mark(conn: &mut Conn, journal: PublicId) -> QueryResult<Option<Mark>> {
    journal_marks::table.find(journal).select(Mark::as_select()).first(conn).optional()
}

/// How many other journals this database was compared with since an instant.
pub fn other_marks(conn: &mut Conn, journal: PublicId, since: Timestamp) -> QueryResult<i64> {
    let others = journal_marks::journal_id.ne(journal).and(journal_marks::compared_at.ge(since));
    journal_marks::table.filter(others).count().get_result(conn)
}

/// Moves the mark of a journal forward; of two nodes that compare at once, the one that is behind changes nothing.
pub fn set_mark(tx: &mut Tx<'_>, mark: Mark) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    let ahead = journal_marks::table.find(mark.journal_id).filter(journal_marks::compared_to.gt(mark.compared_to));
    if ahead.count().get_result::<i64>(conn)? > 0 {
        return Ok(());
    }
    let set = (journal_marks::compared_to.eq(mark.compared_to), journal_marks::compared_at.eq(mark.compared_at));
    on_each!(tx, |c| diesel::insert_into(journal_marks::table)
        .values(mark)
        .on_conflict(journal_marks::journal_id)
        .do_update()
        .set(set)
        .execute(c))?;
    Ok(())
}

/// Tombstones of erasures since an instant, after a customer's digest, in that order.
pub fn tombstones_since(
    conn: &mut Conn,
    since: Timestamp,
    after: Option<(CustomerId, &[u8])>,
    limit: i64,
) -> QueryResult<Vec<Tombstone>> {
    let mut query = tombstones::table
        .filter(tombstones::erased_at.ge(since))
        .order((tombstones::customer_id, tombstones::digest))
        .limit(limit)
        .select(Tombstone::as_select())
        .into_boxed();
    if let Some((customer, digest)) = after {
        let further = tombstones::customer_id.eq(customer).and(tombstones::digest.gt(digest));
        query = query.filter(tombstones::customer_id.gt(customer).or(further));
    }
    query.load(conn)
}

/// Internal ids of people and the blind indexes of their refs, after an id, in the order of ids.
pub fn refs(
    conn: &mut Conn,
    customer: CustomerId,
    after: PersonId,
    limit: i64,
) -> QueryResult<Vec<(PersonId, Vec<u8>)>> {
    people::table
        .filter(people::customer_id.eq(customer).and(people::id.gt(after)))
        .order(people::id)
        .limit(limit)
        .select((people::id, people::ref_index))
        .load(conn)
}
