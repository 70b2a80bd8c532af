//! `/v1/notices` and `/v1/admin/notices`: what a customer, or the operator, should know of.

use super::auth::{Caller, Operator, PeopleRead};
use super::extract::Query;
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::notices::{self, Notice, OperatorNotice};
use crate::app::page::Ask;
use crate::error::Error;
use actix_web::HttpRequest;
use actix_web::web::Data;

/// Lists the customer's notices, newest first.
#[utoipa::path(get, path = "/v1/notices", tag = "people", operation_id = "list_notices", params(list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Notice>), Refusals),
    security(("key" = ["people:read"])))]
pub async fn index(
    by: Caller<PeopleRead>,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Notice>, Error> {
    let customer = by.customer();
    let ask: Ask = pages.into();
    let page = app.read(move |view| notices::list(view, customer, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Lists all notices, newest first: the operator's own and every customer's.
#[utoipa::path(get, path = "/v1/admin/notices", tag = "admin", operation_id = "list_all_notices", params(list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<OperatorNotice>), Refusals),
    security(("key" = ["admin"])))]
pub async fn all(
    _: Operator,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<OperatorNotice>, Error> {
    let ask: Ask = pages.into();
    let page = app.read(move |view| notices::list_all(view, &ask)).await?;
    Ok(Paged::new(&request, page))
}
