//! `guestlog customer`: the companies on whose behalf data are kept.

use super::outcome::Failure;
use super::output::{Form, Table};
use super::{house, id, zone};
use crate::app::App;
use crate::app::customers::{self, Customer};
use crate::app::page::{Ask, MAX_LIMIT};
use crate::domain::PublicId;
use crate::domain::text::Label;
use crate::domain::zone::Zone;
use std::path::PathBuf;

/// What `customer` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Create a customer, with keys of its own
    #[command(after_help = "\
Example:
  id=$(guestlog customer create --name 'Nordlys A/S' --time-zone Europe/Oslo --json | jq -r .id)")]
    Create {
        /// The company's name, 1 to 200 characters
        #[arg(long)]
        name: String,
        /// IANA time zone in which its days are counted
        #[arg(long, value_name = "ZONE", default_value = "Europe/Copenhagen", value_parser = zone)]
        time_zone: Zone,
        #[command(flatten)]
        form: Form,
    },
    /// List all customers
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Show one customer
    Show {
        /// Its identifier, as `customer list` shows it
        #[arg(value_parser = id)]
        id: PublicId,
        #[command(flatten)]
        form: Form,
    },
}

/// Does it.
///
/// # Errors
/// A name that cannot be taken; no such customer; those of opening the house.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create { name, time_zone, form } => {
            let name = Label::new(name).map_err(|error| Failure::argument("--name", &error))?;
            house::within(config, |app| {
                let customer = app.write_blocking(|work| customers::create(work, &name, time_zone))?;
                form.answer(&customer, |customer| format!("Created.\n\n{}", table(std::slice::from_ref(customer))))
            })
        }
        Command::List { form } => house::within(config, |app| form.answer(&all(app)?, |all| table(all))),
        Command::Show { id, form } => house::within(config, |app| {
            let customer = app.read_blocking(|view| customers::get(view, id));
            let customer = customer.map_err(|error| Failure::missing(error, NO_CUSTOMER))?;
            form.answer(&customer, |customer| table(std::slice::from_ref(customer)))
        }),
    }
}

/// What is missing when a customer is, for [`Failure::missing`].
pub(super) const NO_CUSTOMER: &str = "customer of this id; see: guestlog customer list";

/// Every customer, page by page.
pub(super) fn all(app: &App) -> Result<Vec<Customer>, Failure> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let ask = Ask { limit: Some(MAX_LIMIT), cursor };
        let page = app.read_blocking(|view| customers::list(view, &ask))?;
        found.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

fn table(customers: &[Customer]) -> String {
    let mut table = Table::new(&["ID", "NAME", "TIME ZONE", "CREATED (UTC)"]);
    for customer in customers {
        let created = customer.created_at.utc().format("%F %H:%M").to_string();
        table.row(&[&customer.id.to_string(), &customer.name, &customer.time_zone, &created]);
    }
    table.to_string()
}
