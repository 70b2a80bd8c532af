//! What the worker does for a case: prepares, erases, warns, lets go of what is no longer needed.

use super::dates::{self, Alarm};
use super::show::{right_of, state_of};
use super::{FILE_S, Row, act, erase, file, letters, transfer};
use crate::app::jobs::{self, Kind, Lease, Next};
use crate::app::webhooks::{Case, Event};
use crate::app::{App, Core, Work, notices, requests};
use crate::domain::Timestamp;
use crate::domain::rights::{Right, State};
use crate::domain::transfer::State as TransferState;
use crate::error::Error;
use crate::store;
use serde_json::json;

/// How long after its end a case keeps what it holds of the person, in seconds.
const WIPED_AFTER_S: i64 = 90 * 86_400;

/// Does what is due for a case, and says when to look again.
pub(crate) fn run(app: &App, lease: &mut Lease) -> Result<Next, Error> {
    let core = &app.0.core;
    let (customer, id) = (lease.customer(), lease.subject());
    loop {
        lease.renew()?;
        let Some(row) = core.read(|view| Ok(store::cases::get(view.conn, customer, id)?))? else {
            return Ok(Next::Done);
        };
        match step(app, lease, &row)? {
            Step::Again => {}
            Step::At(at) => return Ok(Next::At(at)),
            Step::Gone => return Ok(Next::Done),
        }
    }
}

/// What follows one step.
enum Step {
    Again,
    At(Timestamp),
    Gone,
}

impl Step {
    /// The same, but looked at again by then.
    fn no_later_than(self, at: Timestamp) -> Self {
        match self {
            Self::At(other) => Self::At(other.min(at)),
            other => other,
        }
    }
}

fn step(app: &App, lease: &mut Lease, row: &Row) -> Result<Step, Error> {
    let core = &app.0.core;
    let now = core.clock.now();
    match state_of(row)? {
        State::Received | State::Verified => {
            match core.write(|work| decide_if_delegated(work, row)) {
                Ok(true) => Ok(Step::Again),
                // What the person asked to be kept is for the customer to decide; nothing of the attempt stands.
                Ok(false) | Err(Error::Refused { .. }) => alarm(core, row, now),
                Err(error) => Err(error),
            }
        }
        State::Decided => carry_on(app, lease, row),
        State::Released => {
            let until = row.released_at.unwrap_or(now).plus_seconds(FILE_S);
            if now < until {
                return Ok(Step::At(until));
            }
            core.write(|work| {
                let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
                if state_of(&row)? == State::Released {
                    (row.state, row.closed_at) = (State::Closed.number(), Some(work.now));
                    transfer::end(work, &row, TransferState::Failed)?;
                    store::cases::update(work.tx, &row)?;
                    file::remove(work, &row)?;
                }
                Ok(())
            })?;
            Ok(Step::Again)
        }
        State::Closed | State::Refused => let_go(core, row, now),
    }
}

fn decide_if_delegated(work: &mut Work<'_, '_>, row: &Row) -> Result<bool, Error> {
    super::hold(work, row.customer_id)?;
    let Some(before) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(false) };
    let was = before.state;
    let after = act::decide_if_delegated(work, before)?;
    if after.state == was {
        return Ok(false);
    }
    store::cases::update(work.tx, &after)?;
    Ok(true)
}

fn carry_on(app: &App, lease: &mut Lease, row: &Row) -> Result<Step, Error> {
    let core = &app.0.core;
    match right_of(row)? {
        Right::Access | Right::Portability if row.prepared_at.is_none() => {
            let people = core.read(|view| Ok(store::cases::people_of(view.conn, row.customer_id, row.id)?))?;
            match act::the_person(&people)? {
                Some(person) => file::prepare(app, lease, row, person)?,
                None => file::answer_without(core, row)?,
            }
            Ok(Step::Again)
        }
        // A file that nobody lets go is no answer: the customer is reminded as of a case that is not decided.
        Right::Access | Right::Portability => {
            let until = file::waits_until(core, row)?;
            if core.clock.now() >= until {
                file::drop_unreleased(core, row)?;
                return Ok(Step::Again);
            }
            Ok(alarm(core, row, core.clock.now())?.no_later_than(until))
        }
        Right::Erasure => {
            // One that cannot be carried out is not overdue in silence.
            if let Alarm::Due(percent) = dates::alarm(row, core.clock.now())? {
                return sound(core, row, percent);
            }
            match erase::erase(core, row)? {
                Some(at) => Ok(alarm(core, row, core.clock.now())?.no_later_than(at)),
                None => Ok(Step::Again),
            }
        }
        _ => Err(Error::internal("a case is decided and was not carried out")),
    }
}

