//! `guestlog doctor`: whether this machine is fit to run the service, and what to do where it is not.
//!
//! It looks and changes nothing: no file is made, no migration run. It works just as well where the database is
//! broken or absent, for that is when it is needed.

mod database;
mod erasure;
mod files;
mod finding;
mod network;
mod search;

use super::outcome::Failure;
use super::output::Form;
use crate::clock::Clock;
use crate::config::{Effective, Settings};
use finding::{Finding, Status};
use serde::Serialize;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Each line is `ok`, `warning` (works, but look at it) or `fault`; a fault gives
exit code 5. Nothing is changed.

Examples:
  guestlog doctor
  guestlog doctor --settings
  guestlog doctor erasure
  guestlog doctor --json | jq '.findings[] | select(.status != \"ok\")'";

/// What `doctor` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Show every setting in force and where it comes from; secrets only as `(set)`
    #[arg(long)]
    settings: bool,
    #[command(flatten)]
    form: Form,
    #[command(subcommand)]
    of: Option<Of>,
}

/// What else can be examined.
#[derive(Debug, clap::Subcommand)]
enum Of {
    /// Search the raw files of SQLite for anything of erased people
    Erasure(erasure::Args),
}

#[derive(Serialize)]
struct Report {
    faults: usize,
    warnings: usize,
    findings: Vec<Finding>,
    settings: Vec<Effective>,
}

/// Checks everything, and says what it found.
///
/// # Errors
/// [`Failure::Findings`] for a fault; when standard output cannot be written.
pub fn run(config: Option<PathBuf>, args: &Args) -> Result<(), Failure> {
    if let Some(Of::Erasure(args)) = &args.of {
        return erasure::run(config, args);
    }
    let report = examine(config);
    args.form.answer(&report, |report| text(report, args.settings))?;
    if report.faults > 0 { Err(Failure::Findings) } else { Ok(()) }
}

fn examine(config: Option<PathBuf>) -> Report {
    let (findings, settings) = match Settings::load(config) {
        Ok(settings) => (findings(&settings), settings.describe().to_vec()),
        Err(error) => {
            let advice = "correct it; without settings nothing else can be checked";
            (vec![Finding::fault("configuration", error.to_string(), advice)], Vec::new())
        }
    };
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    Report { faults: count(Status::Fault), warnings: count(Status::Warning), findings, settings }
}

fn findings(settings: &Settings) -> Vec<Finding> {
    let all = settings.describe();
    let own = all.iter().filter(|setting| !setting.origin.starts_with("built-in")).count();
    let detail = format!("profile {}, {} settings, {own} of them not built-in", settings.profile.as_str(), all.len());
    let mut found = vec![Finding::ok("configuration", detail)];
    found.extend(files::examine(settings));
    found.extend(database::examine(settings, &Clock::System));
    found.extend(network::examine(settings));
    found
}

fn text(report: &Report, settings: bool) -> String {
    let count = super::output::count;
    let settings = if settings { report.settings.as_slice() } else { &[] };
    let settings = settings.iter().map(|setting| format!("{setting}\n"));
    let gap = if settings.len() > 0 { "\n" } else { "" }.to_owned();
    let findings = report.findings.iter().map(ToString::to_string);
    let sum = format!("\n{}, {}", count(report.faults, "fault"), count(report.warnings, "warning"));
    settings.chain([gap]).chain(findings).chain([sum]).collect()
}
