//! `/v1/people/{ref}/holds`: what must be kept of a person although the person is erased.

use super::auth::{Caller, Rights};
use super::extract::{Idempotency, Incoming, Json as JsonBody, Path, Segment, parse_json};
use super::once::once_shown;
use super::refusals::Refusals;
use crate::app::holds::{self, Hold, Holds, Place};
use crate::app::{App, Work};
use crate::domain::PublicId;
use crate::domain::reading::Lookup;
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};

/// A hold in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfHold(PublicId);

impl Segment for OfHold {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// Places a hold (Article 17(3)): an erasure leaves the fields that it names until it ends, unseen, and erases the rest.
#[utoipa::path(post, path = "/v1/people/{ref}/holds", tag = "rights", operation_id = "create_hold",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = Place,
    responses((status = 201, description = "In force", body = Hold), Refusals),
    security(("key" = ["rights"])))]
pub async fn post(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let place: Place = parse_json(&bytes, "")?;
    let (customer, actor, again) = (by.customer(), by.by.key_id.clone(), reference.clone());
    let make = move |work: &mut Work<'_, '_>| Ok(holds::place(work, customer, &actor, &reference, &place)?.id);
    let show = move |work: &mut Work<'_, '_>, id| {
        let holds = holds::list(&mut work.view(), customer, &again)?;
        holds.data.into_iter().find(|hold| hold.id == id).ok_or_else(Error::not_found)
    };
    once_shown(&app, &request, customer, idempotency, (bytes.to_vec(), StatusCode::CREATED), make, show).await
}

/// Lists the holds of a person, those also for which something of an erased one is kept under the ref.
#[utoipa::path(get, path = "/v1/people/{ref}/holds", tag = "rights", operation_id = "list_holds",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier")),
    responses((status = 200, description = "The holds", body = Holds), Refusals),
    security(("key" = ["rights"])))]
pub async fn index(by: Caller<Rights>, Path(reference): Path<Ref>, app: Data<App>) -> Result<Json<Holds>, Error> {
    let customer = by.customer();
    let reader = by.reads(Lookup::Holds);
    Ok(Json(app.read_for(reader, move |view| holds::list(view, customer, &reference)).await?))
}

/// Lifts a hold; what was kept for it alone of an erased person is erased then, by a job.
#[utoipa::path(delete, path = "/v1/people/{ref}/holds/{id}", tag = "rights", operation_id = "delete_hold",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"),
        ("id" = uuid::Uuid, Path, description = "The hold's id")),
    responses((status = 204, description = "Lifted"), Refusals),
    security(("key" = ["rights"])))]
pub async fn delete(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Path(OfHold(id)): Path<OfHold>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| holds::lift(work, customer, &actor, &reference, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
