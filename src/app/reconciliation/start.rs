//! From a whole list to a run: counting, the brake, and writing down who is to go.

use super::compare::{Compared, compare};
use super::list::List;
use super::order::Order;
use super::show::Report;
use crate::app::jobs::{self, Kind};
use crate::app::{App, Core, Work, confirmation, notices};
use crate::domain::reconciliation::State;
use crate::domain::{CustomerId, FieldError, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store::reconciliations::Reconciliation as Row;
use crate::store::{self, audit};
use serde_json::json;
use std::collections::BTreeMap;

/// Blocks of 512 people that are written down in one transaction.
const BLOCKS: usize = 4;
/// When a run that was not started by then counts as interrupted, in seconds: writing down a million people takes less
/// than a minute.
const STARTS_WITHIN_S: i64 = 3_600;

/// Refuses what can be refused before the list comes.
pub(super) fn check(core: &Core, order: &Order) -> Result<(), Error> {
    core.read(|view| {
        if order.snapshot_at > view.now {
            let error = FieldError::new("in_the_future", "must not be in the future by the clock of the service");
            return Err(Error::invalid(vec![error.at("?snapshot_at")]));
        }
        if order.dry_run { Ok(()) } else { refuse_second(view.conn, order.customer) }
    })
}

/// One run at a time: two would wait for each other's people, and neither's counts would say much.
fn refuse_second(conn: &mut store::Conn, customer: CustomerId) -> Result<(), Error> {
    let running = store::reconciliations::in_state(conn, customer, State::Running.number())?;
    running.first().map_or(Ok(()), |row| {
        let detail = format!("The comparison {} is running; send the list when it has finished.", row.public_id);
        Err(Error::refused(Code::AlreadyExists, detail))
    })
}

impl App {
    /// Compares a list that has come in whole with the people held; starts to delete the others unless it only counts.
    ///
    /// # Errors
    /// `reconciliation_needs_confirmation` when more people would go than the order allows, or the list is empty;
    /// `already_exists` while another comparison runs.
    pub async fn reconcile(&self, list: List) -> Result<Report, Error> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || reconcile(&app.0.core, &list)).await.map_err(Error::internal)?
    }
}

fn reconcile(core: &Core, list: &List) -> Result<Report, Error> {
    let order = &list.order;
    let found = compare(core, list)?;
    if order.dry_run {
        return core.write(|work| count(work, order, &found));
    }
    brake(core, order, &found)?;
    let row = core.write(|work| begin(work, order, &found))?;
    found.people.hand_over(BLOCKS, |people| {
        core.write(|work| {
            still_starting(work, &row)?;
            // Who is gone by now cannot be written down, and who is there must not go meanwhile.
            let there = store::people::lock_by_ids(work.tx, order.customer, people)?;
            let there: Vec<_> = there.into_iter().map(|person| person.id).collect();
            store::reconciliations::add_people(work.tx, &row, &there)?;
            Ok(())
        })
    })?;
    core.write(|work| launch(work, order, &row))
}

/// Keeps what a dry run found.
fn count(work: &mut Work<'_, '_>, order: &Order, found: &Compared) -> Result<Report, Error> {
    let row = Row { finished_at: Some(work.now), restricted: signed(found.restricted)?, ..row(work, order, found)? };
    store::reconciliations::insert(work.tx, &row)?;
    note(work, order, Some(&row), "reconciliation.counted", found)?;
    Report::of(&row)
}

/// Stops what would delete more than was meant, as by a list that was cut off, until the customer confirms it.
fn brake(core: &Core, order: &Order, found: &Compared) -> Result<(), Error> {
    // The list of some buckets may well be empty; not so the list of everybody.
    let empty = found.refs == 0 && (order.part.is_none() || found.absent == found.held);
    let many = found.absent * 100 > u64::from(order.max_share_percent) * found.held;
    if !empty && !many {
        return Ok(());
    }
    let customer = order.customer.0.to_be_bytes();
    let (snapshot, refs) = (order.snapshot_at.micros().to_be_bytes(), found.refs.to_be_bytes());
    let part = order.part.as_ref().map(super::Part::bytes).unwrap_or_default();
    let parts: [&[u8]; 5] = [&customer, &snapshot, &refs, &found.digest, &part];
    let now = core.clock.now();
    if let Some(token) = &order.confirmation
        && confirmation::confirms(core, "reconciliation", &parts, now, token)?
    {
        return Ok(());
    }
    core.write(|work| {
        note(work, order, None, "reconciliation.stopped", found)?;
        let details = json!({"refs": found.refs, "held": found.held, "absent": found.absent});
        notices::raise(work, Some(order.customer), "reconciliation_stopped", &details)
    })?;
    let what = if empty {
        "The list is empty".to_owned()
    } else {
        format!("The list lacks {} of the {} people held", found.absent, found.held)
    };
    Err(Error::Unconfirmed {
        code: Code::ReconciliationNeedsConfirmation,
        detail: format!("{what}; nothing was deleted. If it is right, send the same list again with the token."),
        confirmation: confirmation::token(core, "reconciliation", &parts, now)?,
        counts: BTreeMap::from([("absent", found.absent), ("held", found.held), ("refs", found.refs)]),
    })
}

