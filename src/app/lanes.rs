//! Threads that each take all that has queued for them while they worked: one commit for many (group commit).

use crate::error::Error;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// Runs `work`; a panic becomes a fault of ours.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Error::internal("a writer panicked")))
}

/// Bounded queues and the threads that empty them.
pub(super) struct Lanes<J> {
    shared: Arc<Shared<J>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl<J: Job> Lanes<J> {
    /// Starts `count` threads, each of which hands the groups of its lane to `serve`.
    ///
    /// A panic of `serve` ends its group, whose jobs are dropped, and not the thread.
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
                        // The panic hook has told; whoever waits for a dropped job learns that it is gone.
                        let _ = caught(|| {
                            serve(group);
                            Ok(())
                        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Its number, and where the groups that it came in are told.
    struct Told(u32, mpsc::Sender<Vec<u32>>);

    impl Job for Told {
        fn size(&self) -> usize {
            1
        }

        /// Even and odd ones apart.
        fn joins(&self, group: &[Self]) -> bool {
            group.iter().all(|other| other.0 % 2 == self.0 % 2)
        }
    }

    fn tell(group: &[Told]) {
        let numbers = group.iter().map(|job| job.0).collect();
        group[0].1.send(numbers).unwrap();
    }

    #[test]
    fn what_waits_goes_together_as_far_as_it_joins_and_a_panic_ends_its_group_alone() {
        let (say, said) = mpsc::channel();
        let (let_go, waits) = mpsc::channel::<()>();
        let waits = Arc::new(Mutex::new(waits));
        let limits = Limits { queued: 6, group: 3 };
        let lanes = Lanes::start("test", 1, limits, move |group: Vec<Told>| {
            waits.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap();
            tell(&group);
            assert!(group[0].0 != 0, "the first one panics");
        })
        .unwrap();
        let push = |number| lanes.push(vec![(0, Told(number, say.clone()))]);
        push(0).unwrap();
        while lanes.queued() > 0 {
            std::thread::yield_now();
        }
        for number in [2, 4, 6, 8, 1, 3] {
            push(number).unwrap();
        }
        assert!(matches!(push(5), Err(Error::Unavailable(_))), "six wait, no more may");
        for group in [vec![0], vec![2, 4, 6], vec![8], vec![1, 3]] {
            let_go.send(()).unwrap();
            assert_eq!(said.recv_timeout(Duration::from_secs(10)).unwrap(), group);
        }
        lanes.stop();
        assert!(push(7).is_err(), "closed");
    }
}
