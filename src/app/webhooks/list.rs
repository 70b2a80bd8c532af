//! Deliveries: what is under way, what has arrived, what was given up and can be sent again.

use super::endpoints::{locked, row};
use super::event::Event;
use super::tell::post;
use crate::app::page::{Ask, Page, cut};
use crate::app::{View, Work};
use crate::domain::webhook::{Fault, State, Topic};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::webhooks::{deliveries as table, messages};
use serde::Serialize;
use utoipa::ToSchema;

/// A delivery as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct Delivery {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// What is delivered: the header `webhook-id`, the same at each attempt.
    #[schema(value_type = uuid::Uuid)]
    pub message_id: PublicId,
    /// What the message tells.
    pub r#type: Topic,
    /// How far it has come.
    pub state: State,
    /// When the message was made.
    pub created_at: Timestamp,
    /// How often it was tried since it was last queued.
    pub attempts: u32,
    /// When it was last tried.
    #[schema(required)]
    pub attempted_at: Option<Timestamp>,
    /// When it is tried next.
    #[schema(required)]
    pub due_at: Option<Timestamp>,
    /// The status that the endpoint last answered.
    #[schema(required, minimum = 100, maximum = 999)]
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    #[schema(required)]
    pub last_fault: Option<Fault>,
    /// When the endpoint said that it has it.
    #[schema(required)]
    pub acknowledged_at: Option<Timestamp>,
    /// Whether it can be sent again: what it says is kept until everybody has it, and for a time when it was given up.
    pub can_be_sent_again: bool,
}

pub(super) fn show((row, message): (table::Delivery, messages::Message)) -> Result<Delivery, Error> {
    let state = State::from_number(row.state).ok_or_else(|| Error::internal("a state out of range"))?;
    Ok(Delivery {
        id: row.public_id,
        message_id: message.public_id,
        r#type: Topic::from_number(message.topic).ok_or_else(|| Error::internal("a topic out of range"))?,
        state,
        created_at: message.created_at,
        attempts: u32::try_from(row.attempts).map_err(Error::internal)?,
        attempted_at: row.attempted_at,
        due_at: Some(row.due_at).filter(|_| state == State::Pending),
        last_status: row.status.map(u16::try_from).transpose().map_err(Error::internal)?,
        last_fault: row.fault.and_then(Fault::from_number),
        acknowledged_at: row.acknowledged_at,
        can_be_sent_again: message.body_sealed.is_some(),
    })
}

/// A page of what was and is to be delivered to an endpoint, newest first.
///
/// # Errors
/// `not_found`; invalid limit or cursor.
pub fn deliveries(
    view: &mut View<'_>,
    customer: CustomerId,
    id: PublicId,
    state: Option<State>,
    ask: &Ask,
) -> Result<Page<Delivery>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let before = ask.position(&keyring, Some(customer), "deliveries")?.and_then(|text| text.parse().ok());
    let endpoint = row(view, customer, id)?;
    let rows = table::page(view.conn, customer, endpoint.id, state, before, limit as i64 + 1)?;
    let shown = |rows: Vec<_>| rows.into_iter().map(show).collect();
    cut(&keyring, Some(customer), "deliveries", limit, rows, |(row, _)| row.id.to_string(), shown)
}

fn not_deliverable(detail: &'static str) -> Error {
    Error::refused(Code::NotDeliverable, detail)
}

/// Has a message sent to an endpoint again, from now on as if for the first time, under the same id.
///
/// # Errors
/// `not_found`; `not_deliverable` when the endpoint is disabled or what the message says is not kept any more.
pub fn redeliver(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    id: PublicId,
    delivery: PublicId,
) -> Result<Delivery, Error> {
    let endpoint = locked(work, customer, id)?;
    let (found, message) = table::find(work.tx, customer, endpoint.id, delivery)?.ok_or_else(Error::not_found)?;
    if endpoint.disabled_at.is_some() {
        return Err(not_deliverable("The webhook is disabled."));
    }
    // What it says may be removed just now.
    let message = messages::lock(work.tx, customer, message.id)?.ok_or_else(Error::not_found)?;
    if message.body_sealed.is_none() {
        return Err(not_deliverable("What the message said is not kept any more."));
    }
    table::requeue(work.tx, customer, found.id, work.now)?;
    work.after.parcels.borrow_mut().insert((customer, endpoint.id));
    let again = table::find(work.tx, customer, endpoint.id, delivery)?.ok_or_else(Error::not_found)?;
    show(again)
}

/// Sends an endpoint a test, whatever it is told otherwise.
///
/// # Errors
/// `not_found`; `not_deliverable` when the endpoint is disabled.
pub fn test(work: &mut Work<'_, '_>, customer: CustomerId, id: PublicId) -> Result<Delivery, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let endpoint = locked(work, customer, id)?;
    if endpoint.disabled_at.is_some() {
        return Err(not_deliverable("The webhook is disabled."));
    }
    let (_, made) = post(work, customer, &Event::WebhookTest { webhook: id }, &[endpoint.id])?;
    let delivery = made.first().ok_or_else(|| Error::internal("a message without delivery"))?;
    show(table::find(work.tx, customer, endpoint.id, *delivery)?.ok_or_else(Error::not_found)?)
}
