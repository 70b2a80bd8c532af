//! What follows a decision: some of it in the same transaction, the deletion and the file by the worker.

use super::act::{Deciding, the_person};
use super::show::{right_of, state_of};
use super::{Row, letters};
use crate::app::deletions::{Instruction, Subject};
use crate::app::idempotency::Token;
use crate::app::{Core, Work, deletions, objections, people, restrictions};
use crate::domain::objection::{self, Claim, Purpose};
use crate::domain::receipt::Origin;
use crate::domain::restriction::Ground;
use crate::domain::rights::{Decision, Right, State};
use crate::domain::text::Ref;
use crate::domain::{PersonId, Timestamp};
use crate::error::{Code, Error};
use crate::store;

/// How long an erasure waits for the file of the same person before it looks again, in seconds.
const LOOK_AGAIN_S: i64 = 600;

/// Carries a decision out as far as one transaction goes.
pub(super) fn at_once(
    work: &mut Work<'_, '_>,
    row: &mut Row,
    actor: &str,
    people: &[PersonId],
    deciding: &Deciding,
) -> Result<(), Error> {
    let right = right_of(row)?;
    let Some(person) = the_person(people) else {
        // Nothing is held of the person: that is the answer (Article 15(1), REQUIREMENTS L-10).
        return done(work, row);
    };
    match right {
        Right::Access | Right::Portability => Ok(()),
        Right::Erasure => may_be_erased(work, row, person),
        Right::Restriction => {
            let ground = deciding.restriction_ground.unwrap_or(Ground::Accuracy);
            if let Some(reference) = reference_of(work, row, person)? {
                let place = restrictions::Place { ground, reason: None };
                restrictions::place(work, row.customer_id, actor, &reference, &place)?;
            }
            done(work, row)
        }
        Right::Objection => {
            object(work, row, actor, person, deciding, Claim::Objection, objection::State::Upheld)?;
            done(work, row)
        }
        Right::ConsentWithdrawal => {
            object(work, row, actor, person, deciding, Claim::Withdrawal, objection::State::Upheld)?;
            done(work, row)
        }
        Right::Rectification | Right::Complaint => done(work, row),
    }
}

/// The customer's own name of a person.
fn reference_of(work: &mut Work<'_, '_>, row: &Row, person: PersonId) -> Result<Option<Ref>, Error> {
    let people = people::dossiers(&mut work.view(), row.customer_id, vec![person])?;
    let Some(dossier) = people.get(&person) else { return Ok(None) };
    Ref::new(dossier.reference()?).map(Some).map_err(Error::internal)
}

fn object(
    work: &mut Work<'_, '_>,
    row: &Row,
    actor: &str,
    person: PersonId,
    deciding: &Deciding,
    claim: Claim,
    state: objection::State,
) -> Result<(), Error> {
    let Some(reference) = reference_of(work, row, person)? else { return Ok(()) };
    let purpose = deciding.purpose.unwrap_or(Purpose::Registration);
    let grounds = if state == objection::State::Overruled { deciding.reason.clone() } else { None };
    let put = objections::Put { claim: Some(claim), state: Some(state), grounds };
    objections::put(work, row.customer_id, actor, &reference, purpose, &put)?;
    Ok(())
}

/// What stops as soon as it is shown who asks, until it is decided: the use of data that the person objects to
/// (Article 18(1)(d)).
pub(crate) fn until_decided(work: &mut Work<'_, '_>, row: &Row, actor: &str) -> Result<(), Error> {
    if right_of(row)? != Right::Objection {
        return Ok(());
    }
    for person in store::cases::people_of(work.tx, row.customer_id, row.id)? {
        let Some(reference) = reference_of(work, row, person)? else { continue };
        let put = objections::Put { claim: Some(Claim::Objection), state: None, grounds: None };
        objections::put(work, row.customer_id, actor, &reference, Purpose::Registration, &put)?;
    }
    Ok(())
}

