//! The writers: what has queued while one transaction ran is written by the next, one commit for all (group commit).
//!
//! Each guest has a writer: two of them never wait for each other over a guest's row, nor make the same guest twice.

use super::{Item, Outcome, write};
use crate::app::Core;
use crate::error::Error;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

struct Job {
    items: Vec<Item>,
    answer: oneshot::Sender<Result<Vec<Outcome>, Error>>,
}

struct Queue {
    /// What waits for each writer.
    jobs: Vec<VecDeque<Job>>,
    /// Events in all of them.
    events: usize,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// One for each writer.
    more: Vec<Condvar>,
    max_events: usize,
    max_group: usize,
}

impl Shared {
    /// A panic of a writer leaves the queue as it was between two of its steps, so it is used on.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bounded queue and the threads that empty it.
pub struct Writers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Writers {
    pub(in crate::app) fn start(core: &Core, count: u32) -> Result<Self, Error> {
        let queue = Queue { jobs: (0..count).map(|_| VecDeque::new()).collect(), events: 0, closed: false };
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            more: (0..count).map(|_| Condvar::new()).collect(),
            max_events: core.settings.ingest.queue_events,
            max_group: core.settings.ingest.max_group_events,
        });
        let threads = (0..count)
            .map(|number| {
                let (core, shared) = (core.clone(), Arc::clone(&shared));
                std::thread::Builder::new()
                    .name(format!("ingest-{number}"))
                    .spawn(move || empty(&core, &shared, number as usize))
                    .map_err(Error::internal)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// Events that wait.
    pub(in crate::app) fn queued(&self) -> usize {
        self.shared.lock().events
    }

    pub(in crate::app) async fn submit(&self, items: Vec<Item>) -> Result<Vec<Outcome>, Error> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let count = items.len();
        let mut parts: Vec<(Vec<usize>, Vec<Item>)> = self.shared.more.iter().map(|_| Default::default()).collect();
        for (place, item) in items.into_iter().enumerate() {
            let part = &mut parts[writer_of(&item, self.shared.more.len())];
            part.0.push(place);
            part.1.push(item);
        }
        let mut waiting = Vec::with_capacity(parts.len());
        {
            let mut queue = self.shared.lock();
            // A batch larger than the whole queue may enter when it is empty.
            if queue.closed || (queue.events > 0 && queue.events + count > self.shared.max_events) {
                metrics::counter!("guestlog_ingest_refused_total").increment(1);
                return Err(Error::unavailable(if queue.closed { "stopping" } else { "the queue of events is full" }));
            }
            queue.events += count;
            for (writer, (places, items)) in parts.into_iter().enumerate().filter(|(_, part)| !part.1.is_empty()) {
                let (answer, outcome) = oneshot::channel();
                queue.jobs[writer].push_back(Job { items, answer });
                self.shared.more[writer].notify_one();
                waiting.push((places, outcome));
            }
        }
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
        self.shared.lock().closed = true;
        self.shared.more.iter().for_each(Condvar::notify_all);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A writer that panicked has logged it; there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

/// The writer of an event's guest.
fn writer_of(item: &Item, writers: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    (item.customer.0, item.event.person.reference.as_str()).hash(&mut hasher);
    usize::try_from(hasher.finish() % writers.max(1) as u64).unwrap_or(0)
}

fn empty(core: &Core, shared: &Shared, writer: usize) {
    while let Some(jobs) = next_group(shared, writer) {
        serve(core, jobs);
    }
}

/// Waits for a writer's work; none when the queue is closed and empty.
fn next_group(shared: &Shared, writer: usize) -> Option<Vec<Job>> {
    let mut queue = shared.lock();
    loop {
        if !queue.jobs[writer].is_empty() {
            break;
        }
        if queue.closed {
            return None;
        }
        queue = shared.more[writer].wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
    let mut group = Vec::new();
    let mut events = 0;
    while let Some(job) = queue.jobs[writer].front() {
        if !group.is_empty() && events + job.items.len() > shared.max_group {
            break;
        }
        events += job.items.len();
        group.extend(queue.jobs[writer].pop_front());
    }
    queue.events -= events;
    Some(group)
}

fn serve(core: &Core, jobs: Vec<Job>) {
    let mut items = Vec::with_capacity(jobs.iter().map(|job| job.items.len()).sum());
    let mut waiting = Vec::with_capacity(jobs.len());
    for job in jobs {
        waiting.push((job.items.len(), job.answer));
        items.extend(job.items);
    }
    metrics::histogram!("guestlog_ingest_group_events").record(count(items.len()));
    // A panic must not take the writer with it: the waiters are told, the next group is served.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write(core, &items)));
    match outcome.unwrap_or_else(|_| Err(Error::internal("a writer panicked"))) {
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
