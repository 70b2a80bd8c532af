//! Deletions from top to bottom, in one transaction: those of one customer that came together, or one alone.

use super::judgement::{self, Judged};
use super::named::{self, Named, One};
use super::proof::Held;
use super::{Instruction, proof, rest, tell};
use crate::app::{Work, jobs, notices, watch};
use crate::crypto::mark;
use crate::domain::receipt::{Origin, Receipt, Status};
use crate::domain::{CustomerId, PersonId, PublicId};
use crate::error::Error;
use crate::store;
use crate::store::audit;
use crate::store::deletions::Marks;
use crate::store::erasure::Deleted;
use crate::store::journal::Entry;
use crate::store::people::Person;
use crate::store::tombstones::Tombstone;
use std::collections::HashMap;

/// The most fingerprints that one deletion leaves; the wrapped keys come first.
const MOST_MARKS: usize = 50_000;

/// A deletion that was carried out.
pub(super) struct Done {
    pub receipt: Receipt,
    /// What the journal is to be told.
    pub entries: Vec<Entry>,
}

/// What becomes of the people of one instruction.
struct Part<'i> {
    instruction: &'i Instruction,
    /// The deletion's internal id.
    id: i64,
    deletion: PublicId,
    tombstones: Vec<Tombstone>,
    deleted: Deleted,
    /// What is kept under holds, with whose place.
    held: Vec<Held>,
}

/// Deletes whom the instructions name, leaves tombstones, looks for what is left, and signs the receipts.
///
/// One that is refused leaves no trace but a notice, and holds up none of the others.
///
/// # Errors
/// Those of the whole group: a fault of ours, also when anything is left of several deletions at once, so that each can
/// be tried alone; or of the database.
pub(super) fn run(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    instructions: &[&Instruction],
) -> Result<Vec<Result<Done, Error>>, Error> {
    // Those that index refs, which stay the same: a deletion seals nothing.
    let keys = work.view().customer_keys(customer)?;
    let named = named::find(work, &keys, customer, instructions)?;
    let Judged { verdicts, mut refused } = judgement::judge(work, customer, instructions, &named)?;
    let (ids, indexes) = doomed(&named, &verdicts);
    let rests = rest::gather(work, customer, instructions, &named, &verdicts)?;
    let mut deleted = store::erasure::delete(work.tx, customer, &ids)?;
    for rest in &rests {
        rest.take_off(&mut deleted);
    }
    // One for each deletion, one for each entry of the audit.
    let mut numbers = store::ids::take(work.tx, 2 * instructions.len())?;
    let audited = numbers.split_off(instructions.len());
    let mut parts = Vec::with_capacity(instructions.len());
    for ((by, &instruction), id) in instructions.iter().enumerate().zip(numbers) {
        if refused[by].is_some() {
            parts.push(None);
            continue;
        }
        let deletion = PublicId(crate::app::ids::new_uuid(work.now)?);
        let own = || named.everybody.iter().zip(&verdicts).enumerate().filter(|(_, (one, _))| one.by == by);
        // A rest of which a part goes was erased before: nothing keeps its name out, and no journal repeats it.
        let is_new = |place: usize| !rests.iter().any(|rest| rest.place == place && rest.is_reduced);
        let tombstones = own().filter(|(place, _)| is_new(*place));
        let tombstones = tombstones.filter_map(|(_, (one, verdict))| tombstone(work, instruction, one, *verdict));
        let tombstones = tombstones.collect();
        let held = rests.iter().filter(|rest| named.everybody.get(rest.place).is_some_and(|one| one.by == by));
        let held = held.map(|rest| Held { place: rest.place, until: rest.until, kept: rest.kept() }).collect();
        let rows = own().filter_map(|(_, (one, _))| one.row.as_ref());
        let deleted = sum(rows.filter_map(|row| deleted.remove(&row.id)));
        parts.push(Some(Part { instruction, id, deletion, tombstones, deleted, held }));
    }
    let tombstones: Vec<Tombstone> = parts.iter().flatten().flat_map(|part| part.tombstones.clone()).collect();
    store::tombstones::leave(work.tx, &tombstones)?;
    let left = store::erasure::left(work.tx, customer, &ids, &indexes)?;
    if instructions.len() > 1 && left.iter().any(|&left| left != 0) {
        return Err(Error::internal("something of the people of several deletions was found after them"));
    }
    rest::keep(work, rests)?;
    let told = proof::Told { customer_id: proof::customer_id(work, customer)?, named: &named, left: &left };
    let mut receipts: Vec<Option<Receipt>> = Vec::with_capacity(parts.len());
    for (by, part) in parts.iter().enumerate() {
        let Some(part) = part else {
            receipts.push(None);
            continue;
        };
        let of = proof::Part {
            instruction: part.instruction,
            deletion: part.deletion,
            places: &named.places[by],
            verdicts: &verdicts,
            deleted: &part.deleted,
            tombstones: &part.tombstones,
            held: &part.held,
        };
        receipts.push(Some(proof::receipt(work, &told, &of)?));
    }
    let done = || parts.iter().flatten().zip(receipts.iter().flatten());
    let rows = done().map(|(part, receipt)| proof::row(part.instruction, part.id, receipt));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    store::deletions::insert(work.tx, &rows)?;
    leave_marks(work, customer, &named, &parts, &verdicts)?;
    let told: Vec<(&Instruction, &Receipt)> = done().map(|(part, receipt)| (part.instruction, receipt)).collect();
    tell::erased(work, customer, &keys, &named, &verdicts, &parts_told(&parts))?;
    note(work, customer, audited, &told)?;
    for &instruction in refused.iter().zip(instructions).filter(|(why, _)| why.is_some()).map(|(_, held)| held) {
        judgement::notice_restricted(work, instruction)?;
    }
    let all = parts.into_iter().zip(receipts).zip(&mut refused);
    all.map(|((part, receipt), refused)| match (part, receipt, refused.take()) {
        (_, _, Some(refused)) => Ok(Err(refused)),
        (Some(part), Some(receipt), None) => Ok(Ok(Done { entries: entries(&part), receipt })),
        _ => Err(Error::internal("a deletion without outcome")),
    })
    .collect()
}

