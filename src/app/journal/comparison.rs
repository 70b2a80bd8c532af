//! The comparison of the database with the journal, at each start and after a restore.

use crate::app::deletions::{self, Instruction, Subject};
use crate::app::dossier::tombstone_digest;
use crate::app::{Core, View};
use crate::domain::receipt::Origin;
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::comparison::Mark;
use crate::store::journal::{Entry, Stored};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;

const DAY_S: i64 = 86_400;
/// Entries and tombstones that are compared at a time: what is held in memory, about 100 bytes each.
const CHUNK: usize = 50_000;
/// Erasures that are repeated in one transaction.
const GROUP: usize = 500;
/// People whose digests are worked out at a time.
const PEOPLE: i64 = 10_000;
/// By how much the clocks of nodes may differ, and how long a transaction may last.
const MARGIN_S: i64 = DAY_S;

/// What a comparison came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Erasures that the journal lacked.
    pub noted: usize,
    /// Erasures that the database lacked.
    pub repeated: usize,
    /// People who were in the database because of that, and are erased again.
    pub people: u64,
}

/// Erasures before this are in no backup that is kept.
pub(super) fn window_start(core: &Core) -> Timestamp {
    core.clock.now().plus_seconds(-DAY_S * i64::from(core.settings.erasure.backup_window_days))
}

pub(super) fn run(core: &Core) -> Result<Compared, Error> {
    let journal = core.erasures.journal();
    let (id, last) = (PublicId(journal.id()?), journal.last_seq()?);
    core.erasures.compares_with(id.0);
    let start = window_start(core);
    let (mark, others) = core.read(|view| {
        let mark = store::comparison::mark(view.conn, id)?;
        Ok((mark, store::comparison::other_marks(view.conn, id, start)?))
    })?;
    if others > 0 {
        tracing::warn!(others, "this database was compared with another journal of erasures; several nodes need one");
    }
    let compared_to = mark.map_or(0, |mark| u64::try_from(mark.compared_to).unwrap_or_default());
    let has_lost_its_end = compared_to > last;
    if has_lost_its_end {
        tracing::warn!(compared_to, last, "the journal of erasures has lost its end; it was replaced by an older copy");
        journal.number_above(compared_to);
    }
    // What is older was compared when the mark was made.
    let since = mark.filter(|_| !has_lost_its_end).map(|mark| mark.compared_at.plus_seconds(-MARGIN_S));
    let noted = note_missing(core, since.map_or(start, |since| since.max(start)))?;
    let mut comparison =
        Comparison { core, id, start, compared_to, mark, is_restored: false, done: Compared::default() };
    comparison.read()?;
    Ok(Compared { noted, ..comparison.done })
}

/// Notes the erasures that the database knows and the journal does not: it is new, or a crash came between the two.
fn note_missing(core: &Core, since: Timestamp) -> Result<usize, Error> {
    let mut noted = 0;
    let mut after: Option<(CustomerId, Vec<u8>)> = None;
    loop {
        let from = after.as_ref().map(|(customer, digest)| (*customer, digest.as_slice()));
        let rows = core.read(|view| Ok(store::comparison::tombstones_since(view.conn, since, from, CHUNK as i64)?))?;
        let Some(last) = rows.last() else { return Ok(noted) };
        after = Some((last.customer_id, last.digest.clone()));
        let mut missing = BTreeMap::new();
        for row in rows {
            let digest: [u8; 32] = row.digest.as_slice().try_into().map_err(Error::internal)?;
            let (customer, epoch, erased_at) = (row.customer_id, row.epoch, row.erased_at);
            let entry = Entry { deletion: PublicId(uuid::Uuid::nil()), customer, digest, epoch, erased_at };
            missing.insert((customer, digest), entry);
        }
        core.erasures.journal().read_after(0, &mut |stored| {
            let key = (stored.entry.customer, stored.entry.digest);
            if missing
                .get(&key)
                .is_some_and(|known| known.epoch <= stored.entry.epoch && known.erased_at <= stored.entry.erased_at)
            {
                missing.remove(&key);
            }
            Ok(())
        })?;
        noted += missing.len();
        core.erasures.note(missing.into_values().collect())?;
    }
}

/// Reading the journal on from the mark, and repeating what the database does not know.
struct Comparison<'a> {
    core: &'a Core,
    id: PublicId,
    start: Timestamp,
    compared_to: u64,
    mark: Option<Mark>,
    /// Whether something was missing, so that the database must have been restored.
    is_restored: bool,
    done: Compared,
}

