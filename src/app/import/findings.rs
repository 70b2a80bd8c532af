//! What an import has to say of single rows; names row, column and reason, never a value.

use super::oddities::Oddity;
use crate::domain::FieldError;
use serde::Serialize;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row, or the event that the column tells of, was not imported.
    Error,
    /// It was imported; the reason says what is odd, or which cell was left out.
    Notice,
}

impl Severity {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Notice => "notice",
        }
    }
}

/// One line of an error report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The row's place below the header, from 1.
    pub row: u64,
    /// The line of the file that the row starts on; the header is a line too.
    pub line: u64,
    /// How grave.
    pub severity: Severity,
    /// The column, as the file calls it; none when the row as a whole is meant.
    pub column: Option<String>,
    /// Stable snake_case code.
    pub code: &'static str,
    /// A sentence for people; names bounds, never values.
    pub reason: String,
}

/// Where a finding belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub row: u64,
    pub line: u64,
    pub column: Option<&'a str>,
}

impl Finding {
    pub(super) fn error(place: Place<'_>, error: FieldError) -> Self {
        Self::new(place, Severity::Error, error.code, error.detail)
    }

    pub(super) fn notice(place: Place<'_>, oddity: Oddity) -> Self {
        Self::new(place, Severity::Notice, oddity.code(), oddity.reason())
    }

    fn new(place: Place<'_>, severity: Severity, code: &'static str, reason: impl Into<String>) -> Self {
        let column = place.column.map(str::to_owned);
        Self { row: place.row, line: place.line, severity, column, code, reason: reason.into() }
    }
}
