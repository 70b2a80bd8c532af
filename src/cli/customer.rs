//! `guestlog customer`: the companies on whose behalf data are kept.

use super::outcome::Failure;
use super::output::{Form, Table};
use super::{house, id, zone};
use crate::app::App;
use crate::app::customers::{self, Change, Customer};
use crate::app::page::{Ask, MAX_LIMIT};
use crate::domain::contact::{Email, Phone};
use crate::domain::cvr::Cvr;
use crate::domain::locale::Locale;
use crate::domain::text::{Label, Name};
use crate::domain::zone::Zone;
use crate::domain::{FieldError, PublicId};
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
    /// Change what is known of a customer; an empty text removes
    #[command(after_help = "\
Example:
  guestlog customer change \"$id\" --legal-name 'Nordlys Drift A/S' --cvr 99999993 --email rights@nordlys.example")]
    Change {
        /// Its identifier, as `customer list` shows it
        #[arg(value_parser = id)]
        id: PublicId,
        #[command(flatten)]
        fields: Box<Fields>,
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

/// What can be changed of a customer.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Fields {
    /// The company's name
    #[arg(long)]
    name: Option<String>,
    /// IANA time zone in which its days are counted
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    time_zone: Option<Zone>,
    /// The language in which it is written to, da or en
    #[arg(long)]
    locale: Option<String>,
    /// The name the company is registered under
    #[arg(long)]
    legal_name: Option<String>,
    /// Whom to ask for
    #[arg(long)]
    contact_name: Option<String>,
    /// Its CVR number
    #[arg(long)]
    cvr: Option<String>,
    /// Street and number
    #[arg(long)]
    address: Option<String>,
    /// Postcode and town
    #[arg(long)]
    postcode_city: Option<String>,
    /// Where it is told of cases
    #[arg(long)]
    email: Option<String>,
    /// Phone number
    #[arg(long)]
    phone: Option<String>,
}

impl Fields {
    fn read(self) -> Result<Change, Failure> {
        Ok(Change {
            name: self
                .name
                .map(|text| Label::new(text).map_err(|why| Failure::argument("--name", &why)))
                .transpose()?,
            time_zone: self.time_zone,
            locale: self
                .locale
                .map(|text| Locale::parse(&text).map_err(|why| Failure::argument("--locale", &why)))
                .transpose()?,
            legal_name: field("--legal-name", self.legal_name, Label::new)?,
            contact_name: field("--contact-name", self.contact_name, Name::new)?,
            cvr: field("--cvr", self.cvr, Cvr::new)?,
            address: field("--address", self.address, Label::new)?,
            postcode_city: field("--postcode-city", self.postcode_city, Label::new)?,
            email: field("--email", self.email, Email::new)?,
            phone: field("--phone", self.phone, Phone::new)?,
        })
    }
}

/// A field that is changed, removed when its text is empty, or left alone when it is not named.
#[expect(clippy::option_option, reason = "as in the merge patch that it becomes")]
fn field<T>(
    name: &str,
    text: Option<String>,
    read: impl FnOnce(String) -> Result<T, FieldError>,
) -> Result<Option<Option<T>>, Failure> {
    match text {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(Some(None)),
        Some(text) => read(text).map(|value| Some(Some(value))).map_err(|error| Failure::argument(name, &error)),
    }
}

/// Does it.
///
/// # Errors
/// A text that cannot be taken; no such customer; those of opening the house.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create { name, time_zone, form } => {
            let name = Label::new(name).map_err(|error| Failure::argument("--name", &error))?;
            house::within(config, |app| {
                let customer = app.write_blocking(|work| customers::create(work, &name, time_zone))?;
                form.answer(&customer, |customer| format!("Created.\n\n{}", table(std::slice::from_ref(customer))))
            })
        }
        Command::Change { id, fields, form } => {
            let change = fields.read()?;
            house::within(config, |app| {
                let customer = app.write_blocking(|work| customers::change(work, id, &change));
                let customer = customer.map_err(|error| Failure::missing(error, NO_CUSTOMER))?;
                form.answer(&customer, |customer| format!("Changed.\n\n{}", details(customer)))
            })
        }
        Command::List { form } => house::within(config, |app| form.answer(&all(app)?, |all| table(all))),
        Command::Show { id, form } => house::within(config, |app| {
            let customer = app.read_blocking(|view| customers::get(view, id));
            let customer = customer.map_err(|error| Failure::missing(error, NO_CUSTOMER))?;
            form.answer(&customer, details)
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
        table.row(&[&customer.id.to_string(), &customer.contact.name, &customer.time_zone, &created]);
    }
    table.to_string()
}

/// One customer with all that is known of it, a line each.
fn details(customer: &Customer) -> String {
    let (contact, known) = (&customer.contact, &customer.contact.details);
    let lines = [
        ("id", Some(customer.id.to_string())),
        ("name", Some(contact.name.clone())),
        ("legal name", known.legal_name.as_ref().map(|text| text.as_str().to_owned())),
        ("contact", known.contact_name.as_ref().map(|text| text.as_str().to_owned())),
        ("CVR", known.cvr.as_ref().map(|text| text.as_str().to_owned())),
        ("address", known.address.as_ref().map(|text| text.as_str().to_owned())),
        ("postcode and town", known.postcode_city.as_ref().map(|text| text.as_str().to_owned())),
        ("e-mail", known.email.as_ref().map(|text| text.as_str().to_owned())),
        ("phone", known.phone.as_ref().map(|text| text.as_str().to_owned())),
        ("language", Some(contact.locale.as_str().to_owned())),
        ("time zone", Some(customer.time_zone.clone())),
        ("created (UTC)", Some(customer.created_at.utc().format("%F %H:%M").to_string())),
    ];
    let mut table = Table::new(&["FIELD", "VALUE"]);
    for (name, value) in lines {
        table.row(&[name, value.as_deref().unwrap_or_default()]);
    }
    table.to_string()
}
