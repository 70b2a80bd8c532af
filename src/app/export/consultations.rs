//! Who looked at the person's data, when and why, by role and never by name (REQUIREMENTS L-14).

use super::super::View;
use super::super::accesses::{Consultation, of_person};
use super::subject::Subject;
use crate::error::Error;

/// Every look at the person's data that is on record.
pub(super) fn of(view: &mut View<'_>, subject: &Subject) -> Result<Vec<Consultation>, Error> {
    of_person(view, subject.customer, subject.id())
}
