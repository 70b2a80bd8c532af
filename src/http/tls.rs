//! TLS of the public listener: rustls, TLS 1.3 preferred and 1.2 allowed, certificates renewed without a restart.
//!
//! The files are looked at every `http.tls.reload_ms`. A pair that does not parse or does not belong together is
//! refused and logged, and the pair in force stays: a renewal that goes wrong must not take the service down.

use crate::config;
use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// A chain of certificates is a few kilobytes; a larger file is a mistake.
const MAX_FILE_BYTES: u64 = 1_048_576;

/// Why a certificate and its key cannot be used; names the setting and the file, shows nothing of their content.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("setting {setting}: {}: {source}", path.display())]
    File {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// Others than the owner may read or change the key.
    #[error("setting http.tls.key_file: {} has the rights {mode:04o}; expected 0600 or less", path.display())]
    LooseKey {
        /// The file.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// A file does not hold what it should.
    #[error("setting {setting}: {}: expected {expected}", path.display())]
    Content {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("settings http.tls.certificate_file and key_file: {0}")]
    Pair(rustls::Error),
    /// The versions of the protocol are not to be had.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// The pair in force, and what was last seen in its files.
pub struct Certificate {
    files: config::Tls,
    provider: Arc<CryptoProvider>,
    in_force: ArcSwap<CertifiedKey>,
    seen: Mutex<Option<[u8; 32]>>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.in_force.load_full())
    }
}

impl Certificate {
    /// Reads the pair that the settings name.
    ///
    /// # Errors
    /// When a file cannot be read, the key's file is open to others, or the two do not belong together.
    pub fn load(files: &config::Tls) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let files = files.clone();
        let content = Content::read(&files)?;
        let in_force = ArcSwap::from_pointee(content.pair(&files, &provider)?);
        let seen = Mutex::new(Some(content.digest()));
        Ok(Arc::new(Self { files, provider, in_force, seen }))
    }

    /// What the listener needs. It offers h2 and http/1.1 by itself, so no protocol is named here.
    ///
    /// # Errors
    /// When the cryptography lacks a version of the protocol.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12]);
        let resolver: Arc<Self> = Arc::clone(self);
        Ok(builder.map_err(TlsError::Setup)?.with_no_client_auth().with_cert_resolver(resolver))
    }

    /// Looks at the files once; true when a new pair came into force, false when nothing has changed since last time.
    ///
    /// # Errors
    /// When the files have changed and cannot be used; said once for each change.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = Content::read(&self.files);
        let digest = read.as_ref().ok().map(Content::digest);
        if *seen == digest {
            return Ok(false);
        }
        *seen = digest;
        let pair = read.and_then(|content| content.pair(&self.files, &self.provider))?;
        self.in_force.store(Arc::new(pair));
        Ok(true)
    }

    /// Looks at the files for ever, every `reload_ms`, and logs what comes of it.
    pub async fn watch(self: Arc<Self>) {
        loop {
            actix_web::rt::time::sleep(Duration::from_millis(self.files.reload_ms)).await;
            let certificate = Arc::clone(&self);
            let outcome = match actix_web::web::block(move || certificate.refresh()).await {
                Ok(Ok(false)) => continue,
                Ok(Ok(true)) => {
                    tracing::info!("a new certificate is in force");
                    "renewed"
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "the new certificate is refused, the old one stays in force");
                    "refused"
                }
                Err(_) => "failed",
            };
            metrics::counter!("guestlog_tls_reloads_total", "outcome" => outcome).increment(1);
        }
    }
}

/// What the two files hold.
struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Content {
    fn read(files: &config::Tls) -> Result<Self, TlsError> {
        let certificate = read("http.tls.certificate_file", &files.certificate_file, |_| Ok(()))?;
        let key = read("http.tls.key_file", &files.key_file, |mode| {
            let loose = TlsError::LooseKey { path: files.key_file.clone(), mode };
            if mode & 0o077 > 0 { Err(loose) } else { Ok(()) }
        })?;
        Ok(Self { certificate, key: Zeroizing::new(key) })
    }

    fn digest(&self) -> [u8; 32] {
        let parts = [Sha256::digest(&self.certificate), Sha256::digest(self.key.as_slice())];
        Sha256::digest(parts.concat()).into()
    }

    fn pair(&self, files: &config::Tls, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let chain =
            CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>().unwrap_or_default();
        if chain.is_empty() {
            let expected = "a certificate in PEM";
            let path = files.certificate_file.clone();
            return Err(TlsError::Content { setting: "http.tls.certificate_file", path, expected });
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            let expected = "a private key in PEM, without a password";
            TlsError::Content { setting: "http.tls.key_file", path: files.key_file.clone(), expected }
        })?;
        CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Pair)
    }
}

/// Reads a file whose rights `fit`; asks the open file, so that it cannot be changed in between.
fn read(setting: &'static str, path: &Path, fit: impl Fn(u32) -> Result<(), TlsError>) -> Result<Vec<u8>, TlsError> {
    let refused = |source| TlsError::File { setting, path: path.to_owned(), source };
    let file = File::open(path).map_err(refused)?;
    fit(file.metadata().map_err(refused)?.mode() & 0o7777)?;
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut content).map_err(refused)?;
    Ok(content)
}
