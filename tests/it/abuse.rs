//! What no client should send, with canaries wherever there is room for bytes.

use crate::bare_server::exchange;
use crate::client::Client;
use crate::harness::Answer;
use crate::search::Canary;
use crate::traffic::Call;
use guestlog::http::routes::Entry;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Headers that some server or other writes to its log.
const HEADERS: [&str; 12] = [
    "user-agent",
    "cookie",
    "referer",
    "origin",
    "x-request-id",
    "forwarded",
    "x-forwarded-for",
    "traceparent",
    "idempotency-key",
    "accept-language",
    "if-none-match",
    "ce-id",
];

/// Parameters that some list or other has.
const QUERY: [&str; 13] =
    ["limit", "cursor", "person", "license", "host", "email", "phone", "at", "from", "by", "after", "state", "type"];

/// Every row of the table, with each of the keys and without one.
pub fn every_route(address: SocketAddr, canary: &Canary, keys: [&str; 2]) -> Vec<Answer> {
    let table = guestlog::http::table();
    let wrong = format!("glk_{}_{}", canary.text(60), canary.text(61));
    let keys = [None, Some(wrong.as_str()), Some(keys[0]), Some(keys[1])];
    let client = Client::new(address);
    let mut answers = Vec::new();
    for (entry, key) in table.entries().flat_map(|entry| keys.map(|key| (entry, key))) {
        answers.extend(one_route(&client, canary, entry, key));
    }
    answers
}

fn one_route(client: &Client, canary: &Canary, entry: &Entry, key: Option<&str>) -> Vec<Answer> {
    let (text, email) = (canary.text(62), canary.email(63));
    let filled = |part| if str::starts_with(part, '{') { text.as_str() } else { part };
    let path = entry.path.split('/').map(filled).collect::<Vec<_>>().join("/");
    let query = QUERY.map(|name| format!("{name}={email}")).join("&");
    let object = format!("{{\"{text}\": \"{email}\", \"id\": \"{text}\", \"name\": [\"{text}\"]}}");
    let call = |path: String| Call::new(entry.method.as_str(), path, 0);
    let full = |path: String, body: &str| match entry.takes.first() {
        Some(media) => call(path).body(body, media),
        None => call(path),
    };
    let calls = [
        full(path.clone(), &object),
        full(format!("{path}?{text}={email}"), &text),
        call(format!("{path}?{query}")).header("accept", text.as_str()),
        call(format!("{path}%ZZ?%ZZ{text}")).body(object.as_str(), &format!("{text}/{text}")),
        full(format!("{path}/{text}"), &object).header("content-encoding", text.as_str()),
        Call::new("POST", path.as_str(), 0).body(format!("{object}\n{text}\n"), "application/x-ndjson"),
        Call::new("DELETE", path, 0).body(format!("[{{\"{text}\": "), "application/json"),
    ];
    calls.map(|call| HEADERS.iter().fold(call, |call, name| call.header(name, text.as_str())).send(client, key)).into()
}

/// Bytes that are hardly HTTP, and connections that end in the middle.
pub fn hostile_bytes(address: SocketAddr, canary: &Canary, key: &str) {
    let (text, email) = (canary.text(64), canary.email(65));
    let post = format!(
        "POST /v1/events?{text} HTTP/1.1\r\nHost: {text}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
    );
    let chunked = format!("{post}Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
    let line = format!("{{\"person\": {{\"ref\": \"{text}\", \"email\": \"{email}\"}}}}");
    let cases = [
        format!("{text} /{text} HTTP/1.1\r\nHost: {text}\r\nConnection: close\r\n\r\n"),
        format!("GET /{text} HTTP/9.9\r\nHost: {text}\r\n\r\n"),
        format!("GET {text}\r\n\r\n"),
        format!("GET http://{text}/{text} HTTP/1.1\r\nHost: {email}\r\nConnection: close\r\n\r\n"),
        format!("GET /{text} HTTP/1.1\r\n{text}: {text}\r\n\r\n"),
        format!("GET /{text} HTTP/1.1\r\nHost: x\r\n{text}\0: {text}\r\n\r\n"),
        format!("GET /{text} HTTP/1.1\r\nHost: x\r\nCookie: {text}\r\r{text}\r\n\r\n"),
        format!("GET /{text} HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", text.repeat(4_000)),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", text.repeat(6_000)),
        format!("{post}Content-Length: {text}\r\n\r\n{text}"),
        format!("{post}Transfer-Encoding: {text}\r\n\r\n{text}"),
        format!("{post}Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{line}"),
        format!("{post}Upgrade: {text}\r\nConnection: upgrade\r\n\r\n{text}"),
        format!("{post}Expect: {text}\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("{chunked}{text}\r\n{text}\r\n"),
        format!("{chunked}{:x}\r\n{line}\r\n{text}", line.len()),
        format!("{chunked}{:x}\r\n{line}\n{text}\n\r\n0\r\n{text}: {email}\r\n\r\n", line.len() + text.len() + 2),
        format!("{chunked}11170\r\n{}\r\n0\r\n\r\n", text.repeat(5_000)),
        format!("GET /v1/people/{text} HTTP/1.1\r\nHost"),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{text}"),
        format!("{text}\r\n\r\n"),
    ];
    std::thread::scope(|scope| {
        for case in &cases {
            scope.spawn(move || exchange(address, case.as_bytes()));
        }
    });
    // Gone while the answer is on its way, and while the body is.
    for case in [&cases[0], &cases[11], &cases[15]] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(case.as_bytes()).unwrap();
        drop(stream);
    }
}

/// The name that the certificate is for, which a client sends in the clear.
pub fn host_name(canary: &Canary) -> String {
    format!("{}.example", canary.text(66))
}

fn handshake(canary: &Canary, trusted: &[&[u8]], protocol: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.to_vec().into()).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    ClientConnection::new(Arc::new(config), ServerName::try_from(host_name(canary)).unwrap()).unwrap()
}

/// Handshakes that fail in every way, and one that does not; gives the answer to that.
pub fn hostile_tls(address: SocketAddr, canary: &Canary, certificate: &[u8]) -> String {
    let text = canary.text(67);
    let connect = || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    };
    exchange(address, format!("GET /{text} HTTP/1.1\r\nHost: {text}\r\n\r\n").as_bytes());
    // One that does not trust the certificate, and one with a protocol that nobody speaks.
    for (trusted, protocol) in [(&[][..], "http/1.1"), (&[certificate], text.as_str())] {
        let mut client = handshake(canary, trusted, protocol);
        assert!(client.complete_io(&mut connect()).is_err());
    }
    // A name that is none, and a hello that ends in the middle.
    let mut hello = Vec::new();
    handshake(canary, &[], "http/1.1").write_tls(&mut hello).unwrap();
    exchange(address, &hello[..hello.len() - 10]);
    let name = host_name(canary);
    let at = hello.windows(name.len()).position(|window| window == name.as_bytes()).expect("the name is in the clear");
    hello[at + name.find('.').unwrap()] = b' ';
    exchange(address, &hello);

    let mut client = handshake(canary, &[certificate], "http/1.1");
    let mut socket = connect();
    let mut stream = Stream::new(&mut client, &mut socket);
    let request = format!("GET /v1/people/{text}?{text} HTTP/1.1\r\nHost: {text}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // A server may close without saying so by TLS.
    let _ = stream.read_to_string(&mut answer);
    answer
}
