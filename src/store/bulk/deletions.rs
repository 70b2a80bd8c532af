//! What deletions leave behind, many at a time.

use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::store::audit::Row as Audited;
use crate::store::deletions::Deletion;
use crate::store::tombstones::Tombstone;
use crate::store::tx::Tx;
use crate::store::types::{Timestamptz, Uuid};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

bulk! {
    /// Of tombstones, in place of earlier ones.
    Tombstones, Tombstone, "tombstones",
    " ON CONFLICT (customer_id, digest) DO UPDATE SET epoch = excluded.epoch, erased_at = excluded.erased_at, \
     expires_at = excluded.expires_at";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "digest" digest: Binary, &'r [u8] = |row| row.digest.as_slice();
    "epoch" epoch: Integer, i32 = |row| row.epoch;
    "erased_at" erased_at: Timestamptz, Timestamp = |row| row.erased_at;
    "expires_at" expires_at: Timestamptz, Timestamp = |row| row.expires_at;
}

bulk! {
    /// Of deletions.
    Deletions, Deletion, "deletions", "";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "id" id: BigInt, i64 = |row| row.id;
    "public_id" public_id: Uuid, PublicId = |row| row.public_id;
    "origin" origin: SmallInt, i16 = |row| row.origin;
    "reconciliation_id" reconciliation_id: Nullable<Uuid>, Option<PublicId> = |row| row.reconciliation_id;
    "completed_at" completed_at: Timestamptz, Timestamp = |row| row.completed_at;
    "refs" refs: BigInt, i64 = |row| row.refs;
    "people" people: BigInt, i64 = |row| row.people;
    "verified" verified: Bool, bool = |row| row.verified;
    "receipt" receipt: Text, &'r str = |row| row.receipt.as_str();
}

bulk! {
    /// Of the audit.
    AuditEntries, Audited, "audit_entries", "";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "id" id: BigInt, i64 = |row| row.id;
    "at" at: Timestamptz, Timestamp = |row| row.at;
    "actor" actor: Text, &'r str = |row| row.actor.as_str();
    "action" action: Text, &'r str = |row| row.action;
    "subject" subject: Nullable<Uuid>, Option<PublicId> = |row| row.subject;
    "details" details: Text, &'r str = |row| row.details.as_str();
}

/// Leaves tombstones, in place of earlier ones of the same digests; no digest may come twice.
pub fn leave(tx: &mut Tx<'_>, rows: &[Tombstone]) -> QueryResult<usize> {
    Tombstones::store(tx, rows)
}

/// Stores deletions.
pub fn insert(tx: &mut Tx<'_>, rows: &[Deletion]) -> QueryResult<usize> {
    Deletions::store(tx, rows)
}

/// Stores entries of the audit.
pub(in crate::store) fn remember(tx: &mut Tx<'_>, rows: &[Audited]) -> QueryResult<usize> {
    AuditEntries::store(tx, rows)
}
