//! The journal of erasures, outside the database that it speaks of.
//!
//! A database that is restored from a backup is as it was before later erasures, and does not know it. The journal
//! does: it is compared with the database at each start, and what the database does not know is repeated before anybody
//! is served (Datatilsynet's guidance on deletion; REQUIREMENTS L-33). It holds keyed digests and no ref, name or key.

mod error;
mod file;
mod line;
mod table;

pub use error::JournalError;

use super::url::{self, Target};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use file::FileJournal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use table::TableJournal;
use uuid::Uuid;

/// One person's erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The deletion that it was part of; nil where only its tombstone tells of it.
    pub deletion: PublicId,
    /// Whose person it was.
    pub customer: CustomerId,
    /// The tombstone's keyed digest.
    pub digest: [u8; 32],
    /// Which life of the ref was erased.
    pub epoch: i32,
    /// When.
    pub erased_at: Timestamp,
}

/// An entry as the journal holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its number, growing and never used twice; numbers may be left out.
    pub seq: u64,
    /// What it says.
    pub entry: Entry,
}

/// What one of the two kinds of journal does.
trait Keeper: Send {
    /// Which journal this is: random, and kept for as long as the journal is.
    fn id(&mut self) -> Result<Uuid, JournalError>;
    /// The number of the newest entry there ever was; 0 without any.
    fn last_seq(&mut self) -> Result<u64, JournalError>;
    /// Adds entries, numbered above `floor`; they are on disk when it returns, and none of them is when it fails.
    fn append(&mut self, entries: &[Entry], floor: u64) -> Result<(), JournalError>;
    /// Hands on the entries after `seq`, in their order, until `take` fails.
    fn read_after(&mut self, seq: u64, take: Taker<'_>) -> Result<(), Error>;
    /// Drops entries of erasures before an instant; returns how many.
    fn compact(&mut self, before: Timestamp) -> Result<usize, JournalError>;
    /// Lets go of connections and files.
    fn close(&mut self);
}

/// Takes the entries that are read.
type Taker<'a> = &'a mut dyn FnMut(Stored) -> Result<(), Error>;

/// Where a journal is.
enum Place {
    File(PathBuf),
    Table(String, Target),
}

/// The journal, opened when it is first needed and anew after a fault, so that it may come back while the service runs.
pub struct Journal {
    place: Place,
    keeper: Mutex<Slot>,
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Default)]
struct Slot {
    keeper: Option<Box<dyn Keeper>>,
    floor: u64,
}

/// What one caller of [`Journal::append`] wants written, and where its outcome is left by whoever writes it.
struct Waiting {
    entries: Vec<Entry>,
    outcome: Arc<Mutex<Option<Outcome>>>,
}

type Outcome = Result<Uuid, Arc<JournalError>>;

impl Journal {
    /// The journal at an address: `file://PATH`, `sqlite://PATH` or `postgres://…`; opens nothing yet.
    ///
    /// # Errors
    /// [`Error::Internal`] with [`JournalError::Address`] or [`JournalError::Url`] when it cannot be read, and
    /// [`JournalError::OwnDatabase`] when it names the very database that it speaks of.
    pub fn at(address: &str, database: &Target) -> Result<Self, Error> {
        let place = place(address)?;
        let is_own = match (&place, database) {
            (Place::File(path) | Place::Table(_, Target::Sqlite(path)), Target::Sqlite(own)) => is_same_file(path, own),
            (Place::Table(_, target), _) => target.redacted() == database.redacted(),
            (Place::File(_), Target::Postgres(_)) => false,
        };
        if is_own {
            return Err(JournalError::OwnDatabase.into());
        }
        Ok(Self { place, keeper: Mutex::default(), waiting: Mutex::default() })
    }

    /// Which journal this is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it is out of reach or damaged; so for all of these.
    pub fn id(&self) -> Result<Uuid, Error> {
        self.with(|slot, _| slot.id())
    }

    /// The number of the newest entry there ever was; 0 without any.
    ///
    /// # Errors
    /// As [`Journal::id`].
    pub fn last_seq(&self) -> Result<u64, Error> {
        self.with(|slot, _| slot.last_seq())
    }

    /// Numbers all further entries of this process above `seq`.
    ///
    /// For a journal that has lost its end: databases and backups have been compared beyond it, and would pass over
    /// entries that took the same numbers again.
    pub fn number_above(&self, seq: u64) {
        let mut slot = lock(&self.keeper);
        slot.floor = slot.floor.max(seq);
    }

