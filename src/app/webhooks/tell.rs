//! Telling: a message and its deliveries, in the transaction of what has happened.

use super::event::Event;
use super::seal::seal;
use crate::app::cache::Cache;
use crate::app::{View, Work, ids};
use crate::domain::webhook::{State, Topic};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::webhooks::sealed::Column;
use crate::store::webhooks::{deliveries, endpoints, messages};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

/// What each customer's endpoints are told, looked up a moment ago.
pub(crate) type Topics = Cache<CustomerId, Arc<[Topic]>>;

/// What is sent (Standard Webhooks, "Payload structure").
#[derive(Serialize)]
struct Body {
    r#type: Topic,
    timestamp: Timestamp,
    data: Value,
}

/// Topics as they are stored.
pub(super) fn to_column(topics: &[Topic]) -> String {
    let numbers: Vec<String> = topics.iter().map(|topic| topic.number().to_string()).collect();
    numbers.join(",")
}

/// Topics as they were stored; one of a later version is left out.
pub(super) fn from_column(text: &str) -> Vec<Topic> {
    text.split(',').filter_map(|number| Topic::from_number(number.parse().ok()?)).collect()
}

/// Whether any endpoint of a customer is told this. A customer without endpoints costs a look into memory; an endpoint
/// that another node has made is noticed within `keys.cache_ms`.
///
/// # Errors
/// When the database fails.
pub(crate) fn listens(view: &mut View<'_>, customer: CustomerId, topic: Topic) -> Result<bool, Error> {
    let core = view.core;
    if let Some(topics) = core.known_webhooks.get(&customer, core.settings.keys.cache_age()) {
        return Ok(topics.contains(&topic));
    }
    let (round, since) = (core.known_webhooks.round(), Instant::now());
    let rows = endpoints::topics(view.conn, customer)?;
    let topics: Arc<[Topic]> = rows.iter().flat_map(|row| from_column(row)).collect();
    let listens = topics.contains(&topic);
    core.known_webhooks.keep(round, since, customer, topics);
    Ok(listens)
}

/// Tells a customer's endpoints what has happened, if any of them wants to know; gives the id of the message.
///
/// Who gives a person holds the person's row.
///
/// # Errors
/// When the database or the random generator fails.
pub(crate) fn tell(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    event: &Event<'_>,
) -> Result<Option<PublicId>, Error> {
    let topic = event.topic();
    if !listens(&mut work.view(), customer, topic)? {
        return Ok(None);
    }
    store::locks::hold_customer(work.tx, customer, false)?;
    let enabled = endpoints::enabled(work.tx, customer)?.into_iter();
    let to: Vec<i64> = enabled.filter(|(_, topics)| from_column(topics).contains(&topic)).map(|(id, _)| id).collect();
    if to.is_empty() {
        return Ok(None);
    }
    post(work, customer, event, &to).map(|(message, _)| Some(message))
}

/// Writes a message to these endpoints, and has it sent; gives its id and those of its deliveries.
pub(super) fn post(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    event: &Event<'_>,
    to: &[i64],
) -> Result<(PublicId, Vec<PublicId>), Error> {
    let topic = event.topic();
    let keys = work.customer_keys(customer)?;
    let body = Body { r#type: topic, timestamp: work.now, data: event.data() };
    let body = serde_json::to_vec(&body).map_err(Error::internal)?;
    let mut numbers = store::ids::take(work.tx, 1 + to.len())?.into_iter();
    let id = numbers.next().ok_or_else(|| Error::internal("no id was taken"))?;
    let (key_version, sealed) = seal(&keys, Column::Body, id, &body)?;
    let message = messages::Message {
        customer_id: customer,
        id,
        public_id: PublicId(ids::new_uuid(work.now)?),
        topic: topic.number(),
        subject: event.subject(),
        person_id: event.person().map(|person| person.id),
        body_sealed: Some(sealed),
        key_version,
        created_at: work.now,
    };
    messages::insert(work.tx, &message)?;
    let delivery = |(id, &endpoint_id): (i64, &i64)| {
        Ok(deliveries::Delivery {
            customer_id: customer,
            id,
            public_id: PublicId(ids::new_uuid(work.now)?),
            message_id: message.id,
            endpoint_id,
            state: State::Pending.number(),
            attempts: 0,
            queued_at: work.now,
            due_at: work.now,
            attempted_at: None,
            status: None,
            fault: None,
            acknowledged_at: None,
        })
    };
    let rows = numbers.zip(to).map(delivery).collect::<Result<Vec<_>, Error>>()?;
    deliveries::insert(work.tx, &rows)?;
    work.after.parcels.borrow_mut().extend(to.iter().map(|endpoint| (customer, *endpoint)));
    Ok((message.public_id, rows.iter().map(|row| row.public_id).collect()))
}
