//! Deleting everything of people, and looking whether anything is left.

use super::conn::Conn;
use super::schema::{event_hosts, event_recipients, events, people, reconciliation_people, restrictions, visits};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;

/// Every place where something of a person stands, in the order in which it is looked for.
pub const PLACES: [&str; 8] = [
    "people",
    "people.ref_index",
    "events",
    "event_hosts",
    "event_recipients",
    "visits",
    "restrictions",
    "reconciliation_people",
];

/// What was deleted of people, row by row.
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
    /// Rows of `people`, and with them the wrapped keys.
    pub people: usize,
    /// The sealed values that stood in them, the people's own apart.
    pub sealed: Vec<Vec<u8>>,
}

/// Deletes everything of these people; at most 30,000 at once.
///
/// The foreign keys would cascade from `people` alone. The tables are named here so that the receipt can count them; a
/// test compares them with the catalogue.
pub fn delete(tx: &mut Tx<'_>, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Deleted> {
    let mut deleted = Deleted::default();
    let found: Vec<(Vec<u8>, Option<Vec<u8>>)> = on_each!(tx, |c| diesel::delete(
        events::table.filter(events::customer_id.eq(customer).and(events::person_id.eq_any(ids)))
    )
    .returning((events::details_sealed, events::ip_sealed))
    .get_results(c))?;
    deleted.events = found.len();
    deleted.sealed.extend(found.into_iter().flat_map(|(details, ip)| std::iter::once(details).chain(ip)));
    let found: Vec<Vec<u8>> = on_each!(tx, |c| diesel::delete(
        event_hosts::table.filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq_any(ids)))
    )
    .returning(event_hosts::details_sealed)
    .get_results(c))?;
    deleted.hosts = found.len();
    deleted.sealed.extend(found);
    let found: Vec<Option<Vec<u8>>> = on_each!(tx, |c| diesel::delete(
        event_recipients::table
            .filter(event_recipients::customer_id.eq(customer).and(event_recipients::person_id.eq_any(ids)))
    )
    .returning(event_recipients::address_sealed)
    .get_results(c))?;
    deleted.recipients = found.len();
    deleted.sealed.extend(found.into_iter().flatten());
    let found: Vec<Option<Vec<u8>>> = on_each!(tx, |c| diesel::delete(
        visits::table.filter(visits::customer_id.eq(customer).and(visits::person_id.eq_any(ids)))
    )
    .returning(visits::visit_ref_sealed)
    .get_results(c))?;
    deleted.visits = found.len();
    deleted.sealed.extend(found.into_iter().flatten());
    let found: Vec<Option<Vec<u8>>> = on_each!(tx, |c| diesel::delete(
        restrictions::table.filter(restrictions::customer_id.eq(customer).and(restrictions::person_id.eq_any(ids)))
    )
    .returning(restrictions::reason_sealed)
    .get_results(c))?;
    deleted.restrictions = found.len();
    deleted.sealed.extend(found.into_iter().flatten());
    let conn: &mut Conn = tx;
    diesel::delete(
        reconciliation_people::table
            .filter(reconciliation_people::customer_id.eq(customer).and(reconciliation_people::person_id.eq_any(ids))),
    )
    .execute(conn)?;
    deleted.people = diesel::delete(people::table.filter(people::customer_id.eq(customer).and(people::id.eq_any(ids))))
        .execute(conn)?;
    Ok(deleted)
}

/// How many rows of these people are left, a number for each of [`PLACES`].
pub fn left(
    conn: &mut Conn,
    customer: CustomerId,
    ids: &[PersonId],
    ref_indexes: &[Vec<u8>],
) -> QueryResult<[i64; PLACES.len()]> {
    macro_rules! rows {
        ($table:ident) => {
            $table::table
                .filter($table::customer_id.eq(customer).and($table::person_id.eq_any(ids)))
                .count()
                .get_result(conn)?
        };
    }
    Ok([
        people::table.filter(people::customer_id.eq(customer).and(people::id.eq_any(ids))).count().get_result(conn)?,
        people::table
            .filter(people::customer_id.eq(customer).and(people::ref_index.eq_any(ref_indexes)))
            .count()
            .get_result(conn)?,
        rows!(events),
        rows!(event_hosts),
        rows!(event_recipients),
        rows!(visits),
        rows!(restrictions),
        rows!(reconciliation_people),
    ])
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
