//! `guestlog restore`: a backup in the place of the database, and nobody back who was erased since.

use super::house;
use super::outcome::Failure;
use super::output::{Form, count};
use crate::app::backup::{self, Allowed, Backup, RestoreError};
use crate::app::journal::Compared;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::error::Error;
use crate::store::backup::ReplaceError;
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Stop the service first. The backup is examined, put in place, brought up to date
if it is of an earlier version, and every erasure since is repeated from the
journal. Until that is done, no service answers a request about anybody.

It is refused (exit code 4) for a backup older than erasure.backup_window_days,
with another journal than the backup's, over a database without --replace, and
while something has the database open.

Examples:
  guestlog restore --from /var/backups/guestlog/guestlog-backup-20261121T103000Z
  guestlog restore --replace --json --from /mnt/safe/guestlog-backup-20261121T103000Z";

/// What `restore` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The backup's folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Put it in the place of the database that is there
    #[arg(long)]
    replace: bool,
    /// Take a backup of which the journal does not know all later erasures any more
    #[arg(long)]
    older_than_window: bool,
    /// Go on with a journal that is not the backup's or lacks its end
    #[arg(long)]
    other_journal: bool,
    #[command(flatten)]
    form: Form,
}

#[derive(Serialize)]
struct Outcome {
    /// What was restored, of when.
    created_at: Timestamp,
    /// Migrations that ran.
    migrations: usize,
    #[serde(flatten)]
    compared: Compared,
}

/// Restores a backup, and prints how many erasures were repeated.
///
/// # Errors
/// A backup that is refused, settings that cannot be used, a journal or database out of reach.
pub fn run(config: Option<PathBuf>, args: &Args) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let allowed =
        Allowed { replace: args.replace, older_than_window: args.older_than_window, other_journal: args.other_journal };
    let backup = Backup::examine(&settings, &Clock::System, &args.from, allowed).map_err(refused)?;
    backup.put_back().map_err(refused)?;
    let (app, migrations) = house::starting(settings, true)?;
    let compared = backup::finish(&app);
    app.stop();
    let outcome = Outcome { created_at: backup.manifest().created_at, migrations, compared: compared? };
    args.form.answer(&outcome, text)
}

fn text(outcome: &Outcome) -> String {
    let Outcome { created_at, migrations, compared } = outcome;
    let repeated = count(compared.repeated, "erasure");
    let people = compared.people;
    let ran = house::migrations(*migrations);
    format!("restored as of {created_at}; {ran} ran; {repeated} since repeated, of {people} people who were in it")
}

fn refused(error: Error) -> Failure {
    let Error::Internal(source) = error else { return error.into() };
    if source.is::<RestoreError>() || matches!(source.downcast_ref(), Some(ReplaceError::InUse)) {
        return Failure::Refused(source.to_string());
    }
    Error::Internal(source).into()
}
