//! Guests who checked in while being in: found over the whole file, since its rows may stand in any order.

use super::mapping::Field;
use crate::domain::event::{EventType, NewEvent};
use std::hash::{BuildHasher, RandomState};

/// Check-ins are compared up to so many, at 48 bytes each; beyond, none is reported, so that memory stays bounded.
const MOST_CHECK_INS: usize = 1_000_000;

/// One check-in; guest and event by a digest that lives only as long as the import.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    guest: u64,
    from_us: i64,
    event: u64,
    until_us: i64,
    row: u64,
    line: u64,
}

/// The check-ins of a file.
#[derive(Default)]
pub(super) struct Overlaps {
    hasher: RandomState,
    spans: Vec<Span>,
    too_many: bool,
}

impl Overlaps {
    /// Takes in a row's events; those without a check-in do not matter.
    pub fn see(&mut self, row: u64, line: u64, events: &[(NewEvent, Field)]) {
        let of = |kind| events.iter().map(|(event, _)| event).find(|event| event.kind == kind);
        let Some(check_in) = of(EventType::CheckedIn) else { return };
        if self.spans.len() == MOST_CHECK_INS {
            self.too_many = true;
            return;
        }
        let from_us = check_in.occurred_at.micros();
        let departed_us = of(EventType::CheckedOut).map(|event| event.occurred_at.micros());
        self.spans.push(Span {
            guest: self.hasher.hash_one(check_in.person.reference.as_str()),
            from_us,
            event: self.hasher.hash_one(check_in.id.0),
            // As in the projection of visits: who left before coming stays in.
            until_us: departed_us.filter(|&until| until >= from_us).unwrap_or(i64::MAX),
            row,
            line,
        });
    }

    /// Row and line of each check-in of a guest who was in by an earlier one; none when there were too many to tell.
    pub fn found(mut self) -> Option<Vec<(u64, u64)>> {
        if self.too_many {
            return None;
        }
        self.spans.sort_unstable();
        self.spans.dedup_by_key(|span| (span.guest, span.event));
        let mut found = Vec::new();
        let mut guest = None;
        let mut in_until_us = i64::MIN;
        for span in self.spans {
            if guest != Some(span.guest) {
                (guest, in_until_us) = (Some(span.guest), i64::MIN);
            }
            if span.from_us <= in_until_us {
                found.push((span.row, span.line));
            }
            in_until_us = in_until_us.max(span.until_us);
        }
        found.sort_unstable();
        Some(found)
    }
}
