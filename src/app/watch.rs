//! Whether a customer deletes unusually many people one by one (REQUIREMENTS A-52): worth a look, never held up, for
//! the mirror of the customer's backend must be true.

use super::jobs::{Due, Kind};
use super::{Core, notices};
use crate::domain::receipt::Origin;
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store;
use serde_json::json;

/// The kind of the notice.
pub const UNUSUAL: &str = "unusual_deletion";
/// How far back is looked, and how long one notice stands for all.
const WINDOW_S: i64 = 3_600;
/// How long deletions gather before they are counted.
const DELAY_S: i64 = 30;

/// When a customer's deletions are counted, after a single one.
pub(crate) fn due(customer: CustomerId, now: Timestamp) -> Due {
    Due { customer, kind: Kind::Watch, subject: 0, at: now.plus_seconds(DELAY_S) }
}

/// Counts, and raises a notice when it is unusual.
pub(crate) fn run(core: &Core, customer: CustomerId) -> Result<(), Error> {
    let (share_percent, minimum) =
        (i64::from(core.settings.erasure.unusual_share_percent), i64::from(core.settings.erasure.unusual_minimum));
    let counted = core.read(|view| {
        let since = view.now.plus_seconds(-WINDOW_S);
        let deleted = store::watch::deleted_since(view.conn, customer, Origin::Single.number(), since)?;
        // Most customers stay below the minimum, and counting those that are held takes longer.
        if deleted < minimum {
            return Ok(None);
        }
        let held = store::watch::held(view.conn, customer)?;
        Ok(Some((deleted, held)))
    })?;
    let Some((deleted, held)) = counted else { return Ok(()) };
    if deleted * 100 <= share_percent * (held + deleted) {
        return Ok(());
    }
    core.write(|work| {
        let last = store::notices::last_raised(work.tx, customer, UNUSUAL)?;
        if last.is_some_and(|at| work.now.seconds_since(at) < WINDOW_S) {
            return Ok(());
        }
        let details = json!({
            "deleted": deleted, "held": held, "within_minutes": WINDOW_S / 60, "share_percent": share_percent,
        });
        notices::raise(work, Some(customer), UNUSUAL, &details)
    })
}
