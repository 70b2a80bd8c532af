//! What is in a backup, in a file beside it.

use crate::domain::Timestamp;
use crate::error::Error;
use crate::store::files;
use crate::store::url::Target;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use uuid::Uuid;

/// The form of backups that this program writes and reads.
pub(super) const FORMAT: u32 = 1;
/// The manifest's name within a backup.
const NAME: &str = "manifest.json";
/// The most that is read of a manifest.
const LARGEST_BYTES: u64 = 1_048_576;

/// What a backup is of, and by what it is known to be whole. Holds no key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the backup.
    pub format: u32,
    /// Nothing in it is later; the backup window counts from here.
    pub created_at: Timestamp,
    /// Name and version of the program that wrote it.
    pub software: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The migrations that had run.
    pub migrations: BTreeSet<String>,
    /// The copy's name.
    pub file: String,
    /// The copy's size.
    pub size_bytes: u64,
    /// The copy's SHA-256.
    pub sha256: String,
    /// The journal of erasures as it was then.
    pub journal: JournalState,
    /// Ids of the master keys without which the copy cannot be read.
    pub master_keys: Vec<String>,
}

/// How far a journal of erasures had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalState {
    /// Which journal.
    pub id: Uuid,
    /// Its last entry.
    pub last_seq: u64,
}

impl Manifest {
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(self).map_err(Error::internal)?;
        text.push(b'\n');
        let mut file = files::create(&folder.join(NAME)).map_err(Error::internal)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(Error::internal)
    }

    /// Reads the manifest of a backup; none when the folder has none that this program can read.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let path = folder.join(NAME);
        if path.metadata().ok()?.len() > LARGEST_BYTES {
            return None;
        }
        let manifest: Self = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        // The name is taken for one within the folder and nowhere else.
        let named = ["guestlog.db", "guestlog.dump"].contains(&manifest.file.as_str());
        (manifest.format == FORMAT && named).then_some(manifest)
    }
}

/// The database's kind as manifests call it.
pub(super) fn kind(target: &Target) -> &'static str {
    if target.is_sqlite() { "sqlite" } else { "postgres" }
}
