//! What every answer promises, whichever route it comes from: the form of refusals, headers, methods and retries.

use crate::client::Client;
use crate::harness::{Answer, Home, Kind, Served, at, both, key, serve, site};
use guestlog::app::App;
use guestlog::clock::Clock;
use guestlog::domain::scope::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ALL: &str = "events:write,events:read,people:write,people:read,people:delete,rights,webhooks";
const NOW: &str = "2026-11-21T12:00:00Z";

/// A service with one customer.
struct House {
    served: Served,
    client: Client,
    clock: Clock,
    customer: String,
    key: String,
    operator: String,
    _home: Home,
}

impl House {
    fn new(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let app: App = home.open_with(clock.clone(), settings);
        let customer = site(&app, "L-1").customer;
        let (key, operator) = (key(&app, Some(customer), ALL, None), key(&app, None, Scope::Admin.as_str(), None));
        let served = serve(&app);
        let client = Client::new(served.address);
        Self { served, client, clock, customer: customer.to_string(), key, operator, _home: home }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let key = if path.starts_with("/v1/admin") { &self.operator } else { &self.key };
        self.client.send(method, path, Some(key), headers, body.map(str::as_bytes)).unwrap()
    }
}

/// The document but for its instance, which is the id of the request.
fn problem(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text);
    assert_eq!(answer.header("content-language"), Some("en"));
    let mut document = answer.json();
    assert_eq!(document["instance"].as_str(), answer.header("x-request-id"));
    assert_eq!(document["status"], answer.status);
    document.as_object_mut().unwrap().remove("instance");
    document
}

#[test]
fn a_refusal_is_a_problem_document_to_the_letter() {
    let house = House::new(Kind::Sqlite, &[("http.max_body_bytes", "2000")]);
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(2_000));
    let text = [("content-type", "text/plain")];
    let refused = |method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>| {
        problem(&house.send(method, path, headers, body))
    };
    let cases = [
        (
            refused("PUT", "/v1/people/g", &[], Some("{\"name\": \"Åse")),
            json!({"type": "/problems/malformed_body", "title": "The body cannot be read", "status": 400,
                "detail": "The body is not JSON: EOF while parsing a string at line 1, column 14.", "code": "malformed_body"}),
        ),
        (
            refused("GET", "/v1/people/%ff", &[], None),
            json!({"type": "/problems/malformed_request", "title": "The request cannot be read", "status": 400,
                "detail": "The part ref of the address is not percent-encoded UTF-8.", "code": "malformed_request"}),
        ),
        (
            problem(&house.client.send("GET", "/v1/people/g", None, &[], None).unwrap()),
            json!({"type": "/problems/unauthenticated", "title": "A valid key is needed", "status": 401,
                "detail": "Send a valid key as 'Authorization: Bearer glk_…'.", "code": "unauthenticated"}),
        ),
        (
            problem(&house.client.send("GET", "/v1/people/g", Some(&house.operator), &[], None).unwrap()),
            json!({"type": "/problems/forbidden", "title": "The key does not allow this", "status": 403,
                "detail": "An operator key has no customer; this needs a customer's key.", "code": "forbidden"}),
        ),
        (
            refused("GET", "/v1/people/nobody", &[], None),
            json!({"type": "/problems/not_found", "title": "There is nothing here", "status": 404,
                "detail": "There is nothing here for the customer of this key.", "code": "not_found"}),
        ),
        (
            refused("GET", "/v1/nowhere", &[], None),
            json!({"type": "/problems/not_found", "title": "There is nothing here", "status": 404,
                "detail": "There is no such address.", "code": "not_found"}),
        ),
        (
            refused("POST", "/v1/people/g", &[], Some("{}")),
            json!({"type": "/problems/method_not_allowed", "title": "The method is not allowed here", "status": 405,
                "detail": "This address has the methods DELETE, GET, HEAD, OPTIONS, PATCH, PUT.", "code": "method_not_allowed"}),
        ),
        (
            refused("PUT", "/v1/people/g", &[], Some(&long)),
            json!({"type": "/problems/body_too_large", "title": "The body is too large", "status": 413,
                "detail": "The body has more than 2000 bytes.", "code": "body_too_large"}),
        ),
        (
            refused("PUT", "/v1/people/g", &text, Some("{}")),
            json!({"type": "/problems/unsupported_media_type", "title": "The media type is not taken here", "status": 415,
                "detail": "The media type is not taken here; this address takes application/json.",
                "code": "unsupported_media_type"}),
        ),
        (
            refused("PUT", "/v1/people/g", &[], Some("{\"nmae\": \"Åse\"}")),
            json!({"type": "/problems/invalid_input", "title": "Something in the request is not right", "status": 422,
                "detail": "/nmae is not known here; known are `kind`, `name`, `email`, `phone`, `company`, `vehicle_plate`",
                "code": "invalid_input", "errors": [{"pointer": "/nmae", "code": "unknown_field",
                    "detail": "is not known here; known are `kind`, `name`, `email`, `phone`, `company`, `vehicle_plate`"}]}),
        ),
        (
            refused("GET", "/v1/people?limit=201", &[], None),
            json!({"type": "/problems/invalid_input", "title": "Something in the request is not right", "status": 422,
                "detail": "?limit must be a whole number from 1 to 200", "code": "invalid_input",
                "errors": [{"pointer": "?limit", "code": "out_of_range", "detail": "must be a whole number from 1 to 200"}]}),
        ),
    ];
    for (given, expected) in cases {
        assert_eq!(given, expected);
    }
    let allow = house.send("POST", "/v1/people/g", &[], Some("{}"));
    assert_eq!(allow.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH, PUT"));
    // Each type is the address of a page.
    for code in guestlog::error::Code::ALL {
        let page = house.client.send("GET", &format!("/problems/{}", code.as_str()), None, &[], None).unwrap();
        assert!(page.status == 200 && page.header("content-type").unwrap().starts_with("text/html"), "{code:?}");
    }
}

