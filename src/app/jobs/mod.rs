//! Work that is done later, by the worker of any node: what there is, how it is queued, and how long it may take.

mod kind;
mod overview;

use super::{App, Core, Work};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::jobs::Job;
use crate::store::mails;
use std::sync::atomic::AtomicI64;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use kind::LEASE_OF_TRANSFER_S;
pub use kind::{Kind, Lane};
pub use overview::{Shown, list};

/// Whose the jobs of the service itself are.
pub const SERVICE: CustomerId = CustomerId(0);
/// From one run of what is done daily to the next.
pub(super) const DAY_S: i64 = 86_400;
/// How many that are due are looked at together.
const LOOKED_AT: i64 = 16;

/// What becomes of a job that did well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is over.
    Done,
    /// It is due again then, or earlier when it is queued.
    At(Timestamp),
    /// Nobody may claim it for now, even when it is queued.
    Rest {
        /// Until then.
        rests_to: Timestamp,
        /// It is due again then.
        due_at: Timestamp,
    },
}

impl Next {
    /// It waits to be queued, and what is known of its last run is kept.
    #[must_use]
    pub fn when_queued() -> Self {
        Self::At(never())
    }
}

/// The year 9999, when what waits to be queued is due.
fn never() -> Timestamp {
    Timestamp::EPOCH.plus_seconds(253_370_764_800)
}

/// A job that is to be queued.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    /// Whose.
    pub customer: CustomerId,
    /// What is to be done.
    pub kind: Kind,
    /// To what, inside the customer.
    pub subject: i64,
    /// Not before.
    pub at: Timestamp,
}

/// Queues a job in the transaction of the work that it follows, best last; one that waits already becomes due earlier.
///
/// # Errors
/// When the database fails.
pub(crate) fn queue(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    kind: Kind,
    subject: i64,
    at: Timestamp,
) -> Result<(), Error> {
    queue_all(work, std::iter::once(Due { customer, kind, subject, at }))
}

/// As [`queue`], for several.
///
/// # Errors
/// When the database fails.
pub(crate) fn queue_all(work: &mut Work<'_, '_>, jobs: impl Iterator<Item = Due>) -> Result<(), Error> {
    store::jobs::queue_all(work.tx, jobs.map(|due| (due.customer, due.kind.as_str(), due.subject, due.at)))?;
    work.after.job_queued.set(true);
    Ok(())
}

/// Queues the endpoints to which messages were written, as the last that a transaction does and in one order: of two
/// that tell the same endpoints neither waits for the other while that waits for it.
///
/// # Errors
/// When the database fails.
pub(crate) fn queue_parcels(work: &mut Work<'_, '_>) -> Result<(), Error> {
    let endpoints = work.after.parcels.take();
    if endpoints.is_empty() {
        return Ok(());
    }
    let now = work.now;
    let due = |(customer, subject)| Due { customer, kind: Kind::Webhook, subject, at: now };
    queue_all(work, endpoints.into_iter().map(due))
}

/// What the threads of this process know of jobs.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    rings: Condvar,
    /// How long the last scrub took.
    pub scrub_took_ms: AtomicI64,
}

#[derive(Default)]
struct State {
    /// How often it has rung.
    rung: u64,
    stopping: bool,
}

impl Bell {
    /// A panic leaves two flags behind that are sound in any state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the workers: a job is queued and committed.
    pub fn ring(&self) {
        self.lock().rung += 1;
        self.rings.notify_all();
    }
}

impl App {
    /// Waits until a job has been queued in this process since `heard`, for `at_most`; false when the worker shall end.
    #[must_use]
    pub fn await_job(&self, heard: &mut u64, at_most: Duration) -> bool {
        let bell = &self.0.core.jobs;
        let waiting = |state: &mut State| state.rung == *heard && !state.stopping;
        let (state, _) =
            bell.rings.wait_timeout_while(bell.lock(), at_most, waiting).unwrap_or_else(PoisonError::into_inner);
        *heard = state.rung;
        !state.stopping
    }

    /// Has jobs end at their next step, and the worker after them.
    pub fn stop_jobs(&self) {
        self.0.core.jobs.lock().stopping = true;
        self.0.core.jobs.rings.notify_all();
    }

    /// Whether jobs shall end.
    #[must_use]
    pub fn jobs_stop(&self) -> bool {
        self.0.core.jobs.lock().stopping
    }

    /// Claims the job that is due first and that nobody holds; none when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn claim_job(&self) -> Result<Option<Lease>, Error> {
        self.claim_job_of(&Kind::of(None).collect::<Vec<_>>())
    }

    /// As [`App::claim_job`], of these kinds.
    ///
    /// # Errors
    /// When the database fails.
    pub fn claim_job_of(&self, kinds: &[Kind]) -> Result<Option<Lease>, Error> {
        let core = &self.0.core;
        let now = core.clock.now();
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let due = core.read(|view| Ok(store::jobs::due(view.conn, &kinds, now, LOOKED_AT)?))?;
        for job in due {
            let Some(kind) = Kind::parse(&job.kind) else { continue };
            if job.ran_at.is_some_and(|at| now < at.plus_seconds(kind.pause_s(core))) {
                continue;
            }
            let held_to = now.plus_seconds(kind.lease_s(core));
            if core.write(|work| Ok(store::jobs::claim(work.tx, &job, now, held_to)?))? {
                return Ok(Some(Lease { core: core.clone(), job, kind, held_to }));
            }
        }
        Ok(None)
    }
}

