//! `guestlog license`: the sites of a customer.

use super::customer::NO_CUSTOMER;
use super::outcome::Failure;
use super::output::{Form, Table};
use super::{house, id, zone};
use crate::app::licenses::{self, Change, Draft, License};
use crate::domain::PublicId;
use crate::domain::license::{OverdueRule, parse_closes_at};
use crate::domain::text::{Label, LicenseNumber};
use crate::domain::zone::Zone;
use crate::error::Error;
use chrono::NaiveTime;
use std::path::PathBuf;

/// What `license` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Issue a licence: a site, with the number that its events name
    #[command(after_help = "\
A guest who has not checked out is marked overdue after so many minutes or at
closing time, whichever comes first; with neither flag after 720 minutes.
Nobody is checked out by a guess.

Example:
  guestlog license issue --customer $id --number VS-2024-000123 \\
    --name 'Head office' --closes-at 18:00")]
    Issue {
        #[command(flatten)]
        of: Of,
        /// The number, 1 to 64 characters
        #[arg(long)]
        number: String,
        /// What the site is called, 1 to 200 characters
        #[arg(long)]
        name: String,
        /// IANA time zone of the site; the customer's when left out
        #[arg(long, value_name = "ZONE", value_parser = zone)]
        time_zone: Option<Zone>,
        /// Minutes after the check-in, 1 to 43200
        #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=OverdueRule::MAX_AFTER_MINUTES as i64))]
        overdue_after_minutes: Option<u32>,
        /// Local time of day at which the site closes
        #[arg(long, value_name = "HH:MM", value_parser = closing)]
        closes_at: Option<NaiveTime>,
        #[command(flatten)]
        form: Form,
    },
    /// List a customer's licences
    List {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        form: Form,
    },
    /// End a licence: no event is taken for it any more, and what is stored stays
    Revoke {
        #[command(flatten)]
        of: Of,
        /// The number
        #[arg(long)]
        number: String,
        #[command(flatten)]
        form: Form,
    },
}

/// Whose.
#[derive(Debug, clap::Args)]
pub struct Of {
    /// The customer's identifier, as `customer list` shows it
    #[arg(long, value_name = "ID", value_parser = id)]
    customer: PublicId,
}

fn closing(text: &str) -> Result<NaiveTime, String> {
    parse_closes_at(text).map_err(|error| error.detail)
}

/// Does it.
///
/// # Errors
/// Arguments that cannot be taken; no such customer or licence; a number in use; those of opening the house.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    match command {
        Command::Issue { of, number, name, time_zone, overdue_after_minutes, closes_at, form } => {
            let draft = Draft {
                number: LicenseNumber::new(number).map_err(|error| Failure::argument("--number", &error))?,
                name: Label::new(name).map_err(|error| Failure::argument("--name", &error))?,
                zone: time_zone,
                overdue: OverdueRule::new(overdue_after_minutes, closes_at)
                    .map_err(|error| Failure::argument("--overdue-after-minutes and --closes-at", &error))?,
            };
            house::within(config, |app| {
                let license =
                    app.write_blocking(|work| licenses::issue(work, of.customer, &draft)).map_err(no_customer)?;
                form.answer(&license, |license| format!("Issued.\n\n{}", table(std::slice::from_ref(license))))
            })
        }
        Command::List { of, form } => house::within(config, |app| {
            let licenses = app.read_blocking(|view| licenses::all(view, of.customer)).map_err(no_customer)?;
            form.answer(&licenses, |licenses| table(licenses))
        }),
        Command::Revoke { of, number, form } => house::within(config, |app| {
            let licenses = app.read_blocking(|view| licenses::all(view, of.customer)).map_err(no_customer)?;
            let license = licenses.into_iter().find(|license| license.license_number == number);
            let license =
                license.ok_or_else(|| Failure::Refused("the customer has no licence of this number".to_owned()))?;
            let change = Change { revoke: true, ..Change::default() };
            let license = app.write_blocking(|work| licenses::change(work, of.customer, license.id, &change))?;
            form.answer(&license, |license| format!("Revoked.\n\n{}", table(std::slice::from_ref(license))))
        }),
    }
}

fn no_customer(error: Error) -> Failure {
    Failure::missing(error, NO_CUSTOMER)
}

fn table(licenses: &[License]) -> String {
    let mut table = Table::new(&["NUMBER", "NAME", "TIME ZONE", "OVERDUE", "STATE"]);
    for license in licenses {
        let after = license.overdue_after_minutes.map(|minutes| format!("after {minutes} min"));
        let closing = license.closes_at.as_ref().map(|time| format!("at {time}"));
        let overdue = after.into_iter().chain(closing).collect::<Vec<_>>().join(" or ");
        let state =
            license.revoked_at.map_or_else(|| "in force".to_owned(), |at| format!("revoked {}", at.utc().format("%F")));
        table.row(&[&license.license_number, &license.name, &license.time_zone, &overdue, &state]);
    }
    table.to_string()
}
