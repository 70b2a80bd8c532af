//! Getting what was erased out of the database's files (REQUIREMENTS S-44), after the erasure and apart from it.
//!
//! On SQLite: what `secure_delete` leaves in the unused middle of pages is overwritten, then the write-ahead log is
//! emptied into the file. On PostgreSQL: tables are written anew up to a size, larger ones only vacuumed.

use super::jobs::{Kind, Lease, Next, SERVICE};
use super::{Core, notices};
use crate::domain::Timestamp;
use crate::error::Error;
use crate::store::scrub::{self, postgres, sqlite};
use crate::store::{self, Conn};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The kind of the notice that scrubs have failed for long.
pub const FAILING: &str = "scrub_failing";
/// How long an erasure may wait before the operator is told, and from one notice to the next.
const PATIENCE_S: i64 = 86_400;
/// Pages that are overwritten in one transaction, while events wait.
const PAGES: usize = 256;
/// A scrub of SQLite may take one part in so many of the time.
const SHARE: i64 = 20;
/// How long writers of SQLite are held back at each attempt to empty the log.
const EMPTYING_MS: u32 = 200;
/// How often it is attempted while somebody reads.
const ATTEMPTS: u32 = 10;
/// Between two attempts, while others get their turn.
const BREATH: Duration = Duration::from_millis(300);
/// How long transactions are waited for that may still see what was deleted.
const OTHERS: Duration = Duration::from_secs(35);
/// How long a statement may take on PostgreSQL: less than half of the job's lease, which may be what is left of it.
const STATEMENT_S: i64 = 1_700;
const MEBIBYTE: i64 = 1_048_576;

/// The shortest time from one scrub to the next: the setting's, and on SQLite longer when a scrub takes long.
pub(super) fn pause_s(core: &Core) -> i64 {
    let settings = &core.settings.erasure;
    if core.db.is_sqlite() {
        let took_ms = core.jobs.scrub_took_ms.load(Ordering::Relaxed);
        i64::from(settings.scrub_interval_seconds).max(took_ms * SHARE / 1_000)
    } else {
        i64::from(settings.vacuum_interval_minutes) * 60
    }
}

