//! `guestlog key`: what programs identify themselves by.

use super::customer::NO_CUSTOMER;
use super::outcome::Failure;
use super::output::{Form, Table};
use super::{house, id};
use crate::app::keys::{self, DEFAULT_DAYS, Draft, Issued, Key, MAX_DAYS};
use crate::domain::scope::{Scope, Scopes};
use crate::domain::{PublicId, Timestamp};
use crate::error::Error;
use std::path::PathBuf;

/// What `key` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Issue a key; its secret is printed this once
    #[command(after_help = "\
Scopes: events:write events:read people:write people:read people:delete rights
webhooks keys; an operator's key has admin, and it alone.

Examples:
  guestlog key issue --customer $id --scopes events:write --license VS-2024-000123
  guestlog key issue --operator --days 30 --json")]
    Issue {
        #[command(flatten)]
        of: Of,
        /// What it may do, separated by commas
        #[arg(long, value_name = "SCOPES", value_parser = scopes, required_unless_present = "operator", conflicts_with = "operator")]
        scopes: Option<Scopes>,
        /// Number of the licence to bind it to: it writes events for that one only
        #[arg(long, value_name = "NUMBER", conflicts_with = "operator")]
        license: Option<String>,
        /// How long it lives
        #[arg(long, default_value_t = DEFAULT_DAYS, value_parser = clap::value_parser!(u32).range(1..=MAX_DAYS as i64))]
        days: u32,
        #[command(flatten)]
        form: Form,
    },
    /// List keys, never with their secrets
    List {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        form: Form,
    },
    /// End a key; a running service notices within half a second, unless set otherwise
    #[command(after_help = "\
Example:
  guestlog key revoke --customer $id 0f8z7k2m9q4x1c5v")]
    Revoke {
        #[command(flatten)]
        of: Of,
        /// The key's public id, as `key list` shows it
        #[arg(value_name = "KEY_ID")]
        key: String,
        #[command(flatten)]
        form: Form,
    },
}

/// Whose.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Of {
    /// The customer's identifier, as `customer list` shows it
    #[arg(long, value_name = "ID", value_parser = id)]
    customer: Option<PublicId>,
    /// The operator's own, for /v1/admin
    #[arg(long)]
    operator: bool,
}

fn scopes(list: &str) -> Result<Scopes, String> {
    Scopes::parse_list(list).map_err(|error| error.detail)
}

/// Does it.
///
/// # Errors
/// Scopes that do not go together; no such customer, licence or key; those of opening the house.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    match command {
        Command::Issue { of, scopes, license, days, form } => {
            let scopes = scopes.unwrap_or_else(|| [Scope::Admin].into_iter().collect());
            let draft = Draft { customer: of.customer, license_number: license, scopes, days };
            house::within(config, |app| {
                let issued = app.write_blocking(|work| keys::issue(work, &draft)).map_err(no_customer)?;
                let now = app.clock().now();
                form.answer(&issued, |issued| once(issued, now))
            })
        }
        Command::List { of, form } => house::within(config, |app| {
            let keys = app.read_blocking(|view| keys::all(view, of.customer)).map_err(no_customer)?;
            form.answer(&keys, |keys| table(keys, app.clock().now()))
        }),
        Command::Revoke { of, key, form } => house::within(config, |app| {
            let revoked = app.write_blocking(|work| keys::revoke(work, of.customer, public_part(&key)));
            let key = revoked.map_err(|error| Failure::missing(error, "key of this id; see: guestlog key list"))?;
            form.answer(&key, |key| format!("Revoked.\n\n{}", table(std::slice::from_ref(key), app.clock().now())))
        }),
    }
}

fn no_customer(error: Error) -> Failure {
    Failure::missing(error, NO_CUSTOMER)
}

/// The public id of a key, also when somebody in haste gives the whole key.
fn public_part(key: &str) -> &str {
    let key = key.strip_prefix("glk_").unwrap_or(key);
    key.split_once('_').map_or(key, |(id, _)| id)
}

fn once(issued: &Issued, now: Timestamp) -> String {
    let table = table(std::slice::from_ref(&issued.key), now);
    format!(
        "{table}\nThe key, shown this once: nobody can show it again, so put it where the client will read it.\n\n{}",
        issued.secret
    )
}

fn table(keys: &[Key], now: Timestamp) -> String {
    let mut table = Table::new(&["KEY ID", "SCOPES", "LICENCE", "EXPIRES", "LAST USED", "STATE"]);
    for key in keys {
        let expires = key.expires_at.utc().format("%F").to_string();
        let state = match key.revoked_at {
            Some(at) => format!("revoked {}", at.utc().format("%F")),
            None if key.expires_at <= now => "expired".to_owned(),
            None => "in force".to_owned(),
        };
        let scopes = key.scopes.to_text().replace(' ', ",");
        let (license, used) = (key.license_number.as_deref().unwrap_or(""), key.last_used_on.as_deref().unwrap_or(""));
        table.row(&[&key.key_id, &scopes, license, &expires, used, &state]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::public_part;

    #[test]
    fn a_whole_key_is_cut_to_its_public_part() {
        for given in ["0f8z7k2m9q4x1c5v", "glk_0f8z7k2m9q4x1c5v", "glk_0f8z7k2m9q4x1c5v_secret"] {
            assert_eq!(public_part(given), "0f8z7k2m9q4x1c5v");
        }
    }
}