/// Which deletion each instruction came to.
fn parts_told(parts: &[Option<Part<'_>>]) -> Vec<Option<PublicId>> {
    parts.iter().map(|part| part.as_ref().map(|part| part.deletion)).collect()
}

/// Internal ids and blind indexes of those who are to be erased.
fn doomed(named: &Named, verdicts: &[Status]) -> (Vec<PersonId>, Vec<Vec<u8>>) {
    let rows = named.everybody.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Status::Erased);
    rows.filter_map(|(one, _)| one.row.as_ref()).map(|row| (row.id, row.ref_index.clone())).unzip()
}

fn sum(all: impl Iterator<Item = Deleted>) -> Deleted {
    all.fold(Deleted::default(), |mut sum, one| {
        sum.events += one.events;
        sum.hosts += one.hosts;
        sum.recipients += one.recipients;
        sum.visits += one.visits;
        sum.restrictions += one.restrictions;
        sum.objections += one.objections;
        sum.statements += one.statements;
        sum.holds += one.holds;
        sum.people += one.people;
        sum.sealed.extend(one.sealed);
        sum
    })
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

/// What the journal is to be told; nothing of what it said itself.
fn entries(part: &Part<'_>) -> Vec<Entry> {
    if part.instruction.origin == Origin::Journal {
        return Vec::new();
    }
    let entry = |tombstone: &Tombstone| {
        Some(Entry {
            deletion: part.deletion,
            customer: tombstone.customer_id,
            digest: tombstone.digest.as_slice().try_into().ok()?,
            epoch: tombstone.epoch,
            erased_at: tombstone.erased_at,
        })
    };
    part.tombstones.iter().filter_map(entry).collect()
}

/// Fingerprints of what was erased, for a search of the raw files; those of PostgreSQL are not ours to read.
fn leave_marks(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    named: &Named,
    parts: &[Option<Part<'_>>],
    verdicts: &[Status],
) -> Result<(), Error> {
    if !work.core.db.is_sqlite() {
        return Ok(());
    }
    let mut erased: HashMap<usize, Vec<&Person>> = HashMap::new();
    for (one, _) in named.everybody.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Status::Erased) {
        erased.entry(one.by).or_default().extend(&one.row);
    }
    let expires_at = work.now.plus_seconds(86_400 * i64::from(work.core.settings.erasure.marks_days));
    let of = |(by, part): (usize, &Option<Part<'_>>)| {
        let (rows, part) = (erased.get(&by)?, part.as_ref()?);
        let own = rows.iter().flat_map(|row| {
            let fields = [&row.name_sealed, &row.email_sealed, &row.phone_sealed, &row.company_sealed];
            let more = [&row.vehicle_plate_sealed, &row.mirror_sealed];
            std::iter::once(&row.ref_sealed).chain(fields.into_iter().chain(more).flatten())
        });
        let values = rows.iter().map(|row| &row.wrapped_key).chain(own).chain(&part.deleted.sealed);
        let marks = values.take(MOST_MARKS).flat_map(|value| mark(value)).collect();
        Some(Marks { customer_id: customer, id: part.id, marks, expires_at })
    };
    let rows: Vec<Marks> = parts.iter().enumerate().filter_map(of).collect();
    if !rows.is_empty() {
        store::deletions::insert_marks(work.tx, &rows)?;
    }
    Ok(())
}

/// The audit entries, and what is to be done later.
fn note<'i>(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    ids: Vec<i64>,
    done: &[(&'i Instruction, &Receipt)],
) -> Result<(), Error> {
    let entry = |(instruction, receipt): &(&'i Instruction, &Receipt)| audit::Entry {
        customer_id: customer,
        at: work.now,
        actor: &instruction.actor,
        action: "people.deleted",
        subject: Some(receipt.deletion_id),
        details: serde_json::json!({
            "origin": instruction.origin.as_str(),
            "refs": receipt.refs,
            "erased": receipt.erased,
            "held": receipt.held,
            "confirmed": receipt.erased.restrictions > 0 && instruction.confirmation.is_some(),
        }),
    };
    let entries: Vec<audit::Entry<'i>> = done.iter().map(entry).collect();
    audit::insert_all(work.tx, ids, &entries)?;
    for (_, receipt) in done {
        if receipt.signature.is_none() {
            let details = serde_json::json!({"deletion_id": receipt.deletion_id, "checked": receipt.checked});
            notices::raise(work, Some(customer), "erasure_incomplete", &details)?;
        }
        let restricted = receipt.results.iter().filter(|result| result.status == Status::Restricted).count();
        if restricted > 0 {
            notices::raise(work, Some(customer), "deletion_held", &serde_json::json!({"restricted": restricted}))?;
        }
    }
    let is_erasing = |receipt: &Receipt| receipt.erased.people > 0 || receipt.held.is_some();
    let mut erasing = done.iter().filter(|(_, receipt)| is_erasing(receipt)).peekable();
    if erasing.peek().is_some() {
        let scrub = jobs::Due { customer: jobs::SERVICE, kind: jobs::Kind::Scrub, subject: 0, at: work.now };
        let watched = erasing.any(|(instruction, _)| instruction.origin == Origin::Single);
        let watch = watched.then(|| watch::due(customer, work.now));
        jobs::queue_all(work, std::iter::once(scrub).chain(watch))?;
    }
    Ok(())
}
