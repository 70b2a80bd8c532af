//! Who calls: the extractors that stand first in every handler.

use super::access::Access;
use super::gate::Gate;
use super::pace::Standing;
use crate::app::By;
use crate::app::accesses::Reader;
use crate::domain::CustomerId;
use crate::domain::reading::Lookup;
use crate::domain::scope::Scope;
use crate::error::{Code, Error};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// The longest credential that is looked at; a key of ours has about a hundred bytes.
const MAX_TOKEN_BYTES: usize = 512;

/// An extractor that says who may call. Sealed: [`Public`], [`Caller`] and [`Operator`].
pub trait Authorisation: FromRequest + sealed::Sealed {
    /// Who may call.
    const ACCESS: Access;
}

mod sealed {
    pub trait Sealed {}
}

/// A scope as a type, for [`Caller`].
pub trait ScopeType: 'static {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! scope_types {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("The scope [`Scope::", stringify!($name), "`] as a type.")]
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl ScopeType for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

scope_types!(EventsWrite, EventsRead, PeopleWrite, PeopleRead, PeopleDelete, Rights, Webhooks, Keys);

/// What [`admit`] found out, waiting for the extractor.
struct Admitted(By);

/// Asks who calls before anything else of the request is read; the extractor then takes what was found.
///
/// # Errors
/// The answer `unauthenticated` without exactly one valid key, in the same words whatever is wrong with it;
/// `forbidden`, naming the scope that it lacks; `too_many_requests`.
pub(super) async fn admit(req: &HttpRequest, access: Access) -> Result<Option<Standing>, HttpResponse> {
    let Access::Scope(scope) = access else { return Ok(None) };
    let by = valid(req, scope).await.map_err(|refusal| refusal.error_response())?;
    let gate = Gate::at(req).map_err(|fault| fault.error_response())?;
    let standing = gate.pace.take(&by.key_id).map_err(|exhausted| {
        let detail = "The requests that this key may make for now are used up; Retry-After says when it may again.";
        let mut answer = Error::refused(Code::TooManyRequests, detail).error_response();
        exhausted.show(answer.headers_mut());
        exhausted.retry_after(answer.headers_mut());
        answer
    })?;
    req.extensions_mut().insert(Admitted(by));
    Ok(standing)
}

/// The holder of a key that may do this.
async fn valid(req: &HttpRequest, scope: Scope) -> Result<By, Error> {
    let token = bearer(req.headers()).ok_or_else(unauthenticated)?;
    let by = Gate::at(req)?.authenticator.by(token).await.map_err(|error| match error.code() {
        Code::Unauthenticated => unauthenticated(),
        _ => error,
    })?;
    if scope != Scope::Admin && by.customer.is_none() {
        return Err(Error::refused(Code::Forbidden, "An operator key has no customer; this needs a customer's key."));
    }
    if !by.scopes.contains(scope) || (scope == Scope::Admin && by.customer.is_some()) {
        return Err(Error::refused(Code::Forbidden, format!("The key lacks the scope {scope}.")));
    }
    Ok(by)
}

fn unauthenticated() -> Error {
    Error::refused(Code::Unauthenticated, "Send a valid key as 'Authorization: Bearer glk_…'.")
}

/// The credential of exactly one `Authorization: Bearer` header (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let (Some(only), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    let ok = scheme.eq_ignore_ascii_case("bearer")
        && (1..=MAX_TOKEN_BYTES).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
    ok.then_some(token)
}

fn admitted(req: &HttpRequest) -> Result<By, Error> {
    let found = req.extensions_mut().remove::<Admitted>();
    found.map(|admitted| admitted.0).ok_or_else(|| Error::internal("a route that is not of the table"))
}

/// Anybody: the route needs no key, and says so.
#[derive(Debug, Clone, Copy)]
pub struct Public;

impl sealed::Sealed for Public {}

impl Authorisation for Public {
    const ACCESS: Access = Access::Public;
}

impl FromRequest for Public {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

/// A customer's key with the scope `S`. The customer comes from the key, never from the request.
pub struct Caller<S> {
    /// The key's holder.
    pub by: By,
    customer: CustomerId,
    scope: PhantomData<S>,
}

impl<S> Caller<S> {
    /// Whose key it is.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        self.customer
    }

    /// The same, reading this of people.
    #[must_use]
    pub fn reads(&self, lookup: Lookup) -> Reader {
        Reader::new(&self.by, self.customer, lookup)
    }
}

impl<S> sealed::Sealed for Caller<S> {}

impl<S: ScopeType> Authorisation for Caller<S> {
    const ACCESS: Access = Access::Scope(S::SCOPE);
}

