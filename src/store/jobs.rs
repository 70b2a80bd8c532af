//! Work to be done later: one row a kind, a customer and a subject.
//!
//! Who claims a job moves its `due_at` to the end of the lease. Whoever queues it meanwhile moves it back to an earlier
//! instant, also when the lease has just run out, so that the end of the run can tell and the job runs again. The lease
//! needs no lock that outlives a statement: of two who claim a row, the second finds the lease of the first.

use super::conn::Conn;
use super::locks;
use super::schema::jobs;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, Timestamp};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// A job's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
pub struct Job {
    /// Whose; 0 is the service itself.
    pub customer_id: CustomerId,
    /// What is to be done.
    pub kind: String,
    /// To what, inside the customer; 0 when the customer says it all.
    pub subject: i64,
    /// Not before.
    pub due_at: Timestamp,
    /// Until when nobody may claim it: it runs, or waits to be tried again.
    pub leased_to: Option<Timestamp>,
    /// How often it has failed since it last ended well.
    pub attempts: i32,
    /// When it last ended well.
    pub ran_at: Option<Timestamp>,
}

/// The row of a job.
macro_rules! row {
    ($job:expr) => {
        jobs::table.find(($job.customer_id, $job.kind.as_str(), $job.subject))
    };
}

/// Makes a job, or moves its `due_at` earlier, never later.
///
/// On PostgreSQL a row that is changed stays locked until the transaction ends, so queue last in it, and several jobs in
/// the order of their kinds. One that is due early enough is let be.
pub fn queue(tx: &mut Tx<'_>, customer: CustomerId, kind: &str, subject: i64, due_at: Timestamp) -> QueryResult<()> {
    queue_all(tx, [(customer, kind, subject, due_at)])
}

/// As [`queue`], for several: customer, kind, subject, and when.
pub fn queue_all<'k>(
    tx: &mut Tx<'_>,
    jobs: impl IntoIterator<Item = (CustomerId, &'k str, i64, Timestamp)>,
) -> QueryResult<()> {
    locks::hold_jobs(tx, false)?;
    jobs.into_iter().try_for_each(|(customer, kind, subject, due_at)| make(tx, customer, kind, subject, due_at))
}

fn make(tx: &mut Tx<'_>, customer: CustomerId, kind: &str, subject: i64, due_at: Timestamp) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl;
    let due_at = match find(tx, customer, kind, subject)? {
        // At its end a lease that has run out would look as if nothing had been queued meanwhile.
        Some(job) if job.leased_to == Some(job.due_at) => {
            let before = Timestamp::from_micros(job.due_at.micros() - 1);
            due_at.min(before.unwrap_or(job.due_at))
        }
        Some(job) if job.due_at <= due_at => return Ok(()),
        _ => due_at,
    };
    let job = Job {
        customer_id: customer,
        kind: kind.to_owned(),
        subject,
        due_at,
        leased_to: None,
        attempts: 0,
        ran_at: None,
    };
    on_each!(tx, |c| diesel::insert_into(jobs::table)
        .values(&job)
        .on_conflict((jobs::customer_id, jobs::kind, jobs::subject))
        .do_update()
        .set(jobs::due_at.eq(excluded(jobs::due_at)))
        .filter(jobs::due_at.gt(excluded(jobs::due_at)))
        .execute(c))?;
    Ok(())
}

/// Jobs of these kinds that are due and that nobody holds, the earliest first.
pub fn due(conn: &mut Conn, kinds: &[&str], now: Timestamp, limit: i64) -> QueryResult<Vec<Job>> {
    jobs::table
        .filter(jobs::due_at.le(now).and(jobs::kind.eq_any(kinds)))
        .filter(jobs::leased_to.is_null().or(jobs::leased_to.le(now)))
        .order((jobs::due_at, jobs::customer_id, jobs::kind, jobs::subject))
        .limit(limit)
        .select(Job::as_select())
        .load(conn)
}

