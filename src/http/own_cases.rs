//! `/v1/admin/rights/cases`: the operator decides on requests about data of its own, and on nobody else's.

use super::auth::Operator;
use super::cases::{Extend, OfCase, Search};
use super::extract::{Body, Path, Query};
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::cases::{self, Case, Deciding, OPERATOR};
use crate::app::{App, Work};
use crate::error::Error;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json};

/// Lists the requests about the operator's own data.
///
/// Those about customers' guests are the customers' to decide and are not shown here.
#[utoipa::path(get, path = "/v1/admin/rights/cases", tag = "admin", operation_id = "list_own_cases", params(Search),
    responses((status = 200, description = "A page", body = list::PageOf<Case>), Refusals),
    security(("key" = ["admin"])))]
pub async fn index(
    _: Operator,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Case>, Error> {
    let (filter, ask) = search.split();
    let page = app.read(move |view| cases::list(view, OPERATOR, &filter, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Shows one request about the operator's own data.
#[utoipa::path(get, path = "/v1/admin/rights/cases/{id}", tag = "admin", operation_id = "get_own_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id")),
    responses((status = 200, description = "The case", body = Case), Refusals),
    security(("key" = ["admin"])))]
pub async fn show(_: Operator, Path(id): Path<OfCase>, app: Data<App>) -> Result<Json<Case>, Error> {
    Ok(Json(app.read(move |view| cases::get(view, OPERATOR, id.0)).await?))
}

/// Extends a request about the operator's own data, as `POST /v1/rights/cases/{id}/extension` does a customer's.
#[utoipa::path(post, path = "/v1/admin/rights/cases/{id}/extension", tag = "admin", operation_id = "extend_own_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id")),
    request_body = Extend,
    responses((status = 200, description = "Extended", body = Case), Refusals),
    security(("key" = ["admin"])))]
pub async fn extend(
    by: Operator,
    Path(id): Path<OfCase>,
    Body(extend, _): Body<Extend>,
    app: Data<App>,
) -> Result<Json<Case>, Error> {
    let actor = by.by.key_id.clone();
    let act = move |work: &mut Work<'_, '_>| cases::extend(work, OPERATOR, &actor, id.0, extend.ground, &extend.reason);
    Ok(Json(app.write(act).await?))
}

/// Decides a request about the operator's own data; `reason` tells the person what is held, or that nothing is.
#[utoipa::path(post, path = "/v1/admin/rights/cases/{id}/decision", tag = "admin", operation_id = "decide_own_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id")),
    request_body = Deciding,
    responses((status = 200, description = "Decided", body = Case), Refusals),
    security(("key" = ["admin"])))]
pub async fn decide(
    by: Operator,
    Path(id): Path<OfCase>,
    Body(deciding, _): Body<Deciding>,
    app: Data<App>,
) -> Result<Json<Case>, Error> {
    let actor = by.by.key_id.clone();
    Ok(Json(app.write(move |work| cases::decide(work, OPERATOR, &actor, id.0, &deciding)).await?))
}
