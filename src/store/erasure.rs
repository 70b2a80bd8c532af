//! Deleting everything of people, and looking whether anything is left.

use super::bulk::erasure;
use super::conn::Conn;
use super::events::{Event, Host, Recipient};
use super::schema::{
    access_people, case_people, event_hosts, event_recipients, events, holds, objections, people,
    reconciliation_people, restrictions, statements, visits, webhook_messages,
};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;
use std::collections::HashMap;

/// Every place where something of a person stands, in the order in which it is looked for.
pub const PLACES: [&str; 14] = [
    "people",
    "people.ref_index",
    "events",
    "event_hosts",
    "event_recipients",
    "visits",
    "restrictions",
    "objections",
    "statements",
    "holds",
    "reconciliation_people",
    "webhook_messages",
    "access_people",
    "case_people",
];

/// What was deleted of a person, row by row.
#[derive(Default)]
pub struct Deleted {
    /// Rows of `events`, as a guest.
    pub events: usize,
    /// Rows of `event_hosts`.
    pub hosts: usize,
    /// Rows of `event_recipients`.
    pub recipients: usize,
    /// Rows of `visits`.
    pub visits: usize,
    /// Rows of `restrictions`.
    pub restrictions: usize,
    /// Rows of `objections`.
    pub objections: usize,
    /// Rows of `statements`.
    pub statements: usize,
    /// Rows of `holds`.
    pub holds: usize,
    /// Rows of `people`, and with them the wrapped key.
    pub people: usize,
    /// The sealed values that stood in them, the person's own apart; on SQLite alone, whose files are searched for them.
    pub sealed: Vec<Vec<u8>>,
}

/// Deletes everything of these people, and says of each what it was; at most 30,000 at once.
///
/// The foreign keys would cascade from `people` alone. The tables are named here so that the receipt can count them; a
/// test compares them with the catalogue.
pub fn delete(tx: &mut Tx<'_>, customer: CustomerId, ids: &[PersonId]) -> QueryResult<HashMap<PersonId, Deleted>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let conn: &mut Conn = tx;
    match conn {
        Conn::Postgres(c) => count(erasure::delete(c, customer, ids)?),
        Conn::Sqlite(c) => keep_sealed(c, customer, ids),
    }
}

/// What was deleted from PostgreSQL, by person.
fn count(gone: Vec<erasure::Gone>) -> QueryResult<HashMap<PersonId, Deleted>> {
    let mut deleted: HashMap<PersonId, Deleted> = HashMap::new();
    for erasure::Gone { person, table, rows } in gone {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let deleted = deleted.entry(person).or_default();
        match table.as_str() {
            "events" => deleted.events = rows,
            "event_hosts" => deleted.hosts = rows,
            "event_recipients" => deleted.recipients = rows,
            "visits" => deleted.visits = rows,
            "restrictions" => deleted.restrictions = rows,
            "objections" => deleted.objections = rows,
            "statements" => deleted.statements = rows,
            "holds" => deleted.holds = rows,
            "reconciliation_people" | "webhook_messages" | "access_people" | "case_people" => {}
            "people" => deleted.people = rows,
            _ => return Err(diesel::result::Error::NotFound),
        }
    }
    Ok(deleted)
}

/// Deletes from SQLite, whose files are searched for the sealed values afterwards.
fn keep_sealed(
    c: &mut SqliteConnection,
    customer: CustomerId,
    ids: &[PersonId],
) -> QueryResult<HashMap<PersonId, Deleted>> {
    let mut deleted: HashMap<PersonId, Deleted> = HashMap::with_capacity(ids.len());
    /// Deletes the rows of a table, counts them and keeps the sealed values.
    macro_rules! rows {
        ($table:ident, $count:ident, $sealed:expr, $type:ty) => {
            let rows = $table::table.filter($table::customer_id.eq(customer).and($table::person_id.eq_any(ids)));
            let rows = diesel::delete(rows).returning(($table::person_id, $sealed));
            for (person, sealed) in rows.load::<(PersonId, $type)>(c)? {
                let deleted = deleted.entry(person).or_default();
                deleted.$count += 1;
                deleted.sealed.extend(Sealed::from(sealed).0);
            }
        };
    }
    rows!(events, events, (events::details_sealed, events::ip_sealed), (Vec<u8>, Option<Vec<u8>>));
    rows!(event_hosts, hosts, event_hosts::details_sealed, Vec<u8>);
    rows!(event_recipients, recipients, event_recipients::address_sealed, Option<Vec<u8>>);
    rows!(visits, visits, visits::visit_ref_sealed, Option<Vec<u8>>);
    rows!(restrictions, restrictions, restrictions::reason_sealed, Option<Vec<u8>>);
    rows!(objections, objections, objections::grounds_sealed, Option<Vec<u8>>);
    rows!(statements, statements, statements::text_sealed, Vec<u8>);
    rows!(holds, holds, holds::law_sealed, Vec<u8>);
    let listed = reconciliation_people::customer_id.eq(customer).and(reconciliation_people::person_id.eq_any(ids));
    diesel::delete(reconciliation_people::table.filter(listed)).execute(c)?;
    let read = access_people::customer_id.eq(customer).and(access_people::person_id.eq_any(ids));
    diesel::delete(access_people::table.filter(read)).execute(c)?;
    let linked = case_people::customer_id.eq(customer).and(case_people::person_id.eq_any(ids));
    diesel::delete(case_people::table.filter(linked)).execute(c)?;
    let told = webhook_messages::customer_id.eq(customer).and(webhook_messages::person_id.eq_any(ids));
    let told = diesel::delete(webhook_messages::table.filter(told))
        .returning((webhook_messages::person_id.assume_not_null(), webhook_messages::body_sealed));
    for (person, body) in told.load::<(PersonId, Option<Vec<u8>>)>(c)? {
        deleted.entry(person).or_default().sealed.extend(body);
    }
    let people = people::table.filter(people::customer_id.eq(customer).and(people::id.eq_any(ids)));
    for person in diesel::delete(people).returning(people::id).load(c)? {
        deleted.entry(person).or_default().people = 1;
    }
    Ok(deleted)
}

