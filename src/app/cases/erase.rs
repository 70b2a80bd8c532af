//! The deletion of an erasure that is decided, by the very use-case of the mirrored deletion.

use super::act::{self, the_person};
use super::show::{right_of, state_of};
use super::{Row, carry_out};
use crate::app::deletions::{Instruction, Subject};
use crate::app::idempotency::Token;
use crate::app::{Core, Work, deletions, holds, notices, people};
use crate::domain::hold::HoldGround;
use crate::domain::locale::Locale;
use crate::domain::receipt::{Origin, Status};
use crate::domain::rights::{Decision, Ground, State};
use crate::domain::{PersonId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::audit;
use serde_json::json;

/// How long an erasure waits for the file of the same person before it looks again, in seconds.
const LOOK_AGAIN_S: i64 = 600;

/// Deletes the person of an erasure that is decided, unless the same person waits for a file: that comes first
/// (REQUIREMENTS L-20). Gives when to look again, if it has to wait.
pub(super) fn erase(core: &Core, row: &Row) -> Result<Option<Timestamp>, Error> {
    let people = core.read(|view| Ok(store::cases::people_of(view.conn, row.customer_id, row.id)?))?;
    if let Some(person) = the_person(&people)? {
        let waits = core.read(|view| {
            let others = store::cases::about_person(view.conn, row.customer_id, person)?;
            others.iter().map(|other| waits_for(row, other, view.now)).collect::<Result<Vec<_>, Error>>()
        })?;
        if let Some(until) = waits.into_iter().flatten().max() {
            return Ok(Some(until));
        }
        core.write(|work| name_holds(work, row, person))?;
    }
    // Of a run that was cut short the receipt is kept under the same token; another decision is another deletion.
    let decided = row.decided_at.map_or(0, Timestamp::micros);
    let token = Token {
        customer: Some(row.customer_id),
        key: format!("case {} {decided}", row.public_id),
        request: row.public_id.0.as_bytes().to_vec(),
    };
    let subjects = people.into_iter().map(Subject::Person).collect();
    let actor = row.decided_by.clone().unwrap_or_default();
    let instruction = Instruction::new(row.customer_id, actor, Origin::Case, subjects);
    let receipt = deletions::delete(core, &instruction, Some(&token))?;
    core.write(|work| {
        let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
        if state_of(&row)? != State::Decided {
            return Ok(());
        }
        if receipt.results.iter().any(|result| result.status == Status::Restricted) {
            return open_again(work, row);
        }
        row.receipt_id = Some(receipt.deletion_id);
        row.held_until = receipt.results.iter().filter_map(|result| result.held_until).max();
        if row.held_until.is_some() {
            // What a hold keeps goes when it ends, by the deletions' own job (Article 17(3)).
            row.decision = Some(Decision::Partial.number());
        }
        carry_out::done(work, &mut row)?;
        store::cases::update(work.tx, &row)?;
        Ok(())
    })?;
    Ok(None)
}

/// Meanwhile the person has asked that the data be kept: nothing was deleted, so the case is not decided any more.
fn open_again(work: &mut Work<'_, '_>, mut row: Row) -> Result<(), Error> {
    row.state = State::Verified.number();
    (row.decided_at, row.decided_by, row.decision) = (None, None, None);
    row.grounds = String::new();
    act::reasons(work, &mut row, |reasons| (reasons.decision, reasons.evidence) = (None, None))?;
    store::cases::update(work.tx, &row)?;
    let details = json!({"case": row.public_id, "reason": "restricted"});
    let (at, actor, subject) = (work.now, act::SERVICE, Some(row.public_id));
    let action = "case.reopened";
    let entry = audit::Entry { customer_id: row.customer_id, at, actor, action, subject, details: details.clone() };
    audit::insert(work.tx, &entry)?;
    notices::raise(work, Some(row.customer_id), "case_reopened", &details)
}

/// Notes on what grounds something is kept, where the decision has named none: the person reads them.
fn name_holds(work: &mut Work<'_, '_>, row: &Row, person: PersonId) -> Result<(), Error> {
    super::hold(work, row.customer_id)?;
    let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
    let held = store::holds::of(work.tx, row.customer_id, &[person])?;
    if held.is_empty() || !row.grounds.is_empty() {
        return Ok(());
    }
    let people = people::dossiers(&mut work.view(), row.customer_id, vec![person])?;
    let Some(dossier) = people.get(&person) else { return Ok(()) };
    let held = held.iter().map(|hold| holds::shown(dossier, hold)).collect::<Result<Vec<_>, Error>>()?;
    let mut grounds: Vec<&str> = held.iter().map(|hold| ground(hold.ground).as_str()).collect();
    let mut laws: Vec<&str> = held.iter().map(|hold| hold.law.as_str()).collect();
    for texts in [&mut grounds, &mut laws] {
        texts.sort_unstable();
        texts.dedup();
    }
    row.grounds = grounds.join(",");
    let reason = match Locale::parse_or_default(&row.locale) {
        Locale::Da => format!("Noget skal gemmes: {}.", laws.join("; ")),
        Locale::En => format!("Some data must be kept: {}.", laws.join("; ")),
    };
    act::reasons(work, &mut row, |reasons| {
        reasons.decision.get_or_insert(reason);
    })?;
    store::cases::update(work.tx, &row)?;
    Ok(())
}

/// The ground of a refusal that a hold's ground is.
fn ground(held: HoldGround) -> Ground {
    match held {
        HoldGround::Expression => Ground::FreedomOfExpression,
        HoldGround::Obligation => Ground::LegalObligation,
        HoldGround::PublicHealth => Ground::PublicHealth,
        HoldGround::Archiving => Ground::Archiving,
        HoldGround::LegalClaim => Ground::LegalClaims,
    }
}

/// Until when an erasure waits for another case of the same person: one of which it is shown who asks, for a stranger's
/// request must not put an erasure off.
fn waits_for(erasure: &Row, other: &Row, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let is_under_way = matches!(state_of(other)?, State::Verified | State::Decided);
    let wants_a_file = right_of(other)?.has_file() && other.prepared_at.is_none() && is_under_way;
    // At the latest when the erasure itself is due.
    let may_wait = other.id != erasure.id && now < erasure.safe_end_at;
    Ok((wants_a_file && may_wait).then(|| now.plus_seconds(LOOK_AGAIN_S).min(erasure.safe_end_at)))
}
