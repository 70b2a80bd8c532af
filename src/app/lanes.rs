//! Threads that each take all that has queued for them while they worked: one commit for many (group commit).

use crate::error::Error;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// What waits in a lane.
pub(super) trait Job: Send + 'static {
    /// How much of the queue, and of a group, it takes.
    fn size(&self) -> usize;

    /// Whether it may be done together with these, which are never none.
    fn joins(&self, group: &[Self]) -> bool
    where
        Self: Sized;
}

/// How much there may be, in sizes of jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In all queues together; a job that is larger may enter when they are empty.
    pub queued: usize,
    /// In one group; a job that is larger is a group of its own.
    pub group: usize,
}

struct Queue<J> {
    /// What waits for each thread.
    lanes: Vec<VecDeque<J>>,
    /// Size of all of it.
    size: usize,
    closed: bool,
}

struct Shared<J> {
    queue: Mutex<Queue<J>>,
    /// One for each thread.
    more: Vec<Condvar>,
    limits: Limits,
}

impl<J> Shared<J> {
    /// A panic leaves the queue as it was between two steps, so it is used on.
    fn lock(&self) -> MutexGuard<'_, Queue<J>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bounded queues and the threads that empty them.
pub(super) struct Lanes<J> {
    shared: Arc<Shared<J>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl<J: Job> Lanes<J> {
    /// Starts `count` threads, each of which hands the groups of its lane to `serve`, which must not panic.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        name: &str,
        count: u32,
        limits: Limits,
        serve: impl Fn(Vec<J>) + Clone + Send + 'static,
    ) -> Result<Self, Error> {
        let queue = Queue { lanes: (0..count).map(|_| VecDeque::new()).collect(), size: 0, closed: false };
        let more = (0..count).map(|_| Condvar::new()).collect();
        let shared = Arc::new(Shared { queue: Mutex::new(queue), more, limits });
        let threads = (0..count)
            .map(|number| {
                let (serve, shared) = (serve.clone(), Arc::clone(&shared));
                let empty = move || {
                    while let Some(group) = next_group(&shared, number as usize) {
                        serve(group);
                    }
                };
                std::thread::Builder::new().name(format!("{name}-{number}")).spawn(empty).map_err(Error::internal)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// How many lanes there are.
    pub fn count(&self) -> usize {
        self.shared.more.len()
    }

    /// The size of all that waits.
    pub fn queued(&self) -> usize {
        self.shared.lock().size
    }

    /// Queues jobs, each in its lane: all of them or none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue is full or closed.
    pub fn push(&self, jobs: Vec<(usize, J)>) -> Result<(), Error> {
        let size: usize = jobs.iter().map(|(_, job)| job.size()).sum();
        let mut queue = self.shared.lock();
        if queue.closed {
            return Err(Error::unavailable("stopping"));
        }
        if queue.size > 0 && queue.size + size > self.shared.limits.queued {
            return Err(Error::unavailable("the queue is full"));
        }
        queue.size += size;
        for (lane, job) in jobs {
            queue.lanes[lane].push_back(job);
            self.shared.more[lane].notify_one();
        }
        Ok(())
    }

    /// Has the threads finish what is queued, and waits for their end.
    pub fn stop(&self) {
        self.shared.lock().closed = true;
        self.shared.more.iter().for_each(Condvar::notify_all);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // One that panicked has logged it; there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

/// Waits for what comes in a lane; none when the queue is closed and the lane empty.
fn next_group<J: Job>(shared: &Shared<J>, lane: usize) -> Option<Vec<J>> {
    let mut queue = shared.lock();
    while queue.lanes[lane].is_empty() {
        if queue.closed {
            return None;
        }
        queue = shared.more[lane].wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
    let mut group: Vec<J> = Vec::new();
    let mut size = 0;
    while let Some(job) = queue.lanes[lane].front() {
        if !group.is_empty() && (size + job.size() > shared.limits.group || !job.joins(&group)) {
            break;
        }
        size += job.size();
        group.extend(queue.lanes[lane].pop_front());
    }
    queue.size -= size;
    Some(group)
}
