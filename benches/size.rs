//! What a database takes for an event, and what deletion and the reads take among few events and among many.
//!
//! `cargo bench --bench size` loads 10,000 and 1,000,000 events into each database; `-- EVENTS…` other numbers, the
//! ratios are those of the first and the last. `--keep DIR` leaves the databases, and finds them there the next time.
//! PostgreSQL is measured when `GUESTLOG_TEST_POSTGRES_URL` names one.
//!
//! However many there are, the same number of guests comes in a day, so more events are a longer past, and an answer is
//! as long among many as among few. Every deleted person is replaced by a new one. The cases take turns, so that
//! whatever else the machine does meets all of them alike.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

#[path = "../tests/it/client.rs"]
mod client;
#[path = "../tests/it/harness.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod harness;

use client::Client;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use guestlog::app::ingest::{Item, Outcome};
use guestlog::app::{self, App, customers};
use guestlog::clock::Clock;
use guestlog::config::{Settings, Sources};
use guestlog::domain::{PublicId, Timestamp};
use harness::{Answer, Home, Kind, Served, Site, key, serve, site};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Events of each person: ten visits.
const EVENTS: u64 = 20;
/// Times that each task is measured in each case.
const TURNS: u64 = 400;
/// Times before those, while caches fill.
const WARM_UP: u64 = 20;
/// Events of one transaction of the load.
const BATCH: usize = 1_000;
/// Seconds from one arrival to the next: a hundred guests are in at a time.
const GAP_S: u64 = 36;
/// Guests who are in now.
const IN_NOW: u64 = 100;
/// Arrivals between a guest's and the departure's being stored.
const LATER: u64 = 100;
const TASKS: [&str; 9] = [
    "deletion",
    "a person's events",
    "roll call now",
    "roll call then",
    "page",
    "page of a type",
    "day",
    "visits",
    "export",
];

/// A database of a size.
struct Case {
    kind: Kind,
    events: u64,
    began: Timestamp,
    served: Served,
    client: Client,
    key: String,
    site: Site,
    /// Who has the place of whom by now.
    names: Vec<u64>,
    /// Deletions that were ever made.
    turns: u64,
    took: [Vec<Duration>; TASKS.len()],
    place: Place,
}

/// Where a database and its files are.
struct Place {
    url: String,
    dir: PathBuf,
    /// Says where, to the next run.
    record: Option<PathBuf>,
    /// Takes everything away when dropped.
    home: Option<Home>,
}

impl Place {
    fn settings(&self) -> Settings {
        let sources = Sources::default()
            .with("data_dir", self.dir.display().to_string())
            .with("database.url", self.url.clone())
            .with("http.listen", "127.0.0.1:0")
            .with("http.workers", "1")
            .with("metrics.listen", "127.0.0.1:0");
        sources.load().unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        PgConnection::establish(&self.url)
            .map(|mut conn| diesel::sql_query(sql).get_result::<Count>(&mut conn).unwrap().count)
            .unwrap()
    }

    /// Bytes of the whole database.
    fn bytes(&self, kind: Kind) -> i64 {
        match kind {
            Kind::Sqlite => {
                let path = self.url.trim_start_matches("sqlite://");
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
                std::fs::metadata(path).unwrap().len().cast_signed()
            }
            Kind::Postgres => self.number("SELECT pg_database_size(current_database()) AS count"),
        }
    }
}

impl Case {
    /// A database that an earlier run has left, or a new one.
    fn at(kind: Kind, events: u64, keep: Option<&Path>) -> Self {
        let record = keep.map(|dir| dir.join(format!("{kind:?}-{events}.json").to_lowercase()));
        let kept: Option<Value> = record
            .as_ref()
            .and_then(|path| std::fs::read(path).ok())
            .map(|bytes| serde_json::from_slice(&bytes).unwrap());
        let Some(kept) = kept else { return Self::load(kind, events, record) };
        let text = |name: &str| kept[name].as_str().unwrap();
        let place = Place { url: text("url").to_owned(), dir: text("dir").into(), record, home: None };
        app::open_db(&place.settings()).unwrap().migrate().unwrap();
        let app = App::open(place.settings(), Clock::System).unwrap();
        let customer: PublicId = PublicId(text("customer").parse().unwrap());
        let id = app.read_blocking(|view| customers::internal_id(view, customer)).unwrap();
        let site = Site { customer, id, number: "L-1".to_owned() };
        let mut case = Self::over(kind, events, Timestamp::parse(text("began")).unwrap(), &app, site, place);
        let turns = kept["turns"].as_u64().unwrap();
        for turn in 0..turns {
            case.replace(turn);
        }
        case.turns = turns;
        case
    }

