//! Changing and deleting endpoints.

use super::endpoints::{Webhook, check_url, in_order, note, row, show};
use super::outcome::disable;
use super::seal::seal;
use super::tell::to_column;
use crate::app::{Work, jobs};
use crate::domain::text::Label;
use crate::domain::webhook::{DisabledReason, Topic};
use crate::domain::webhook_url::WebhookUrl;
use crate::domain::{CustomerId, PublicId};
use crate::error::Error;
use crate::store;
use crate::store::webhooks::sealed::Column;
use crate::store::webhooks::{endpoints, messages};

/// What to change of an endpoint; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Where to send.
    pub url: Option<WebhookUrl>,
    /// Which recipient it is.
    pub description: Option<Option<Label>>,
    /// What it is told.
    pub types: Option<Vec<Topic>>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
}

/// Changes an endpoint. What is under way to one that is disabled is given up; one that is enabled again starts anew,
/// and what was given up can be sent again.
///
/// # Errors
/// `not_found`; an address that is not allowed.
pub fn change(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    id: PublicId,
    change: &Change,
) -> Result<Webhook, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let found = row(&mut work.view(), customer, id)?;
    let mut row = endpoints::lock(work.tx, customer, found.id)?.ok_or_else(Error::not_found)?;
    let keys = work.customer_keys(customer)?;
    if let Some(url) = &change.url {
        check_url(work.core, url)?;
        (row.key_version, row.url_sealed) = seal(&keys, Column::Url, row.id, url.as_str().as_bytes())?;
    }
    if let Some(description) = &change.description {
        row.description = description.as_ref().map(|text| text.as_str().to_owned());
    }
    if let Some(types) = &change.types {
        row.topics = to_column(&in_order(types)?);
    }
    if change.enabled == Some(true) {
        (row.disabled_at, row.disabled_reason, row.failing_since, row.failures) = (None, None, None, 0);
    }
    endpoints::update(work.tx, &row)?;
    if change.enabled == Some(false) && row.disabled_at.is_none() {
        disable(work, &mut row, DisabledReason::Customer)?;
    }
    note(work, actor, "webhook.changed", &row)?;
    work.after.webhooks_changed.set(true);
    show(&keys, row)
}

/// Deletes an endpoint, its secrets and what is known of deliveries to it.
///
/// # Errors
/// `not_found`.
pub fn delete(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, id: PublicId) -> Result<(), Error> {
    let found = row(&mut work.view(), customer, id)?;
    let row = endpoints::lock(work.tx, customer, found.id)?.ok_or_else(Error::not_found)?;
    endpoints::delete(work.tx, customer, row.id)?;
    messages::wipe_all_over(work.tx, customer)?;
    note(work, actor, "webhook.deleted", &row)?;
    work.after.webhooks_changed.set(true);
    let now = work.now;
    jobs::queue(work, jobs::SERVICE, jobs::Kind::Scrub, 0, now)
}
