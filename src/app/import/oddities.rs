//! What is odd about a row, though not wrong: told and counted, and the row imported.

/// What is odd about a row that is imported all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Oddity {
    /// The clock showed this time twice, being set back: the earlier is taken.
    AmbiguousTime,
    /// The clock never showed this time, being set forward: it is moved forward by as much.
    SkippedTime,
    /// The visit was booked after the guest had come.
    BookedAfterArrival,
    /// The visit was cancelled, and the guest came.
    CancelledButArrived,
    /// The guest left without having come.
    DepartedWithoutArrival,
    /// The guest left before having come.
    DepartedBeforeArrival,
    /// A cell holds a civil registration number: the cell is left out, the rest of the row is imported.
    CivilNumber,
    /// The guest checked in while being in.
    AlreadyCheckedIn,
}

impl Oddity {
    /// Its code in reports and summaries.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AmbiguousTime => "ambiguous_time",
            Self::SkippedTime => "skipped_time",
            Self::BookedAfterArrival => "booked_after_arrival",
            Self::CancelledButArrived => "cancelled_but_arrived",
            Self::DepartedWithoutArrival => "departed_without_arrival",
            Self::DepartedBeforeArrival => "departed_before_arrival",
            Self::CivilNumber => "cpr_number_left_out",
            Self::AlreadyCheckedIn => "already_checked_in",
        }
    }

    /// What became of it, for people.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::AmbiguousTime => "the clock showed this time twice, being set back; the earlier one is taken",
            Self::SkippedTime => "the clock skipped this time, being set forward; it is moved forward by as much",
            Self::BookedAfterArrival => "lies after the check-in; kept as it is",
            Self::CancelledButArrived => "the guest came all the same; kept as it is",
            Self::DepartedWithoutArrival => "there is no check-in; the check-out waits for one",
            Self::DepartedBeforeArrival => "lies before the check-in; the visit stays open",
            Self::CivilNumber => {
                "holds what looks like a civil registration number (CPR), which is not stored: the cell is left out"
            }
            Self::AlreadyCheckedIn => "the guest was in already by another row; both are kept",
        }
    }
}
