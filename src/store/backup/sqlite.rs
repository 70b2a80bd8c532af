//! Copying an SQLite file, and putting a copy in its place.

use super::ReplaceError;
use crate::error::Error;
use crate::store::conn::Conn;
use crate::store::files::{self, named};
use crate::store::url::Target;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rustix::fs::{FlockOperation, fcntl_lock};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What SQLite keeps beside the file, by the end of its name.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Copies the live rows of one consistent state; others may read and write meanwhile.
pub(super) fn copy(path: &Path, file: &Path) -> Result<(), Error> {
    // SQLite would make the database that it does not find, and the copy readable by all.
    fs::metadata(path).map_err(|error| Error::internal(named(path, &error)))?;
    drop(files::create(file).map_err(Error::internal)?);
    let name = file.to_str().ok_or_else(|| Error::internal("the backup's path is not UTF-8"))?;
    let mut conn = Conn::open(&Target::Sqlite(path.to_owned())).map_err(Error::unavailable)?;
    conn.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
    if let Conn::Sqlite(conn) = &mut conn {
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(name).execute(conn)?;
    }
    drop(conn);
    files::sync(file).map_err(Error::internal)
}

/// Puts a copy in the place of the file, which nobody may have open.
pub(super) fn put_back(path: &Path, copy: &Path, sha256: &str) -> Result<(), Error> {
    let draft = beside(path, ".restoring");
    let placed = draft_of(&draft, copy, sha256).and_then(|()| exchange(path, &draft));
    if placed.is_err() {
        // The failure matters more than what is left of it.
        let _ = fs::remove_file(&draft);
    }
    placed
}

fn draft_of(draft: &Path, copy: &Path, sha256: &str) -> Result<(), Error> {
    fs::create_dir_all(files::folder_of(draft)).map_err(Error::internal)?;
    // Left over from a restore that was cut short.
    remove(draft)?;
    let from = File::open(copy).map_err(|error| Error::internal(named(copy, &error)))?;
    let mut file = files::create(draft).map_err(Error::internal)?;
    let (found, _) = files::copy(from, &mut file).map_err(|error| Error::internal(named(draft, &error)))?;
    if found != sha256 {
        return Err(Error::internal(ReplaceError::Changed));
    }
    file.sync_all().map_err(|error| Error::internal(named(draft, &error)))
}

fn exchange(path: &Path, draft: &Path) -> Result<(), Error> {
    let _alone = alone(path)?;
    // A write-ahead log that stays would be taken for the copy's own. It is empty by now, unless the file is damaged.
    for end in BESIDE {
        remove(&beside(path, end))?;
    }
    fs::rename(draft, path).map_err(|error| Error::internal(named(path, &error)))?;
    files::sync_folder_of(path).map_err(Error::internal)
}

/// Makes sure that no other process has the file open, and keeps others out for as long as the answer lives.
///
/// SQLite holds a shared lock on bytes of the file for as long as a write-ahead log is in use, so a lock on all of it is
/// refused while anybody is there. Leaving the write-ahead log first empties it, and needs the file alone as well.
fn alone(path: &Path) -> Result<Option<File>, Error> {
    if !path.try_exists().map_err(|error| Error::internal(named(path, &error)))? {
        return Ok(None);
    }
    let mut conn = Conn::open(&Target::Sqlite(path.to_owned())).map_err(Error::unavailable)?;
    let mode = diesel::sql_query("PRAGMA journal_mode = DELETE").get_result::<Mode>(&mut conn);
    drop(conn);
    match mode {
        Ok(mode) if mode.journal_mode != "delete" => return Err(Error::internal(ReplaceError::InUse)),
        Err(error) if error.to_string().contains("locked") => return Err(Error::internal(ReplaceError::InUse)),
        // A file that SQLite cannot read is a reason to restore, and no hindrance.
        _ => {}
    }
    // Opened after the connection is closed, which would take this process's locks with it.
    let file = fs::OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|error| Error::internal(named(path, &error)))?;
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Err(Error::internal(ReplaceError::InUse)),
        Err(error) => Err(Error::internal(error)),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::internal(named(path, &error))),
        _ => Ok(()),
    }
}
