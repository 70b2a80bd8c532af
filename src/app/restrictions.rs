//! Restriction of processing: data that are stored, and nothing else (Article 18).
//!
//! Placing it is all there is to do: every statement that reads of people leaves out who is restricted
//! (`store/sight.rs`). Here are the exceptions, each with its entry in the audit, and the end.

use super::Work;
use super::dossier::{Dossier, Words, hold_digest, ref_index};
use super::objections;
use super::webhooks::{self, Event, Person};
use crate::domain::restriction::{Exception, Ground};
use crate::domain::text::{Reason, Ref};
use crate::domain::{CustomerId, FieldError, Timestamp};
use crate::error::{Code, Error};
use crate::store::audit;
use crate::store::restrictions::Restriction as Row;
use crate::store::{self, Sight};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A restriction to place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The letter of Article 18(1).
    pub ground: Ground,
    /// Why, in words; sealed like the person's other fields.
    pub reason: Option<Reason>,
}

/// A restriction in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Restriction {
    /// The letter of Article 18(1).
    pub ground: Ground,
    /// Why, in words.
    pub reason: Option<String>,
    /// Since when.
    pub placed_at: Timestamp,
}

/// The person of a ref, locked for a change.
///
/// # Errors
/// `not_found`.
pub(super) fn dossier(work: &mut Work<'_, '_>, customer: CustomerId, reference: &Ref) -> Result<Dossier, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let index = vec![ref_index(&keys, reference.as_str())];
    let row = store::people::lock_by_refs(work.tx, customer, &index)?.pop().ok_or_else(Error::not_found)?;
    Dossier::open(&keys, row)
}

/// Places a restriction, or changes its ground and reason.
///
/// # Errors
/// `not_found`.
pub fn place(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    place: &Place,
) -> Result<Restriction, Error> {
    let dossier = dossier(work, customer, reference)?;
    put(work, &dossier, place)?;
    note(work, customer, actor, "restriction.placed", serde_json::json!({"ground": place.ground}))?;
    let placed = store::restrictions::of(work.tx, customer, &[dossier.id()])?;
    let placed_at = placed.first().map_or(work.now, |row| row.placed_at);
    let reason = place.reason.as_ref().map(|reason| reason.as_str().to_owned());
    Ok(Restriction { ground: place.ground, reason, placed_at })
}

/// Places a restriction on a person who is held; the customer's other systems are told of one that is new.
pub(super) fn put(work: &mut Work<'_, '_>, dossier: &Dossier, place: &Place) -> Result<(), Error> {
    let reason = place.reason.as_ref();
    let reason_sealed = reason.map(|reason| dossier.seal_words(Words::Restriction, reason.as_str())).transpose()?;
    let row = Row {
        customer_id: dossier.row.customer_id,
        person_id: dossier.id(),
        ground: place.ground.number(),
        reason_sealed,
        placed_at: work.now,
    };
    let is_new = store::restrictions::of(work.tx, row.customer_id, &[row.person_id])?.is_empty();
    store::restrictions::place(work.tx, &row)?;
    if is_new {
        let reference = dossier.reference()?;
        webhooks::tell(work, row.customer_id, &Event::PersonRestricted(person(dossier, &reference)))?;
    }
    Ok(())
}