#[test]
fn a_fault_of_ours_says_no_more_than_that() {
    both(|kind| {
        let house = House::new(kind, &[("database.readers", "1"), ("database.acquire_timeout_ms", "100")]);
        let busy = house.served.app.read_blocking(|_| Ok(house.send("GET", "/v1/people", &[], None))).unwrap();
        assert_eq!(problem(&busy), json!({"status": 503, "code": "unavailable"}));
        assert_eq!(busy.header("retry-after"), Some("1"));
    });
}

#[test]
fn every_answer_carries_the_headers_that_make_it_safe() {
    let house = House::new(Kind::Sqlite, &[]);
    let page = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'";
    let browser = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let form = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
        frame-ancestors 'none'";
    let data = "default-src 'none'; frame-ancestors 'none'";
    let mut ids = BTreeSet::new();
    for entry in guestlog::http::table().entries() {
        let (policy, cache) = match entry.path {
            "/docs" => (browser, "public, max-age=300"),
            path if path.starts_with("/problems") => (page, "public, max-age=300"),
            path if path.starts_with("/docs/") || path == "/openapi.json" => (data, "public, max-age=300"),
            path if path.starts_with("/.well-known/") || path.starts_with("/schemas/") => (data, "public, max-age=300"),
            "/privacy/style.css" => (data, "public, max-age=300"),
            // Their forms go to this server; what is posted here without a form is refused in data.
            path if path.starts_with("/privacy") && entry.method == "GET" => (form, "no-store"),
            _ => (data, "no-store"),
        };
        let path =
            entry.path.replace("{id}", &house.customer).replace("{file}", "icon.svg").replace("{code}", "internal");
        for key in [None, Some(house.key.as_str()), Some(house.operator.as_str())] {
            let given = [("x-request-id", "0b0e5d0c-0000-4000-8000-000000000000")];
            let answer = house.client.send(entry.method.as_str(), &path, key, &given, None).unwrap();
            let header = |name| answer.header(name);
            assert_eq!(header("content-security-policy"), Some(policy), "{entry:?}");
            assert_eq!(header("cache-control"), Some(cache), "{entry:?}");
            assert_eq!(header("x-content-type-options"), Some("nosniff"));
            assert_eq!(header("referrer-policy"), Some("no-referrer"));
            assert_eq!(header("cross-origin-resource-policy"), Some("same-origin"));
            for absent in ["server", "x-powered-by", "access-control-allow-origin", "set-cookie"] {
                assert_eq!(header(absent), None, "{entry:?}");
            }
            let id = header("x-request-id").unwrap().to_owned();
            assert!(id != given[0].1 && uuid::Uuid::try_parse(&id).is_ok() && ids.insert(id), "{entry:?}");
        }
    }
}

