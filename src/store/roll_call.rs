//! Who was in the building at an instant.

use super::conn::Conn;
use super::schema::visits;
use super::sight::{Sight, seen};
use super::stays::{self, Condition, SITES};
use super::visits::Visit;
use crate::domain::{CustomerId, LicenseId, Timestamp};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Integer;

/// Who was in the building.
pub struct OnSite {
    /// The visits of those who may be seen, longest first.
    pub visits: Vec<Visit>,
    /// How many others there are: their data are restricted.
    pub restricted: usize,
}

/// Visits at these sites whose guest was in the building at `at`.
///
/// One statement, so that nobody who leaves meanwhile falls between two; a range of `visits_by_stay` for each class.
pub fn on_site(conn: &mut Conn, customer: CustomerId, sites: &[LicenseId], at: Timestamp) -> QueryResult<OnSite> {
    let class = stays::class(conn);
    let (mut found, mut restricted) = (Vec::new(), 0);
    for chunk in sites.chunks(SITES) {
        let open: Condition = Box::new(sql::<Integer>(class).eq(stays::OPEN).and(visits::arrived_at.le(at)));
        let in_then = stays::CLOSED.fold(open, |any, length| {
            let begun = visits::arrived_at.ge(stays::begun(length, at)).and(visits::arrived_at.le(at));
            let held = sql::<Integer>(class).eq(length).and(begun).and(visits::departed_at.gt(at));
            Box::new(any.or(held))
        });
        let all: Vec<(Visit, bool)> = visits::table
            .filter(visits::customer_id.eq(customer).and(visits::license_id.eq_any(chunk)))
            .filter(in_then)
            .select((Visit::as_select(), seen!(customer, visits::person_id, Sight::USUAL)))
            .load(conn)?;
        let all_of_them = all.len();
        found.extend(all.into_iter().filter_map(|(visit, is_seen)| is_seen.then_some(visit)));
        restricted += all_of_them;
    }
    restricted -= found.len();
    found.sort_unstable_by_key(|visit| (visit.arrived_at, visit.visit_id));
    Ok(OnSite { visits: found, restricted })
}