/// Lifts a restriction of which the end was told to the person at `told_at`; lifting none changes nothing. While an
/// objection stands that restricts as well, its ground becomes that one.
///
/// # Errors
/// `not_found` when the person is not held; `person_restricted` when it is there for an objection that stands;
/// `person_not_told` without the time, or when the restriction was placed after it (Article 18(3), REQUIREMENTS L-46);
/// `invalid_input` for a time that is ahead.
pub fn lift(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    told_at: Option<Timestamp>,
) -> Result<(), Error> {
    if told_at.is_some_and(|told| told > work.now) {
        return Err(Error::invalid(vec![FieldError::new("out_of_range", "must not be ahead").at("?told_at")]));
    }
    let dossier = dossier(work, customer, reference)?;
    let Some(row) = store::restrictions::of(work.tx, customer, &[dossier.id()])?.pop() else { return Ok(()) };
    let ground = Ground::from_number(row.ground);
    let objects = objections::restrict(work, &dossier)?;
    if objects && ground == Some(Ground::Objection) {
        let detail = "The person's objection to the registration stands, or the withdrawal of consent: the restriction \
                      ends after that is overruled, kept on another ground, or taken back.";
        return Err(Error::refused(Code::PersonRestricted, detail));
    }
    let told_at = told_at.filter(|told| *told >= row.placed_at).ok_or_else(|| {
        let detail = "The person must be told before the restriction is lifted: send ?told_at= with the time, which is \
                      not before the restriction was placed.";
        Error::refused(Code::PersonNotTold, detail)
    })?;
    store::restrictions::lift(work.tx, customer, dossier.id())?;
    note(work, customer, actor, "restriction.lifted", serde_json::json!({"ground": ground, "told_at": told_at}))?;
    if objects {
        // The person stays restricted, and is to be told anew before that ends.
        let stays = Row { ground: Ground::Objection.number(), reason_sealed: None, placed_at: work.now, ..row };
        store::restrictions::place(work.tx, &stays)?;
        return note(work, customer, actor, "restriction.placed", serde_json::json!({"ground": Ground::Objection}));
    }
    let reference = dossier.reference()?;
    webhooks::tell(work, customer, &Event::PersonUnrestricted(person(&dossier, &reference)))?;
    Ok(())
}

/// Whom the customer's other systems are told of, for they are to do likewise (Article 19).
pub(super) fn person<'a>(dossier: &Dossier, reference: &'a str) -> Person<'a> {
    Person { id: dossier.id(), reference, case: None }
}

/// The restriction of a person, as far as there is one and it may be shown.
pub(super) fn shown(dossier: &Dossier, row: &Row) -> Result<Option<Restriction>, Error> {
    let Some(ground) = Ground::from_number(row.ground) else { return Ok(None) };
    let reason = row.reason_sealed.as_ref().map(|sealed| dossier.open_words(Words::Restriction, sealed)).transpose()?;
    Ok(Some(Restriction { ground, reason, placed_at: row.placed_at }))
}

/// Lets a read see one restricted person, and writes down why; it must be committed before anything is read.
///
/// Under a ref whose person was erased it is what is left under a hold.
///
/// # Errors
/// `not_found` when there is neither.
pub fn except(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    why: Exception,
) -> Result<Sight, Error> {
    let keys = work.customer_keys(customer)?;
    let index = ref_index(&keys, reference.as_str());
    let held = store::people::by_refs(work.tx, customer, std::slice::from_ref(&index))?.pop().map(|row| row.id);
    let person = if let Some(person) = held {
        person
    } else {
        let holds = store::holds::by_ref(work.tx, customer, &hold_digest(&keys, &index))?;
        holds.last().map(|hold| hold.person_id).ok_or_else(Error::not_found)?
    };
    note(work, customer, actor, "restriction.exception", serde_json::json!({"why": why}))?;
    Ok(Sight::with(person))
}

/// The refusal of a read of restricted data.
pub(super) fn refusal() -> Error {
    let detail = "The person's data are restricted: they are stored, and nothing else. A key with the scope rights sees \
                  the mark, and with ?restricted= and a ground of Article 18(2) the data.";
    Error::refused(Code::PersonRestricted, detail)
}

/// Remembers what was done to a person whom the entry does not name.
pub(super) fn note(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    action: &'static str,
    details: serde_json::Value,
) -> Result<(), Error> {
    audit::insert(
        work.tx,
        &audit::Entry { customer_id: customer, at: work.now, actor, action, subject: None, details },
    )?;
    Ok(())
}
