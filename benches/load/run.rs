//! One run: a program, fresh, over a fresh database; filled, measured, counted.

use crate::cases::{Case, EVENTS_EACH, Task};
use crate::check::{self, Counts};
use crate::client::{Client, Target};
use crate::idle::{self, Ticks};
use crate::payload::Stream;
use crate::place::{self, Kind, Place};
use crate::reconciliation::Lists;
use crate::requests::{Deletions, FILL, Fill, Ingest, Reads};
use crate::server::{Program, Server};
use crate::slow::Slowed;
use crate::work::{Tally, Work};
use crate::{closed, open};
use guestlog::clock::Clock;
use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How everything is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    pub time: Duration,
    /// A check that everything works: little of everything, and no figure means anything.
    pub is_short: bool,
    /// Another build of this program, for [`Program::Before`].
    pub against: Option<PathBuf>,
    /// Settings that differ from the product's own, of [`Program::Guestlog`] alone.
    pub settings: Vec<(String, String)>,
    /// Requests a second of an open loop.
    pub rate_per_s: f64,
    /// By how many milliseconds each flush to disk takes longer.
    pub slower_flush_ms: u32,
}

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    pub per_s: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub idle: Option<f64>,
    pub refused: u64,
    /// Why it counts for nothing, if so.
    pub dropped: Option<String>,
}

impl Measured {
    pub fn dropped(why: String) -> Self {
        Self { dropped: Some(why), ..Self::default() }
    }
}

/// Measures a server.
pub async fn of_server(case: &Case, program: Program, kind: Kind, plan: &Plan) -> Measured {
    let place = Place::new(kind);
    let server = match Server::start(program, &place, plan) {
        Ok(server) => server,
        Err(why) => return Measured::dropped(why),
    };
    let run = Run { case, program, place: &place, server: &server, plan, stream: Rc::new(stream()) };
    let outcome = match ready(&server).await {
        Ok(()) => run.measure().await,
        Err(why) => Err(why),
    };
    outcome.unwrap_or_else(Measured::dropped)
}

/// Events of the last day, for older ones would make nobody.
fn stream() -> Stream {
    Stream::new(Clock::System.now().plus_seconds(-86_400).micros())
}