#[test]
fn a_head_says_what_a_get_would_and_options_what_there_is() {
    let house = House::new(Kind::Sqlite, &[]);
    for entry in guestlog::http::table().entries().filter(|entry| entry.method == "GET" && !entry.path.contains('{')) {
        // What an address cannot be asked without.
        let path = if entry.path == "/v1/people/digest" { "/v1/people/digest?bits=4" } else { entry.path };
        let (get, head) = (house.send("GET", path, &[], None), house.send("HEAD", path, &[], None));
        assert_eq!((get.status, head.status, head.text.as_str()), (200, 200, ""), "{entry:?}");
        for name in ["content-type", "content-length", "cache-control", "content-security-policy"] {
            assert_eq!(get.header(name), head.header(name), "{entry:?}");
        }
        let options = house.client.send("OPTIONS", entry.path, None, &[], None).unwrap();
        assert_eq!(options.status, 204);
        assert!(options.header("allow").unwrap().contains("GET, HEAD, OPTIONS"), "{entry:?}");
    }
}

#[test]
fn a_retry_with_its_key_has_one_effect_and_one_answer() {
    both(|kind| {
        let house = House::new(kind, &[]);
        let keys = format!("/v1/admin/customers/{}/keys", house.customer);
        let licenses = format!("/v1/admin/customers/{}/licenses", house.customer);
        let posts = [
            ("/v1/admin/customers", r#"{"name":"Nordlys"}"#, r#"{"name":"Sydlys"}"#),
            (&licenses, r#"{"license_number":"L-2","name":"Dør"}"#, r#"{"license_number":"L-3","name":"Dør"}"#),
            (&keys, r#"{"scopes":["events:read"]}"#, r#"{"scopes":["events:write"]}"#),
        ];
        for (n, (path, body, other)) in posts.into_iter().enumerate() {
            let name = format!("retry-{n}");
            let post = |name: &str, body: &str| house.send("POST", path, &[("idempotency-key", name)], Some(body));
            let held = || house.send("GET", path, &[], None).json()["data"].as_array().unwrap().len();
            let before = held();
            let first = post(&name, body);
            assert_eq!((first.status, held()), (201, before + 1), "{path}: {}", first.text);
            let again = post(&name, body);
            assert_eq!((again.status, &again.text, held()), (201, &first.text, before + 1), "{path}");
            let conflict = post(&name, other);
            assert_eq!((conflict.status, &conflict.json()["code"]), (409, &json!("idempotency_conflict")), "{path}");
            assert_eq!(held(), before + 1);
            // A refusal is no effect: the key is free for the request put right.
            assert_eq!(post(&format!("{name}-wrong"), "{}").status, 422);
            assert_eq!(post(&format!("{name}-wrong"), other).status, 201, "{path}");
        }
        // The same key for another address is another request.
        let elsewhere = [("idempotency-key", "retry-0")];
        assert_eq!(house.send("POST", &keys, &elsewhere, Some(r#"{"scopes":["events:read"]}"#)).status, 409);
        // Kept for seven days, not longer.
        let post = |now: &str| {
            house.clock.set(at(now));
            house.send("POST", &keys, &[("idempotency-key", "retry-2")], Some(r#"{"scopes":["events:read"]}"#)).json()
        };
        let first = post(NOW);
        assert_eq!(post("2026-11-28T12:00:00Z")["secret"], first["secret"]);
        assert_ne!(post("2026-11-28T12:00:00.000001Z")["secret"], first["secret"]);
        for wrong in ["", "two words", "æ", &"x".repeat(256)] {
            let refused = house.send("POST", &keys, &[("idempotency-key", wrong)], Some(r#"{"scopes":["rights"]}"#));
            assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("malformed_request")), "{wrong}");
            assert!(refused.text.contains("1 to 255 visible ASCII"), "{}", refused.text);
        }
    });
}

#[test]
fn of_the_same_request_many_times_at_once_one_counts() {
    both(|kind| {
        let house = House::new(kind, &[]);
        let path = format!("/v1/admin/customers/{}/keys", house.customer);
        let post = || {
            let client = Client::new(house.served.address);
            let headers = [("idempotency-key", "at-once")];
            let answer = client.send("POST", &path, Some(&house.operator), &headers, Some(br#"{"scopes":["rights"]}"#));
            answer.unwrap()
        };
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let posts: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
            posts.into_iter().map(|post| post.join().unwrap()).collect()
        });
        let said: BTreeSet<(u16, &str)> = answers.iter().map(|a| (a.status, a.text.as_str())).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(answers[0].status, 201, "{}", answers[0].text);
        let held = house.send("GET", &path, &[], None).json();
        let rights = held["data"].as_array().unwrap().iter().filter(|row| row["scopes"] == json!(["rights"])).count();
        assert_eq!(rights, 1);
    });
}
