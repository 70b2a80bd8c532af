//! The run: a job that deletes those written down, a few at a time, and can be taken up again wherever it ended.

use super::start::insert_note;
use crate::app::deletions::{self, Instruction, Subject};
use crate::app::jobs::{Lease, Next};
use crate::app::{Core, Work};
use crate::domain::PersonId;
use crate::domain::receipt::{Origin, Receipt, Status};
use crate::domain::reconciliation::State;
use crate::error::Error;
use crate::store;
use crate::store::reconciliations::Reconciliation as Row;
use serde_json::json;
use std::time::Duration;

/// People of one transaction: enough that the commits do not count, few enough that an event waits for milliseconds.
const CHUNK: i64 = 50;
/// How long others who wait to write have the database to themselves between two chunks.
const BREATH: Duration = Duration::from_millis(2);
/// Those of an interrupted run who are struck out in one transaction.
const STRUCK_OUT: i64 = 5_000;

/// Deletes those written down for the comparison that the job is about.
///
/// Who is erased is struck out by the deletion itself, in its transaction; who is spared, right after it. So whatever
/// moment the process ends at, the next one goes on with those who are left.
pub(crate) fn run(lease: &mut Lease) -> Result<Next, Error> {
    let core = lease.core.clone();
    let (customer, id) = (lease.customer(), lease.subject());
    let Some(row) = core.read(|view| Ok(store::reconciliations::get(view.conn, customer, id)?))? else {
        return Ok(Next::Done);
    };
    match State::from_number(row.state) {
        Some(State::Running) => delete(&core, lease, &row)?,
        Some(State::Starting) => interrupt(&core, lease, &row)?,
        Some(State::Interrupted) => strike_all(&core, lease, &row)?,
        _ => {}
    }
    Ok(Next::Done)
}

fn delete(core: &Core, lease: &mut Lease, row: &Row) -> Result<(), Error> {
    loop {
        lease.renew()?;
        let people = core.read(|view| Ok(store::reconciliations::next_people(view.conn, row, CHUNK)?))?;
        if people.is_empty() {
            return core.write(|work| finish(work, row));
        }
        let subjects = people.iter().copied().map(Subject::Person).collect();
        let mut instruction = Instruction::new(row.customer_id, "guestlog", Origin::Reconciliation, subjects);
        instruction.reconciliation = Some(row.public_id);
        instruction.unless_heard_since = Some(row.snapshot_at);
        let receipt = deletions::delete(core, &instruction, None)?;
        core.write(|work| settle(work, row, &people, &receipt))?;
        std::thread::sleep(BREATH);
    }
}

/// Strikes out who was spared, and counts.
fn settle(work: &mut Work<'_, '_>, row: &Row, people: &[PersonId], receipt: &Receipt) -> Result<(), Error> {
    let spared = |status: Status| {
        let of = people.iter().zip(&receipt.results).filter(move |(_, outcome)| outcome.status == status);
        of.map(|(person, _)| *person).collect::<Vec<_>>()
    };
    let changed = store::reconciliations::strike_people(work.tx, row, &spared(Status::Changed))?;
    let restricted = store::reconciliations::strike_people(work.tx, row, &spared(Status::Restricted))?;
    let signed = |count: usize| i64::try_from(count).map_err(Error::internal);
    let erased = i64::try_from(receipt.erased.people).map_err(Error::internal)?;
    store::reconciliations::count(work.tx, row, erased, signed(changed)?, signed(restricted)?)?;
    Ok(())
}

/// All are gone or spared. How many are gone is told by the deletions: a count that a crash swallowed is in them.
fn finish(work: &mut Work<'_, '_>, row: &Row) -> Result<(), Error> {
    let erased = store::reconciliations::erased_by(work.tx, row)?;
    store::reconciliations::set_erased(work.tx, row, erased)?;
    if store::reconciliations::advance(work.tx, row, State::Finished.number(), Some(work.now))? == 0 {
        return Ok(());
    }
    let last = store::reconciliations::get(work.tx, row.customer_id, row.id)?;
    let (changed, restricted) = last.map_or((0, 0), |row| (row.changed, row.restricted));
    let details = json!({"absent": row.absent, "erased": erased, "changed": changed, "restricted": restricted});
    insert_note(work, row.customer_id, "guestlog", Some(row.public_id), "reconciliation.finished", details)
}

/// The process that wrote people down has ended before all were.
fn interrupt(core: &Core, lease: &mut Lease, row: &Row) -> Result<(), Error> {
    core.write(|work| {
        store::reconciliations::advance(work.tx, row, State::Interrupted.number(), Some(work.now))?;
        Ok(())
    })?;
    strike_all(core, lease, row)
}

fn strike_all(core: &Core, lease: &mut Lease, row: &Row) -> Result<(), Error> {
    loop {
        lease.renew()?;
        let people = core.read(|view| Ok(store::reconciliations::next_people(view.conn, row, STRUCK_OUT)?))?;
        if people.is_empty() {
            return Ok(());
        }
        core.write(|work| Ok(store::reconciliations::strike_people(work.tx, row, &people)?))?;
    }
}
