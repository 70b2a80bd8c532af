//! Who runs the service, to whom people can complain, and who else gets data: what every notice says.

use super::values::{self, Choice};
use crate::domain::contact::{Email, Phone};
use crate::domain::country::Country;
use crate::domain::cvr::Cvr;
use crate::domain::public_url::PublicUrl;
use crate::domain::text::{Label, Name, Reason};
use serde::{Deserialize, Deserializer};

/// The company that runs the service, as notices, letters and exports name it (REQUIREMENTS A-06, B-45).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The company's name.
    #[serde(deserialize_with = "label")]
    pub name: Label,
    /// Whom to ask for.
    #[serde(default, deserialize_with = "person")]
    pub contact: Option<Name>,
    /// Number in the Danish business register.
    #[serde(deserialize_with = "cvr")]
    pub cvr: Cvr,
    /// Street and number.
    #[serde(deserialize_with = "label")]
    pub address: Label,
    /// Postcode.
    #[serde(deserialize_with = "postcode")]
    pub postcode: Label,
    /// Town.
    #[serde(deserialize_with = "label")]
    pub city: Label,
    /// Where people can write.
    #[serde(deserialize_with = "email")]
    pub email: Email,
    /// Where people can call.
    #[serde(deserialize_with = "phone")]
    pub phone: Phone,
}

impl Operator {
    /// Postcode and town on one line.
    #[must_use]
    pub fn postcode_city(&self) -> String {
        format!("{} {}", self.postcode.as_str(), self.city.as_str())
    }
}

/// The supervisory authority that takes complaints (Article 13(2)(d) GDPR); by default Datatilsynet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Its name.
    #[serde(deserialize_with = "label")]
    pub name: Label,
    /// Street and number.
    #[serde(deserialize_with = "label")]
    pub address: Label,
    /// Postcode and town.
    #[serde(deserialize_with = "label")]
    pub postcode_city: Label,
    /// Its phone number.
    #[serde(deserialize_with = "phone")]
    pub phone: Phone,
    /// Its e-mail address.
    #[serde(deserialize_with = "email")]
    pub email: Email,
    /// Its site.
    #[serde(deserialize_with = "values::public_url")]
    pub url: PublicUrl,
}

/// One who gets data, named individually (REQUIREMENTS L-13; C-154/21), such as a sub-processor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The company's name.
    #[serde(deserialize_with = "label")]
    pub name: Label,
    /// On whose account it uses the data.
    #[serde(deserialize_with = "values::choice")]
    pub role: RecipientRole,
    /// What it gets them for, in Danish.
    #[serde(deserialize_with = "purpose")]
    pub purpose_da: Reason,
    /// What it gets them for, in English.
    #[serde(deserialize_with = "purpose")]
    pub purpose_en: Reason,
    /// Where it keeps them.
    #[serde(deserialize_with = "country")]
    pub country: Country,
    /// On which ground they may leave the EEA (Articles 44 to 49 GDPR); needed for a country outside.
    #[serde(default, deserialize_with = "basis")]
    pub transfer_basis: Option<Reason>,
}

/// On whose account a recipient uses the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientRole {
    /// On that of the one it gets them from (Article 28 GDPR).
    Processor,
    /// On its own.
    Controller,
}

impl Choice for RecipientRole {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("processor", Self::Processor), ("controller", Self::Controller)];
}

fn label<'de, D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
    values::domain(from, "1 to 200 characters on one line", |text| Label::new(text))
}

fn person<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Name>, D::Error> {
    values::domain(from, "a name of 1 to 200 characters", |text| Name::new(text)).map(Some)
}

fn postcode<'de, D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
    values::digits(from, "a postcode", |text| Label::new(text))
}

fn purpose<'de, D: Deserializer<'de>>(from: D) -> Result<Reason, D::Error> {
    values::domain(from, "1 to 500 characters on one line", |text| Reason::new(text))
}

fn basis<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Reason>, D::Error> {
    purpose(from).map(Some)
}

fn cvr<'de, D: Deserializer<'de>>(from: D) -> Result<Cvr, D::Error> {
    values::digits(from, "a CVR number: eight digits, of which the last checks the others", |text| Cvr::new(text))
}

fn email<'de, D: Deserializer<'de>>(from: D) -> Result<Email, D::Error> {
    values::domain(from, "one e-mail address", |text| Email::new(text))
}

fn phone<'de, D: Deserializer<'de>>(from: D) -> Result<Phone, D::Error> {
    values::domain(from, "a phone number of 4 to 15 digits", |text| Phone::new(text))
}

fn country<'de, D: Deserializer<'de>>(from: D) -> Result<Country, D::Error> {
    values::domain(from, "a country's two letters, as DK (ISO 3166-1)", Country::new)
}
