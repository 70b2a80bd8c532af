//! The receipt: what was done, what was looked at afterwards, and what was not.

use super::Instruction;
use super::named::Named;
use crate::app::{Work, receipts};
use crate::domain::receipt::{Checked, Erased, Kept, Method, Outcome, Receipt, Status, Word};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::deletions::Deletion;
use crate::store::erasure::{Deleted, PLACES};
use crate::store::tombstones::Tombstone;

/// Where copies may be left that the search after a deletion does not reach; `docs/erasure.md` says until when.
const NOT_CHECKED_SQLITE: [&str; 3] = ["unused_parts_of_pages", "write_ahead_log", "backups"];
const NOT_CHECKED_POSTGRES: [&str; 4] = ["dead_rows", "write_ahead_log", "replicas", "backups"];

/// What the scrub does afterwards.
const FOLLOW_UPS_SQLITE: [&str; 2] = ["unused_parts_of_pages_overwritten", "write_ahead_log_truncated"];
const FOLLOW_UPS_POSTGRES: [&str; 1] = ["tables_rewritten_or_vacuumed"];

/// What the deletions of a transaction have in common.
pub(super) struct Told<'a> {
    pub customer_id: PublicId,
    pub named: &'a Named,
    /// What was found of all of them together; of several deletions nothing.
    pub left: &'a [i64; PLACES.len()],
}

/// What one of them came to.
pub(super) struct Part<'a> {
    pub instruction: &'a Instruction,
    pub deletion: PublicId,
    /// Who is meant by each subject.
    pub places: &'a [usize],
    /// Of everybody.
    pub verdicts: &'a [Status],
    pub deleted: &'a Deleted,
    pub tombstones: &'a [Tombstone],
    pub held: &'a [Held],
}

/// What is kept of one person under holds.
pub(super) struct Held {
    /// Place among everybody named.
    pub place: usize,
    /// Until when.
    pub until: Timestamp,
    /// How much.
    pub kept: Kept,
}

/// Until when the tombstone of an erasure refuses events.
pub(super) fn tombstone_expires_at(work: &Work<'_, '_>, erased_at: Timestamp) -> Timestamp {
    erased_at.plus_seconds(86_400 * i64::from(work.core.settings.erasure.tombstone_days))
}

/// The receipt, signed when the search found nothing.
pub(super) fn receipt(work: &Work<'_, '_>, told: &Told<'_>, part: &Part<'_>) -> Result<Receipt, Error> {
    let instruction = part.instruction;
    let settings = &work.core.settings.erasure;
    let sqlite = work.core.db.is_sqlite();
    let results = (0..).zip(part.places).map(|(index, &place)| {
        let one = told.named.everybody.get(place);
        let status = part.verdicts.get(place).copied().unwrap_or(Status::NotHeld);
        let epoch = one.and_then(|one| one.row.as_ref()).map(|row| row.epoch);
        let epoch = epoch.filter(|_| status == Status::Erased);
        let held_until = part.held.iter().find(|held| held.place == place).map(|held| held.until);
        let status = if held_until.is_some() { Status::PartlyErased } else { status };
        Outcome { index, status, epoch, held_until }
    });
    let count = |rows: usize| rows as u64;
    let checked = PLACES.iter().zip(told.left);
    let checked = checked.map(|(place, &left)| Checked { place: Word::new(place), found: left.unsigned_abs() });
    let mut method = vec![Method::RowsDeleted, Method::PersonKeyDestroyed];
    method.extend(sqlite.then_some(Method::FreedSpaceOverwritten));
    method.extend([Method::TombstoneLeft, Method::Journalled]);
    let not_checked: &[&'static str] = if sqlite { &NOT_CHECKED_SQLITE } else { &NOT_CHECKED_POSTGRES };
    let follow_ups: &[&'static str] = if sqlite { &FOLLOW_UPS_SQLITE } else { &FOLLOW_UPS_POSTGRES };
    let receipt = Receipt {
        deletion_id: part.deletion,
        customer_id: told.customer_id,
        origin: instruction.origin,
        reconciliation_id: instruction.reconciliation,
        started_at: work.now,
        completed_at: work.core.clock.now().max(work.now),
        refs: count(part.places.len()),
        erased: Erased {
            people: count(part.deleted.people),
            events: count(part.deleted.events),
            visits: count(part.deleted.visits),
            hosts: count(part.deleted.hosts),
            recipients: count(part.deleted.recipients),
            restrictions: count(part.deleted.restrictions),
            objections: count(part.deleted.objections),
            statements: count(part.deleted.statements),
            holds: count(part.deleted.holds),
        },
        held: part.held.iter().map(|held| held.kept).reduce(sum),
        results: results.collect(),
        method,
        checked: checked.collect(),
        not_checked: not_checked.iter().copied().map(Word::new).collect(),
        follow_ups: follow_ups.iter().copied().map(Word::new).collect(),
        tombstone_expires_at: part.tombstones.iter().map(|t| t.expires_at).max().unwrap_or(work.now),
        backups_expire_at: work.now.plus_seconds(86_400 * i64::from(settings.backup_window_days)),
        software: format!("guestlog {}", env!("CARGO_PKG_VERSION")),
        nonce: instruction.nonce.clone(),
        signature: None,
    };
    let complete = told.left.iter().all(|&left| left == 0);
    if complete { receipts::sign(&work.core.keyring, receipt) } else { Ok(receipt) }
}

fn sum(one: Kept, other: Kept) -> Kept {
    Kept {
        people: one.people + other.people,
        events: one.events + other.events,
        visits: one.visits + other.visits,
        hosts: one.hosts + other.hosts,
        recipients: one.recipients + other.recipients,
    }
}

/// The customer as known outside.
pub(super) fn customer_id(work: &mut Work<'_, '_>, customer: CustomerId) -> Result<PublicId, Error> {
    let row = store::customers::get(work.tx, customer)?;
    row.map(|row| row.public_id).ok_or_else(|| Error::internal("a deletion for a customer who is not there"))
}

/// A deletion's row, with its receipt.
pub(super) fn row(instruction: &Instruction, id: i64, receipt: &Receipt) -> Result<Deletion, Error> {
    let signed = |count: u64| i64::try_from(count).map_err(Error::internal);
    Ok(Deletion {
        customer_id: instruction.customer,
        id,
        public_id: receipt.deletion_id,
        origin: instruction.origin.number(),
        reconciliation_id: instruction.reconciliation,
        completed_at: receipt.completed_at,
        refs: signed(receipt.refs)?,
        people: signed(receipt.erased.people)?,
        verified: receipt.signature.is_some(),
        receipt: serde_json::to_string(receipt).map_err(Error::internal)?,
    })
}
