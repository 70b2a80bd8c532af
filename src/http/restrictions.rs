//! `/v1/people/{ref}/restriction`: data that are stored, and nothing else.

use super::auth::{Caller, Rights};
use super::extract::{Body, Path, Query};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::restrictions::{self, Place, Restriction};
use crate::domain::Timestamp;
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

/// Restricts the processing of a person's data (Article 18), or changes ground and reason.
///
/// From then on the data are in no list, count or message. On the grounds `b` and `c` they must be kept as well: a
/// deletion is then answered `person_restricted`.
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

/// What goes before the end of a restriction.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Told {
    /// When the person was told that the restriction will be lifted (Article 18(3)): after it was placed, and not ahead.
    #[param(inline)]
    told_at: Option<Timestamp>,
}

/// Lifts the restriction of a person's data, after the person has been told.
#[utoipa::path(delete, path = "/v1/people/{ref}/restriction", tag = "rights", operation_id = "delete_restriction",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"), Told),
    responses((status = 204, description = "Not restricted from now on"), Refusals),
    security(("key" = ["rights"])))]
pub async fn delete(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Query(told): Query<Told>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| restrictions::lift(work, customer, &actor, &reference, told.told_at)).await?;
    Ok(HttpResponse::NoContent().finish())
}
