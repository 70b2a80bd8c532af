//! What is stored already, as whoever takes events in has to know it.

use super::conn::Conn;
use super::each::{Search, each};
use super::types::{Timestamptz, Uuid};
use crate::domain::{CustomerId, EventId, EventKey, LicenseId, PersonId, Timestamp, VisitId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, SmallInt, Text};

/// As much of a stored event as the projection of visits reads.
#[derive(Debug, Clone, Queryable)]
pub struct Outline {
    /// Inside the database.
    pub id: EventKey,
    /// Outside.
    pub event_id: EventId,
    /// The guest.
    pub person_id: PersonId,
    /// The site.
    pub license_id: LicenseId,
    /// What happened.
    pub type_: i16,
    /// When.
    pub occurred_at: Timestamp,
    /// When the guest is expected.
    pub expected_at: Option<Timestamp>,
    /// The device.
    pub device: Option<String>,
    /// Blind index of the visit's ref.
    pub visit_ref_index: Option<Vec<u8>>,
    /// The visit it belongs to just now.
    pub visit_id: Option<VisitId>,
    /// Who checked the guest out.
    pub reason: Option<i16>,
    /// The event that corrects it.
    pub superseded_by: Option<EventId>,
}

/// An event that bears an id asked for, or that corrects the event of this id.
#[derive(Debug, Clone, Queryable)]
pub struct Related {
    /// The id asked for.
    pub asked: EventId,
    /// The event.
    pub event_id: EventId,
    /// Digest of its body.
    pub digest: Vec<u8>,
    /// The visit it belongs to.
    pub visit_id: Option<VisitId>,
    /// Whether it corrects the event of the id, which may be stored or not.
    pub corrects: bool,
}

/// Which of `ids` are stored, and by what they are corrected.
pub fn related(conn: &mut Conn, customer: CustomerId, ids: &[EventId]) -> QueryResult<Vec<Related>> {
    each!(conn, ToId, customer, ids)
}

struct ToId;

impl Search for ToId {
    type Key = Uuid;
    type Row = (Uuid, Uuid, Binary, Nullable<Uuid>, Bool);
    const COLUMNS: &'static str = "asked, event_id, digest, visit_id, is_correction";
    const TABLE: &'static str = "(SELECT customer_id, event_id AS asked, event_id, digest, visit_id, false AS \
                                 is_correction FROM events UNION ALL SELECT customer_id, corrects, event_id, digest, \
                                 visit_id, true FROM events WHERE corrects IS NOT NULL) AS related";
    const BY: &'static str = "asked";
}

/// The outlines of all events of these people.
pub fn outlines(conn: &mut Conn, customer: CustomerId, people: &[PersonId]) -> QueryResult<Vec<Outline>> {
    each!(conn, OutlinesOf, customer, people)
}

struct OutlinesOf;

impl Search for OutlinesOf {
    type Key = BigInt;
    type Row = (
        BigInt,
        Uuid,
        BigInt,
        BigInt,
        SmallInt,
        Timestamptz,
        Nullable<Timestamptz>,
        Nullable<Text>,
        Nullable<Binary>,
        Nullable<Uuid>,
        Nullable<SmallInt>,
        Nullable<Uuid>,
    );
    const COLUMNS: &'static str = "id, event_id, person_id, license_id, type, occurred_at, expected_at, device, \
                                   visit_ref_index, visit_id, reason, superseded_by";
    const TABLE: &'static str = "events";
    const BY: &'static str = "person_id";
}

/// Events, stored before, that correct one of `ids` or the same event as another: (corrected, correcting).
pub fn correcting(conn: &mut Conn, customer: CustomerId, ids: &[EventId]) -> QueryResult<Vec<(EventId, EventId)>> {
    let found: QueryResult<Vec<(Option<EventId>, EventId)>> = each!(conn, Correcting, customer, ids);
    Ok(found?.into_iter().filter_map(|(corrected, by)| Some((corrected?, by))).collect())
}

struct Correcting;

impl Search for Correcting {
    type Key = Uuid;
    type Row = (Nullable<Uuid>, Uuid);
    const COLUMNS: &'static str = "corrects, event_id";
    const TABLE: &'static str = "events";
    const BY: &'static str = "corrects";
}
