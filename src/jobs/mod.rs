//! The worker: claims what is due with a lease, runs it outside of any transaction, and gives it back.
//!
//! A thread a server for each [`Lane`], and several that send to webhooks. Any node may run any job; a job whose worker has
//! died runs again when its lease is over, so each can be repeated.

mod carrier;
mod guard;
mod run;
mod transfers;
mod webhooks;

pub use run::run_due;
pub use transfers::transfer_due;
pub use webhooks::send_due;

use crate::app::App;
use crate::app::jobs::{Kind, Lane};
use crate::error::Error;
use carrier::Carrier;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often is looked for what other nodes have queued, and for what has become due.
const LOOK: Duration = Duration::from_secs(1);

/// How often the gauges of what waits are set.
const OBSERVE: Duration = Duration::from_secs(15);

/// The threads that work, until they are stopped.
pub struct Worker {
    app: App,
    threads: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts to work, as soon as the erasures of the journal have been repeated.
    ///
    /// # Errors
    /// When the operating system has no thread left, or the certificates to be trusted cannot be read.
    pub fn start(app: &App) -> io::Result<Self> {
        let (carrier, of_files) = (Arc::new(Carrier::of_messages(app)?), Carrier::of_files(app)?);
        // Those that have started by then end when another cannot.
        let mut worker = Self { app: app.clone(), threads: Vec::new() };
        for lane in Lane::IN_TURN {
            let observed = Cell::new(None);
            worker.spawn(lane.as_str(), move |app, started| look(app, lane, started, &observed))?;
        }
        for _ in 0..app.settings().webhooks.senders {
            let carrier = Arc::clone(&carrier);
            worker.spawn(Lane::Webhooks.as_str(), move |app, _| webhooks::send_all(app, &carrier))?;
        }
        worker.spawn(Lane::Transfers.as_str(), move |app, _| transfers::send_all(app, &of_files))?;
        Ok(worker)
    }

    fn spawn(
        &mut self,
        name: &str,
        look: impl Fn(&App, &mut bool) -> Result<usize, Error> + Send + 'static,
    ) -> io::Result<()> {
        let app = self.app.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&app, look))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Has the jobs in hand end at their next step, and waits for them.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.app.stop_jobs();
        for thread in self.threads.drain(..) {
            // A worker that panicked has logged it; there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Looks for work again and again; `look` is told whether it has done before what is done once.
fn work(app: &App, look: impl Fn(&App, &mut bool) -> Result<usize, Error>) {
    let (mut started, mut fails, mut heard) = (false, false, 0);
    loop {
        // Until then people may be there who are erased.
        if app.served().is_ok() {
            match look(app, &mut started) {
                Ok(_) => fails = false,
                // Once: a database that is away is away at every look.
                Err(error) if !fails => {
                    fails = true;
                    tracing::warn!(error = %run::chain(&error), "jobs cannot be claimed");
                }
                Err(_) => {}
            }
        }
        if !app.await_job(&mut heard, LOOK) {
            return;
        }
    }
}

/// Runs what is due of a lane; the first lane also does what is done once, and sets the gauges.
fn look(app: &App, lane: Lane, started: &mut bool, observed: &Cell<Option<Instant>>) -> Result<usize, Error> {
    let is_first = lane == Lane::House;
    if is_first && !*started {
        app.start_jobs()?;
        *started = true;
    }
    let ran = run::run_due_of(app, &Kind::of(Some(lane)).collect::<Vec<_>>())?;
    if is_first && observed.get().is_none_or(|at| at.elapsed() >= OBSERVE) {
        observed.set(Some(Instant::now()));
        app.observe_jobs()?;
    }
    Ok(ran)
}

/// Says what the metrics mean, for whoever reads them.
pub fn describe() {
    describe_counter!("guestlog_jobs_total", "Jobs that ran, by kind and outcome.");
    describe_histogram!("guestlog_job_duration_seconds", Unit::Seconds, "From the claim of a job to its end.");
    describe_gauge!("guestlog_jobs_failing", "Jobs that failed and wait to be tried again, of all nodes, by kind.");
    describe_counter!("guestlog_mails_total", "Attempts to send a mail, by kind and outcome.");
    describe_gauge!("guestlog_mails_waiting", "Mails that wait to be sent, of all nodes.");
    describe_gauge!("guestlog_mails_given_up", "Mails that were given up within a month, of all nodes.");
    webhooks::describe();
    transfers::describe();
    describe_counter!("guestlog_notices_total", "Notices raised, by kind.");
    describe_gauge!(
        "guestlog_scrub_last_success_timestamp_seconds",
        "When the files were last scrubbed after erasures, in seconds since 1970."
    );
    describe_counter!("guestlog_scrub_pages_total", "Pages of the SQLite file in which leftovers were overwritten.");
    describe_gauge!(
        "guestlog_scrub_tables_only_vacuumed",
        "PostgreSQL tables that were too large to be rewritten at the last scrub."
    );
}
