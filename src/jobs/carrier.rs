//! Sends messages and files over HTTP: bounded in time, over verified TLS, to the internet alone, without following
//! redirects.

use super::guard::{Guard, NotPublic};
use crate::app::App;
use crate::app::cases::Consignment;
use crate::app::webhooks::{Attempt, Parcel};
use crate::domain::webhook::Fault;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, AsSendBody, Error, SendBody};

/// The largest headers of an answer that are read; of its content nothing is.
const MAX_HEADER_BYTES: usize = 16_384;

/// What sends.
pub struct Carrier {
    agent: Agent,
}

/// How to send.
struct Rules {
    timeout: Duration,
    allow_private: bool,
    roots: Vec<Certificate<'static>>,
}

impl Carrier {
    /// For messages to customers' other systems.
    ///
    /// # Errors
    /// When `webhooks.ca_file` cannot be read or holds no certificate.
    pub fn of_messages(app: &App) -> io::Result<Self> {
        let settings = &app.settings().webhooks;
        Self::new(app, settings.timeout_ms, settings.allow_private)
    }

    /// For files to other controllers, to addresses that people name.
    ///
    /// # Errors
    /// As [`Carrier::of_messages`].
    pub fn of_files(app: &App) -> io::Result<Self> {
        let settings = &app.settings().rights;
        Self::new(app, settings.transfer_timeout_ms, settings.transfers.is_private())
    }

    fn new(app: &App, timeout_ms: u64, allow_private: bool) -> io::Result<Self> {
        let roots = roots(app.settings().webhooks.ca_file.as_deref())?;
        let rules = Rules { timeout: Duration::from_millis(timeout_ms), allow_private, roots };
        Ok(Self::over(&rules, DefaultResolver::default()))
    }

    fn over(rules: &Rules, names: impl Resolver) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!rules.allow_private)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy of the environment would look names up itself.
            .proxy(None)
            // Each message looks its name up anew.
            .max_idle_connections(0)
            .max_response_header_size(MAX_HEADER_BYTES)
            .user_agent(concat!("guestlog/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(rules.timeout))
            .tls_config(tls.root_certs(RootCerts::new_with_certs(&rules.roots)).build())
            .build();
        let names = Guard { names, allow_private: rules.allow_private };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), names) }
    }

    /// Sends a message and waits for the answer.
    #[must_use]
    pub fn send(&self, parcel: &Parcel) -> Attempt {
        let [id, at, signature] = &parcel.headers;
        let headers = [("content-type", "application/json".to_owned()), id.clone(), at.clone(), signature.clone()];
        self.post(&parcel.url, &headers, &**parcel.body)
    }

    /// Sends a file as it is read, and waits for the answer.
    #[must_use]
    pub fn send_file(&self, consignment: &Consignment, mut content: impl Read) -> Attempt {
        self.post(&consignment.url, &consignment.headers, SendBody::from_reader(&mut content))
    }

    fn post(&self, url: &str, headers: &[(&'static str, String)], body: impl AsSendBody) -> Attempt {
        let request = headers.iter().fold(self.agent.post(url), |request, (name, value)| request.header(*name, value));
        match request.send(body) {
            Ok(answer) => Attempt::Answered(answer.status().as_u16()),
            Err(error) => Attempt::Failed(fault(&error)),
        }
    }
}

/// The certificates that are trusted: the system's, and those of a file. Without any no endpoint is.
fn roots(file: Option<&Path>) -> io::Result<Vec<Certificate<'static>>> {
    let system = rustls_native_certs::load_native_certs();
    let mut roots: Vec<_> = system.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    if let Some(path) = file {
        let named =
            |why: &dyn std::fmt::Display| io::Error::other(format!("webhooks.ca_file: {}: {why}", path.display()));
        let pem = std::fs::read(path).map_err(|error| named(&error))?;
        let before = roots.len();
        for item in parse_pem(&pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|error| named(&error))? {
                roots.push(certificate);
            }
        }
        if roots.len() == before {
            return Err(named(&"no certificate in PEM"));
        }
    }
    if roots.is_empty() {
        tracing::warn!("this system has no trusted certificates: no webhook can be reached by TLS");
    }
    Ok(roots)
}

/// What went wrong, in one word: the error itself may hold the address.
fn fault(error: &Error) -> Fault {
    match error {
        Error::Timeout(_) => Fault::Timeout,
        Error::HostNotFound => Fault::Name,
        Error::Tls(_) | Error::Rustls(_) | Error::TlsRequired => Fault::Certificate,
        Error::Other(why) if why.is::<NotPublic>() => Fault::Address,
        Error::Io(why) => match (why.get_ref(), why.kind()) {
            (Some(inner), _) if inner.is::<rustls::Error>() => Fault::Certificate,
            (_, io::ErrorKind::TimedOut) => Fault::Timeout,
            _ => Fault::Connection,
        },
        _ => Fault::Connection,
    }
}

#[cfg(test)]
mod tests;
