//! Holds (Article 17(3)): what must be kept of a person although the person is erased, and its end.
//!
//! A hold on a person who is there changes nothing until the erasure. Then all but the held fields is erased, and what is
//! left becomes a row that no ref leads to (`deletions/rest.rs`); when the hold ends, a job erases it like anybody.

use super::deletions::{self, Instruction, Subject};
use super::dossier::{Dossier, Words, hold_digest, ref_index};
use super::jobs::{self, Kind, Lease, Next};
use super::restrictions::{dossier, note};
use super::{View, Work};
use crate::domain::hold::{Held, HeldField, HoldGround, MOST, check_end, cites_a_provision, ground};
use crate::domain::receipt::Origin;
use crate::domain::text::{Law, Ref};
use crate::domain::{CustomerId, FieldError, PersonId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::holds::Hold as Row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Holds that the job looks at together.
const TOGETHER: i64 = 50;

/// A hold to place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHold)]
pub struct Place {
    /// The letter of Article 17(3).
    #[serde(deserialize_with = "ground")]
    pub ground: HoldGround,
    /// The provision that demands it, for instance `Bogføringsloven § 12`.
    pub law: Law,
    /// What is to be kept.
    #[schema(min_items = 1, max_items = 10)]
    pub fields: Vec<HeldField>,
    /// Until when; at most ten years ahead.
    pub ends_at: Timestamp,
}

/// A hold as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hold {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// The letter of Article 17(3).
    pub ground: HoldGround,
    /// The provision that demands it.
    pub law: String,
    /// What is kept.
    pub fields: Vec<HeldField>,
    /// Since when.
    pub placed_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// When all else of the person was erased; null while the person is there.
    pub erased_at: Option<Timestamp>,
}

/// The holds under a ref.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Holds {
    /// Those of the person and of what is left of an erased one, the first placed first.
    pub data: Vec<Hold>,
}

/// Places a hold.
///
/// # Errors
/// `not_found`; `hold_without_ground`; `invalid_input` for an end that is not within ten years, no field, or too many
/// holds.
pub fn place(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    place: &Place,
) -> Result<Hold, Error> {
    check_end(place.ends_at, work.now).map_err(|error| Error::invalid(vec![error.at("/ends_at")]))?;
    let fields: Held = place.fields.iter().copied().collect();
    if fields == Held::default() || place.fields.len() > HeldField::ALL.len() {
        let detail = format!("must have 1 to {} entries", HeldField::ALL.len());
        return Err(Error::invalid(vec![FieldError::new("out_of_range", detail).at("/fields")]));
    }
    if !cites_a_provision(place.law.as_str()) {
        let detail = "/law must name the provision that demands it, with its number; administrative reasons are none.";
        return Err(Error::refused(Code::HoldWithoutGround, detail));
    }
    let dossier = dossier(work, customer, reference)?;
    if store::holds::of(work.tx, customer, &[dossier.id()])?.len() >= MOST {
        let error = FieldError::new("too_many", format!("has {MOST} holds already, the most that there may be"));
        return Err(Error::invalid(vec![error.at("/ref")]));
    }
    let keys = work.customer_keys(customer)?;
    let public_id = PublicId(super::ids::new_uuid(work.now)?);
    let row = Row {
        customer_id: customer,
        person_id: dossier.id(),
        public_id,
        ref_digest: hold_digest(&keys, &dossier.row.ref_index).to_vec(),
        ground: place.ground.number(),
        law_sealed: dossier.seal_words(Words::Hold(public_id), place.law.as_str())?,
        fields: fields.bits(),
        placed_at: work.now,
        ends_at: place.ends_at,
        erased_at: None,
    };
    store::holds::insert(work.tx, std::slice::from_ref(&row))?;
    let details = json!({"ground": place.ground, "fields": fields.fields(), "ends_at": place.ends_at});
    note(work, customer, actor, "hold.placed", details)?;
    jobs::queue(work, customer, Kind::Holds, 0, place.ends_at)?;
    shown(&dossier, &row)
}

