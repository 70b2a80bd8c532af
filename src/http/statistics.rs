//! `/v1/statistics/visits`: counts only.

use super::auth::{Caller, EventsRead};
use super::extract::Query;
use super::refusals::Refusals;
use crate::app::App;
use crate::app::statistics::{self, Ask, Statistics};
use crate::domain::Timestamp;
use crate::domain::statistics::By;
use crate::domain::text::LicenseNumber;
use crate::error::Error;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

/// What to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// What each count spans: hour, day, week or month.
    #[param(inline)]
    by: Option<By>,
    /// The licence's number; all sites when left out.
    #[param(inline)]
    license: Option<LicenseNumber>,
    /// From this instant; 30 days before `to` when left out.
    #[param(inline)]
    from: Option<Timestamp>,
    /// To before this instant; now when left out.
    #[param(inline)]
    to: Option<Timestamp>,
}

/// Counts visits by hour, day, week or month.
#[utoipa::path(get, path = "/v1/statistics/visits", tag = "visits", operation_id = "visit_statistics", params(Search),
    responses((status = 200, description = "The counts, without gaps", body = Statistics), Refusals),
    security(("key" = ["events:read"])))]
pub async fn visits(
    by: Caller<EventsRead>,
    Query(search): Query<Search>,
    app: Data<App>,
) -> Result<Json<Statistics>, Error> {
    let ask = Ask { by: search.by.unwrap_or(By::Day), license: search.license, from: search.from, to: search.to };
    let customer = by.customer();
    Ok(Json(app.read(move |view| statistics::visits(view, customer, &ask)).await?))
}
