//! Letting go what has been kept for the time agreed on; run once a day.

use super::{force, visits};
use crate::app::App;
use crate::app::deletions::{Instruction, Subject};
use crate::domain::receipt::Origin;
use crate::domain::{CustomerId, PersonId, retention};
use crate::error::Error;
use crate::store;
use crate::store::retention::Deleted;

/// Who acts in the audit trail.
pub(super) const ACTOR: &str = "guestlog";
/// People of one deletion: as many as hold up events of the same customer for a moment only.
const PEOPLE: i64 = 200;
/// People of whom something was heard within so many seconds before a deletion are spared for the day: more than the
/// clocks of two nodes differ.
const FRESH_S: i64 = 600;

/// Called between two steps; an error ends the run.
pub type Between<'a> = dyn FnMut() -> Result<(), Error> + 'a;

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ran {
    /// Customers that have an agreement.
    pub customers: u64,
    /// People, each with everything held of the person.
    pub people: u64,
    /// Visits of people who stay.
    pub visits: u64,
    /// Events of these visits.
    pub events: u64,
    /// Parts of hosts in these events.
    pub hosts: u64,
    /// Parts of recipients in these events.
    pub recipients: u64,
}

impl Ran {
    pub(super) fn add(&mut self, deleted: &Deleted) {
        self.visits += deleted.visits as u64;
        self.events += deleted.events as u64;
        self.hosts += deleted.hosts as u64;
        self.recipients += deleted.recipients as u64;
    }
}

/// Deletes what agreements in force let go, customer by customer.
///
/// Without an agreement in force nothing is deleted, whatever its age. A customer whose turn fails does not keep the
/// next from its own; what was deleted stays deleted, and the next run takes up the rest.
///
/// # Errors
/// The first failure, after every customer had its turn; the others are logged.
pub fn run(app: &App) -> Result<Ran, Error> {
    run_between(app, &mut || Ok(()))
}

/// As [`run`], with `between` called between two steps, to hold a lease for longer.
///
/// # Errors
/// As [`run`], and that of `between`, which ends the run.
pub fn run_between(app: &App, between: &mut Between<'_>) -> Result<Ran, Error> {
    let customers = app.read_blocking(|view| Ok(store::agreements::customers(view.conn, view.now)?))?;
    let mut ran = Ran::default();
    let mut failed = None;
    for customer in customers {
        between()?;
        ran.customers += 1;
        let turn = people(app, customer, &mut ran, between);
        let turn = turn.and_then(|()| visits::let_go(app, customer, &mut ran, between));
        match turn {
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(customer = customer.0, %error, cause, "a retention agreement is not carried out");
            }
            Ok(()) => {}
        }
    }
    failed.map_or(Ok(ran), Err)
}

/// People whose last change, event and visit is longer ago than agreed.
fn people(app: &App, customer: CustomerId, ran: &mut Ran, between: &mut Between<'_>) -> Result<(), Error> {
    let mut after = PersonId(0);
    loop {
        between()?;
        let mut waiting = Vec::new();
        let (due, now) = app.read_blocking(|view| {
            let Some(kept) = force(view, customer)?.people else { return Ok((Vec::new(), view.now)) };
            let since = retention::before(view.now, kept.days);
            let due = store::retention::people_unheard_of_since(view.conn, customer, since, after, PEOPLE)?;
            // Nothing goes before the answer of somebody who asks (REQUIREMENTS L-20).
            waiting = store::cases::waiting_for_files(view.conn, customer, &due, view.now)?;
            Ok((due, view.now))
        })?;
        let Some(&last) = due.last() else { return Ok(()) };
        after = last;
        let due: Vec<PersonId> = due.into_iter().filter(|person| !waiting.contains(person)).collect();
        if due.is_empty() {
            continue;
        }
        let subjects = due.into_iter().map(Subject::Person).collect();
        let mut instruction = Instruction::new(customer, ACTOR, Origin::Agreement, subjects);
        instruction.unless_heard_since = Some(now.plus_seconds(-FRESH_S));
        ran.people += app.delete_blocking(&instruction, None)?.erased.people;
    }
}