/// Scrubs the files.
pub(crate) fn run(lease: &mut Lease) -> Result<Next, Error> {
    let core = lease.core.clone();
    let began = Instant::now();
    let mut conn = scrub::open(&core.db, STATEMENT_S)?;
    if core.db.is_sqlite() {
        of_sqlite(lease, &mut conn)?;
    } else {
        of_postgres(lease, &mut conn)?;
    }
    let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    core.jobs.scrub_took_ms.store(took_ms, Ordering::Relaxed);
    succeeded(core.clock.now());
    Ok(Next::when_queued())
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; seconds since 1970 stay far below 2^53")]
fn succeeded(at: Timestamp) {
    metrics::gauge!("guestlog_scrub_last_success_timestamp_seconds").set((at.micros() / 1_000_000) as f64);
}

fn of_sqlite(lease: &mut Lease, conn: &mut Conn) -> Result<(), Error> {
    let settings = lease.core.db.write(|tx| Ok(store::doctor::settings(tx)?))?;
    if !settings.iter().any(|(name, value)| *name == "secure_delete" && value == "1") {
        return Err(Error::internal("secure_delete is off: what is deleted is not overwritten"));
    }
    if sqlite::shows_pages(conn)? {
        let soiled = sqlite::soiled(conn)?;
        for pages in soiled.chunks(PAGES) {
            lease.renew()?;
            sqlite::wipe(conn, pages)?;
        }
        metrics::counter!("guestlog_scrub_pages_total").increment(soiled.len() as u64);
    } else {
        sqlite::rewrite(conn)?;
    }
    empty_log(conn, ATTEMPTS, || lease.renew())
}

/// Empties the log into the file, and is sure of it.
fn empty_log(conn: &mut Conn, attempts: u32, mut between: impl FnMut() -> Result<(), Error>) -> Result<(), Error> {
    for attempt in 1..=attempts {
        // Most of it goes without holding anybody back.
        sqlite::move_log(conn)?;
        let emptied = sqlite::empty_log(conn, EMPTYING_MS)?;
        if emptied.is_whole() {
            return Ok(());
        }
        tracing::debug!(attempt, ?emptied, "the write-ahead log is still read from");
        if attempt < attempts {
            std::thread::sleep(BREATH);
            between()?;
        }
    }
    Err(Error::unavailable("readers keep the write-ahead log from being emptied"))
}

/// Empties SQLite's log once more before the end, when an erasure still waits for it.
///
/// Closing the last connection would do the same, but silently not when another process has the file open. The job
/// stays queued: the next start does what else belongs to it.
pub(crate) fn at_stop(core: &Core) -> Result<(), Error> {
    if !core.db.is_sqlite() {
        return Ok(());
    }
    let now = core.clock.now();
    let waits = core.read(|view| {
        let job = store::jobs::find(view.conn, SERVICE, Kind::Scrub.as_str(), 0)?;
        Ok(job.is_some_and(|job| job.due_at <= now))
    })?;
    if waits { empty_log(&mut scrub::open(&core.db, STATEMENT_S)?, 3, || Ok(())) } else { Ok(()) }
}

fn of_postgres(lease: &mut Lease, conn: &mut Conn) -> Result<(), Error> {
    let foreign = postgres::foreign(conn)?;
    if !foreign.is_empty() {
        let why = format!("these tables belong to another role, which alone can vacuum them: {}", foreign.join(", "));
        return Err(Error::internal(why));
    }
    await_others(lease, conn)?;
    let rewrite_max = i64::from(lease.core.settings.erasure.rewrite_max_mb) * MEBIBYTE;
    let mut only_vacuumed = 0_u32;
    for table in postgres::TABLES {
        lease.renew()?;
        let size = postgres::size(conn, table)?;
        if size > rewrite_max {
            only_vacuumed += 1;
        } else if size > 0 {
            patiently(lease, || Ok(postgres::rewrite(conn, table)?))?;
        }
        // After a rewrite too: it alone notes which pages need not be looked at, for scans of indexes.
        patiently(lease, || Ok(postgres::vacuum(conn, table)?))?;
    }
    metrics::gauge!("guestlog_scrub_tables_only_vacuumed").set(f64::from(only_vacuumed));
    Ok(())
}

/// Waits for transactions that may still see what was deleted before now: neither statement would remove that.
fn await_others(lease: &mut Lease, conn: &mut Conn) -> Result<(), Error> {
    let (horizon, began) = (postgres::horizon(conn)?, Instant::now());
    loop {
        let held_back = postgres::held_back(conn, horizon)?;
        if held_back == 0 {
            return Ok(());
        }
        if began.elapsed() >= OTHERS {
            let why = format!("{held_back} older transactions, standbys or prepared ones may still see deleted rows");
            return Err(Error::unavailable(why));
        }
        std::thread::sleep(BREATH);
        lease.renew()?;
    }
}

/// Tries again when a lock is not to be had in time.
fn patiently(lease: &mut Lease, mut statement: impl FnMut() -> Result<(), Error>) -> Result<(), Error> {
    for _ in 1..ATTEMPTS {
        match statement() {
            Err(Error::Unavailable(why)) => tracing::debug!(error = %why, "a table is in use; the scrub waits"),
            outcome => return outcome,
        }
        std::thread::sleep(BREATH);
        lease.renew()?;
    }
    statement()
}

/// Tells the operator when an erasure has waited for long, once a day.
pub(crate) fn failed(core: &Core) -> Result<(), Error> {
    core.write(|work| {
        let job = store::jobs::find(work.tx, SERVICE, Kind::Scrub.as_str(), 0)?;
        let Some(since) = scrub::waiting_since(work.tx, job.as_ref().and_then(|job| job.ran_at))? else {
            return Ok(());
        };
        let recently = |at: Timestamp| work.now.seconds_since(at) < PATIENCE_S;
        if recently(since) || store::notices::last_raised(work.tx, SERVICE, FAILING)?.is_some_and(recently) {
            return Ok(());
        }
        let attempts = job.map_or(0, |job| job.attempts);
        notices::raise(work, None, FAILING, &json!({ "waiting_since": since, "attempts": attempts }))
    })
}

/// Shows when the last scrub did well, also one before this start or of another node.
pub(crate) fn show_last(core: &Core) -> Result<(), Error> {
    let job = core.read(|view| Ok(store::jobs::find(view.conn, SERVICE, Kind::Scrub.as_str(), 0)?))?;
    if let Some(at) = job.and_then(|job| job.ran_at) {
        succeeded(at);
    }
    Ok(())
}