    fn load(kind: Kind, events: u64, record: Option<PathBuf>) -> Self {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = site(&app, "L-1");
        let place = Place { url: home.url.clone(), dir: home.dir.clone(), record, home: Some(home) };
        let mut case = Self::over(kind, events, app.clock().now(), &app, site, place);
        let empty = case.place.bytes(kind);
        let loading = Instant::now();
        // One guest after the other, then each of them again: the visits of a person lie apart, as they do in life.
        let visits = events / 2;
        case.ingest((0..visits + LATER).flat_map(|n| {
            let (people, departure) = (case.names.len() as u64, n.checked_sub(LATER));
            let arrival = (n < visits).then(|| (n % people, n % people, n / people * 2));
            let departure = departure.map(|n| (n % people, n % people, n / people * 2 + 1));
            arrival.into_iter().chain(departure)
        }));
        case.let_in();
        if kind == Kind::Postgres {
            let mut conn = PgConnection::establish(&case.place.url).unwrap();
            for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
                conn.batch_execute(sql).unwrap();
            }
        }
        let bytes = case.place.bytes(kind) - empty;
        let each = bytes / events.cast_signed();
        eprintln!("{kind:?}: {events} events in {:.0?}, {each} bytes each", loading.elapsed());
        case.keep();
        case
    }

    fn over(kind: Kind, events: u64, began: Timestamp, app: &App, site: Site, place: Place) -> Self {
        let key = key(app, Some(site.customer), "people:delete,people:read,events:read,rights", None);
        let served = serve(app);
        let client = Client::new(served.address);
        let names = (0..events / EVENTS).collect();
        Self { kind, events, began, served, client, key, site, names, turns: 0, took: Default::default(), place }
    }

    /// Leaves the database to the next run, when that is wanted.
    fn keep(&mut self) {
        let Some(record) = &self.place.record else { return };
        let said = json!({
            "url": self.place.url, "dir": self.place.dir, "began": self.began.to_string(), "turns": self.turns,
            "customer": self.site.customer.to_string(),
        });
        std::fs::write(record, said.to_string()).unwrap();
        if let Some(home) = self.place.home.take() {
            std::mem::forget(home);
        }
    }

    /// Stores events: of whom, in whose place, and the number of each among the person's.
    fn ingest(&self, events: impl Iterator<Item = (u64, u64, u64)>) {
        let mut items = events.map(|(name, place, n)| {
            let visit = place + n / 2 * self.names.len() as u64;
            let back = (self.events / 2 - visit) * GAP_S + 2 * 3_600;
            let stay = (n % 2) * (20 + visit % 80) * 60;
            let kind = ["visit.checked_in", "visit.checked_out"][usize::from(n % 2 == 1)];
            self.item(&format!("guest-{name}"), kind, stay.cast_signed() - back.cast_signed(), name + n)
        });
        loop {
            let batch: Vec<Item> = items.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return;
            }
            self.store(&batch);
        }
    }

    fn store(&self, batch: &[Item]) {
        let outcomes = self.served.app.ingest_blocking(batch).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
    }

    fn let_in(&self) {
        let items: Vec<Item> =
            (0..IN_NOW).map(|n| self.item(&format!("in-{n}"), "visit.checked_in", -600 - n.cast_signed(), n)).collect();
        self.store(&items);
    }

    fn item(&self, person: &str, kind: &str, seconds: i64, n: u64) -> Item {
        let host = n * 7 % (self.names.len() as u64 / 50).max(1);
        let at = self.began.plus_seconds(seconds);
        let made = uuid::Timestamp::from_unix(uuid::NoContext, (at.micros() / 1_000_000).cast_unsigned(), 0);
        let id = uuid::Uuid::new_v7(made);
        let event = json!({
            "id": id, "type": kind, "license_number": self.site.number, "device": "reception-1",
            "occurred_at": at.to_string(), "ip": "203.0.113.7",
            "person": {"ref": person, "name": "Åse Ø", "email": format!("{person}@example.dk"), "company": "Firma A/S"},
            "host": {"ref": format!("host-{host}"), "name": "Vært"},
            "recipients": [{"ref": format!("host-{host}"), "channel": "sms", "address": "+4512345678"}],
        });
        let event = serde_json::from_value(event).unwrap();
        Item { customer: self.site.id, bound_to: None, peer: None, event, any_age: true }
    }

    fn turn(&mut self) {
        let turn = self.turns;
        let (place, gone, new) = self.replace(turn);
        let deleted = self.ask(0, "DELETE", &format!("/v1/people/guest-{gone}")).json()["erased"].clone();
        assert_eq!((&deleted["people"], &deleted["events"]), (&json!(1), &json!(EVENTS)));
        self.ingest((0..EVENTS).map(|n| (new, place, n)));
        let other = self.names[usize::try_from((turn * 104_729 + 13) % self.names.len() as u64).unwrap()];
        let found = self.list(1, &format!("/v1/events?person=guest-{other}&limit=200"));
        assert_eq!(found, usize::try_from(EVENTS).unwrap());
        assert_eq!(self.list(2, "/v1/visits/on-site?license=L-1"), usize::try_from(IN_NOW).unwrap());
        // Anywhere but in the first and the last hours.
        let past = self.events / 2 * GAP_S - 30 * 3_600;
        let then = self.began.plus_seconds(-(3 * 3_600 + (turn * 7_919_003 % past).cast_signed()));
        let found = self.list(3, &format!("/v1/visits/on-site?license=L-1&at={then}"));
        assert!((80..=120).contains(&found), "{found} were in at {then}");
        assert_eq!(self.list(4, "/v1/events"), 50);
        assert_eq!(self.list(5, "/v1/events?type=visit.checked_out&license=L-1"), 50);
        let day = then.plus_seconds(-86_400);
        let counts = self.ask(6, "GET", &format!("/v1/statistics/visits?by=hour&license=L-1&from={day}&to={then}"));
        let arrived: u64 =
            counts.json()["data"].as_array().unwrap().iter().map(|c| c["arrived"].as_u64().unwrap()).sum();
        assert!((2_390..=2_410).contains(&arrived), "{arrived} came on the day before {then}");
        assert_eq!(self.list(7, "/v1/visits"), 50);
        // Of somebody of whom nothing was read just now.
        let other = self.names[usize::try_from((turn * 15_485_863 + 17) % self.names.len() as u64).unwrap()];
        let file = self.ask(8, "GET", &format!("/v1/people/guest-{other}/export"));
        assert!(file.bytes.starts_with(b"PK"), "a ZIP file");
        self.turns += 1;
    }

    /// Whose place is taken at a turn, by whom he had it and by whom it is had then.
    fn replace(&mut self, turn: u64) -> (u64, u64, u64) {
        let all = self.names.len() as u64;
        // A step that shares no factor with their number leads through all of them.
        let place = turn * 7_919 % all;
        let gone = std::mem::replace(&mut self.names[usize::try_from(place).unwrap()], all + turn);
        (place, gone, all + turn)
    }

    fn ask(&mut self, task: usize, method: &str, path: &str) -> Answer {
        let began = Instant::now();
        let answer = self.client.send(method, path, Some(&self.key), &[], None).unwrap();
        self.took[task].push(began.elapsed());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer
    }

    fn list(&mut self, task: usize, path: &str) -> usize {
        self.ask(task, "GET", path).json()["data"].as_array().unwrap().len()
    }

    /// Of so many in a thousand it took no longer, in milliseconds.
    fn took(&self, task: usize, per_mille: usize) -> f64 {
        let mut took = self.took[task].clone();
        took.sort_unstable();
        took[(took.len() - 1) * per_mille / 1_000].as_secs_f64() * 1_000.0
    }
}

