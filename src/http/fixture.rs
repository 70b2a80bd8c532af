//! A frame around a table, with keys that need no database; for the tests of this floor.

use super::gate::{Authenticator, Gate, Limits};
use super::middleware::frame;
use super::pace::Pace;
use super::routes::Table;
use crate::app::By;
use crate::domain::CustomerId;
use crate::domain::scope::Scope;
use crate::error::{Code, Error};
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use futures_util::future::LocalBoxFuture;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Knows the tokens `events`, `operator` and `slow`, the last only after a while and then not after all.
struct Keys;

impl Authenticator for Keys {
    fn by<'a>(&'a self, token: &'a str) -> LocalBoxFuture<'a, Result<By, Error>> {
        Box::pin(async move {
            let (customer, scope) = match token {
                "events" => (Some(CustomerId(7)), Scope::EventsWrite),
                "operator" => (None, Scope::Admin),
                "astray" => (Some(CustomerId(7)), Scope::Admin),
                "down" => return Err(Error::unavailable("no database")),
                "slow" => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    return Err(Error::refused(Code::Unauthenticated, "revoked"));
                }
                _ => return Err(Error::refused(Code::Unauthenticated, "unknown")),
            };
            Ok(By { customer, key_id: "k".to_owned(), license: None, scopes: [scope].into_iter().collect() })
        })
    }

    fn serves(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A table within its frame.
pub(super) struct Fixture {
    table: Arc<Table>,
    gate: Gate,
}

impl Fixture {
    pub(super) fn new(table: Table) -> Self {
        let limits = Limits {
            trusted_proxies: ["10.0.0.0/8".parse().unwrap()].into(),
            max_body_bytes: 1_000,
            max_line_bytes: 100,
            max_query_bytes: 100,
            request_timeout: Duration::from_millis(200),
            tls: false,
        };
        Self { table: Arc::new(table), gate: Gate { limits, authenticator: Arc::new(Keys), pace: Pace::default() } }
    }

    pub(super) fn tls(mut self) -> Self {
        self.gate.limits.tls = true;
        self
    }

    pub(super) fn pace(mut self, pace: Pace) -> Self {
        self.gate.pace = pace;
        self
    }

    /// Answers a request without a socket.
    pub(super) async fn send(&self, req: TestRequest) -> ServiceResponse<BoxBody> {
        let (table, gate) = (self.table.clone(), self.gate.clone());
        let app = App::new().app_data(Data::new(gate)).configure(|config| table.configure(config)).wrap(from_fn(frame));
        let service = init_service(app).await;
        let peer = "192.0.2.1:5000".parse().unwrap();
        call_service(&service, req.peer_addr(peer).to_request()).await
    }

    pub(super) async fn get(&self, path: &str) -> ServiceResponse<BoxBody> {
        self.send(TestRequest::get().uri(path)).await
    }

    /// Writes `request` to a real server, and gives back all that comes until it closes or falls silent.
    pub(super) async fn raw(&self, request: &'static str) -> String {
        let (table, gate) = (self.table.clone(), self.gate.clone());
        let make = move || {
            let table = table.clone();
            App::new()
                .app_data(Data::new(gate.clone()))
                .configure(move |config| table.configure(config))
                .wrap(from_fn(frame))
        };
        let server = HttpServer::new(make).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let answer = actix_web::web::block(move || exchange(address, request)).await.unwrap();
        handle.stop(false).await;
        answer
    }
}

fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // Ends with the connection, or when nothing comes for a while.
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        answer.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8(answer).unwrap()
}

/// The body of an answer.
pub(super) async fn text(answer: ServiceResponse<BoxBody>) -> String {
    String::from_utf8(to_bytes(answer.into_body()).await.unwrap().to_vec()).unwrap()
}

/// The code of a problem document, which it must be.
pub(super) async fn problem(answer: ServiceResponse<BoxBody>) -> String {
    assert_eq!(answer.headers().get("content-type").unwrap(), "application/problem+json");
    let id = answer.headers().get("x-request-id").unwrap().to_str().unwrap().to_owned();
    let status = answer.status().as_u16();
    let body: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!((body["status"].as_u64(), body["instance"].as_str()), (Some(u64::from(status)), Some(id.as_str())));
    body["code"].as_str().unwrap().to_owned()
}

/// The gate of a fixture, for a request of its own.
pub(super) fn gate() -> Data<Gate> {
    Data::new(Fixture::new(Table::new()).gate)
}
