//! People, many at a time.

use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::store::people::Person;
use crate::store::tx::Tx;
use crate::store::types::Timestamptz;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt};

/// One statement for rows of people, with its end.
macro_rules! people {
    ($(#[$doc:meta])* $name:ident, $tail:expr) => {
        bulk! {
            $(#[$doc])*
            $name, Person, "people", $tail;
            "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
            "id" id: BigInt, PersonId = |row| row.id;
            "ref_index" ref_index: Binary, &'r [u8] = |row| row.ref_index.as_slice();
            "ref_sealed" ref_sealed: Binary, &'r [u8] = |row| row.ref_sealed.as_slice();
            "wrapped_key" wrapped_key: Binary, &'r [u8] = |row| row.wrapped_key.as_slice();
            "key_version" key_version: Integer, i32 = |row| row.key_version;
            "kind" kind: SmallInt, i16 = |row| row.kind;
            "kind_at" kind_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.kind_at;
            "name_sealed" name_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.name_sealed.as_deref();
            "email_sealed" email_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.email_sealed.as_deref();
            "email_index" email_index: Nullable<Binary>, Option<&'r [u8]> = |row| row.email_index.as_deref();
            "phone_sealed" phone_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.phone_sealed.as_deref();
            "phone_index" phone_index: Nullable<Binary>, Option<&'r [u8]> = |row| row.phone_index.as_deref();
            "company_sealed" company_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.company_sealed.as_deref();
            "vehicle_plate_sealed" vehicle_plate_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.vehicle_plate_sealed.as_deref();
            "mirror_sealed" mirror_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.mirror_sealed.as_deref();
            "created_at" created_at: Timestamptz, Timestamp = |row| row.created_at;
            "updated_at" updated_at: Timestamptz, Timestamp = |row| row.updated_at;
            "epoch" epoch: Integer, i32 = |row| row.epoch;
            "epoch_at" epoch_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.epoch_at;
        }
    };
}

people! {
    /// Of new people; those who are there are left out.
    New, " ON CONFLICT (customer_id, ref_index) DO NOTHING"
}

people! {
    /// Of people who are there; what may change of them is replaced.
    Changed,
    " ON CONFLICT (customer_id, id) DO UPDATE SET kind = excluded.kind, kind_at = excluded.kind_at, \
     name_sealed = excluded.name_sealed, email_sealed = excluded.email_sealed, email_index = \
     excluded.email_index, phone_sealed = excluded.phone_sealed, phone_index = excluded.phone_index, \
     company_sealed = excluded.company_sealed, vehicle_plate_sealed = excluded.vehicle_plate_sealed, \
     mirror_sealed = excluded.mirror_sealed, updated_at = excluded.updated_at"
}

/// Stores new people; returns how many, fewer when another node was first.
pub fn insert(tx: &mut Tx<'_>, rows: &[Person]) -> QueryResult<usize> {
    New::store(tx, rows)
}

/// Writes what changed of people who are there.
pub fn update(tx: &mut Tx<'_>, rows: &[Person]) -> QueryResult<usize> {
    Changed::store(tx, rows)
}
