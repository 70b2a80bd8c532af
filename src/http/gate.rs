//! What the extractors need of the rest of the house: bounds, and someone who knows the keys.

use super::pace::Pace;
use crate::app::{App, By};
use crate::config;
use crate::error::Error;
use actix_web::{HttpRequest, web::Data};
use futures_util::future::LocalBoxFuture;
use ipnet::IpNet;
use std::sync::Arc;
use std::time::Duration;

/// Finds out whose key a token is.
///
/// A trait, so that the frame is tested without a database.
pub trait Authenticator: Send + Sync {
    /// The holder of the key.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`](crate::error::Code::Unauthenticated) for a key that is not valid.
    fn by<'a>(&'a self, token: &'a str) -> LocalBoxFuture<'a, Result<By, Error>>;

    /// Whether anybody is served yet.
    ///
    /// # Errors
    /// [`Code::Unavailable`](crate::error::Code::Unavailable) until erasures are repeated that a restored database does
    /// not know.
    fn serves(&self) -> Result<(), Error>;
}

impl Authenticator for App {
    fn by<'a>(&'a self, token: &'a str) -> LocalBoxFuture<'a, Result<By, Error>> {
        Box::pin(self.authenticate(token))
    }

    fn serves(&self) -> Result<(), Error> {
        self.served()
    }
}

/// The bounds that hold for every request.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The largest body.
    pub max_body_bytes: usize,
    /// The longest line of a body that is read by lines.
    pub max_line_bytes: usize,
    /// The longest query of an address.
    pub max_query_bytes: usize,
    /// How long an answer may take to begin, and a streamed body to go on.
    pub request_timeout: Duration,
    /// Whether this listener itself speaks TLS, and may say so for a year (RFC 6797).
    pub tls: bool,
}

impl From<&config::Http> for Limits {
    fn from(http: &config::Http) -> Self {
        Self {
            trusted_proxies: http.trusted_proxies.as_slice().into(),
            max_body_bytes: http.max_body_bytes,
            max_line_bytes: http.max_line_bytes,
            max_query_bytes: http.max_query_bytes,
            request_timeout: Duration::from_millis(http.request_timeout_ms),
            tls: http.tls.is_some(),
        }
    }
}

/// Bounds and authenticator, as every request finds them.
#[derive(Clone)]
pub struct Gate {
    /// The bounds.
    pub limits: Limits,
    /// Who knows the keys.
    pub authenticator: Arc<dyn Authenticator>,
    /// How often a key may call.
    pub pace: Pace,
}

impl Gate {
    /// The gate of an app.
    #[must_use]
    pub fn of(app: &App) -> Self {
        let settings = app.settings();
        Self {
            limits: Limits::from(&settings.http),
            authenticator: Arc::new(app.clone()),
            pace: Pace::of(&settings.limits),
        }
    }

    /// The gate of this request's application.
    ///
    /// # Errors
    /// A fault of ours, when the application was assembled without one.
    pub fn at(req: &HttpRequest) -> Result<&Self, Error> {
        req.app_data::<Data<Self>>().map(Data::get_ref).ok_or_else(|| Error::internal("the application has no gate"))
    }
}