/// What the clock asks of a case that is not answered.
fn alarm(core: &Core, row: &Row, now: Timestamp) -> Result<Step, Error> {
    match dates::alarm(row, now)? {
        Alarm::Due(percent) => sound(core, row, percent),
        Alarm::At(at) => Ok(Step::At(at)),
    }
}

/// Warns the customer; of an overdue case the operator learns as well, every day (Article 12(4), REQUIREMENTS L-28).
fn sound(core: &Core, row: &Row, percent: i16) -> Result<Step, Error> {
    if let Err(error) = core.write(|work| warn(work, row, percent, true)) {
        // A letter that cannot be queued must not undo the rest of the alarm.
        tracing::warn!(%error, "an alarm of a case goes out without its letter");
        core.write(|work| warn(work, row, percent, false))?;
    }
    Ok(Step::Again)
}

fn warn(work: &mut Work<'_, '_>, row: &Row, percent: i16, with_letter: bool) -> Result<(), Error> {
    let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
    let state = state_of(&row)?;
    if row.warned_percent >= percent || !(state.is_undecided() || state == State::Decided) {
        return Ok(());
    }
    row.warned_percent = percent;
    store::cases::update(work.tx, &row)?;
    let (kind, occasion, event): (_, _, fn(Case) -> Event<'static>) = if percent >= 100 {
        ("case_overdue", letters::Occasion::Overdue, Event::CaseOverdue)
    } else {
        ("case_due_soon", letters::Occasion::DueSoon, Event::CaseDueSoon)
    };
    super::tell(work, &row, event)?;
    let details = json!({"case": row.public_id, "right": right_of(&row)?, "answer_before": row.safe_end_at});
    let customer = Some(row.customer_id).filter(|customer| *customer != super::OPERATOR);
    notices::raise(work, customer, kind, &details)?;
    if with_letter { letters::to_customer(work, &row, occasion) } else { Ok(()) }
}

/// Wipes what a case that is over holds of the person, and deletes it in the end.
fn let_go(core: &Core, row: &Row, now: Timestamp) -> Result<Step, Error> {
    let ended = row.closed_at.unwrap_or(now);
    let wiped_at = ended.plus_seconds(WIPED_AFTER_S);
    let gone_at = ended.plus_seconds(i64::from(core.settings.rights.keep_days) * 86_400).max(wiped_at);
    if now >= gone_at {
        core.write(|work| {
            store::cases::remove(work.tx, row.customer_id, row.id)?;
            jobs::queue(work, jobs::SERVICE, Kind::Scrub, 0, now)
        })?;
        return Ok(Step::Gone);
    }
    let is_wiped = row.asked_sealed.is_none() && row.reasons_sealed.is_none();
    if is_wiped {
        return Ok(Step::At(gone_at));
    }
    if now < wiped_at {
        return Ok(Step::At(wiped_at));
    }
    core.write(|work| {
        let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
        (row.asked_sealed, row.reasons_sealed) = (None, None);
        store::case_transfers::wipe(work.tx, row.customer_id, row.id)?;
        store::cases::update(work.tx, &row)?;
        if let Some(request) = row.request_id {
            requests::wipe(work, request)?;
        }
        jobs::queue(work, jobs::SERVICE, Kind::Scrub, 0, now)
    })?;
    Ok(Step::Again)
}
