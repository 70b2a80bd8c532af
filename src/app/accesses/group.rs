//! Readings that come at the same time are written down together: one commit for all.

use super::super::Core;
use super::super::lanes::{Job, Lanes, Limits, caught};
use super::{Reading, write};
use crate::domain::reading::Lookup;
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::Error;
use crate::store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// How many people go together, readings counting as one more each.
const GROUP: usize = 10_000;
/// How many wait, at most.
const QUEUE: usize = 200_000;
/// How long the same reading of the same people counts as one that goes on.
const SAME_S: i64 = 900;
/// How many readings are remembered to tell whether one goes on.
const REMEMBERED: usize = 1_000;

/// What is said when the thread panics.
const UNANSWERED: &str = "a reading ended without an answer";

/// A reading and who waits until it is written down.
struct Waiting {
    reading: Reading,
    answer: oneshot::Sender<Result<(), Error>>,
}

impl Job for Waiting {
    fn size(&self) -> usize {
        1 + self.reading.people.len()
    }

    fn joins(&self, _: &[Self]) -> bool {
        true
    }
}

/// The thread that writes readings down.
pub struct Recorders {
    lanes: Lanes<Waiting>,
}

impl Recorders {
    pub(in crate::app) fn start(core: &Core) -> Result<Self, Error> {
        let (core, recent) = (core.clone(), Arc::new(Mutex::new(Recent::default())));
        let limits = Limits { queued: QUEUE, group: GROUP };
        Ok(Self { lanes: Lanes::start("access", 1, limits, move |group| serve(&core, &recent, group))? })
    }

    pub(super) async fn record(&self, reading: Reading) -> Result<(), Error> {
        self.queue(reading)?.await.map_err(|_| Error::internal(UNANSWERED))?
    }

    pub(super) fn record_blocking(&self, reading: Reading) -> Result<(), Error> {
        self.queue(reading)?.blocking_recv().map_err(|_| Error::internal(UNANSWERED))?
    }

    fn queue(&self, reading: Reading) -> Result<oneshot::Receiver<Result<(), Error>>, Error> {
        let (answer, outcome) = oneshot::channel();
        self.lanes.push(vec![(0, Waiting { reading, answer })])?;
        Ok(outcome)
    }

    pub(in crate::app) fn stop(&self) {
        self.lanes.stop();
    }
}

/// Who read what for, the last time each of them did.
#[derive(Default)]
struct Recent(HashMap<Asked, Last>);

type Asked = (CustomerId, String, Lookup);

#[derive(Clone)]
struct Last {
    id: i64,
    since: Timestamp,
    people: Vec<PersonId>,
}

fn asked(reading: &Reading) -> Asked {
    (reading.reader.customer, reading.reader.key_id.clone(), reading.reader.purpose)
}

impl Recent {
    /// The row of the same reading of the same people, when it is not long ago.
    fn same(&self, reading: &Reading) -> Option<i64> {
        let last = self.0.get(&asked(reading))?;
        let lasts = (0..SAME_S).contains(&reading.at.seconds_since(last.since));
        (lasts && last.people == reading.people).then_some(last.id)
    }

    fn note(&mut self, reading: &Reading, id: i64) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(asked(reading), Last { id, since: reading.at, people: reading.people.clone() });
    }
}

fn serve(core: &Core, recent: &Mutex<Recent>, group: Vec<Waiting>) {
    // A panic leaves a memory behind that is sound in any state: rows are looked for before they are counted on.
    let mut recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
    let readings: Vec<&Reading> = group.iter().map(|waiting| &waiting.reading).collect();
    let outcomes: Vec<Result<(), Error>> = match caught(|| together(core, &mut recent, &readings)) {
        Ok(()) => readings.iter().map(|_| Ok(())).collect(),
        // One that cannot be written down is not to close the door on the others.
        Err(Error::Internal(why)) if readings.len() > 1 => {
            tracing::warn!(readings = readings.len(), error = %why, "readings failed together; trying each alone");
            readings.iter().map(|reading| caught(|| together(core, &mut recent, &[*reading]))).collect()
        }
        Err(error) => {
            let mut error = Some(error);
            let told = |_| Err(error.take().unwrap_or_else(|| Error::unavailable("readings failed together")));
            readings.iter().map(told).collect()
        }
    };
    for (waiting, outcome) in group.into_iter().zip(outcomes) {
        // The client may have gone; it is written down all the same.
        let _ = waiting.answer.send(outcome);
    }
}

fn together(core: &Core, recent: &mut Recent, readings: &[&Reading]) -> Result<(), Error> {
    let (new, ids) = core.write(|work| {
        let mut new = Vec::new();
        for reading in readings {
            let goes_on = match recent.same(reading) {
                Some(id) => store::accesses::again(work.tx, reading.reader.customer, id, reading.at)?,
                None => false,
            };
            if !goes_on {
                new.push(*reading);
            }
        }
        let ids = write(work, &new)?;
        Ok((new, ids))
    })?;
    for (reading, id) in new.into_iter().zip(ids) {
        recent.note(reading, id);
    }
    Ok(())
}
