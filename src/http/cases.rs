//! `/v1/rights/cases` and `/v1/rights/delegations`: the customer decides on requests about its guests.

use super::auth::{Caller, Rights};
use super::extract::{Body, Idempotency, Incoming, Json as JsonBody, Path, Query, Segment, parse_json};
use super::list::{self, Paged};
use super::once::once_shown;
use super::pieces;
use super::refusals::Refusals;
use crate::app::cases::{self, Case, Deciding, Delegation, Draft, Filter, Shown};
use crate::app::page::Ask;
use crate::app::{App, Work, accesses};
use crate::domain::reading::Lookup;
use crate::domain::retention::DocumentHash;
use crate::domain::rights::{ExtensionGround, Right, State};
use crate::domain::text::Reason;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A case in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfCase(pub PublicId);

impl Segment for OfCase {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

impl Segment for Right {
    const NAME: &'static str = "right";

    fn read(text: String) -> Result<Self, Error> {
        Self::ALL.iter().find(|right| right.as_str() == text).copied().ok_or_else(Error::not_found)
    }
}

/// Which cases to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// In this state.
    #[param(inline)]
    state: Option<State>,
    /// Whose safe limit ends before this instant.
    #[param(inline)]
    due_before: Option<Timestamp>,
    /// Items of a page, 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<list::Limit>,
    /// The next_cursor of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl Search {
    /// What is asked for, and which page of it.
    pub(super) fn split(self) -> (Filter, Ask) {
        let ask = Ask { limit: self.limit.map(|limit| limit.0), cursor: self.cursor };
        (Filter { state: self.state, due_before: self.due_before }, ask)
    }
}

/// Why a case takes longer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// The ground of Article 12(3).
    pub(super) ground: ExtensionGround,
    /// Why, in words; the person reads it.
    pub(super) reason: Reason,
}

/// An instruction by which the service decides.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruct {
    /// SHA-256 of the signed instruction.
    document_sha256: DocumentHash,
}

/// The instructions in force.
#[derive(serde::Serialize, ToSchema)]
pub struct Delegations {
    /// One for each right that the service decides on.
    data: Vec<Delegation>,
}

/// Lists the cases of data subjects, those that must be answered first at the head.
#[utoipa::path(get, path = "/v1/rights/cases", tag = "rights", operation_id = "list_cases", params(Search),
    responses((status = 200, description = "A page", body = list::PageOf<Case>), Refusals),
    security(("key" = ["rights"])))]
pub async fn index(
    by: Caller<Rights>,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Case>, Error> {
    let (customer, (filter, ask)) = (by.customer(), search.split());
    let reader = by.reads(Lookup::Cases);
    let page = app.read_for(reader, move |view| cases::list(view, customer, &filter, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Does something to a case once for its `Idempotency-Key`, and answers with the case as it is then; whose data that
/// shows is written down.
async fn step(
    app: &App,
    by: &Caller<Rights>,
    request: &HttpRequest,
    idempotency: Idempotency,
    asked: (Vec<u8>, StatusCode),
    act: impl Fn(&mut Work<'_, '_>, CustomerId, &str) -> Result<Case, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let (customer, actor, reader) = (by.customer(), by.by.key_id.clone(), by.reads(Lookup::Case));
    let make = move |work: &mut Work<'_, '_>| Ok(act(work, customer, &actor)?.id);
    let show = move |work: &mut Work<'_, '_>, id| {
        let case = cases::get(&mut work.view(), customer, id)?;
        accesses::record(work, &reader)?;
        Ok(case)
    };
    once_shown(app, request, customer, idempotency, asked, make, show).await
}

/// Enters a case that reached the customer by another channel, with the time at which it did.
///
/// With an e-mail address the person is told where to follow it.
#[utoipa::path(post, path = "/v1/rights/cases", tag = "rights", operation_id = "open_case",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = Draft,
    responses((status = 201, description = "Entered", body = Case), Refusals),
    security(("key" = ["rights"])))]
pub async fn open(
    by: Caller<Rights>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let draft: Draft = parse_json(&bytes, "")?;
    let open = move |work: &mut Work<'_, '_>, customer, actor: &str| cases::open(work, customer, actor, &draft);
    step(&app, &by, &request, idempotency, (bytes.to_vec(), StatusCode::CREATED), open).await
}

/// Shows one case.
#[utoipa::path(get, path = "/v1/rights/cases/{id}", tag = "rights", operation_id = "get_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id")),
    responses((status = 200, description = "The case", body = Case), Refusals),
    security(("key" = ["rights"])))]
pub async fn show(by: Caller<Rights>, Path(id): Path<OfCase>, app: Data<App>) -> Result<Json<Case>, Error> {
    let customer = by.customer();
    let reader = by.reads(Lookup::Case);
    Ok(Json(app.read_for(reader, move |view| cases::get(view, customer, id.0)).await?))
}

/// Notes how the customer has made sure who asks, and whom the case is about.
#[utoipa::path(post, path = "/v1/rights/cases/{id}/verification", tag = "rights", operation_id = "verify_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = Shown,
    responses((status = 200, description = "Noted", body = Case), Refusals),
    security(("key" = ["rights"])))]
pub async fn verify(
    by: Caller<Rights>,
    Path(id): Path<OfCase>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let asked: Shown = parse_json(&bytes, "")?;
    let asked =
        move |work: &mut Work<'_, '_>, customer, actor: &str| cases::verify(work, customer, actor, id.0, &asked);
    step(&app, &by, &request, idempotency, (bytes.to_vec(), StatusCode::OK), asked).await
}

