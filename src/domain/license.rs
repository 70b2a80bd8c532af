//! A licence's rule for when a guest who has not checked out is overdue.

use super::FieldError;
use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// When a guest who is still checked in is marked overdue: after so many minutes, at closing time, or
/// whichever comes first.
///
/// In JSON `overdue_after_minutes` and `closes_at` (`"HH:MM"`, in the licence's time zone); with neither
/// it is [`OverdueRule::DEFAULT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct OverdueRule {
    /// Minutes after the check-in, 1 to 43,200 (30 days).
    pub after_minutes: Option<u32>,
    /// The time of day at which the site closes, to the minute, local.
    pub closes_at: Option<NaiveTime>,
}

impl OverdueRule {
    /// Twelve hours, for a licence that says nothing.
    pub const DEFAULT: Self = Self { after_minutes: Some(720), closes_at: None };

    /// The most minutes: 30 days.
    pub const MAX_AFTER_MINUTES: u32 = 43_200;

    /// Checks and takes a rule; with neither part, the default.
    ///
    /// # Errors
    /// `out_of_range` for minutes outside 1 to 43,200, `invalid_time` for a closing time not to the minute.
    pub fn new(after_minutes: Option<u32>, closes_at: Option<NaiveTime>) -> Result<Self, FieldError> {
        if let Some(minutes) = after_minutes {
            check_minutes(minutes.into())?;
        }
        if closes_at.is_some_and(|time| time.second() != 0 || time.nanosecond() != 0) {
            return Err(invalid_time());
        }
        Ok(Self { after_minutes, closes_at }.or_default())
    }

    fn or_default(self) -> Self {
        if self.after_minutes.is_none() && self.closes_at.is_none() { Self::DEFAULT } else { self }
    }
}

impl Default for OverdueRule {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Reads a time of day as `HH:MM`, 00:00 to 23:59.
///
/// # Errors
/// `invalid_time`.
pub fn parse_closes_at(text: &str) -> Result<NaiveTime, FieldError> {
    let two = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    text.split_once(':')
        .filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)
        .and_then(|(hour, minute)| NaiveTime::from_hms_opt(two(hour)?, two(minute)?, 0))
        .ok_or_else(invalid_time)
}

/// Writes a time of day as `HH:MM`.
#[must_use]
pub fn format_closes_at(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

fn invalid_time() -> FieldError {
    FieldError::new("invalid_time", "must be a time of day as HH:MM, 00:00 to 23:59")
}

fn check_minutes(minutes: i64) -> Result<u32, FieldError> {
    u32::try_from(minutes)
        .ok()
        .filter(|minutes| (1..=OverdueRule::MAX_AFTER_MINUTES).contains(minutes))
        .ok_or_else(|| FieldError::new("out_of_range", "must be 1 to 43200 minutes"))
}

/// The rule as JSON has it. Each field checks itself, so that an error points at the field.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default, deserialize_with = "read_minutes")]
    overdue_after_minutes: Option<u32>,
    #[serde(default, deserialize_with = "read_time", serialize_with = "write_time")]
    closes_at: Option<NaiveTime>,
}

impl From<Wire> for OverdueRule {
    fn from(wire: Wire) -> Self {
        Self { after_minutes: wire.overdue_after_minutes, closes_at: wire.closes_at }.or_default()
    }
}

impl From<OverdueRule> for Wire {
    fn from(rule: OverdueRule) -> Self {
        Self { overdue_after_minutes: rule.after_minutes, closes_at: rule.closes_at }
    }
}

fn read_minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let minutes = Option::<i64>::deserialize(deserializer)?;
    minutes.map(check_minutes).transpose().map_err(serde::de::Error::custom)
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.as_deref().map(parse_closes_at).transpose().map_err(serde::de::Error::custom)
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn write_time<S: Serializer>(time: &Option<NaiveTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(format_closes_at).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Result<OverdueRule, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn time(text: &str) -> NaiveTime {
        parse_closes_at(text).unwrap()
    }

    #[test]
    fn neither_is_twelve_hours() {
        assert_eq!(OverdueRule::new(None, None), Ok(OverdueRule::DEFAULT));
        assert_eq!(read("{}"), Ok(OverdueRule::DEFAULT));
        assert_eq!(read(r#"{"overdue_after_minutes": null, "closes_at": null}"#), Ok(OverdueRule::DEFAULT));
        let closing = OverdueRule::new(None, Some(time("18:00"))).unwrap();
        assert_eq!(closing.after_minutes, None);
    }

    #[test]
    fn bounds() {
        for (minutes, sound) in [(0, false), (1, true), (43_200, true), (43_201, false), (u32::MAX, false)] {
            assert_eq!(OverdueRule::new(Some(minutes), None).is_ok(), sound);
            assert_eq!(read(&format!("{{\"overdue_after_minutes\": {minutes}}}")).is_ok(), sound);
        }
        assert!(
            read(r#"{"overdue_after_minutes": -5}"#).unwrap_err().starts_with("out_of_range\u{1f}must be 1 to 43200")
        );
        assert!(OverdueRule::new(None, NaiveTime::from_hms_opt(18, 0, 1)).is_err());
    }

    #[test]
    fn times_of_day() {
        for text in ["00:00", "09:05", "23:59"] {
            assert_eq!(format_closes_at(time(text)), text);
        }
        for text in ["", "9:05", "24:00", "23:60", "18:00:00", "+1:00", "18.00", " 8:00", "æ:00", "18:0æ"] {
            assert_eq!(parse_closes_at(text).unwrap_err().code, "invalid_time", "{text}");
        }
        assert!(read(r#"{"closes_at": "secret"}"#).unwrap_err().starts_with("invalid_time\u{1f}"));
    }

    #[test]
    fn fits_inside_a_licence() {
        #[derive(Deserialize)]
        struct License {
            #[serde(flatten)]
            rule: OverdueRule,
            name: String,
        }
        let license: License = serde_json::from_str(r#"{"name": "Nord", "closes_at": "17:30"}"#).unwrap();
        assert_eq!((license.rule.closes_at, license.name.as_str()), (Some(time("17:30")), "Nord"));
        assert!(read(r#"{"closed_at": "17:30"}"#).is_err());
    }

    proptest! {
        #[test]
        fn json_reads_back(minutes in proptest::option::of(1..=43_200_u32), at in proptest::option::of(0..1_440_u32)) {
            let closes_at = at.and_then(|at| NaiveTime::from_hms_opt(at / 60, at % 60, 0));
            let rule = OverdueRule::new(minutes, closes_at).unwrap();
            prop_assert_eq!(read(&serde_json::to_string(&rule).unwrap()), Ok(rule));
        }
    }
}
