//! The limit of the database itself: rows encoded beforehand, written into the same tables by as many connections as
//! our server has writers, with nobody to serve.
//!
//! PostgreSQL takes them by `COPY` in its binary form, SQLite by prepared statements; a transaction holds 100 or 1,000
//! events. It writes what an event of ours leaves behind, but nothing is sealed, and a visit is written once, when the
//! guest comes, with its end: so it is above what any server could reach.

mod copy;
mod rows;

use crate::check;
use crate::histogram::Latencies;
use crate::idle::{self, Ticks};
use crate::place::{self, Kind, Place};
use crate::run::{Measured, Plan};
use crate::straightforward::{SQLITE, Statements, prepare};
use copy::Copied;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::config::Sources;
use guestlog::store::{Db, Options};
use rows::{Rows, batches, hosts};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Events that are made ready a second: more than can be written.
const EVENTS_PER_S: f64 = 60_000.0;

/// Measures transactions of `batch` events.
pub fn measure(kind: Kind, batch: usize, plan: &Plan) -> Measured {
    let place = Place::new(kind);
    let db = Db::open(&Options::new(&*place.url)).unwrap();
    db.migrate().unwrap();
    db.close();
    let count = (plan.time.as_secs_f64() * EVENTS_PER_S) as usize / batch;
    let (written, began, idle) = match kind {
        Kind::Postgres => {
            let mut first = PgConnection::establish(&place.url).unwrap();
            check::assert_postgres_durable(&mut first);
            begin(&mut first);
            let ready = (0..writers()).map(|writer| {
                let batches: Vec<Copied> = batches(writer, batch, count / 2).iter().map(Copied::of).collect();
                (PgConnection::establish(&place.url).unwrap(), batches)
            });
            together(ready.collect(), plan, |conn, batch| batch.write(conn))
        }
        Kind::Sqlite => {
            let mut conn = SqliteConnection::establish(place::path(&place.url)).unwrap();
            conn.batch_execute(SQLITE).unwrap();
            check::assert_sqlite_durable(&mut conn);
            begin(&mut conn);
            together(vec![(conn, batches(0, batch, count))], plan, insert)
        }
    };
    let mut latencies = Latencies::new();
    for (_, took) in &written {
        latencies.note(*took);
    }
    let last = written.iter().map(|(ended, _)| *ended).max().unwrap_or(began);
    let acknowledged = (written.len() * batch) as u64;
    Measured {
        per_s: acknowledged as f64 / (last - began).as_secs_f64(),
        p50_ms: latencies.at_ms(50.0),
        p99_ms: latencies.at_ms(99.0),
        p999_ms: latencies.at_ms(99.9),
        idle,
        refused: 0,
        dropped: check::against_acknowledged(check::counts(&place), acknowledged).err(),
    }
}

/// As many as our server has on PostgreSQL, when nothing else is set.
fn writers() -> u32 {
    Sources::default().load().unwrap().database.writers
}

fn begin<C: Statements>(conn: &mut C) {
    prepare(conn).unwrap();
    for host in hosts() {
        conn.add_person(&host).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the only one who writes")]
fn insert(conn: &mut SqliteConnection, rows: &Rows) -> QueryResult<()> {
    conn.transaction(|c| {
        rows.people.iter().try_for_each(|row| c.add_person(row).map(drop))?;
        rows.visits.iter().try_for_each(|row| c.add_visit(row).map(drop))?;
        rows.events.iter().try_for_each(|row| c.add_event(row).map(drop))?;
        rows.hosts.iter().try_for_each(|row| c.add_host(row).map(drop))?;
        rows.recipients.iter().try_for_each(|row| c.add_recipient(row).map(drop))
    })
}

/// When each transaction ended and how long it took; when all began; the idle share.
type Written = (Vec<(Instant, Duration)>, Instant, Option<f64>);

/// Writes on all connections at once, until the time is over or there is nothing left.
fn together<C: Send, B: Send>(
    ready: Vec<(C, Vec<B>)>,
    plan: &Plan,
    write: impl Fn(&mut C, &B) -> QueryResult<()> + Sync,
) -> Written {
    if !plan.is_short {
        place::settle();
    }
    let (start, write) = (Barrier::new(ready.len() + 1), &write);
    std::thread::scope(|scope| {
        let threads: Vec<_> = ready
            .into_iter()
            .map(|(mut conn, batches)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let began = Instant::now();
                    let mut written = Vec::new();
                    for batch in batches {
                        let at = Instant::now();
                        if at - began >= plan.time {
                            break;
                        }
                        write(&mut conn, &batch).unwrap();
                        written.push((Instant::now(), at.elapsed()));
                    }
                    written
                })
            })
            .collect();
        let (ticks, began) = (Ticks::now(), Instant::now());
        start.wait();
        let written = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        (written, began, idle::share(ticks, Ticks::now()))
    })
}
