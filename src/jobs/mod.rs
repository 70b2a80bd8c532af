//! The worker: claims what is due with a lease, runs it outside of any transaction, and gives it back.
//!
//! One thread a server. Any node may run any job; a job whose worker has died runs again when its lease is over, so
//! each can be repeated.

mod run;

pub use run::run_due;

use crate::app::App;
use crate::error::Error;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often is looked for what other nodes have queued, and for what has become due.
const LOOK: Duration = Duration::from_secs(1);

/// The thread that works, until it is stopped.
pub struct Worker {
    app: App,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts to work, as soon as the erasures of the journal have been repeated.
    ///
    /// # Errors
    /// When the operating system has no thread left.
    pub fn start(app: &App) -> io::Result<Self> {
        let worked = app.clone();
        let thread = std::thread::Builder::new().name("jobs".to_owned()).spawn(move || work(&worked))?;
        Ok(Self { app: app.clone(), thread: Some(thread) })
    }

    /// Has the job in hand end at its next step, and waits for it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.app.stop_jobs();
        if let Some(thread) = self.thread.take() {
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

fn work(app: &App) {
    let (mut started, mut fails) = (false, false);
    loop {
        // Until then people may be there who are erased.
        if app.served().is_ok() {
            match look(app, &mut started) {
                Ok(()) => fails = false,
                // Once: a database that is away is away at every look.
                Err(error) if !fails => {
                    fails = true;
                    tracing::warn!(error = %run::chain(&error), "jobs cannot be claimed");
                }
                Err(_) => {}
            }
        }
        if !app.await_job(LOOK) {
            return;
        }
    }
}

fn look(app: &App, started: &mut bool) -> Result<(), Error> {
    if !*started {
        app.start_jobs()?;
        *started = true;
    }
    run_due(app).map(drop)
}

/// Says what the metrics mean, for whoever reads them.
pub fn describe() {
    describe_counter!("guestlog_jobs_total", "Jobs that ran, by kind and outcome.");
    describe_histogram!("guestlog_job_duration_seconds", Unit::Seconds, "From the claim of a job to its end.");
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
