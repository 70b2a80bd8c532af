//! What is left of mails that have ended: of those given up, what they say, for a week; of all, the row, for a month.

use super::super::Core;
use super::end::KEPT_S;
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store;
use crate::store::mails::{GIVEN_UP, SENT};

/// How many are looked at in one transaction.
const BATCH: i64 = 500;

/// Wipes and deletes some of a customer's mails whose time is over; how many there were, 0 when none is left.
pub(in crate::app) fn purge(core: &Core, customer: CustomerId) -> Result<usize, Error> {
    core.write(|work| {
        let mut rows = store::mails::due(work.tx, customer, SENT, work.now, BATCH)?;
        rows.extend(store::mails::due(work.tx, customer, GIVEN_UP, work.now, BATCH)?);
        for row in &rows {
            let kept_until = row.ended_at.unwrap_or(row.created_at).plus_seconds(KEPT_S);
            if row.content_sealed.is_some() && work.now < kept_until {
                store::mails::wipe(work.tx, row, kept_until)?;
            } else {
                store::mails::delete(work.tx, row)?;
            }
        }
        Ok(rows.len())
    })
}