/// The holds under a ref, of the person and of what is left of erased ones.
///
/// # Errors
/// `not_found` when there is neither person nor hold.
pub fn list(view: &mut View<'_>, customer: CustomerId, reference: &Ref) -> Result<Holds, Error> {
    let keys = view.customer_keys(customer)?;
    let index = ref_index(&keys, reference.as_str());
    let rows = store::holds::by_ref(view.conn, customer, &hold_digest(&keys, &index))?;
    if rows.is_empty() && store::people::by_refs(view.conn, customer, &[index])?.is_empty() {
        return Err(Error::not_found());
    }
    let dossiers = super::people::dossiers(view, customer, rows.iter().map(|row| row.person_id).collect())?;
    let one = |row: &Row| {
        let dossier = dossiers.get(&row.person_id).ok_or_else(|| Error::internal("a hold without its person"))?;
        shown(dossier, row)
    };
    Ok(Holds { data: rows.iter().map(one).collect::<Result<_, _>>()? })
}

/// Lifts a hold; when the person is erased but for it, the rest follows.
///
/// # Errors
/// `not_found`.
pub fn lift(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    id: PublicId,
) -> Result<(), Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let digest = hold_digest(&keys, &ref_index(&keys, reference.as_str()));
    // An erasure locks the person, and moves the hold to what is left.
    let person = named(work, customer, &digest, id)?.person_id;
    store::people::lock_by_ids(work.tx, customer, &[person])?;
    let row = named(work, customer, &digest, id)?;
    note(work, customer, actor, "hold.lifted", json!({"ends_at": row.ends_at, "erased_at": row.erased_at}))?;
    if row.erased_at.is_none() {
        store::holds::remove(work.tx, &row)?;
        return Ok(());
    }
    let now = work.now;
    store::holds::end(work.tx, &row, now)?;
    jobs::queue(work, customer, Kind::Holds, 0, now)
}

fn named(work: &mut Work<'_, '_>, customer: CustomerId, digest: &[u8], id: PublicId) -> Result<Row, Error> {
    let rows = store::holds::by_ref(work.tx, customer, digest)?;
    rows.into_iter().find(|row| row.public_id == id).ok_or_else(Error::not_found)
}

/// A hold opened.
pub(super) fn shown(dossier: &Dossier, row: &Row) -> Result<Hold, Error> {
    Ok(Hold {
        id: row.public_id,
        ground: HoldGround::from_number(row.ground).ok_or_else(|| Error::internal("a ground out of range"))?,
        law: dossier.open_words(Words::Hold(row.public_id), &row.law_sealed)?,
        fields: Held::from_bits(row.fields).fields(),
        placed_at: row.placed_at,
        ends_at: row.ends_at,
        erased_at: row.erased_at,
    })
}

/// Ends the holds of a customer that are over: removes those of people who are there, and erases what is left of others.
pub(super) fn run(lease: &mut Lease) -> Result<Next, Error> {
    let (core, customer) = (lease.core.clone(), lease.customer());
    loop {
        lease.renew()?;
        let over = core.read(|view| Ok(store::holds::over(view.conn, customer, view.now, TOGETHER)?))?;
        let people: BTreeSet<PersonId> =
            over.iter().filter(|row| row.erased_at.is_some()).map(|r| r.person_id).collect();
        if over.is_empty() {
            let next = core.read(|view| Ok(store::holds::next_end(view.conn, customer)?))?;
            return Ok(next.map_or(Next::Done, Next::At));
        }
        core.write(|work| {
            store::locks::hold_customer(work.tx, customer, false)?;
            for row in over.iter().filter(|row| row.erased_at.is_none()) {
                if store::holds::remove(work.tx, row)? > 0 {
                    note(work, customer, "guestlog", "hold.ended", json!({"ends_at": row.ends_at}))?;
                }
            }
            Ok(())
        })?;
        if !people.is_empty() {
            let subjects = people.into_iter().map(Subject::Person).collect();
            deletions::delete(&core, &Instruction::new(customer, "guestlog", Origin::HoldEnded, subjects), None)?;
        }
    }
}