/// Makes the row of a run that is to delete; a run that was left half written down gives way.
fn begin(work: &mut Work<'_, '_>, order: &Order, found: &Compared) -> Result<Row, Error> {
    store::locks::hold_customer(work.tx, order.customer, true)?;
    refuse_second(work.tx, order.customer)?;
    for earlier in store::reconciliations::in_state(work.tx, order.customer, State::Starting.number())? {
        store::reconciliations::advance(work.tx, &earlier, State::Interrupted.number(), Some(work.now))?;
        jobs::queue(work, order.customer, Kind::Reconciliation, earlier.id, work.now)?;
    }
    let row = Row { state: State::Starting.number(), ..row(work, order, found)? };
    store::reconciliations::insert(work.tx, &row)?;
    // Should this process end before all is written down, the job finds it so.
    jobs::queue(work, order.customer, Kind::Reconciliation, row.id, work.now.plus_seconds(STARTS_WITHIN_S))?;
    Ok(row)
}

fn still_starting(work: &mut Work<'_, '_>, row: &Row) -> Result<(), Error> {
    match store::reconciliations::get(work.tx, row.customer_id, row.id)? {
        Some(now) if now.state == row.state => Ok(()),
        _ => Err(Error::refused(Code::AlreadyExists, "A later list of this customer has taken the place of this one.")),
    }
}

/// All is written down: now it can be deleted.
fn launch(work: &mut Work<'_, '_>, order: &Order, row: &Row) -> Result<Report, Error> {
    let now = work.now;
    if store::reconciliations::advance(work.tx, row, State::Running.number(), None)? == 0 {
        return Err(Error::refused(
            Code::AlreadyExists,
            "A later list of this customer has taken the place of this one.",
        ));
    }
    let details = json!({"refs": row.refs, "held": row.held, "absent": row.absent, "snapshot_at": row.snapshot_at,
        "confirmed": order.confirmation.is_some(), "buckets": order.part.as_ref().map(|part| part.buckets.len())});
    insert_note(work, order.customer, &order.actor, Some(row.public_id), "reconciliation.started", details)?;
    jobs::queue(work, order.customer, Kind::Reconciliation, row.id, now)?;
    Report::of(&Row { state: State::Running.number(), ..row.clone() })
}

fn row(work: &mut Work<'_, '_>, order: &Order, found: &Compared) -> Result<Row, Error> {
    Ok(Row {
        customer_id: order.customer,
        id: store::ids::take_one(work.tx)?,
        public_id: PublicId(crate::app::ids::new_uuid(work.now)?),
        state: State::Counted.number(),
        dry_run: order.dry_run,
        snapshot_at: order.snapshot_at,
        started_at: work.now,
        finished_at: None::<Timestamp>,
        refs: signed(found.refs)?,
        held: signed(found.held)?,
        absent: signed(found.absent)?,
        erased: 0,
        changed: 0,
        restricted: 0,
    })
}

fn signed(count: u64) -> Result<i64, Error> {
    i64::try_from(count).map_err(Error::internal)
}

fn note(
    work: &mut Work<'_, '_>,
    order: &Order,
    row: Option<&Row>,
    action: &'static str,
    found: &Compared,
) -> Result<(), Error> {
    let details = json!({"refs": found.refs, "held": found.held, "absent": found.absent,
        "restricted": found.restricted, "snapshot_at": order.snapshot_at, "max_share_percent": order.max_share_percent});
    insert_note(work, order.customer, &order.actor, row.map(|row| row.public_id), action, details)
}

/// Remembers a step of a comparison.
pub(super) fn insert_note(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    subject: Option<PublicId>,
    action: &'static str,
    details: serde_json::Value,
) -> Result<(), Error> {
    audit::insert(work.tx, &audit::Entry { customer_id: customer, at: work.now, actor, action, subject, details })?;
    Ok(())
}
