//! `/v1/people/{ref}/export`: the file of a person, for the customer to hand over; and the schemas of what is in it.

use super::auth::{Caller, Public, Rights};
use super::docs::CACHED;
use super::download;
use super::extract::{Path, Query};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::export::{self, Ask};
use crate::domain::export::Right;
use crate::domain::locale::Locale;
use crate::domain::reading::Lookup;
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Deserialize;
use serde_json::Value;
use std::io::Write;
use utoipa::IntoParams;

/// The same for everybody, so that the name of a file in somebody's downloads tells nothing.
const FILE_NAME: &str = "attachment; filename=\"personoplysninger.zip\"";
const SCHEMA: &str = "application/schema+json";

/// What file is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The right that it answers: access (all that is held), the default, or portability (what the person supplied).
    #[param(inline)]
    right: Option<Right>,
    /// The language in which the page opens, da by default; it holds both.
    #[param(inline)]
    locale: Option<Locale>,
}

/// Everything that is held of a person, as one archive to hand over (Articles 15 and 20 GDPR).
///
/// `guestlog export verify` tells whether an archive is genuine. A failure midway ends the connection.
#[utoipa::path(get, path = "/v1/people/{ref}/export", tag = "rights", operation_id = "export_person",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"), Which),
    responses(
        (status = 200, description = "A ZIP archive", content_type = "application/zip", body = Vec<u8>),
        Refusals,
    ),
    security(("key" = ["rights"])))]
pub async fn person(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Query(which): Query<Which>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let (app, customer) = (app.get_ref().clone(), by.customer());
    let ask =
        Ask { right: which.right.unwrap_or(Right::Access), case: None, locale: which.locale.unwrap_or(Locale::Da) };
    let stall_ms = app.settings().http.request_timeout_ms;
    let reader = by.reads(Lookup::Export);
    let write = move |out: &mut dyn Write| app.export_read_blocking(&reader, customer, &reference, &ask, out).map(drop);
    let body = download::begin(stall_ms, write);
    let body = body.await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/zip"))
        .insert_header((header::CONTENT_DISPOSITION, FILE_NAME))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(body))
}

/// The JSON Schema of an export's `data.json`.
#[utoipa::path(get, path = "/schemas/export-1.json", tag = "service", operation_id = "export_schema",
    responses((status = 200, description = "A JSON Schema (2020-12)", content_type = "application/schema+json",
        body = Object), Refusals))]
pub async fn data_schema(_: Public) -> Result<HttpResponse, Error> {
    Ok(schema(&export::schema::data()?))
}

/// The JSON Schema of an export's `article-15.json`.
#[utoipa::path(get, path = "/schemas/article-15-1.json", tag = "service", operation_id = "article_15_schema",
    responses((status = 200, description = "A JSON Schema (2020-12)", content_type = "application/schema+json",
        body = Object), Refusals))]
pub async fn article_15_schema(_: Public) -> HttpResponse {
    schema(&export::schema::article_15())
}

fn schema(schema: &Value) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, SCHEMA))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(schema.to_string())
}
