//! One import under way: rows in, groups of events into the store, findings out.

use super::findings::{Finding, Place, Severity};
use super::mapping::Field;
use super::oddities::Oddity;
use super::overlaps::Overlaps;
use super::records::{Damaged, Row};
use super::rows::Drawer;
use super::site::Site;
use super::summary::{Distinct, Rows, Summary};
use super::{Progress, Watcher};
use crate::app::App;
use crate::app::ingest::{Item, Outcome};
use crate::domain::{EventId, FieldError};
use crate::error::Error;
use crate::store;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Events a transaction: enough that a commit costs little, few enough that a server beside it does not wait long.
const GROUP_EVENTS: usize = 1_000;
/// Rows after which progress is told although they held nothing to store.
const QUIET_ROWS: u64 = 1_000;
/// How often a group is tried while the database is busy or away, with a pause of a second more each time.
const ATTEMPTS: u32 = 6;

/// Where an event of the group stands in the file.
#[derive(Clone, Copy)]
struct Origin {
    row: u64,
    line: u64,
    field: Field,
}

/// An import under way.
pub(super) struct Import<'a> {
    app: &'a App,
    site: Site,
    drawer: Drawer,
    group: Vec<Item>,
    origins: Vec<Origin>,
    guests: Distinct,
    hosts: Distinct,
    overlaps: Overlaps,
    /// How many events were new when the database last looked at its tables.
    planned_for: u64,
    summary: Summary,
    watcher: &'a mut dyn Watcher,
}

impl<'a> Import<'a> {
    /// An import into `site` of what `drawer` draws.
    pub fn new(app: &'a App, site: Site, drawer: Drawer, summary: Summary, watcher: &'a mut dyn Watcher) -> Self {
        let (group, origins) = (Vec::new(), Vec::new());
        let (guests, hosts) = (Distinct::default(), Distinct::default());
        let overlaps = Overlaps::default();
        Self { app, site, drawer, group, origins, guests, hosts, overlaps, planned_for: 0, summary, watcher }
    }

    /// Whether it is time to settle: a group is full, or no row for a while held anything.
    pub fn due(&self) -> bool {
        self.group.len() >= GROUP_EVENTS || self.summary.rows.read.is_multiple_of(QUIET_ROWS)
    }

    /// Reports what only the whole file shows, and what it came to.
    ///
    /// # Errors
    /// When the watcher cannot take it in, or the database stays out of reach.
    pub fn finish(mut self, started: Instant) -> Result<Summary, Error> {
        self.refresh_plans()?;
        let found = std::mem::take(&mut self.overlaps).found();
        self.summary.already_checked_in = found.as_ref().map(|found| found.len() as u64);
        for (row, line) in found.into_iter().flatten() {
            self.notice(Origin { row, line, field: Field::ArrivedAt }, Oddity::AlreadyCheckedIn)?;
        }
        let Self { mut summary, guests, hosts, .. } = self;
        (summary.guests, summary.hosts) = (guests.count(), hosts.count());
        summary.finish(started.elapsed().as_millis());
        Ok(summary)
    }

    /// Draws a row's events, or reports it.
    ///
    /// # Errors
    /// When the watcher ends the import.
    pub fn take(&mut self, row: Result<Row, Damaged>) -> Result<(), Error> {
        self.summary.rows.read += 1;
        let row = match row {
            Ok(row) => row,
            Err(Damaged { number, line, error }) => {
                self.summary.rows.refused += 1;
                return self.report(&Finding::error(Place { row: number, line, column: None }, error));
            }
        };
        let (number, line) = (row.number, row.line);
        match self.drawer.draw(&row, self.app.clock().now()) {
            Ok(drawn) => {
                self.summary.expected_by_date += u64::from(drawn.expected_by_date);
                for (field, oddity) in drawn.oddities {
                    self.notice(Origin { row: number, line, field }, oddity)?;
                }
                self.overlaps.see(number, line, &drawn.events);
                for (event, field) in drawn.events {
                    let (customer, bound_to) = (self.site.customer, Some(self.site.license));
                    self.group.push(Item { customer, bound_to, peer: None, event, any_age: true });
                    self.origins.push(Origin { row: number, line, field });
                }
            }
            Err(faults) => {
                self.summary.rows.refused += 1;
                for (field, error) in faults {
                    self.error(Origin { row: number, line, field }, error)?;
                }
            }
        }
        Ok(())
    }