/// Extends a case by two months, counted from its receipt; the person is told why.
///
/// Once, and only within the first month (Article 12(3)).
#[utoipa::path(post, path = "/v1/rights/cases/{id}/extension", tag = "rights", operation_id = "extend_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = Extend,
    responses((status = 200, description = "Extended", body = Case), Refusals),
    security(("key" = ["rights"])))]
pub async fn extend(
    by: Caller<Rights>,
    Path(id): Path<OfCase>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let asked: Extend = parse_json(&bytes, "")?;
    let asked = move |work: &mut Work<'_, '_>, customer, actor: &str| {
        cases::extend(work, customer, actor, id.0, asked.ground, &asked.reason)
    };
    step(&app, &by, &request, idempotency, (bytes.to_vec(), StatusCode::OK), asked).await
}

/// Decides a case; what is decided is carried out by the service.
///
/// The file of an answer is prepared then, and goes to the person after `…/release`.
#[utoipa::path(post, path = "/v1/rights/cases/{id}/decision", tag = "rights", operation_id = "decide_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = Deciding,
    responses((status = 200, description = "Decided", body = Case), Refusals),
    security(("key" = ["rights"])))]
pub async fn decide(
    by: Caller<Rights>,
    Path(id): Path<OfCase>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let asked: Deciding = parse_json(&bytes, "")?;
    let asked =
        move |work: &mut Work<'_, '_>, customer, actor: &str| cases::decide(work, customer, actor, id.0, &asked);
    step(&app, &by, &request, idempotency, (bytes.to_vec(), StatusCode::OK), asked).await
}

/// Lets the prepared file go to the person: from now on it can be fetched once, for seven days.
///
/// Where no e-mail address is known, the customer fetches it (`…/file`) and hands it over.
#[utoipa::path(post, path = "/v1/rights/cases/{id}/release", tag = "rights", operation_id = "release_case",
    params(("id" = uuid::Uuid, Path, description = "The case's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    responses((status = 200, description = "Let go", body = Case), Refusals),
    security(("key" = ["rights"])))]
pub async fn release(
    by: Caller<Rights>,
    Path(id): Path<OfCase>,
    idempotency: Idempotency,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let asked = move |work: &mut Work<'_, '_>, customer, actor: &str| cases::release(work, customer, actor, id.0);
    step(&app, &by, &request, idempotency, (Vec::new(), StatusCode::OK), asked).await
}

/// Gives out the file of a case that was let go, once, for the customer to hand over: where an e-mail address is known
/// the person fetches it.
#[utoipa::path(get, path = "/v1/rights/cases/{id}/file", tag = "rights", operation_id = "get_case_file",
    params(("id" = uuid::Uuid, Path, description = "The case's id")),
    responses((status = 200, description = "The file", content_type = "application/zip", body = Vec<u8>), Refusals,
        (status = 410, description = "It was fetched, or its time is over", body = super::problem::Problem,
            content_type = "application/problem+json")),
    security(("key" = ["rights"])))]
pub async fn file(
    by: Caller<Rights>,
    Path(id): Path<OfCase>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let (customer, reader) = (by.customer(), by.reads(Lookup::CaseFile));
    let pieces = app.read_for(reader, move |view| cases::file(view, customer, id.0)).await?;
    Ok(pieces::answer(pieces, &request))
}

/// Lists the rights on which the service decides at the customer's instruction.
#[utoipa::path(get, path = "/v1/rights/delegations", tag = "rights", operation_id = "list_delegations",
    responses((status = 200, description = "All of them", body = Delegations), Refusals),
    security(("key" = ["rights"])))]
pub async fn delegations(by: Caller<Rights>, app: Data<App>) -> Result<Json<Delegations>, Error> {
    let customer = by.customer();
    Ok(Json(Delegations { data: app.read(move |view| cases::delegations(view, customer)).await? }))
}

/// Instructs the service to decide requests for this right as asked, once it is shown by a code who asks.
#[utoipa::path(put, path = "/v1/rights/delegations/{right}", tag = "rights", operation_id = "put_delegation",
    params(("right" = inline(Right), Path, description = "access, portability, erasure or consent_withdrawal")),
    request_body = Instruct,
    responses((status = 200, description = "In force", body = Delegation), Refusals),
    security(("key" = ["rights"])))]
pub async fn delegate(
    by: Caller<Rights>,
    Path(right): Path<Right>,
    Body(instruct, _): Body<Instruct>,
    app: Data<App>,
) -> Result<Json<Delegation>, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    let given = app.write(move |work| cases::delegate(work, customer, &actor, right, &instruct.document_sha256));
    Ok(Json(given.await?))
}

/// Ends such an instruction.
#[utoipa::path(delete, path = "/v1/rights/delegations/{right}", tag = "rights", operation_id = "delete_delegation",
    params(("right" = inline(Right), Path, description = "access, portability, erasure or consent_withdrawal")),
    responses((status = 204, description = "The customer decides from now on"), Refusals),
    security(("key" = ["rights"])))]
pub async fn undelegate(by: Caller<Rights>, Path(right): Path<Right>, app: Data<App>) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| cases::undelegate(work, customer, &actor, right)).await?;
    Ok(HttpResponse::NoContent().finish())
}
