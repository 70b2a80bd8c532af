//! Visits.

use super::conn::Conn;
use super::each::{Search, each};
use super::schema::{event_hosts, events, visits};
use super::sight::{Sight, seen};
use super::tx::Tx;
use crate::domain::{CustomerId, LicenseId, PersonId, Timestamp, VisitId};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// A visit's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = visits, treat_none_as_default_value = false)]
pub struct Visit {
    /// Whose.
    pub customer_id: CustomerId,
    /// Outside and inside.
    pub visit_id: VisitId,
    /// The guest.
    pub person_id: PersonId,
    /// The site.
    pub license_id: LicenseId,
    /// Where it stands.
    pub state: i16,
    /// Its earliest event, for the order of lists.
    pub starts_at: Timestamp,
    /// The customer's own identifier of it, sealed under the guest's key.
    pub visit_ref_sealed: Option<Vec<u8>>,
    /// When the guest was expected.
    pub expected_at: Option<Timestamp>,
    /// First check-in.
    pub arrived_at: Option<Timestamp>,
    /// Check-out.
    pub departed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// When the guest was turned away.
    pub denied_at: Option<Timestamp>,
    /// Who checked the guest out.
    pub reason: Option<i16>,
    /// The device of the first check-in.
    pub device: Option<String>,
    /// When anything last changed.
    pub updated_at: Timestamp,
}

/// All visits of these people.
pub fn of_people(conn: &mut Conn, customer: CustomerId, people: &[PersonId]) -> QueryResult<Vec<Visit>> {
    each!(conn, OfPerson, customer, people)
}

struct OfPerson;

impl Search for OfPerson {
    type Key = BigInt;
    type Row = visits::SqlType;
    const COLUMNS: &'static str = "customer_id, visit_id, person_id, license_id, state, starts_at, visit_ref_sealed, \
                                   expected_at, arrived_at, departed_at, cancelled_at, denied_at, reason, device, \
                                   updated_at";
    const TABLE: &'static str = "visits";
    const BY: &'static str = "person_id";
}

/// Removes visits that the events no longer add up to.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, ids: &[VisitId]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(visits::table.filter(visits::customer_id.eq(customer).and(visits::visit_id.eq_any(ids))))
        .execute(conn)
}

/// One visit of a guest who may be seen.
pub fn get(conn: &mut Conn, customer: CustomerId, id: VisitId, sight: Sight) -> QueryResult<Option<Visit>> {
    visits::table
        .find((customer, id))
        .filter(seen!(customer, visits::person_id, sight))
        .select(Visit::as_select())
        .first(conn)
        .optional()
}

/// Which visits a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this guest.
    pub person: Option<PersonId>,
    /// At this site.
    pub license: Option<LicenseId>,
    /// To this host.
    pub host: Option<PersonId>,
    /// In this state.
    pub state: Option<i16>,
    /// Starting at or after this.
    pub from: Option<Timestamp>,
    /// Starting before this.
    pub to: Option<Timestamp>,
}

/// A page of visits of guests who may be seen, newest first.
///
/// A list narrowed by site or state goes through the index alone, and reads the rows of its page.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    filter: &Filter,
    before: Option<(Timestamp, VisitId)>,
    limit: i64,
    sight: Sight,
) -> QueryResult<Vec<Visit>> {
    let newest = (visits::starts_at.desc(), visits::visit_id.desc());
    macro_rules! page {
        () => {{
            let of_customer = visits::table.filter(visits::customer_id.eq(customer));
            let in_sight = of_customer.filter(seen!(customer, visits::person_id, sight));
            let mut page = in_sight.order(newest).limit(limit).into_boxed();
            if let Some(person) = filter.person {
                page = page.filter(visits::person_id.eq(person));
            }
            if let Some(license) = filter.license {
                page = page.filter(visits::license_id.eq(license));
            }
            if let Some(host) = filter.host {
                let of_host = events::table
                    .on(events::id.eq(event_hosts::event_key).and(events::customer_id.eq(event_hosts::customer_id)));
                let hosted = event_hosts::table
                    .inner_join(of_host)
                    .filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq(host)))
                    .filter(events::superseded_by.is_null())
                    .select(events::visit_id);
                page = page.filter(visits::visit_id.nullable().eq_any(hosted));
            }
            if let Some(state) = filter.state {
                page = page.filter(visits::state.eq(state));
            }
            if let Some(from) = filter.from {
                page = page.filter(visits::starts_at.ge(from));
            }
            if let Some(to) = filter.to {
                page = page.filter(visits::starts_at.lt(to));
            }
            if let Some((at, id)) = before {
                page = page.filter(visits::starts_at.le(at));
                page = page.filter(visits::starts_at.lt(at).or(visits::visit_id.lt(id)));
            }
            page
        }};
    }
    let along = filter.license.is_some() || filter.state.is_some();
    if filter.person.is_some() || filter.host.is_some() || !along {
        return page!().select(Visit::as_select()).load(conn);
    }
    macro_rules! along_the_index {
        ($c:expr) => {
            visits::table
                .filter(visits::customer_id.eq(customer).and(visits::visit_id.eq_any(page!().select(visits::visit_id))))
                .order(newest)
                .select(Visit::as_select())
                .load($c)
        };
    }
    match conn {
        Conn::Postgres(c) => along_the_index!(c),
        Conn::Sqlite(c) => along_the_index!(c),
    }
}
