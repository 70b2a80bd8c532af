//! `/v1/admin/customers/{id}/retention-agreements`: written agreements by which data go after a time.

use super::admin::{OfCustomer, run_once};
use super::auth::Operator;
use super::extract::{Idempotency, Incoming, Json as JsonBody, Path, Query, Segment, parse_json};
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::agreements::{self, Agreement, Draft};
use crate::app::page::Ask;
use crate::app::{App, Work};
use crate::domain::retention::{DocumentHash, MAX_DAYS, Term};
use crate::domain::text::Label;
use crate::domain::{PublicId, Timestamp, number};
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

/// An agreement in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfAgreement(PublicId);

impl Segment for OfAgreement {
    const NAME: &'static str = "agreement";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// An agreement to enter; one at least of the two times is given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgreement {
    /// SHA-256 of the signed document.
    document_sha256: DocumentHash,
    /// Between whom it is: the companies, not those who sign for them.
    #[schema(min_items = 1, max_items = 10)]
    parties: Vec<Label>,
    /// When it was signed; while it is not, it has no force.
    signed_at: Option<Timestamp>,
    /// Since when it is in force.
    in_force_from: Timestamp,
    /// Until when; without it, until it is ended.
    in_force_until: Option<Timestamp>,
    /// People go so many days after their last change, event and visit.
    #[serde(default, deserialize_with = "number::whole::<1, { MAX_DAYS }, _>")]
    #[schema(minimum = 1, maximum = 36500)]
    people_days: Option<u32>,
    /// Visits go so many days after they were over, with their events.
    #[serde(default, deserialize_with = "number::whole::<1, { MAX_DAYS }, _>")]
    #[schema(minimum = 1, maximum = 36500)]
    visits_days: Option<u32>,
}

/// Enters a written retention agreement.
///
/// Without an agreement that is signed and in force, nothing is ever deleted by time. Of several in force the longest
/// time counts.
#[utoipa::path(post, path = "/v1/admin/customers/{id}/retention-agreements", tag = "admin",
    operation_id = "enter_retention_agreement",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewAgreement,
    responses((status = 201, description = "Entered", body = Agreement), Refusals),
    security(("key" = ["admin"])))]
pub async fn enter(
    operator: Operator,
    Path(id): Path<OfCustomer>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let new: NewAgreement = parse_json(&bytes, "")?;
    let draft = Draft {
        document: new.document_sha256,
        parties: new.parties,
        term: Term { signed_at: new.signed_at, from: new.in_force_from, until: new.in_force_until },
        people_days: new.people_days,
        visits_days: new.visits_days,
    };
    let make = move |work: &mut Work<'_, '_>| agreements::enter(work, &operator.by.key_id, id.0, &draft);
    run_once(&app, &request, idempotency, bytes.to_vec(), StatusCode::CREATED, make).await
}

/// Lists a customer's retention agreements in the order in which they were entered.
#[utoipa::path(get, path = "/v1/admin/customers/{id}/retention-agreements", tag = "admin",
    operation_id = "list_retention_agreements",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"), list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Agreement>), Refusals),
    security(("key" = ["admin"])))]
pub async fn index(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Agreement>, Error> {
    let ask: Ask = pages.into();
    let page = app.read(move |view| agreements::list(view, id.0, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Shows one retention agreement.
#[utoipa::path(get, path = "/v1/admin/customers/{id}/retention-agreements/{agreement}", tag = "admin",
    operation_id = "get_retention_agreement",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"),
        ("agreement" = uuid::Uuid, Path, description = "The agreement's id")),
    responses((status = 200, description = "The agreement", body = Agreement), Refusals),
    security(("key" = ["admin"])))]
pub async fn show(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Path(agreement): Path<OfAgreement>,
    app: Data<App>,
) -> Result<Json<Agreement>, Error> {
    Ok(Json(app.read(move |view| agreements::get(view, id.0, agreement.0)).await?))
}

/// Ends a retention agreement from now on; one that is over already stays as it is.
#[utoipa::path(post, path = "/v1/admin/customers/{id}/retention-agreements/{agreement}/end", tag = "admin",
    operation_id = "end_retention_agreement",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"),
        ("agreement" = uuid::Uuid, Path, description = "The agreement's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    responses((status = 200, description = "Ended", body = Agreement), Refusals),
    security(("key" = ["admin"])))]
pub async fn end(
    operator: Operator,
    Path(id): Path<OfCustomer>,
    Path(agreement): Path<OfAgreement>,
    idempotency: Idempotency,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let make = move |work: &mut Work<'_, '_>| agreements::end(work, &operator.by.key_id, id.0, agreement.0);
    run_once(&app, &request, idempotency, Vec::new(), StatusCode::OK, make).await
}
