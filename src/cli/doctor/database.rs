//! The database: whether it answers, is whole, safe, current and ours; and whether the clocks agree.

use super::files::mode;
use super::finding::Finding;
use crate::app;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::MasterFiles;
use crate::error::Error;
use crate::store::url::{self, Target};
use crate::store::{Db, doctor, master_keys};
use chrono::Datelike;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

/// How long to wait for a database that does not answer.
const PATIENCE_MS: u64 = 3_000;
/// Clocks further apart than this are worth a look.
const WARNING_S: i64 = 2;
/// Clocks further apart than this put events before or after what they follow.
const FAULT_S: i64 = 60;
/// Years in which this program can run; any other is a clock that was never set.
const YEARS: std::ops::RangeInclusive<i32> = 2025..=2125;
/// Permission bits that let anybody but the owner in.
const OTHERS: u32 = 0o077;

/// Everything about the database, as far as it can be reached.
pub(super) fn examine(settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let mut found = vec![year(clock)];
    let target = match url::parse(settings.database.url.expose_secret()) {
        Ok(target) => target,
        Err(error) => {
            found.push(Finding::fault("database", format!("setting database.url: {error}"), "correct the setting"));
            return found;
        }
    };
    if let Target::Sqlite(path) = &target {
        if matches!(path.try_exists(), Ok(false)) {
            let detail = format!("{target} does not exist yet");
            found.push(Finding::warning("database", detail, "make it: guestlog migrate"));
            return found;
        }
        found.extend(rights(path));
    }
    match open(settings) {
        Ok(db) => found.extend(opened(&db, &target, settings, clock)),
        Err(error) => {
            let detail = format!("{target} cannot be used: {}", reason(&error));
            found.push(Finding::fault(
                "database",
                detail,
                "start or mend it, or correct the settings under `database`",
            ));
        }
    }
    found
}

/// Where the SQLite file is, or would be; none on PostgreSQL.
pub(super) fn sqlite_file(settings: &Settings) -> Result<Option<PathBuf>, Error> {
    let target = url::parse(settings.database.url.expose_secret()).map_err(Error::internal)?;
    Ok(match target {
        Target::Sqlite(path) => Some(path),
        Target::Postgres(_) => None,
    })
}

/// Two connections are enough to look, and a database that is away is not waited for as long as a request waits.
pub(super) fn open(settings: &Settings) -> Result<Db, Error> {
    let mut few = settings.clone();
    (few.database.readers, few.database.writers) = (1, 1);
    few.database.acquire_timeout_ms = few.database.acquire_timeout_ms.min(PATIENCE_MS);
    app::open_db(&few)
}

fn opened(db: &Db, target: &Target, settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let mut found = vec![Finding::ok("database", format!("{target} answers"))];
    let current = current(db);
    let key = settings.keys.master_key_file.as_path();
    let asked = [
        // Asked of a connection that writes: that is the one on which durability rests.
        db.write(|tx| Ok(doctor::settings(tx)?)).map(|values| safe(&values)),
        whole(db),
        Ok(vec![current.clone()]),
        if current.advice.is_some() { Ok(Vec::new()) } else { ours(db, key) },
        agreed(db, clock),
    ];
    for asked in asked {
        found.extend(asked.unwrap_or_else(|error| {
            vec![Finding::fault("database", reason(&error), "mend the database before serving from it")]
        }));
    }
    found
}

/// What stands behind an error, which to a client says less.
fn reason(error: &Error) -> String {
    let behind = std::error::Error::source(error);
    behind.map_or_else(|| error.to_string(), ToString::to_string)
}

fn rights(path: &Path) -> Option<Finding> {
    let mode = mode(&std::fs::metadata(path).ok()?);
    (mode & OTHERS != 0).then(|| {
        let detail = format!("{} has mode {mode:04o}, which lets others in", path.display());
        Finding::warning("database", detail, format!("chmod 600 {}", path.display()))
    })
}

