//! Tombstones: whom a customer has deleted, by keyed digest alone.

use super::conn::Conn;
use super::each::{Search, each};
use super::schema::tombstones;
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::Binary;

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
    each!(conn, ByDigest, customer, digests)
}

struct ByDigest;

impl Search for ByDigest {
    type Key = Binary;
    type Row = tombstones::SqlType;
    const COLUMNS: &'static str = "customer_id, digest, epoch, erased_at, expires_at";
    const TABLE: &'static str = "tombstones";
    const BY: &'static str = "digest";
}
