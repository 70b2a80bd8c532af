//! What is sealed under customers' keys, to be sealed anew under another.

use super::load_locked;
use crate::domain::CustomerId;
use crate::store::conn::Conn;
use crate::store::schema::{webhook_endpoints, webhook_messages, webhook_secrets};
use crate::store::tx::Tx;
use diesel::prelude::*;

/// A column whose values are sealed under the customer's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Addresses of endpoints.
    Url,
    /// Secrets of endpoints.
    Secret,
    /// What messages say.
    Body,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Url, Self::Secret, Self::Body];
}

/// A sealed value.
pub struct Sealed {
    /// The row's id, which no other row of the customer's has.
    pub id: i64,
    /// Version of the key.
    pub key_version: i32,
    /// The value.
    pub sealed: Vec<u8>,
}

/// Values of a column that are sealed under an earlier version, locked.
pub fn before(
    tx: &mut Tx<'_>,
    column: Column,
    customer: CustomerId,
    version: i32,
    limit: i64,
) -> QueryResult<Vec<Sealed>> {
    macro_rules! rows {
        ($table:ident, $sealed:expr) => {
            $table::table
                .filter($table::customer_id.eq(customer).and($table::key_version.lt(version)))
                .order($table::id)
                .limit(limit)
                .select(($table::id, $table::key_version, $sealed))
        };
    }
    let rows: Vec<(i64, i32, Vec<u8>)> = match column {
        Column::Url => load_locked!(tx, rows!(webhook_endpoints, webhook_endpoints::url_sealed), for_update)?,
        Column::Secret => load_locked!(tx, rows!(webhook_secrets, webhook_secrets::secret_sealed), for_update)?,
        Column::Body => {
            let body = webhook_messages::body_sealed;
            let held = rows!(webhook_messages, body.assume_not_null()).filter(body.is_not_null());
            load_locked!(tx, held, for_update)?
        }
    };
    Ok(rows.into_iter().map(|(id, key_version, sealed)| Sealed { id, key_version, sealed }).collect())
}

/// Stores a value as another version seals it.
pub fn set(tx: &mut Tx<'_>, column: Column, customer: CustomerId, value: &Sealed) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    macro_rules! set {
        ($table:ident, $sealed:expr) => {
            diesel::update($table::table.filter($table::customer_id.eq(customer).and($table::id.eq(value.id))))
                .set(($sealed.eq(&value.sealed), $table::key_version.eq(value.key_version)))
                .execute(conn)
        };
    }
    match column {
        Column::Url => set!(webhook_endpoints, webhook_endpoints::url_sealed),
        Column::Secret => set!(webhook_secrets, webhook_secrets::secret_sealed),
        Column::Body => set!(webhook_messages, webhook_messages::body_sealed),
    }
}

/// Whether anything of a customer's is still sealed under an earlier version.
pub fn any_before(conn: &mut Conn, customer: CustomerId, version: i32) -> QueryResult<bool> {
    macro_rules! any {
        ($table:ident) => {
            any!($table, $table::key_version.lt(version))
        };
        ($table:ident, $which:expr) => {
            $table::table
                .filter($table::customer_id.eq(customer).and($which))
                .select($table::id)
                .first::<i64>(conn)
                .optional()?
                .is_some()
        };
    }
    let held = webhook_messages::key_version.lt(version).and(webhook_messages::body_sealed.is_not_null());
    Ok(any!(webhook_endpoints) || any!(webhook_secrets) || any!(webhook_messages, held))
}
