//! What goes wrong, as `application/problem+json` (RFC 9457).

use super::context;
use crate::domain::Fault;
use crate::error::{Code, Error};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error as StdError;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// After how long a client may try again, in seconds, when the service is busy.
const RETRY_AFTER_SECONDS: u64 = 1;

/// A problem document; of a fault of ours only `status`, `code` and `instance` are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// The page about this kind of problem.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(example = "/problems/invalid_input")]
    pub kind: Option<String>,
    /// What kind of problem it is, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'static str>,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong this time; names fields and bounds, never values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request id, as in the header `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Stable snake_case code.
    #[schema(example = "invalid_input")]
    pub code: &'static str,
    /// The fields at fault, for invalid input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// The token that confirms what was refused for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
    /// What is to be confirmed, in numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
}

impl From<&Error> for Problem {
    /// The document of an error, within the request in hand; also for an item of a batch.
    fn from(error: &Error) -> Self {
        let code = error.code();
        let bare = Self {
            kind: None,
            title: None,
            status: code.status(),
            detail: None,
            instance: context::request_id().map(|id| id.to_string()),
            code: code.as_str(),
            errors: Vec::new(),
            confirmation: None,
            counts: BTreeMap::new(),
        };
        match error {
            Error::Refused { detail, faults, .. } if code.status() < 500 => Self {
                kind: Some(format!("/problems/{}", code.as_str())),
                title: Some(code.title().0),
                detail: Some(detail.clone()),
                errors: faults.clone(),
                ..bare
            },
            Error::Unconfirmed { detail, confirmation, counts, .. } => Self {
                kind: Some(format!("/problems/{}", code.as_str())),
                title: Some(code.title().0),
                detail: Some(detail.clone()),
                confirmation: Some(confirmation.clone()),
                counts: counts.clone(),
                ..bare
            },
            _ => bare,
        }
    }
}

/// Answers with the problem document, and logs a fault of ours: here is where it is handled.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        log(self);
        answer(self)
    }
}

/// The answer alone, for a fault that is logged elsewhere.
pub(super) fn answer(error: &Error) -> HttpResponse {
    let mut response = HttpResponse::build(error.status_code());
    response.insert_header((header::CONTENT_LANGUAGE, "en"));
    match error.code() {
        Code::Unauthenticated => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"guestlog\""));
        }
        Code::Unavailable => {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        _ => {}
    }
    response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE)).json(Problem::from(error))
}

/// Logs a fault of ours, or that we are not available.
pub(super) fn log(error: &Error) {
    match error {
        Error::Refused { .. } | Error::Unconfirmed { .. } => {}
        Error::Unavailable(source) | Error::Conflict(source) => {
            tracing::warn!(code = error.code().as_str(), cause = %Chain(source.as_ref()), "not available");
        }
        Error::Internal(source) => {
            tracing::error!(code = error.code().as_str(), cause = %Chain(source.as_ref()), "a fault of ours");
        }
    }
}

/// An error and all that caused it, on one line.
struct Chain<'a>(&'a (dyn StdError + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// The error that stands for an answer of actix's own, which has a status and a text that is not ours to pass on.
pub(super) fn of_status(status: StatusCode) -> Error {
    let code = Code::ALL.iter().copied().find(|code| code.status() == status.as_u16() && *code != Code::MalformedBody);
    match code {
        Some(Code::Unavailable) => Error::unavailable("answered by the HTTP library"),
        Some(code) if status.is_client_error() => Error::refused(code, code.about().0),
        None if status.is_client_error() => {
            Error::refused(Code::MalformedRequest, "A header or the address of the request cannot be read.")
        }
        _ => Error::internal(format!("the HTTP library answered {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FieldError;
    use actix_web::body::to_bytes;

    async fn document(error: &Error) -> (HttpResponse, serde_json::Value) {
        let (response, body) = error.error_response().into_parts();
        let body = to_bytes(body).await.unwrap();
        (response.set_body(actix_web::body::BoxBody::new(())), serde_json::from_slice(&body).unwrap())
    }

    #[actix_web::test]
    async fn a_refusal_says_what_is_wrong() {
        let fault = FieldError::new("too_long", "must have at most 200 characters").at("/person/name");
        let (response, body) = document(&Error::invalid(vec![fault])).await;
        assert_eq!(response.headers().get("content-type").unwrap(), MEDIA_TYPE);
        assert_eq!(response.headers().get("content-language").unwrap(), "en");
        assert_eq!(
            body,
            serde_json::json!({
                "type": "/problems/invalid_input",
                "title": "Something in the request is not right",
                "status": 422,
                "detail": "/person/name must have at most 200 characters",
                "code": "invalid_input",
                "errors": [{"pointer": "/person/name", "code": "too_long", "detail": "must have at most 200 characters"}],
            })
        );
    }

    #[actix_web::test]
    async fn a_fault_of_ours_says_nothing_but_its_code() {
        let (_, body) = document(&Error::internal("secret")).await;
        assert_eq!(body, serde_json::json!({"status": 500, "code": "internal"}));
        let (response, body) = document(&Error::unavailable("secret")).await;
        assert_eq!(body, serde_json::json!({"status": 503, "code": "unavailable"}));
        assert_eq!(response.headers().get("retry-after").unwrap(), "1");
    }

    #[actix_web::test]
    async fn a_refusal_with_a_server_status_is_bare_as_well() {
        let (_, body) = document(&Error::refused(Code::Unavailable, "which database")).await;
        assert_eq!(body, serde_json::json!({"status": 503, "code": "unavailable"}));
    }

    #[test]
    fn every_status_of_the_library_has_a_code() {
        for status in (400..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let error = of_status(status);
            assert_eq!(error.status_code().is_client_error(), status.is_client_error(), "{status}");
        }
        assert_eq!(of_status(StatusCode::URI_TOO_LONG).code(), Code::MalformedRequest);
        assert_eq!(of_status(StatusCode::BAD_REQUEST).code(), Code::MalformedRequest);
        assert_eq!(of_status(StatusCode::UNPROCESSABLE_ENTITY).code(), Code::InvalidInput);
        assert_eq!(of_status(StatusCode::PAYLOAD_TOO_LARGE).code(), Code::BodyTooLarge);
    }
}
