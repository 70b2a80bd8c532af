//! How a command ends when it does not end well: one plain line on standard error, and an exit code.

use crate::config::ConfigError;
use crate::crypto::CryptoError;
use crate::domain::FieldError;
use crate::error::{Code, Error};
use crate::server::StartError;
use crate::store::journal::JournalError;
use crate::store::url_error::UrlError;
use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

/// Why a command did not do what it was asked.
///
/// The texts hold no secret, no personal data and nothing of what was typed but names.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A fault of the program, the database or the machine; exit code 1.
    #[error("{0}")]
    Fault(String),
    /// An argument that cannot be; exit code 2, as for those that the parser of arguments refuses.
    #[error("{0}")]
    Usage(String),
    /// A setting that is missing, unknown, malformed or cannot be used; exit code 3.
    #[error("{0}")]
    Configuration(String),
    /// What was named is not there, or must not be done; exit code 4.
    #[error("{0}")]
    Refused(String),
    /// `doctor` found a fault, an import left out rows, a receipt or an export is not valid, or a reconciliation waits for
    /// a confirmation, and it was said; exit code 5.
    #[error("there are findings")]
    Findings,
    /// Nobody reads the output any more, as with `guestlog … | head`; exit code 0 and not a word.
    #[error("the output is not read")]
    Unread,
}

impl Failure {
    /// Says what went wrong, and gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        let code = match self {
            Self::Unread => return ExitCode::SUCCESS,
            Self::Findings => return ExitCode::from(5),
            Self::Fault(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 3,
            Self::Refused(_) => 4,
        };
        // Where standard error is closed, the exit code has to do.
        let _ =
            io::Write::write_all(&mut io::stderr(), format!("guestlog: {}\n", one_line(&self.to_string())).as_bytes());
        ExitCode::from(code)
    }

    /// A fault of the program, the database or the machine.
    pub fn fault(why: &dyn StdError) -> Self {
        Self::Fault(why.to_string())
    }

    /// An argument that a domain type refuses, by the name of its flag and without its value.
    #[must_use]
    pub fn argument(flag: &str, error: &FieldError) -> Self {
        Self::Usage(format!("{flag} {}; see --help", error.detail))
    }

    /// The same error, but what is missing is called by its name instead of the words that an HTTP client gets.
    #[must_use]
    pub fn missing(error: Error, what: &str) -> Self {
        if error.code() == Code::NotFound { Self::Refused(format!("there is no {what}")) } else { error.into() }
    }
}

/// Libraries put line ends into their messages; one failure is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { code: Code::InvalidInput, detail, faults } => {
                let fields: Vec<_> =
                    faults.iter().map(|f| format!("{} {}", f.pointer.trim_matches('/'), f.detail)).collect();
                Self::Usage(if fields.is_empty() { detail } else { fields.join("; ") })
            }
            Error::Refused { detail, .. } | Error::Unconfirmed { detail, .. } => Self::Refused(detail),
            Error::Unavailable(source) | Error::Conflict(source) | Error::Internal(source) => caused_by(&*source),
        }
    }
}

/// A cause that a setting can remedy is the configuration's; any other is a fault.
fn caused_by(source: &(dyn StdError + Send + Sync + 'static)) -> Failure {
    if let Some(error) = source.downcast_ref::<UrlError>() {
        return Failure::Configuration(format!("setting database.url: {error}"));
    }
    if let Some(error @ (JournalError::Address | JournalError::Url(_) | JournalError::OwnDatabase)) =
        source.downcast_ref::<JournalError>()
    {
        return Failure::Configuration(format!("setting erasure.journal: {error}"));
    }
    if let Some(error @ CryptoError::MasterKey(_)) = source.downcast_ref::<CryptoError>() {
        return Failure::Configuration(format!("setting keys.master_key_file: {error}"));
    }
    Failure::fault(source)
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::Configuration(error.to_string())
    }
}

/// For what is written to standard output; other errors of the operating system say more when they name a file.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Unread } else { Self::fault(&error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_find_their_exit_code() {
        let configuration = Failure::from(Error::internal(UrlError::Scheme));
        assert!(matches!(&configuration, Failure::Configuration(text) if text.starts_with("setting database.url: ")));
        let key = Failure::from(Error::internal(CryptoError::MasterKey("x does not exist".into())));
        assert!(matches!(&key, Failure::Configuration(text) if text.contains("x does not exist")));
        assert!(matches!(Failure::from(Error::internal("why")), Failure::Fault(text) if text == "why"));
        assert!(matches!(Failure::from(Error::unavailable("busy")), Failure::Fault(text) if text == "busy"));
        let refused = Failure::missing(Error::not_found(), "customer of this id");
        assert!(matches!(&refused, Failure::Refused(text) if text == "there is no customer of this id"));
        let fault = FieldError::new("out_of_range", "must be from 1 to 9").at("/days");
        assert!(
            matches!(Failure::from(Error::invalid(vec![fault])), Failure::Usage(text) if text == "days must be from 1 to 9")
        );
        assert!(matches!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)), Failure::Unread));
    }

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(one_line("connection failed:\n\tFATAL:  no\r\n"), "connection failed: FATAL: no");
    }
}
