//! Events and the rows of their hosts and recipients.

use super::conn::Conn;
use super::schema::{event_hosts, event_recipients, events, objections, visits};
use super::sight::{Sight, seen};
use super::tx::Tx;
use crate::domain::objection::{Purpose, State};
use crate::domain::{CustomerId, EventId, EventKey, LicenseId, PersonId, Timestamp, VisitId};
use diesel::prelude::*;

pub use super::bulk::events::{Group, insert};
pub use super::known::{Outline, Related, correcting, outlines, related};

/// An event's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct Event {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database, growing as events are stored.
    pub id: EventKey,
    /// Outside.
    pub event_id: EventId,
    /// The guest.
    pub person_id: PersonId,
    /// The site.
    pub license_id: LicenseId,
    /// What happened.
    pub type_: i16,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was stored.
    pub received_at: Timestamp,
    /// When the guest is expected.
    pub expected_at: Option<Timestamp>,
    /// The device.
    pub device: Option<String>,
    /// Blind index of the visit's ref.
    pub visit_ref_index: Option<Vec<u8>>,
    /// The visit it belongs to just now.
    pub visit_id: Option<VisitId>,
    /// The guest's fields as they were sent, sealed.
    pub details_sealed: Vec<u8>,
    /// The address on the network, sealed.
    pub ip_sealed: Option<Vec<u8>>,
    /// Where the event was made.
    pub origin: Option<i16>,
    /// Who checked the guest out.
    pub reason: Option<i16>,
    /// The event that it corrects.
    pub corrects: Option<EventId>,
    /// The event that corrects it.
    pub superseded_by: Option<EventId>,
    /// Keyed digest of the body, to tell a retry from another event.
    pub digest: Vec<u8>,
}

/// The row of an event's host.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_hosts)]
pub struct Host {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which event; not a foreign key, the host's row outlives the guest's.
    pub event_key: EventKey,
    /// The host.
    pub person_id: PersonId,
    /// The site.
    pub license_id: LicenseId,
    /// When.
    pub occurred_at: Timestamp,
    /// The host's fields as they were sent, sealed under the host's key.
    pub details_sealed: Vec<u8>,
}

/// The row of one recipient of an event.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_recipients, treat_none_as_default_value = false)]
pub struct Recipient {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which event; not a foreign key, likewise.
    pub event_key: EventKey,
    /// Place in the event's list.
    pub position: i16,
    /// The recipient.
    pub person_id: PersonId,
    /// The site.
    pub license_id: LicenseId,
    /// When.
    pub occurred_at: Timestamp,
    /// How it was sent.
    pub channel: i16,
    /// Where it was sent, sealed under the recipient's key.
    pub address_sealed: Option<Vec<u8>>,
    /// What became of it.
    pub status: Option<i16>,
}

/// Events of a person that nothing supersedes, whole: to work out the person's fields anew after a correction.
pub fn standing_of(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<Event>> {
    events::table
        .filter(events::customer_id.eq(customer).and(events::person_id.eq(person)).and(events::superseded_by.is_null()))
        .select(Event::as_select())
        .load(conn)
}

/// Hosts' rows of a person whose event, if it is still there, nothing supersedes.
pub fn standing_as_host(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<Host>> {
    let standing = events::id.eq(event_hosts::event_key).and(events::customer_id.eq(event_hosts::customer_id));
    event_hosts::table
        .left_join(events::table.on(standing))
        .filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq(person)))
        .filter(events::superseded_by.is_null())
        .select(Host::as_select())
        .load(conn)
}

/// Whom stored events concern: guest and, if any, host.
pub fn concerned(
    conn: &mut Conn,
    customer: CustomerId,
    ids: &[EventId],
) -> QueryResult<Vec<(EventId, PersonId, Option<PersonId>)>> {
    let of_event = event_hosts::event_key.eq(events::id).and(event_hosts::customer_id.eq(events::customer_id));
    events::table
        .left_join(event_hosts::table.on(of_event))
        .filter(events::customer_id.eq(customer).and(events::event_id.eq_any(ids)))
        .select((events::event_id, events::person_id, event_hosts::person_id.nullable()))
        .load(conn)
}

