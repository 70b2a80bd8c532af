//! Where a person has the file of a case sent to.

use super::conn::Conn;
use super::schema::case_transfers;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;

/// Where a file goes, and whether it is there.
#[derive(Queryable, Selectable)]
#[diesel(table_name = case_transfers)]
pub struct Transfer {
    /// Where to, and how far it is; none once that is of no more use.
    pub sealed: Option<Vec<u8>>,
    /// When it arrived.
    pub arrived_at: Option<Timestamp>,
}

/// Where the file of a case goes.
pub fn get(conn: &mut Conn, customer: CustomerId, case: i64) -> QueryResult<Option<Transfer>> {
    case_transfers::table.find((customer, case)).select(Transfer::as_select()).first(conn).optional()
}

/// Stores where the file of a case goes, in place of what was there.
pub fn put(tx: &mut Tx<'_>, customer: CustomerId, case: i64, row: &Transfer) -> QueryResult<usize> {
    let place = (case_transfers::customer_id.eq(customer), case_transfers::case_id.eq(case));
    let what = (case_transfers::sealed.eq(row.sealed.as_deref()), case_transfers::arrived_at.eq(row.arrived_at));
    on_each!(tx, |c| diesel::insert_into(case_transfers::table)
        .values((place, what))
        .on_conflict((case_transfers::customer_id, case_transfers::case_id))
        .do_update()
        .set(what)
        .execute(c))
}

/// All of which it is known where they go, or went.
pub fn known(conn: &mut Conn) -> QueryResult<Vec<(CustomerId, i64)>> {
    case_transfers::table
        .filter(case_transfers::sealed.is_not_null())
        .order((case_transfers::customer_id, case_transfers::case_id))
        .select((case_transfers::customer_id, case_transfers::case_id))
        .load(conn)
}

/// Removes where it went; that it arrived stays.
pub fn wipe(tx: &mut Tx<'_>, customer: CustomerId, case: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(case_transfers::table.find((customer, case)))
        .set(case_transfers::sealed.eq(None::<Vec<u8>>))
        .execute(conn)
}
