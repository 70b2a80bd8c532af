//! `guestlog migrate`: brings the database up to date.

use super::house::{self, migrations};
use super::outcome::Failure;
use super::output::Form;
use crate::app;
use crate::config::Settings;
use crate::store::url::{self, Target};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Running it again changes nothing; of several nodes that run it at once, one
does the work. It is refused (exit code 4) when the database belongs to a later
version.

Examples:
  guestlog migrate --dry-run
  guestlog migrate --json";

/// What `migrate` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Only say what is due
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    form: Form,
}

#[derive(Serialize)]
struct Outcome {
    /// The address without user and password.
    database: String,
    /// Migrations that the database lacks; none are counted for a file that is yet to be made.
    due: Option<usize>,
    /// Migrations that the database has and this version does not know.
    unknown: usize,
    /// Migrations that ran.
    ran: usize,
}

/// Runs the migrations that are due, or says how many are.
///
/// # Errors
/// When the database is out of reach, unsafe, of a later version, or a migration fails.
pub fn run(config: Option<PathBuf>, args: &Args) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let target = url::parse(settings.database.url.expose_secret()).map_err(crate::error::Error::internal)?;
    let mut outcome = Outcome { database: target.redacted(), due: None, unknown: 0, ran: 0 };
    let absent = matches!(&target, Target::Sqlite(path) if !path.exists());
    if args.dry_run && absent {
        return args
            .form
            .answer(&outcome, |outcome| format!("{} does not exist yet; migrate makes it", outcome.database));
    }
    let db = app::open_db(&settings)?;
    let (due, unknown) = db.migrations_due()?;
    (outcome.due, outcome.unknown) = (Some(due), unknown);
    if !args.dry_run {
        outcome.ran = house::migrate(&db)?;
        outcome.due = Some(0);
    }
    args.form.answer(&outcome, text)
}

fn text(outcome: &Outcome) -> String {
    let Outcome { database, due, unknown, ran } = outcome;
    match (ran, due.unwrap_or_default()) {
        _ if *unknown > 0 => format!("{database} has {} of a later version", migrations(*unknown)),
        (0, 0) => format!("{database} is up to date"),
        (0, due) => format!("{database} lacks {}; run: guestlog migrate", migrations(due)),
        (ran, _) => format!("{database} is up to date: {} ran", migrations(*ran)),
    }
}
