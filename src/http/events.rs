//! `/v1/events`: what the guest system logs.

use super::auth::{Caller, EventsRead, EventsWrite};
use super::cloudevents;
use super::excepted;
use super::extract::{ClientIp, Incoming, Media, Path, Query, parse_json, parse_value};
use super::list::{self, Paged};
use super::ndjson;
use super::outcome::{self, BatchResult, ItemResult, Stored};
use super::refusals::Refusals;
use super::sender::Sender;
use crate::app::App;
use crate::app::events::{self, Event, Filter};
use crate::app::page::{Ask, Page};
use crate::domain::event::{EventType, NewEvent};
use crate::domain::reading::Lookup;
use crate::domain::restriction::Exception;
use crate::domain::text::{LicenseNumber, Ref};
use crate::domain::{EventId, FieldError, Timestamp};
use crate::error::Error;
use actix_web::web::{Bytes, Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// The forms in which events may come.
#[derive(Debug, Clone, Copy)]
pub enum EventMedia {}

impl Media for EventMedia {
    const TAKES: &'static [&'static str] =
        &["application/json", ndjson::MEDIA_TYPE, cloudevents::STRUCTURED, cloudevents::BATCH];
}

/// One event, or a batch of them.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Post {
    /// One event.
    One(Box<NewEvent>),
    /// 1 to 1,000 events.
    Batch(Batch),
}

/// A batch of events.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The events.
    #[schema(min_items = 1, max_items = 1000)]
    pub events: Vec<NewEvent>,
}

/// What is told of a batch, or of one event that was stored before.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Told {
    /// Of a batch.
    Batch(BatchResult),
    /// Of one event.
    One(Stored),
}

/// Stores events; the answer is sent only after they are on disk.
#[utoipa::path(post, path = "/v1/events", tag = "events", operation_id = "post_events",
    request_body(content(
        (Post = "application/json"),
        (String = "application/x-ndjson"),
        (cloudevents::Envelope = "application/cloudevents+json"),
        (Vec<cloudevents::Envelope> = "application/cloudevents-batch+json"),
    )),
    responses(
        (status = 200, description = "A batch, each event with what became of it; or one event that was stored before",
            content((Told = "application/json"), (String = "application/x-ndjson"))),
        (status = 201, description = "Stored", body = Stored, links(
            ("event" = (operation_id = "get_event", parameters(("id" = "$response.body#/id")))),
            ("visit" = (operation_id = "get_visit", parameters(("id" = "$response.body#/visit_id")))),
        )),
        Refusals,
    ),
    security(("key" = ["events:write"])))]
pub async fn post(
    by: Caller<EventsWrite>,
    ClientIp(peer): ClientIp,
    body: Incoming<EventMedia>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let sender = Sender { by, peer };
    match body.media {
        ndjson::MEDIA_TYPE => Ok(ndjson::answer(app, sender, body.lines(), request.version())),
        cloudevents::STRUCTURED => {
            let event = cloudevents::structured(&body.bytes().await?, "")?;
            one(&app, &sender, event).await
        }
        cloudevents::BATCH => {
            let bytes = body.bytes().await?;
            let items: Vec<Box<RawValue>> = parse_json(&bytes, "")?;
            batch(&app, &sender, &items, "", |raw, at| cloudevents::structured(raw.get().as_bytes(), at)).await
        }
        _ if cloudevents::is_binary(&request) => {
            let event = cloudevents::binary(&request, &body.bytes().await?)?;
            one(&app, &sender, event).await
        }
        _ => json(&app, &sender, body.bytes().await?).await,
    }
}

async fn json(app: &App, sender: &Sender, bytes: Bytes) -> Result<HttpResponse, Error> {
    let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> = serde_json::from_slice(&bytes).ok();
    let Some(events) = fields.as_ref().and_then(|fields| fields.get("events")) else {
        return one(app, sender, parse_json(&bytes, "")?).await;
    };
    if let Some(other) = fields.iter().flatten().map(|(name, _)| name).find(|name| *name != "events") {
        // Names that are not plain could be anything, personal data too.
        let plain = other.len() <= 64 && other.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
        let pointer = if plain { format!("/{other}") } else { String::new() };
        let error = FieldError::new("unknown_field", "is not known beside 'events'");
        return Err(Error::invalid(vec![error.at(pointer)]));
    }
    let items: Vec<Box<RawValue>> = parse_value(events, "/events")?;
    batch(app, sender, &items, "/events", parse_value).await
}

