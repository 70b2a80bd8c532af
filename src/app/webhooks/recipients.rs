//! Who is told of people's data, for people who ask and for cases.

use super::endpoints::url;
use super::tell::from_column;
use crate::app::View;
use crate::domain::webhook::{Fault, State, Topic};
use crate::domain::webhook_url::WebhookUrl;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store::webhooks::{deliveries, endpoints};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// The most acknowledgements of one case or deletion that are shown.
const MOST: i64 = 2_000;

/// A recipient of people's data (Article 4(9)); of its address no more than the host, for the rest may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// The endpoint.
    pub id: PublicId,
    /// Its host.
    pub host: String,
    /// What the customer calls it.
    pub description: Option<String>,
    /// What it is told.
    pub types: Vec<Topic>,
    /// Since when.
    pub since: Timestamp,
    /// Until when, if it is told nothing any more.
    pub until: Option<Timestamp>,
}

/// Whether a recipient has said that it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// Its host.
    pub host: String,
    /// What the customer calls it.
    pub description: Option<String>,
    /// What it was told.
    pub r#type: Topic,
    /// How far that has come.
    pub state: State,
    /// When it happened.
    pub told_at: Timestamp,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub fault: Option<Fault>,
    /// When the recipient said that it has it.
    pub acknowledged_at: Option<Timestamp>,
}

fn by_endpoint(view: &mut View<'_>, customer: CustomerId) -> Result<Vec<(i64, Recipient)>, Error> {
    let keys = view.customer_keys(customer)?;
    let rows = endpoints::ever_of_customer(view.conn, customer)?.into_iter();
    let recipient = |row: endpoints::Endpoint| {
        let url = WebhookUrl::new(url(&keys, &row)?).map_err(Error::internal)?;
        let recipient = Recipient {
            id: row.public_id,
            host: url.host().to_owned(),
            description: row.description,
            types: from_column(&row.topics),
            since: row.created_at,
            until: row.disabled_at,
        };
        Ok((row.id, recipient))
    };
    rows.map(recipient).collect()
}

/// A customer's recipients, in the order in which they were made; those that are disabled or deleted have had data until
/// then.
///
/// # Errors
/// When the database fails.
pub fn recipients(view: &mut View<'_>, customer: CustomerId) -> Result<Vec<Recipient>, Error> {
    Ok(by_endpoint(view, customer)?.into_iter().map(|(_, recipient)| recipient).collect())
}

/// Who was told of a case, a deletion or a notice, and who has said so, also when the customer has deleted it since. At
/// most 2,000.
///
/// # Errors
/// When the database fails.
pub fn acknowledgements(
    view: &mut View<'_>,
    customer: CustomerId,
    about: PublicId,
) -> Result<Vec<Acknowledgement>, Error> {
    let known: HashMap<i64, Recipient> = by_endpoint(view, customer)?.into_iter().collect();
    let rows = deliveries::about(view.conn, customer, about, MOST)?.into_iter();
    let told = rows.filter_map(|(delivery, message)| {
        let recipient = known.get(&delivery.endpoint_id)?;
        Some(Acknowledgement {
            host: recipient.host.clone(),
            description: recipient.description.clone(),
            r#type: Topic::from_number(message.topic)?,
            state: State::from_number(delivery.state)?,
            told_at: message.created_at,
            attempts: delivery.attempts,
            fault: delivery.fault.and_then(Fault::from_number),
            acknowledged_at: delivery.acknowledged_at,
        })
    });
    Ok(told.collect())
}
