//! The file that a person gets of what is held: which right it answers, and its manifest (REQUIREMENTS A-83).

use super::canonical::canonical;
use super::coded::coded;
use super::receipt::Signature;
use super::{FieldError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

coded! {
    /// Which right the file answers.
    Right schema "ExportRight" {
        /// Access (Article 15 GDPR): everything that is held.
        Access = 1 as "access",
        /// Portability (Article 20 GDPR): what the person has supplied.
        Portability = 2 as "portability",
    }
}

/// What the manifest says it is, so that a signature over another document cannot pass for one over this.
pub const DOCUMENT: &str = "guestlog.export";
/// The version of the format of all files.
pub const SCHEMA_VERSION: &str = "1";
/// The name of the manifest within the archive.
pub const MANIFEST: &str = "manifest.json";

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its name within the archive.
    pub name: String,
    /// Its length, unpacked.
    pub bytes: u64,
    /// SHA-256 of what it holds, unpacked, in lower-case hexadecimal.
    pub sha256: String,
}

/// What the archive consists of, signed as receipts of deletions are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`DOCUMENT`].
    pub document: String,
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// Which right the archive answers.
    pub right: Right,
    /// The instant of which it shows the state.
    pub snapshot_at: Timestamp,
    /// The program that made it, with its version.
    pub software: String,
    /// Every file but this one, in the order of the archive.
    pub files: Vec<Listed>,
    /// Over all of the above; none only before it is made.
    #[serde(default)]
    pub signature: Option<Signature>,
}

impl Manifest {
    /// The bytes that are signed: the manifest without its signature, in its one form (RFC 8785).
    ///
    /// # Errors
    /// `not_canonical` for a length beyond 2^53 − 1.
    pub fn signed_form(&self) -> Result<String, FieldError> {
        let mut value = serde_json::to_value(self)
            .map_err(|_| FieldError::new("not_canonical", "must be a manifest that can be written"))?;
        if let Value::Object(members) = &mut value {
            members.remove("signature");
        }
        canonical(&value)
    }
}
