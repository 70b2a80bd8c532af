//! Danish working days, as Regulation (EEC, Euratom) 1182/71 counts them.
//!
//! A limit moves past Saturdays, Sundays and public holidays (Article 3(4)). Which days those are each member state
//! says; where it is in doubt a day is not counted, for too few holidays err on the safe side (REQUIREMENTS L-23).

use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::collections::BTreeSet;

/// The last year in which Great Prayer Day was a holiday.
const LAST_GREAT_PRAYER_DAY: i32 = 2023;
/// Days from Easter Sunday to the holidays that move with it: Maundy Thursday, Good Friday, Easter Sunday and Monday,
/// Ascension Day, Whit Sunday and Monday.
const WITH_EASTER: [i64; 7] = [-3, -2, 0, 1, 39, 49, 50];
/// The same to Great Prayer Day.
const GREAT_PRAYER_DAY: i64 = 26;
/// Holidays of every year, as month and day.
const FIXED: [(u32, u32); 3] = [(1, 1), (12, 25), (12, 26)];

/// Which days are holidays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Days that count as holidays every year beside those of the law, as month and day: `(6, 5)` for Constitution Day.
    pub further: BTreeSet<(u32, u32)>,
}

impl Calendar {
    /// Whether a day is a public holiday.
    #[must_use]
    pub fn is_holiday(&self, day: NaiveDate) -> bool {
        let date = (day.month(), day.day());
        let from_easter = easter_sunday(day.year()).map(|easter| day.signed_duration_since(easter).num_days());
        FIXED.contains(&date)
            || self.further.contains(&date)
            || from_easter.is_some_and(|days| {
                WITH_EASTER.contains(&days) || (days == GREAT_PRAYER_DAY && day.year() <= LAST_GREAT_PRAYER_DAY)
            })
    }

    /// Whether a day is neither Saturday, Sunday nor holiday.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.is_holiday(day)
    }

    /// The day itself, or the next working day when it is none.
    #[must_use]
    pub fn working_day_from(&self, day: NaiveDate) -> NaiveDate {
        day.iter_days().find(|day| self.is_working_day(*day)).unwrap_or(day)
    }

    /// The day by whose end so many working days have passed since `day`, which does not count itself (Article 3(1)).
    #[must_use]
    pub fn after_working_days(&self, day: NaiveDate, count: u16) -> NaiveDate {
        let later = day.iter_days().skip(1).filter(|day| self.is_working_day(*day));
        usize::from(count).checked_sub(1).and_then(|before| later.into_iter().nth(before)).unwrap_or(day)
    }
}

/// Easter Sunday of a year of the Gregorian calendar (the anonymous algorithm of 1876, after Meeus).
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let (leaps, odd) = (century / 4, century % 4);
    let moon = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leaps - moon + 15).rem_euclid(30);
    let sunday = (32 + 2 * odd + 2 * (of_century / 4) - epact - of_century % 4).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * sunday) / 451;
    let days = u64::try_from(epact + sunday - 7 * late).ok()?;
    NaiveDate::from_ymd_opt(year, 3, 22)?.checked_add_days(Days::new(days))
}
