//! What is kept of messages for a time only.

use crate::app::Core;
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store::webhooks::{deliveries, endpoints, messages, secrets};

const DAY_S: i64 = 86_400;
/// How many messages are dealt with in one transaction.
const BATCH: i64 = 1_000;

/// Removes what old messages say that were given up, messages of which nothing need be known any more, secrets that have
/// ended, and deleted endpoints with the last that is known of them; none when there is nothing left to remove.
pub(crate) fn batch(core: &Core, customer: CustomerId) -> Result<Option<usize>, Error> {
    let (now, settings) = (core.clock.now(), &core.settings.webhooks);
    let said_by = now.plus_seconds(-DAY_S * i64::from(settings.dead_letter_days));
    let known_by = now.plus_seconds(-DAY_S * i64::from(settings.record_days));
    let (say, known) = core.read(|view| {
        let say = messages::held_since(view.conn, customer, said_by, BATCH)?;
        Ok((say, messages::made_by(view.conn, customer, known_by, BATCH)?))
    })?;
    let ended = core.read(|view| Ok(secrets::any_ended(view.conn, customer, now)?))?;
    let forgotten = core.read(|view| Ok(endpoints::any_forgotten(view.conn, customer)?))?;
    if say.is_empty() && known.is_empty() && !ended && !forgotten {
        return Ok(None);
    }
    let removed = core.write(|work| {
        // In the order in which everybody takes them; then whoever has one sent again is done, or waits.
        messages::lock_all(work.tx, customer, &say)?;
        let say = messages::held_still(work.tx, customer, said_by, &say)?;
        deliveries::give_up_messages(work.tx, customer, &say)?;
        let said = messages::wipe(work.tx, customer, &say)?;
        let forgotten = messages::delete(work.tx, customer, &known)?;
        let ended = secrets::delete_ended(work.tx, customer, now)?;
        Ok(said + forgotten + ended + endpoints::remove_forgotten(work.tx, customer)?)
    })?;
    Ok(Some(removed))
}
