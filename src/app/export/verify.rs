//! Whether an archive is as the service made it, without a database or network.

use super::super::receipts;
use super::archive::hex;
use crate::domain::Timestamp;
use crate::domain::canonical;
use crate::domain::export::{DOCUMENT, MANIFEST, Manifest};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Read, Seek};
use zip::ZipArchive;

/// More files than any version has had.
const MAX_FILES: usize = 64;
/// Longer than any manifest.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// Why an archive is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is no archive, or none of ours.
    #[error("it is not an export of guestlog, or it is damaged")]
    NotAnExport,
    /// The second text is no set of keys.
    #[error("the keys are not a JSON Web Key set")]
    NotKeys,
    /// Another key than those given has signed it.
    #[error("it is signed by a key that is not among those given")]
    UnknownKey,
    /// The signature is not over this manifest.
    #[error("the signature does not belong to its manifest: it was changed, or another key has signed it")]
    Invalid,
    /// There are other files in it than the manifest lists.
    #[error("it has files that its manifest does not list, or lacks some")]
    OtherFiles,
    /// A file is not as the manifest says.
    #[error("{0} was changed")]
    Changed(String),
}

/// An archive that its signature bears out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it consists of.
    pub manifest: Manifest,
    /// The key that signed it.
    pub key_id: String,
    /// Since when that key signs no more.
    pub key_retired_at: Option<Timestamp>,
}

/// Verifies the signature of an archive and the digest of each file in it.
///
/// # Errors
/// The [`Flaw`].
pub fn verify(archive: impl Read + Seek, keys: &[u8]) -> Result<Verified, Flaw> {
    let mut archive = ZipArchive::new(archive).map_err(|_| Flaw::NotAnExport)?;
    if archive.len() > MAX_FILES {
        return Err(Flaw::NotAnExport);
    }
    // Of two files of one name this reads the last, and another program perhaps the first.
    if archive.has_duplicate_names() {
        return Err(Flaw::OtherFiles);
    }
    let text = read_manifest(&mut archive)?;
    let value = canonical::parse(&text).map_err(|_| Flaw::NotAnExport)?;
    let manifest: Manifest = serde_json::from_value(value).map_err(|_| Flaw::NotAnExport)?;
    if manifest.document != DOCUMENT {
        return Err(Flaw::NotAnExport);
    }
    let signature = manifest.signature.clone().ok_or(Flaw::Invalid)?;
    let form = manifest.signed_form().map_err(|_| Flaw::Invalid)?;
    let key_retired_at = receipts::check(&form, &signature, keys).map_err(|flaw| match flaw {
        receipts::Flaw::NotKeys => Flaw::NotKeys,
        receipts::Flaw::UnknownKey => Flaw::UnknownKey,
        _ => Flaw::Invalid,
    })?;
    let listed = manifest.files.iter().map(|file| file.name.as_str()).chain([MANIFEST]);
    let listed: BTreeSet<&str> = listed.collect();
    let there: Vec<_> = archive.file_names().collect::<Result<_, _>>().map_err(|_| Flaw::NotAnExport)?;
    let there: BTreeSet<&str> = there.iter().map(AsRef::as_ref).collect();
    if listed != there || archive.len() != listed.len() || manifest.files.len() + 1 != listed.len() {
        return Err(Flaw::OtherFiles);
    }
    for file in &manifest.files {
        let changed = || Flaw::Changed(file.name.clone());
        let entry = archive.by_name(&file.name).map_err(|_| changed())?;
        // One byte more than there should be is enough to know.
        let (bytes, sha256) = digest(entry.take(file.bytes.saturating_add(1))).map_err(|_| changed())?;
        if bytes != file.bytes || sha256 != file.sha256 {
            return Err(changed());
        }
    }
    Ok(Verified { manifest, key_id: signature.key_id, key_retired_at })
}

fn read_manifest<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Vec<u8>, Flaw> {
    let mut text = Vec::new();
    let entry = archive.by_name(MANIFEST).map_err(|_| Flaw::NotAnExport)?;
    entry.take(MAX_MANIFEST_BYTES).read_to_end(&mut text).map_err(|_| Flaw::NotAnExport)?;
    Ok(text)
}

fn digest(mut from: impl Read) -> io::Result<(u64, String)> {
    let (mut sha256, mut buffer, mut bytes) = (Sha256::new(), vec![0; 64 << 10], 0);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex(&sha256.finalize())));
        }
        sha256.update(&buffer[..read]);
        bytes += read as u64;
    }
}
