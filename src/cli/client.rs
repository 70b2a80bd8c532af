//! The service, asked over HTTP: with the customer's key, or for what is public.

use super::outcome::Failure;
use crate::domain::Timestamp;
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{SendBody, http};

/// How long a connection may take, and a question that is answered at once.
const SHORT: Duration = Duration::from_secs(30);
/// How long the service may take to compare a list, or to divide people into buckets.
const LONG: Duration = Duration::from_secs(600);
/// The largest answer: 65,536 buckets have less than half of it.
const MAX_ANSWER_BYTES: u64 = 16 << 20;
/// Where systems keep the certificates that they trust.
const TRUSTED: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A client of one service.
pub(super) struct Client {
    agent: ureq::Agent,
    url: String,
    credential: Option<String>,
}

/// What the service said.
pub(super) struct Answer {
    pub status: u16,
    /// Its clock.
    pub date: Option<Timestamp>,
    pub json: Value,
}

impl Client {
    /// A client for the service at `url`, with a key.
    ///
    /// The refs and the key are worth a secret way: without TLS only this machine is asked, unless `clear` allows more.
    pub fn new(url: &str, key: &str, ca_file: Option<&Path>, clear: bool) -> Result<Self, Failure> {
        Ok(Self { credential: Some(format!("Bearer {key}")), ..Self::anonymous(url, ca_file, clear)? })
    }

    /// A client without a key. What is public must be genuine, so the way is bounded likewise.
    pub fn anonymous(url: &str, ca_file: Option<&Path>, clear: bool) -> Result<Self, Failure> {
        let uri: http::Uri = url.parse().map_err(|_| Failure::Usage("--url is not a URL; see --help".to_owned()))?;
        let here = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_resolve(Some(SHORT))
            .timeout_connect(Some(SHORT))
            .timeout_recv_response(Some(LONG))
            .timeout_recv_body(Some(LONG));
        match uri.scheme_str() {
            Some("https") => config = config.tls_config(tls(ca_file)?),
            Some("http") if here || clear => {}
            Some("http") => {
                let why = "--url has no TLS, and others could read or change what is sent; use https, or --clear-text of `reconcile` where the way is safe";
                return Err(Failure::Usage(why.to_owned()));
            }
            _ => return Err(Failure::Usage("--url must begin with https:// or http://".to_owned())),
        }
        let agent = ureq::Agent::new_with_config(config.build());
        Ok(Self { agent, url: url.trim_end_matches('/').to_owned(), credential: None })
    }

    /// The JSON at a path.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        read(self.authorised(self.agent.get(format!("{}{path}", self.url))).call())?.success()
    }

    /// Posts a packed list.
    pub fn post(&self, path: &str, body: &mut dyn Read) -> Result<Answer, Failure> {
        let request = self.authorised(self.agent.post(format!("{}{path}", self.url)));
        let request = request.header("content-type", "application/x-ndjson").header("content-encoding", "gzip");
        read(request.send(SendBody::from_reader(body)))
    }

    fn authorised<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.credential {
            Some(credential) => request.header("authorization", credential),
            None => request,
        }
    }
}

impl Answer {
    /// The answer, when it is a success.
    pub fn success(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let of = |name: &str| self.json[name].as_str();
        let why = of("detail").or_else(|| of("code")).unwrap_or("no reason given");
        Err(Failure::Refused(format!("the service answered {}: {why}", self.status)))
    }
}

fn read(answer: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, Failure> {
    let broken = |error: ureq::Error| Failure::Fault(format!("the service cannot be asked: {error}"));
    let mut answer = answer.map_err(broken)?;
    let text = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string().map_err(broken)?;
    let date = answer.headers().get("date").and_then(|value| value.to_str().ok());
    let date = date.and_then(|text| chrono::DateTime::parse_from_rfc2822(text).ok());
    Ok(Answer {
        status: answer.status().as_u16(),
        date: date.map(|at| Timestamp::new(at.to_utc())),
        json: serde_json::from_str(&text).unwrap_or_default(),
    })
}

/// Trusts what the system trusts, or the certificates of one file.
fn tls(ca_file: Option<&Path>) -> Result<TlsConfig, Failure> {
    let system = || TRUSTED.iter().map(Path::new).find(|path| path.exists());
    let Some(path) = ca_file.or_else(system) else {
        return Err(Failure::Usage(
            "this system has no file of trusted certificates; name one with --ca-file".to_owned(),
        ));
    };
    let pem = std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Failure::Usage(format!("{} holds no certificate", path.display())));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    Ok(config.root_certs(RootCerts::new_with_certs(&certificates)).build())
}
