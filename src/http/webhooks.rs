//! `/v1/webhooks`: where the customer's other systems are told what happens.

use super::auth::{Caller, Webhooks};
use super::extract::{Body, Idempotency, Incoming, Json as JsonBody, Path, Query, Segment, parse_json};
use super::list::{self, Paged};
use super::once::once;
use super::refusals::Refusals;
use crate::app::page::Ask;
use crate::app::webhooks::{self, Change, Draft, Issued, MAX_OVERLAP_HOURS, OVERLAP_HOURS, Rotated, Webhook};
use crate::app::{App, Work};
use crate::domain::text::Label;
use crate::domain::webhook::Topic;
use crate::domain::webhook_url::WebhookUrl;
use crate::domain::{PublicId, number};
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// A webhook in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfWebhook(pub(super) PublicId);

impl Segment for OfWebhook {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// A webhook to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to send: https, a host on the internet.
    url: WebhookUrl,
    /// Which recipient it is; people who ask who has got their data are told.
    description: Option<Label>,
    /// What it is told; everything when left out.
    #[schema(min_items = 1, max_items = 13)]
    types: Option<Vec<Topic>>,
}

/// Makes a webhook; its secret is shown in this answer alone.
///
/// Messages follow Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and a body
/// `{"type", "timestamp", "data"}` of ids. Each message comes at least once: tell repeated ones by `webhook-id`. An answer
/// of 200 to 299 within five seconds says that you have it, 410 that you want no more; anything else is tried again, ten
/// times within three days. What happens less than half a second after this answer may not be told.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", operation_id = "create_webhook",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewWebhook,
    responses((status = 201, description = "Made", body = Issued), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn post(
    by: Caller<Webhooks>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let new: NewWebhook = parse_json(&bytes, "")?;
    let types = new.types.unwrap_or_else(|| Topic::ALL.to_vec());
    let draft = Draft { url: new.url, description: new.description, types };
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    let make = move |work: &mut Work<'_, '_>| webhooks::create(work, customer, &actor, &draft);
    once(&app, &request, Some(customer), idempotency, bytes.to_vec(), StatusCode::CREATED, make).await
}

/// Lists the customer's webhooks in the order in which they were made.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks", params(list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Webhook>), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn index(
    by: Caller<Webhooks>,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Webhook>, Error> {
    let (customer, ask): (_, Ask) = (by.customer(), pages.into());
    let page = app.read(move |view| webhooks::list(view, customer, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Shows one webhook.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook", body = Webhook), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn show(by: Caller<Webhooks>, Path(id): Path<OfWebhook>, app: Data<App>) -> Result<Json<Webhook>, Error> {
    let customer = by.customer();
    Ok(Json(app.read(move |view| webhooks::get(view, customer, id.0)).await?))
}

/// What to change of a webhook; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "tells what is absent from what is null")]
pub struct WebhookChange {
    /// Where to send.
    url: Option<WebhookUrl>,
    /// Which recipient it is; null removes it.
    #[serde(default, deserialize_with = "stated")]
    description: Option<Option<Label>>,
    /// What it is told.
    #[schema(min_items = 1, max_items = 13)]
    types: Option<Vec<Topic>>,
    /// False: it is told nothing, and what is under way to it is given up. True: it starts anew.
    enabled: Option<bool>,
}

/// Tells null from absent.
#[expect(clippy::option_option, reason = "tells what is absent from what is null")]
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Label>>, D::Error> {
    Option::<Label>::deserialize(deserializer).map(Some)
}

/// Changes a webhook, disables it, or enables it again.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id")),
    request_body = WebhookChange,
    responses((status = 200, description = "Changed", body = Webhook), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn patch(
    by: Caller<Webhooks>,
    Path(id): Path<OfWebhook>,
    Body(change, _): Body<WebhookChange>,
    app: Data<App>,
) -> Result<Json<Webhook>, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    let change =
        Change { url: change.url, description: change.description, types: change.types, enabled: change.enabled };
    Ok(Json(app.write(move |work| webhooks::change(work, customer, &actor, id.0, &change)).await?))
}

/// Deletes a webhook: it is told nothing more.
///
/// People who ask who got their data are still told its host and description, for as long as it is known what it got.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "delete_webhook",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id")),
    responses((status = 204, description = "Deleted"), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn delete(by: Caller<Webhooks>, Path(id): Path<OfWebhook>, app: Data<App>) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| webhooks::delete(work, customer, &actor, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How a secret is to be rotated.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    /// How long the secret before signs as well, in hours; 24 when left out.
    #[serde(default, deserialize_with = "number::whole::<0, { MAX_OVERLAP_HOURS }, _>")]
    #[schema(minimum = 0, maximum = 168)]
    overlap_hours: Option<u32>,
}

/// Gives a webhook a new secret, shown in this answer alone; meanwhile messages carry the signatures of both.
#[utoipa::path(post, path = "/v1/webhooks/{id}/secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewSecret,
    responses((status = 201, description = "In force", body = Rotated), Refusals),
    security(("key" = ["webhooks"])))]
pub async fn rotate(
    by: Caller<Webhooks>,
    Path(id): Path<OfWebhook>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let new: NewSecret = parse_json(&bytes, "")?;
    let hours = new.overlap_hours.unwrap_or(OVERLAP_HOURS);
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    let make = move |work: &mut Work<'_, '_>| webhooks::rotate(work, customer, &actor, id.0, hours);
    once(&app, &request, Some(customer), idempotency, bytes.to_vec(), StatusCode::CREATED, make).await
}
