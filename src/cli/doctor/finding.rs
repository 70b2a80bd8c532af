//! One thing that was looked at.

use serde::Serialize;
use std::fmt;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// It works, but somebody should look at it.
    Warning,
    /// The service does not start, or must not be trusted, until it is mended.
    Fault,
}

/// What was looked at, how it is, and what to do about it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    pub check: &'static str,
    pub status: Status,
    pub detail: String,
    pub advice: Option<String>,
}

impl Finding {
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, detail: detail.into(), advice: None }
    }

    pub fn warning(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, detail: detail.into(), advice: Some(advice.into()) }
    }

    pub fn fault(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Status::Fault, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// One line, and one more for what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Fault => "fault",
        };
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(f, "{status:<8} {:<14} {}", self.check, line(&self.detail))?;
        match &self.advice {
            Some(advice) => writeln!(f, "{:24}-> {}", "", line(advice)),
            None => Ok(()),
        }
    }
}
