//! The writers: what has queued while one transaction ran is written by the next, one commit for all (group commit).

use super::{Item, Outcome, write};
use crate::app::Core;
use crate::error::Error;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

struct Job {
    items: Vec<Item>,
    answer: oneshot::Sender<Result<Vec<Outcome>, Error>>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    events: usize,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
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
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            more: Condvar::new(),
            max_events: core.settings.ingest.queue_events,
            max_group: core.settings.ingest.max_group_events,
        });
        let threads = (0..count)
            .map(|number| {
                let (core, shared) = (core.clone(), Arc::clone(&shared));
                std::thread::Builder::new()
                    .name(format!("ingest-{number}"))
                    .spawn(move || empty(&core, &shared))
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
        let (answer, outcome) = oneshot::channel();
        {
            let mut queue = self.shared.lock();
            // A batch larger than the whole queue may enter when it is empty.
            if queue.closed || (queue.events > 0 && queue.events + items.len() > self.shared.max_events) {
                metrics::counter!("guestlog_ingest_refused_total").increment(1);
                return Err(Error::unavailable(if queue.closed { "stopping" } else { "the queue of events is full" }));
            }
            queue.events += items.len();
            queue.jobs.push_back(Job { items, answer });
        }
        self.shared.more.notify_one();
        outcome.await.map_err(|_| Error::internal("a writer ended without an answer"))?
    }

    pub(in crate::app) fn stop(&self) {
        self.shared.lock().closed = true;
        self.shared.more.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A writer that panicked has logged it; there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

fn empty(core: &Core, shared: &Shared) {
    while let Some(jobs) = next_group(shared) {
        serve(core, jobs);
    }
}

/// Waits for work; none when the queue is closed and empty.
fn next_group(shared: &Shared) -> Option<Vec<Job>> {
    let mut queue = shared.lock();
    loop {
        if !queue.jobs.is_empty() {
            break;
        }
        if queue.closed {
            return None;
        }
        queue = shared.more.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
    let mut group = Vec::new();
    let mut events = 0;
    while let Some(job) = queue.jobs.front() {
        if !group.is_empty() && events + job.items.len() > shared.max_group {
            break;
        }
        events += job.items.len();
        group.extend(queue.jobs.pop_front());
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
