//! `/v1/visits`: what the events add up to, and who is in the building.

use super::auth::{Caller, EventsRead};
use super::excepted;
use super::extract::{Path, Query};
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::page::Ask;
use crate::app::visits::{self, Filter, RollCall, Visit};
use crate::domain::reading::Lookup;
use crate::domain::restriction::Exception;
use crate::domain::text::{LicenseNumber, Ref};
use crate::domain::visit::VisitState;
use crate::domain::{Timestamp, VisitId};
use crate::error::Error;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which visits to list.
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
    /// The host's ref.
    #[param(inline)]
    host: Option<Ref>,
    /// Starting at or after this instant.
    #[param(inline)]
    from: Option<Timestamp>,
    /// Starting before this instant.
    #[param(inline)]
    to: Option<Timestamp>,
    /// In this state.
    #[param(inline)]
    state: Option<VisitState>,
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

/// Lists visits, newest first.
#[utoipa::path(get, path = "/v1/visits", tag = "visits", operation_id = "list_visits", params(Search),
    responses((status = 200, description = "A page", body = list::PageOf<Visit>), Refusals),
    security(("key" = ["events:read"])))]
pub async fn index(
    by: Caller<EventsRead>,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Visit>, Error> {
    let ask = Ask { limit: search.limit.map(|limit| limit.0), cursor: search.cursor };
    let filter = Filter {
        person: search.person,
        license: search.license,
        host: search.host,
        from: search.from,
        to: search.to,
        state: search.state,
    };
    let customer = by.customer();
    let sight = excepted::sight(&app, &by, filter.person.as_ref(), search.restricted).await?;
    let reader = by.reads(Lookup::Visits).with(sight);
    let page = app.read_for(reader, move |view| visits::list(view, customer, &filter, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Shows one visit.
#[utoipa::path(get, path = "/v1/visits/{id}", tag = "visits", operation_id = "get_visit",
    params(("id" = uuid::Uuid, Path, description = "The visit's id")),
    responses((status = 200, description = "The visit", body = Visit), Refusals),
    security(("key" = ["events:read"])))]
pub async fn show(by: Caller<EventsRead>, Path(id): Path<VisitId>, app: Data<App>) -> Result<Json<Visit>, Error> {
    let customer = by.customer();
    let reader = by.reads(Lookup::Visit);
    Ok(Json(app.read_for(reader, move |view| visits::get(view, customer, id)).await?))
}

/// For where and when to call the roll.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct When {
    /// The licence's number; all sites when left out.
    #[param(inline)]
    license: Option<LicenseNumber>,
    /// The instant; now when left out.
    #[param(inline)]
    at: Option<Timestamp>,
}

/// The roll call: who is in the building now, or was at an instant.
#[utoipa::path(get, path = "/v1/visits/on-site", tag = "visits", operation_id = "roll_call", params(When),
    responses((status = 200, description = "Everybody who is in", body = RollCall), Refusals),
    security(("key" = ["events:read"])))]
pub async fn on_site(
    by: Caller<EventsRead>,
    Query(when): Query<When>,
    app: Data<App>,
) -> Result<Json<RollCall>, Error> {
    let customer = by.customer();
    let reader = by.reads(Lookup::OnSite);
    let call = app.read_for(reader, move |view| visits::on_site(view, customer, when.license.as_ref(), when.at));
    Ok(Json(call.await?))
}
