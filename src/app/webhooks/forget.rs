//! What is kept of messages for a time only.

use crate::app::Core;
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store::webhooks::{deliveries, messages, secrets};

const DAY_S: i64 = 86_400;
/// How many messages are dealt with in one transaction.
const BATCH: i64 = 1_000;

/// Removes what old messages say that were given up, messages of which nothing need be known any more, and secrets that
/// have ended; none when there is nothing left to remove.
pub(crate) fn batch(core: &Core, customer: CustomerId) -> Result<Option<usize>, Error> {
    let (now, settings) = (core.clock.now(), &core.settings.webhooks);
    let said_by = now.plus_seconds(-DAY_S * i64::from(settings.dead_letter_days));
    let known_by = now.plus_seconds(-DAY_S * i64::from(settings.record_days));
    let (say, known) = core.read(|view| {
        let say = messages::held_since(view.conn, customer, said_by, BATCH)?;
        Ok((say, messages::made_by(view.conn, customer, known_by, BATCH)?))
    })?;
    let ended = core.read(|view| Ok(secrets::any_ended(view.conn, customer, now)?))?;
    if say.is_empty() && known.is_empty() && !ended {
        return Ok(None);
    }
    let removed = core.write(|work| {
        deliveries::give_up_messages(work.tx, customer, &say)?;
        let said = messages::wipe(work.tx, customer, &say)?;
        let forgotten = messages::delete(work.tx, customer, &known)?;
        Ok(said + forgotten + secrets::delete_ended(work.tx, customer, now)?)
    })?;
    Ok(Some(removed))
}
