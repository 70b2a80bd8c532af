//! What follows a decision in the same transaction; the deletion and the file are the worker's.

use super::act::{Deciding, the_person};
use super::show::right_of;
use super::{Row, letters, wrong_state};
use crate::app::{Work, notices, objections, people, restrictions};
use crate::domain::PersonId;
use crate::domain::objection::{self, Claim, Purpose};
use crate::domain::restriction::Ground;
use crate::domain::rights::{Right, State};
use crate::domain::text::Ref;
use crate::error::{Code, Error};
use crate::store;
use serde_json::json;

/// Carries a decision out as far as one transaction goes.
pub(super) fn at_once(
    work: &mut Work<'_, '_>,
    row: &mut Row,
    actor: &str,
    people: &[PersonId],
    deciding: &Deciding,
) -> Result<(), Error> {
    let right = right_of(row)?;
    let Some(person) = the_person(people)? else {
        // Nothing is held of the person: that is the answer (Article 15(1), REQUIREMENTS L-10).
        return done(work, row);
    };
    match right {
        Right::Access | Right::Portability => Ok(()),
        Right::Erasure => may_be_erased(work, row, person),
        Right::Restriction => {
            // One that stands is not exchanged for a weaker one that nobody has named.
            let stands = !store::restrictions::of(work.tx, row.customer_id, &[person])?.is_empty();
            let ground = deciding.restriction_ground.or_else(|| (!stands).then_some(Ground::Accuracy));
            if let (Some(ground), Some(reference)) = (ground, reference_of(work, row, person)?) {
                let place = restrictions::Place { ground, reason: None };
                restrictions::place(work, row.customer_id, actor, &reference, &place)?;
            }
            done(work, row)
        }
        Right::Objection => {
            object(work, row, actor, person, deciding, Claim::Objection, objection::State::Upheld)?;
            if deciding.purpose.is_some_and(|purpose| purpose != Purpose::Registration) {
                take_back(work, row, actor, person)?;
            }
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
        // What stands already stops as much.
        let standing = store::objections::of(work.tx, row.customer_id, &[person])?;
        if standing.iter().any(|row| row.purpose == Purpose::Registration.number() && stops(row.state)) {
            continue;
        }
        let Some(reference) = reference_of(work, row, person)? else { continue };
        let put = objections::Put { claim: Some(Claim::Objection), state: None, grounds: None };
        objections::put(work, row.customer_id, actor, &reference, Purpose::Registration, &put)?;
    }
    Ok(())
}

fn stops(state: i16) -> bool {
    objection::State::from_number(state).is_some_and(|state| state != objection::State::Overruled)
}

/// Takes back what [`until_decided`] has put, where the case turns out to be about something, or somebody, else. The
/// restriction stays until the person is told that it ends (Article 18(3)); the customer learns that it is to be lifted.
pub(super) fn take_back(work: &mut Work<'_, '_>, row: &Row, actor: &str, person: PersonId) -> Result<(), Error> {
    let standing = store::objections::of(work.tx, row.customer_id, &[person])?;
    let pending = (Purpose::Registration.number(), objection::State::Pending.number());
    if right_of(row)? != Right::Objection || !standing.iter().any(|row| (row.purpose, row.state) == pending) {
        return Ok(());
    }
    let Some(reference) = reference_of(work, row, person)? else { return Ok(()) };
    objections::remove(work, row.customer_id, actor, &reference, Purpose::Registration)?;
    notices::raise(work, Some(row.customer_id), "restriction_over", &json!({"case": row.public_id}))
}

/// An objection that is refused on compelling grounds no longer stops anything; marketing is not to be refused.
pub(super) fn overrule(
    work: &mut Work<'_, '_>,
    row: &Row,
    actor: &str,
    people: &[PersonId],
    deciding: &Deciding,
) -> Result<(), Error> {
    let Some(person) = the_person(people)?.filter(|_| row.verified_at.is_some()) else { return Ok(()) };
    if right_of(row)? == Right::Objection {
        object(work, row, actor, person, deciding, Claim::Objection, objection::State::Overruled)?;
        if deciding.purpose.is_some_and(|purpose| purpose != Purpose::Registration) {
            take_back(work, row, actor, person)?;
        }
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

/// A part of an erasure is refused by a hold on what must be kept, and in no other way: the rest is erased.
pub(super) fn must_be_held_back(work: &mut Work<'_, '_>, row: &Row, people: &[PersonId]) -> Result<(), Error> {
    if people.is_empty() || !store::holds::of(work.tx, row.customer_id, people)?.is_empty() {
        return Ok(());
    }
    let detail = "Nothing says what must be kept. Place a hold for it (POST /v1/people/{ref}/holds), then decide: an \
                  erasure leaves what is held, and nothing else.";
    Err(wrong_state(detail))
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
