//! Typed settings: built-in defaults, a configuration directory, the environment, the command line.
//!
//! A setting that does not exist or lies outside its bounds stops the start, for a typing error in a limit or a
//! retention that is silently ignored is found only by its damage. Imports `domain` alone, so that every floor may read
//! it.

mod error;
mod fill;
mod identity;
mod layer;
mod mail;
mod rights;
mod sections;
mod sources;
mod tree;
mod typed;
mod values;

#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use identity::{Authority, Operator, Recipient, RecipientRole};
pub use mail::{Mail, MailSecurity, MailTransport};
pub use rights::{Rights, Transfers};
pub use sections::{
    Accesses, Database, Erasure, Http, Ingest, Keys, Limits, Log, LogFormat, LogLevel, Metrics, Reconciliation, Tls,
    Visits, Webhooks,
};
pub use sources::{Profile, Sources};
pub use tree::Effective;

use crate::domain::contact::Email;
use serde::Deserialize;
use std::path::PathBuf;

/// Every setting, checked, with what was derived filled in.
///
/// Neither `Debug` nor [`Settings::describe`] shows a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The directory of the embedded database and the master key, unless they are placed elsewhere.
    #[serde(deserialize_with = "values::path")]
    pub data_dir: PathBuf,
    /// The database and its connections.
    pub database: Database,
    /// Where keys are kept.
    pub keys: Keys,
    /// The public listener and its limits.
    pub http: Http,
    /// The internal listener.
    pub metrics: Metrics,
    /// The write path of events.
    pub ingest: Ingest,
    /// How visits are judged.
    pub visits: Visits,
    /// How erasures are kept from coming back.
    pub erasure: Erasure,
    /// The record of who read of people.
    pub accesses: Accesses,
    /// Comparisons with the list of people whom a customer still holds.
    pub reconciliation: Reconciliation,
    /// How mails leave the house.
    pub mail: Mail,
    /// Who runs the service; public notices need it.
    #[serde(default)]
    pub operator: Option<Operator>,
    /// To whom people can complain.
    pub authority: Authority,
    /// Those outside the operator's own house who get data, each by name.
    #[serde(default)]
    pub recipients: Vec<Recipient>,
    /// What customers' other systems are told.
    pub webhooks: Webhooks,
    /// How requests of data subjects are dealt with.
    pub rights: Rights,
    /// How often a key may call.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// The profile that was chosen.
    #[serde(skip)]
    pub profile: Profile,
    #[serde(skip)]
    effective: Vec<Effective>,
}

impl Settings {
    /// Reads the settings of this process: `directory` (else `GUESTLOG_CONFIG_DIR`) and the environment.
    ///
    /// # Errors
    /// When a file cannot be read, or a setting is unknown, malformed or out of bounds; names it and its source.
    pub fn load(directory: Option<PathBuf>) -> Result<Self, ConfigError> {
        Sources::of_process(directory)?.load()
    }

    /// Whether people can be served in public: a notice without the operator's identity must not be shown, and links in
    /// mails must lead to the service by a way that nobody can listen on (REQUIREMENTS A-06, B-45).
    ///
    /// # Errors
    /// In production, when `operator` or `mail.host` is missing, or `http.public_url` is not https or leads nowhere but
    /// here.
    pub fn fit_to_serve(&self) -> Result<(), ConfigError> {
        let missing = |name: &str, expected: &str| {
            let line = self.effective.iter().find(|line| line.name == name);
            let origin = line.map_or("not set", |line| line.origin.as_str()).to_owned();
            Err(ConfigError::Setting { name: name.to_owned(), origin, expected: expected.to_owned() })
        };
        let url = &self.http.public_url;
        match self.profile {
            Profile::Production if self.operator.is_none() => missing(
                "operator",
                "expected name, cvr, address, postcode, city, email and phone: notices to the public name who runs the service",
            ),
            Profile::Production if !url.is_https() || url.is_local() => {
                missing("http.public_url", "expected https:// and the host under which people reach the service")
            }
            Profile::Production if self.mail.transport == MailTransport::Smtp && self.mail.host.is_none() => {
                missing("mail.host", "expected the SMTP server that takes mails; or mail.transport = \"directory\"")
            }
            Profile::Development | Profile::Production => Ok(()),
        }
    }

    /// From whom mails are: `mail.from`, else the operator's address.
    #[must_use]
    pub fn mail_from(&self) -> Option<&Email> {
        self.mail.from.as_ref().or_else(|| self.operator.as_ref().map(|operator| &operator.email))
    }

    /// Every setting in force with the source it came from, in the order of their names; secrets as `(set)`.
    #[must_use]
    pub fn describe(&self) -> &[Effective] {
        &self.effective
    }
}
