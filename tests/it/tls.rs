//! Real handshakes: versions, protocols, renewal while the server runs, and what is refused.

use crate::bare_server::{BareServer, Scratch, exchange, settings};
use actix_web::web;
use guestlog::config;
use guestlog::http::tls::Certificate;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, Stream, SupportedProtocolVersion, version,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const RELOAD: Duration = Duration::from_millis(50);

/// A certificate for localhost that signs itself, and its key.
type Pair = rcgen::CertifiedKey<rcgen::KeyPair>;

fn pair() -> Pair {
    rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
}

/// The two files, in a directory of their own.
struct Files {
    scratch: Scratch,
}

impl Files {
    fn of(pair: &Pair) -> Self {
        let files = Self { scratch: Scratch::new() };
        files.put_certificate(&pair.cert.pem());
        files.put_key(&pair.signing_key.serialize_pem(), 0o600);
        files
    }

    fn certificate(&self) -> PathBuf {
        self.scratch.path("tls.crt")
    }

    fn key(&self) -> PathBuf {
        self.scratch.path("tls.key")
    }

    fn put_certificate(&self, pem: &str) {
        self.put("new.crt", pem, 0o644, &self.certificate());
    }

    fn put_key(&self, pem: &str, mode: u32) {
        self.put("new.key", pem, mode, &self.key());
    }

    /// Replaces the file in one step, so that it is never seen half.
    fn put(&self, name: &str, content: &str, mode: u32, target: &Path) {
        let new = self.scratch.path(name);
        std::fs::write(&new, content).unwrap();
        std::fs::set_permissions(&new, PermissionsExt::from_mode(mode)).unwrap();
        std::fs::rename(new, target).unwrap();
    }

    fn settings(&self) -> config::Tls {
        let reload_ms = u64::try_from(RELOAD.as_millis()).unwrap();
        config::Tls { certificate_file: self.certificate(), key_file: self.key(), reload_ms }
    }

    fn serve(&self) -> BareServer {
        let settings = settings(&[
            ("http.tls.certificate_file", self.certificate().to_str().unwrap()),
            ("http.tls.key_file", self.key().to_str().unwrap()),
            ("http.tls.reload_ms", "50"),
        ]);
        BareServer::start(
            settings,
            |routes| {
                routes.route("/", web::get().to(async || "by TLS"));
            },
            || (),
        )
    }
}

/// What a handshake came to.
struct Session {
    version: ProtocolVersion,
    protocol: Option<Vec<u8>>,
    answer: String,
}

/// Shakes hands, trusting `trusted` alone, and asks for `/` unless the protocol is h2.
fn visit(
    address: SocketAddr,
    trusted: &Pair,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> Result<Session, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    client.complete_io(&mut socket)?;
    let protocol = client.alpn_protocol().map(<[u8]>::to_vec);
    let version = client.protocol_version().unwrap();
    let mut answer = String::new();
    if protocol.as_deref() != Some(b"h2") {
        let mut stream = Stream::new(&mut client, &mut socket);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read_to_string(&mut answer)?;
    }
    Ok(Session { version, protocol, answer })
}

fn accepts(address: SocketAddr, pair: &Pair) -> bool {
    visit(address, pair, rustls::ALL_VERSIONS, &[]).is_ok()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        std::thread::sleep(RELOAD);
    }
}