/// Notes that `event` is corrected by `by`.
pub fn supersede(tx: &mut Tx<'_>, customer: CustomerId, event: EventId, by: EventId) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(events::table.filter(events::customer_id.eq(customer).and(events::event_id.eq(event))))
        .set(events::superseded_by.eq(by))
        .execute(conn)
}

/// Moves a stored event to another visit, or to none.
pub fn move_to(tx: &mut Tx<'_>, customer: CustomerId, event: EventKey, visit: Option<VisitId>) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(events::table.find((customer, event))).set(events::visit_id.eq(visit)).execute(conn)
}

/// One event of a guest who may be seen.
pub fn get(conn: &mut Conn, customer: CustomerId, id: EventId, sight: Sight) -> QueryResult<Option<Event>> {
    events::table
        .filter(events::customer_id.eq(customer).and(events::event_id.eq(id)))
        .filter(seen!(customer, events::person_id, sight))
        .select(Event::as_select())
        .first(conn)
        .optional()
}

/// Where a stored event stands in the order of storage, whosever it is: who follows along may have seen it last.
pub fn key_of(conn: &mut Conn, customer: CustomerId, id: EventId) -> QueryResult<Option<EventKey>> {
    events::table
        .filter(events::customer_id.eq(customer).and(events::event_id.eq(id)))
        .select(events::id)
        .first(conn)
        .optional()
}

/// Events by their internal keys.
pub fn by_keys(conn: &mut Conn, customer: CustomerId, keys: &[EventKey]) -> QueryResult<Vec<Event>> {
    events::table
        .filter(events::customer_id.eq(customer).and(events::id.eq_any(keys)))
        .select(Event::as_select())
        .load(conn)
}

/// Hosts' rows of these events, of those who may be seen.
pub fn hosts(conn: &mut Conn, customer: CustomerId, keys: &[EventKey], sight: Sight) -> QueryResult<Vec<Host>> {
    event_hosts::table
        .filter(event_hosts::customer_id.eq(customer).and(event_hosts::event_key.eq_any(keys)))
        .filter(seen!(customer, event_hosts::person_id, sight))
        .select(Host::as_select())
        .load(conn)
}

/// Whether somebody's objection to being notified stands (Article 21): the condition that leaves such recipients out.
macro_rules! notified {
    ($customer:expr, $sight:expr) => {
        diesel::dsl::not(diesel::dsl::exists(
            objections::table.filter(
                objections::customer_id
                    .eq($customer)
                    .and(objections::person_id.eq(event_recipients::person_id))
                    .and(objections::purpose.eq(Purpose::Notification.number()))
                    .and(objections::state.ne(State::Overruled.number()))
                    .and(objections::person_id.ne($sight.person())),
            ),
        ))
    };
}

/// Recipients' rows of these events, of those who may be seen and have not objected, in the order of their lists.
pub fn recipients(
    conn: &mut Conn,
    customer: CustomerId,
    keys: &[EventKey],
    sight: Sight,
) -> QueryResult<Vec<Recipient>> {
    event_recipients::table
        .filter(event_recipients::customer_id.eq(customer).and(event_recipients::event_key.eq_any(keys)))
        .filter(seen!(customer, event_recipients::person_id, sight))
        .filter(notified!(customer, sight))
        .order((event_recipients::event_key, event_recipients::position))
        .select(Recipient::as_select())
        .load(conn)
}

