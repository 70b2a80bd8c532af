//! `/v1/people/{ref}/restriction`: data that must be kept; for now it holds back deletions, and nothing else.

use super::auth::{Caller, Rights};
use super::extract::{Body, Path};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::restrictions::{self, Place, Restriction};
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};

/// Restricts the processing of a person's data (Article 18), or changes ground and reason.
///
/// On the grounds `b` and `c` the person's data must be kept: a deletion is then answered `person_restricted`.
#[utoipa::path(put, path = "/v1/people/{ref}/restriction", tag = "rights", operation_id = "put_restriction",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier")),
    request_body = Place,
    responses((status = 200, description = "In force", body = Restriction), Refusals),
    security(("key" = ["rights"])))]
pub async fn put(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Body(place, _): Body<Place>,
    app: Data<App>,
) -> Result<Json<Restriction>, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    Ok(Json(app.write(move |work| restrictions::place(work, customer, &actor, &reference, &place)).await?))
}

/// Lifts the restriction of a person's data.
#[utoipa::path(delete, path = "/v1/people/{ref}/restriction", tag = "rights", operation_id = "delete_restriction",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier")),
    responses((status = 204, description = "Not restricted from now on"), Refusals),
    security(("key" = ["rights"])))]
pub async fn delete(by: Caller<Rights>, Path(reference): Path<Ref>, app: Data<App>) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| restrictions::lift(work, customer, &actor, &reference)).await?;
    Ok(HttpResponse::NoContent().finish())
}