async fn one(app: &App, sender: &Sender, event: NewEvent) -> Result<HttpResponse, Error> {
    let id = event.id;
    let mut outcomes = app.ingest(vec![sender.item(event)]).await?;
    let outcome = outcomes.pop().ok_or_else(|| Error::internal("an event without outcome"))?;
    outcome::answer_one(id, outcome)
}

async fn batch(
    app: &App,
    sender: &Sender,
    items: &[Box<RawValue>],
    base: &str,
    read: impl Fn(&RawValue, &str) -> Result<NewEvent, Error>,
) -> Result<HttpResponse, Error> {
    let most = app.settings().http.max_batch_events;
    if !(1..=most).contains(&items.len()) {
        let error = FieldError::new("out_of_range", format!("must have 1 to {most} events"));
        return Err(Error::invalid(vec![error.at(base)]));
    }
    let mut results: Vec<Option<ItemResult>> = Vec::with_capacity(items.len());
    let mut good = Vec::with_capacity(items.len());
    let mut placed = Vec::with_capacity(items.len());
    for (index, raw) in items.iter().enumerate() {
        let at = format!("{base}/{index}");
        match read(raw, &at) {
            Ok(event) => {
                placed.push((index, at, event.id));
                good.push(sender.item(event));
                results.push(None);
            }
            Err(error) => {
                results.push(Some(ItemResult::rejected(index, outcome::id_of(raw.get().as_bytes()), &error)));
            }
        }
    }
    let outcomes = app.ingest(good).await?;
    for ((index, at, id), outcome) in placed.into_iter().zip(outcomes) {
        results[index] = Some(ItemResult::of(index, id, outcome, &at));
    }
    Ok(HttpResponse::Ok().json(BatchResult::of(results.into_iter().flatten().collect())))
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// The guest's ref.
    #[param(inline)]
    person: Option<Ref>,
    /// The licence's number.
    #[param(inline)]
    license: Option<LicenseNumber>,
    /// What happened.
    #[param(inline)]
    r#type: Option<EventType>,
    /// Happened at or after this instant.
    #[param(inline)]
    from: Option<Timestamp>,
    /// Happened before this instant.
    #[param(inline)]
    to: Option<Timestamp>,
    /// Stored after this event: to follow along, oldest first.
    #[param(value_type = Option<uuid::Uuid>)]
    after: Option<EventId>,
    /// Reads the data of the person although they are restricted, on this ground; needs `person` and the scope `rights`
    /// as well, and is written down.
    #[param(inline)]
    restricted: Option<Exception>,
    /// Items of a page, 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<list::Limit>,
    /// The next_cursor of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// Lists events, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "list_events", params(Search),
    responses((status = 200, description = "A page", body = list::PageOf<Event>), Refusals),
    security(("key" = ["events:read"])))]
pub async fn index(
    by: Caller<EventsRead>,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Event>, Error> {
    let ask = Ask { limit: search.limit.map(|limit| limit.0), cursor: search.cursor };
    let filter = Filter {
        person: search.person,
        license: search.license,
        kind: search.r#type,
        from: search.from,
        to: search.to,
        after: search.after,
    };
    let customer = by.customer();
    let sight = excepted::sight(&app, &by, filter.person.as_ref(), search.restricted).await?;
    let reader = by.reads(Lookup::Events).with(sight);
    let page: Page<Event> = app.read_for(reader, move |view| events::list(view, customer, &filter, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Shows one event.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "events", operation_id = "get_event",
    params(("id" = uuid::Uuid, Path, description = "The event's id")),
    responses((status = 200, description = "The event", body = Event), Refusals),
    security(("key" = ["events:read"])))]
pub async fn show(by: Caller<EventsRead>, Path(id): Path<EventId>, app: Data<App>) -> Result<Json<Event>, Error> {
    let customer = by.customer();
    let reader = by.reads(Lookup::Event);
    Ok(Json(app.read_for(reader, move |view| events::get(view, customer, id)).await?))
}
