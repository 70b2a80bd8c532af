//! Buckets of local time that counts are given in.

use super::zone::Zone;
use super::{FieldError, Timestamp, schema};
use chrono::{Datelike, Months, NaiveDate, TimeDelta, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The most buckets in one answer: more than a year of hours.
pub const MAX_BUCKETS: usize = 10_000;

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// An hour of the local clock.
    Hour,
    /// A local day.
    Day,
    /// A local week, from Monday (ISO 8601).
    Week,
    /// A local month.
    Month,
}

impl By {
    /// All lengths, in the order in which they are listed.
    pub const ALL: &'static [Self] = &[Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// `unknown_value`, with the allowed ones.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::ALL
            .iter()
            .find(|by| by.as_str() == text)
            .copied()
            .ok_or_else(|| FieldError::new("unknown_value", "must be one of: hour day week month"))
    }
}

schema::documented!(By, "By", schema::choice(By::ALL.iter().map(|by| by.as_str())));

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A stretch of time, from its first instant up to, not with, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Bucket {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// The bucket that an instant falls into.
///
/// Every instant has exactly one, and the next begins where it ends. An hour is cut off where the clocks
/// change within it, so a day of 25 hours has 25 and one of 23 has 23. Where the clock is set back over
/// midnight, the evening shown twice belongs to the new day, which had begun.
#[must_use]
pub fn bucket(by: By, zone: Zone, at: Timestamp) -> Bucket {
    let date = zone.local_date(at);
    match by {
        By::Hour => hour(zone, at),
        By::Day => calendar(zone, at, date, NaiveDate::succ_opt),
        By::Week => {
            let since_monday = TimeDelta::days(date.weekday().num_days_from_monday().into());
            let monday = date.checked_sub_signed(since_monday).unwrap_or(date);
            calendar(zone, at, monday, |monday| monday.checked_add_signed(TimeDelta::days(7)))
        }
        By::Month => {
            calendar(zone, at, date.with_day(1).unwrap_or(date), |first| first.checked_add_months(Months::new(1)))
        }
    }
}

/// The buckets, whole and in order, that cover the time from `from` up to `to`; none when that is empty.
///
/// # Errors
/// `too_many_buckets` for more than [`MAX_BUCKETS`].
pub fn buckets(by: By, zone: Zone, from: Timestamp, to: Timestamp) -> Result<Vec<Bucket>, FieldError> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        if found.len() == MAX_BUCKETS {
            return Err(FieldError::new(
                "too_many_buckets",
                format!("from and to must lie at most {MAX_BUCKETS} times the length of by apart"),
            ));
        }
        let next = bucket(by, zone, at);
        at = next.to;
        found.push(next);
    }
    Ok(found)
}

/// The stretch between the starts of two days in which `at` lies, walking from the one `first` begins.
fn calendar(zone: Zone, at: Timestamp, mut first: NaiveDate, next: impl Fn(&NaiveDate) -> Option<NaiveDate>) -> Bucket {
    let mut end = next(&first);
    // The local date lags behind where the clock was set back over midnight.
    while let Some(begun) = end.filter(|day| zone.day_start(*day) <= at) {
        first = begun;
        end = next(&first);
    }
    Bucket { from: zone.day_start(first), to: zone.day_start(end.unwrap_or(NaiveDate::MAX)) }
}

fn hour(zone: Zone, at: Timestamp) -> Bucket {
    let local = zone.local(at);
    // Clocks change on whole seconds.
    let second = Timestamp::EPOCH.plus_seconds(at.micros().div_euclid(1_000_000));
    let from = second.plus_seconds(-i64::from(local.minute() * 60 + local.second()));
    let to = from.plus_seconds(3_600);
    Bucket {
        from: change_between(zone, from, second).unwrap_or(from),
        to: change_between(zone, second, to).unwrap_or(to),
    }
}

