//! What an import came to.

use crate::domain::event::{EventType, NewEvent};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// People are told apart up to so many; beyond, their number is not given, so that memory stays bounded.
const MOST_PEOPLE: usize = 4_000_000;

/// What an import came to; the same for a rehearsal, which writes nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Rows of the file.
    pub rows: Rows,
    /// Events drawn from them.
    pub events: Events,
    /// Guests named by imported events; none beyond four million.
    pub guests: Option<usize>,
    /// Hosts named by imported events; likewise.
    pub hosts: Option<usize>,
    /// Visits announced.
    pub expected: u64,
    /// Visits announced for a date without time of day; the first instant of that day stands.
    pub expected_by_date: u64,
    /// Visits cancelled.
    pub cancelled: u64,
    /// Check-ins.
    pub check_ins: u64,
    /// Check-outs.
    pub check_outs: u64,
    /// Check-ins of a guest who was in already by another row; none beyond a million check-ins.
    pub already_checked_in: Option<u64>,
    /// Errors by code.
    pub errors: BTreeMap<&'static str, u64>,
    /// Notices by code.
    pub notices: BTreeMap<&'static str, u64>,
    /// The file's columns that are not imported.
    pub columns_left_out: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Rows a second.
    pub rows_per_second: u64,
}

/// Rows of the file; what was read is imported or refused, and nothing is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// All below the header.
    pub read: u64,
    /// Stored whole, now or before.
    pub imported: u64,
    /// Left out, or stored before with another content; each has its line in the error report.
    pub refused: u64,
}

/// Events drawn from the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    /// Stored now; by a rehearsal, those that would be.
    pub created: u64,
    /// Stored before.
    pub duplicate: u64,
    /// Stored before with another content; a rehearsal does not look.
    pub conflict: u64,
    /// Refused by the store.
    pub rejected: u64,
    /// Left out: the customer has deleted the person.
    pub erased: u64,
}

impl Summary {
    /// Counts an event that is stored, or would be.
    pub(super) fn count(&mut self, event: &NewEvent) {
        match event.kind {
            EventType::Expected => self.expected += 1,
            EventType::Cancelled => self.cancelled += 1,
            EventType::CheckedIn => self.check_ins += 1,
            EventType::CheckedOut => self.check_outs += 1,
            _ => {}
        }
    }

    pub(super) fn finish(&mut self, elapsed_ms: u128) {
        self.rows.imported = self.rows.read - self.rows.refused;
        self.elapsed_ms = u64::try_from(elapsed_ms).unwrap_or(u64::MAX);
        self.rows_per_second = self.rows.read.saturating_mul(1_000) / self.elapsed_ms.max(1);
    }
}

/// Tells people apart by a digest that lives only as long as the import: eight bytes a person, not their refs.
#[derive(Default)]
pub(super) struct Distinct {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl Distinct {
    pub fn see(&mut self, reference: &str) {
        if self.seen.len() <= MOST_PEOPLE {
            self.seen.insert(self.hasher.hash_one(reference));
        }
    }

    /// How many there were; none when there were too many to tell.
    pub fn count(&self) -> Option<usize> {
        Some(self.seen.len()).filter(|&count| count <= MOST_PEOPLE)
    }
}
