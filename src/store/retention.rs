//! What has been kept for the time that an agreement names.

use super::conn::Conn;
use super::schema::{event_hosts, event_recipients, events, holds, people, restrictions, visits};
use super::tx::{Tx, on_each};
use crate::domain::hold::{Held, HeldField};
use crate::domain::visit::VisitState;
use crate::domain::{CustomerId, EventId, EventKey, PersonId, Timestamp, VisitId};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};

/// Values of one list in a statement: SQLite allows 32,766 in all.
const VALUES: usize = 10_000;

/// The people whose data must be kept but not used.
#[diesel::dsl::auto_type]
fn restricted(customer: CustomerId) -> _ {
    restrictions::table.filter(restrictions::customer_id.eq(customer)).select(restrictions::person_id)
}

/// The people of whom one of these fields must be kept though it goes elsewhere.
macro_rules! held {
    ($customer:expr, $fields:expr) => {
        holds::table
            .filter(holds::customer_id.eq($customer))
            .filter(sql::<Bool>("holds.fields & ").bind::<Integer, _>($fields.bits()).sql(" <> 0"))
            .select(holds::person_id)
    };
}

/// What of a guest goes with a visit.
pub const OF_GUESTS: [HeldField; 3] = [HeldField::Visits, HeldField::Events, HeldField::Ip];

/// People after `after` of whom nothing was heard since `since`, who are not in, not expected and not restricted.
pub fn people_unheard_of_since(
    conn: &mut Conn,
    customer: CustomerId,
    since: Timestamp,
    after: PersonId,
    limit: i64,
) -> QueryResult<Vec<PersonId>> {
    let guest = events::table
        .filter(events::customer_id.eq(customer).and(events::person_id.eq(people::id)))
        .filter(events::occurred_at.ge(since));
    let host = event_hosts::table
        .filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq(people::id)))
        .filter(event_hosts::occurred_at.ge(since));
    let recipient = event_recipients::table
        .filter(event_recipients::customer_id.eq(customer).and(event_recipients::person_id.eq(people::id)))
        .filter(event_recipients::occurred_at.ge(since));
    let visit = visits::table.filter(visits::customer_id.eq(customer).and(visits::person_id.eq(people::id))).filter(
        visits::state
            .eq(VisitState::Open.number())
            .or(visits::expected_at.is_not_null().and(visits::expected_at.ge(since))),
    );
    people::table
        .filter(people::customer_id.eq(customer).and(people::id.gt(after)).and(people::updated_at.lt(since)))
        .filter(not(exists(guest)))
        .filter(not(exists(host)))
        .filter(not(exists(recipient)))
        .filter(not(exists(visit)))
        .filter(people::id.ne_all(restricted(customer)))
        .order(people::id)
        .limit(limit)
        .select(people::id)
        .load(conn)
}

/// Guests after `after` who are not restricted, of whom no visit is held, and who have visits that began before `since` and are not open.
pub fn guests_of_before(
    conn: &mut Conn,
    customer: CustomerId,
    since: Timestamp,
    after: PersonId,
    limit: i64,
) -> QueryResult<Vec<PersonId>> {
    visits::table
        .filter(visits::customer_id.eq(customer).and(visits::person_id.gt(after)))
        .filter(visits::state.ne(VisitState::Open.number()).and(visits::starts_at.lt(since)))
        .filter(visits::person_id.ne_all(restricted(customer)))
        .filter(visits::person_id.ne_all(held!(customer, Held::from_iter(OF_GUESTS))))
        .select(visits::person_id)
        .distinct()
        .order(visits::person_id)
        .limit(limit)
        .load(conn)
}

/// Of the events that these correct, and of the other corrections of those, such as no longer stand.
pub fn superseded_behind(conn: &mut Conn, customer: CustomerId, keys: &[EventKey]) -> QueryResult<Vec<EventKey>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(VALUES) {
        let corrected: Vec<Option<EventId>> = events::table
            .filter(events::customer_id.eq(customer).and(events::id.eq_any(chunk)))
            .filter(events::corrects.is_not_null())
            .select(events::corrects)
            .load(conn)?;
        let targets: Vec<EventId> = corrected.into_iter().flatten().collect();
        if targets.is_empty() {
            continue;
        }
        let behind = events::event_id.nullable().eq_any(&targets).or(events::corrects.eq_any(&targets));
        found.extend(
            events::table
                .filter(events::customer_id.eq(customer).and(events::superseded_by.is_not_null()).and(behind))
                .select(events::id)
                .load::<EventKey>(conn)?,
        );
    }
    Ok(found)
}

/// What was deleted with visits, row by row.
#[derive(Debug, Default)]
pub struct Deleted {
    /// Rows of `visits`.
    pub visits: usize,
    /// Rows of `events`.
    pub events: usize,
    /// Rows of `event_hosts`.
    pub hosts: usize,
    /// Rows of `event_recipients`.
    pub recipients: usize,
    /// The sealed values that stood in them.
    pub sealed: Vec<Vec<u8>>,
}

/// Deletes visits with these events; the parts of hosts and recipients who are restricted, or held with these parts, are
/// left, as when a guest is erased.
pub fn delete(tx: &mut Tx<'_>, customer: CustomerId, gone: &[VisitId], keys: &[EventKey]) -> QueryResult<Deleted> {
    let mut deleted = Deleted::default();
    for chunk in keys.chunks(VALUES) {
        let found: Vec<Option<Vec<u8>>> = on_each!(tx, |c| diesel::delete(
            event_recipients::table.filter(
                event_recipients::customer_id
                    .eq(customer)
                    .and(event_recipients::event_key.eq_any(chunk))
                    .and(event_recipients::person_id.ne_all(restricted(customer)))
                    .and(
                        event_recipients::person_id
                            .ne_all(held!(customer, Held::from_iter([HeldField::Notifications])))
                    )
            )
        )
        .returning(event_recipients::address_sealed)
        .get_results(c))?;
        deleted.recipients += found.len();
        deleted.sealed.extend(found.into_iter().flatten());
        let found: Vec<Vec<u8>> = on_each!(tx, |c| diesel::delete(
            event_hosts::table.filter(
                event_hosts::customer_id
                    .eq(customer)
                    .and(event_hosts::event_key.eq_any(chunk))
                    .and(event_hosts::person_id.ne_all(restricted(customer)))
                    .and(event_hosts::person_id.ne_all(held!(customer, Held::from_iter([HeldField::Hosting]))))
            )
        )
        .returning(event_hosts::details_sealed)
        .get_results(c))?;
        deleted.hosts += found.len();
        deleted.sealed.extend(found);
        let found: Vec<(Vec<u8>, Option<Vec<u8>>)> = on_each!(tx, |c| diesel::delete(
            events::table.filter(events::customer_id.eq(customer).and(events::id.eq_any(chunk)))
        )
        .returning((events::details_sealed, events::ip_sealed))
        .get_results(c))?;
        deleted.events += found.len();
        deleted.sealed.extend(found.into_iter().flat_map(|(details, ip)| std::iter::once(details).chain(ip)));
    }
    for chunk in gone.chunks(VALUES) {
        let found: Vec<Option<Vec<u8>>> = on_each!(tx, |c| diesel::delete(
            visits::table.filter(visits::customer_id.eq(customer).and(visits::visit_id.eq_any(chunk)))
        )
        .returning(visits::visit_ref_sealed)
        .get_results(c))?;
        deleted.visits += found.len();
        deleted.sealed.extend(found.into_iter().flatten());
    }
    Ok(deleted)
}