/// A job that is ours for a time.
pub struct Lease {
    pub(crate) core: Core,
    job: Job,
    kind: Kind,
    held_to: Timestamp,
}

impl Lease {
    /// What is to be done.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// For whom.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        self.job.customer_id
    }

    /// To what.
    #[must_use]
    pub fn subject(&self) -> i64 {
        self.job.subject
    }

    /// How often it has failed since it last did well.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.job.attempts).unwrap_or_default()
    }

    /// Holds it for longer, between two steps of a long job; writes only when half of the time is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the service stops or another worker has taken over: the job is to end at once.
    pub fn renew(&mut self) -> Result<(), Error> {
        if self.core.jobs.lock().stopping {
            return Err(Error::unavailable("the service stops"));
        }
        let (now, lease_s) = (self.core.clock.now(), self.kind.lease_s(&self.core));
        let until = now.plus_seconds(lease_s);
        if self.held_to.seconds_since(now) < lease_s / 2 {
            let held_to = self.held_to;
            if !self.core.write(|work| Ok(store::jobs::renew(work.tx, &self.job, held_to, until)?))? {
                return Err(Error::unavailable("another worker has taken the job over"));
            }
            self.held_to = until;
        }
        Ok(())
    }

    /// Gives it back done; when it was queued anew meanwhile it stays due.
    ///
    /// # Errors
    /// When the database fails: then it runs again after the lease.
    pub fn finish(self, next: Next) -> Result<(), Error> {
        let held_to = self.held_to;
        self.core.write(|work| {
            match next {
                Next::Done => store::jobs::finish(work.tx, &self.job, held_to, work.now, None)?,
                Next::At(at) => store::jobs::finish(work.tx, &self.job, held_to, work.now, Some(at))?,
                Next::Rest { rests_to, due_at } => {
                    store::jobs::rest(work.tx, &self.job, held_to, work.now, rests_to, due_at)?;
                }
            }
            Ok(())
        })
    }

    /// Gives it back undone, to be tried again `after_s` seconds from now and not before.
    ///
    /// # Errors
    /// When the database fails: then it is tried again after the lease.
    pub fn fail(self, after_s: i64) -> Result<(), Error> {
        let again = self.core.clock.now().plus_seconds(after_s);
        self.core.write(|work| Ok(store::jobs::fail(work.tx, &self.job, self.held_to, again)?))
    }
}

impl App {
    /// Does what a job is about.
    ///
    /// # Errors
    /// Those of the job, which is then to be tried again.
    pub fn run_job(&self, lease: &mut Lease) -> Result<Next, Error> {
        match lease.kind {
            Kind::Scrub => super::scrub::run(lease),
            Kind::Purge => super::purge::run(lease),
            Kind::Watch => super::watch::run(&self.0.core, lease.customer()).map(|()| Next::Done),
            Kind::Reconciliation => super::reconciliation::run::run(lease),
            Kind::Holds => super::holds::run(lease),
            Kind::Mail => super::mail::run(self, lease),
            Kind::Request => super::requests::run(lease),
            Kind::Case => super::cases::run(self, lease),
            Kind::Webhook | Kind::Transfer => Err(Error::internal("what waits for others runs on threads of its own")),
            Kind::Agreements => {
                super::agreements::run_between(self, &mut || lease.renew())?;
                Ok(Next::At(self.clock().now().plus_seconds(DAY_S)))
            }
        }
    }

    /// Does what follows when a job has failed and waits to be tried again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn job_failed(&self, kind: Kind) -> Result<(), Error> {
        match kind {
            Kind::Scrub => super::scrub::failed(&self.0.core),
            _ => Ok(()),
        }
    }

    /// Sets the gauges of what waits, of everybody: jobs that failed, mails that wait and that were given up.
    ///
    /// # Errors
    /// When the database fails.
    pub fn observe_jobs(&self) -> Result<(), Error> {
        let (failing, mails) =
            self.read_blocking(|view| Ok((store::jobs::failing(view.conn)?, store::mails::counts(view.conn)?)))?;
        for kind in Kind::ALL {
            let count = failing.iter().find(|(name, _)| name == kind.as_str()).map_or(0, |(_, count)| *count);
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!("guestlog_jobs_failing", "kind" => kind.as_str()).set(count as f64);
        }
        for (name, of) in [("guestlog_mails_waiting", mails::WAITING), ("guestlog_mails_given_up", mails::GIVEN_UP)] {
            let count = mails.iter().find(|(state, _)| *state == of).map_or(0, |(_, count)| *count);
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!(name).set(count as f64);
        }
        Ok(())
    }

    /// Queues what is done from time to time, and shows what is known of it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn start_jobs(&self) -> Result<(), Error> {
        super::scrub::show_last(&self.0.core)?;
        self.write_blocking(|work| {
            let now = work.now;
            queue(work, SERVICE, Kind::Agreements, 0, now)?;
            queue(work, SERVICE, Kind::Purge, 0, now)
        })
    }
}
