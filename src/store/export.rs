//! What an export reads beside the lists of the interface: which rows are a person's, and those rows page by page.
//!
//! The first kind gives the order alone, in a few bytes a row, along the index of the person; the second goes by key.

use super::conn::Conn;
use super::events::Recipient;
use super::schema::{
    event_hosts, event_recipients, events, visits, webhook_deliveries, webhook_endpoints, webhook_messages,
};
use super::sight::{Sight, seen};
use super::visits::Visit;
use super::webhooks::deliveries::Delivery;
use super::webhooks::messages::Message;
use crate::domain::{CustomerId, EventKey, PersonId, PublicId, Timestamp, VisitId};
use diesel::prelude::*;

/// When each visit of a person begins.
pub fn visits_of(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<(Timestamp, VisitId)>> {
    visits::table
        .filter(visits::customer_id.eq(customer).and(visits::person_id.eq(person)))
        .select((visits::starts_at, visits::visit_id))
        .load(conn)
}

/// These visits.
pub fn visits(conn: &mut Conn, customer: CustomerId, ids: &[VisitId]) -> QueryResult<Vec<Visit>> {
    visits::table
        .filter(visits::customer_id.eq(customer).and(visits::visit_id.eq_any(ids)))
        .select(Visit::as_select())
        .load(conn)
}

/// When a person was the host of which event.
pub fn hosted_by(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<(Timestamp, EventKey)>> {
    event_hosts::table
        .filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq(person)))
        .select((event_hosts::occurred_at, event_hosts::event_key))
        .load(conn)
}

/// When a person was notified of which event; once for each notification.
pub fn notified(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<(Timestamp, EventKey)>> {
    event_recipients::table
        .filter(event_recipients::customer_id.eq(customer).and(event_recipients::person_id.eq(person)))
        .select((event_recipients::occurred_at, event_recipients::event_key))
        .load(conn)
}

/// The notifications of these events that went to the person.
pub fn recipients(
    conn: &mut Conn,
    customer: CustomerId,
    person: PersonId,
    keys: &[EventKey],
) -> QueryResult<Vec<Recipient>> {
    event_recipients::table
        .filter(event_recipients::customer_id.eq(customer).and(event_recipients::event_key.eq_any(keys)))
        .filter(event_recipients::person_id.eq(person))
        .select(Recipient::as_select())
        .load(conn)
}

/// What happened in these events, and to which guest; not of guests who are restricted.
pub fn kinds(
    conn: &mut Conn,
    customer: CustomerId,
    keys: &[EventKey],
    sight: Sight,
) -> QueryResult<Vec<(EventKey, i16, PersonId)>> {
    events::table
        .filter(events::customer_id.eq(customer).and(events::id.eq_any(keys)))
        .filter(seen!(customer, events::person_id, sight))
        .select((events::id, events::type_, events::person_id))
        .load(conn)
}

/// What was told of the person, to which endpoints, the newest delivery first.
pub fn told(
    conn: &mut Conn,
    customer: CustomerId,
    person: PersonId,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<(Delivery, Message, PublicId)>> {
    let of_message = webhook_deliveries::customer_id
        .eq(webhook_messages::customer_id)
        .and(webhook_deliveries::message_id.eq(webhook_messages::id));
    let of_endpoint = webhook_endpoints::customer_id
        .eq(webhook_deliveries::customer_id)
        .and(webhook_endpoints::id.eq(webhook_deliveries::endpoint_id));
    webhook_messages::table
        .inner_join(webhook_deliveries::table.on(of_message))
        .inner_join(webhook_endpoints::table.on(of_endpoint))
        .filter(webhook_messages::customer_id.eq(customer).and(webhook_messages::person_id.eq(person)))
        .filter(webhook_deliveries::id.lt(before.unwrap_or(i64::MAX)))
        .order(webhook_deliveries::id.desc())
        .limit(limit)
        .select((Delivery::as_select(), Message::as_select(), webhook_endpoints::public_id))
        .load(conn)
}
