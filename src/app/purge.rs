//! What is kept for a time only: tombstones, which must outlast every backup and late event, fingerprints of what
//! was erased, answers kept for a retry, mails that have left, messages to webhooks, who read of people, entries of the
//! journal, and retired master keys. Guest data are not among it: they are never deleted by time alone (REQUIREMENTS
//!

use super::jobs::{self, Kind, Lease, Next};
use super::{Core, accesses, idempotency, mail};
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store;

/// How many rows are deleted in one transaction.
const BATCH: i64 = 1_000;
/// How many customers are read at once.
const CUSTOMERS: i64 = 200;

/// Deletes what has expired, of all customers.
pub(crate) fn run(lease: &mut Lease) -> Result<Next, Error> {
    let core = lease.core.clone();
    core.write(|work| idempotency::forget(work, idempotency::OPERATOR))?;
    let mut purged = all(lease, || mail::purge(&core, jobs::SERVICE))?;
    let mut after = None;
    loop {
        let customers = core.read(|view| Ok(store::customers::page(view.conn, after, CUSTOMERS)?))?;
        let Some(last) = customers.last() else { break };
        after = Some(last.id);
        for customer in customers {
            lease.renew()?;
            core.write(|work| idempotency::forget(work, customer.id))?;
            purged += all(lease, || mail::purge(&core, customer.id))?;
            purged += all(lease, || accesses::purge(&core, customer.id))?;
            while let Some(count) = batch(&core, customer.id)? {
                purged += count;
                lease.renew()?;
            }
            while let Some(count) = super::webhooks::forget::batch(&core, customer.id)? {
                purged += count;
                lease.renew()?;
            }
        }
    }
    if purged > 0 {
        // What a tombstone says of somebody goes from the files as well.
        core.write(|work| {
            let now = work.now;
            jobs::queue(work, jobs::SERVICE, Kind::Scrub, 0, now)
        })?;
        tracing::info!(rows = purged, "expired tombstones, fingerprints and mails are deleted");
    }
    core.erasures.note(Vec::new())?;
    core.erasures.check()?;
    let forgotten = core.compact_journal()?;
    if forgotten > 0 {
        tracing::info!(entries = forgotten, "the journal of erasures forgets what is in no backup any more");
    }
    for id in super::rotation::destroy_overdue(&core)? {
        tracing::info!(master_key = id, "a retired master key is destroyed");
    }
    Ok(Next::At(core.clock.now().plus_seconds(jobs::DAY_S)))
}

/// Repeats what deletes a batch until nothing is left; how many rows there were.
fn all(lease: &mut Lease, batch: impl Fn() -> Result<usize, Error>) -> Result<usize, Error> {
    let mut purged = 0;
    loop {
        match batch()? {
            0 => return Ok(purged),
            count => purged += count,
        }
        lease.renew()?;
    }
}

/// Deletes some of a customer's rows; none when there is nothing left to delete.
fn batch(core: &Core, customer: CustomerId) -> Result<Option<usize>, Error> {
    let now = core.clock.now();
    let (digests, marks) = core.read(|view| {
        let digests = store::purge::expired_tombstones(view.conn, customer, now, BATCH)?;
        Ok((digests, store::purge::expired_marks(view.conn, customer, now, BATCH)?))
    })?;
    if digests.is_empty() && marks.is_empty() {
        return Ok(None);
    }
    let deleted = core.write(|work| {
        let tombstones = store::purge::tombstones(work.tx, customer, &digests, now)?;
        Ok(tombstones + store::purge::marks(work.tx, customer, &marks)?)
    })?;
    Ok(Some(deleted))
}
