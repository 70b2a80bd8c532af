//! The rows of each list, read in pages within one consistent read.

mod events;
mod others;
mod told;
mod visits;

use super::super::View;
use super::fields::Section;
use super::plan::{Plan, Row};
use super::subject::Subject;
use crate::error::Error;
use std::cell::RefCell;
use std::collections::HashMap;

/// The most rows that are held at once.
const PAGE: usize = 200;

/// What takes rows, one after the other.
pub(super) type Take<'a> = &'a mut dyn FnMut(&Row<'_>) -> Result<(), Error>;

/// The person and the plan, from which the lists are read as often as the files need them.
pub(super) struct Source<'a> {
    pub subject: &'a Subject,
    pub plan: &'a Plan,
    /// A number for each other person, the same in all files of the archive, so that one can be told from another
    /// without a name.
    numbers: RefCell<HashMap<String, usize>>,
}

impl<'a> Source<'a> {
    pub fn new(subject: &'a Subject, plan: &'a Plan) -> Self {
        Self { subject, plan, numbers: RefCell::default() }
    }

    /// Gives every row of a list, newest first, to `take`.
    ///
    /// # Errors
    /// Those of the database and of `take`.
    pub fn each(&self, view: &mut View<'_>, section: Section, take: Take<'_>) -> Result<(), Error> {
        if !self.plan.section(section)?.is_shown() {
            return Ok(());
        }
        match section {
            Section::Events => events::each(self, view, take),
            Section::Visits => visits::each(self, view, take),
            Section::Hosted => others::hosted(self, view, take),
            Section::Notified => others::notified(self, view, take),
            Section::Told => told::each(self, view, take),
            Section::Consultations => self.consultations(view, take),
            Section::Objections => self.subject.objections(view, self.plan)?.iter().try_for_each(take),
            Section::Holds => self.subject.holds(view, self.plan)?.iter().try_for_each(take),
            Section::Requests => super::requests::of(view, self.subject, self.plan)?.iter().try_for_each(take),
            Section::Person | Section::Restriction | Section::EarlierDeletion | Section::Statement => Ok(()),
        }
    }

    /// Gives every consultation of the person's data (REQUIREMENTS L-14).
    fn consultations(&self, view: &mut View<'_>, take: Take<'_>) -> Result<(), Error> {
        let section = self.plan.section(Section::Consultations)?;
        for consultation in super::consultations::of(view, self.subject)? {
            take(&section.row([
                ("at", self.subject.instant(consultation.at)),
                ("last_at", self.subject.instant(consultation.last_at)),
                ("times", consultation.requests.into()),
                ("by", consultation.role.as_str().into()),
                ("purpose", consultation.purpose.as_str().into()),
            ])?)?;
        }
        Ok(())
    }

    fn number(&self, reference: &str) -> usize {
        let mut numbers = self.numbers.borrow_mut();
        if let Some(number) = numbers.get(reference) {
            return *number;
        }
        let next = numbers.len() + 1;
        numbers.insert(reference.to_owned(), next);
        next
    }
}
