//! By when a request of a person must be answered (Article 12(3)), counted as Regulation 1182/71 counts.
//!
//! Every date is worked out from the day of receipt, never from another date: a month after 31 January and two more are
//! the end of April (REQUIREMENTS L-21 to L-26).

use super::Timestamp;
use super::calendar::Calendar;
use super::zone::Zone;
use chrono::{Days, Months, NaiveDate};

/// After so many days, at the latest, a case should be answered.
pub const TARGET_DAYS: u16 = 14;
/// At these shares of the time until the safe limit somebody is warned, in per cent.
pub const WARNINGS_PERCENT: [u8; 3] = [50, 75, 90];

/// The dates by whose end a case is to be answered; each is a whole day, in the zone of the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// When it should be.
    pub target: NaiveDate,
    /// When it must be by the shortest reading: not moved past holidays, not suspended. Alarms follow it.
    pub safe: NaiveDate,
    /// When it must be by law: moved to the next working day.
    pub legal: NaiveDate,
}

/// When a case was received, and what changes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The local day on which it reached the controller by any channel.
    pub received: NaiveDate,
    /// Whether it was extended by two months.
    pub is_extended: bool,
    /// Days on which an answer of the person was waited for; they may suspend the legal limit, and no other date.
    pub suspended_days: u16,
}

impl Case {
    /// A case received at an instant, not extended.
    #[must_use]
    pub fn received_at(at: Timestamp, zone: Zone) -> Self {
        Self { received: zone.local_date(at), is_extended: false, suspended_days: 0 }
    }

    /// The dates, with the target so many days after receipt.
    #[must_use]
    pub fn deadlines(&self, calendar: &Calendar, target_days: u16) -> Deadlines {
        let safe = months_after(self.received, if self.is_extended { 3 } else { 1 });
        let target = days_after(self.received, target_days).min(safe);
        let legal = calendar.working_day_from(days_after(safe, self.suspended_days));
        Deadlines { target, safe, legal }
    }

    /// Whether the case may still be extended on a day: only within the first month, and once.
    #[must_use]
    pub fn may_be_extended_on(&self, day: NaiveDate) -> bool {
        !self.is_extended && (self.received..=months_after(self.received, 1)).contains(&day)
    }

    /// The instants of the warnings: parts of the time from the receipt to the end of the safe day.
    #[must_use]
    pub fn warnings(&self, received_at: Timestamp, calendar: &Calendar, zone: Zone) -> [Timestamp; 3] {
        let end = zone.day_end(self.deadlines(calendar, TARGET_DAYS).safe);
        let whole_s = end.seconds_since(received_at).max(0);
        WARNINGS_PERCENT.map(|percent| received_at.plus_seconds(whole_s * i64::from(percent) / 100))
    }
}

/// The instant so many hours later: a limit in hours runs by the hour, on holidays too (REQUIREMENTS 6.2).
#[must_use]
pub fn hours_after(at: Timestamp, hours: u16) -> Timestamp {
    at.plus_seconds(i64::from(hours) * 3_600)
}

/// The day of the same number so many months later, or the last of that month (Article 3(2)(c)).
fn months_after(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

fn days_after(day: NaiveDate, days: u16) -> NaiveDate {
    day.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}
