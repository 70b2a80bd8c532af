//! What an attempt came to: arrived, tried again, given up, the endpoint disabled.

use super::dispatch::Attempt;
use super::event::Event;
use super::tell::tell;
use crate::app::{Work, jobs, notices};
use crate::domain::CustomerId;
use crate::domain::webhook::{self, DisabledReason, Fault, GONE, State};
use crate::error::Error;
use crate::store::webhooks::deliveries::{self, Delivery};
use crate::store::webhooks::endpoints::{self, Endpoint};
use crate::store::webhooks::messages;

/// What was sent where.
pub(super) struct Sent {
    pub customer: CustomerId,
    pub endpoint: i64,
    pub attempt: Attempt,
}

/// Notes an attempt; false when the endpoint is to be let be.
pub(super) fn note(work: &mut Work<'_, '_>, sent: &Sent, before: &Delivery) -> Result<bool, Error> {
    // In the order in which everybody takes them: endpoint, message, delivery.
    let endpoint = endpoints::lock(work.tx, sent.customer, sent.endpoint)?;
    let Some(mut endpoint) = endpoint.filter(|endpoint| endpoint.closed_at.is_none()) else { return Ok(false) };
    // With a person goes what was to be told of the person.
    if messages::lock(work.tx, sent.customer, before.message_id)?.is_none() {
        return Ok(true);
    }
    let mut row = before.clone();
    row.attempts += 1;
    row.attempted_at = Some(work.now);
    row.status = sent.attempt.status().and_then(|status| i16::try_from(status).ok());
    let fault = sent.attempt.fault();
    row.fault = fault.map(Fault::number);
    let Some(_) = fault else {
        row.state = State::Delivered.number();
        row.acknowledged_at = Some(work.now);
        deliveries::attempted(work.tx, &row)?;
        arrived(work, &mut endpoint, &row)?;
        return Ok(true);
    };
    let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
    let old = work.now.seconds_since(row.queued_at) >= webhook::MAX_AGE_S;
    let pause_s = webhook::pause_s(attempts, crate::crypto::chance()).filter(|_| !old);
    match pause_s {
        Some(pause_s) => row.due_at = work.now.plus_seconds(pause_s),
        None => row.state = State::Dead.number(),
    }
    deliveries::attempted(work.tx, &row)?;
    let since = *endpoint.failing_since.get_or_insert(work.now);
    endpoint.failures = endpoint.failures.saturating_add(1);
    endpoints::update(work.tx, &endpoint)?;
    let for_days = work.now.seconds_since(since) >= webhook::DISABLED_AFTER_S;
    if sent.attempt == Attempt::Answered(GONE) {
        disable(work, &mut endpoint, DisabledReason::Gone)?;
    } else if pause_s.is_none() && for_days {
        disable(work, &mut endpoint, DisabledReason::Failing)?;
    }
    Ok(false)
}

/// The endpoint works, and what the message says goes once everybody has it, out of the files as well.
fn arrived(work: &mut Work<'_, '_>, endpoint: &mut Endpoint, row: &Delivery) -> Result<(), Error> {
    if endpoint.failing_since.is_some() {
        (endpoint.failing_since, endpoint.failures) = (None, 0);
        endpoints::update(work.tx, endpoint)?;
    }
    if messages::wipe_when_over(work.tx, row.customer_id, row.message_id)? > 0 {
        let now = work.now;
        jobs::queue(work, jobs::SERVICE, jobs::Kind::Scrub, 0, now)?;
    }
    Ok(())
}

/// Disables an endpoint, gives up what is under way to it, and tells the customer by a notice and by its other endpoints.
pub(super) fn disable(work: &mut Work<'_, '_>, endpoint: &mut Endpoint, reason: DisabledReason) -> Result<(), Error> {
    endpoint.disabled_at = Some(work.now);
    endpoint.disabled_reason = Some(reason.number());
    endpoints::update(work.tx, endpoint)?;
    let given_up = deliveries::give_up(work.tx, endpoint.customer_id, endpoint.id)?;
    work.after.webhooks_changed.set(true);
    if reason != DisabledReason::Customer {
        let details = serde_json::json!({"webhook_id": endpoint.public_id, "reason": reason, "given_up": given_up});
        notices::raise(work, Some(endpoint.customer_id), "webhook_disabled", &details)?;
    }
    let event = Event::WebhookDisabled { webhook: endpoint.public_id, reason };
    tell(work, endpoint.customer_id, &event)?;
    Ok(())
}
