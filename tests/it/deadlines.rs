//! The dates by which a case must be answered: the vectors of REQUIREMENTS 6.1, and every day of 2018 to 2045 against a
//! second implementation that shares nothing with the first but the calendar of the world.

use chrono::{Datelike, NaiveDate};
use guestlog::domain::Timestamp;
use guestlog::domain::calendar::Calendar;
use guestlog::domain::deadlines::{Case, TARGET_DAYS, hours_after};
use guestlog::domain::zone::Zone;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Received, safe limit, legal limit; safe and legal limit when extended.
const VECTORS: [[&str; 5]; 16] = [
    ["2026-03-05", "2026-04-05", "2026-04-07", "2026-06-05", "2026-06-05"],
    ["2026-08-31", "2026-09-30", "2026-09-30", "2026-11-30", "2026-11-30"],
    ["2027-01-29", "2027-02-28", "2027-03-01", "2027-04-29", "2027-04-29"],
    ["2027-01-31", "2027-02-28", "2027-03-01", "2027-04-30", "2027-04-30"],
    ["2028-01-31", "2028-02-29", "2028-02-29", "2028-04-30", "2028-05-01"],
    ["2026-12-31", "2027-01-31", "2027-02-01", "2027-03-31", "2027-03-31"],
    ["2026-11-25", "2026-12-25", "2026-12-28", "2027-02-25", "2027-02-25"],
    ["2026-12-01", "2027-01-01", "2027-01-04", "2027-03-01", "2027-03-01"],
    ["2027-02-25", "2027-03-25", "2027-03-30", "2027-05-25", "2027-05-25"],
    ["2027-02-28", "2027-03-28", "2027-03-30", "2027-05-28", "2027-05-28"],
    ["2027-04-06", "2027-05-06", "2027-05-07", "2027-07-06", "2027-07-06"],
    ["2023-04-05", "2023-05-05", "2023-05-08", "2023-07-05", "2023-07-05"],
    ["2024-03-26", "2024-04-26", "2024-04-26", "2024-06-26", "2024-06-26"],
    ["2026-05-05", "2026-06-05", "2026-06-05", "2026-08-05", "2026-08-05"],
    ["2026-07-24", "2026-08-24", "2026-08-24", "2026-10-24", "2026-10-26"],
    ["2026-10-31", "2026-11-30", "2026-11-30", "2027-01-31", "2027-02-01"],
];

#[test]
fn the_vectors() {
    let calendar = Calendar::default();
    for [received, safe, legal, extended_safe, extended_legal] in VECTORS {
        let case = Case { received: day(received), is_extended: false, suspended_days: 0 };
        let dates = case.deadlines(&calendar, TARGET_DAYS);
        assert_eq!((dates.safe, dates.legal), (day(safe), day(legal)), "{received}");
        let dates = Case { is_extended: true, ..case }.deadlines(&calendar, TARGET_DAYS);
        assert_eq!((dates.safe, dates.legal), (day(extended_safe), day(extended_legal)), "{received}, extended");
    }
}

#[test]
fn the_day_of_receipt_is_the_local_one() {
    for (received_at, local) in [("2026-06-30T22:30:00Z", "2026-07-01"), ("2026-12-31T23:30:00Z", "2027-01-01")] {
        assert_eq!(Case::received_at(at(received_at), Zone::COPENHAGEN).received, day(local));
    }
    // A day ends by the clock on the wall, in summer and in winter, and on the two days that are not 24 hours long.
    for (last, end) in [
        ("2026-07-31", "2026-07-31T22:00:00Z"),
        ("2026-12-31", "2026-12-31T23:00:00Z"),
        ("2026-03-29", "2026-03-29T22:00:00Z"),
        ("2026-10-25", "2026-10-25T23:00:00Z"),
    ] {
        assert_eq!(Zone::COPENHAGEN.day_end(day(last)), at(end), "{last}");
    }
}

#[test]
fn an_extension_is_for_the_first_month_and_once() {
    let case = Case { received: day("2027-01-31"), is_extended: false, suspended_days: 0 };
    assert!(case.may_be_extended_on(day("2027-01-31")) && case.may_be_extended_on(day("2027-02-28")));
    // The law's limit moves to the Monday; the time to extend does not.
    assert!(!case.may_be_extended_on(day("2027-03-01")) && !case.may_be_extended_on(day("2027-01-30")));
    assert!(!Case { is_extended: true, ..case }.may_be_extended_on(day("2027-02-01")));
}

#[test]
fn waiting_moves_the_legal_limit_alone() {
    let calendar = Calendar::default();
    let case = Case { received: day("2026-08-31"), is_extended: false, suspended_days: 0 };
    let waited = Case { suspended_days: 3, ..case }.deadlines(&calendar, TARGET_DAYS);
    assert_eq!(waited.safe, case.deadlines(&calendar, TARGET_DAYS).safe);
    assert_eq!(waited.legal, day("2026-10-05"), "30 September and three days is a Saturday");
}

#[test]
fn warnings_come_at_parts_of_the_time_until_the_safe_limit() {
    let received_at = at("2026-10-20T10:00:00Z");
    let case = Case::received_at(received_at, Zone::COPENHAGEN);
    let warnings = case.warnings(received_at, &Calendar::default(), Zone::COPENHAGEN);
    // To the end of 20 November: 31 days and 13 hours, for the clocks are set back on the way.
    let whole_s = (31 * 24 + 13) * 3_600;
    assert_eq!(warnings.map(|at| at.seconds_since(received_at)), [50, 75, 90].map(|percent| whole_s * percent / 100));
}