/// An objection that is refused on compelling grounds no longer stops anything; marketing is not to be refused.
pub(super) fn overrule(
    work: &mut Work<'_, '_>,
    row: &Row,
    actor: &str,
    people: &[PersonId],
    deciding: &Deciding,
) -> Result<(), Error> {
    let Some(person) = the_person(people).filter(|_| row.verified_at.is_some()) else { return Ok(()) };
    if right_of(row)? == Right::Objection {
        object(work, row, actor, person, deciding, Claim::Objection, objection::State::Overruled)?;
    }
    Ok(())
}

/// An erasure never overrides what the person has asked to be kept (REQUIREMENTS L-47).
fn may_be_erased(work: &mut Work<'_, '_>, row: &Row, person: PersonId) -> Result<(), Error> {
    let standing = store::restrictions::of(work.tx, row.customer_id, &[person])?;
    let keeps = standing.iter().any(|row| Ground::from_number(row.ground).is_some_and(Ground::keeps_data));
    if keeps {
        let detail = "The person has asked that the data be kept; lift the restriction first.";
        return Err(Error::refused(Code::PersonRestricted, detail));
    }
    Ok(())
}

/// Nothing is left to do: the person is told, the case is closed.
pub(super) fn done(work: &mut Work<'_, '_>, row: &mut Row) -> Result<(), Error> {
    let now = work.now;
    row.prepared_at = row.prepared_at.or(Some(now));
    row.released_at = row.released_at.or(Some(now));
    row.closed_at = Some(now);
    row.state = State::Closed.number();
    letters::to_person(work, row, letters::Letter::Decided)
}

/// Deletes the person of an erasure that is decided, unless the same person waits for a file: that comes first
/// (REQUIREMENTS L-20). Gives when to look again, if it has to wait.
pub(super) fn erase(core: &Core, row: &Row) -> Result<Option<Timestamp>, Error> {
    let people = core.read(|view| Ok(store::cases::people_of(view.conn, row.customer_id, row.id)?))?;
    let token = Token {
        customer: Some(row.customer_id),
        key: format!("case {}", row.public_id),
        request: row.public_id.0.as_bytes().to_vec(),
    };
    if let Some(person) = the_person(&people) {
        let waits = core.read(|view| {
            let others = store::cases::about_person(view.conn, row.customer_id, person)?;
            others.iter().map(|other| waits_for(row, other, view.now)).collect::<Result<Vec<_>, Error>>()
        })?;
        if let Some(until) = waits.into_iter().flatten().max() {
            return Ok(Some(until));
        }
    }
    // Of a run that was cut short the receipt is kept under the same token.
    let subjects = people.into_iter().map(Subject::Person).collect();
    let actor = row.decided_by.clone().unwrap_or_default();
    let instruction = Instruction::new(row.customer_id, actor, Origin::Case, subjects);
    let receipt = deletions::delete(core, &instruction, Some(&token))?;
    core.write(|work| {
        let Some(mut row) = store::cases::lock(work.tx, row.customer_id, row.id)? else { return Ok(()) };
        if state_of(&row)? == State::Decided {
            row.receipt_id = Some(receipt.deletion_id);
            let held_until = receipt.results.iter().filter_map(|result| result.held_until).max();
            if held_until.is_some() {
                // What a hold keeps goes when it ends, by the deletions' own job (Article 17(3)).
                row.decision = Some(Decision::Partial.number());
                row.held_until = held_until;
            }
            done(work, &mut row)?;
            store::cases::update(work.tx, &row)?;
        }
        Ok(())
    })?;
    Ok(None)
}

/// Until when an erasure waits for another case of the same person.
fn waits_for(erasure: &Row, other: &Row, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let state = state_of(other)?;
    let wants_a_file = right_of(other)?.has_file() && other.prepared_at.is_none() && !state.is_over();
    // At the latest when the erasure itself is due.
    let may_wait = other.id != erasure.id && now < erasure.safe_end_at;
    Ok((wants_a_file && may_wait).then(|| now.plus_seconds(LOOK_AGAIN_S).min(erasure.safe_end_at)))
}