impl Comparison<'_> {
    fn read(&mut self) -> Result<(), Error> {
        let core = self.core;
        let journal = core.erasures.journal();
        let last = journal.last_seq()?;
        core.erasures.pending.store(last.saturating_sub(self.compared_to), Ordering::Relaxed);
        let mut chunk: Vec<Stored> = Vec::new();
        journal.read_after(self.compared_to, &mut |stored| {
            chunk.push(stored);
            if chunk.len() < CHUNK {
                return Ok(());
            }
            core.erasures.pending.store(last.saturating_sub(stored.seq), Ordering::Relaxed);
            self.compare(&std::mem::take(&mut chunk))
        })?;
        self.compare(&chunk)?;
        core.erasures.pending.store(0, Ordering::Relaxed);
        let stale = self.core.clock.now().plus_seconds(-MARGIN_S);
        if self.mark.is_none_or(|mark| mark.compared_at < stale) { self.move_mark() } else { Ok(()) }
    }

    /// Repeats what is missing of some entries; a later start goes on behind them.
    fn compare(&mut self, entries: &[Stored]) -> Result<(), Error> {
        let Some(last) = entries.last() else { return Ok(()) };
        let mut of: BTreeMap<CustomerId, HashMap<[u8; 32], Entry>> = BTreeMap::new();
        for Stored { entry, .. } in entries.iter().filter(|stored| stored.entry.erased_at >= self.start) {
            let slot = of.entry(entry.customer).or_default().entry(entry.digest).or_insert(*entry);
            if (entry.epoch, entry.erased_at) > (slot.epoch, slot.erased_at) {
                *slot = *entry;
            }
        }
        for (customer, mut erasures) in of {
            self.core.read(|view| drop_known(view, customer, &mut erasures))?;
            self.repeat(customer, &erasures)?;
        }
        self.compared_to = last.seq;
        self.move_mark()
    }

    fn repeat(&mut self, customer: CustomerId, erasures: &HashMap<[u8; 32], Entry>) -> Result<(), Error> {
        if erasures.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.is_restored, true) {
            self.core.write(|work| Ok(store::ids::skip(work.tx)?))?;
        }
        let people = self.core.read(|view| find_people(view, customer, erasures))?;
        let mut subjects: Vec<Subject> = erasures.values().map(|entry| subject(entry, &people)).collect();
        // Those who can be read go first.
        subjects.sort_by_key(|subject| !matches!(subject, Subject::Journalled { person: Some(_), .. }));
        let mut is_held = self.carry_out(customer, &subjects)?;
        // What was left of one under a hold has a digest of its own, which only now leads to anybody.
        while is_held {
            let unfound = erasures.iter().filter(|(digest, _)| !people.contains_key(*digest));
            let unfound: HashMap<[u8; 32], Entry> = unfound.map(|(digest, entry)| (*digest, *entry)).collect();
            let rests = self.core.read(|view| find_people(view, customer, &unfound))?;
            let subjects: Vec<Subject> =
                unfound.values().filter(|e| rests.contains_key(&e.digest)).map(|e| subject(e, &rests)).collect();
            is_held = self.carry_out(customer, &subjects)?;
        }
        Ok(())
    }

    /// Repeats erasures; says whether something of somebody was kept under a hold.
    fn carry_out(&mut self, customer: CustomerId, subjects: &[Subject]) -> Result<bool, Error> {
        let mut is_held = false;
        for group in subjects.chunks(GROUP) {
            if self.core.erasures.is_stopped() {
                return Err(Error::unavailable("the application stops"));
            }
            let instruction = Instruction::new(customer, "guestlog", Origin::Journal, group.to_vec());
            let receipt = deletions::delete(self.core, &instruction, None)?;
            self.done.repeated += group.len();
            self.done.people += receipt.erased.people;
            is_held |= receipt.held.is_some();
            metrics::counter!("guestlog_erasures_repeated_total").increment(group.len() as u64);
        }
        Ok(is_held)
    }

    fn move_mark(&self) -> Result<(), Error> {
        let compared_to = i64::try_from(self.compared_to).map_err(Error::internal)?;
        self.core.write(|work| {
            let mark = Mark { journal_id: self.id, compared_to, compared_at: work.now };
            Ok(store::comparison::set_mark(work.tx, mark)?)
        })
    }
}

/// Leaves the erasures that the database does not know; none of a customer that it does not have.
fn drop_known(view: &mut View<'_>, customer: CustomerId, erasures: &mut HashMap<[u8; 32], Entry>) -> Result<(), Error> {
    if store::customers::get(view.conn, customer)?.is_none() {
        erasures.clear();
        return Ok(());
    }
    let digests: Vec<Vec<u8>> = erasures.keys().map(|digest| digest.to_vec()).collect();
    for tombstone in store::tombstones::find(view.conn, customer, &digests)? {
        let digest: [u8; 32] = tombstone.digest.as_slice().try_into().map_err(Error::internal)?;
        // An older tombstone of the same epoch is of a life before: that of a person who came back once it had expired.
        let knows = |entry: &Entry| tombstone.epoch >= entry.epoch && tombstone.erased_at >= entry.erased_at;
        if erasures.get(&digest).is_some_and(knows) {
            erasures.remove(&digest);
        }
    }
    Ok(())
}

/// The people with these digests, found by working out everybody's.
fn find_people(
    view: &mut View<'_>,
    customer: CustomerId,
    erasures: &HashMap<[u8; 32], Entry>,
) -> Result<HashMap<[u8; 32], PersonId>, Error> {
    let keys = view.customer_keys(customer)?;
    let wanted: HashSet<&[u8; 32]> = erasures.keys().collect();
    let mut found = HashMap::new();
    let mut after = PersonId(0);
    loop {
        let rows = store::comparison::refs(view.conn, customer, after, PEOPLE)?;
        let Some((last, _)) = rows.last() else { return Ok(found) };
        after = *last;
        for (id, ref_index) in rows {
            let digest = tombstone_digest(&keys, &ref_index);
            if wanted.contains(&digest) {
                found.insert(digest, id);
            }
        }
    }
}

fn subject(entry: &Entry, people: &HashMap<[u8; 32], PersonId>) -> Subject {
    let Entry { digest, epoch, erased_at, .. } = *entry;
    Subject::Journalled { digest, person: people.get(&digest).copied(), epoch, erased_at }
}
