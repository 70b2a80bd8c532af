//! Who read of people: each read through the HTTP interface is written down before its answer leaves, and one that
//! cannot be is not answered (issue 5; REQUIREMENTS L-14, C-579/21).
//!
//! Reads that come at the same time are written down together. A person's export tells of them by role, not by name.

mod group;
mod of_person;
mod purge;

use super::{App, By, Sight, View, Work};
use crate::domain::reading::{Lookup, Role};
use crate::domain::{CustomerId, PersonId};
use crate::error::Error;
use crate::store;
use crate::store::accesses::{Access, Link};
use std::cell::RefCell;
use std::collections::BTreeSet;

pub(super) use group::Recorders;
pub use of_person::{Consultation, of_person};
pub(super) use purge::purge;

/// Whose data a use-case has opened to be shown.
#[derive(Default)]
pub(crate) struct Shown(RefCell<BTreeSet<PersonId>>);

impl Shown {
    /// Adds people.
    pub fn add(&self, people: impl IntoIterator<Item = PersonId>) {
        self.0.borrow_mut().extend(people);
    }

    /// Takes them out, in the order of ids.
    pub fn take(&self) -> Vec<PersonId> {
        std::mem::take(&mut *self.0.borrow_mut()).into_iter().collect()
    }
}

/// Who reads, and what for.
#[derive(Debug, Clone)]
pub struct Reader {
    customer: CustomerId,
    key_id: String,
    role: Role,
    purpose: Lookup,
    sight: Sight,
}

impl Reader {
    /// The holder of a key, who reads this of a customer's people.
    #[must_use]
    pub fn new(by: &By, customer: CustomerId, purpose: Lookup) -> Self {
        let role = match (by.customer, by.license) {
            (None, _) => Role::Operator,
            (Some(_), Some(_)) => Role::GuestSystem,
            (Some(_), None) => Role::Backend,
        };
        Self { customer, key_id: by.key_id.clone(), role, purpose, sight: Sight::USUAL }
    }

    /// The same, who sees also whom an exception is for.
    #[must_use]
    pub fn with(self, sight: Sight) -> Self {
        Self { sight, ..self }
    }
}

/// A reading that is to be written down.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    reader: Reader,
    at: crate::domain::Timestamp,
    people: Vec<PersonId>,
}

impl App {
    /// Runs a reading use-case as [`App::read`] does, and writes down whose data it shows before they are shown.
    ///
    /// # Errors
    /// Those of the use-case; [`Error::Unavailable`] and faults when the reading cannot be written down: then nothing
    /// may be shown.
    pub async fn read_for<T: Send + 'static>(
        &self,
        reader: Reader,
        mut work: impl FnMut(&mut View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let read = move |view: &mut View<'_>| Ok((work(view)?, view.shown.take(), view.now));
        let (value, people, at) = self.read_with(reader.sight, read).await?;
        if !people.is_empty() {
            self.0.recorders.record(Reading { reader, at, people }).await?;
        }
        Ok(value)
    }
}

impl App {
    /// Writes down on this thread that all of somebody's data are about to be shown.
    ///
    /// # Errors
    /// As [`App::read_for`].
    pub(super) fn record_blocking(&self, reader: &Reader, person: PersonId) -> Result<(), Error> {
        let reading = Reading { reader: reader.clone(), at: self.clock().now(), people: vec![person] };
        self.0.recorders.record_blocking(reading)
    }
}

/// Writes down whose data a use-case that writes shows in its answer, in the same transaction.
///
/// # Errors
/// When the database fails.
pub fn record(work: &mut Work<'_, '_>, reader: &Reader) -> Result<(), Error> {
    let people = work.after.shown.take();
    if people.is_empty() {
        return Ok(());
    }
    let reading = Reading { reader: reader.clone(), at: work.now, people };
    write(work, &[&reading]).map(drop)
}

/// Writes readings down; gives the id of each.
fn write(work: &mut Work<'_, '_>, readings: &[&Reading]) -> Result<Vec<i64>, Error> {
    let ids = store::ids::take(work.tx, readings.len())?;
    let rows = readings.iter().zip(&ids).map(|(reading, id)| row(reading, *id)).collect::<Result<Vec<_>, _>>()?;
    store::accesses::insert(work.tx, &rows)?;
    let customers: BTreeSet<i64> = readings.iter().map(|reading| reading.reader.customer.0).collect();
    for customer in customers.into_iter().map(CustomerId) {
        let theirs = || readings.iter().zip(&ids).filter(|(reading, _)| reading.reader.customer == customer);
        let named: BTreeSet<PersonId> = theirs().flat_map(|(reading, _)| reading.people.iter().copied()).collect();
        // Somebody may have been erased since the read; what is told of that moment goes with the person.
        let alive = store::accesses::alive(work.tx, customer, &named.into_iter().collect::<Vec<_>>())?;
        let alive: BTreeSet<PersonId> = alive.into_iter().collect();
        let mut links = Vec::new();
        for (reading, id) in theirs() {
            let people = reading.people.iter().filter(|person| alive.contains(person));
            links.extend(people.map(|person| Link { customer_id: customer, person_id: *person, access_id: *id }));
        }
        store::accesses::link(work.tx, &links)?;
    }
    Ok(ids)
}

fn row(reading: &Reading, id: i64) -> Result<Access, Error> {
    let Reading { reader, at, people } = reading;
    Ok(Access {
        customer_id: reader.customer,
        id,
        key_id: reader.key_id.clone(),
        role: reader.role.number(),
        purpose: reader.purpose.route().to_owned(),
        at: *at,
        last_at: *at,
        requests: 1,
        people: i64::try_from(people.len()).map_err(Error::internal)?,
    })
}
