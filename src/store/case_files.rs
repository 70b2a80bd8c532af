//! The file of an answer, in sealed pieces.

use super::conn::Conn;
use super::schema::case_files;
use super::tx::{Tx, on_each};
use crate::domain::CustomerId;
use diesel::prelude::*;

/// Stores a piece.
pub fn insert(tx: &mut Tx<'_>, customer: CustomerId, case: i64, position: i32, sealed: &[u8]) -> QueryResult<usize> {
    let row = (
        case_files::customer_id.eq(customer),
        case_files::case_id.eq(case),
        case_files::position.eq(position),
        case_files::sealed.eq(sealed),
    );
    on_each!(tx, |c| diesel::insert_into(case_files::table).values(row).execute(c))
}

/// A piece.
pub fn get(conn: &mut Conn, customer: CustomerId, case: i64, position: i32) -> QueryResult<Option<Vec<u8>>> {
    case_files::table.find((customer, case, position)).select(case_files::sealed).first(conn).optional()
}

/// Deletes the file.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, case: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(case_files::table.filter(case_files::customer_id.eq(customer).and(case_files::case_id.eq(case))))
        .execute(conn)
}
