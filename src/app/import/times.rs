//! Times as files write them: local, with an offset, or a bare date.

use crate::domain::zone::{Note, Zone};
use crate::domain::{FieldError, Timestamp};
use chrono::format::{Item, StrftimeItems};
use chrono::{Datelike, NaiveDate, NaiveDateTime};

/// The longest text that is read as a time.
const MAX_CHARS: usize = 40;
/// ISO 8601, with a `T` or a space, with or without seconds.
const ISO: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];

/// How a file writes times and dates, such as `%d-%m-%Y %H:%M`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format(String);

impl Format {
    /// Checks a format of `strftime`'s kind.
    ///
    /// # Errors
    /// `invalid_time_format`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let sound = text.contains('%') && StrftimeItems::new(text).all(|item| !matches!(item, Item::Error));
        if !sound {
            let detail = "time_format and date_format must be strftime formats, such as %d-%m-%Y %H:%M and %d-%m-%Y";
            return Err(FieldError::new("invalid_time_format", detail));
        }
        Ok(Self(text.to_owned()))
    }
}

/// How a file writes times and dates; by ISO 8601 what is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Formats {
    /// Of local times.
    pub time: Option<Format>,
    /// Of bare dates.
    pub date: Option<Format>,
}

/// What a cell says of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An instant, and how surely it was found.
    Instant(Timestamp, Note),
    /// A date without time of day, as the first instant of that day.
    Day(Timestamp),
}

/// Reads local times in one zone.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    /// The zone of what is written without offset.
    pub zone: Zone,
    /// How they are written.
    pub formats: &'a Formats,
}

impl Times<'_> {
    /// Reads a local time, a time with an offset (RFC 3339), or a date.
    ///
    /// # Errors
    /// `invalid_time`, without the text.
    pub fn read(&self, text: &str) -> Result<Moment, FieldError> {
        if text.len() > MAX_CHARS {
            return Err(self.invalid());
        }
        if let Some(local) = self.local(text) {
            bounded(local.date()).ok_or_else(|| self.invalid())?;
            let resolved = self.zone.resolve(local);
            return Ok(Moment::Instant(resolved.at, resolved.note));
        }
        if let Some(date) = self.date(text) {
            bounded(date).ok_or_else(|| self.invalid())?;
            return Ok(Moment::Day(self.zone.day_start(date)));
        }
        Timestamp::parse(text).map(|at| Moment::Instant(at, Note::Exact)).map_err(|_| self.invalid())
    }

    fn local(&self, text: &str) -> Option<NaiveDateTime> {
        match &self.formats.time {
            Some(format) => NaiveDateTime::parse_from_str(text, &format.0).ok(),
            None => ISO.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()),
        }
    }

    fn date(&self, text: &str) -> Option<NaiveDate> {
        let format = self.formats.date.as_ref().map_or("%Y-%m-%d", |format| format.0.as_str());
        NaiveDate::parse_from_str(text, format).ok()
    }

    fn invalid(&self) -> FieldError {
        let written = self.formats.time.as_ref().map_or("YYYY-MM-DDTHH:MM:SS", |format| format.0.as_str());
        FieldError::new(
            "invalid_time",
            format!("must be a time written as {written} or by RFC 3339, years 1970 to 9998"),
        )
    }
}

fn bounded(date: NaiveDate) -> Option<()> {
    (1970..=9998).contains(&date.year()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, formats: &Formats) -> Result<(String, Option<Note>), &'static str> {
        let moment = Times { zone: Zone::COPENHAGEN, formats }.read(text).map_err(|error| error.code)?;
        let (at, note) = match moment {
            Moment::Instant(at, note) => (at, Some(note)),
            Moment::Day(at) => (at, None),
        };
        Ok((at.utc().format("%FT%T%.fZ").to_string(), note))
    }

    #[test]
    fn iso_times_dates_and_offsets() {
        let iso = Formats::default();
        for (text, at, note) in [
            ("2026-11-21T09:30:00", "2026-11-21T08:30:00Z", Some(Note::Exact)),
            ("2026-07-01 09:30", "2026-07-01T07:30:00Z", Some(Note::Exact)),
            ("2026-07-01T09:30:00.25", "2026-07-01T07:30:00.250Z", Some(Note::Exact)),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z", Some(Note::Ambiguous)),
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z", Some(Note::Skipped)),
            ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z", Some(Note::Exact)),
            ("2026-07-01T09:30:00Z", "2026-07-01T09:30:00Z", Some(Note::Exact)),
            ("2026-07-01", "2026-06-30T22:00:00Z", None),
        ] {
            assert_eq!(read(text, &iso), Ok((at.to_owned(), note)), "{text}");
        }
        for text in ["", "now", "2026-13-01", "2026-02-30T10:00:00", "09:30", "1969-12-31T10:00:00", "9999-01-01"] {
            assert_eq!(read(text, &iso), Err("invalid_time"), "{text}");
        }
        assert_eq!(read(&"2026-11-21T09:30:00 ".repeat(9), &iso), Err("invalid_time"));
    }

    #[test]
    fn other_ways_of_writing() {
        let format = |text| Some(Format::parse(text).unwrap());
        let danish = Formats { time: format("%d-%m-%Y %H:%M"), date: format("%d-%m-%Y") };
        assert_eq!(read("21-11-2026 09:30", &danish), Ok(("2026-11-21T08:30:00Z".to_owned(), Some(Note::Exact))));
        assert_eq!(read("01-07-2026", &danish), Ok(("2026-06-30T22:00:00Z".to_owned(), None)));
        assert_eq!(read("2026-11-21T09:30:00", &danish), Err("invalid_time"));
        for text in ["", "09:30", "%Q"] {
            assert_eq!(Format::parse(text).unwrap_err().code, "invalid_time_format", "{text}");
        }
    }
}
