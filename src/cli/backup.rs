//! `guestlog backup`: a copy of the database, without the key to it.

use super::outcome::Failure;
use super::output::Form;
use crate::app::backup::{self, BackupError, Manifest};
use crate::clock::Clock;
use crate::config::Settings;
use crate::error::Error;
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
The service may go on meanwhile. Each backup is a new folder with the copy and a
manifest, readable by its owner alone. The master key is in none of them: keep a
copy of it apart, or no backup can ever be read. Remove backups that are older
than erasure.backup_window_days. For PostgreSQL it runs pg_dump.

Examples:
  guestlog backup --to /var/backups/guestlog
  guestlog backup --to /mnt/safe --json";

/// What `backup` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Directory in which the backup gets a folder of its own
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    form: Form,
}

#[derive(Serialize)]
struct Outcome {
    path: PathBuf,
    #[serde(flatten)]
    manifest: Manifest,
}

/// Makes a backup, and prints where it is.
///
/// # Errors
/// Settings, database, journal or directory that cannot be used; PostgreSQL's programs missing or failing.
pub fn run(config: Option<PathBuf>, args: &Args) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let made = backup::make(&settings, &Clock::System, &args.to).map_err(refused)?;
    let outcome = Outcome { path: made.path, manifest: made.manifest };
    args.form.answer(&outcome, |made| {
        let Manifest { size_bytes, sha256, .. } = &made.manifest;
        format!("{}\n{size_bytes} bytes, SHA-256 {sha256}; the master key is not in it", made.path.display())
    })
}

fn refused(error: Error) -> Failure {
    match error {
        Error::Internal(source) => match source.downcast::<BackupError>() {
            Ok(why) => Failure::Refused(why.to_string()),
            Err(source) => Error::Internal(source).into(),
        },
        other => other.into(),
    }
}
