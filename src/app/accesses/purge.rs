//! Readings are kept for `accesses.keep_days`.

use super::super::Core;
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store;

/// How many are looked at in one transaction.
const BATCH: i64 = 500;

/// Deletes some of a customer's readings whose time is over; how many, 0 when none is left.
pub(in crate::app) fn purge(core: &Core, customer: CustomerId) -> Result<usize, Error> {
    let kept_s = i64::from(core.settings.accesses.keep_days) * super::super::jobs::DAY_S;
    let before = core.clock.now().plus_seconds(-kept_s);
    let earliest = core.read(|view| Ok(store::accesses::earliest(view.conn, customer, BATCH)?))?;
    // Ids grow with time.
    let over: Vec<i64> = earliest.into_iter().take_while(|(_, last)| *last < before).map(|(id, _)| id).collect();
    if over.is_empty() {
        return Ok(0);
    }
    core.write(|work| Ok(store::accesses::delete(work.tx, customer, &over)?))
}
