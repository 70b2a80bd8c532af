//! The instants that a row tells of, and how they fit together.

use super::cells::Cells;
use super::mapping::Field;
use super::oddities::Oddity;
use super::times::{Moment, Times};
use crate::domain::event::EventType;
use crate::domain::zone::Note;
use crate::domain::{FieldError, Timestamp};

/// The instants of a row.
#[derive(Default)]
pub(super) struct Instants {
    pub booked_at: Option<Timestamp>,
    pub expected_at: Option<Timestamp>,
    /// Whether only the date was written.
    pub expected_by_date: bool,
    pub arrived_at: Option<Timestamp>,
    pub departed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    clock_changes: Vec<(Field, Oddity)>,
}

impl Instants {
    /// Reads them from a row; faults are noted in `cells`.
    pub fn read(cells: &mut Cells<'_>, times: Times<'_>) -> Self {
        let mut found = Self::default();
        match cells.text(Field::ExpectedAt, |text| times.read(text)) {
            Some(Moment::Instant(at, note)) => found.expected_at = Some(found.noted(Field::ExpectedAt, at, note)),
            Some(Moment::Day(at)) => (found.expected_at, found.expected_by_date) = (Some(at), true),
            None => {}
        }
        found.booked_at = found.instant(cells, times, Field::BookedAt);
        found.cancelled_at = found.instant(cells, times, Field::CancelledAt);
        found.arrived_at = found.instant(cells, times, Field::ArrivedAt);
        found.departed_at = found.instant(cells, times, Field::DepartedAt);
        found
    }

    fn instant(&mut self, cells: &mut Cells<'_>, times: Times<'_>, field: Field) -> Option<Timestamp> {
        match cells.text(field, |text| times.read(text))? {
            Moment::Instant(at, note) => Some(self.noted(field, at, note)),
            Moment::Day(_) => {
                cells.fault(field, FieldError::new("time_of_day_missing", "must have a time of day, not a date alone"));
                None
            }
        }
    }

    fn noted(&mut self, field: Field, at: Timestamp, note: Note) -> Timestamp {
        match note {
            Note::Exact => {}
            Note::Ambiguous => self.clock_changes.push((field, Oddity::AmbiguousTime)),
            Note::Skipped => self.clock_changes.push((field, Oddity::SkippedTime)),
        }
        at
    }

    /// What happened, and the field that says when.
    pub fn happened(&self) -> Vec<(Field, EventType, Timestamp)> {
        // Where nobody noted when a visit was booked, the first that is known of it is when it was to be.
        let announced = match self.booked_at {
            Some(at) => Some((Field::BookedAt, at)),
            None => self.expected_at.map(|at| (Field::ExpectedAt, at)),
        };
        let announced = announced.map(|(field, at)| (field, EventType::Expected, at));
        let others = [
            (Field::CancelledAt, EventType::Cancelled, self.cancelled_at),
            (Field::ArrivedAt, EventType::CheckedIn, self.arrived_at),
            (Field::DepartedAt, EventType::CheckedOut, self.departed_at),
        ];
        announced
            .into_iter()
            .chain(others.into_iter().filter_map(|(field, kind, at)| Some((field, kind, at?))))
            .collect()
    }

    pub fn oddities(&self) -> Vec<(Field, Oddity)> {
        let mut found = self.clock_changes.clone();
        if self.arrived_at.is_some_and(|arrived| self.booked_at.is_some_and(|booked| booked > arrived)) {
            found.push((Field::BookedAt, Oddity::BookedAfterArrival));
        }
        if self.cancelled_at.is_some() && self.arrived_at.is_some() {
            found.push((Field::CancelledAt, Oddity::CancelledButArrived));
        }
        match (self.arrived_at, self.departed_at) {
            (None, Some(_)) => found.push((Field::DepartedAt, Oddity::DepartedWithoutArrival)),
            (Some(arrived), Some(departed)) if departed < arrived => {
                found.push((Field::DepartedAt, Oddity::DepartedBeforeArrival));
            }
            _ => {}
        }
        found
    }
}
