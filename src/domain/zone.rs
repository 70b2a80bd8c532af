//! Time zones: between instants and what the clock on the wall shows.

use super::{FieldError, Timestamp, schema};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// An instant found for a local time, and how surely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The instant.
    pub at: Timestamp,
    /// Whether the clocks changed around it.
    pub note: Note,
}

/// How a local time became an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The clock showed it once.
    Exact,
    /// The clock showed it twice, being set back: the earlier is taken.
    Ambiguous,
    /// The clock never showed it, being set forward: it is moved forward by as much.
    Skipped,
}

impl Zone {
    /// `Europe/Copenhagen`, the default of sites and customers.
    pub const COPENHAGEN: Self = Self(Tz::Europe__Copenhagen);

    /// Reads an IANA name, such as `Europe/Copenhagen`.
    ///
    /// # Errors
    /// `unknown_time_zone`.
    pub fn parse(name: &str) -> Result<Self, FieldError> {
        name.parse().map(Self).map_err(|_| {
            FieldError::new("unknown_time_zone", "must be the IANA name of a time zone, such as Europe/Copenhagen")
        })
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What the clock on the wall shows at an instant.
    #[must_use]
    pub fn local(self, at: Timestamp) -> NaiveDateTime {
        let utc = at.utc().naive_utc();
        let offset = self.0.offset_from_utc_datetime(&utc).fix();
        utc.checked_add_offset(offset).unwrap_or(utc)
    }

    /// The instant in RFC 3339, as the clock on the wall shows it and with the offset in force then.
    #[must_use]
    pub fn rfc3339(self, at: Timestamp) -> String {
        let offset = self.0.offset_from_utc_datetime(&at.utc().naive_utc()).fix();
        at.utc().with_timezone(&offset).to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }

    /// The date on the wall at an instant.
    #[must_use]
    pub fn local_date(self, at: Timestamp) -> NaiveDate {
        self.local(at).date()
    }

    /// The instant at which the clock shows `local`.
    ///
    /// A note says when the clocks changed around it, for a caller that reports such times.
    #[must_use]
    pub fn resolve(self, local: NaiveDateTime) -> Resolved {
        let found = self.0.offset_from_local_datetime(&local).map(|offset| instant(local, &offset));
        if let Some(at) = found.single() {
            return Resolved { at, note: Note::Exact };
        }
        if let (Some(one), Some(other)) = (found.earliest(), found.latest()) {
            return Resolved { at: one.min(other), note: Note::Ambiguous };
        }
        // Read by the clock that was not yet set forward, which moves it by just the gap.
        let before = self.gap(local).map(|(_, offset)| instant(local, &offset));
        Resolved { at: before.unwrap_or_else(|| Timestamp::new(local.and_utc())), note: Note::Skipped }
    }

    /// The first instant of a local day, also where the clocks skip midnight.
    ///
    /// A day that a zone skipped altogether starts and ends with the next one's first instant.
    #[must_use]
    pub fn day_start(self, date: NaiveDate) -> Timestamp {
        let midnight = date.and_time(NaiveTime::MIN);
        let resolved = self.resolve(midnight);
        match (resolved.note, self.gap(midnight)) {
            (Note::Skipped, Some((from, offset))) => instant(from, &offset),
            _ => resolved.at,
        }
    }

    /// The first instant after a local day: the start of the next.
    #[must_use]
    pub fn day_end(self, date: NaiveDate) -> Timestamp {
        self.day_start(date.checked_add_signed(TimeDelta::days(1)).unwrap_or(date))
    }

    /// Where `local` was skipped: the first time skipped, and the offset in force until then.
    fn gap(self, local: NaiveDateTime) -> Option<(NaiveDateTime, impl Offset)> {
        GapInfo::new(&local, &self.0).and_then(|gap| gap.begin)
    }
}

fn instant(local: NaiveDateTime, offset: &impl Offset) -> Timestamp {
    Timestamp::new(local.checked_sub_offset(offset.fix()).unwrap_or(local).and_utc())
}

impl Default for Zone {
    fn default() -> Self {
        Self::COPENHAGEN
    }
}

schema::documented!(Zone, "TimeZone", schema::formatted("iana-time-zone", "Europe/Copenhagen"));

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn resolved(name: &str, local: &str) -> (String, Note) {
        let Resolved { at, note } = zone(name).resolve(local.parse().unwrap());
        (at.utc().format("%FT%TZ").to_string(), note)
    }

    fn day(name: &str, date: &str) -> (String, i64) {
        let (zone, date) = (zone(name), date.parse().unwrap());
        let (start, end) = (zone.day_start(date), zone.day_end(date));
        (start.utc().format("%FT%TZ").to_string(), end.seconds_since(start))
    }