#[test]
fn tls_1_3_is_preferred_1_2_taken_and_clear_text_refused() {
    let pair = pair();
    let server = Files::of(&pair);
    let running = server.serve();
    let first = visit(running.address, &pair, rustls::ALL_VERSIONS, &["h2", "http/1.1"]).unwrap();
    assert_eq!((first.version, first.protocol.as_deref()), (ProtocolVersion::TLSv1_3, Some(b"h2".as_slice())));
    let old = visit(running.address, &pair, &[&version::TLS12], &["http/1.1"]).unwrap();
    assert_eq!((old.version, old.protocol.as_deref()), (ProtocolVersion::TLSv1_2, Some(b"http/1.1".as_slice())));
    let plain = visit(running.address, &pair, rustls::ALL_VERSIONS, &[]).unwrap();
    assert!(plain.protocol.is_none() && plain.answer.starts_with("HTTP/1.1 200 OK"), "{}", plain.answer);
    assert!(plain.answer.ends_with("by TLS"), "{}", plain.answer);
    let clear = exchange(running.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(!clear.contains("HTTP") && !clear.contains("by TLS"), "{clear}");
    running.stop();
}

#[test]
fn a_new_certificate_comes_into_force_and_a_broken_one_does_not() {
    let (old, new, last) = (pair(), pair(), pair());
    let files = Files::of(&old);
    let server = files.serve();
    assert!(accepts(server.address, &old) && !accepts(server.address, &new));

    files.put_certificate(&new.cert.pem());
    std::thread::sleep(RELOAD * 4);
    assert!(accepts(server.address, &old), "a certificate without its key came into force");
    files.put_key(&new.signing_key.serialize_pem(), 0o600);
    wait_until("the new certificate is in force", || accepts(server.address, &new));
    assert!(!accepts(server.address, &old));

    let broken = ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"];
    for content in broken {
        files.put_certificate(content);
        std::thread::sleep(RELOAD * 4);
        assert!(accepts(server.address, &new), "a broken certificate came into force");
    }
    std::fs::remove_file(files.certificate()).unwrap();
    std::thread::sleep(RELOAD * 4);
    assert!(accepts(server.address, &new), "the certificate in force was dropped with its file");

    files.put_certificate(&last.cert.pem());
    files.put_key(&last.signing_key.serialize_pem(), 0o644);
    std::thread::sleep(RELOAD * 4);
    assert!(accepts(server.address, &new), "a key that others may read came into force");
    files.put_key(&last.signing_key.serialize_pem(), 0o400);
    wait_until("the last certificate is in force", || accepts(server.address, &last));
    server.stop();
}

#[test]
fn a_change_that_is_refused_is_said_once() {
    let (old, new) = (pair(), pair());
    let files = Files::of(&old);
    let certificate = Certificate::load(&files.settings()).unwrap();
    assert!(!certificate.refresh().unwrap());
    files.put_certificate(&new.cert.pem());
    let said = certificate.refresh().unwrap_err().to_string();
    assert!(said.starts_with("settings http.tls.certificate_file and key_file: "), "{said}");
    assert!(!certificate.refresh().unwrap());
    files.put_key(&new.signing_key.serialize_pem(), 0o600);
    assert!(certificate.refresh().unwrap());
    assert!(!certificate.refresh().unwrap());
}

#[test]
fn a_pair_that_cannot_be_used_stops_the_start_by_its_setting() {
    let pair = pair();
    let said = |files: &Files| Certificate::load(&files.settings()).unwrap_err().to_string();
    let files = Files::of(&pair);
    for mode in [0o640, 0o604, 0o620, 0o601] {
        files.put_key(&pair.signing_key.serialize_pem(), mode);
        let said = said(&files);
        assert!(
            said.starts_with("setting http.tls.key_file: ") && said.contains(&format!("rights {mode:04o};")),
            "{said}"
        );
    }
    let secret = "canary that is no key";
    files.put_key(secret, 0o600);
    let no_key = said(&files);
    assert!(
        no_key.contains("http.tls.key_file") && no_key.ends_with("expected a private key in PEM, without a password")
    );
    assert!(!no_key.contains("canary"));
    std::fs::remove_file(files.key()).unwrap();
    assert!(said(&files).starts_with("setting http.tls.key_file: "));
    let files = Files::of(&pair);
    files.put_certificate(&pair.signing_key.serialize_pem());
    assert!(said(&files).ends_with("expected a certificate in PEM"));
}
