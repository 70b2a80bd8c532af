//! What the server says to bytes that are not good HTTP/1.1, before a route sees them.
//!
//! The answers are those of actix-http, and pinned here since the safety against smuggled requests hangs on them: a
//! request whose end two readers could see in different places is refused, and the connection closed.

use crate::bare_server::{BareServer, exchange, settings};
use actix_web::web;
use std::time::{Duration, Instant};

const POST: &str = "POST /echo HTTP/1.1\r\nHost: x\r\n";
const CHUNKED: &str = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNKS: &str = "2\r\nhi\r\n0\r\n\r\n";
/// Follows every case on the same connection; must be answered only where the case ends beyond doubt.
const NEXT: &str = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn start() -> BareServer {
    let echo = async |body: web::Bytes| format!("body of {}", body.len());
    let routes = move |routes: &mut web::ServiceConfig| {
        routes.route("/echo", web::post().to(echo));
        routes.route("/next", web::get().to(async || "answered the next"));
    };
    BareServer::start(settings(&[("http.header_timeout_ms", "1000")]), routes, || ())
}

/// The status of the answer to each case, in order; fails when the request behind it is answered too.
fn statuses(cases: &[&[u8]]) -> Vec<u16> {
    let server = start();
    let address = server.address;
    let statuses = std::thread::scope(|scope| {
        let ask = |case: &[u8]| exchange(address, &[case, NEXT.as_bytes()].concat());
        let asked: Vec<_> = cases.iter().map(|case| scope.spawn(move || ask(case))).collect();
        asked.into_iter().map(|asked| status(&asked.join().unwrap())).collect()
    });
    server.stop();
    statuses
}

fn status(answer: &str) -> u16 {
    assert!(!answer.contains("answered the next"), "{answer}");
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or(answer).parse().unwrap()
}

fn all(expected: u16, cases: &[String]) {
    let cases: Vec<_> = cases.iter().map(String::as_bytes).collect();
    let statuses = statuses(&cases);
    let other: Vec<_> = statuses.iter().zip(cases).filter(|(status, _)| **status != expected).collect();
    assert!(other.is_empty(), "{:?}", other.iter().map(|(s, c)| (s, String::from_utf8_lossy(c))).collect::<Vec<_>>());
}

#[test]
fn good_requests_are_answered_one_after_the_other() {
    let server = start();
    for case in [format!("{POST}Content-Length: 2\r\n\r\nhi"), format!("{CHUNKED}{CHUNKS}")] {
        let answer = exchange(server.address, format!("{case}{NEXT}").as_bytes());
        assert!(answer.contains("body of 2") && answer.contains("answered the next"), "{answer}");
    }
    server.stop();
}

#[test]
fn requests_with_a_doubtful_end_are_refused() {
    let lengths = ["2\r\nContent-Length: 3", "2\r\nContent-Length: 2", "2, 2", "+2", "-2", "0x2", "", "2 2"];
    let huge = ["99999999999999999999"];
    let lengths = lengths.iter().chain(&huge).map(|length| format!("{POST}Content-Length: {length}\r\n\r\nhi"));
    let both = [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 2",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding : chunked",
        "Content-Length : 2",
    ];
    let both = both.iter().map(|headers| format!("{POST}{headers}\r\n\r\n{CHUNKS}"));
    let old = format!("POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKS}");
    all(400, &lengths.chain(both).chain([old]).collect::<Vec<_>>());
}

#[test]
fn broken_chunks_are_refused() {
    let chunks = [
        "zz\r\nhi",
        "-2\r\nhi",
        "0x2\r\nhi",
        " 2\r\nhi",
        "ffffffffffffffffff\r\nhi",
        "2\nhi",
        "2\r\nhiX",
        "2;a\nb\r\nhi",
    ];
    all(400, &chunks.map(|chunk| format!("{CHUNKED}{chunk}\r\n0\r\n\r\n")));
}

#[test]
fn an_upgrade_is_refused_for_its_body_has_no_end() {
    let upgrades = [
        "Upgrade: websocket",
        "Upgrade: WebSocket\r\nContent-Length: 2",
        "Content-Length: 2\r\nUpgrade: h2c\r\nUpgrade: websocket ",
    ];
    all(400, &upgrades.map(|upgrade| format!("{POST}Connection: upgrade\r\n{upgrade}\r\n\r\nhi")));
}

#[test]
fn heads_that_are_not_http_are_refused() {
    let heads = [
        "GET /next HTTP/1.2\r\nHost: x\r\n\r\n",
        "GET /next HTTP/2.0\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /next\r\n\r\n",
        "GET /next HTTP/1.1\r\n\r\n",
        "GET /next HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /next HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET /next HTTP/1.1\r\nHost: x\r\nX\0: b\r\n\r\n",
        "GET /next HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
        "GET /next HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        "G@T /next HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /næxt HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /next a HTTP/1.1\r\nHost: x\r\n\r\n",
        "\0\u{1}\u{2}\r\n\r\n",
        "\u{16}\u{3}\u{1}\0\u{5}\u{1}\0\0\u{1}\u{3}",
    ];
    all(400, &heads.map(str::to_owned));
    let long_address = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(65_535));
    all(400, &[long_address]);
}

#[test]
fn too_many_or_too_large_headers_are_refused() {
    let many = "X: 1\r\n".repeat(96);
    all(431, &[format!("{POST}{many}\r\n"), format!("{POST}X: {}\r\n\r\n", "a".repeat(131_072))]);
    let server = start();
    let answer = exchange(server.address, format!("{POST}X: {}\r\n\r\n", "a".repeat(32_768)).as_bytes());
    assert!(status(&answer) == 431 && answer.contains("larger than 32768 bytes"), "{answer}");
    server.stop();
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let server = start();
    let started = Instant::now();
    let answer = exchange(server.address, b"GET /next HTTP/1.1\r\nHost");
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
    server.stop();
}