    #[test]
    fn names() {
        assert_eq!(Zone::default().name(), "Europe/Copenhagen");
        assert_eq!(zone("America/New_York").to_string(), "America/New_York");
        for name in ["", "CPH", "europe/copenhagen", "+01:00", "Europe/Copenhagen "] {
            assert_eq!(Zone::parse(name).unwrap_err().code, "unknown_time_zone");
        }
        assert_eq!(serde_json::to_string(&Zone::COPENHAGEN).unwrap(), "\"Europe/Copenhagen\"");
        assert_eq!(serde_json::from_str::<Zone>("\"Asia/Kathmandu\"").unwrap(), zone("Asia/Kathmandu"));
        assert!(!serde_json::from_str::<Zone>("\"secret\"").unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn an_instant_is_written_with_the_offset_of_its_day() {
        for (at, written) in [
            ("2026-01-15T11:00:00Z", "2026-01-15T12:00:00+01:00"),
            ("2026-07-15T11:00:00.25Z", "2026-07-15T13:00:00.250+02:00"),
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"),
            ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"),
        ] {
            assert_eq!(Zone::COPENHAGEN.rfc3339(Timestamp::parse(at).unwrap()), written);
        }
        assert_eq!(zone("UTC").rfc3339(Timestamp::EPOCH), "1970-01-01T00:00:00+00:00");
    }

    #[test]
    fn clock_changes() {
        for (name, local, at, note) in [
            ("Europe/Copenhagen", "2026-01-15T12:00:00", "2026-01-15T11:00:00Z", Note::Exact),
            ("Europe/Copenhagen", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z", Note::Exact),
            ("Europe/Copenhagen", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z", Note::Skipped),
            ("Europe/Copenhagen", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z", Note::Skipped),
            ("Europe/Copenhagen", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z", Note::Exact),
            ("Europe/Copenhagen", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z", Note::Exact),
            ("Europe/Copenhagen", "2026-10-25T02:00:00", "2026-10-25T00:00:00Z", Note::Ambiguous),
            ("Europe/Copenhagen", "2026-10-25T02:59:59", "2026-10-25T00:59:59Z", Note::Ambiguous),
            ("Europe/Copenhagen", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z", Note::Exact),
            ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00Z", Note::Skipped),
            ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z", Note::Ambiguous),
            ("America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00Z", Note::Exact),
            ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00Z", Note::Skipped),
            ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z", Note::Skipped),
        ] {
            assert_eq!(resolved(name, local), (at.to_owned(), note), "{name} {local}");
        }
    }

    #[test]
    fn days() {
        const HOUR: i64 = 3_600;
        for (name, date, start, seconds) in [
            ("Europe/Copenhagen", "2026-06-01", "2026-05-31T22:00:00Z", 24 * HOUR),
            ("Europe/Copenhagen", "2026-03-29", "2026-03-28T23:00:00Z", 23 * HOUR),
            ("Europe/Copenhagen", "2026-10-25", "2026-10-24T22:00:00Z", 25 * HOUR),
            ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23 * HOUR),
            ("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25 * HOUR),
            // Midnight is skipped, comes twice, or lies within a gap that began before it.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23 * HOUR),
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23 * HOUR),
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25 * HOUR),
            ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z", 23 * HOUR + HOUR / 2),
            // A day left out at the date line.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24 * HOUR),
        ] {
            assert_eq!(day(name, date), (start.to_owned(), seconds), "{name} {date}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_held() {
        let kiritimati = zone("Pacific/Kiritimati");
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            let at = kiritimati.day_start(date);
            let _ = (kiritimati.local(at), kiritimati.day_end(date), zone("Pacific/Niue").local(at));
        }
    }

    proptest! {
        #[test]
        fn what_the_clock_showed_resolves_to_it(index in 0..chrono_tz::TZ_VARIANTS.len(), micros in 0..2_500_000_000_000_000_i64) {
            let (zone, at) = (Zone(chrono_tz::TZ_VARIANTS[index]), Timestamp::from_micros(micros).unwrap());
            let back = zone.resolve(zone.local(at));
            prop_assert!(back.at <= at);
            prop_assert_eq!(zone.local(back.at), zone.local(at));
            prop_assert!(back.note != Note::Skipped && (back.note == Note::Ambiguous || back.at == at));
        }

        #[test]
        fn a_day_starts_with_its_first_instant(index in 0..chrono_tz::TZ_VARIANTS.len(), days in 0..30_000_i32) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[index]);
            let date = NaiveDate::default() + TimeDelta::days(days.into());
            let start = zone.day_start(date);
            prop_assert!(zone.local_date(start) >= date);
            prop_assert!(zone.local_date(Timestamp::from_micros(start.micros() - 1).unwrap()) < date);
            prop_assert!(start <= zone.day_end(date));
        }
    }
}