/// Settings without which an acknowledged event could be lost, or an erased one found again.
fn safe(values: &[(&'static str, String)]) -> Vec<Finding> {
    const SAFE: &[(&str, &[&str])] = &[
        ("journal_mode", &["wal"]),
        // 2 is FULL, 3 is EXTRA.
        ("synchronous", &["2", "3"]),
        ("foreign_keys", &["1"]),
        ("secure_delete", &["1"]),
        ("fsync", &["on"]),
        ("full_page_writes", &["on"]),
        ("synchronous_commit", &["on", "local", "remote_write", "remote_apply"]),
    ];
    let unsafe_ones: Vec<Finding> = values
        .iter()
        .filter(|(name, value)| SAFE.iter().any(|(of, good)| of == name && !good.contains(&value.as_str())))
        .map(|(name, value)| {
            let detail = format!("{name} = {value}: an acknowledged event could be lost, or an erased one stay");
            Finding::fault("settings", detail, format!("set {name} back to its default in the database"))
        })
        .collect();
    let all = values.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    let mut found = if unsafe_ones.is_empty() { vec![Finding::ok("settings", all)] } else { unsafe_ones };
    if values.iter().any(|(name, value)| *name == "data_checksums" && value == "off") {
        let detail = "data_checksums off: PostgreSQL would not notice a page that the disk has damaged";
        found.push(Finding::warning("settings", detail, "stop PostgreSQL and run pg_checksums --enable"));
    }
    found
}

fn whole(db: &Db) -> Result<Vec<Finding>, Error> {
    if !db.is_sqlite() {
        return Ok(Vec::new());
    }
    let said = db.read(|conn| Ok(doctor::quick_check(conn)?))?;
    Ok(vec![if said == "ok" {
        Finding::ok("integrity", "quick_check finds the file whole")
    } else {
        Finding::fault("integrity", format!("quick_check: {said}"), "stop the service and restore a backup")
    }])
}

fn current(db: &Db) -> Finding {
    let check = "migrations";
    let count = super::super::house::migrations;
    match db.migrations_due() {
        Ok((0, 0)) => Finding::ok(check, "the database is up to date"),
        Ok((missing, 0)) => Finding::fault(check, format!("the database lacks {}", count(missing)), "guestlog migrate"),
        Ok((_, unknown)) => {
            let detail = format!("the database has {} that this version does not know", count(unknown));
            Finding::fault(check, detail, "run the version of guestlog that made them, or a later one")
        }
        Err(error) => Finding::fault(check, reason(&error), "mend the database before serving from it"),
    }
}

/// Whether the files hold the keys that the stored keys are wrapped by.
fn ours(db: &Db, file: &Path) -> Result<Vec<Finding>, Error> {
    let check = "key and data";
    let in_use = db.read(|conn| Ok(master_keys::wrapping(conn)?))?;
    if in_use.is_empty() {
        return Ok(vec![Finding::ok(check, "the database has no key yet")]);
    }
    Ok(vec![match MasterFiles::new(file).load(&in_use) {
        Err(error) => Finding::fault(
            check,
            format!("the database was sealed under master key {}: {error}", in_use.join(" and ")),
            "put the right file in place from its own copy; without it nothing sealed can be read",
        ),
        Ok(_) if in_use.len() > 1 => {
            let detail =
                format!("a rotation of the master key was cut short, or is going on: {}", in_use.join(" and "));
            Finding::warning(check, detail, "finish it: guestlog keys rotate --master")
        }
        Ok(_) => Finding::ok(check, "the file holds the key that the database was sealed under"),
    }])
}

fn year(clock: &Clock) -> Finding {
    let year = clock.now().utc().year();
    if YEARS.contains(&year) {
        Finding::ok("clock", format!("{} UTC", clock.now().utc().format("%F %T")))
    } else {
        Finding::fault("clock", format!("the machine's clock says the year is {year}"), "set the clock, best by NTP")
    }
}

fn agreed(db: &Db, clock: &Clock) -> Result<Vec<Finding>, Error> {
    let Some(theirs) = db.read(|conn| Ok(doctor::clock_micros(conn)?))? else { return Ok(Vec::new()) };
    let apart_s = (theirs - clock.now().micros()) / 1_000_000;
    let detail = format!("the database's clock is {apart_s} s ahead of this machine's");
    let advice = "let both keep time by NTP";
    Ok(vec![match apart_s.abs() {
        0..=WARNING_S => Finding::ok("clock", "the database's clock agrees with this machine's"),
        ..=FAULT_S => Finding::warning("clock", detail, advice),
        _ => Finding::fault("clock", detail, advice),
    }])
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn unsafe_settings_are_named() {
        let good =
            [("journal_mode", "wal".to_owned()), ("synchronous", "2".to_owned()), ("secure_delete", "1".to_owned())];
        assert!(safe(&good).iter().all(|finding| finding.status == Status::Ok));
        let bad =
            [("fsync", "off".to_owned()), ("server_version", "15.8".to_owned()), ("data_checksums", "off".to_owned())];
        let found = safe(&bad);
        assert_eq!(found.iter().map(|finding| finding.status).collect::<Vec<_>>(), [Status::Fault, Status::Warning]);
        assert!(found[0].detail.starts_with("fsync = off"));
    }

    #[test]
    fn a_clock_that_was_never_set_is_a_fault() {
        let at = crate::domain::Timestamp::parse("1970-01-01T00:10:00Z").unwrap();
        assert_eq!(year(&Clock::fixed(at)).status, Status::Fault);
    }
}
