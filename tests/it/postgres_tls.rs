//! PostgreSQL over TLS: the right certificate opens the connection; a wrong one, one of another host and an
//! expired one do not. Each refusal stands beside a weaker mode that the same server accepts, so that it is the
//! certificate that is refused and not a server that is down.

use guestlog::store::{Db, Options};
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The servers that `tests/postgres` starts: they take TLS only, so an open connection is an encrypted one.
struct Servers(PathBuf);

impl Servers {
    #[expect(clippy::disallowed_methods, reason = "the tests' own setting, not the server's")]
    fn find() -> Self {
        let dir = std::env::var_os("GUESTLOG_TEST_TLS_DIR");
        Self(dir.expect("GUESTLOG_TEST_TLS_DIR is not set: run this as `tests/postgres cargo test …`").into())
    }

    /// Opens the database of `server` by `host`, trusting `authority`; the whole chain of causes when it fails.
    fn open(&self, server: &str, host: &str, sslmode: &str, authority: &str) -> Result<(), String> {
        let url = std::fs::read_to_string(self.0.join(server).with_extension("url")).unwrap();
        let url = url.trim().replace("@localhost:", &format!("@{host}:"));
        let authority = percent_encoded(&self.0.join(authority).with_extension("pem"));
        let full = format!("{url}?sslmode={sslmode}&sslrootcert={authority}");
        // The pool tries a refused server again until this is over.
        let options = Options { acquire_timeout_ms: 2_000, ..Options::new(full) };
        let opened = Db::open(&options).map(drop).map_err(|error| chain(&error));
        let password = url.split([':', '@']).nth(2).unwrap();
        assert!(opened.as_ref().err().is_none_or(|error| !error.contains(password)), "an error shows the password");
        opened
    }
}

fn percent_encoded(path: &Path) -> String {
    path.to_str().unwrap().bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02x}").unwrap();
        text
    })
}

fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[track_caller]
fn assert_refused(opened: Result<(), String>, reason: &str) {
    let error = opened.expect_err("the connection must be refused");
    assert!(error.contains(reason), "refused for another reason: {error}");
}

#[test]
fn the_right_certificate_opens_by_name_and_by_address() {
    let servers = Servers::find();
    assert_eq!(servers.open("right", "localhost", "verify-full", "ca"), Ok(()));
    assert_eq!(servers.open("right", "127.0.0.1", "verify-full", "ca"), Ok(()));
}

#[test]
fn the_server_takes_nothing_unencrypted() {
    let servers = Servers::find();
    assert_refused(servers.open("right", "localhost", "disable", "ca"), "no encryption");
}

#[test]
fn another_authority_is_refused() {
    let servers = Servers::find();
    assert_refused(servers.open("right", "localhost", "verify-full", "other_ca"), "certificate verify failed");
}

#[test]
fn an_authority_that_is_missing_is_refused() {
    let servers = Servers::find();
    assert_refused(servers.open("right", "localhost", "verify-full", "missing"), "root certificate file");
}

#[test]
fn the_certificate_of_another_host_is_refused() {
    let servers = Servers::find();
    assert_eq!(servers.open("wrong_name", "localhost", "verify-ca", "ca"), Ok(()));
    assert_refused(servers.open("wrong_name", "localhost", "verify-full", "ca"), "does not match host name");
    assert_refused(servers.open("wrong_name", "127.0.0.1", "verify-full", "ca"), "does not match host name");
}

#[test]
fn an_expired_certificate_is_refused() {
    let servers = Servers::find();
    // With `require` and no authority at hand libpq encrypts without asking with whom.
    assert_eq!(servers.open("expired", "localhost", "require", "missing"), Ok(()));
    assert_refused(servers.open("expired", "localhost", "verify-full", "ca"), "certificate verify failed");
}