/// The hosts of visits who may be seen: one row an event.
///
/// A visit's events are its guest's since the visit began: whoever comes every day is not read from the first day.
pub fn hosts_of_visits(
    conn: &mut Conn,
    customer: CustomerId,
    ids: &[VisitId],
    sight: Sight,
) -> QueryResult<Vec<(Option<VisitId>, Host)>> {
    let of_visit = events::customer_id
        .eq(visits::customer_id)
        .and(events::person_id.eq(visits::person_id))
        .and(events::occurred_at.ge(visits::starts_at))
        .and(events::visit_id.eq(visits::visit_id.nullable()));
    let of_event = event_hosts::event_key.eq(events::id).and(event_hosts::customer_id.eq(events::customer_id));
    let mut found = Vec::new();
    for chunk in ids.chunks(10_000) {
        found.extend(
            visits::table
                .inner_join(events::table.on(of_visit))
                .inner_join(event_hosts::table.on(of_event))
                .filter(visits::customer_id.eq(customer).and(visits::visit_id.eq_any(chunk)))
                .filter(events::superseded_by.is_null())
                .filter(seen!(customer, event_hosts::person_id, sight))
                .order(events::id)
                .select((events::visit_id, Host::as_select()))
                .load::<(Option<VisitId>, Host)>(conn)?,
        );
    }
    Ok(found)
}

/// How many recipients each of these events has; none for those without.
pub fn recipient_counts(conn: &mut Conn, customer: CustomerId, keys: &[EventKey]) -> QueryResult<Vec<(EventKey, i64)>> {
    event_recipients::table
        .filter(event_recipients::customer_id.eq(customer).and(event_recipients::event_key.eq_any(keys)))
        .group_by(event_recipients::event_key)
        .select((event_recipients::event_key, diesel::dsl::count_star()))
        .load(conn)
}

/// Which events a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this guest.
    pub person: Option<PersonId>,
    /// At this site.
    pub license: Option<LicenseId>,
    /// Of this type.
    pub type_: Option<i16>,
    /// Happened at or after this.
    pub from: Option<Timestamp>,
    /// Happened before this.
    pub to: Option<Timestamp>,
}

/// The rows that a filter leaves, for whichever database the query is run on.
macro_rules! narrowed {
    ($customer:expr, $filter:expr, $sight:expr) => {{
        let filter: &Filter = $filter;
        let of_customer = events::table.filter(events::customer_id.eq($customer));
        let mut query = of_customer.filter(seen!($customer, events::person_id, $sight)).into_boxed();
        if let Some(person) = filter.person {
            query = query.filter(events::person_id.eq(person));
        }
        if let Some(license) = filter.license {
            query = query.filter(events::license_id.eq(license));
        }
        if let Some(type_) = filter.type_ {
            query = query.filter(events::type_.eq(type_));
        }
        if let Some(from) = filter.from {
            query = query.filter(events::occurred_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(events::occurred_at.lt(to));
        }
        query
    }};
}

/// A page of events of guests who may be seen, newest first.
///
/// A list narrowed by site or type goes through the index alone, and reads the rows of its page.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    filter: &Filter,
    before: Option<(Timestamp, EventKey)>,
    limit: i64,
    sight: Sight,
) -> QueryResult<Vec<Event>> {
    let newest = (events::occurred_at.desc(), events::id.desc());
    macro_rules! page {
        () => {{
            let mut page = narrowed!(customer, filter, sight).order(newest).limit(limit);
            if let Some((at, id)) = before {
                page = page.filter(events::occurred_at.le(at));
                page = page.filter(events::occurred_at.lt(at).or(events::id.lt(id)));
            }
            page
        }};
    }
    if filter.person.is_some() || (filter.license.is_none() && filter.type_.is_none()) {
        return page!().select(Event::as_select()).load(conn);
    }
    macro_rules! along_the_index {
        ($c:expr) => {
            events::table
                .filter(events::customer_id.eq(customer).and(events::id.eq_any(page!().select(events::id))))
                .order(newest)
                .select(Event::as_select())
                .load($c)
        };
    }
    match conn {
        Conn::Postgres(c) => along_the_index!(c),
        Conn::Sqlite(c) => along_the_index!(c),
    }
}

/// A page of events of guests who may be seen, stored after `after`, in the order in which they were stored: for those
/// who follow along.
pub fn page_stored_after(
    conn: &mut Conn,
    customer: CustomerId,
    filter: &Filter,
    after: EventKey,
    limit: i64,
    sight: Sight,
) -> QueryResult<Vec<Event>> {
    narrowed!(customer, filter, sight)
        .filter(events::id.gt(after))
        .order(events::id)
        .limit(limit)
        .select(Event::as_select())
        .load(conn)
}
