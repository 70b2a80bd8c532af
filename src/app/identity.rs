//! Who answers for the data, as letters, pages and files name it.

use super::cases::OPERATOR;
use super::{App, Core, View, customers};
use crate::config::Recipient;
use crate::domain::contact::{Email, Phone};
use crate::domain::text::Label;
use crate::domain::{CustomerId, PublicId};
use crate::error::{Code, Error};

/// A company as people are told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Number in the Danish business register.
    pub cvr: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// Postcode and town.
    pub postcode_city: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
}

/// Who decides on the data of a customer's guests, which is the customer; for customer 0 it is the operator.
pub(crate) fn controller(view: &mut View<'_>, customer: CustomerId) -> Result<Identity, Error> {
    if customer == OPERATOR {
        return Ok(operator(view.core));
    }
    let contact = customers::contact(view, customer)?;
    let text = |text: Option<&str>| text.map(str::to_owned);
    Ok(Identity {
        name: contact.company().to_owned(),
        cvr: contact.details.cvr.map(|cvr| cvr.to_string()),
        address: text(contact.details.address.as_ref().map(Label::as_str)),
        postcode_city: text(contact.details.postcode_city.as_ref().map(Label::as_str)),
        email: text(contact.details.email.as_ref().map(Email::as_str)),
        phone: text(contact.details.phone.as_ref().map(Phone::as_str)),
    })
}

/// Who runs the service; in development it may have no name yet.
pub(crate) fn operator(core: &Core) -> Identity {
    let Some(operator) = &core.settings.operator else {
        return Identity { name: "guestlog".to_owned(), ..Identity::default() };
    };
    Identity {
        name: operator.name.as_str().to_owned(),
        cvr: Some(operator.cvr.to_string()),
        address: Some(operator.address.as_str().to_owned()),
        postcode_city: Some(operator.postcode_city()),
        email: Some(operator.email.as_str().to_owned()),
        phone: Some(operator.phone.as_str().to_owned()),
    }
}

/// Where people can complain (Article 77).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Postcode and town.
    pub postcode_city: String,
    /// Its phone number.
    pub phone: String,
    /// Its e-mail address.
    pub email: String,
    /// Its site.
    pub url: String,
}

/// The authority that the settings name.
pub(crate) fn authority(core: &Core) -> Authority {
    let authority = &core.settings.authority;
    Authority {
        name: authority.name.as_str().to_owned(),
        address: authority.address.as_str().to_owned(),
        postcode_city: authority.postcode_city.as_str().to_owned(),
        phone: authority.phone.as_str().to_owned(),
        email: authority.email.as_str().to_owned(),
        url: authority.url.to_string(),
    }
}

impl App {
    /// Who runs the service.
    #[must_use]
    pub fn operator(&self) -> Identity {
        operator(&self.0.core)
    }

    /// Where people can complain.
    #[must_use]
    pub fn authority(&self) -> Authority {
        authority(&self.0.core)
    }

    /// Who else gets data, as the settings name them (REQUIREMENTS L-13).
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        &self.0.core.settings.recipients
    }

    /// How a customer is named to people; none for an unknown one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn company(&self, id: PublicId) -> Result<Option<String>, Error> {
        self.read(move |view| match customers::internal_id(view, id) {
            Ok(customer) => Ok(Some(controller(view, customer)?.name)),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }
}
