//! Where messages may go: the addresses of a name are judged after it was looked up, and those that were judged are the
//! ones that are connected to (REQUIREMENTS S-25). A name that leads elsewhere a moment later changes nothing.

use crate::domain::public_address::is_public;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The name leads to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("an address that is not public")]
pub(super) struct NotPublic;

/// Looks names up, and lets nothing pass that leads anywhere but to the internet.
#[derive(Debug)]
pub(super) struct Guard<R> {
    /// Who looks up.
    pub names: R,
    /// Whether every address may be connected to.
    pub allow_private: bool,
}

impl<R: Resolver> Resolver for Guard<R> {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout).map_err(|error| match error {
            // What a failed look-up is told as by the standard library.
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })?;
        // One bad address among good ones is no accident.
        if !self.allow_private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(Error::Other(Box::new(NotPublic)));
        }
        Ok(found)
    }
}
