//! The table of routes: every address with its method, who may call it and what does the work.

use super::access::Access;
use super::context;
use super::guard::Guarded;
use super::run;
use crate::error::{Code, Error};
use actix_web::http::{Method, header};
use actix_web::web::ServiceConfig;
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, ResponseError, Route, guard, web};
use std::collections::BTreeMap;

/// One row of the table, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The method; a GET answers HEAD as well.
    pub method: Method,
    /// The address, its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The media types of the body; none when the route has no body.
    pub takes: &'static [&'static str],
    /// Whether it has query parameters.
    pub query: bool,
}

struct Row {
    entry: Entry,
    route: Box<dyn Fn() -> Route + Send + Sync>,
}

/// The routes of the service, as data that configures actix, feeds the tests and is compared with the OpenAPI document.
///
/// A handler is taken only when its first argument says who may call it (DESIGN, house style 5):
///
/// ```
/// use guestlog::http::{auth::Public, routes::Table};
///
/// async fn healthz(_: Public) -> &'static str {
///     "alive"
/// }
/// let table = Table::new().get("/healthz", healthz);
/// assert_eq!(table.entries().count(), 1);
/// ```
///
/// The same handler without it does not compile:
///
/// ```compile_fail,E0277
/// use guestlog::http::routes::Table;
///
/// async fn healthz() -> &'static str {
///     "alive"
/// }
/// let table = Table::new().get("/healthz", healthz);
/// assert_eq!(table.entries().count(), 1);
/// ```
///
/// Nor does one that asks for it too late, for extractors before it would have read the request already:
///
/// ```compile_fail,E0277
/// use guestlog::http::{auth::Public, routes::Table};
///
/// async fn healthz(_: actix_web::HttpRequest, _: Public) -> &'static str {
///     "alive"
/// }
/// let table = Table::new().get("/healthz", healthz);
/// assert_eq!(table.entries().count(), 1);
/// ```
///
/// Nor one that reads the body past the house's bounds:
///
/// ```compile_fail,E0277
/// use guestlog::http::{auth::Public, routes::Table};
///
/// async fn echo(_: Public, body: String) -> String {
///     body
/// }
/// let table = Table::new().post("/echo", echo);
/// assert_eq!(table.entries().count(), 1);
/// ```
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route. Of two with the same method and address the first answers.
    #[must_use]
    pub fn add<F, Args>(mut self, method: Method, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args> + Send + Sync,
        F::Output: Responder + 'static,
        Args: Guarded + 'static,
        <Args as FromRequest>::Error: 'static,
    {
        let entry =
            Entry { method: method.clone(), path, access: Args::ACCESS, takes: Args::TAKES, query: Args::QUERY };
        let route = move || {
            let route = if method == Method::GET {
                web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
            } else {
                web::method(method.clone())
            };
            run::serve(route, path, handler.clone())
        };
        self.rows.push(Row { entry, route: Box::new(route) });
        self
    }

    /// Every row, in the order it was added.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rows.iter().map(|row| &row.entry)
    }

    /// Registers every route, OPTIONS and 405 for the methods an address lacks, and 404 for the rest.
    ///
    /// Addresses without a parameter go first, so that `/v1/visits/on-site` is never taken for `/v1/visits/{id}`
    /// whatever the order of the rows.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let mut paths: BTreeMap<(Vec<bool>, &'static str), Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            let parameters = row.entry.path.split('/').map(|segment| segment.contains('{')).collect();
            paths.entry((parameters, row.entry.path)).or_default().push(row);
        }
        for ((_, path), rows) in &paths {
            config.service(resource(path, rows, &self.beside(path, rows)));
        }
        config.default_service(web::to(|| async {
            Error::refused(Code::NotFound, "There is no such address.").error_response()
        }));
    }
}

impl Table {
    /// The methods that an address has only where it is taken for a parameter: a person may be called `digest`.
    fn beside(&self, path: &str, rows: &[&Row]) -> Vec<Method> {
        let takes = |pattern: &str| {
            pattern != path
                && pattern.split('/').count() == path.split('/').count()
                && pattern.split('/').zip(path.split('/')).all(|(one, other)| one == other || one.starts_with('{'))
        };
        let own = |method: &Method| rows.iter().any(|row| row.entry.method == *method);
        let methods = self.entries().filter(|entry| takes(entry.path)).map(|entry| entry.method.clone());
        methods.filter(|method| !own(method)).collect()
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $method:ident),* $(,)?) => {
        impl Table {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name<F, Args>(self, path: &'static str, handler: F) -> Self
            where
                F: Handler<Args> + Send + Sync,
                F::Output: Responder + 'static,
                Args: Guarded + 'static,
            {
                self.add(Method::$method, path, handler)
            }
        )*}
    };
}

methods! {
    /// Adds a GET, which answers HEAD as well.
    get = GET,
    /// Adds a POST.
    post = POST,
    /// Adds a PUT.
    put = PUT,
    /// Adds a PATCH.
    patch = PATCH,
    /// Adds a DELETE.
    delete = DELETE,
}

