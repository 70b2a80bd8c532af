//! The journal of erasures: every erasure is noted outside the database, and repeated after a restore.

mod comparison;

pub use comparison::Compared;

use super::{App, Core};
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store::journal::{Entry, Journal};
use crate::store::url::Target;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// The pause after the first comparison that failed; it doubles from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The journal, and whether the database has been compared with it.
#[derive(Debug)]
pub(crate) struct Erasures {
    journal: Journal,
    /// Erasures of this process that the database has and the journal could not take.
    owed: Mutex<BTreeMap<(CustomerId, [u8; 32]), Entry>>,
    is_compared: AtomicBool,
    /// Which journal it was compared with, last.
    compared_with: Mutex<Option<Uuid>>,
    /// Entries that the comparison has still to look at.
    pending: AtomicU64,
    is_stopped: Mutex<bool>,
    stopped: Condvar,
}

impl Erasures {
    /// The journal at an address, not yet opened.
    ///
    /// # Errors
    /// Those of [`Journal::at`].
    pub fn at(address: &str, database: &Target) -> Result<Self, Error> {
        Ok(Self {
            journal: Journal::at(address, database)?,
            owed: Mutex::default(),
            is_compared: AtomicBool::new(false),
            compared_with: Mutex::default(),
            pending: AtomicU64::new(0),
            is_stopped: Mutex::new(false),
            stopped: Condvar::new(),
        })
    }

    /// The journal itself.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Notes erasures that are committed, and those that could not be noted before; all are on disk when it returns.
    ///
    /// A deletion that is sent again under its `Idempotency-Key` brings no entries of its own. It is answered all the
    /// same only when those of the first attempt are in the journal.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the journal cannot be written, or was exchanged for another, with which the database
    /// is compared first; the erasures stay owed.
    pub fn note(&self, entries: Vec<Entry>) -> Result<(), Error> {
        // Held while it is written: a retry must not be answered while the first attempt still waits for the disk.
        let mut owed = lock(&self.owed);
        owe(&mut owed, entries);
        if owed.is_empty() {
            return Ok(());
        }
        let all: Vec<Entry> = owed.values().copied().collect();
        self.is_same(self.journal.append(&all)?)?;
        owed.clear();
        Ok(())
    }

    /// From here on, this journal is the one.
    fn compares_with(&self, id: Uuid) {
        *lock(&self.compared_with) = Some(id);
    }

    /// Looks whether the journal is still the one that the database was compared with.
    ///
    /// # Errors
    /// As [`Erasures::note`].
    pub fn check(&self) -> Result<(), Error> {
        self.is_same(self.journal.id()?)
    }

    /// Turns red when the journal is not the one that the database was compared with: somebody took it away or put
    /// another in its place, and what stood in it is known to the database alone.
    fn is_same(&self, id: Uuid) -> Result<(), Error> {
        if lock(&self.compared_with).is_none_or(|compared| compared == id) {
            return Ok(());
        }
        tracing::error!("the journal of erasures is not the one that the database was compared with");
        self.is_compared.store(false, Ordering::SeqCst);
        let _stopped = lock(&self.is_stopped);
        self.stopped.notify_all();
        Err(Error::unavailable("the journal of erasures was exchanged for another"))
    }

    fn pause(&self, length: Duration) {
        let stopped = lock(&self.is_stopped);
        // Why it ends does not matter: whoever waits looks again.
        let _ = self.stopped.wait_timeout_while(stopped, length, |stopped| !*stopped);
    }

    /// Waits until the database is to be compared again, or the application stops.
    fn rest(&self) {
        let stopped = lock(&self.is_stopped);
        let is_well = |stopped: &mut bool| !*stopped && self.is_compared.load(Ordering::SeqCst);
        drop(self.stopped.wait_while(stopped, is_well));
    }

    fn is_stopped(&self) -> bool {
        *lock(&self.is_stopped)
    }

    /// Ends a comparison that waits for its next attempt, and closes the journal.
    pub fn stop(&self) {
        *lock(&self.is_stopped) = true;
        self.stopped.notify_all();
        self.journal.close();
    }

