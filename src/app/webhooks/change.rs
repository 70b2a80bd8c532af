//! Changing and deleting endpoints.

use super::endpoints::{Webhook, check_url, in_order, locked, note, show, url};
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
use crate::store::webhooks::endpoints::Endpoint;
use crate::store::webhooks::sealed::Column;
use crate::store::webhooks::{deliveries, endpoints, messages, secrets};

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
    let mut row = locked(work, customer, id)?;
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
        work.after.parcels.borrow_mut().insert((customer, row.id));
    }
    endpoints::update(work.tx, &row)?;
    if change.enabled == Some(false) && row.disabled_at.is_none() {
        disable(work, &mut row, DisabledReason::Customer)?;
    }
    note(work, actor, "webhook.changed", &row)?;
    work.after.webhooks_changed.set(true);
    show(&keys, row)
}

/// Deletes an endpoint with its secrets, and gives up what is under way to it. Its host and its name stay with what it
/// was told before, for the people of whom it was told (Article 15(1)(c), REQUIREMENTS L-13).
///
/// # Errors
/// `not_found`.
pub fn delete(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, id: PublicId) -> Result<(), Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let mut row = locked(work, customer, id)?;
    let keys = work.customer_keys(customer)?;
    let address = WebhookUrl::new(url(&keys, &row)?).map_err(Error::internal)?;
    // All else of the address may be a secret.
    let host = format!("https://{}/", address.host());
    (row.key_version, row.url_sealed) = seal(&keys, Column::Url, row.id, host.as_bytes())?;
    (row.closed_at, row.disabled_at) = (Some(work.now), row.disabled_at.or(Some(work.now)));
    endpoints::update(work.tx, &row)?;
    secrets::delete_before(work.tx, customer, row.id, i64::MAX)?;
    let_be(work, &row)?;
    endpoints::remove_forgotten(work.tx, customer)?;
    note(work, actor, "webhook.deleted", &row)?;
    work.after.webhooks_changed.set(true);
    let now = work.now;
    jobs::queue(work, jobs::SERVICE, jobs::Kind::Scrub, 0, now)
}

/// Gives up what is under way to an endpoint that is disabled; of one that is deleted, nothing is kept for it.
pub(super) fn let_be(work: &mut Work<'_, '_>, row: &Endpoint) -> Result<(), Error> {
    if row.closed_at.is_some() {
        deliveries::remove_untried(work.tx, row.customer_id, row.id)?;
    }
    deliveries::give_up(work.tx, row.customer_id, row.id)?;
    if row.closed_at.is_some() {
        messages::wipe_all_over(work.tx, row.customer_id)?;
    }
    Ok(())
}
