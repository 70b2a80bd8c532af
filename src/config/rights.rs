//! How requests of data subjects are dealt with.

use super::values::{self, Choice};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::num::NonZeroU32;

/// Cases of data subjects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// So many days after its receipt a case should be answered (REQUIREMENTS L-26).
    #[serde(deserialize_with = "values::whole::<1, 28, _, _>")]
    pub target_days: u16,
    /// Days that count as holidays every year beside those of the law, as month and day (REQUIREMENTS L-23).
    #[serde(deserialize_with = "days")]
    pub holidays: Vec<(u32, u32)>,
    /// So many days after its end a case is deleted; what it holds of the person goes before (REQUIREMENTS L-39).
    #[serde(deserialize_with = "values::whole::<90, 3_660, _, _>")]
    pub keep_days: u32,
    /// Within so many seconds, drawn anew each time, a request by the public form is passed on: at once for a human, and
    /// no clock to whoever measures how long the service is busy with an address.
    #[serde(deserialize_with = "values::whole::<0, 3_600, _, _>")]
    pub pass_on_within_seconds: u32,
    /// How often the public form takes the same address in a day.
    #[serde(deserialize_with = "rate")]
    pub address_per_day: NonZeroU32,
    /// How often it takes the same network in an hour.
    #[serde(deserialize_with = "rate")]
    pub network_per_hour: NonZeroU32,
    /// How often it takes anything in a minute.
    #[serde(deserialize_with = "rate")]
    pub all_per_minute: NonZeroU32,
    /// Whether a person's file is sent directly to another controller where the person asks for it (Article 20(2)).
    #[serde(deserialize_with = "values::choice")]
    pub transfers: Transfers,
    /// How long sending a file may take, from the look-up of the name to the answer; less than its lease of 15 minutes.
    #[serde(deserialize_with = "values::whole::<100, 600_000, _, _>")]
    pub transfer_timeout_ms: u64,
}

/// Where people may have their files sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfers {
    /// Nowhere.
    Off,
    /// To the internet, by verified TLS.
    Public,
    /// Also to this machine, to private networks and without TLS: for development.
    Private,
}

impl Transfers {
    /// Whether files may go anywhere.
    #[must_use]
    pub fn is_private(self) -> bool {
        self == Self::Private
    }
}

impl Choice for Transfers {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("public", Self::Public), ("private", Self::Private)];
}

const EXPECTED: &str = "expected days as month and day, as in 06-05";

/// A list, or text with commas between the days.
#[derive(Deserialize)]
#[serde(untagged)]
enum Days {
    Text(String),
    List(Vec<String>),
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroU32, D::Error> {
    let number: u32 = values::whole::<1, 1_000_000, _, _>(deserializer)?;
    NonZeroU32::new(number).ok_or_else(|| D::Error::custom("expected a whole number from 1 to 1000000"))
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u32, u32)>, D::Error> {
    let texts = match Days::deserialize(deserializer) {
        Ok(Days::Text(text)) if text.trim().is_empty() => Vec::new(),
        Ok(Days::Text(text)) => text.split(',').map(|day| day.trim().to_owned()).collect(),
        Ok(Days::List(list)) => list,
        Err(_) => return Err(D::Error::custom(EXPECTED)),
    };
    let day = |text: &String| {
        let (month, day) = text.split_once('-')?;
        let date = (month.parse().ok()?, day.parse().ok()?);
        // A leap year, so that 29 February may be one.
        chrono::NaiveDate::from_ymd_opt(2024, date.0, date.1).map(|_| date)
    };
    let days: Option<Vec<_>> = texts.iter().map(day).collect();
    days.ok_or_else(|| D::Error::custom(EXPECTED))
}
