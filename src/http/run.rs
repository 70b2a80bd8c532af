//! One request through one row of the table: who calls, what they send, the handler; in bounded time, and alone.
//!
//! Actix polls the extractors of a handler side by side, so an asynchronous look at the key would run while the body
//! is read already, and a bad query would be answered before a missing key. Here the key comes first and by itself.

use super::access::Access;
use super::auth;
use super::context;
use super::extract::{media_type, no_query};
use super::gate::Gate;
use super::guard::Guarded;
use super::problem;
use crate::error::{Code, Error};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse, fn_service};
use actix_web::{Handler, HttpRequest, HttpResponse, Responder, ResponseError, Route};
use futures_util::FutureExt;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;

/// Media types of bodies that are streamed and may take as long as they come: their reader bounds the wait for a line.
const STREAMED: &[&str] = &["application/x-ndjson"];
/// What the addresses begin with behind which data are.
const DATA: &str = "/v1/";

/// Makes `route` serve `handler`.
pub(super) fn serve<F, Args>(route: Route, path: &'static str, handler: F) -> Route
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: Guarded + 'static,
{
    route.service(fn_service(move |req: ServiceRequest| {
        let handler = handler.clone();
        async move {
            let (req, payload) = req.into_parts();
            context::entered(path);
            let answer = match serves(&req, path) {
                Ok(()) => alone(&req, answer(&req, payload, handler)).await,
                Err(closed) => closed.error_response(),
            };
            Ok::<_, Infallible>(ServiceResponse::new(req, answer))
        }
    }))
}

/// Whether this address is served yet: nothing of anybody's data is, before erasures are repeated that a restored
/// database does not know.
fn serves(req: &HttpRequest, path: &str) -> Result<(), Error> {
    if path.starts_with(DATA) { Gate::at(req)?.authenticator.serves() } else { Ok(()) }
}

async fn answer<F, Args>(req: &HttpRequest, payload: Payload, handler: F) -> HttpResponse
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: Guarded + 'static,
{
    let standing = match auth::admit(req, Args::ACCESS).await {
        Ok(standing) => standing,
        Err(refusal) => return refusal,
    };
    let mut answer = admitted(req, payload, handler).await;
    if let Some(standing) = standing {
        standing.show(answer.headers_mut());
    }
    answer
}

async fn admitted<F, Args>(req: &HttpRequest, mut payload: Payload, handler: F) -> HttpResponse
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: Guarded + 'static,
{
    if !Args::QUERY
        && Args::ACCESS != Access::Public
        && let Err(refusal) = no_query(req)
    {
        return refusal.error_response();
    }
    match Args::from_request(req, &mut payload).await {
        Err(refusal) => HttpResponse::from_error(refusal),
        Ok(args) => handler.call(args).await.respond_to(req).map_into_boxed_body(),
    }
}

/// Ends a request that takes too long or panics, and nothing else with it.
async fn alone(req: &HttpRequest, work: impl Future<Output = HttpResponse>) -> HttpResponse {
    let work = AssertUnwindSafe(work).catch_unwind();
    let streamed = media_type(req).is_ok_and(|media| STREAMED.contains(&media.essence_str()));
    let finished = match Gate::at(req) {
        Ok(gate) if !streamed => tokio::time::timeout(gate.limits.request_timeout, work).await,
        Ok(_) => Ok(work.await),
        Err(fault) => return fault.error_response(),
    };
    match finished {
        Ok(Ok(answer)) => answer,
        // The panic hook has logged where; its message could hold personal data.
        Ok(Err(_panic)) => problem::answer(&Error::internal("a handler panicked")),
        Err(_elapsed) if context::is_reading() => {
            let mut answer =
                Error::refused(Code::RequestTimeout, "The body did not arrive whole in time.").error_response();
            answer.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
            answer
        }
        Err(elapsed) => Error::unavailable(elapsed).error_response(),
    }
}

#[cfg(test)]
mod tests {
    use crate::http::auth::{Caller, EventsWrite, Public};
    use crate::http::extract::Body;
    use crate::http::fixture::{Fixture, problem};
    use crate::http::routes::Table;
    use actix_web::HttpResponse;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;
    use std::time::Duration;

    async fn panics(_: Public) -> HttpResponse {
        panic!("Victoria")
    }

    async fn slow(_: Public) -> &'static str {
        tokio::time::sleep(Duration::from_millis(500)).await;
        "at last"
    }

    async fn body(_: Public, Body(number, _): Body<u8>) -> String {
        number.to_string()
    }

    async fn plain(_: Caller<EventsWrite>) -> &'static str {
        "plain"
    }

    async fn empty(_: Public) -> HttpResponse {
        HttpResponse::BadRequest().body("Victoria")
    }

    fn fixture() -> Fixture {
        let table = Table::new().get("/panics", panics).get("/slow", slow).post("/body", body);
        Fixture::new(table.get("/v1/plain", plain).post("/slow", slow).get("/empty", empty))
    }

    #[actix_web::test]
    async fn a_panic_ends_one_request() {
        let fixture = fixture();
        assert_eq!(problem(fixture.get("/panics").await).await, "internal");
        let both = "GET /panics HTTP/1.1\r\nHost: x\r\n\r\nGET /empty HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = fixture.raw(both).await;
        assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("HTTP/1.1 400 "), "{answer}");
        assert!(!answer.contains("Victoria"), "{answer}");
    }

    #[actix_web::test]
    async fn slow_work_is_ended() {
        let answer = fixture().get("/slow").await;
        assert_eq!(answer.headers().get("retry-after").unwrap(), "1");
        assert_eq!(problem(answer).await, "unavailable");
    }

    #[actix_web::test]
    async fn a_streamed_body_takes_its_time() {
        let call = TestRequest::post().uri("/slow").insert_header(("content-type", "application/x-ndjson"));
        assert_eq!(fixture().send(call).await.status(), StatusCode::OK);
    }

    #[actix_web::test]
    async fn a_slow_body_is_the_clients_fault() {
        let answer = fixture()
            .raw("POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n1")
            .await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close\r\n"), "{answer}");
    }

    #[actix_web::test]
    async fn parameters_are_refused_where_there_are_none() {
        let call = TestRequest::get().uri("/v1/plain?x=1").insert_header(("authorization", "Bearer events"));
        assert_eq!(problem(fixture().send(call).await).await, "invalid_input");
    }
}
