//! Visits, many at a time.

use crate::domain::{CustomerId, LicenseId, PersonId, Timestamp, VisitId};
use crate::store::tx::Tx;
use crate::store::types::{Timestamptz, Uuid};
use crate::store::visits::Visit;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};

bulk! {
    /// Of visits, new or changed.
    Visits, Visit, "visits",
    " ON CONFLICT (customer_id, visit_id) DO UPDATE SET state = excluded.state, starts_at = \
     excluded.starts_at, visit_ref_sealed = excluded.visit_ref_sealed, expected_at = \
     excluded.expected_at, arrived_at = excluded.arrived_at, departed_at = excluded.departed_at, \
     cancelled_at = excluded.cancelled_at, denied_at = excluded.denied_at, reason = excluded.reason, \
     device = excluded.device, updated_at = excluded.updated_at";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "visit_id" visit_id: Uuid, VisitId = |row| row.visit_id;
    "person_id" person_id: BigInt, PersonId = |row| row.person_id;
    "license_id" license_id: BigInt, LicenseId = |row| row.license_id;
    "state" state: SmallInt, i16 = |row| row.state;
    "starts_at" starts_at: Timestamptz, Timestamp = |row| row.starts_at;
    "visit_ref_sealed" visit_ref_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.visit_ref_sealed.as_deref();
    "expected_at" expected_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.expected_at;
    "arrived_at" arrived_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.arrived_at;
    "departed_at" departed_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.departed_at;
    "cancelled_at" cancelled_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.cancelled_at;
    "denied_at" denied_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.denied_at;
    "reason" reason: Nullable<SmallInt>, Option<i16> = |row| row.reason;
    "device" device: Nullable<Text>, Option<&'r str> = |row| row.device.as_deref();
    "updated_at" updated_at: Timestamptz, Timestamp = |row| row.updated_at;
}

/// Writes visits, new or changed.
pub(super) fn put(tx: &mut Tx<'_>, rows: &[Visit]) -> QueryResult<usize> {
    Visits::store(tx, rows)
}
