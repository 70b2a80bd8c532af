//! People who share events (REQUIREMENTS T-24, S-41): whoever is restricted, corrected or erased, the rows of the others
//! are afterwards what they were, byte for byte, on random graphs of guests, hosts and recipients.

use crate::harness::{Home, Kind, Site, at, site};
use crate::raw::Raw;
use guestlog::app::deletions::{Instruction, Subject};
use guestlog::app::events;
use guestlog::app::ingest::{Item, Outcome};
use guestlog::app::page::Ask;
use guestlog::app::people::{self, Patch};
use guestlog::app::restrictions::{self, Place};
use guestlog::app::{App, objections};
use guestlog::clock::Clock;
use guestlog::domain::objection::Purpose;
use guestlog::domain::receipt::Origin;
use guestlog::domain::restriction::Ground;
use guestlog::domain::text::Ref;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::cell::Cell;

const NOW: &str = "2026-11-21T12:00:00Z";
/// People of a graph.
const PEOPLE: usize = 4;

/// Who is the guest, the host and the recipients of an event.
type Shared = (usize, Option<usize>, Vec<usize>);

fn graphs() -> impl Strategy<Value = (Vec<Shared>, Vec<usize>)> {
    let person = || 0..PEOPLE;
    let event = (person(), proptest::option::of(person()), proptest::collection::vec(person(), 0..3));
    let order = Just((0..PEOPLE).collect::<Vec<usize>>()).prop_shuffle();
    (proptest::collection::vec(event, 1..6), order)
}

struct House {
    home: Home,
    app: App,
    site: Site,
    graphs: Cell<u32>,
}

/// What stands in each table of each of the others: the person's rows, without the one who is concerned.
type Rows = Vec<Vec<String>>;