    /// Adds entries; they are on disk when it returns. Callers at the same time share one write. Returns which journal
    /// they are in: one that is taken away is made anew, and then lacks all entries before.
    ///
    /// # Errors
    /// As [`Journal::id`]; a full disk is one of its reasons. Then nothing was added, and it may be tried again.
    pub fn append(&self, entries: &[Entry]) -> Result<Uuid, Error> {
        let mine = Arc::new(Mutex::new(None));
        lock(&self.waiting).push(Waiting { entries: entries.to_vec(), outcome: Arc::clone(&mine) });
        // Whoever gets here first writes for all that wait by then; the others find their outcome.
        let mut slot = lock(&self.keeper);
        if lock(&mine).is_none() {
            let group = std::mem::take(&mut *lock(&self.waiting));
            let all: Vec<Entry> = group.iter().flat_map(|waiting| waiting.entries.iter().copied()).collect();
            let outcome = self.opened(&mut slot, |keeper, floor| {
                if !all.is_empty() {
                    keeper.append(&all, floor)?;
                }
                keeper.id()
            });
            let outcome = outcome.map_err(Arc::<JournalError>::new);
            for waiting in group {
                *lock(&waiting.outcome) = Some(outcome.clone());
            }
        }
        drop(slot);
        let outcome = lock(&mine).take();
        outcome.unwrap_or_else(|| Err(Arc::new(JournalError::Lost))).map_err(Error::unavailable)
    }

    /// Hands on the entries after `seq`, in their order.
    ///
    /// # Errors
    /// As [`Journal::id`], and those of `take`, at which it stops. `take` must not use the journal, which waits for it.
    pub fn read_after(&self, seq: u64, take: &mut dyn FnMut(Stored) -> Result<(), Error>) -> Result<(), Error> {
        self.opened(&mut lock(&self.keeper), |keeper, _| keeper.read_after(seq, take))
    }

    /// Drops the entries of erasures before an instant: no backup that is kept is older. Returns how many.
    ///
    /// # Errors
    /// As [`Journal::id`].
    pub fn compact(&self, before: Timestamp) -> Result<usize, Error> {
        self.with(|slot, _| slot.compact(before))
    }

    /// The file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Table(..) => None,
        }
    }

    /// Lets go of connections and files; the next use opens it again.
    pub fn close(&self) {
        if let Some(mut keeper) = lock(&self.keeper).keeper.take() {
            keeper.close();
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut dyn Keeper, u64) -> Result<T, JournalError>) -> Result<T, Error> {
        Ok(self.opened(&mut lock(&self.keeper), work)?)
    }

    /// Works on the open journal; after a fault it is opened, and so examined, anew.
    fn opened<T, E: From<JournalError>>(
        &self,
        slot: &mut Slot,
        work: impl FnOnce(&mut dyn Keeper, u64) -> Result<T, E>,
    ) -> Result<T, E> {
        let floor = slot.floor;
        let outcome = work(self.open(slot)?, floor);
        if outcome.is_err()
            && let Some(mut keeper) = slot.keeper.take()
        {
            keeper.close();
        }
        outcome
    }

    fn open<'a>(&self, slot: &'a mut Slot) -> Result<&'a mut dyn Keeper, JournalError> {
        let keeper = match slot.keeper.take() {
            Some(keeper) => keeper,
            None => match &self.place {
                Place::File(path) => Box::new(FileJournal::open(path)?) as Box<dyn Keeper>,
                Place::Table(url, _) => Box::new(TableJournal::open(url)?),
            },
        };
        Ok(slot.keeper.insert(keeper).as_mut())
    }
}

/// Without the address, which may hold a password.
impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("file", &self.file()).finish_non_exhaustive()
    }
}

fn place(address: &str) -> Result<Place, JournalError> {
    let Some(path) = address.strip_prefix("file://") else {
        let target = url::parse(address).map_err(JournalError::Url)?;
        return Ok(Place::Table(address.to_owned(), target));
    };
    if path.is_empty() || path.ends_with('/') || path.chars().any(char::is_control) {
        return Err(JournalError::Address);
    }
    Ok(Place::File(PathBuf::from(path)))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// What a panic left is as good as before: each change is made whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
