//! `manifest.json`: the digests of the other files, signed as receipts of deletions are.

use super::super::receipts;
use super::SOFTWARE;
use crate::crypto::Keyring;
use crate::domain::Timestamp;
use crate::domain::export::{DOCUMENT, Listed, Manifest, Right, SCHEMA_VERSION};
use crate::error::Error;
use std::io::Write;

/// The manifest of these files, signed with the key in use.
pub(super) fn signed(keyring: &Keyring, right: Right, at: Timestamp, files: &[Listed]) -> Result<Manifest, Error> {
    let mut manifest = Manifest {
        document: DOCUMENT.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        right,
        snapshot_at: at,
        software: SOFTWARE.to_owned(),
        files: files.to_vec(),
        signature: None,
    };
    let form = manifest.signed_form().map_err(Error::internal)?;
    manifest.signature = Some(receipts::signature(keyring, &form)?);
    Ok(manifest)
}

/// Writes it.
pub(super) fn write(manifest: &Manifest, out: &mut dyn Write) -> Result<(), Error> {
    serde_json::to_writer_pretty(&mut *out, manifest).map_err(Error::unavailable)?;
    out.write_all(b"\n").map_err(Error::unavailable)
}