fn resource(path: &'static str, rows: &[&Row], beside: &[Method]) -> Resource {
    // What the document says of this address; a refusal tells as well what is done here to another thing of its name.
    let (allow, refusal) = (allowed(rows, &[]), allowed(rows, beside));
    let options = web::method(Method::OPTIONS).to(move || {
        context::entered(path);
        let answer = HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_str())).finish();
        async move { answer }
    });
    let otherwise = web::to(move || {
        context::entered(path);
        let error = Error::refused(Code::MethodNotAllowed, format!("This address has the methods {refusal}."));
        let mut answer = error.error_response();
        if let Ok(allow) = header::HeaderValue::from_str(&refusal) {
            answer.headers_mut().insert(header::ALLOW, allow);
        }
        async move { answer }
    });
    let elsewhere = beside.to_vec();
    let here = web::resource(path).guard(guard::fn_guard(move |asked| !elsewhere.contains(&asked.head().method)));
    rows.iter().fold(here, |resource, row| resource.route((row.route)())).route(options).default_service(otherwise)
}

/// The methods of an address as the header Allow lists them (RFC 9110, 10.2.1).
fn allowed(rows: &[&Row], beside: &[Method]) -> String {
    let mut methods: Vec<&str> = rows.iter().map(|row| &row.entry.method).chain(beside).map(Method::as_str).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::Scope;
    use crate::domain::text::Ref;
    use crate::http::auth::{Caller, EventsWrite, Operator, Public};
    use crate::http::extract::{Body, Path, Query};
    use crate::http::fixture::{Fixture, problem, text};
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    async fn plain(_: Public) -> &'static str {
        "plain"
    }

    async fn named(_: Public, Path(name): Path<Ref>) -> String {
        name.as_str().to_owned()
    }

    async fn write(_: Caller<EventsWrite>, _: Query<()>, _: Body<u8>) -> &'static str {
        "written"
    }

    async fn delete(_: Operator) -> &'static str {
        "deleted"
    }

    fn table() -> Table {
        Table::new()
            .get("/things/{ref}", named)
            .delete("/things/{ref}", delete)
            .get("/things/plain", plain)
            .put("/things/plain", write)
    }

    #[test]
    fn the_rows_are_data() {
        let table = table();
        let rows: Vec<&Entry> = table.entries().collect();
        let access: Vec<Access> = rows.iter().map(|row| row.access).collect();
        let scopes = [Access::Public, Access::Scope(Scope::Admin), Access::Public, Access::Scope(Scope::EventsWrite)];
        assert_eq!(access, scopes);
        assert_eq!((rows[3].takes, rows[3].query), (&["application/json"][..], true));
        assert_eq!((rows[0].takes, rows[0].query), (&[][..], false));
        assert_eq!((rows[1].path, &rows[1].method), ("/things/{ref}", &Method::DELETE));
    }

    #[actix_web::test]
    async fn a_name_goes_before_a_parameter() {
        let fixture = Fixture::new(table());
        assert_eq!(text(fixture.get("/things/plain").await).await, "plain");
        assert_eq!(text(fixture.get("/things/a%2Fb").await).await, "a/b");
        // But only for the methods that it has.
        let answer = fixture.send(TestRequest::delete().uri("/things/plain")).await;
        assert_eq!(problem(answer).await, "unauthenticated");
    }

    #[actix_web::test]
    async fn other_methods_are_refused_by_name() {
        let fixture = Fixture::new(table());
        for (method, path, allow) in [
            (Method::POST, "/things/plain", "DELETE, GET, HEAD, OPTIONS, PUT"),
            (Method::TRACE, "/things/x", "DELETE, GET, HEAD, OPTIONS"),
            (Method::from_bytes(b"VICTORIA").unwrap(), "/things/x", "DELETE, GET, HEAD, OPTIONS"),
        ] {
            let answer = fixture.send(TestRequest::default().method(method).uri(path)).await;
            assert_eq!(answer.headers().get("allow").unwrap(), allow);
            assert_eq!(problem(answer).await, "method_not_allowed");
        }
        let answer = fixture.send(TestRequest::default().method(Method::OPTIONS).uri("/things/plain")).await;
        assert_eq!(
            (answer.status(), answer.headers().get("allow").unwrap().to_str().unwrap()),
            (StatusCode::NO_CONTENT, "GET, HEAD, OPTIONS, PUT")
        );
    }

    #[actix_web::test]
    async fn other_addresses_are_not_there() {
        let fixture = Fixture::new(table());
        for path in ["/", "/things", "/things/", "/things/plain/", "//things/plain", "/things/a/b", "/%FF"] {
            assert_eq!(problem(fixture.get(path).await).await, "not_found", "{path}");
        }
    }

    #[actix_web::test]
    async fn head_is_a_get_without_its_body() {
        let answer = Fixture::new(table()).raw("HEAD /things/plain HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("content-length: 5\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}
