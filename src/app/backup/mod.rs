//! Backups: a copy of the database with a manifest, and putting one back without bringing anybody back.

mod manifest;
mod restore;

pub use manifest::{JournalState, Manifest};
pub use restore::{Allowed, Backup, RestoreError, finish};

use super::open_db;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::error::Error;
use crate::store::journal::Journal;
use crate::store::{self, Db, files};
use secrecy::ExposeSecret;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why no backup is made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Whoever has the backups would have the key to them.
    #[error(
        "the master key file lies inside the directory for backups, and would be copied and kept with them; choose \
         another directory, or move the key (keys.master_key_file)"
    )]
    KeyInside,
    /// One of the same second.
    #[error("{0} exists already; a backup is never written into another")]
    Exists(PathBuf),
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// Its folder.
    pub path: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
}

/// Writes a backup into a new folder of `to`, which is made if need be. The service may run meanwhile.
///
/// The folder gets its name when everything in it is on disk, so that there is never half a backup.
///
/// # Errors
/// [`BackupError`]; a database or journal out of reach; a full disk; PostgreSQL's programs missing or failing.
pub fn make(settings: &Settings, clock: &Clock, to: &Path) -> Result<Made, Error> {
    private_folder(to).map_err(Error::internal)?;
    refuse_key_inside(&settings.keys.master_key_file, to)?;
    let db = open_db(settings)?;
    let made = write(settings, clock, &db, to);
    db.close();
    made
}

fn write(settings: &Settings, clock: &Clock, db: &Db, to: &Path) -> Result<Made, Error> {
    // Before the copy, so that nothing in it is newer than the manifest says.
    let created_at = clock.now();
    let journal = Journal::at(settings.erasure.journal.expose_secret(), db.target())?;
    let journal = JournalState { id: journal.id()?, last_seq: journal.last_seq()? };
    let path = to.join(format!("guestlog-backup-{}", compact(created_at)));
    if path.exists() {
        return Err(Error::internal(BackupError::Exists(path)));
    }
    let draft = Draft::make(to).map_err(Error::internal)?;
    let name = store::backup::file_name(db.target());
    let file = draft.0.join(name);
    store::backup::write(db.target(), &file)?;
    let (sha256, size_bytes) = files::sha256(&file).map_err(Error::internal)?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        created_at,
        software: format!("guestlog {}", env!("CARGO_PKG_VERSION")),
        database: manifest::kind(db.target()).to_owned(),
        migrations: db.migrations()?,
        file: name.to_owned(),
        size_bytes,
        sha256,
        journal,
        master_keys: db.read(|conn| Ok(store::backup::master_keys(conn)?))?,
    };
    manifest.write(&draft.0)?;
    draft.place(&path).map_err(Error::internal)?;
    Ok(Made { path, manifest })
}

fn private_folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn refuse_key_inside(key: &Path, to: &Path) -> Result<(), Error> {
    let to = to.canonicalize().map_err(Error::internal)?;
    // A key that does not exist yet may still be made there.
    let folder = files::folder_of(key).canonicalize();
    if folder.is_ok_and(|folder| folder.starts_with(&to)) {
        return Err(Error::internal(BackupError::KeyInside));
    }
    Ok(())
}

/// The instant as `20261121T103000Z`.
fn compact(at: Timestamp) -> String {
    at.utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// A folder that is not a backup yet; gone with all that is in it, unless it is put in place.
struct Draft(PathBuf);

impl Draft {
    fn make(to: &Path) -> std::io::Result<Self> {
        let private = fs::Permissions::from_mode(0o700);
        let draft = tempfile::Builder::new().prefix(".guestlog-backup-").permissions(private).tempdir_in(to)?;
        Ok(Self(draft.keep()))
    }

    fn place(self, path: &Path) -> std::io::Result<()> {
        files::sync(&self.0)?;
        fs::rename(&self.0, path)?;
        files::sync_folder_of(path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // In its place it is not there any more, and what cannot be removed was said to have failed.
        let _ = fs::remove_dir_all(&self.0);
    }
}