    /// Stores what was drawn, and says how far things are.
    ///
    /// # Errors
    /// When the database stays out of reach, or the watcher ends the import.
    pub fn settle(&mut self, read_bytes: u64) -> Result<(), Error> {
        if self.summary.dry_run {
            self.rehearse()?;
        } else if !self.group.is_empty() {
            self.store()?;
            self.keep_plans()?;
        }
        self.group.clear();
        self.origins.clear();
        let Rows { read, refused, .. } = self.summary.rows;
        self.watcher.advanced(Progress { read_bytes, rows: read, refused })
    }

    /// Keeps the database's plans in step with tables that grow fourfold, and again at the end.
    fn keep_plans(&mut self) -> Result<(), Error> {
        let created = self.summary.events.created;
        if created >= self.planned_for.saturating_mul(4) { self.refresh_plans() } else { Ok(()) }
    }

    fn refresh_plans(&mut self) -> Result<(), Error> {
        let created = self.summary.events.created;
        if self.summary.dry_run || created <= self.planned_for {
            return Ok(());
        }
        self.planned_for = created;
        patiently(|| self.app.write_blocking(|work| Ok(store::planner::refresh(work.tx)?)))
    }

    fn store(&mut self) -> Result<(), Error> {
        let outcomes = patiently(|| self.app.ingest_blocking(&self.group))?;
        let mut refused_row = None;
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let origin = self.origins[index];
            let refusal = match outcome {
                Outcome::Created { .. } => {
                    self.summary.events.created += 1;
                    None
                }
                Outcome::Duplicate { .. } => {
                    self.summary.events.duplicate += 1;
                    None
                }
                Outcome::Erased => {
                    self.summary.events.erased += 1;
                    continue;
                }
                Outcome::Conflict => {
                    self.summary.events.conflict += 1;
                    Some(FieldError::new(
                        "event_conflict",
                        "was imported before with another content; nothing is overwritten",
                    ))
                }
                Outcome::Rejected(error) => {
                    self.summary.events.rejected += 1;
                    Some(FieldError::new(error.code().as_str(), why(&error)))
                }
            };
            match refusal {
                None => self.count(index),
                Some(error) => {
                    if refused_row.replace(origin.row) != Some(origin.row) {
                        self.summary.rows.refused += 1;
                    }
                    self.error(origin, error)?;
                }
            }
        }
        Ok(())
    }

    /// Counts what would be new, without a write.
    fn rehearse(&mut self) -> Result<(), Error> {
        let ids: HashSet<EventId> = self.group.iter().map(|item| item.event.id).collect();
        let ids: Vec<EventId> = ids.into_iter().collect();
        let customer = self.site.customer;
        let known = self.app.read_blocking(|view| {
            let related = store::events::related(view.conn, customer, &ids)?;
            Ok(related.iter().filter(|found| !found.corrects).count())
        })?;
        self.summary.events.created += (ids.len() - known) as u64;
        self.summary.events.duplicate += (self.group.len() - ids.len() + known) as u64;
        (0..self.group.len()).for_each(|index| self.count(index));
        Ok(())
    }

    fn count(&mut self, index: usize) {
        let event = &self.group[index].event;
        self.summary.count(event);
        self.guests.see(event.person.reference.as_str());
        if let Some(host) = &event.host {
            self.hosts.see(host.reference.as_str());
        }
    }

    fn error(&mut self, origin: Origin, error: FieldError) -> Result<(), Error> {
        let column = Some(self.drawer.column(origin.field));
        let finding = Finding::error(Place { row: origin.row, line: origin.line, column }, error);
        self.report(&finding)
    }

    fn notice(&mut self, origin: Origin, oddity: Oddity) -> Result<(), Error> {
        let column = Some(self.drawer.column(origin.field));
        let finding = Finding::notice(Place { row: origin.row, line: origin.line, column }, oddity);
        self.report(&finding)
    }

    fn report(&mut self, finding: &Finding) -> Result<(), Error> {
        let counts = match finding.severity {
            Severity::Error => &mut self.summary.errors,
            Severity::Notice => &mut self.summary.notices,
        };
        *counts.entry(finding.code).or_default() += 1;
        self.watcher.found(finding)
    }
}

/// Tries again while the database is busy, as it is when a server writes beside the import.
fn patiently<T>(mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for attempt in 1..ATTEMPTS {
        match work() {
            Err(Error::Unavailable(why)) => {
                tracing::warn!(attempt, error = %why, "the database is busy; the import waits");
                std::thread::sleep(Duration::from_secs(attempt.into()));
            }
            outcome => return outcome,
        }
    }
    work()
}

fn why(error: &Error) -> String {
    match error {
        Error::Refused { detail, .. } => detail.clone(),
        _ => "could not be stored for a fault of ours; the log says more".to_owned(),
    }
}
