//! Visits read in from a CSV file, through the same door as every other event.
//!
//! The file is read as a stream, a group of rows a transaction. Nothing is remembered between runs: an event's id
//! follows from its row, so a second run, or one after a kill, finds what is there and adds what is not.

mod cells;
mod findings;
mod instants;
mod lines;
pub mod mapping;
mod oddities;
mod overlaps;
mod records;
mod rows;
mod run;
mod site;
mod summary;
pub mod times;

pub use findings::{Finding, Severity};
pub use lines::MAX_LINE_BYTES;
pub use mapping::Mapping;
pub use records::MAX_ROW_LINES;
pub use summary::{Events, Rows, Summary};

use super::App;
use crate::domain::PublicId;
use crate::domain::zone::Zone;
use crate::error::Error;
use mapping::{Delimiter, refused};
use records::{Records, Row};
use rows::Drawer;
use run::Import;
use site::Site;
use std::io::BufRead;
use std::time::Instant;

/// What to import, and for whom.
#[derive(Debug, Clone)]
pub struct Order {
    /// The customer.
    pub customer: PublicId,
    /// The customer's licence that the visits were at.
    pub license_number: String,
    /// Which column is which field.
    pub mapping: Mapping,
    /// The zone of local times, for rows without one of their own; else the mapping's, else the licence's.
    pub zone: Option<Zone>,
    /// Reads and checks everything and writes nothing.
    pub dry_run: bool,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that were read.
    pub read_bytes: u64,
    /// Rows that were read and dealt with.
    pub rows: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// Hears of what an import finds and how far it has come; an error from it ends the import between two groups.
pub trait Watcher {
    /// A line for the error report.
    ///
    /// # Errors
    /// When it cannot be written.
    fn found(&mut self, finding: &Finding) -> Result<(), Error>;

    /// A group of rows is stored.
    ///
    /// # Errors
    /// When the import is to end.
    fn advanced(&mut self, progress: Progress) -> Result<(), Error>;
}

/// Imports a file of visits.
///
/// # Errors
/// `not_found` for the customer, `license_unknown` for the licence, `invalid_input` for mapping or header, and
/// [`Error::Unavailable`] when the database stays out of reach. A row that is not right is no error of the import: it
/// is told to `watcher` and passed over.
pub fn visits(app: &App, order: &Order, input: impl BufRead, watcher: &mut dyn Watcher) -> Result<Summary, Error> {
    let started = Instant::now();
    let site = app.read_blocking(|view| Site::of(view, order))?;
    let mapping = &order.mapping;
    let mut records = Records::new(input, mapping.delimiter.unwrap_or(Delimiter::COMMA).byte());
    let header = match records.header().map_err(|error| unreadable(&error))? {
        Some(Ok(header)) => header,
        Some(Err(damaged)) => return Err(refused(format!("The file's first line {}.", damaged.error.detail))),
        None => return Err(refused("The file is empty.")),
    };
    let columns = mapping.find_in(&names(&header)?)?;
    let mut summary = Summary { dry_run: order.dry_run, ..Summary::default() };
    summary.columns_left_out.clone_from(&columns.left_out);
    let zone = order.zone.or(mapping.zone).unwrap_or(site.zone);
    let drawer = Drawer::new(columns, mapping.formats.clone(), zone, site.namespace);
    let mut import = Import::new(app, site, drawer, summary, watcher);
    while let Some(row) = records.next().map_err(|error| unreadable(&error))? {
        import.take(row)?;
        if import.due() {
            import.settle(records.read_bytes())?;
        }
    }
    import.settle(records.read_bytes())?;
    import.finish(started)
}

fn unreadable(error: &std::io::Error) -> Error {
    refused(format!("The file cannot be read: {}.", error.kind()))
}

fn names(header: &Row) -> Result<Vec<&str>, Error> {
    let name = |index| std::str::from_utf8(header.field(index)).map(str::trim);
    (0..header.len()).map(name).collect::<Result<_, _>>().map_err(|_| refused("The file's first line is not UTF-8."))
}
