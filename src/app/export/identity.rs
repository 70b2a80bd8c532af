//! Who answers for the data, who runs the service, who else gets them, and who takes complaints.

use super::super::{View, customers, webhooks};
use crate::config::{Authority, Operator, Recipient, RecipientRole};
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
        let contact = customers::contact(view, customer)?;
        let (name, details) = (contact.company().to_owned(), contact.details);
        let text = |label: Option<crate::domain::text::Label>| label.map(|label| label.as_str().to_owned());
        let address: Vec<String> = [text(details.address), text(details.postcode_city)].into_iter().flatten().collect();
        let told = webhooks::recipients(view, customer)?.into_iter().filter(|told| told.until.is_none()).map(endpoint);
        let settings = &view.core.settings;
        Ok(Self {
            controller: Contact {
                name,
                cvr: details.cvr.map(|cvr| cvr.as_str().to_owned()),
                address: (!address.is_empty()).then(|| address.join(", ")),
                email: details.email.map(|email| email.as_str().to_owned()),
                phone: details.phone.map(|phone| phone.as_str().to_owned()),
                url: None,
            },
            processor: settings.operator.as_ref().map(operator),
            authority: authority(&settings.authority),
            systems: settings.recipients.iter().map(system).chain(told).collect(),
        })
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

fn operator(operator: &Operator) -> Contact {
    Contact {
        name: operator.name.as_str().to_owned(),
        cvr: Some(operator.cvr.as_str().to_owned()),
        address: Some(format!("{}, {}", operator.address.as_str(), operator.postcode_city())),
        email: Some(operator.email.as_str().to_owned()),
        phone: Some(operator.phone.as_str().to_owned()),
        url: None,
    }
}

fn authority(authority: &Authority) -> Contact {
    Contact {
        name: authority.name.as_str().to_owned(),
        cvr: None,
        address: Some(format!("{}, {}", authority.address.as_str(), authority.postcode_city.as_str())),
        email: Some(authority.email.as_str().to_owned()),
        phone: Some(authority.phone.as_str().to_owned()),
        url: Some(authority.url.as_str().to_owned()),
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
