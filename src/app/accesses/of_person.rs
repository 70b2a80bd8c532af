//! Consultations of a person's data, for the person's own export.

use super::super::View;
use crate::domain::reading::{Lookup, Role};
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::Error;
use crate::store;
use serde::Serialize;

/// How many are read at once.
const PAGE: i64 = 1_000;

/// A consultation, with the role of whoever read instead of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consultation {
    /// When.
    pub at: Timestamp,
    /// Until when the same was read again and again; the same instant when it was once.
    pub last_at: Timestamp,
    /// How often it was.
    pub requests: i64,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Lookup,
}

/// All consultations of a person's data that are still kept, the earliest first.
///
/// As many as `accesses.keep_days` hold; the same reading by the same key within a quarter of an hour counts as one.
///
/// # Errors
/// When the database fails.
pub fn of_person(view: &mut View<'_>, customer: CustomerId, person: PersonId) -> Result<Vec<Consultation>, Error> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let rows = store::accesses::of_person(view.conn, customer, person, after, PAGE)?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.id;
        for row in rows {
            let role = Role::from_number(row.role).ok_or_else(|| Error::internal("a role out of range"))?;
            let purpose =
                Lookup::of_route(&row.purpose).ok_or_else(|| Error::internal("a route that reads nothing"))?;
            found.push(Consultation { at: row.at, last_at: row.last_at, requests: row.requests, role, purpose });
        }
    }
}
