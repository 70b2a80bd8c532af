//! A deletion from top to bottom, in one transaction.

use super::named::{self, Named, One};
use super::{Instruction, proof};
use crate::app::{Work, confirmation, jobs, notices, watch};
use crate::crypto::mark;
use crate::domain::receipt::{Origin, Receipt, Status};
use crate::domain::restriction::Ground;
use crate::domain::{PersonId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::audit;
use crate::store::deletions::Marks;
use crate::store::erasure::Deleted;
use crate::store::journal::Entry;
use crate::store::restrictions::Restriction;
use crate::store::tombstones::Tombstone;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The most fingerprints that one deletion leaves; the wrapped keys come first.
const MOST_MARKS: usize = 50_000;
/// A person made so long after a journalled erasure, in seconds, is another life of the ref, whatever the nodes' clocks.
const ANOTHER_LIFE_S: i64 = 86_400;

/// Deletes whom the instruction names, leaves tombstones, looks for what is left, and signs the receipt.
pub(super) fn run(work: &mut Work<'_, '_>, instruction: &Instruction) -> Result<(Receipt, Vec<Entry>), Error> {
    let customer = instruction.customer;
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let named = named::find(work, &keys, instruction)?;
    let verdicts = judge(work, instruction, &named)?;
    let (ids, indexes) = doomed(&named, &verdicts);
    let deleted = store::erasure::delete(work.tx, customer, &ids)?;
    let deletion = PublicId(crate::app::ids::new_uuid(work.now)?);
    let tombstones: Vec<Tombstone> = named
        .everybody
        .iter()
        .zip(&verdicts)
        .filter_map(|(one, verdict)| tombstone(work, instruction, one, *verdict))
        .collect();
    store::tombstones::leave(work.tx, &tombstones)?;
    let left = store::erasure::left(work.tx, customer, &ids, &indexes)?;
    let id = store::ids::take_one(work.tx)?;
    let told = proof::Told {
        deletion,
        named: &named,
        verdicts: &verdicts,
        deleted: &deleted,
        left: &left,
        tombstones: &tombstones,
    };
    let receipt = proof::receipt(work, instruction, &told)?;
    let receipt = proof::keep(work, instruction, id, receipt)?;
    leave_marks(work, instruction, id, &named, &ids, &deleted)?;
    note(work, instruction, &receipt)?;
    let entries = if instruction.origin == Origin::Journal {
        Vec::new()
    } else {
        tombstones.iter().filter_map(|tombstone| entry(deletion, tombstone)).collect()
    };
    Ok((receipt, entries))
}

/// What becomes of each.
fn judge(work: &mut Work<'_, '_>, instruction: &Instruction, named: &Named) -> Result<Vec<Status>, Error> {
    let customer = instruction.customer;
    let held: Vec<PersonId> = named.everybody.iter().filter_map(|one| one.row.as_ref()).map(|row| row.id).collect();
    let mut restricted: HashMap<PersonId, Restriction> = HashMap::new();
    if instruction.origin != Origin::Journal {
        for restriction in store::restrictions::of(work.tx, customer, &held)? {
            let ground = Ground::from_number(restriction.ground);
            if ground.is_none_or(Ground::keeps_data) {
                restricted.insert(restriction.person_id, restriction);
            }
        }
    }
    let heard: HashSet<PersonId> = match instruction.unless_heard_since {
        Some(since) => store::erasure::heard_of_since(work.tx, customer, &held, since)?.into_iter().collect(),
        None => HashSet::new(),
    };
    let mut verdicts = Vec::with_capacity(named.everybody.len());
    for one in &named.everybody {
        verdicts.push(match &one.row {
            None => Status::NotHeld,
            Some(row) => match (restricted.get(&row.id), one.journalled) {
                (Some(restriction), _) if !confirmed(work, instruction, restriction)? => Status::Restricted,
                (_, Some((epoch, at))) if row.epoch > epoch || another_life(row.created_at, at) => Status::Changed,
                _ if heard.contains(&row.id) => Status::Changed,
                _ => Status::Erased,
            },
        });
    }
    Ok(verdicts)
}

fn another_life(created_at: Timestamp, erased_at: Timestamp) -> bool {
    created_at.seconds_since(erased_at) > ANOTHER_LIFE_S
}

/// Whether the customer insists on the deletion of this restricted person; asked for a single person alone.
fn confirmed(work: &Work<'_, '_>, instruction: &Instruction, restriction: &Restriction) -> Result<bool, Error> {
    if instruction.origin != Origin::Single {
        return Ok(false);
    }
    let (customer, person) = (instruction.customer.0.to_be_bytes(), restriction.person_id.0.to_be_bytes());
    let placed = restriction.placed_at.micros().to_be_bytes();
    let parts: [&[u8]; 3] = [&customer, &person, &placed];
    if let Some(token) = &instruction.confirmation
        && confirmation::confirms(work.core, "restricted", &parts, work.now, token)?
    {
        return Ok(true);
    }
    Err(Error::Unconfirmed {
        code: Code::PersonRestricted,
        detail: "The person's data are under restriction on a ground for which they must be kept; nothing was deleted."
            .to_owned(),
        confirmation: confirmation::token(work.core, "restricted", &parts, work.now)?,
        counts: BTreeMap::new(),
    })
}

/// Remembers and tells that a deletion met a restriction (REQUIREMENTS L-47), after it was rolled back.
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

/// Internal ids and blind indexes of those who are to be erased.
fn doomed(named: &Named, verdicts: &[Status]) -> (Vec<PersonId>, Vec<Vec<u8>>) {
    let rows = named.everybody.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Status::Erased);
    rows.filter_map(|(one, _)| one.row.as_ref()).map(|row| (row.id, row.ref_index.clone())).unzip()
}

