//! Instants.

use super::schema;
use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A UTC instant to the microsecond, the precision that both databases keep.
///
/// Taken in as RFC 3339 with an offset, given out with `Z` and six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// 1 January 1970.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// Cuts `at` to the microsecond.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }

    /// From microseconds since 1970; none when that lies outside the calendar.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The same instant as chrono knows it.
    #[must_use]
    pub fn utc(&self) -> &DateTime<Utc> {
        &self.0
    }

    /// The instant `seconds` later (earlier when negative), held inside the calendar.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        chrono::TimeDelta::try_seconds(seconds).and_then(|delta| self.0.checked_add_signed(delta)).map_or(self, Self)
    }

    /// Whole seconds from `earlier` to this, negative when this comes first.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_seconds()
    }

    /// Reads RFC 3339 with an offset.
    ///
    /// # Errors
    /// When the text is not RFC 3339, or the year lies outside 1970 to 9998.
    pub fn parse(text: &str) -> Result<Self, super::FieldError> {
        use chrono::Datelike;
        let bad = || {
            super::FieldError::new("invalid_instant", "must be an RFC 3339 instant with an offset, years 1970 to 9998")
        };
        // RFC 3339 bounds the length; a longer text is refused before it is read.
        if text.len() > 40 {
            return Err(bad());
        }
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| bad())?.with_timezone(&Utc);
        if !(1970..=9998).contains(&at.year()) {
            return Err(bad());
        }
        Ok(Self::new(at))
    }
}

/// The years that [`Timestamp::parse`] takes; which of them an offset moves over the edge, it leaves open.
const YEARS: &str = "^(19[7-9][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-";

schema::documented!(Timestamp, "Instant", schema::instant(YEARS));

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
