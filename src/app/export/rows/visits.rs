//! The visits that the person's events add up to.

use super::super::super::View;
use super::super::fields::Section;
use super::{PAGE, Source, Take};
use crate::domain::event::CheckOutReason;
use crate::domain::visit::VisitState;
use crate::error::Error;
use crate::store;
use crate::store::visits::Visit;
use serde_json::Value;
use std::cmp::Reverse;

/// Gives every visit, newest first, to `take`.
///
/// Which there are is read first, in 24 bytes each: sorted anew for each page, the index would be read as often as
/// there are pages.
pub(super) fn each(source: &Source<'_>, view: &mut View<'_>, take: Take<'_>) -> Result<(), Error> {
    let customer = source.subject.customer;
    let mut order = store::export::visits_of(view.conn, customer, source.subject.id())?;
    order.sort_unstable_by(|a, b| b.cmp(a));
    for page in order.chunks(PAGE) {
        let ids: Vec<_> = page.iter().map(|(_, id)| *id).collect();
        let mut rows = store::export::visits(view.conn, customer, &ids)?;
        rows.sort_unstable_by_key(|row| Reverse((row.starts_at, row.visit_id)));
        for row in rows {
            one(source, row, take)?;
        }
    }
    Ok(())
}

fn one(source: &Source<'_>, row: Visit, take: Take<'_>) -> Result<(), Error> {
    let (number, site, clock) = source.subject.at_site(row.license_id);
    let state = VisitState::from_number(row.state).ok_or_else(|| Error::internal("a state out of range"))?;
    let open = |sealed: &Vec<u8>| source.subject.dossier.open_visit_ref(row.visit_id, sealed);
    let reason = row.reason.and_then(CheckOutReason::from_number);
    take(&source.plan.section(Section::Visits)?.row([
        ("id", Value::from(row.visit_id.to_string())),
        ("state", Value::from(state.as_str())),
        ("starts_at", clock.at(row.starts_at)),
        ("license_number", number),
        ("site", site),
        ("visit_ref", Value::from(row.visit_ref_sealed.as_ref().map(open).transpose()?)),
        ("expected_at", clock.maybe(row.expected_at)),
        ("arrived_at", clock.maybe(row.arrived_at)),
        ("departed_at", clock.maybe(row.departed_at)),
        ("cancelled_at", clock.maybe(row.cancelled_at)),
        ("denied_at", clock.maybe(row.denied_at)),
        ("departure_reason", Value::from(reason.map(CheckOutReason::as_str))),
        ("device", Value::from(row.device)),
        ("last_changed_at", clock.at(row.updated_at)),
    ])?)
}
