//! Visits.

use super::conn::Conn;
use super::schema::{event_hosts, events, visits};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, LicenseId, PersonId, Timestamp, VisitId};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// Rows of one multi-row statement: 15 columns each, SQLite allows 32,766 bound values.
const ROWS: usize = 1_000;

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
    let mut found = Vec::new();
    for chunk in people.chunks(30_000) {
        found.extend(
            visits::table
                .filter(visits::customer_id.eq(customer).and(visits::person_id.eq_any(chunk)))
                .select(Visit::as_select())
                .load::<Visit>(conn)?,
        );
    }
    Ok(found)
}

/// Writes visits, new or changed.
pub fn put(tx: &mut Tx<'_>, rows: &[Visit]) -> QueryResult<usize> {
    rows.chunks(ROWS).try_fold(0, |sum, chunk| {
        let stored = on_each!(tx, |c| diesel::insert_into(visits::table)
            .values(chunk)
            .on_conflict((visits::customer_id, visits::visit_id))
            .do_update()
            .set((
                visits::state.eq(excluded(visits::state)),
                visits::starts_at.eq(excluded(visits::starts_at)),
                visits::visit_ref_sealed.eq(excluded(visits::visit_ref_sealed)),
                visits::expected_at.eq(excluded(visits::expected_at)),
                visits::arrived_at.eq(excluded(visits::arrived_at)),
                visits::departed_at.eq(excluded(visits::departed_at)),
                visits::cancelled_at.eq(excluded(visits::cancelled_at)),
                visits::denied_at.eq(excluded(visits::denied_at)),
                visits::reason.eq(excluded(visits::reason)),
                visits::device.eq(excluded(visits::device)),
                visits::updated_at.eq(excluded(visits::updated_at)),
            ))
            .execute(c))?;
        Ok(sum + stored)
    })
}

/// Removes visits that the events no longer add up to.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, ids: &[VisitId]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(visits::table.filter(visits::customer_id.eq(customer).and(visits::visit_id.eq_any(ids))))
        .execute(conn)
}

/// One visit.
pub fn get(conn: &mut Conn, customer: CustomerId, id: VisitId) -> QueryResult<Option<Visit>> {
    visits::table.find((customer, id)).select(Visit::as_select()).first(conn).optional()
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

/// A page of visits, newest first.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    filter: &Filter,
    before: Option<(Timestamp, VisitId)>,
    limit: i64,
) -> QueryResult<Vec<Visit>> {
    let mut query = visits::table
        .filter(visits::customer_id.eq(customer))
        .order((visits::starts_at.desc(), visits::visit_id.desc()))
        .limit(limit)
        .select(Visit::as_select())
        .into_boxed();
    if let Some(person) = filter.person {
        query = query.filter(visits::person_id.eq(person));
    }
    if let Some(license) = filter.license {
        query = query.filter(visits::license_id.eq(license));
    }
    if let Some(host) = filter.host {
        let hosted = event_hosts::table
            .inner_join(
                events::table
                    .on(events::id.eq(event_hosts::event_key).and(events::customer_id.eq(event_hosts::customer_id))),
            )
            .filter(event_hosts::customer_id.eq(customer).and(event_hosts::person_id.eq(host)))
            .filter(events::superseded_by.is_null())
            .select(events::visit_id);
        query = query.filter(visits::visit_id.nullable().eq_any(hosted));
    }
    if let Some(state) = filter.state {
        query = query.filter(visits::state.eq(state));
    }
    if let Some(from) = filter.from {
        query = query.filter(visits::starts_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(visits::starts_at.lt(to));
    }
    if let Some((at, id)) = before {
        query = query.filter(visits::starts_at.lt(at).or(visits::starts_at.eq(at).and(visits::visit_id.lt(id))));
    }
    query.load(conn)
}

/// Visits whose guest was in the building at `at`, longest first.
pub fn on_site(
    conn: &mut Conn,
    customer: CustomerId,
    license: Option<LicenseId>,
    at: Timestamp,
) -> QueryResult<Vec<Visit>> {
    let mut query = visits::table
        .filter(visits::customer_id.eq(customer))
        .filter(visits::arrived_at.le(at))
        .filter(visits::departed_at.is_null().or(visits::departed_at.gt(at)))
        .order((visits::arrived_at, visits::visit_id))
        .select(Visit::as_select())
        .into_boxed();
    if let Some(license) = license {
        query = query.filter(visits::license_id.eq(license));
    }
    query.load(conn)
}

/// One visit's instants, for counting.
pub type Moments = (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>);

/// The instants of all visits of which any falls into the span: expected, arrived, departed, cancelled, denied.
pub fn moments(
    conn: &mut Conn,
    customer: CustomerId,
    license: Option<LicenseId>,
    from: Timestamp,
    to: Timestamp,
) -> QueryResult<Vec<Moments>> {
    let mut query = visits::table
        .filter(visits::customer_id.eq(customer))
        .filter(
            visits::expected_at
                .ge(from)
                .and(visits::expected_at.lt(to))
                .or(visits::arrived_at.ge(from).and(visits::arrived_at.lt(to)))
                .or(visits::departed_at.ge(from).and(visits::departed_at.lt(to)))
                .or(visits::cancelled_at.ge(from).and(visits::cancelled_at.lt(to)))
                .or(visits::denied_at.ge(from).and(visits::denied_at.lt(to))),
        )
        .select((visits::expected_at, visits::arrived_at, visits::departed_at, visits::cancelled_at, visits::denied_at))
        .into_boxed();
    if let Some(license) = license {
        query = query.filter(visits::license_id.eq(license));
    }
    query.load(conn)
}
