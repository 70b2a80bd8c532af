//! Restriction of processing: data that must be kept (Article 18); for now it holds back deletions, and nothing else.

use super::Work;
use super::dossier::{Dossier, ref_index};
use crate::domain::restriction::Ground;
use crate::domain::text::{Reason, Ref};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::audit;
use crate::store::restrictions::Restriction as Row;
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

fn dossier(work: &mut Work<'_, '_>, customer: CustomerId, reference: &Ref) -> Result<Dossier, Error> {
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
    let reason_sealed = place.reason.as_ref().map(|reason| dossier.seal_reason(reason.as_str())).transpose()?;
    let row = Row {
        customer_id: customer,
        person_id: dossier.id(),
        ground: place.ground.number(),
        reason_sealed,
        placed_at: work.now,
    };
    store::restrictions::place(work.tx, &row)?;
    note(work, customer, actor, "restriction.placed", Some(place.ground))?;
    let placed = store::restrictions::of(work.tx, customer, &[dossier.id()])?;
    let placed_at = placed.first().map_or(work.now, |row| row.placed_at);
    let reason = place.reason.as_ref().map(|reason| reason.as_str().to_owned());
    Ok(Restriction { ground: place.ground, reason, placed_at })
}

/// Lifts a restriction; lifting none changes nothing.
///
/// # Errors
/// `not_found` when the person is not held.
pub fn lift(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, reference: &Ref) -> Result<(), Error> {
    let dossier = dossier(work, customer, reference)?;
    if store::restrictions::lift(work.tx, customer, dossier.id())? > 0 {
        note(work, customer, actor, "restriction.lifted", None)?;
    }
    Ok(())
}

fn note(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    action: &'static str,
    ground: Option<Ground>,
) -> Result<(), Error> {
    let details = serde_json::json!({"ground": ground});
    audit::insert(
        work.tx,
        &audit::Entry { customer_id: customer, at: work.now, actor, action, subject: None, details },
    )?;
    Ok(())
}
