//! How mails leave the house.

use super::values::{self, Choice};
use crate::domain::contact::Email;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;

/// How mails leave the house.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The way out.
    #[serde(deserialize_with = "values::choice")]
    pub transport: MailTransport,
    /// From whom mails are; by default the operator's address.
    #[serde(default, deserialize_with = "email")]
    pub from: Option<Email>,
    /// Where mails are put as files; by default `<data_dir>/mail`.
    #[serde(deserialize_with = "values::path")]
    pub directory: PathBuf,
    /// The SMTP server's name, which its certificate must hold.
    #[serde(default, deserialize_with = "host")]
    pub host: Option<String>,
    /// Its port.
    #[serde(deserialize_with = "values::whole::<1, 65_535, _, _>")]
    pub port: u16,
    /// How the way there is kept private.
    #[serde(deserialize_with = "values::choice")]
    pub security: MailSecurity,
    /// PEM file with the only authorities whose certificates are believed; by default the system's.
    #[serde(default, deserialize_with = "values::optional_path")]
    pub ca_file: Option<PathBuf>,
    /// The name to sign in with, when the server asks for one.
    #[serde(default, deserialize_with = "values::optional_secret")]
    pub user: Option<SecretString>,
    /// The password to sign in with.
    #[serde(default, deserialize_with = "values::optional_secret")]
    pub password: Option<SecretString>,
    /// The file that `password` was read from, when it was.
    #[serde(default, deserialize_with = "values::optional_path")]
    pub password_file: Option<PathBuf>,
    /// How long one step of the conversation with the server may take.
    #[serde(deserialize_with = "values::whole::<100, 60_000, _, _>")]
    pub timeout_ms: u64,
    /// The most mails of a customer that may wait to be sent.
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    pub max_waiting: u32,
}

/// The way that mails take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTransport {
    /// To an SMTP server, which delivers them.
    Smtp,
    /// Into a folder, a file each, for looking at.
    Directory,
}

impl Choice for MailTransport {
    const CHOICES: &'static [(&'static str, Self)] = &[("smtp", Self::Smtp), ("directory", Self::Directory)];
}

/// How the conversation with an SMTP server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte on (RFC 8314).
    Tls,
    /// TLS by STARTTLS, without which nothing is sent (RFC 3207).
    Starttls,
    /// In the clear; to this machine only.
    Plain,
}

impl Choice for MailSecurity {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("tls", Self::Tls), ("starttls", Self::Starttls), ("plain", Self::Plain)];
}

fn email<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Email>, D::Error> {
    values::domain(from, "one e-mail address", |text| Email::new(text)).map(Some)
}

fn host<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let expected = "a host's name or address, without a port";
    values::domain(from, expected, |text| crate::domain::public_url::host(text).map(str::to_owned)).map(Some)
}