/// Claims a job until `until`, unless another has; says whether.
pub fn claim(tx: &mut Tx<'_>, job: &Job, now: Timestamp, until: Timestamp) -> QueryResult<bool> {
    locks::hold_jobs(tx, true)?;
    let conn: &mut Conn = tx;
    let free = jobs::leased_to.is_null().or(jobs::leased_to.le(now));
    let changed = diesel::update(row!(job).filter(jobs::due_at.le(now)).filter(free))
        .set((jobs::leased_to.eq(until), jobs::due_at.eq(until)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Holds a claimed job for longer; false when another has taken it over.
pub fn renew(tx: &mut Tx<'_>, job: &Job, held_to: Timestamp, until: Timestamp) -> QueryResult<bool> {
    let conn: &mut Conn = tx;
    let quiet = diesel::update(row!(job).filter(jobs::leased_to.eq(held_to).and(jobs::due_at.eq(held_to))))
        .set((jobs::leased_to.eq(until), jobs::due_at.eq(until)))
        .execute(conn)?;
    if quiet == 1 {
        return Ok(true);
    }
    // Queued anew while it runs: that must still be seen at its end.
    let queued =
        diesel::update(row!(job).filter(jobs::leased_to.eq(held_to))).set(jobs::leased_to.eq(until)).execute(conn)?;
    Ok(queued == 1)
}

/// Ends a job that did well: the row goes, or with `next` waits until then. One that was queued anew stays due.
pub fn finish(
    tx: &mut Tx<'_>,
    job: &Job,
    held_to: Timestamp,
    now: Timestamp,
    next: Option<Timestamp>,
) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    let quiet = row!(job).filter(jobs::leased_to.eq(held_to).and(jobs::due_at.eq(held_to)));
    let released = (jobs::leased_to.eq(None::<Timestamp>), jobs::attempts.eq(0), jobs::ran_at.eq(now));
    let changed = match next {
        Some(next) => diesel::update(quiet).set((released, jobs::due_at.eq(next))).execute(conn)?,
        None => diesel::delete(quiet).execute(conn)?,
    };
    if changed == 0 {
        let released = (jobs::leased_to.eq(None::<Timestamp>), jobs::attempts.eq(0), jobs::ran_at.eq(now));
        diesel::update(row!(job).filter(jobs::leased_to.eq(held_to))).set(released).execute(conn)?;
    }
    Ok(())
}

/// Ends a job that failed: nobody may claim it before `again`, even when it is queued anew.
pub fn fail(tx: &mut Tx<'_>, job: &Job, held_to: Timestamp, again: Timestamp) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    diesel::update(row!(job).filter(jobs::leased_to.eq(held_to)))
        .set((jobs::leased_to.eq(again), jobs::due_at.eq(again), jobs::attempts.eq(jobs::attempts + 1)))
        .execute(conn)?;
    Ok(())
}

/// Ends a job that did well, but that nobody may claim before `rests_to`, even when it is queued anew; it is due at
/// `next`.
pub fn rest(
    tx: &mut Tx<'_>,
    job: &Job,
    held_to: Timestamp,
    now: Timestamp,
    rests_to: Timestamp,
    next: Timestamp,
) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    let rested = (jobs::leased_to.eq(rests_to), jobs::attempts.eq(0), jobs::ran_at.eq(now));
    let quiet = row!(job).filter(jobs::leased_to.eq(held_to).and(jobs::due_at.eq(held_to)));
    if diesel::update(quiet).set((rested, jobs::due_at.eq(next))).execute(conn)? == 0 {
        let rested = (jobs::leased_to.eq(rests_to), jobs::attempts.eq(0), jobs::ran_at.eq(now));
        diesel::update(row!(job).filter(jobs::leased_to.eq(held_to))).set(rested).execute(conn)?;
    }
    Ok(())
}

/// One job's row.
pub fn find(conn: &mut Conn, customer: CustomerId, kind: &str, subject: i64) -> QueryResult<Option<Job>> {
    jobs::table.find((customer, kind, subject)).select(Job::as_select()).first(conn).optional()
}

/// How many jobs of these kinds are due, held or not.
pub fn count_due(conn: &mut Conn, kinds: &[&str], now: Timestamp) -> QueryResult<i64> {
    jobs::table.filter(jobs::due_at.le(now).and(jobs::kind.eq_any(kinds))).count().get_result(conn)
}

/// How many jobs of each kind have failed and wait to be tried again.
pub fn failing(conn: &mut Conn) -> QueryResult<Vec<(String, i64)>> {
    jobs::table
        .filter(jobs::attempts.gt(0))
        .group_by(jobs::kind)
        .select((jobs::kind, diesel::dsl::count_star()))
        .load(conn)
}

/// Jobs of these kinds, the earliest first.
pub fn all(conn: &mut Conn, kinds: &[&str], limit: i64) -> QueryResult<Vec<Job>> {
    jobs::table
        .filter(jobs::kind.eq_any(kinds))
        .order((jobs::due_at, jobs::customer_id, jobs::kind, jobs::subject))
        .limit(limit)
        .select(Job::as_select())
        .load(conn)
}
