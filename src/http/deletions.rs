//! `/v1/deletions` and `DELETE /v1/people/{ref}`: what the customer deletes in its own backend goes here too.

use super::auth::{Caller, PeopleDelete};
use super::extract::{Idempotency, Incoming, Json as JsonBody, Path, Query, Segment, parse_json};
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::deletions::{self, DeletionSummary, Instruction, MOST, Subject};
use crate::app::idempotency::Token;
use crate::app::page::Ask;
use crate::domain::nonce::Nonce;
use crate::domain::receipt::{Origin, Receipt};
use crate::domain::text::Ref;
use crate::domain::{CustomerId, FieldError, PublicId};
use crate::error::Error;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// How one person is to be deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// A word of the customer's, to find the receipt by.
    #[param(inline)]
    nonce: Option<Nonce>,
    /// The token of a `person_restricted`, to delete all the same.
    #[param(max_length = 100)]
    confirmation: Option<String>,
}

/// Deletes a person and everything held of the person, and answers with the receipt.
///
/// Deleting twice, or a person never held, succeeds and says so in the counts. Late events of the person are refused
/// from then on; only `PUT …?recreate=true` makes the person anew.
#[utoipa::path(delete, path = "/v1/people/{ref}", tag = "deletions", operation_id = "delete_person",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"), How,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    responses((status = 200, description = "The receipt", body = Receipt), Refusals),
    security(("key" = ["people:delete"])))]
pub async fn person(
    by: Caller<PeopleDelete>,
    Path(reference): Path<Ref>,
    Query(how): Query<How>,
    idempotency: Idempotency,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Json<Receipt>, Error> {
    let customer = by.customer();
    let asked = [reference.as_str(), how.nonce.as_ref().map_or("", Nonce::as_str)].join("\n");
    let token = token(customer, idempotency, &request, asked.as_bytes());
    let subjects = vec![Subject::Ref(reference)];
    let mut instruction = Instruction::new(customer, by.by.key_id.as_str(), Origin::Single, subjects);
    (instruction.nonce, instruction.confirmation) = (how.nonce, how.confirmation);
    Ok(Json(app.delete(instruction, token).await?))
}

/// People to delete.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeletion {
    /// The customer's own identifiers of them.
    #[schema(min_items = 1, max_items = 10_000, inline)]
    refs: Vec<Ref>,
    /// A word of the customer's, to find the receipt by.
    #[schema(inline)]
    nonce: Option<Nonce>,
}

/// Deletes many people at once, all or none; the receipt says of each, by its place in the list, what became of it.
///
/// People under restriction on the grounds (b) and (c) of Article 18(1) are left alone and told as `restricted`; each
/// can be deleted by a confirmed `DELETE /v1/people/{ref}`.
#[utoipa::path(post, path = "/v1/deletions", tag = "deletions", operation_id = "create_deletion",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewDeletion,
    responses((status = 200, description = "The receipt", body = Receipt), Refusals),
    security(("key" = ["people:delete"])))]
pub async fn post(
    by: Caller<PeopleDelete>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Json<Receipt>, Error> {
    let bytes = body.bytes().await?;
    let new: NewDeletion = parse_json(&bytes, "")?;
    if !(1..=MOST).contains(&new.refs.len()) {
        let error = FieldError::new("out_of_range", format!("must have 1 to {MOST} refs"));
        return Err(Error::invalid(vec![error.at("/refs")]));
    }
    let customer = by.customer();
    let token = token(customer, idempotency, &request, &bytes);
    let subjects = new.refs.into_iter().map(Subject::Ref).collect();
    let mut instruction = Instruction::new(customer, by.by.key_id.as_str(), Origin::List, subjects);
    instruction.nonce = new.nonce;
    Ok(Json(app.delete(instruction, token).await?))
}

fn token(customer: CustomerId, idempotency: Idempotency, request: &HttpRequest, asked: &[u8]) -> Option<Token> {
    let key = idempotency.0?;
    let mut whole = format!("{} {}\n", request.method(), request.match_pattern().unwrap_or_default()).into_bytes();
    whole.extend_from_slice(asked);
    Some(Token { customer: Some(customer), key, request: whole })
}

/// A deletion in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfDeletion(PublicId);

impl Segment for OfDeletion {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// Shows the receipt of a deletion.
#[utoipa::path(get, path = "/v1/deletions/{id}", tag = "deletions", operation_id = "get_deletion",
    params(("id" = uuid::Uuid, Path, description = "The deletion's id")),
    responses((status = 200, description = "The receipt", body = Receipt), Refusals),
    security(("key" = ["people:delete"])))]
pub async fn show(
    by: Caller<PeopleDelete>,
    Path(OfDeletion(id)): Path<OfDeletion>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let customer = by.customer();
    let receipt = app.receipt(customer, id).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(receipt))
}

/// Which deletions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Those that this reconciliation asked for.
    #[param(value_type = Option<uuid::Uuid>)]
    reconciliation: Option<PublicId>,
    /// Items of a page, 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<list::Limit>,
    /// The next_cursor of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// Lists deletions, newest first.
#[utoipa::path(get, path = "/v1/deletions", tag = "deletions", operation_id = "list_deletions", params(Search),
    responses((status = 200, description = "A page", body = list::PageOf<DeletionSummary>), Refusals),
    security(("key" = ["people:delete"])))]
pub async fn index(
    by: Caller<PeopleDelete>,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<DeletionSummary>, Error> {
    let customer = by.customer();
    let ask = Ask { limit: search.limit.map(|limit| limit.0), cursor: search.cursor };
    let page = app.read(move |view| deletions::list(view, customer, search.reconciliation, &ask)).await?;
    Ok(Paged::new(&request, page))
}
