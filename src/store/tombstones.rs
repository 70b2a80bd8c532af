//! Tombstones: whom a customer has deleted, by keyed digest alone.

use super::conn::Conn;
use super::schema::tombstones;
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;

pub use super::bulk::deletions::leave;

/// A tombstone's row; itself personal data, kept until it expires (REQUIREMENTS L-35).
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tombstones, treat_none_as_default_value = false)]
pub struct Tombstone {
    /// Whose person it was.
    pub customer_id: CustomerId,
    /// Keyed digest of the ref's blind index.
    pub digest: Vec<u8>,
    /// Which life of the ref was erased.
    pub epoch: i32,
    /// When.
    pub erased_at: Timestamp,
    /// Until when it refuses events.
    pub expires_at: Timestamp,
}

/// The tombstones of these digests, expired ones too.
pub fn find(conn: &mut Conn, customer: CustomerId, digests: &[Vec<u8>]) -> QueryResult<Vec<Tombstone>> {
    let mut found = Vec::new();
    for chunk in digests.chunks(30_000) {
        found.extend(
            tombstones::table
                .filter(tombstones::customer_id.eq(customer).and(tombstones::digest.eq_any(chunk)))
                .select(Tombstone::as_select())
                .load::<Tombstone>(conn)?,
        );
    }
    Ok(found)
}
