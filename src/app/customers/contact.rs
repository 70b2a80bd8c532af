//! Whom to tell of a customer's cases, and how the customer is named to people as the controller of their data.

use super::super::people::stated;
use super::super::{View, Work, dossier};
use crate::crypto::{CustomerKeys, Place, Row};
use crate::domain::CustomerId;
use crate::domain::contact::{Email, Phone};
use crate::domain::cvr::Cvr;
use crate::domain::locale::Locale;
use crate::domain::text::{Label, Name};
use crate::domain::zone::Zone;
use crate::error::Error;
use crate::store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A customer as people and mails name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    /// The company's name.
    pub name: String,
    /// The language in which the customer is written to.
    pub locale: Locale,
    /// What notices say of it, and where it is written to.
    #[serde(flatten)]
    pub details: Details,
}

impl Contact {
    /// The name by which the company is named as the controller: the legal one, where it is known.
    #[must_use]
    pub fn company(&self) -> &str {
        self.details.legal_name.as_ref().map_or(&self.name, |name| name.as_str())
    }
}

/// What is known of a customer beside its name; sealed together, for a sole trader's are a person's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Details {
    /// The name the company is registered under.
    #[serde(default)]
    pub legal_name: Option<Label>,
    /// Whom to ask for.
    #[serde(default)]
    pub contact_name: Option<Name>,
    /// Number in the Danish business register.
    #[serde(default)]
    pub cvr: Option<Cvr>,
    /// Street and number.
    #[serde(default)]
    pub address: Option<Label>,
    /// Postcode and town.
    #[serde(default)]
    pub postcode_city: Option<Label>,
    /// Where the customer is told of cases.
    #[serde(default)]
    pub email: Option<Email>,
    /// Phone number.
    #[serde(default)]
    pub phone: Option<Phone>,
}

/// What to change of a customer: what is left out stays, null removes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The company's name; cannot be removed.
    pub name: Option<Label>,
    /// IANA time zone; cannot be removed.
    pub time_zone: Option<Zone>,
    /// The language in which the customer is written to; cannot be removed.
    pub locale: Option<Locale>,
    /// The name the company is registered under.
    #[serde(default, deserialize_with = "stated")]
    pub legal_name: Option<Option<Label>>,
    /// Whom to ask for.
    #[serde(default, deserialize_with = "stated")]
    pub contact_name: Option<Option<Name>>,
    /// Number in the Danish business register.
    #[serde(default, deserialize_with = "stated")]
    pub cvr: Option<Option<Cvr>>,
    /// Street and number.
    #[serde(default, deserialize_with = "stated")]
    pub address: Option<Option<Label>>,
    /// Postcode and town.
    #[serde(default, deserialize_with = "stated")]
    pub postcode_city: Option<Option<Label>>,
    /// Where the customer is told of cases.
    #[serde(default, deserialize_with = "stated")]
    pub email: Option<Option<Email>>,
    /// Phone number.
    #[serde(default, deserialize_with = "stated")]
    pub phone: Option<Option<Phone>>,
}

impl Change {
    /// Carries the change out; true when anything of it is said, so that it must be sealed anew.
    fn carry_out(&self, details: &mut Details) -> bool {
        let before = details.clone();
        let Self { legal_name, contact_name, cvr, address, postcode_city, email, phone, .. } = self;
        set(&mut details.legal_name, legal_name.as_ref());
        set(&mut details.contact_name, contact_name.as_ref());
        set(&mut details.cvr, cvr.as_ref());
        set(&mut details.address, address.as_ref());
        set(&mut details.postcode_city, postcode_city.as_ref());
        set(&mut details.email, email.as_ref());
        set(&mut details.phone, phone.as_ref());
        *details != before
    }
}

fn set<T: Clone>(kept: &mut Option<T>, said: Option<&Option<T>>) {
    if let Some(said) = said {
        kept.clone_from(said);
    }
}

/// How a customer is named and written to.
///
/// # Errors
/// `not_found`.
pub fn contact(view: &mut View<'_>, customer: CustomerId) -> Result<Contact, Error> {
    let row = store::customers::get(view.conn, customer)?.ok_or_else(Error::not_found)?;
    of_row(view, &row)
}

pub(super) fn of_row(view: &mut View<'_>, row: &store::customers::Customer) -> Result<Contact, Error> {
    let details = match &row.contact_sealed {
        None => Details::default(),
        Some(_) => open(&*view.customer_keys(row.id)?, row)?,
    };
    let locale = Locale::parse(&row.locale).map_err(Error::internal)?;
    Ok(Contact { name: row.name.clone(), locale, details })
}

fn place(customer: CustomerId, version: u32) -> Place {
    Place { customer, table: "customers", column: "contact_sealed", row: Row::Key(customer.0), subject: None, version }
}

fn open(keys: &CustomerKeys, row: &store::customers::Customer) -> Result<Details, Error> {
    let Some(sealed) = &row.contact_sealed else { return Ok(Details::default()) };
    let version = row.key_version.ok_or_else(|| Error::internal("a seal without its key's version"))?;
    let version = u32::try_from(version).map_err(Error::internal)?;
    let key = keys.version(version).map_err(Error::internal)?;
    let plain = key.open(&place(row.id, version), sealed).map_err(Error::internal)?;
    serde_json::from_slice(&plain).map_err(|_| Error::internal("a sealed contact does not decode"))
}

fn seal(keys: &CustomerKeys, row: &mut store::customers::Customer, details: &Details) -> Result<(), Error> {
    if *details == Details::default() {
        (row.contact_sealed, row.key_version) = (None, None);
        return Ok(());
    }
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(details).map_err(Error::internal)?);
    let (version, key) = keys.current();
    row.contact_sealed = Some(key.seal(&place(row.id, version), &plain).map_err(Error::internal)?);
    row.key_version = Some(dossier::version_column(version)?);
    Ok(())
}

/// Takes in what is said of a customer's contact.
pub(super) fn change(
    work: &mut Work<'_, '_>,
    row: &mut store::customers::Customer,
    change: &Change,
) -> Result<(), Error> {
    if let Some(locale) = change.locale {
        locale.as_str().clone_into(&mut row.locale);
    }
    let keys = work.customer_keys(row.id)?;
    let mut details = open(&keys, row)?;
    if change.carry_out(&mut details) {
        seal(&keys, row, &details)?;
    }
    Ok(())
}

/// Seals a customer's contact under its current key.
pub(in crate::app) fn reseal(keys: &CustomerKeys, row: &mut store::customers::Customer) -> Result<(), Error> {
    let details = open(keys, row)?;
    seal(keys, row, &details)
}