    /// Sets the gauges.
    pub fn observe(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("guestlog_journal_pending_entries").set(self.pending.load(Ordering::Relaxed) as f64);
        let compared = u8::from(self.is_compared.load(Ordering::SeqCst));
        metrics::gauge!("guestlog_journal_compared").set(f64::from(compared));
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("guestlog_journal_owed_entries").set(lock(&self.owed).len() as f64);
    }
}

fn owe(owed: &mut BTreeMap<(CustomerId, [u8; 32]), Entry>, entries: Vec<Entry>) {
    for entry in entries {
        let slot = owed.entry((entry.customer, entry.digest)).or_insert(entry);
        if (entry.epoch, entry.erased_at) > (slot.epoch, slot.erased_at) {
            *slot = entry;
        }
    }
}

/// What a panic left is as good as before: no change is made by halves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// Compares the database with the journal of erasures: notes what the journal lacks, and repeats what the database
    /// does not know because it was restored from a backup. Only then may anybody be served (REQUIREMENTS L-33).
    ///
    /// # Errors
    /// A journal that is damaged or out of reach, a database out of reach. What was done until then stays done.
    pub fn compare_with_journal(&self) -> Result<Compared, Error> {
        let core = &self.0.core;
        let compared = comparison::run(core)?;
        core.erasures.is_compared.store(true, Ordering::SeqCst);
        if compared.repeated > 0 || compared.noted > 0 {
            let Compared { noted, repeated, people } = compared;
            tracing::warn!(noted, repeated, people, "erasures were missing in the journal or in the database");
        }
        Ok(compared)
    }

    /// As [`App::compare_with_journal`], again and again until it is done, and once more whenever the journal turns out
    /// to have been exchanged for another; returns when the application stops.
    pub fn keep_compared(&self) {
        let mut pause = FIRST_PAUSE;
        while !self.0.core.erasures.is_stopped() {
            match self.compare_with_journal() {
                Ok(_) => {
                    self.0.core.erasures.rest();
                    pause = FIRST_PAUSE;
                    continue;
                }
                Err(_) if self.0.core.erasures.is_stopped() => return,
                Err(error) => tracing::error!(
                    error = %cause(&error),
                    retry_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    "nobody is served: the journal of erasures cannot be compared with the database"
                ),
            }
            self.0.core.erasures.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether the database has been compared with the journal, so that people may be served.
    ///
    /// # Errors
    /// [`Error::Unavailable`] until then.
    pub fn served(&self) -> Result<(), Error> {
        if self.0.core.erasures.is_compared.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(Error::unavailable("the journal of erasures is being compared with the database"))
    }

    /// Looks whether the journal is still the one that the database was compared with.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it is not, or is out of reach; nobody is served until they are compared.
    pub fn check_journal(&self) -> Result<(), Error> {
        self.0.core.erasures.check()
    }

    /// Drops entries from the journal that no backup which is kept can lack any more; returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the journal is out of reach.
    pub fn compact_journal(&self) -> Result<usize, Error> {
        self.0.core.compact_journal()
    }

    /// Notes in the journal what it could not take before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the journal cannot be written.
    pub fn note_owed(&self) -> Result<(), Error> {
        self.0.core.erasures.note(Vec::new())
    }
}

impl Core {
    /// As [`App::compact_journal`], for a job.
    ///
    /// # Errors
    /// As [`App::compact_journal`].
    pub(crate) fn compact_journal(&self) -> Result<usize, Error> {
        self.erasures.journal().compact(comparison::window_start(self))
    }
}

/// Says what the gauges mean, for whoever reads the metrics.
pub fn describe() {
    metrics::describe_gauge!("guestlog_journal_compared", "1 once erasures the database did not know are repeated.");
    metrics::describe_gauge!("guestlog_journal_pending_entries", "Entries of the journal still to be compared.");
    metrics::describe_gauge!("guestlog_journal_owed_entries", "Erasures that the journal could not take yet.");
    metrics::describe_counter!("guestlog_erasures_repeated_total", "Erasures repeated after a restore.");
}

/// The text of the cause, which [`Error`] keeps from clients.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
