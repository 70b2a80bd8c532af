//! What surrounds every request: its id and span, the headers of its answer, and problem documents for whatever the
//! HTTP library refuses by itself.

use super::context::Context;
use super::gate::Gate;
use super::tally::{self, Tally};
use super::trace_context::{TRACEPARENT, TraceContext};
use super::{headers, problem};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

/// Name of the header with the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What an answer of the HTTP library keeps when its text is replaced.
const KEPT: [HeaderName; 3] = [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE];

/// The outermost middleware: `App::new().wrap(from_fn(frame))`.
///
/// The span holds method, route template, request id and trace id; never path, query, address or headers.
///
/// # Errors
/// Only what a middleware inside it failed with, as a complete problem document.
pub async fn frame<B>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<BoxBody>, actix_web::Error>
where
    B: MessageBody + 'static,
{
    let request_id = Uuid::new_v4();
    let method = tally::label(req.method());
    let span = tracing::info_span!("request", method, route = Empty, %request_id, trace_id = Empty);
    let trace = TraceContext::of(req.headers());
    if let Some(trace) = &trace {
        span.record("trace_id", trace.trace_id());
    }
    let context = Context::new(request_id, span.clone());
    let tally = Tally::start(method, context.clone());
    let chunked = req.headers().contains_key(header::TRANSFER_ENCODING);
    let tls = req.app_data::<Data<Gate>>().is_some_and(|gate| gate.limits.tls);

    let work = async {
        let (req, answer) = match next.call(req).await {
            Ok(answered) => {
                let (req, answer) = answered.into_parts();
                (Some(req), answer.map_into_boxed_body())
            }
            Err(error) => (None, HttpResponse::from_error(error)),
        };
        let mut answer = in_our_words(answer);
        if chunked && answer.status().is_client_error() {
            // Otherwise actix reads on, for as long as the refused client likes to send.
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        headers::secure(answer.headers_mut(), tls);
        let trace = trace.map(|trace| (HeaderName::from_static(TRACEPARENT), trace.answer(request_id)));
        for (name, value) in [(REQUEST_ID, request_id.to_string())].into_iter().chain(trace) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().insert(name, value);
            }
        }
        (req, answer)
    };
    let (req, answer) = context.run(work).instrument(span).await;
    let status = answer.status();
    let answer = answer.map_body(|_, body| tally.along(status, body));
    match req {
        Some(req) => Ok(ServiceResponse::new(req, answer)),
        None => Err(InternalError::from_response("answered inside", answer).into()),
    }
}

/// Marks an answer that is a page for a person and says by itself what is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForPeople;

/// Replaces an error that is not a problem document by one that is.
fn in_our_words(answer: HttpResponse) -> HttpResponse {
    let status = answer.status();
    let problem = answer.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == problem::MEDIA_TYPE);
    let problem = problem || answer.extensions().contains::<ForPeople>();
    if problem || !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let mut ours = problem::of_status(status).error_response();
    for name in KEPT {
        if let Some(value) = answer.headers().get(&name) {
            ours.headers_mut().insert(name, value.clone());
        }
    }
    ours
}

#[cfg(test)]
mod tests {
    use crate::http::auth::Public;
    use crate::http::fixture::{Fixture, problem, text};
    use crate::http::routes::Table;
    use actix_web::HttpResponse;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    async fn foreign(_: Public) -> HttpResponse {
        HttpResponse::TooManyRequests().insert_header(("retry-after", "3")).body("Victoria")
    }

    async fn fine(_: Public) -> &'static str {
        "fine"
    }

    fn fixture() -> Fixture {
        Fixture::new(Table::new().get("/foreign", foreign).get("/v1/fine", fine))
    }

    #[actix_web::test]
    async fn every_answer_carries_the_headers() {
        for path in ["/v1/fine", "/nowhere", "/foreign"] {
            let answer = fixture().get(path).await;
            let headers: std::collections::BTreeMap<_, _> = answer
                .headers()
                .iter()
                .filter(|(name, _)| {
                    !["x-request-id", "content-type", "content-language", "retry-after"].contains(&name.as_str())
                })
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            let expected = [
                ("cache-control", "no-store"),
                ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
                ("cross-origin-resource-policy", "same-origin"),
                ("referrer-policy", "no-referrer"),
                ("x-content-type-options", "nosniff"),
            ];
            assert_eq!(headers, expected.into_iter().collect(), "{path}");
        }
        let answer = fixture().tls().get("/v1/fine").await;
        assert_eq!(answer.headers().get("strict-transport-security").unwrap(), "max-age=31536000; includeSubDomains");
    }

    #[actix_web::test]
    async fn what_others_refuse_becomes_a_problem() {
        let answer = fixture().get("/foreign").await;
        assert_eq!(answer.headers().get("retry-after").unwrap(), "3");
        assert_eq!(problem(answer).await, "too_many_requests");
    }

    #[actix_web::test]
    async fn ids_are_ours_and_traces_go_on() {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let call = TestRequest::get()
            .uri("/v1/fine")
            .insert_header(("traceparent", given))
            .insert_header(("x-request-id", "Victoria"));
        let answer = fixture().send(call).await;
        let trace = answer.headers().get("traceparent").unwrap().to_str().unwrap();
        assert!(
            trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && !trace.contains("b7ad6b7169203331"),
            "{trace}"
        );
        let id = answer.headers().get("x-request-id").unwrap().to_str().unwrap();
        assert!(uuid::Uuid::try_parse(id).is_ok(), "{id}");
        assert_eq!((answer.status(), text(answer).await.as_str()), (StatusCode::OK, "fine"));
    }
}
