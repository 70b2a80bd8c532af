//! What can be wrong with the journal of erasures.

use crate::error::Error;
use crate::store::url_error::UrlError;
use std::fmt::Display;
use std::path::Path;

/// Why the journal cannot be used; says where, and never what an entry holds.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No path of a file.
    #[error("the journal's address names no file: write file://PATH, sqlite://PATH or postgres://…")]
    Address,
    /// Not an address of a database.
    #[error("{0} (or file://PATH, for a journal in a file)")]
    Url(#[source] UrlError),
    /// What a restore of the database brings back, too, knows no later erasure.
    #[error(
        "the journal of erasures lies in a database of guestlog, which a restore would take back with it; give it a \
         file or a database of its own"
    )]
    OwnDatabase,
    /// A line that was whole once is not any more.
    #[error(
        "{file}, line {line}: {what}; restore the file from its own copy or, if the database is not restored from a \
         backup, move the file away: the next start makes a new one of what the database knows"
    )]
    Damaged {
        /// Which file.
        file: String,
        /// Which line, from 1.
        line: u64,
        /// In what way.
        what: &'static str,
    },
    /// The file was removed while the service ran.
    #[error("{0} is gone; the next start makes a new one of what the database knows")]
    Gone(String),
    /// The operating system says no: a full disk, a missing right.
    #[error("{0}")]
    System(String),
    /// The journal's database says no, or is out of reach.
    #[error("the journal's database: {0}")]
    Database(String),
    /// A writer ended without saying how.
    #[error("an entry was handed to a writer that is gone")]
    Lost,
}

impl JournalError {
    /// What the operating system said, with the file, which it does not name.
    pub(super) fn system(path: &Path, error: impl Display) -> Self {
        Self::System(format!("{}: {error}", path.display()))
    }
}

/// What a setting has to remedy stays so; everything else may pass.
impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Address | JournalError::Url(_) | JournalError::OwnDatabase => Self::internal(error),
            _ => Self::unavailable(error),
        }
    }
}

impl From<Error> for JournalError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(source) | Error::Conflict(source) | Error::Internal(source) => {
                match source.downcast::<Self>() {
                    Ok(own) => *own,
                    Err(other) => Self::Database(other.to_string()),
                }
            }
            refused => Self::Database(refused.to_string()),
        }
    }
}
