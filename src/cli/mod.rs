//! The command line: what can be asked of `guestlog`, and how it ends.

mod backup;
mod client;
mod customer;
mod demo;
mod doctor;
mod export;
mod house;
mod import;
mod jobs;
mod key;
mod keys;
mod license;
mod migrate;
mod outcome;
mod output;
mod receipt;
mod reconcile;
mod restore;
mod serve;

pub use outcome::Failure;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Examples:
  guestlog demo               a server with a day of visits in it, to look at
  guestlog serve --migrate    the service, its database brought up to date first
  guestlog customer create --name 'Nordlys A/S'
  guestlog doctor             is this machine fit for it?

Settings come from DIR/default.toml, DIR/<profile>.toml and variables such as
GUESTLOG__HTTP__LISTEN=0.0.0.0:8080; `guestlog doctor --settings` shows those in
force and where each comes from.

Exit codes:
  0  done
  1  a fault of the program, the database or the machine
  2  the arguments cannot be read
  3  a setting is unknown, malformed or cannot be used; the message names it
  4  what was named is not there, or is refused as things stand
  5  doctor found a fault, an import left out rows, a receipt or an export is not
     valid, or a reconciliation waits for a confirmation";

/// A guest check-in log in which a person's rights work.
#[derive(Debug, Parser)]
#[command(name = "guestlog", version, after_help = AFTER_HELP, max_term_width = 100, propagate_version = true)]
struct Cli {
    /// Directory of configuration files; else GUESTLOG_CONFIG_DIR, else built-in
    #[arg(long, value_name = "DIR", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until SIGTERM or Ctrl-C
    Serve(serve::Args),
    /// Bring the database up to date
    Migrate(migrate::Args),
    /// Create and show customers
    #[command(subcommand)]
    Customer(customer::Command),
    /// Issue, list and revoke licences
    #[command(subcommand)]
    License(license::Command),
    /// Issue, list and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// List and rotate the keys that seal and wrap
    #[command(subcommand)]
    Keys(keys::Command),
    /// List what is to be done later, and try again what could not be
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Import visits from a file
    #[command(subcommand)]
    Import(import::Command),
    /// Verify receipts of deletions
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Verify files that people got of what is held of them
    #[command(subcommand)]
    Export(export::Command),
    /// Compare the people of a backend with those of a service, and delete there whom it lacks
    Reconcile(reconcile::Args),
    /// Copy the database to a new folder, without the master key
    Backup(backup::Args),
    /// Put a backup in the place of the database, and repeat every erasure since
    Restore(restore::Args),
    /// Check configuration, keys, database, clock and disk
    Doctor(doctor::Args),
    /// Start a server of its own with a day of visits in it
    Demo(demo::Args),
}

/// Reads the arguments, does what they say and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(refused) => {
            // Help and version come this way too; where nobody reads them, the exit code has to do.
            let _ = refused.print();
            return u8::try_from(refused.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

impl Cli {
    fn run(self) -> Result<(), Failure> {
        let config = self.config;
        match self.command {
            Command::Serve(args) => serve::run(config, &args),
            Command::Migrate(args) => migrate::run(config, &args),
            Command::Customer(command) => customer::run(config, command),
            Command::License(command) => license::run(config, command),
            Command::Key(command) => key::run(config, command),
            Command::Keys(command) => keys::run(config, command),
            Command::Jobs(command) => jobs::run(config, command),
            Command::Import(command) => import::run(config, command),
            Command::Receipt(command) => receipt::run(command),
            Command::Export(command) => export::run(command),
            Command::Reconcile(args) => reconcile::run(&args),
            Command::Backup(args) => backup::run(config, &args),
            Command::Restore(args) => restore::run(config, &args),
            Command::Doctor(args) => doctor::run(config, &args),
            Command::Demo(args) => demo::run(config.as_ref(), &args),
        }
    }
}

/// Reads a time zone given as an argument.
fn zone(name: &str) -> Result<crate::domain::zone::Zone, String> {
    crate::domain::zone::Zone::parse(name).map_err(|error| error.detail)
}

/// Reads an identifier given as an argument.
fn id(text: &str) -> Result<crate::domain::PublicId, String> {
    crate::domain::PublicId::parse(text).map_err(|error| error.detail)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_parser_is_sound() {
        super::Cli::command().debug_assert();
    }
}
