//! Endpoints: where a customer wants to be told.

use super::seal::{open, seal};
use super::secrets::first;
use super::tell::{from_column, to_column};
use crate::app::page::{Ask, Page, cut};
use crate::app::{Core, View, Work, ids};
use crate::crypto::CustomerKeys;
use crate::domain::text::Label;
use crate::domain::webhook::{DisabledReason, Topic};
use crate::domain::webhook_url::WebhookUrl;
use crate::domain::{CustomerId, FieldError, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::audit;
use crate::store::webhooks::endpoints::{self, Endpoint as Row};
use crate::store::webhooks::sealed::Column;
use serde::Serialize;
use utoipa::ToSchema;

/// An endpoint as shown; never with its secret.
#[derive(Clone, Serialize, ToSchema)]
pub struct Webhook {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// Where messages are sent.
    pub url: String,
    /// Which recipient it is, in the customer's words; people who ask who has got their data are told.
    #[schema(required)]
    pub description: Option<String>,
    /// What it is told.
    pub types: Vec<Topic>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is told nothing.
    #[schema(required)]
    pub disabled_at: Option<Timestamp>,
    /// Why.
    #[schema(required)]
    pub disabled_reason: Option<DisabledReason>,
    /// Since when every attempt has failed.
    #[schema(required)]
    pub failing_since: Option<Timestamp>,
}

/// An endpoint just made, with the only sight of its secret.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = IssuedWebhook)]
pub struct Issued {
    /// The endpoint.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What verifies the signatures; shown this once.
    #[schema(example = "whsec_…")]
    pub secret: String,
}

/// An endpoint to make.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where to.
    pub url: WebhookUrl,
    /// Which recipient it is.
    pub description: Option<Label>,
    /// What it is to be told.
    pub types: Vec<Topic>,
}

/// Refuses an address that is plainly not on the internet, and one without TLS, unless the settings allow both.
pub(super) fn check_url(core: &Core, url: &WebhookUrl) -> Result<(), Error> {
    if core.settings.webhooks.allow_private {
        return Ok(());
    }
    url.must_be_public().map_err(|error| Error::invalid(vec![error.at("/url")]))
}

/// Each once, in the order of the table.
pub(super) fn in_order(types: &[Topic]) -> Result<Vec<Topic>, Error> {
    let topics: Vec<Topic> = Topic::ALL.iter().filter(|topic| types.contains(topic)).copied().collect();
    if topics.is_empty() || types.len() > Topic::ALL.len() {
        let error = FieldError::new("out_of_range", format!("must have 1 to {} types", Topic::ALL.len()));
        return Err(Error::invalid(vec![error.at("/types")]));
    }
    Ok(topics)
}

/// Makes an endpoint.
///
/// # Errors
/// An address that is not allowed; `limit_reached`.
pub fn create(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, draft: &Draft) -> Result<Issued, Error> {
    check_url(work.core, &draft.url)?;
    let types = in_order(&draft.types)?;
    // Alone, so that two at once do not pass the bound together.
    store::locks::hold_customer(work.tx, customer, true)?;
    let keys = work.customer_keys(customer)?;
    let most = work.core.settings.webhooks.max_endpoints;
    if endpoints::of_customer(work.tx, customer)?.len() >= most {
        return Err(Error::refused(Code::LimitReached, format!("A customer has at most {most} webhooks.")));
    }
    let id = store::ids::take_one(work.tx)?;
    let (key_version, url_sealed) = seal(&keys, Column::Url, id, draft.url.as_str().as_bytes())?;
    let row = Row {
        customer_id: customer,
        id,
        public_id: PublicId(ids::new_uuid(work.now)?),
        url_sealed,
        key_version,
        description: draft.description.as_ref().map(|text| text.as_str().to_owned()),
        topics: to_column(&types),
        created_at: work.now,
        disabled_at: None,
        disabled_reason: None,
        failing_since: None,
        failures: 0,
        closed_at: None,
    };
    endpoints::insert(work.tx, &row)?;
    let secret = first(work, &keys, id)?;
    note(work, actor, "webhook.created", &row)?;
    work.after.webhooks_changed.set(true);
    Ok(Issued { webhook: show(&keys, row)?, secret })
}

/// Remembers who did what to an endpoint.
pub(super) fn note(work: &mut Work<'_, '_>, actor: &str, action: &'static str, row: &Row) -> Result<(), Error> {
    let entry = audit::Entry {
        customer_id: row.customer_id,
        at: work.now,
        actor,
        action,
        subject: Some(row.public_id),
        details: serde_json::json!({"types": from_column(&row.topics), "enabled": row.disabled_at.is_none()}),
    };
    audit::insert(work.tx, &entry)?;
    Ok(())
}

/// An endpoint's address.
pub(super) fn url(keys: &CustomerKeys, row: &Row) -> Result<String, Error> {
    let plain = open(keys, Column::Url, row.id, row.key_version, &row.url_sealed)?;
    String::from_utf8(plain.to_vec()).map_err(Error::internal)
}

pub(super) fn show(keys: &CustomerKeys, row: Row) -> Result<Webhook, Error> {
    Ok(Webhook {
        id: row.public_id,
        url: url(keys, &row)?,
        description: row.description,
        types: from_column(&row.topics),
        created_at: row.created_at,
        disabled_at: row.disabled_at,
        disabled_reason: row.disabled_reason.and_then(DisabledReason::from_number),
        failing_since: row.failing_since,
    })
}

/// One endpoint's row.
pub(super) fn row(view: &mut View<'_>, customer: CustomerId, id: PublicId) -> Result<Row, Error> {
    endpoints::find(view.conn, customer, id)?.ok_or_else(Error::not_found)
}

/// One endpoint's row, kept from being changed by others until the transaction ends.
pub(super) fn locked(work: &mut Work<'_, '_>, customer: CustomerId, id: PublicId) -> Result<Row, Error> {
    let found = row(&mut work.view(), customer, id)?;
    let locked = endpoints::lock(work.tx, customer, found.id)?;
    locked.filter(|row| row.closed_at.is_none()).ok_or_else(Error::not_found)
}

/// One endpoint.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, customer: CustomerId, id: PublicId) -> Result<Webhook, Error> {
    let row = row(view, customer, id)?;
    show(&*view.customer_keys(customer)?, row)
}

/// A page of a customer's endpoints, in the order in which they were made.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, ask: &Ask) -> Result<Page<Webhook>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let after: Option<i64> = ask.position(&keyring, Some(customer), "webhooks")?.and_then(|text| text.parse().ok());
    let keys = view.customer_keys(customer)?;
    // All of them are few.
    let rows = endpoints::of_customer(view.conn, customer)?.into_iter();
    let rows = rows.filter(|row| after.is_none_or(|after| row.id > after)).take(limit + 1).collect();
    let shown = |rows: Vec<Row>| rows.into_iter().map(|row| show(&keys, row)).collect();
    cut(&keyring, Some(customer), "webhooks", limit, rows, |row: &Row| row.id.to_string(), shown)
}
