//! The writers: what has queued while one transaction ran is written by the next, one commit for all (group commit).
//!
//! Each guest has a writer: two of them never wait for each other over a guest's row, nor make the same guest twice.

use super::{Item, Outcome, write};
use crate::app::Core;
use crate::app::lanes::{self, Lanes, Limits, caught};
use crate::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::oneshot;

struct Job {
    items: Vec<Item>,
    answer: oneshot::Sender<Result<Vec<Outcome>, Error>>,
}

impl lanes::Job for Job {
    fn size(&self) -> usize {
        self.items.len()
    }

    fn joins(&self, _: &[Self]) -> bool {
        true
    }
}

/// A bounded queue and the threads that empty it.
pub struct Writers(Lanes<Job>);

impl Writers {
    pub(in crate::app) fn start(core: &Core, count: u32) -> Result<Self, Error> {
        let settings = &core.settings.ingest;
        let limits = Limits { queued: settings.queue_events, group: settings.max_group_events };
        let core = core.clone();
        Ok(Self(Lanes::start("ingest", count, limits, move |jobs| serve(&core, jobs))?))
    }

    /// Events that wait.
    pub(in crate::app) fn queued(&self) -> usize {
        self.0.queued()
    }

    pub(in crate::app) async fn submit(&self, items: Vec<Item>) -> Result<Vec<Outcome>, Error> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let count = items.len();
        let mut parts: Vec<(Vec<usize>, Vec<Item>)> = (0..self.0.count()).map(|_| Default::default()).collect();
        for (place, item) in items.into_iter().enumerate() {
            let part = &mut parts[writer_of(&item, self.0.count())];
            part.0.push(place);
            part.1.push(item);
        }
        let (mut jobs, mut waiting) = (Vec::with_capacity(parts.len()), Vec::with_capacity(parts.len()));
        for (writer, (places, items)) in parts.into_iter().enumerate().filter(|(_, part)| !part.1.is_empty()) {
            let (answer, outcome) = oneshot::channel();
            jobs.push((writer, Job { items, answer }));
            waiting.push((places, outcome));
        }
        self.0.push(jobs).inspect_err(|_| metrics::counter!("guestlog_ingest_refused_total").increment(1))?;
        let mut outcomes: Vec<Option<Outcome>> = (0..count).map(|_| None).collect();
        let mut failed = None;
        // What one writer has stored stays stored when another fails; the client sends all of it again.
        for (places, outcome) in waiting {
            match outcome.await.map_err(|_| Error::internal("a writer ended without an answer"))? {
                Ok(some) => places.into_iter().zip(some).for_each(|(place, outcome)| outcomes[place] = Some(outcome)),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        outcomes.into_iter().map(|o| o.ok_or_else(|| Error::internal("an event without outcome"))).collect()
    }

    pub(in crate::app) fn stop(&self) {
        self.0.stop();
    }
}

/// The writer of an event's guest.
fn writer_of(item: &Item, writers: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    (item.customer.0, item.event.person.reference.as_str()).hash(&mut hasher);
    usize::try_from(hasher.finish() % writers.max(1) as u64).unwrap_or(0)
}

fn serve(core: &Core, jobs: Vec<Job>) {
    let mut items = Vec::with_capacity(jobs.iter().map(|job| job.items.len()).sum());
    let mut waiting = Vec::with_capacity(jobs.len());
    for job in jobs {
        waiting.push((job.items.len(), job.answer));
        items.extend(job.items);
    }
    metrics::histogram!("guestlog_ingest_group_events").record(count(items.len()));
    // After a panic, too, the waiters are told, and the next group is served.
    match caught(|| write(core, &items)) {
        Ok(mut outcomes) => {
            for (count, answer) in waiting {
                let rest = outcomes.split_off(count.min(outcomes.len()));
                // The client may have gone; its events are stored all the same.
                let _ = answer.send(Ok(std::mem::replace(&mut outcomes, rest)));
            }
        }
        Err(error) => {
            tracing::error!(events = items.len(), error = %chain(&error), "events could not be stored");
            for (_, answer) in waiting {
                let told = match error {
                    Error::Internal(_) => Error::internal("the group of events failed"),
                    _ => Error::unavailable("the group of events failed"),
                };
                let _ = answer.send(Err(told));
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a histogram takes floats")]
fn count(events: usize) -> f64 {
    events as f64
}

fn chain(error: &Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
