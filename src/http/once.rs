//! Requests that a client may repeat: the second gets the answer of the first.

use super::extract::Idempotency;
use crate::app::idempotency::{self, Token};
use crate::app::{App, Work};
use crate::domain::CustomerId;
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
    let token = idempotency.0.map(|key| {
        let mut asked = format!("{} {}\n", request.method(), request.path()).into_bytes();
        asked.extend_from_slice(&body);
        Token { customer, key, request: asked }
    });
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