#[test]
fn working_days_are_counted_from_the_next() {
    let calendar = Calendar::default();
    for (from, count, to) in [
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-12-23", 1, "2026-12-24"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2027-03-24", 5, "2027-04-05"),
        ("2026-11-21", 0, "2026-11-21"),
    ] {
        assert_eq!(calendar.after_working_days(day(from), count), day(to), "{from} and {count}");
    }
    let further = Calendar { further: [(12, 24), (6, 5)].into() };
    assert_eq!(further.after_working_days(day("2026-12-23"), 1), day("2026-12-28"));
    assert!(further.is_holiday(day("2030-06-05")) && !calendar.is_holiday(day("2030-06-05")));
}

/// The second implementation: plain numbers, day by day.
mod second {
    pub type Date = (i32, u32, u32);

    fn days_in(year: i32, month: u32) -> u32 {
        match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    pub fn next((year, month, day): Date) -> Date {
        if day < days_in(year, month) {
            (year, month, day + 1)
        } else if month < 12 {
            (year, month + 1, 1)
        } else {
            (year + 1, 1, 1)
        }
    }

    fn later(date: Date, days: u32) -> Date {
        (0..days).fold(date, |date, _| next(date))
    }

    /// 0 is a Sunday (Sakamoto).
    fn weekday((year, month, day): Date) -> i32 {
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month as usize - 1];
        let year = if month < 3 { year - 1 } else { year };
        (year + year / 4 - year / 100 + year / 400 + shift + i32::try_from(day).unwrap()) % 7
    }

    /// Gauss's rule with its two exceptions, for 1900 to 2099.
    fn easter(year: i32) -> Date {
        let golden = year % 19;
        let moon = (19 * golden + 24) % 30;
        let sunday = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7;
        let day = u32::try_from(22 + moon + sunday).unwrap();
        match day {
            57 => (year, 4, 19),
            56 if moon == 28 && sunday == 6 && golden > 10 => (year, 4, 18),
            32.. => (year, 4, day - 31),
            _ => (year, 3, day),
        }
    }

    fn is_free(date: Date) -> bool {
        let (year, month, day) = date;
        if [0, 6].contains(&weekday(date)) || [(1, 1), (12, 25), (12, 26)].contains(&(month, day)) {
            return true;
        }
        let easter = easter(year);
        // Maundy Thursday and Good Friday lie before it.
        let moving = [1, 26, 39, 49, 50];
        later(date, 3) == easter
            || later(date, 2) == easter
            || moving.into_iter().any(|days| later(easter, days) == date && (days != 26 || year < 2024))
    }

    pub fn month_later((year, month, day): Date, months: u32) -> Date {
        let (mut year, mut month) = (year, month);
        for _ in 0..months {
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        (year, month, day.min(days_in(year, month)))
    }

    pub fn working(mut date: Date) -> Date {
        while is_free(date) {
            date = next(date);
        }
        date
    }
}

#[test]
fn every_day_from_2018_to_2045_as_the_second_implementation_says() {
    let calendar = Calendar::default();
    let parts = |day: NaiveDate| (day.year(), day.month(), day.day());
    let (mut date, mut days) = ((2018, 1, 1), 0);
    while date.0 <= 2045 {
        let received = NaiveDate::from_ymd_opt(date.0, date.1, date.2).unwrap();
        let case = Case { received, is_extended: false, suspended_days: 0 };
        for (is_extended, months) in [(false, 1), (true, 3)] {
            let dates = Case { is_extended, ..case }.deadlines(&calendar, TARGET_DAYS);
            let safe = second::month_later(date, months);
            assert_eq!((parts(dates.safe), parts(dates.legal)), (safe, second::working(safe)), "{received}");
            assert!(received < dates.target && dates.target <= dates.safe && dates.safe <= dates.legal, "{received}");
        }
        date = second::next(date);
        days += 1;
    }
    assert_eq!(days, 10_227);
}

#[test]
fn seventy_two_hours_are_hours_whatever_the_clocks_do() {
    // REQUIREMENTS 6.2: when it was known, when it must be told, both by the clock on the wall, and the limit in UTC.
    for (aware, utc, local) in [
        ("2026-03-27T12:00:00+01:00", "2026-03-30T11:00:00Z", "2026-03-30T13:00:00"),
        ("2026-03-28T23:30:00+01:00", "2026-03-31T22:30:00Z", "2026-04-01T00:30:00"),
        ("2026-10-23T12:00:00+02:00", "2026-10-26T10:00:00Z", "2026-10-26T11:00:00"),
        ("2026-10-24T23:30:00+02:00", "2026-10-27T21:30:00Z", "2026-10-27T22:30:00"),
        ("2026-12-24T16:20:00+01:00", "2026-12-27T15:20:00Z", "2026-12-27T16:20:00"),
    ] {
        let limit = hours_after(at(aware), 72);
        assert_eq!(limit, at(utc), "{aware}");
        assert_eq!(Zone::COPENHAGEN.local(limit).to_string(), local.replace('T', " "), "{aware}");
    }
}

#[test]
fn a_week_has_167_or_169_hours_when_the_clocks_change() {
    for (monday, hours) in [("2026-03-23", 167), ("2026-10-19", 169), ("2026-11-16", 168), ("2028-02-28", 168)] {
        let monday = day(monday);
        let end = Zone::COPENHAGEN.day_end(monday + chrono::Days::new(6));
        assert_eq!(end.seconds_since(Zone::COPENHAGEN.day_start(monday)), hours * 3_600, "{monday}");
    }
}
