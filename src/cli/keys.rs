//! `guestlog keys`: the keys that seal and wrap, listed and rotated.

use super::customer::{self, NO_CUSTOMER};
use super::outcome::Failure;
use super::output::{Form, Table, count};
use super::{house, id};
use crate::app::App;
use crate::app::rotation::{self, CustomerRotation, Inventory, MasterRotation};
use crate::domain::{PublicId, Timestamp};
use serde::Serialize;
use std::path::PathBuf;

/// What `keys` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List master keys, the service's own keys and customers' keys; never a key itself
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Put everything under new keys, while servers go on
    #[command(after_help = "\
A customer's key wraps the keys of its people and seals its licence numbers. A
rotation adds a version, puts all of them under it, a few hundred at a time, and
deletes the old version. The data themselves are not touched. The key of the
blind indexes is not rotated: events, visits and tombstones are known by it.

The master key wraps the customers' keys. A rotation makes <master.key>.next,
puts everything under it and lets it take the place of <master.key>; the old one
stays as <master.key>.retired-<id> for the backups that need it, until
`guestlog keys destroy-retired`. API keys, cursors, kept answers and receipts
stay valid. Copy the new file to where the old one's copy is kept.

A rotation that was cut short leaves everything readable, and goes on when the
same command is run again; with --all-customers those that were done already
are rotated once more.

Several nodes: run it with --prepare on one, which only makes
<master.key>.next; copy that file, mode 0600, beside the master key of every
other node; run it without --prepare on the first and then on the others, which
only change the files then.

Examples:
  guestlog keys rotate --customer $id
  guestlog keys rotate --master --all-customers")]
    Rotate {
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        form: Form,
    },
    /// Destroy retired master keys that no backup needs any more
    #[command(after_help = "\
A retired master key opens backups that were made before it was retired. When
it is older than erasure.backup_window_days, its file is overwritten and removed,
and nobody can open what older backups hold. A running server does the same once
a day; of several nodes only one does, so run it on the others. Destroy other
copies of the file by hand.")]
    DestroyRetired {
        #[command(flatten)]
        form: Form,
    },
}

/// What is to be rotated.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct What {
    /// The key of this customer, as `customer list` shows it
    #[arg(long, value_name = "ID", value_parser = id, conflicts_with = "all_customers")]
    customer: Option<PublicId>,
    /// The keys of all customers, one after the other
    #[arg(long)]
    all_customers: bool,
    /// The master key
    #[arg(long)]
    master: bool,
    /// Only make the file of the next master key, to be copied to other nodes
    #[arg(long, requires = "master", conflicts_with_all = ["customer", "all_customers"])]
    prepare: bool,
}

/// What a rotation did.
#[derive(Serialize)]
struct Rotated {
    master: Option<MasterRotation>,
    customers: Vec<CustomerRotation>,
}

#[derive(Serialize)]
struct Prepared {
    master_key_id: String,
}

#[derive(Serialize)]
struct Destroyed {
    master_keys: Vec<String>,
}

/// Does it.
///
/// # Errors
/// No such customer; a directory of the master key that cannot be written; those of opening the house.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    match command {
        Command::List { form } => house::within(config, |app| form.answer(&rotation::inventory(app)?, text)),
        Command::Rotate { what, form } if what.prepare => house::within(config, |app| {
            let prepared = Prepared { master_key_id: rotation::prepare_master(app)? };
            form.answer(&prepared, |prepared| format!("Prepared: master key {}.", prepared.master_key_id))
        }),
        Command::Rotate { what, form } => house::within(config, |app| form.answer(&rotate(app, &what)?, rotated)),
        Command::DestroyRetired { form } => house::within(config, |app| {
            let destroyed = Destroyed { master_keys: rotation::destroy_retired(app)? };
            form.answer(&destroyed, |destroyed| match destroyed.master_keys.as_slice() {
                [] => "Nothing to destroy.".to_owned(),
                ids => format!("Destroyed: {}.", ids.join(", ")),
            })
        }),
    }
}

fn rotate(app: &App, what: &What) -> Result<Rotated, Failure> {
    let master = if what.master { Some(rotation::rotate_master(app)?) } else { None };
    let ids: Vec<PublicId> = if what.all_customers {
        customer::all(app)?.into_iter().map(|customer| customer.id).collect()
    } else {
        what.customer.into_iter().collect()
    };
    let mut customers = Vec::new();
    for id in ids {
        let done = rotation::rotate_customer(app, id).map_err(|error| Failure::missing(error, NO_CUSTOMER))?;
        customers.push(done);
    }
    Ok(Rotated { master, customers })
}

fn rotated(done: &Rotated) -> String {
    let mut lines = Vec::new();
    if let Some(master) = &done.master {
        let (customers, service) =
            (count(master.customer_keys, "customer key"), count(master.service_keys, "service key"));
        lines.push(format!("Master key {} is in use; wrapped anew: {customers}, {service}.", master.master_key_id));
    }
    for customer in &done.customers {
        let (people, licenses) = (count(customer.people, "person key"), count(customer.licenses, "licence"));
        let webhooks = count(customer.webhooks, "webhook value");
        let resumed = if customer.resumed { " (begun before)" } else { "" };
        let (id, version) = (customer.customer.0, customer.version);
        lines.push(format!(
            "Customer {id}: version {version} is in use{resumed}; wrapped anew: {people}, {licenses}, {webhooks}."
        ));
    }
    lines.join("\n")
}

fn text(inventory: &Inventory) -> String {
    let day = |at: Option<Timestamp>| at.map(|at| at.utc().format("%F").to_string()).unwrap_or_default();
    let mut masters = Table::new(&["MASTER KEY", "STATE", "SINCE", "RETIRED", "DESTROYED", "FILE HERE"]);
    for key in &inventory.master_keys {
        let state = key.state.replace('_', " ");
        let (since, retired, destroyed) = (day(key.created_at), day(key.retired_at), day(key.destroyed_at));
        masters.row(&[&key.id, &state, &since, &retired, &destroyed, &key.files.join(" ")]);
    }
    let mut service = Table::new(&["SERVICE KEY", "VERSION", "MASTER KEY", "SINCE", "RETIRED"]);
    for key in &inventory.service_keys {
        let (version, since, retired) = (key.version.to_string(), day(Some(key.created_at)), day(key.retired_at));
        service.row(&[&key.purpose, &version, &key.master_key_id, &since, &retired]);
    }
    let mut customers = Table::new(&["CUSTOMER", "KEY", "VERSION", "MASTER KEY", "SINCE", "PEOPLE"]);
    for key in &inventory.customer_keys {
        let (customer, version) = (key.customer.0.to_string(), key.version.to_string());
        let people = key.people.map(|people| people.to_string()).unwrap_or_default();
        customers.row(&[&customer, key.purpose, &version, &key.master_key_id, &day(Some(key.created_at)), &people]);
    }
    format!("{masters}\n{service}\n{customers}")
}
