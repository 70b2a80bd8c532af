//! `/v1/privacy-requests`: what a person asks for, without an account.

use super::auth::Public;
use super::extract::{Body, ClientIp, Path, Query, Segment};
use super::part::Part;
use super::pieces;
use super::refusals::Refusals;
use crate::app::App;
use crate::app::cases::ShownTransfer;
use crate::app::requests::{Destination, Progress, Received, Submission, Token, Wait};
use crate::domain::PublicId;
use crate::error::{Code, Error};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use serde::Deserialize;
use std::future::{Ready, ready};
use utoipa::{IntoParams, ToSchema};

/// The longest token that is looked at; one of ours has 43 characters.
const MAX_TOKEN_BYTES: usize = 128;

/// A request in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfRequest(pub PublicId);

impl Segment for OfRequest {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// The token that a right code gave.
pub struct Shown(String);

impl Part for Shown {}

impl FromRequest for Shown {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = req.headers().get_all(header::AUTHORIZATION);
        let token = match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok().and_then(|text| text.split_once(' ')),
            _ => None,
        };
        let token = token.filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && (1..=MAX_TOKEN_BYTES).contains(&token.len())
        });
        ready(token.map(|(_, token)| Self(token.to_owned())).ok_or_else(|| {
            let detail = "Send the token that a code gave as 'Authorization: Bearer …'.";
            Error::refused(Code::Unauthenticated, detail)
        }))
    }
}

/// A code as it was sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enter {
    /// The eight digits; spaces between them do not matter.
    #[schema(max_length = 40)]
    code: String,
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The case, when several have an answer.
    #[param(value_type = Option<uuid::Uuid>)]
    case: Option<PublicId>,
}

/// The refusal of one who asks too often; names a way to a human.
pub(super) fn too_often(app: &App, wait: Wait) -> HttpResponse {
    let way = app.human_route();
    let detail = format!("Too many requests from this address or network. Try again later, or write to us: {way}");
    let mut answer = Error::refused(Code::TooManyRequests, detail).error_response();
    answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(wait.0));
    answer
}

/// Takes a person's request in, without an account; a code goes to the address given.
///
/// The answer is the same whether or not data are held.
#[utoipa::path(post, path = "/v1/privacy-requests", tag = "privacy", operation_id = "submit_privacy_request",
    request_body = Submission,
    responses((status = 202, description = "Taken in", body = Received), Refusals))]
pub async fn submit(
    _: Public,
    peer: ClientIp,
    Body(submission, _): Body<Submission>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    Ok(match app.submit_privacy_request(submission, peer.0).await? {
        Ok(received) => HttpResponse::Accepted().json(received),
        Err(wait) => too_often(&app, wait),
    })
}

/// Sends another code to the address of a request; an unknown request is answered in the same way.
#[utoipa::path(post, path = "/v1/privacy-requests/{id}/code", tag = "privacy", operation_id = "renew_privacy_code",
    params(("id" = uuid::Uuid, Path, description = "The request's id")),
    responses((status = 202, description = "Sent, if there is such a request"), Refusals))]
pub async fn renew(
    _: Public,
    peer: ClientIp,
    Path(id): Path<OfRequest>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    Ok(match app.renew_privacy_code(id.0, peer.0).await? {
        Ok(()) => HttpResponse::Accepted().finish(),
        Err(wait) => too_often(&app, wait),
    })
}

/// Takes the code, and gives a token that leads to the answer for an hour.
#[utoipa::path(post, path = "/v1/privacy-requests/{id}/verification", tag = "privacy",
    operation_id = "verify_privacy_request",
    params(("id" = uuid::Uuid, Path, description = "The request's id")),
    request_body = Enter,
    responses((status = 200, description = "The token", body = Token), Refusals))]
pub async fn verify(
    _: Public,
    Path(id): Path<OfRequest>,
    Body(enter, _): Body<Enter>,
    app: Data<App>,
) -> Result<Json<Token>, Error> {
    Ok(Json(app.verify_privacy_request(id.0, enter.code).await?))
}

/// Shows how far a request has come.
#[utoipa::path(get, path = "/v1/privacy-requests/{id}", tag = "privacy", operation_id = "get_privacy_request",
    params(("id" = uuid::Uuid, Path, description = "The request's id"),
        ("Authorization" = String, Header, description = "Bearer and the token that a code gave", max_length = 200)),
    responses((status = 200, description = "How far it has come", body = Progress), Refusals))]
pub async fn show(_: Public, Path(id): Path<OfRequest>, token: Shown, app: Data<App>) -> Result<Json<Progress>, Error> {
    Ok(Json(app.privacy_progress(id.0, token.0).await?))
}

/// Has the file of portability sent directly to another controller (Article 20(2)).
///
/// What is sent is the same archive, by POST, with `Content-Digest` and an `Idempotency-Key` that stays the same however
/// often it is tried: for three days at most, and not after the file is gone. A redirect is not followed.
#[utoipa::path(put, path = "/v1/privacy-requests/{id}/transfer", tag = "privacy", operation_id = "send_privacy_export",
    params(("id" = uuid::Uuid, Path, description = "The request's id"),
        ("Authorization" = String, Header, description = "Bearer and the token that a code gave", max_length = 200)),
    request_body = Destination,
    responses((status = 202, description = "It is sent", body = ShownTransfer), Refusals,
        (status = 410, description = "It was fetched, or its time is over", body = super::problem::Problem,
            content_type = "application/problem+json")))]
pub async fn send(
    _: Public,
    Path(id): Path<OfRequest>,
    token: Shown,
    Body(to, _): Body<Destination>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::Accepted().json(app.send_privacy_file(id.0, token.0, to).await?))
}

/// Tries no more to send a file to another controller.
#[utoipa::path(delete, path = "/v1/privacy-requests/{id}/transfer", tag = "privacy", operation_id = "stop_privacy_export",
    params(("id" = uuid::Uuid, Path, description = "The request's id"), Which,
        ("Authorization" = String, Header, description = "Bearer and the token that a code gave", max_length = 200)),
    responses((status = 204, description = "It is not tried any more"), Refusals,
        (status = 410, description = "It was fetched, or its time is over", body = super::problem::Problem,
            content_type = "application/problem+json")))]
pub async fn stop(
    _: Public,
    Path(id): Path<OfRequest>,
    token: Shown,
    Query(which): Query<Which>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    app.stop_privacy_file(id.0, token.0, which.case).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives the file of an answer out, once.
#[utoipa::path(get, path = "/v1/privacy-requests/{id}/export", tag = "privacy", operation_id = "get_privacy_export",
    params(("id" = uuid::Uuid, Path, description = "The request's id"), Which,
        ("Authorization" = String, Header, description = "Bearer and the token that a code gave", max_length = 200)),
    responses((status = 200, description = "The file", content_type = "application/zip", body = Vec<u8>), Refusals,
        (status = 410, description = "It was fetched, or its time is over", body = super::problem::Problem,
            content_type = "application/problem+json")))]
pub async fn export(
    _: Public,
    Path(id): Path<OfRequest>,
    token: Shown,
    Query(which): Query<Which>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    Ok(pieces::answer(app.privacy_file(id.0, token.0, which.case).await?, &request))
}
