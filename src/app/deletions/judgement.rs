//! What becomes of each who is to be deleted, before anything is.

use super::Instruction;
use super::named::Named;
use crate::app::{Work, confirmation, notices};
use crate::domain::receipt::{Origin, Status};
use crate::domain::restriction::Ground;
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::audit;
use crate::store::restrictions::{HELD, Restriction};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A person made so long after a journalled erasure, in seconds, is another life of the ref, whatever the nodes' clocks.
const ANOTHER_LIFE_S: i64 = 86_400;

/// What becomes of everybody, and which instructions are refused.
pub(super) struct Judged {
    /// For each of [`Named::everybody`].
    pub verdicts: Vec<Status>,
    /// For each instruction, why it is refused.
    pub refused: Vec<Option<Error>>,
}

/// Looks at restrictions, at later lives and at what was heard of people since.
pub(super) fn judge(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    instructions: &[&Instruction],
    named: &Named,
) -> Result<Judged, Error> {
    let held: Vec<PersonId> = named.everybody.iter().filter_map(|one| one.row.as_ref()).map(|row| row.id).collect();
    let mut restricted: HashMap<PersonId, Restriction> = HashMap::new();
    if instructions.iter().any(|instruction| instruction.origin != Origin::Journal) {
        for restriction in store::restrictions::of(work.tx, customer, &held)? {
            let ground = Ground::from_number(restriction.ground);
            if restriction.ground != HELD && ground.is_none_or(Ground::keeps_data) {
                restricted.insert(restriction.person_id, restriction);
            }
        }
    }
    let heard = heard(work, customer, instructions, named)?;
    let mut verdicts = Vec::with_capacity(named.everybody.len());
    let mut refused: Vec<Option<Error>> = instructions.iter().map(|_| None).collect();
    for one in &named.everybody {
        let instruction = instructions[one.by];
        let Some(row) = &one.row else {
            verdicts.push(Status::NotHeld);
            continue;
        };
        let restriction = restricted.get(&row.id).filter(|_| instruction.origin != Origin::Journal);
        verdicts.push(match (restriction, one.journalled) {
            (Some(_), _) if instruction.origin != Origin::Single => Status::Restricted,
            (Some(restriction), _) if !confirmed(work, instruction, restriction)? => {
                refused[one.by] = Some(refusal(work, instruction, restriction)?);
                Status::Restricted
            }
            (_, Some((epoch, at))) if row.epoch > epoch || another_life(row.created_at, at) => Status::Changed,
            _ if heard.contains(&row.id) => Status::Changed,
            _ => Status::Erased,
        });
    }
    Ok(Judged { verdicts, refused })
}

/// Of whom something was heard since the instant that their instruction names.
fn heard(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    instructions: &[&Instruction],
    named: &Named,
) -> Result<HashSet<PersonId>, Error> {
    let mut heard = HashSet::new();
    for (by, instruction) in instructions.iter().enumerate() {
        let Some(since) = instruction.unless_heard_since else { continue };
        let own = named.everybody.iter().filter(|one| one.by == by);
        let ids: Vec<PersonId> = own.filter_map(|one| one.row.as_ref()).map(|row| row.id).collect();
        heard.extend(store::erasure::heard_of_since(work.tx, customer, &ids, since)?);
    }
    Ok(heard)
}

fn another_life(created_at: Timestamp, erased_at: Timestamp) -> bool {
    created_at.seconds_since(erased_at) > ANOTHER_LIFE_S
}

/// Whether the customer insists on the deletion of this restricted person; asked for a single person alone.
fn confirmed(work: &Work<'_, '_>, instruction: &Instruction, restriction: &Restriction) -> Result<bool, Error> {
    let Some(token) = &instruction.confirmation else { return Ok(false) };
    with_parts(instruction, restriction, |parts| {
        confirmation::confirms(work.core, "restricted", parts, work.now, token)
    })
}

fn refusal(work: &Work<'_, '_>, instruction: &Instruction, restriction: &Restriction) -> Result<Error, Error> {
    Ok(Error::Unconfirmed {
        code: Code::PersonRestricted,
        detail: "The person's data are under restriction on a ground for which they must be kept; nothing was deleted."
            .to_owned(),
        confirmation: with_parts(instruction, restriction, |parts| {
            confirmation::token(work.core, "restricted", parts, work.now)
        })?,
        counts: BTreeMap::new(),
    })
}

/// What a confirmation is bound to: this person under this restriction.
fn with_parts<T>(instruction: &Instruction, restriction: &Restriction, each: impl FnOnce(&[&[u8]; 3]) -> T) -> T {
    let (customer, person) = (instruction.customer.0.to_be_bytes(), restriction.person_id.0.to_be_bytes());
    let placed = restriction.placed_at.micros().to_be_bytes();
    each(&[&customer, &person, &placed])
}

/// Remembers and tells that a deletion met a restriction (REQUIREMENTS L-47).
pub(super) fn notice_restricted(work: &mut Work<'_, '_>, instruction: &Instruction) -> Result<(), Error> {
    audit::insert(
        work.tx,
        &audit::Entry {
            customer_id: instruction.customer,
            at: work.now,
            actor: &instruction.actor,
            action: "people.deletion_held",
            subject: None,
            details: serde_json::json!({"reason": "restricted"}),
        },
    )?;
    notices::raise(work, Some(instruction.customer), "deletion_held", &serde_json::json!({"restricted": 1}))
}
