//! Who answers for the data, who runs the service, who else gets them, and who takes complaints.

use super::super::{View, identity, webhooks};
use crate::config::{Recipient, RecipientRole};
use crate::domain::CustomerId;
use crate::domain::words::Words;
use crate::error::Error;
use serde::Serialize;

/// A company or authority, as a person can reach it.
#[derive(Clone, Serialize)]
pub(crate) struct Contact {
    /// Its name.
    pub name: String,
    /// Number in the Danish business register.
    pub cvr: Option<String>,
    /// Street and number, postcode and town.
    pub address: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Web address.
    pub url: Option<String>,
}

/// A system or company that gets the data, by its name (REQUIREMENTS L-13).
#[derive(Clone, Serialize)]
pub(crate) struct System {
    /// Its name, or the name of its host.
    pub name: String,
    /// `sub_processor`, which the operator has work for it, or `recipient`, which uses the data on its own account.
    pub role: &'static str,
    /// What it gets the data for.
    pub purpose: Words,
    /// Where it keeps them, as ISO 3166-1 has it.
    pub country: Option<String>,
    /// On which ground they may leave the EEA; none within it.
    pub transfer_basis: Option<String>,
}

/// All of them.
pub(crate) struct Identity {
    /// The customer.
    pub controller: Contact,
    /// The operator of this service; none in a development that does not name it.
    pub processor: Option<Contact>,
    /// The supervisory authority.
    pub authority: Contact,
    /// Who gets data beside those.
    pub systems: Vec<System>,
}

impl Identity {
    /// Those of a customer.
    pub fn of(view: &mut View<'_>, customer: CustomerId) -> Result<Self, Error> {
        let told = webhooks::recipients(view, customer)?.into_iter().filter(|told| told.until.is_none()).map(endpoint);
        let controller = identity::controller(view, customer)?.into();
        let settings = &view.core.settings;
        Ok(Self {
            controller,
            processor: settings.operator.is_some().then(|| identity::operator(view.core).into()),
            authority: identity::authority(view.core).into(),
            systems: settings.recipients.iter().map(system).chain(told).collect(),
        })
    }
}

/// In one line.
fn address(lines: [Option<String>; 2]) -> Option<String> {
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

impl From<identity::Identity> for Contact {
    fn from(of: identity::Identity) -> Self {
        let address = address([of.address, of.postcode_city]);
        Self { name: of.name, cvr: of.cvr, address, email: of.email, phone: of.phone, url: None }
    }
}

impl From<identity::Authority> for Contact {
    fn from(of: identity::Authority) -> Self {
        let address = address([Some(of.address), Some(of.postcode_city)]);
        Self { name: of.name, cvr: None, address, email: Some(of.email), phone: Some(of.phone), url: Some(of.url) }
    }
}

/// Another system of the customer's, which is told what happens to a person's data (Article 19).
fn endpoint(told: webhooks::Recipient) -> System {
    System {
        name: told.host,
        role: "recipient",
        purpose: Words::new(
            "Et af virksomhedens egne systemer. Det får besked, når oplysninger rettes, begrænses eller slettes.",
            "One of the company's own systems. It is told when data are corrected, restricted or erased.",
        ),
        country: None,
        transfer_basis: None,
    }
}

fn system(recipient: &Recipient) -> System {
    System {
        name: recipient.name.as_str().to_owned(),
        role: match recipient.role {
            RecipientRole::Processor => "sub_processor",
            RecipientRole::Controller => "recipient",
        },
        purpose: Words::made(recipient.purpose_da.as_str().to_owned(), recipient.purpose_en.as_str().to_owned()),
        country: Some(recipient.country.as_str().to_owned()),
        transfer_basis: recipient.transfer_basis.as_ref().map(|basis| basis.as_str().to_owned()),
    }
}
