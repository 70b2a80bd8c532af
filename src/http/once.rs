//! Requests that a client may repeat: the second gets the answer of the first.

use super::extract::Idempotency;
use crate::app::idempotency::{self, Token};
use crate::app::{App, Work};
use crate::domain::{CustomerId, PublicId};
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

/// Runs a request of a customer's, or of the operator's, once for its `Idempotency-Key`, and answers with this status.
///
/// # Errors
/// Those of `make`; `idempotency_conflict` when the key came with another request.
pub(super) async fn once<T: Serialize>(
    app: &App,
    request: &HttpRequest,
    customer: Option<CustomerId>,
    idempotency: Idempotency,
    body: Vec<u8>,
    status: StatusCode,
    make: impl Fn(&mut Work<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let token = token(request, customer, idempotency, &body);
    let answer = app.write(move |work| {
        idempotency::once(work, token.as_ref(), |work| {
            let answer = make(work)?;
            Ok((status.as_u16(), serde_json::to_vec(&answer).map_err(Error::internal)?))
        })
    });
    let (status, body) = answer.await?;
    let status = StatusCode::from_u16(status).map_err(Error::internal)?;
    Ok(HttpResponse::build(status).content_type("application/json").body(body))
}

/// As [`once`], for an answer that names people: what is kept for a retry is the id of what was made, and the retry is
/// shown that as it is then, so that nothing of an erased person is kept (API.md, idempotency).
///
/// # Errors
/// Those of `make` and `show`; `idempotency_conflict`.
pub(super) async fn once_shown<T: Serialize + Send + 'static>(
    app: &App,
    request: &HttpRequest,
    customer: CustomerId,
    idempotency: Idempotency,
    asked: (Vec<u8>, StatusCode),
    make: impl Fn(&mut Work<'_, '_>) -> Result<PublicId, Error> + Send + 'static,
    show: impl Fn(&mut Work<'_, '_>, PublicId) -> Result<T, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let (body, status) = asked;
    let token = token(request, Some(customer), idempotency, &body);
    let answer = app.write(move |work| {
        let (code, id) =
            idempotency::once(work, token.as_ref(), |work| Ok((status.as_u16(), make(work)?.0.as_bytes().to_vec())))?;
        let id = uuid::Uuid::from_slice(&id).map_err(Error::internal)?;
        Ok((code, show(work, PublicId(id))?))
    });
    let (status, shown) = answer.await?;
    Ok(HttpResponse::build(StatusCode::from_u16(status).map_err(Error::internal)?).json(shown))
}

fn token(request: &HttpRequest, customer: Option<CustomerId>, idempotency: Idempotency, body: &[u8]) -> Option<Token> {
    idempotency.0.map(|key| {
        let mut asked = format!("{} {}\n", request.method(), request.path()).into_bytes();
        asked.extend_from_slice(body);
        Token { customer, key, request: asked }
    })
}
