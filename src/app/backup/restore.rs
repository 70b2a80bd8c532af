//! Putting a backup back. Whom the journal names is erased again before anybody is served.

use super::manifest::{self, Manifest};
use crate::app::journal::Compared;
use crate::app::{App, cases};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::{Keyring, MasterFiles};
use crate::error::Error;
use crate::store::journal::Journal;
use crate::store::url::{self, Target};
use crate::store::{self, files};
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

const DAY_S: i64 = 86_400;

/// What an operator allows with open eyes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed {
    /// To replace the database that is there.
    pub replace: bool,
    /// To take a backup older than the window, of which the journal knows only the later erasures.
    pub older_than_window: bool,
    /// To go on with a journal that is not the one of the backup, or lacks its end.
    pub other_journal: bool,
}

/// Why a backup is not put back; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Not a backup, or of a form that this program does not know.
    #[error("{0} holds no backup that this version can read")]
    NoBackup(PathBuf),
    /// Not what was written.
    #[error("the backup is damaged: {0} has another size or SHA-256 than its manifest says")]
    Damaged(String),
    /// Of the other kind of database.
    #[error("the backup is of {0}, and database.url names the other kind of database")]
    OtherDatabase(String),
    /// Of a later version.
    #[error("the backup was made by a later version; use that one")]
    Later,
    /// There is something already.
    #[error("there is a database already; --replace puts the backup in its place")]
    Exists,
    /// Older than the window.
    #[error(
        "the backup is older than erasure.backup_window_days: the journal does not know all erasures since, and people \
         who were deleted would be back; --older-than-window restores it all the same, and then every customer must \
         reconcile before anything is shown to anybody"
    )]
    TooOld,
    /// The erasures since the backup cannot be known.
    #[error(
        "the journal of erasures is not the one that the backup was made beside, or it has lost its end: erasures since \
         the backup would not be repeated; put the journal back first, or restore all the same with --other-journal, \
         and then every customer must reconcile before anything is shown to anybody"
    )]
    OtherJournal,
}

/// A backup that was examined and may be put back.
#[derive(Debug)]
pub struct Backup {
    manifest: Manifest,
    file: PathBuf,
    target: Target,
}

impl Backup {
    /// Examines a backup: that it is whole, of this database's kind, not too old, and that key and journal are at hand.
    ///
    /// # Errors
    /// [`RestoreError`]; a master key that is missing; a journal or database out of reach.
    pub fn examine(settings: &Settings, clock: &Clock, from: &Path, allowed: Allowed) -> Result<Self, Error> {
        let refused = |why: RestoreError| Err(Error::internal(why));
        let Some(manifest) = Manifest::read(from) else { return refused(RestoreError::NoBackup(from.to_owned())) };
        let target = url::parse(settings.database.url.expose_secret()).map_err(Error::internal)?;
        if manifest.database != manifest::kind(&target) {
            return refused(RestoreError::OtherDatabase(manifest.database));
        }
        if !manifest.migrations.is_subset(&store::migrations::known(target.is_sqlite())?) {
            return refused(RestoreError::Later);
        }
        let window_s = DAY_S * i64::from(settings.erasure.backup_window_days);
        if clock.now().seconds_since(manifest.created_at) > window_s && !allowed.older_than_window {
            return refused(RestoreError::TooOld);
        }
        Keyring::load(MasterFiles::new(&settings.keys.master_key_file), &manifest.master_keys)
            .map_err(Error::internal)?;
        if !allowed.other_journal && !is_journal_whole(settings, &target, &manifest)? {
            return refused(RestoreError::OtherJournal);
        }
        if store::backup::is_there(&target)? && !allowed.replace {
            return refused(RestoreError::Exists);
        }
        let file = from.join(&manifest.file);
        match files::sha256(&file) {
            Ok(found) if found == (manifest.sha256.clone(), manifest.size_bytes) => Ok(Self { manifest, file, target }),
            _ => refused(RestoreError::Damaged(manifest.file)),
        }
    }

    /// What is in it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Puts the copy in the place of the database, whole or not at all.
    ///
    /// # Errors
    /// A database that is in use; a full disk; PostgreSQL's programs missing or failing. It is then as it was.
    pub fn put_back(&self) -> Result<(), Error> {
        store::backup::put_back(&self.target, &self.file, &self.manifest.sha256)
    }
}

/// Whether the journal is the one that the backup was made beside, and ends no earlier.
fn is_journal_whole(settings: &Settings, target: &Target, manifest: &Manifest) -> Result<bool, Error> {
    let journal = Journal::at(settings.erasure.journal.expose_secret(), target)?;
    // A file that is not there must not be made by looking.
    if journal.file().is_some_and(|file| !file.exists()) {
        return Ok(false);
    }
    let whole = journal.id()? == manifest.journal.id && journal.last_seq()? >= manifest.journal.last_seq;
    journal.close();
    Ok(whole)
}

/// What is to be done in a database that was put back, before anybody is served: ids are left out that may have been
/// handed out since the backup, files go to no other controller unless people say so again, and erasures since are
/// repeated.
///
/// # Errors
/// Those of [`App::compare_with_journal`]; a later start then does it.
pub fn finish(app: &App) -> Result<Compared, Error> {
    app.write_blocking(|work| {
        store::ids::skip(work.tx)?;
        cases::stop_transfers(work).map(drop)
    })?;
    app.compare_with_journal()
}
