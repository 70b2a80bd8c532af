//! `guestlog doctor erasure`: whether anything of erased people is left in the raw files.

use super::super::house;
use super::super::outcome::Failure;
use super::super::output::{Form, count};
use super::database;
use super::search::{Marks, search};
use crate::app::jobs::{Kind, SERVICE};
use crate::config::Settings;
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store::{Db, jobs, purge};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Every erasure leaves fingerprints of the bytes it deleted, for a week. This
command searches the database's files and all others under data_dir for bytes
that have one of them, byte by byte; anything found gives exit code 5. It may
run beside the service; what was erased in the last minute may still be there.

Examples:
  guestlog doctor erasure
  guestlog doctor erasure --json | jq .found";

/// How many rows of fingerprints are read at once.
const ROWS: i64 = 500;
/// How many places are listed; of more there is only the number.
const LISTED: usize = 100;

/// What `doctor erasure` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    form: Form,
}

#[derive(Serialize)]
struct Report {
    fingerprints: usize,
    files: usize,
    bytes: u64,
    found: usize,
    /// At most [`LISTED`].
    places: Vec<Place>,
    /// A scrub is queued, and may yet remove what was found.
    scrub_is_due: bool,
}

#[derive(Serialize)]
struct Place {
    file: PathBuf,
    offset: u64,
}

/// Searches, and says what it found.
///
/// # Errors
/// [`Failure::Findings`] when something was found; settings or files that cannot be read; a database that is another
/// one than SQLite's.
pub fn run(config: Option<PathBuf>, args: &Args) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let report = examine(&settings)?;
    args.form.answer(&report, text)?;
    if report.found > 0 { Err(Failure::Findings) } else { Ok(()) }
}

fn examine(settings: &Settings) -> Result<Report, Failure> {
    let file = database::sqlite_file(settings)?.ok_or_else(|| {
        Failure::Refused(
            "on PostgreSQL the files are the server's: see docs/erasure.md for what a scrub leaves there, and watch \
             guestlog_scrub_last_success_timestamp_seconds"
                .to_owned(),
        )
    })?;
    if !file.exists() {
        return Err(Failure::Refused("there is no database yet".to_owned()));
    }
    let db = database::open(settings)?;
    house::refuse_due(&db)?;
    let (marks, scrub_is_due) = (fingerprints(&db)?, is_due(&db)?);
    // A file that is closed takes the locks of the whole process along, those of the database too.
    db.close();
    let mut report =
        Report { fingerprints: marks.len(), files: 0, bytes: 0, found: 0, places: Vec::new(), scrub_is_due };
    for path in files(settings, &file)? {
        let told = |error: std::io::Error| Failure::Fault(format!("{}: {error}", path.display()));
        let found = |offset| {
            report.found += 1;
            if report.places.len() < LISTED {
                report.places.push(Place { file: path.clone(), offset });
            }
        };
        match search(&path, &marks, found) {
            Ok(bytes) => (report.files, report.bytes) = (report.files + 1, report.bytes + bytes),
            // The service may have removed its log meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(told(error)),
        }
    }
    Ok(report)
}

fn fingerprints(db: &Db) -> Result<Marks, Error> {
    let (mut rows, mut after): (Vec<Vec<u8>>, Option<(CustomerId, i64)>) = (Vec::new(), None);
    loop {
        let page = db.read(|conn| Ok(purge::marks_page(conn, after, ROWS)?))?;
        let Some((customer, id, _)) = page.last() else { break };
        after = Some((*customer, *id));
        rows.extend(page.into_iter().map(|(_, _, marks)| marks));
    }
    Ok(Marks::new(rows.iter().map(Vec::as_slice)))
}

fn is_due(db: &Db) -> Result<bool, Error> {
    let job = db.read(|conn| Ok(jobs::find(conn, SERVICE, Kind::Scrub.as_str(), 0)?))?;
    Ok(job.is_some_and(|job| job.due_at <= crate::clock::Clock::System.now()))
}

/// The database's files, wherever they are, and all others under the data directory but the master keys.
fn files(settings: &Settings, database: &Path) -> Result<BTreeSet<PathBuf>, Failure> {
    let (mut found, data_dir) = (BTreeSet::new(), real(&settings.data_dir));
    if data_dir.is_dir() {
        below(&data_dir, &mut found)?;
    }
    let database = real(database);
    let beside = |suffix: &str| {
        let mut name = OsString::from(&database);
        name.push(suffix);
        PathBuf::from(name)
    };
    found.extend(["", "-wal", "-shm", "-journal"].map(beside).into_iter().filter(|path| path.is_file()));
    let key = real(&settings.keys.master_key_file);
    let name = key.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    found.retain(|path| {
        let is_key = |own: &str| own.trim_start_matches('.').starts_with(&name);
        path.parent() != key.parent() || !path.file_name().is_some_and(|own| is_key(&own.to_string_lossy()))
    });
    Ok(found)
}

/// The one name of a file that may have several.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The regular files below a directory; links are not followed.
fn below(directory: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
    let told = |error: std::io::Error| Failure::Fault(format!("{}: {error}", directory.display()));
    for entry in std::fs::read_dir(directory).map_err(told)? {
        let entry = entry.map_err(told)?;
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&entry.path(), found)?,
            Ok(kind) if kind.is_file() => {
                found.insert(entry.path());
            }
            _ => {}
        }
    }
    Ok(())
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> =
        report.places.iter().map(|place| format!("{} at byte {}", place.file.display(), place.offset)).collect();
    if report.found > report.places.len() {
        lines.push(format!("and {} more", count(report.found - report.places.len(), "place")));
    }
    lines.push(format!(
        "searched {}, {} MiB, for {}: {}",
        count(report.files, "file"),
        report.bytes.div_ceil(1 << 20),
        count(report.fingerprints, "fingerprint"),
        match report.found {
            0 => "nothing of the erased is left".to_owned(),
            found => format!("something of the erased is left in {}", count(found, "place")),
        }
    ));
    if report.found > 0 && report.scrub_is_due {
        lines.push("a scrub is due; ask again when the service has done it".to_owned());
    }
    lines.join("\n")
}