/// Waits until a server says that it is ready.
async fn ready(server: &Server) -> Result<(), String> {
    let target = Target { method: "GET", path: "/readyz".to_owned(), content_type: None };
    let began = Instant::now();
    loop {
        let mut client = Client::of(server).await.map_err(|error| error.to_string())?;
        if client.send(&target, &[]).await.is_ok_and(|status| status == 200) {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(20) {
            return Err("the server does not become ready".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

struct Run<'r> {
    case: &'r Case,
    program: Program,
    place: &'r Place,
    server: &'r Server,
    plan: &'r Plan,
    stream: Rc<Stream>,
}

impl Run<'_> {
    async fn measure(&self) -> Result<Measured, String> {
        match self.case.task {
            Task::Single | Task::Batch | Task::Lines => self.ingest().await,
            Task::Deletion => self.deletion().await,
            Task::List | Task::RollCall | Task::Export => self.reads().await,
            Task::Reconciliation => self.reconciliation().await,
        }
    }

    async fn ingest(&self) -> Result<Measured, String> {
        let left = Cell::new(Stream::START);
        let start = Ingest { stream: Rc::clone(&self.stream), task: Task::Batch, left };
        // One connection, so that the events arrive in order; then single ones, until code and caches are warm.
        let before = finish(closed::run(self.server, Rc::new(start), 1, Duration::MAX).await)?;
        let endless =
            |task| Rc::new(Ingest { stream: Rc::clone(&self.stream), task, left: Cell::new(u64::MAX) }) as Rc<dyn Work>;
        let warm = closed::run(self.server, endless(self.case.task), self.case.connections, self.plan.time / 5).await;
        let before = before + finish(warm)?;
        self.settle();
        let is_postgres = self.place.kind == Kind::Postgres;
        let slowed = (self.plan.slower_flush_ms > 0 && is_postgres).then(|| Slowed::by(self.plan.slower_flush_ms));
        let (mut measured, acknowledged) = self.timed(endless(self.case.task)).await?;
        drop(slowed);
        if measured.p50_ms < f64::from(self.plan.slower_flush_ms) {
            measured.dropped = Some("the flushes are not slower".to_owned());
        }
        if self.program != Program::Nothing {
            let wrong = check::against_acknowledged(check::counts(self.place), before + acknowledged);
            measured.dropped = measured.dropped.or(wrong.err());
        }
        Ok(measured)
    }

    async fn deletion(&self) -> Result<Measured, String> {
        let most = if self.place.kind == Kind::Sqlite { 700.0 } else { 1_500.0 };
        let first = if self.plan.is_short { 4 } else { 200 };
        let guests = first + (self.plan.time.as_secs_f64() * most) as u64;
        let filled = self.fill(guests, EVENTS_EACH).await?;
        let deletions = |first, guests| Rc::new(Deletions { guests, taken: Cell::new(first) });
        let warm = closed::run(self.server, deletions(0, first), self.case.connections, Duration::MAX).await;
        let warm = finish(warm)?;
        let is_ours = matches!(self.program, Program::Guestlog | Program::Before);
        if is_ours && self.place.kind == Kind::Postgres && !self.plan.is_short {
            // PostgreSQL's comes once an hour and locks tables; within a few seconds it would count a thousandfold.
            check::await_scrub(self.place).await?;
        }
        self.settle();
        let (mut measured, deleted) = self.timed(deletions(first, guests)).await?;
        let wrong = check::against_deleted(filled, check::counts(self.place), warm + deleted, EVENTS_EACH);
        measured.dropped = measured.dropped.or(wrong.err());
        Ok(measured)
    }

    async fn reads(&self) -> Result<Measured, String> {
        let few = self.plan.is_short;
        let (guests, events, least_bytes) = match self.case.task {
            // An odd number leaves everybody in.
            Task::RollCall => (200, if few { 3 } else { 11 }, 200 * 100),
            Task::Export => (if few { 50 } else { 1_000 }, EVENTS_EACH, 8_000),
            _ => (if few { 50 } else { 1_000 }, EVENTS_EACH, EVENTS_EACH * 150),
        };
        self.fill(guests, events).await?;
        let least_bytes = usize::try_from(least_bytes).unwrap();
        let work = |task| Rc::new(Reads { task, guests, least_bytes, taken: Cell::new(0) });
        finish(closed::run(self.server, work(self.case.task), self.case.connections, self.plan.time / 5).await)?;
        Ok(self.timed(work(self.case.task)).await?.0)
    }

    async fn reconciliation(&self) -> Result<Measured, String> {
        let guests = if self.plan.is_short { 500 } else { 100_000 };
        self.fill(guests, 1).await?;
        let lists = Rc::new(Lists::new(guests));
        let (mut measured, _) = self.timed(Rc::clone(&lists) as Rc<dyn Work>).await?;
        let wrong = lists.carry_out(self.server, self.place).await;
        measured.dropped = measured.dropped.or(wrong.err());
        Ok(measured)
    }

    /// Fills the database, through the server as everything else.
    async fn fill(&self, guests: u64, events_each: u64) -> Result<Counts, String> {
        let work = Fill { stream: Rc::clone(&self.stream), guests, events_each, taken: Cell::new(0) };
        // Nobody may be twice under way, or events would overtake each other.
        let connections = if guests < 2 * FILL { 1 } else { 2 };
        let acknowledged = finish(closed::run(self.server, Rc::new(work), connections, Duration::MAX).await)?;
        self.settle();
        let found = check::counts(self.place);
        check::against_acknowledged(found, acknowledged).map(|()| found)
    }

    /// Brings the database to the state in which it would be after a while, so that no run pays for its own beginning.
    fn settle(&self) {
        if self.place.kind == Kind::Postgres {
            check::analyse(self.place);
        }
        if !self.plan.is_short {
            place::settle();
        }
    }

    /// The part that counts.
    async fn timed(&self, work: Rc<dyn Work>) -> Result<(Measured, u64), String> {
        let (connections, time) = (self.case.connections, self.plan.time);
        let ticks = Ticks::now();
        let (tally, began) = if self.case.is_open {
            open::run(self.server, work, connections, self.plan.rate_per_s, time).await
        } else {
            closed::run(self.server, work, connections, time).await
        };
        let idle = idle::share(ticks, Ticks::now());
        let measured = of_tally(&tally, began, idle);
        Ok((measured, tally.acknowledged.get()))
    }
}

/// What was acknowledged, unless something went wrong.
fn finish((tally, _): (Rc<Tally>, Instant)) -> Result<u64, String> {
    match tally.fault.borrow_mut().take() {
        Some(why) => Err(format!("before the measurement: {why}")),
        None => Ok(tally.acknowledged.get()),
    }
}

fn of_tally(tally: &Tally, began: Instant, idle: Option<f64>) -> Measured {
    let latencies = tally.latencies();
    let took = tally.took(began).as_secs_f64();
    let acknowledged = tally.acknowledged.get();
    let nothing = (acknowledged == 0).then(|| "nothing was acknowledged".to_owned());
    Measured {
        per_s: if took > 0.0 { acknowledged as f64 / took } else { 0.0 },
        p50_ms: latencies.at_ms(50.0),
        p99_ms: latencies.at_ms(99.0),
        p999_ms: latencies.at_ms(99.9),
        idle,
        refused: tally.refused.get(),
        dropped: tally.fault.borrow_mut().take().or(nothing),
    }
}
