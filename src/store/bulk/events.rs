//! Events and the rows of their hosts and recipients, many at a time.

use crate::domain::{CustomerId, EventId, EventKey, LicenseId, PersonId, Timestamp, VisitId};
use crate::store::bulk::visits::Visits;
use crate::store::conn::Conn;
use crate::store::events::{Event, Host, Recipient};
use crate::store::tx::Tx;
use crate::store::types::{Timestamptz, Uuid};
use crate::store::visits::Visit;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};

bulk! {
    /// Of events; those whose id is taken are left out.
    Events, Event, "events",
    " ON CONFLICT (customer_id, event_id) DO NOTHING";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "id" id: BigInt, EventKey = |row| row.id;
    "event_id" event_id: Uuid, EventId = |row| row.event_id;
    "person_id" person_id: BigInt, PersonId = |row| row.person_id;
    "license_id" license_id: BigInt, LicenseId = |row| row.license_id;
    "\"type\"" type_: SmallInt, i16 = |row| row.type_;
    "occurred_at" occurred_at: Timestamptz, Timestamp = |row| row.occurred_at;
    "received_at" received_at: Timestamptz, Timestamp = |row| row.received_at;
    "expected_at" expected_at: Nullable<Timestamptz>, Option<Timestamp> = |row| row.expected_at;
    "device" device: Nullable<Text>, Option<&'r str> = |row| row.device.as_deref();
    "visit_ref_index" visit_ref_index: Nullable<Binary>, Option<&'r [u8]> = |row| row.visit_ref_index.as_deref();
    "visit_id" visit_id: Nullable<Uuid>, Option<VisitId> = |row| row.visit_id;
    "details_sealed" details_sealed: Binary, &'r [u8] = |row| row.details_sealed.as_slice();
    "ip_sealed" ip_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.ip_sealed.as_deref();
    "origin" origin: Nullable<SmallInt>, Option<i16> = |row| row.origin;
    "reason" reason: Nullable<SmallInt>, Option<i16> = |row| row.reason;
    "corrects" corrects: Nullable<Uuid>, Option<EventId> = |row| row.corrects;
    "superseded_by" superseded_by: Nullable<Uuid>, Option<EventId> = |row| row.superseded_by;
    "digest" digest: Binary, &'r [u8] = |row| row.digest.as_slice();
}

bulk! {
    /// Of hosts' parts in events.
    Hosts, Host, "event_hosts",
    "";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "event_key" event_key: BigInt, EventKey = |row| row.event_key;
    "person_id" person_id: BigInt, PersonId = |row| row.person_id;
    "license_id" license_id: BigInt, LicenseId = |row| row.license_id;
    "occurred_at" occurred_at: Timestamptz, Timestamp = |row| row.occurred_at;
    "details_sealed" details_sealed: Binary, &'r [u8] = |row| row.details_sealed.as_slice();
}

bulk! {
    /// Of recipients' parts in events.
    Recipients, Recipient, "event_recipients",
    "";
    "customer_id" customer_id: BigInt, CustomerId = |row| row.customer_id;
    "event_key" event_key: BigInt, EventKey = |row| row.event_key;
    "position" position: SmallInt, i16 = |row| row.position;
    "person_id" person_id: BigInt, PersonId = |row| row.person_id;
    "license_id" license_id: BigInt, LicenseId = |row| row.license_id;
    "occurred_at" occurred_at: Timestamptz, Timestamp = |row| row.occurred_at;
    "channel" channel: SmallInt, i16 = |row| row.channel;
    "address_sealed" address_sealed: Nullable<Binary>, Option<&'r [u8]> = |row| row.address_sealed.as_deref();
    "status" status: Nullable<SmallInt>, Option<i16> = |row| row.status;
}

/// What a group of events adds.
#[derive(Default)]
pub struct Group {
    /// The events.
    pub events: Vec<Event>,
    /// Their hosts' rows.
    pub hosts: Vec<Host>,
    /// Their recipients' rows.
    pub recipients: Vec<Recipient>,
    /// Visits, new or changed.
    pub visits: Vec<Visit>,
}

/// All of it in one statement, since each costs a round trip; answers how many events it has stored.
struct Whole<'r> {
    events: Events<'r>,
    hosts: Hosts<'r>,
    recipients: Recipients<'r>,
    visits: Visits<'r>,
}

impl QueryFragment<Pg> for Whole<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH v AS (");
        self.visits.walk_ast(out.reborrow())?;
        out.push_sql("), h AS (");
        self.hosts.walk_ast(out.reborrow())?;
        out.push_sql("), r AS (");
        self.recipients.walk_ast(out.reborrow())?;
        out.push_sql("), e AS (");
        self.events.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING 1) SELECT count(*) FROM e");
        Ok(())
    }
}

impl Query for Whole<'_> {
    type SqlType = BigInt;
}

impl QueryId for Whole<'_> {
    type QueryId = Whole<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Whole<'_> {}

/// Stores what a group of events adds; returns how many of the events, fewer when another node was first.
pub fn insert(tx: &mut Tx<'_>, group: &Group) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    if let Conn::Postgres(c) = conn {
        let (events, hosts) = (Events::of(&group.events), Hosts::of(&group.hosts));
        let (recipients, visits) = (Recipients::of(&group.recipients), Visits::of(&group.visits));
        let stored: i64 = Whole { events, hosts, recipients, visits }.get_result(c)?;
        return Ok(usize::try_from(stored).unwrap_or(usize::MAX));
    }
    super::visits::put(tx, &group.visits)?;
    let stored = Events::store(tx, &group.events)?;
    Hosts::store(tx, &group.hosts)?;
    Recipients::store(tx, &group.recipients)?;
    Ok(stored)
}
