//! How long the deletion of a person with 20 events takes among few events and among many, over HTTP, on both databases.
//!
//! `cargo bench --bench deletion` loads 10,000 and 1,000,000 events; `-- EVENTS…` other numbers, the ratio is that of the
//! first and the last. PostgreSQL is measured when `GUESTLOG_TEST_POSTGRES_URL` names one. Every deleted person is
//! replaced by a new one, so that the numbers stay; the cases take turns, so that whatever else the machine does meets
//! all of them alike.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

#[path = "../tests/it/client.rs"]
mod client;
#[path = "../tests/it/harness.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod harness;

use client::Client;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::app::ingest::{Item, Outcome};
use guestlog::clock::Clock;
use guestlog::domain::Timestamp;
use harness::{Home, Kind, Served, Site, key, serve, site};
use serde_json::json;
use std::time::{Duration, Instant};

/// Events of each person.
const EVENTS: u64 = 20;
/// Deletions that are measured of each case.
const DELETIONS: usize = 400;
/// Deletions before those, while caches fill.
const WARM_UP: usize = 20;
/// Events of one transaction of the load.
const BATCH: usize = 1_000;

/// A database of a size.
struct Case {
    events: u64,
    served: Served,
    client: Client,
    key: String,
    site: Site,
    began: Timestamp,
    /// People who were ever made.
    made: u64,
    took: Vec<Duration>,
    home: Home,
}

impl Case {
    fn load(kind: Kind, events: u64) -> Self {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), "people:delete,people:read", None);
        let served = serve(&app);
        let client = Client::new(served.address);
        let began = app.clock().now();
        let made = events / EVENTS;
        let mut case = Self { events, served, client, key, site, began, made: 0, took: Vec::new(), home };
        let loading = Instant::now();
        // Everybody's first event, then everybody's second: those of a person lie apart, as they do in life.
        let all = (0..EVENTS).flat_map(|n| (0..made).map(move |person| (person, n)));
        case.ingest(all);
        case.made = made;
        if kind == Kind::Postgres {
            PgConnection::establish(&case.home.url).unwrap().batch_execute("ANALYZE; CHECKPOINT").unwrap();
        }
        eprintln!("{kind:?}: {events} events loaded in {:.0?}", loading.elapsed());
        case
    }

    fn ingest(&self, events: impl Iterator<Item = (u64, u64)>) {
        let mut events = events.peekable();
        while events.peek().is_some() {
            let batch: Vec<Item> = events.by_ref().take(BATCH).map(|(person, n)| self.item(person, n)).collect();
            let outcomes = self.served.app.ingest_blocking(&batch).unwrap();
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
        }
    }

    fn item(&self, person: u64, n: u64) -> Item {
        let kind = ["visit.checked_in", "visit.checked_out"][usize::from(n % 2 == 1)];
        let host = (person * 7 + n) % (self.events / EVENTS / 50).max(1);
        let seconds = (n * 86_400 + person % 36_000).cast_signed() - 30 * 86_400;
        let event = json!({
            "id": uuid::Uuid::new_v4(), "type": kind, "license_number": self.site.number, "device": "reception-1",
            "occurred_at": self.began.plus_seconds(seconds).to_string(), "ip": "203.0.113.7",
            "person": {"ref": format!("guest-{person}"), "name": "Åse Ø", "email": format!("g{person}@example.dk"),
                "company": "Firma A/S"},
            "host": {"ref": format!("host-{host}"), "name": "Vært"},
            "recipients": [{"ref": format!("host-{host}"), "channel": "sms", "address": "+4512345678"}],
        });
        let event = serde_json::from_value(event).unwrap();
        Item { customer: self.site.id, bound_to: None, peer: None, event, any_age: true }
    }

    /// Deletes somebody, anywhere among all, and makes somebody else.
    fn delete(&mut self, turn: usize) {
        let all = self.events / EVENTS;
        // A step that shares no factor with their number leads through all of them.
        let person = (turn as u64 * 7_919) % all;
        let path = format!("/v1/people/guest-{person}");
        let began = Instant::now();
        let answer = self.client.send("DELETE", &path, Some(&self.key), &[], None).unwrap();
        let took = began.elapsed();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(
            (&answer.json()["erased"]["people"], &answer.json()["erased"]["events"]),
            (&json!(1), &json!(EVENTS))
        );
        if turn >= WARM_UP {
            self.took.push(took);
        }
        self.ingest((0..EVENTS).map(|n| (self.made, n)));
        self.made += 1;
    }

    /// Of so many in a thousand it took no longer.
    fn at(&self, per_mille: usize) -> f64 {
        let mut took = self.took.clone();
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
    let asked: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![10_000, 1_000_000] } else { asked };
    assert!(sizes.iter().all(|size| size / EVENTS > (DELETIONS + WARM_UP) as u64), "too few to delete from");
    let mut cases: Vec<Case> =
        kinds().into_iter().flat_map(|kind| sizes.iter().map(move |size| Case::load(kind, *size))).collect();
    for turn in 0..WARM_UP + DELETIONS {
        for case in &mut cases {
            case.delete(turn);
        }
    }
    println!("deletion of a person with {EVENTS} events over HTTP, {DELETIONS} times each, in milliseconds");
    println!("{:<10} {:>10} {:>8} {:>8} {:>8}", "database", "events", "median", "p99", "longest");
    for case in &cases {
        let kind = format!("{:?}", case.home.kind);
        let (median, p99, longest) = (case.at(500), case.at(990), case.at(1_000));
        println!("{kind:<10} {:>10} {median:>8.2} {p99:>8.2} {longest:>8.2}", case.events);
    }
    for of in cases.chunks(sizes.len()) {
        let [few, many] = [&of[0], &of[of.len() - 1]];
        let (median, p99) = (many.at(500) / few.at(500), many.at(990) / few.at(990));
        println!("{:?}: many to few: median {median:.2}, p99 {p99:.2}", few.home.kind);
    }
}
