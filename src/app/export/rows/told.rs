//! What other systems were told of the person, and whether they got it (Articles 15(1)(c) and 19 GDPR).

use super::super::super::{View, webhooks};
use super::super::fields::Section;
use super::{PAGE, Source, Take};
use crate::domain::PublicId;
use crate::domain::webhook::{State, Topic};
use crate::error::Error;
use crate::store;
use serde_json::Value;
use std::collections::HashMap;

/// Gives everything that was told, newest first, to `take`; also to systems that the customer has removed since.
pub(super) fn each(source: &Source<'_>, view: &mut View<'_>, take: Take<'_>) -> Result<(), Error> {
    let (customer, person) = (source.subject.customer, source.subject.id());
    let keys = view.customer_keys(customer)?;
    let known = webhooks::recipients(view, customer)?.into_iter();
    let known: HashMap<PublicId, String> = known.map(|recipient| (recipient.id, name(recipient))).collect();
    let mut before = None;
    loop {
        let page = store::export::told(view.conn, customer, person, before, PAGE as i64)?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        before = Some(last.id);
        for (delivery, message, endpoint) in page {
            let topic = Topic::from_number(message.topic).ok_or_else(|| Error::internal("a topic out of range"))?;
            let state = State::from_number(delivery.state).ok_or_else(|| Error::internal("a state out of range"))?;
            let recipient = known.get(&endpoint).cloned().unwrap_or_else(|| endpoint.to_string());
            take(&source.plan.section(Section::Told)?.row([
                ("at", source.subject.instant(message.created_at)),
                ("topic", Value::from(topic.as_str())),
                ("said", Value::from(webhooks::body(&keys, &message)?)),
                ("recipient", Value::from(recipient)),
                ("delivery", Value::from(state.as_str())),
                ("acknowledged_at", delivery.acknowledged_at.map_or(Value::Null, |at| source.subject.instant(at))),
            ])?)?;
        }
    }
}

/// What the customer calls it, with its host.
fn name(recipient: webhooks::Recipient) -> String {
    match recipient.description {
        Some(description) => format!("{description} ({})", recipient.host),
        None => recipient.host,
    }
}