/// The sealed values of a row.
struct Sealed(Vec<Vec<u8>>);

impl From<Vec<u8>> for Sealed {
    fn from(value: Vec<u8>) -> Self {
        Self(vec![value])
    }
}

impl From<Option<Vec<u8>>> for Sealed {
    fn from(value: Option<Vec<u8>>) -> Self {
        Self(value.into_iter().collect())
    }
}

impl From<(Vec<u8>, Option<Vec<u8>>)> for Sealed {
    fn from((one, more): (Vec<u8>, Option<Vec<u8>>)) -> Self {
        Self(std::iter::once(one).chain(more).collect())
    }
}

/// How many rows of these people are left, a number for each of [`PLACES`].
pub fn left(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    ids: &[PersonId],
    ref_indexes: &[Vec<u8>],
) -> QueryResult<[i64; PLACES.len()]> {
    macro_rules! rows {
        ($table:ident) => {
            rows!($table, $table::person_id.eq_any(ids))
        };
        ($table:ident, $theirs:expr) => {
            $table::table.filter($table::customer_id.eq(customer).and($theirs)).count().single_value().assume_not_null()
        };
    }
    // In two halves: the standard library turns tuples of up to twelve into arrays.
    type First = (i64, i64, i64, i64, i64, i64, i64);
    type Second = (i64, i64, i64, i64, i64, i64, i64);
    let (first, second): (First, Second) = on_each!(tx, |c| diesel::select((
        (
            rows!(people, people::id.eq_any(ids)),
            rows!(people, people::ref_index.eq_any(ref_indexes)),
            rows!(events),
            rows!(event_hosts),
            rows!(event_recipients),
            rows!(visits),
            rows!(restrictions),
        ),
        (
            rows!(objections),
            rows!(statements),
            rows!(holds),
            rows!(reconciliation_people),
            rows!(webhook_messages),
            rows!(access_people),
            rows!(case_people),
        ),
    ))
    .get_result(c))?;
    let mut counts = [0; PLACES.len()];
    for (place, count) in counts.iter_mut().zip([<[i64; 7]>::from(first), second.into()].concat()) {
        *place = count;
    }
    Ok(counts)
}

/// All events of a guest, also such as no longer stand: to keep of them what must be kept.
pub fn events_of(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<Event>> {
    let theirs = events::customer_id.eq(customer).and(events::person_id.eq(person));
    events::table.filter(theirs).order(events::id).select(Event::as_select()).load(conn)
}

/// All parts of a person as host, likewise.
pub fn hosting_of(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<Host>> {
    let theirs = event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq(person));
    event_hosts::table.filter(theirs).select(Host::as_select()).load(conn)
}

/// All notifications of a person, likewise.
pub fn notifications_of(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<Recipient>> {
    let theirs = event_recipients::customer_id.eq(customer).and(event_recipients::person_id.eq(person));
    event_recipients::table.filter(theirs).select(Recipient::as_select()).load(conn)
}

/// Which of these people something was heard of at or after `since`.
pub fn heard_of_since(
    conn: &mut Conn,
    customer: CustomerId,
    ids: &[PersonId],
    since: Timestamp,
) -> QueryResult<Vec<PersonId>> {
    let mut heard: Vec<PersonId> = people::table
        .filter(people::customer_id.eq(customer).and(people::id.eq_any(ids)).and(people::updated_at.ge(since)))
        .select(people::id)
        .load(conn)?;
    heard.extend(
        events::table
            .filter(events::customer_id.eq(customer).and(events::person_id.eq_any(ids)))
            .filter(events::received_at.ge(since))
            .select(events::person_id)
            .distinct()
            .load::<PersonId>(conn)?,
    );
    heard.extend(
        event_hosts::table
            .filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq_any(ids)))
            .filter(event_hosts::occurred_at.ge(since))
            .select(event_hosts::person_id)
            .distinct()
            .load::<PersonId>(conn)?,
    );
    heard.extend(
        event_recipients::table
            .filter(event_recipients::customer_id.eq(customer).and(event_recipients::person_id.eq_any(ids)))
            .filter(event_recipients::occurred_at.ge(since))
            .select(event_recipients::person_id)
            .distinct()
            .load::<PersonId>(conn)?,
    );
    Ok(heard)
}
