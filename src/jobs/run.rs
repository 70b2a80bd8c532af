//! One job from its claim to its end.

use crate::app::App;
use crate::app::jobs::{Kind, Lease, Next};
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// The pause after the first failure, in seconds; doubled after each further one.
const FIRST_PAUSE_S: i64 = 2;
/// The longest pause.
const LONGEST_PAUSE_S: i64 = 600;

/// Runs what is due, one job after the other, on this thread; returns how many ran, well or not.
///
/// # Errors
/// When the database fails between two jobs; a job that fails is logged and tried again later.
pub fn run_due(app: &App) -> Result<usize, Error> {
    run_due_of(app, &Kind::of(None).collect::<Vec<_>>())
}

/// As [`run_due`], of these kinds.
pub(super) fn run_due_of(app: &App, kinds: &[Kind]) -> Result<usize, Error> {
    let mut ran = 0;
    while !app.jobs_stop() {
        let Some(lease) = app.claim_job_of(kinds)? else { break };
        run(app, lease, |lease| app.run_job(lease))?;
        ran += 1;
    }
    Ok(ran)
}

/// Does `work` for a job, and gives the job back.
pub(super) fn run(
    app: &App,
    mut lease: Lease,
    work: impl FnOnce(&mut Lease) -> Result<Next, Error>,
) -> Result<(), Error> {
    let (kind, customer, began) = (lease.kind().as_str(), lease.customer().0, Instant::now());
    // A panic must not take the worker with it: the job is tried again, others are run.
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut lease)));
    let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("the job panicked")));
    metrics::histogram!("guestlog_job_duration_seconds", "kind" => kind).record(began.elapsed().as_secs_f64());
    let told = match &outcome {
        Ok(_) => "done",
        Err(_) if app.jobs_stop() => "stopped",
        Err(_) => "failed",
    };
    metrics::counter!("guestlog_jobs_total", "kind" => kind, "outcome" => told).increment(1);
    match outcome {
        Ok(next) => lease.finish(next),
        // The next start, or another node, goes on with it.
        Err(_) if app.jobs_stop() => lease.fail(0),
        Err(error) => {
            let (attempts, job) = (lease.attempts() + 1, lease.kind());
            let pause_s = pause_s(attempts);
            tracing::warn!(job = kind, customer, attempts, pause_s, error = %chain(&error), "a job failed");
            lease.fail(pause_s)?;
            app.job_failed(job)
        }
    }
}

/// A pause that grows with the attempts, jittered by a quarter so that nodes do not meet again.
fn pause_s(attempts: u32) -> i64 {
    let full = FIRST_PAUSE_S.saturating_mul(1 << attempts.clamp(1, 20).saturating_sub(1)).min(LONGEST_PAUSE_S);
    let mut byte = [0_u8; 1];
    // Without randomness the pause is merely not jittered.
    let _ = getrandom::fill(&mut byte);
    (full - full * i64::from(byte[0]) / 1_024).max(1)
}

/// An error with what stands behind it.
pub(super) fn chain(error: &Error) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        for (attempts, full) in [(0, 2), (1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (u32::MAX, 600)] {
            for _ in 0..50 {
                let pause = pause_s(attempts);
                assert!(pause >= (full * 3 / 4).max(1) && pause <= full, "{attempts}: {pause}");
            }
        }
    }
}