impl House {
    fn new(kind: Kind) -> Self {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at(NOW)));
        let site = site(&app, "L-1");
        Self { home, app, site, graphs: Cell::new(0) }
    }

    fn reference(&self, person: usize) -> Ref {
        Ref::new(format!("p{person}-{}", self.graphs.get())).unwrap()
    }

    fn come(&self, shared: &[Shared]) {
        let item = |(n, (guest, host, recipients)): (usize, &Shared)| {
            let who = |person: usize| self.reference(person).as_str().to_owned();
            let mut event = json!({"id": uuid::Uuid::new_v4(), "type": (["visit.checked_in", "visit.checked_out"])[n % 2],
                "occurred_at": at(NOW).plus_seconds(n as i64 - 600), "license_number": "L-1", "ip": "203.0.113.7",
                "person": {"ref": who(*guest), "name": format!("Gæst {n}"), "email": format!("g{n}@example.dk")}});
            if let Some(host) = host {
                event["host"] = json!({"ref": who(*host), "name": format!("Vært {n}")});
            }
            let told =
                |person: &usize| json!({"ref": who(*person), "channel": "sms", "address": format!("+451234567{n}")});
            event["recipients"] = recipients.iter().map(told).collect();
            let event = serde_json::from_value(event).unwrap();
            Item { customer: self.site.id, bound_to: None, peer: None, event, any_age: false }
        };
        let items: Vec<Item> = shared.iter().enumerate().map(item).collect();
        let outcomes = self.app.ingest_blocking(&items).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })), "{outcomes:?}");
    }

    /// The events of everybody else as they are shown, without the part of the one.
    fn shown(&self, one: usize) -> Vec<Value> {
        let ask = Ask { limit: Some(200), cursor: None };
        let mut all = Vec::new();
        for other in (0..PEOPLE).filter(|other| *other != one) {
            let filter = events::Filter { person: Some(self.reference(other)), ..events::Filter::default() };
            let page = self.app.read_blocking(|view| events::list(view, self.site.id, &filter, &ask)).unwrap();
            all.extend(page.data.iter().map(|event| serde_json::to_value(event).unwrap()));
        }
        let one = json!(self.reference(one).as_str());
        for event in &mut all {
            if event["host"]["ref"] == one {
                event["host"] = Value::Null;
            }
            event["recipients"].as_array_mut().unwrap().retain(|recipient| recipient["ref"] != one);
        }
        all
    }

    fn try_graph(&self, raw: &mut Raw, shared: &[Shared], order: &[usize]) {
        self.graphs.set(self.graphs.get() + 1);
        let from = raw.number("SELECT coalesce(max(id), 0) AS count FROM people");
        self.come(shared);
        let customer = self.site.id;
        for one in order.iter().copied() {
            let reference = self.reference(one);
            let held = self.app.read_blocking(|view| people::get(view, customer, &reference)).is_ok();
            if !held {
                continue;
            }
            let but = self.id_of(raw, &reference);
            let (rows, shown) = (others(raw, from, but), self.shown(one));
            let same = |raw: &mut Raw, after: &str| {
                assert_eq!(others(raw, from, but), rows, "rows after one was {after}: {shared:?} {order:?}");
                assert_eq!(self.shown(one), shown, "shown after one was {after}: {shared:?} {order:?}");
            };
            self.restrict(&reference);
            same(raw, "restricted");
            let patch: Patch = serde_json::from_value(json!({"name": "Rettet", "email": null})).unwrap();
            self.app.write_blocking(|work| people::patch(work, customer, &reference, &patch)).unwrap();
            same(raw, "corrected");
            self.lift(&reference);
            let put: objections::Put = serde_json::from_value(json!({})).unwrap();
            let objected = |purpose| {
                self.app
                    .write_blocking(|work| objections::put(work, customer, "test", &reference, purpose, &put))
                    .unwrap()
            };
            objected(Purpose::Notification);
            same(raw, "heard to object");
            let subjects = vec![Subject::Ref(reference.clone())];
            self.app.delete_blocking(&Instruction::new(customer, "test", Origin::List, subjects), None).unwrap();
            same(raw, "erased");
        }
        let left = raw.count(&format!("people WHERE id > {from}"));
        assert_eq!(left, 0, "{shared:?}");
    }

    fn restrict(&self, reference: &Ref) {
        let place = Place { ground: Ground::Accuracy, reason: None };
        self.app.write_blocking(|work| restrictions::place(work, self.site.id, "test", reference, &place)).unwrap();
    }

    fn lift(&self, reference: &Ref) {
        let told = Some(at(NOW));
        self.app.write_blocking(|work| restrictions::lift(work, self.site.id, "test", reference, told)).unwrap();
    }

    /// The inside number of a person: that of the only restriction.
    fn id_of(&self, raw: &mut Raw, reference: &Ref) -> i64 {
        self.restrict(reference);
        let id = raw.number("SELECT max(person_id) AS count FROM restrictions");
        self.lift(reference);
        id
    }
}

/// All rows of people of this graph but one, every byte of them.
fn others(raw: &mut Raw, from: i64, but: i64) -> Rows {
    let tables = [
        ("people", "id"),
        ("events", "person_id"),
        ("event_hosts", "person_id"),
        ("event_recipients", "person_id"),
        ("visits", "person_id"),
    ];
    tables.map(|(table, id)| raw.rows(table, &format!("{id} > {from} AND {id} <> {but}"))).into()
}

fn try_graphs(kind: Kind, cases: u32) {
    let house = House::new(kind);
    let mut raw = Raw::of(&house.home);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let raw = std::cell::RefCell::new(&mut raw);
    let outcome = runner.run(&graphs(), |(shared, order)| {
        house.try_graph(&mut raw.borrow_mut(), &shared, &order);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    house.app.stop();
}

#[test]
fn three_hundred_graphs_leave_the_others_as_they_are_on_sqlite() {
    try_graphs(Kind::Sqlite, 300);
}

#[test]
fn three_hundred_graphs_leave_the_others_as_they_are_on_postgres() {
    try_graphs(Kind::Postgres, 300);
}

#[test]
#[ignore = "the long form"]
fn ten_thousand_graphs_leave_the_others_as_they_are() {
    crate::harness::both(|kind| try_graphs(kind, 10_000));
}
