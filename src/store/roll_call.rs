//! Who was in the building at an instant.

use super::conn::Conn;
use super::schema::visits;
use super::stays::{self, Condition, SITES};
use super::visits::Visit;
use crate::domain::{CustomerId, LicenseId, Timestamp};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Integer;

/// Visits at these sites whose guest was in the building at `at`, longest first.
///
/// One statement, so that nobody who leaves meanwhile falls between two; a range of `visits_by_stay` for each class.
pub fn on_site(conn: &mut Conn, customer: CustomerId, sites: &[LicenseId], at: Timestamp) -> QueryResult<Vec<Visit>> {
    let class = stays::class(conn);
    let mut found = Vec::new();
    for chunk in sites.chunks(SITES) {
        let open: Condition = Box::new(sql::<Integer>(class).eq(stays::OPEN).and(visits::arrived_at.le(at)));
        let in_then = stays::CLOSED.fold(open, |any, length| {
            let begun = visits::arrived_at.ge(stays::begun(length, at)).and(visits::arrived_at.le(at));
            let held = sql::<Integer>(class).eq(length).and(begun).and(visits::departed_at.gt(at));
            Box::new(any.or(held))
        });
        found.extend(
            visits::table
                .filter(visits::customer_id.eq(customer).and(visits::license_id.eq_any(chunk)))
                .filter(in_then)
                .select(Visit::as_select())
                .load::<Visit>(conn)?,
        );
    }
    found.sort_unstable_by_key(|visit| (visit.arrived_at, visit.visit_id));
    Ok(found)
}
