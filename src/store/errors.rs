//! What Diesel's errors mean to the rest of the house.

use crate::error::Error;
use diesel::result::{DatabaseErrorKind as Kind, Error as DieselError};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, info) = &error else {
            return Self::internal(error);
        };
        let message = info.message();
        match kind {
            // Two transactions wanted the same thing: run again, the loser then sees what the winner did.
            Kind::SerializationFailure | Kind::UniqueViolation => Self::Conflict(error.into()),
            Kind::Unknown if message.contains("deadlock detected") => Self::Conflict(error.into()),
            Kind::ClosedConnection => Self::unavailable(error),
            _ if passing(message) => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

/// Faults that pass: a busy or full disk, a server that stops or starts.
fn passing(message: &str) -> bool {
    const SIGNS: [&str; 12] = [
        "database is locked",
        "database or disk is full",
        "No space left on device",
        "disk I/O error",
        "could not extend file",
        "terminating connection",
        "the database system is",
        "server closed the connection",
        "no connection to the server",
        "canceling statement due to",
        "connection to server",
        "could not receive data",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}
