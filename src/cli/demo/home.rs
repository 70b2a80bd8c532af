//! What the demo keeps beside the database: whose key it plays with, and when its day was.

use super::super::outcome::Failure;
use crate::app::{App, Work, customers, keys, licenses};
use crate::domain::license::OverdueRule;
use crate::domain::scope::{Scope, Scopes};
use crate::domain::text::{Label, LicenseNumber};
use crate::domain::zone::Zone;
use crate::domain::{FieldError, PublicId, Timestamp};
use crate::error::Error;
use chrono::Timelike;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Before the first event of the sample's day, in seconds after midnight.
const FIRST_S: i64 = 6 * 3_600;
const NOON_S: i64 = 12 * 3_600;
const FILE: &str = "demo.json";
const CUSTOMER: &str = "Demo A/S";
/// The sites: number, as the sample has it, and name.
const SITES: [(&str, &str); 2] = [("DEMO-0001", "Head office"), ("DEMO-0002", "Annex")];
/// Where the sites are.
pub(super) const ZONE: Zone = Zone::COPENHAGEN;
/// Short enough that some of the sample's guests are overdue.
const OVERDUE_AFTER_MINUTES: u32 = 240;
/// The demo's first start is at none but these times of the sample's day, so that many people are on site.
const LIVELY_S: std::ops::RangeInclusive<u32> = 14 * 3_600..=17 * 3_600;

/// The file's content.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    customer: PublicId,
    /// The demo's API key. Any other key is shown once and kept nowhere; this one can be shown at each start.
    key: String,
    /// Midnight at which the sample's day begins.
    midnight: Timestamp,
    /// The instant up to which the day is played: that of the first start.
    until: Timestamp,
}

/// Where the demo lives.
pub(super) struct Home {
    kept: Kept,
    dir: PathBuf,
    pub is_new: bool,
}

impl Home {
    /// Finds customer, licences and key, or makes them.
    pub fn open(app: &App, dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(FILE);
        let found = read(&path)?;
        let known = found.map(|kept| (app.read_blocking(|view| customers::get(view, kept.customer)), kept));
        let (kept, is_new) = match known {
            Some((Ok(_), kept)) => (kept, false),
            // The file is written before the commit, so a start that was killed in between leaves one behind.
            _ => (app.write_blocking(|work| make(work, &path))?, true),
        };
        Ok(Self { kept, dir: dir.to_owned(), is_new })
    }

    /// The API key.
    pub fn key(&self) -> &str {
        &self.kept.key
    }

    /// Names the demo's events, so that each has the same id at every start.
    pub fn namespace(&self) -> uuid::Uuid {
        self.kept.customer.0
    }

    pub fn midnight(&self) -> Timestamp {
        self.kept.midnight
    }

    pub fn until(&self) -> Timestamp {
        self.kept.until
    }

    /// By how much the day was moved so that many people are on site at the first start; 0 in the afternoon.
    pub fn moved_minutes(&self) -> i64 {
        moved_minutes(self.kept.midnight)
    }

    /// The local days that the sample's day lies in, from midnight to midnight.
    pub fn day(&self) -> (Timestamp, Timestamp) {
        let (first, last) = (self.kept.midnight.plus_seconds(FIRST_S), self.kept.until);
        (ZONE.day_start(ZONE.local_date(first)), ZONE.day_end(ZONE.local_date(last)))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The key's file.
    pub fn file(&self) -> PathBuf {
        self.dir.join(FILE)
    }
}

fn read(path: &Path) -> Result<Option<Kept>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::Configuration(format!("{}: {error}", path.display()))),
    };
    let kept = serde_json::from_str(&text);
    kept.map(Some).map_err(|_| {
        Failure::Configuration(format!(
            "{} is not as demo wrote it; remove the directory to begin anew",
            path.display()
        ))
    })
}

/// Customer, licences and key, and the file with them: in one transaction, so that all are there or none.
fn make(work: &mut Work<'_, '_>, path: &Path) -> Result<Kept, Error> {
    let fixed = |error: FieldError| Error::internal(error);
    let customer = customers::create(work, &Label::new(CUSTOMER).map_err(fixed)?, ZONE)?.id;
    for (number, name) in SITES {
        let draft = licenses::Draft {
            number: LicenseNumber::new(number).map_err(fixed)?,
            name: Label::new(name).map_err(fixed)?,
            zone: None,
            overdue: OverdueRule::new(Some(OVERDUE_AFTER_MINUTES), None).map_err(fixed)?,
        };
        licenses::issue(work, customer, &draft)?;
    }
    let scopes: Scopes = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Admin).collect();
    let draft = keys::Draft { customer: Some(customer), license_number: None, scopes, days: keys::DEFAULT_DAYS };
    let key = keys::issue(work, &draft)?.secret;
    let until = work.now;
    let kept = Kept { customer, key, midnight: midnight(until), until };
    write(path, &kept).map_err(Error::internal)?;
    Ok(kept)
}

/// Midnight of the day to play: today's, moved by some hours when nobody would be on site at this time of day.
fn midnight(now: Timestamp) -> Timestamp {
    let clock_s = ZONE.local(now).time().num_seconds_from_midnight();
    let played_s = clock_s.clamp(*LIVELY_S.start(), *LIVELY_S.end());
    let midnight = now.plus_seconds(-i64::from(played_s));
    // To the second: the sample is to the minute, and nobody wants to read more digits.
    Timestamp::from_micros(midnight.micros() / 1_000_000 * 1_000_000).unwrap_or(midnight)
}

/// Read off at noon, which the clock shows whenever it is set forward or back.
fn moved_minutes(midnight: Timestamp) -> i64 {
    let noon = midnight.plus_seconds(NOON_S);
    (i64::from(ZONE.local(noon).time().num_seconds_from_midnight()) - NOON_S) / 60
}

fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let text = Zeroizing::new(serde_json::to_string_pretty(kept)?);
    // Removed first, for the mode given counts only for a file that is made.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_moved_only_when_nobody_would_be_on_site() {
        for (now, moved) in [
            ("2026-11-21T14:30:00+01:00", 0),
            ("2026-11-21T08:24:00+01:00", -336),
            ("2026-11-21T20:00:00.5+01:00", 180),
            ("2026-11-21T01:00:00+01:00", 660),
            // The clocks are set forward and back in the night before.
            ("2026-03-29T15:00:00+02:00", 0),
            ("2026-10-25T16:59:00+01:00", 0),
        ] {
            let now = Timestamp::parse(now).unwrap();
            let midnight = midnight(now);
            assert!((14 * 3_600..=17 * 3_600).contains(&now.seconds_since(midnight)), "{now}");
            assert_eq!(moved_minutes(midnight), moved, "{now}");
            assert_eq!(midnight.micros() % 1_000_000, 0);
        }
    }
}