/// The first instant after `early` up to `late` with another offset than `early` has; both whole seconds.
fn change_between(zone: Zone, early: Timestamp, late: Timestamp) -> Option<Timestamp> {
    let offset = |at: Timestamp| zone.local(at) - at.utc().naive_utc();
    let before = offset(early);
    if offset(late) == before {
        return None;
    }
    let (mut unchanged, mut changed) = (0, late.seconds_since(early));
    while changed - unchanged > 1 {
        let middle = i64::midpoint(unchanged, changed);
        if offset(early.plus_seconds(middle)) == before { unchanged = middle } else { changed = middle }
    }
    Some(early.plus_seconds(changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn seconds(bucket: Bucket) -> i64 {
        bucket.to.seconds_since(bucket.from)
    }

    fn day(zone: Zone, date: &str) -> Bucket {
        let date = date.parse().unwrap();
        Bucket { from: zone.day_start(date), to: zone.day_end(date) }
    }

    #[test]
    fn calendar_buckets() {
        let noon = at("2026-11-21T12:00:00+01:00");
        for (by, from, to) in [
            (By::Hour, "2026-11-21T12:00:00+01:00", "2026-11-21T13:00:00+01:00"),
            (By::Day, "2026-11-21T00:00:00+01:00", "2026-11-22T00:00:00+01:00"),
            (By::Week, "2026-11-16T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
            (By::Month, "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
        ] {
            assert_eq!(bucket(by, Zone::COPENHAGEN, noon), Bucket { from: at(from), to: at(to) });
            assert_eq!(serde_json::to_string(&by).unwrap(), format!("\"{by}\""));
            assert_eq!(By::parse(by.as_str()), Ok(by));
        }
        assert_eq!(By::parse("year").unwrap_err().code, "unknown_value");
    }

    #[test]
    fn clock_changes() {
        let copenhagen = Zone::COPENHAGEN;
        let length = |by, text| seconds(bucket(by, copenhagen, at(text)));
        assert_eq!(length(By::Week, "2026-03-25T12:00:00Z"), 167 * HOUR);
        assert_eq!(length(By::Week, "2026-10-21T12:00:00Z"), 169 * HOUR);
        assert_eq!(length(By::Month, "2026-03-25T12:00:00Z"), (31 * 24 - 1) * HOUR);
        for (zone, date, hours, length) in [
            (copenhagen, "2026-06-01", 24, 24 * HOUR),
            (copenhagen, "2026-03-29", 23, 23 * HOUR),
            (copenhagen, "2026-10-25", 25, 25 * HOUR),
            (zone("America/New_York"), "2026-11-01", 25, 25 * HOUR),
            (zone("Asia/Kathmandu"), "2026-06-01", 24, 24 * HOUR),
            (zone("Asia/Kolkata"), "2026-06-01", 24, 24 * HOUR),
            // Half an hour back or forward: the hour is cut short.
            (zone("Australia/Lord_Howe"), "2026-04-05", 25, 24 * HOUR + HOUR / 2),
            (zone("Australia/Lord_Howe"), "2026-10-04", 24, 23 * HOUR + HOUR / 2),
            (zone("America/Sao_Paulo"), "2018-11-04", 23, 23 * HOUR),
        ] {
            let day = day(zone, date);
            let found = buckets(By::Hour, zone, day.from, day.to).unwrap();
            assert_eq!((found.len(), seconds(day)), (hours, length), "{zone} {date}");
            assert_eq!((found[0].from, found[hours - 1].to), (day.from, day.to));
            assert_eq!(found.iter().copied().map(seconds).sum::<i64>(), length);
        }
    }

    #[test]
    fn hours_start_with_the_local_hour() {
        let kathmandu = bucket(By::Hour, zone("Asia/Kathmandu"), at("2026-06-01T12:20:30.5+05:45"));
        assert_eq!(kathmandu.from, at("2026-06-01T12:00:00+05:45"));
        let first = bucket(By::Hour, Zone::COPENHAGEN, at("2026-10-25T02:30:00+02:00"));
        let second = bucket(By::Hour, Zone::COPENHAGEN, at("2026-10-25T02:30:00+01:00"));
        assert_eq!((first.to, seconds(first), seconds(second)), (second.from, HOUR, HOUR));
    }

    #[test]
    fn a_clock_set_back_over_midnight_leaves_no_instant_out() {
        // 00:01 became 23:01 of the day before.
        let (zone, shown_again) = (zone("America/St_Johns"), at("2010-11-07T03:00:00Z"));
        assert_eq!(zone.local(shown_again).to_string(), "2010-11-06 23:30:00");
        assert_eq!(bucket(By::Day, zone, shown_again), day(zone, "2010-11-07"));
        // The new day's first hour lasted a minute, and what was left of the evening came again.
        let midnight = bucket(By::Hour, zone, at("2010-11-07T02:30:30Z"));
        assert_eq!(midnight, Bucket { from: at("2010-11-07T02:30:00Z"), to: at("2010-11-07T02:31:00Z") });
        assert_eq!(seconds(bucket(By::Hour, zone, midnight.to)), 59 * 60);
    }

    #[test]
    fn bounds() {
        let from = at("2026-01-01T00:00:00Z");
        let span = |hours: i64| buckets(By::Hour, Zone::COPENHAGEN, from, from.plus_seconds(hours * HOUR));
        assert_eq!(span(10_000).unwrap().len(), MAX_BUCKETS);
        let error = span(10_001).unwrap_err();
        assert!(error.code == "too_many_buckets" && error.detail.contains("10000"));
        assert_eq!(span(0), Ok(vec![]));
        assert_eq!(span(-5), Ok(vec![]));
    }

    fn by() -> impl Strategy<Value = By> {
        proptest::sample::select(By::ALL)
    }

    fn any_zone() -> impl Strategy<Value = Zone> {
        proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]).prop_map(|tz| zone(tz.name()))
    }

    proptest! {
        #[test]
        fn buckets_cover_without_gap_or_overlap(by in by(), zone in any_zone(), from in 0..4_000_000_000_000_000_i64, days in 0..90_i64) {
            let from = Timestamp::from_micros(from).unwrap();
            let to = from.plus_seconds(days * 24 * HOUR + 1);
            let found = buckets(by, zone, from, to).unwrap();
            prop_assert!(found[0].from <= from && found[found.len() - 1].to >= to);
            prop_assert!(found.iter().all(|bucket| bucket.from < bucket.to));
            prop_assert!(found.windows(2).all(|pair| pair[0].to == pair[1].from));
        }

        #[test]
        fn every_instant_counts_once(by in by(), zone in any_zone(), start in 0..4_000_000_000_i64, instants in proptest::collection::vec(0..5_000_000_i64, 0..60)) {
            let start = Timestamp::EPOCH.plus_seconds(start);
            let found = buckets(by, zone, start, start.plus_seconds(5_000_000)).unwrap();
            let mut counts = vec![0; found.len()];
            for instant in instants.iter().map(|seconds| start.plus_seconds(*seconds)) {
                let own = bucket(by, zone, instant);
                prop_assert!(own.from <= instant && instant < own.to);
                let index = found.iter().position(|bucket| *bucket == own);
                prop_assert!(index.is_some());
                counts[index.unwrap()] += 1;
            }
            prop_assert_eq!(counts.iter().sum::<usize>(), instants.len());
        }
    }
}