impl<S: ScopeType> FromRequest for Caller<S> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(req).and_then(|by| match by.customer {
            Some(customer) if by.scopes.contains(S::SCOPE) => Ok(Self { by, customer, scope: PhantomData }),
            _ => Err(Error::internal("a key was admitted to a route of another scope")),
        }))
    }
}

/// An operator's key: the scope `admin`, and no customer.
pub struct Operator {
    /// The key's holder.
    pub by: By,
}

impl sealed::Sealed for Operator {}

impl Authorisation for Operator {
    const ACCESS: Access = Access::Scope(Scope::Admin);
}

impl FromRequest for Operator {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(req).and_then(|by| match by.customer {
            None if by.scopes.contains(Scope::Admin) => Ok(Self { by }),
            _ => Err(Error::internal("a key was admitted to an operator's route")),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::extract::{Body, Query};
    use crate::http::fixture::{Fixture, problem, text};
    use crate::http::routes::Table;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    async fn tenant(caller: Caller<EventsWrite>, _: Query<Nothing>, _: Body<Nothing>) -> String {
        caller.customer().0.to_string()
    }

    async fn operator(caller: Operator) -> String {
        caller.by.key_id
    }

    fn fixture() -> Fixture {
        Fixture::new(Table::new().post("/v1/tenant", tenant).get("/v1/operator", operator))
    }

    fn tenant_call(token: &str) -> TestRequest {
        let headers = TestRequest::post().uri("/v1/tenant").insert_header(("content-type", "application/json"));
        headers.set_payload("{}").insert_header(("authorization", format!("Bearer {token}")))
    }

    #[actix_web::test]
    async fn the_right_key_passes() {
        let answer = fixture().send(tenant_call("events")).await;
        assert_eq!((answer.status(), text(answer).await.as_str()), (StatusCode::OK, "7"));
        let call = TestRequest::get().uri("/v1/operator").insert_header(("authorization", "bearer operator"));
        assert_eq!(text(fixture().send(call).await).await, "k");
    }

    #[actix_web::test]
    async fn every_other_key_is_refused() {
        let operator = |token: &str| {
            TestRequest::get().uri("/v1/operator").insert_header(("authorization", format!("Bearer {token}")))
        };
        for (call, code) in [
            (tenant_call("nobody"), "unauthenticated"),
            (tenant_call("slow"), "unauthenticated"),
            (tenant_call("operator"), "forbidden"),
            (tenant_call("astray"), "forbidden"),
            (tenant_call("down"), "unavailable"),
            (operator("events"), "forbidden"),
            (operator("astray"), "forbidden"),
        ] {
            assert_eq!(problem(fixture().send(call).await).await, code);
        }
    }

    #[actix_web::test]
    async fn a_refusal_says_the_same_of_every_bad_credential() {
        let mut said = Vec::new();
        let long = "x".repeat(MAX_TOKEN_BYTES + 1);
        for value in
            ["Bearer nobody", "Bearer slow", "Basic events", "Bearer", "Bearer ", "events", "Bearer a,b", &long]
        {
            let call = TestRequest::get().uri("/v1/operator").insert_header(("authorization", value));
            let answer = fixture().send(call).await;
            assert_eq!(answer.headers().get("www-authenticate").unwrap(), "Bearer realm=\"guestlog\"");
            let mut body: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
            body["instance"].take();
            said.push(body);
        }
        let twice = tenant_call("events").append_header(("authorization", "Bearer events"));
        assert_eq!(problem(fixture().send(twice).await).await, "unauthenticated");
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
    }

    #[actix_web::test]
    async fn a_refusal_names_the_scope() {
        let call = TestRequest::get().uri("/v1/operator").insert_header(("authorization", "Bearer events"));
        assert!(text(fixture().send(call).await).await.contains("The key lacks the scope admin."));
    }

    #[actix_web::test]
    async fn the_key_is_looked_at_before_query_and_body() {
        let call = tenant_call("slow").uri("/v1/tenant?nobody=1").insert_header(("content-type", "text/plain"));
        assert_eq!(problem(fixture().send(call).await).await, "unauthenticated");
    }

    #[actix_web::test]
    async fn a_refusal_does_not_wait_for_the_body() {
        let answer = fixture()
            .raw("POST /v1/tenant HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer slow\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n")
            .await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let answer = fixture()
            .raw("POST /v1/tenant HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{  \r\n")
            .await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }

    #[actix_web::test]
    async fn an_extractor_outside_of_the_table_fails_closed() {
        let req = TestRequest::get().insert_header(("authorization", "Bearer events")).to_http_request();
        let caller = Caller::<EventsWrite>::from_request(&req, &mut Payload::None).await;
        assert_eq!(caller.err().map(|error| error.code()), Some(Code::Internal));
        let operator = Operator::from_request(&req, &mut Payload::None).await;
        assert_eq!(operator.err().map(|error| error.code()), Some(Code::Internal));
    }
}
