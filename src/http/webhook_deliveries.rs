//! `/v1/webhooks/{id}/deliveries` and tests: what was sent, what was given up, and sending it again.

use super::auth::{Caller, Webhooks};
use super::extract::{Idempotency, Path, Query, Segment};
use super::list::{self, Paged};
use super::once::once;
use super::refusals::Refusals;
use super::webhooks::OfWebhook;
use crate::app::page::Ask;
use crate::app::webhooks::{self, Delivery};
use crate::app::{App, Work};
use crate::domain::PublicId;
use crate::domain::webhook::State;
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

/// A delivery in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfDelivery(PublicId);

impl Segment for OfDelivery {
    const NAME: &'static str = "delivery";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// Sends a webhook a message of the type `webhook.test`, whatever it is told otherwise.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    responses((status = 202, description = "Under way", body = Delivery), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn test(
    by: Caller<Webhooks>,
    Path(id): Path<OfWebhook>,
    idempotency: Idempotency,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let customer = by.customer();
    let make = move |work: &mut Work<'_, '_>| webhooks::test(work, customer, id.0);
    once(&app, &request, Some(customer), idempotency, Vec::new(), StatusCode::ACCEPTED, make).await
}

/// Which deliveries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// How far they have come.
    #[param(inline)]
    state: Option<State>,
    /// Items of a page, 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<list::Limit>,
    /// The next_cursor of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// Lists what was and is to be delivered to a webhook, newest first.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id"), Search),
    responses((status = 200, description = "A page", body = list::PageOf<Delivery>), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn index(
    by: Caller<Webhooks>,
    Path(id): Path<OfWebhook>,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Delivery>, Error> {
    let customer = by.customer();
    let ask = Ask { limit: search.limit.map(|limit| limit.0), cursor: search.cursor };
    let page = app.read(move |view| webhooks::deliveries(view, customer, id.0, search.state, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Sends a message to a webhook again, under the same `webhook-id`: one that was given up, or one that the receiver has
/// lost, while others have not got it and it is kept.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{delivery}/redeliver", tag = "webhooks",
    operation_id = "redeliver_webhook_message",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id"),
        ("delivery" = uuid::Uuid, Path, description = "The delivery's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    responses((status = 202, description = "Under way", body = Delivery), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn redeliver(
    by: Caller<Webhooks>,
    Path(id): Path<OfWebhook>,
    Path(delivery): Path<OfDelivery>,
    idempotency: Idempotency,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let customer = by.customer();
    let make = move |work: &mut Work<'_, '_>| webhooks::redeliver(work, customer, id.0, delivery.0);
    once(&app, &request, Some(customer), idempotency, Vec::new(), StatusCode::ACCEPTED, make).await
}
