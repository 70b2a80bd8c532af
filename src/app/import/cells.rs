//! The cells of one row, read into values of the domain.

use super::mapping::{Columns, Field};
use super::records::Row;
use crate::domain::FieldError;
use crate::domain::contact::Email;
use crate::domain::event::NewHost;
use crate::domain::text::{Name, Ref};

/// What is wrong with a row, and in which fields.
pub type Faults = Vec<(Field, FieldError)>;

/// Reads the cells of one row and gathers what is wrong with them.
pub(super) struct Cells<'r> {
    row: &'r Row,
    columns: &'r Columns,
    /// What is wrong so far.
    pub faults: Faults,
    /// Cells that the row can do without, and we must.
    pub left_out: Vec<Field>,
}

impl<'r> Cells<'r> {
    pub fn new(row: &'r Row, columns: &'r Columns) -> Self {
        Self { row, columns, faults: Faults::new(), left_out: Vec::new() }
    }

    pub fn fault(&mut self, field: Field, error: FieldError) {
        self.faults.push((field, error));
    }

    /// A cell without the white space around it; none when nothing else is there.
    pub fn cell(&mut self, field: Field) -> Option<&'r str> {
        let bytes = self.row.field(self.columns.index(field)?);
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.fault(field, FieldError::new("not_utf8", "must be UTF-8"));
            return None;
        };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// A cell as `parse` takes it; what it refuses is noted.
    pub fn text<T>(&mut self, field: Field, parse: impl FnOnce(&'r str) -> Result<T, FieldError>) -> Option<T> {
        let text = self.cell(field)?;
        parse(text).map_err(|error| self.fault(field, error)).ok()
    }

    /// As [`Cells::text`], but a civil registration number costs the cell alone.
    ///
    /// Other faults can be mended in the file, and the row imported then. This one is our own rule: nobody would mend
    /// it, and the visit would never be in the log.
    pub fn spare<T>(&mut self, field: Field, parse: impl FnOnce(&'r str) -> Result<T, FieldError>) -> Option<T> {
        let found = parse(self.cell(field)?);
        match found {
            Ok(value) => return Some(value),
            Err(error) if error.code == "cpr_number" => self.left_out.push(field),
            Err(error) => self.fault(field, error),
        }
        None
    }

    /// A cell that may not be empty.
    pub fn needed<T>(&mut self, field: Field, parse: impl FnOnce(&'r str) -> Result<T, FieldError>) -> Option<T> {
        let before = self.faults.len();
        let found = self.text(field, parse);
        if found.is_none() && self.faults.len() == before {
            self.fault(field, FieldError::new("missing_field", "must not be empty"));
        }
        found
    }

    /// The person visited.
    pub fn host(&mut self) -> Option<NewHost> {
        let before = self.faults.len();
        let reference = self.text(Field::HostRef, Ref::new);
        let nameless = reference.is_none() && self.faults.len() == before;
        let name = self.spare(Field::HostName, Name::new);
        let email = self.spare(Field::HostEmail, Email::new);
        if nameless && (name.is_some() || email.is_some()) {
            self.fault(Field::HostRef, FieldError::new("missing_field", "must not be empty where a host is named"));
        }
        Some(NewHost { reference: reference?, name, email })
    }
}