/// The tombstone of one who is not held from now on; it never ends earlier, nor in an earlier life, than one before.
fn tombstone(work: &Work<'_, '_>, instruction: &Instruction, one: &One, verdict: Status) -> Option<Tombstone> {
    if !matches!(verdict, Status::Erased | Status::NotHeld) {
        return None;
    }
    let erased_at = one.journalled.map_or(work.now, |(_, at)| at);
    let epoch = one.row.as_ref().map(|row| row.epoch);
    let epoch = epoch.max(one.journalled.map(|(epoch, _)| epoch)).max(one.tombstone.as_ref().map(|t| t.epoch));
    let expires_at = proof::tombstone_expires_at(work, erased_at);
    let before = one.tombstone.as_ref();
    Some(Tombstone {
        customer_id: instruction.customer,
        digest: one.digest.to_vec(),
        epoch: epoch.unwrap_or(1),
        erased_at: before.map_or(erased_at, |before| before.erased_at.max(erased_at)),
        expires_at: before.map_or(expires_at, |before| before.expires_at.max(expires_at)),
    })
}

fn entry(deletion: PublicId, tombstone: &Tombstone) -> Option<Entry> {
    Some(Entry {
        deletion,
        customer: tombstone.customer_id,
        digest: tombstone.digest.as_slice().try_into().ok()?,
        epoch: tombstone.epoch,
        erased_at: tombstone.erased_at,
    })
}

/// Fingerprints of what was erased, for a search of the raw files; those of PostgreSQL are not ours to read.
fn leave_marks(
    work: &mut Work<'_, '_>,
    instruction: &Instruction,
    id: i64,
    named: &Named,
    ids: &[PersonId],
    deleted: &Deleted,
) -> Result<(), Error> {
    if !work.core.db.is_sqlite() || ids.is_empty() {
        return Ok(());
    }
    let ids: HashSet<PersonId> = ids.iter().copied().collect();
    let rows: Vec<_> =
        named.everybody.iter().filter_map(|one| one.row.as_ref()).filter(|r| ids.contains(&r.id)).collect();
    let own = rows.iter().flat_map(|row| {
        let fields = [&row.name_sealed, &row.email_sealed, &row.phone_sealed, &row.company_sealed];
        let more = [&row.vehicle_plate_sealed, &row.mirror_sealed];
        std::iter::once(&row.ref_sealed).chain(fields.into_iter().chain(more).flatten())
    });
    let values = rows.iter().map(|row| &row.wrapped_key).chain(own).chain(&deleted.sealed);
    let marks: Vec<u8> = values.take(MOST_MARKS).flat_map(|value| mark(value)).collect();
    let expires_at = work.now.plus_seconds(86_400 * i64::from(work.core.settings.erasure.marks_days));
    store::deletions::insert_marks(work.tx, &Marks { customer_id: instruction.customer, id, marks, expires_at })?;
    Ok(())
}

/// The audit entry, and what is to be done later.
fn note(work: &mut Work<'_, '_>, instruction: &Instruction, receipt: &Receipt) -> Result<(), Error> {
    audit::insert(
        work.tx,
        &audit::Entry {
            customer_id: instruction.customer,
            at: work.now,
            actor: &instruction.actor,
            action: "people.deleted",
            subject: Some(receipt.deletion_id),
            details: serde_json::json!({
                "origin": instruction.origin.as_str(),
                "refs": receipt.refs,
                "erased": receipt.erased,
                "confirmed": receipt.erased.restrictions > 0 && instruction.confirmation.is_some(),
            }),
        },
    )?;
    if receipt.signature.is_none() {
        let details = serde_json::json!({"deletion_id": receipt.deletion_id, "checked": receipt.checked});
        notices::raise(work, Some(instruction.customer), "erasure_incomplete", &details)?;
    }
    let restricted = receipt.results.iter().filter(|result| result.status == Status::Restricted).count();
    if restricted > 0 {
        notices::raise(
            work,
            Some(instruction.customer),
            "deletion_held",
            &serde_json::json!({"restricted": restricted}),
        )?;
    }
    if receipt.erased.people > 0 {
        let now = work.now;
        jobs::queue(work, jobs::SERVICE, jobs::Kind::Scrub, 0, now)?;
        if instruction.origin == Origin::Single {
            watch::queue(work, instruction.customer)?;
        }
    }
    Ok(())
}
