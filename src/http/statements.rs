//! `/v1/people/{ref}/statement`: what a person says beside the data.

use super::auth::{Caller, Rights};
use super::extract::{Body, Path};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::statements::{self, Put, Statement};
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};

/// Attaches a supplementary statement (Article 16), in place of the one before; it goes wherever the data go.
#[utoipa::path(put, path = "/v1/people/{ref}/statement", tag = "rights", operation_id = "put_statement",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier")),
    request_body = Put,
    responses((status = 200, description = "Attached", body = Statement), Refusals),
    security(("key" = ["rights"])))]
pub async fn put(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Body(put, _): Body<Put>,
    app: Data<App>,
) -> Result<Json<Statement>, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    Ok(Json(app.write(move |work| statements::put(work, customer, &actor, &reference, &put)).await?))
}

/// Removes a supplementary statement that the person has taken back.
#[utoipa::path(delete, path = "/v1/people/{ref}/statement", tag = "rights", operation_id = "delete_statement",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier")),
    responses((status = 204, description = "Not attached from now on"), Refusals),
    security(("key" = ["rights"])))]
pub async fn delete(by: Caller<Rights>, Path(reference): Path<Ref>, app: Data<App>) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| statements::remove(work, customer, &actor, &reference)).await?;
    Ok(HttpResponse::NoContent().finish())
}