#[expect(clippy::disallowed_methods, reason = "says whether there is a PostgreSQL to measure")]
fn kinds() -> Vec<Kind> {
    let postgres = std::env::var("GUESTLOG_TEST_POSTGRES_URL").is_ok().then_some(Kind::Postgres);
    std::iter::once(Kind::Sqlite).chain(postgres).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let keep = arguments.iter().position(|argument| argument == "--keep").map(|at| PathBuf::from(&arguments[at + 1]));
    if let Some(dir) = &keep {
        std::fs::create_dir_all(dir).unwrap();
    }
    let asked: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![10_000, 1_000_000] } else { asked };
    assert!(sizes.iter().all(|size| size / EVENTS > TURNS + WARM_UP), "too few to delete from");
    let mut cases: Vec<Case> = kinds()
        .into_iter()
        .flat_map(|kind| sizes.iter().map(move |size| (kind, *size)))
        .map(|(kind, size)| Case::at(kind, size, keep.as_deref()))
        .collect();
    for turn in 0..WARM_UP + TURNS {
        for case in &mut cases {
            case.turn();
            if turn < WARM_UP {
                case.took = Default::default();
            }
        }
    }
    println!("over HTTP, {TURNS} times each, in milliseconds; a person has {EVENTS} events");
    println!("{:<10} {:<18} {:>10} {:>8} {:>8}  to the first", "database", "task", "events", "median", "p99");
    for of in cases.chunks(sizes.len()) {
        for (task, name) in TASKS.into_iter().enumerate() {
            for case in of {
                let (median, p99) = (case.took(task, 500), case.took(task, 990));
                let (kind, events) = (format!("{:?}", case.kind), case.events);
                let ratios = (median / of[0].took(task, 500), p99 / of[0].took(task, 990));
                println!(
                    "{kind:<10} {name:<18} {events:>10} {median:>8.2} {p99:>8.2}  {:.2} {:.2}",
                    ratios.0, ratios.1
                );
            }
        }
    }
    for case in &mut cases {
        case.keep();
    }
}
