//! Written retention agreements: without one that is signed and in force nothing goes by time; with one, exactly what
//! has been kept for its time.

use crate::harness::{Answer, Home, Kind, Served, Site, at, both, key, serve, site};
use crate::raw::Raw;
use guestlog::app::agreements::{self, Ran};
use guestlog::clock::Clock;
use guestlog::jobs;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const LONG_AGO: &str = "2025-01-05T12:00:00Z";
const LATELY: &str = "2025-12-20T12:00:00Z";
const NOW: &str = "2026-01-10T12:00:00Z";
const SCOPES: &str = "events:write,events:read,people:write,people:read,rights";
const DOCUMENT: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Tables of the service itself: what has been done, what is to be done, and that somebody is erased.
const TECHNICAL: [&str; 9] = [
    "access_people",
    "accesses",
    "audit_entries",
    "deletions",
    "erasure_marks",
    "id_blocks",
    "idempotency_keys",
    "jobs",
    "tombstones",
];

/// Two customers, and a clock that starts long ago.
pub struct House {
    served: Served,
    clock: Clock,
    pub ours: Site,
    pub theirs: Site,
    home: Home,
}

impl House {
    pub fn new(kind: Kind) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(LONG_AGO));
        let app = home.open(clock.clone());
        let (ours, theirs) = (site(&app, "L-1"), site(&app, "L-2"));
        Self { served: serve(&app), clock, ours, theirs, home }
    }

    pub fn at(&self, now: &str) {
        self.clock.set(at(now));
    }

    /// Keys last for a year, and the clock goes further.
    fn send(&self, of: Option<&Site>, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let (customer, scopes) = of.map_or((None, "admin"), |site| (Some(site.customer), SCOPES));
        let key = key(&self.served.app, customer, scopes, None);
        self.served.send(method, path, Some(&key), &[], body.map(ToString::to_string).as_deref().map(str::as_bytes))
    }

    pub fn tenant(&self, of: &Site, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let answer = self.send(Some(of), method, path, body);
        assert!(matches!(answer.status, 200 | 201 | 204 | 404), "{method} {path}: {}", answer.text);
        answer
    }

    pub fn event(&self, of: &Site, n: u128, kind: &str, occurred_at: &str, guest: &str, more: &Value) {
        let mut event = json!({
            "id": uuid::Uuid::from_u128(n), "type": kind, "occurred_at": occurred_at, "license_number": of.number,
            "person": {"ref": guest, "name": format!("Navn {guest}")}, "ip": "203.0.113.7",
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        let answer = self.tenant(of, "POST", "/v1/events", Some(&event));
        assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("created")), "{}", answer.text);
    }

    /// A visit of three hours, its check-in and check-out numbered `n` and `n` + 1.
    fn visit(&self, of: &Site, n: u128, day: &str, guest: &str, host: &str) {
        let more = json!({"host": {"ref": host, "name": format!("Vaert {host}")},
            "recipients": [{"ref": host, "channel": "sms", "address": "+45 30000001"}]});
        self.event(of, n, "visit.checked_in", &format!("{day}T08:00:00Z"), guest, &more);
        self.event(of, n + 1, "visit.checked_out", &format!("{day}T11:00:00Z"), guest, &Value::Null);
    }

    pub fn restrict(&self, of: &Site, guest: &str) {
        let path = format!("/v1/people/{guest}/restriction");
        assert_eq!(self.tenant(of, "PUT", &path, Some(&json!({"ground": "d"}))).status, 200);
    }

    /// Enters an agreement with these terms; the rest as in one that is in force for both kinds of data.
    pub fn agree(&self, of: &Site, terms: &Value) -> Value {
        let mut body = json!({"document_sha256": DOCUMENT, "parties": ["Nordlys A/S", "Driften ApS"],
            "signed_at": "2025-12-01T00:00:00Z", "in_force_from": "2025-12-15T00:00:00Z"});
        for (name, value) in terms.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = self.send(None, "POST", &agreements_of(of), Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    pub fn run(&self) -> Ran {
        agreements::run(&self.served.app).unwrap()
    }

    pub fn raw(&self) -> Raw {
        Raw::of(&self.home)
    }

    /// Every row of every table.
    pub fn dump(&self) -> BTreeMap<String, Vec<String>> {
        let mut raw = self.raw();
        let tables = raw.texts(match self.home.kind {
            Kind::Sqlite => "SELECT name AS text FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            Kind::Postgres => {
                "SELECT table_name::text AS text FROM information_schema.tables WHERE table_schema = 'public'"
            }
        });
        assert!(tables.len() > 20, "{tables:?}");
        tables.into_iter().map(|table| (table.clone(), raw.rows(&table, "true"))).collect()
    }

    /// The numbers of the events that are stored.
    pub fn events(&self, of: &Site) -> BTreeSet<u128> {
        let column = match self.home.kind {
            Kind::Sqlite => "event_id",
            Kind::Postgres => "uuid_send(event_id)",
        };
        let found = self.raw().bytes(&format!("SELECT {column} AS bytes FROM events WHERE customer_id = {}", of.id.0));
        found.into_iter().map(|bytes| u128::from_be_bytes(bytes.try_into().unwrap())).collect()
    }

    fn held(&self, of: &Site) -> BTreeSet<String> {
        let list = self.tenant(of, "GET", "/v1/people?limit=200", None).json();
        list["data"].as_array().unwrap().iter().map(|person| person["ref"].as_str().unwrap().to_owned()).collect()
    }

    /// People of every kind, so that with 180 days `gone` and `host-gone` are due.
    fn fill(&self) {
        let ours = &self.ours;
        self.visit(ours, 1, "2025-01-04", "gone", "host-gone");
        self.visit(ours, 3, "2025-01-04", "regular", "host-gone");
        self.event(ours, 5, "visit.checked_in", "2025-01-04T09:00:00Z", "inside", &Value::Null);
        let expected = json!({"expected_at": "2026-02-01T09:00:00Z"});
        self.event(ours, 6, "visit.expected", "2025-01-04T09:00:00Z", "expected", &expected);
        for (n, guest) in [(7, "restricted"), (9, "mirrored"), (11, "host-still")] {
            self.visit(ours, n, "2025-01-04", guest, "host-still");
        }
        self.visit(&self.theirs, 13, "2025-01-04", "gone", "host-gone");
        self.restrict(ours, "restricted");
        self.at(LATELY);
        self.visit(ours, 15, "2025-12-19", "regular", "host-still");
        let mirrored = json!({"name": "Nyt navn"});
        assert_eq!(self.tenant(ours, "PUT", "/v1/people/mirrored", Some(&mirrored)).status, 200);
        self.at(NOW);
    }
}

fn agreements_of(site: &Site) -> String {
    format!("/v1/admin/customers/{}/retention-agreements", site.customer)
}

fn without_technical(mut dump: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    dump.retain(|table, _| !TECHNICAL.contains(&table.as_str()));
    dump
}

#[test]
fn only_an_agreement_in_force_deletes() {
    both(|kind| {
        let house = House::new(kind);
        house.fill();
        let all = json!({"people_days": 1, "visits_days": 1});
        let with = |more: Value| {
            let mut terms = all.clone();
            terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            terms
        };
        let waits = |terms: Value| {
            let entered = house.agree(&house.ours, &terms);
            assert_eq!(entered["in_force"], false, "{entered}");
            let before = house.dump();
            let ran = house.run();
            assert_eq!(ran, Ran { customers: ran.customers, ..Ran::default() }, "{terms}");
            assert_eq!(house.dump(), before, "{terms}");
        };
        waits(with(json!({"signed_at": null})));
        waits(with(json!({"in_force_until": "2026-01-10T12:00:00Z"})));
        waits(with(json!({"in_force_from": "2026-01-10T12:00:00.000001Z"})));
        // Another customer's deletes there and not here.
        house.agree(&house.theirs, &all);
        let before = house.raw().rows("people", &format!("customer_id = {}", house.ours.id.0));
        assert_eq!(house.run(), Ran { customers: 2, people: 2, ..Ran::default() });
        assert_eq!(house.raw().rows("people", &format!("customer_id = {}", house.ours.id.0)), before);
        assert_eq!((house.events(&house.ours).len(), house.events(&house.theirs).len()), (14, 0));
        // And one that was ended deletes no more.
        let entered = house.agree(&house.ours, &all);
        let path = format!("{}/{}/end", agreements_of(&house.ours), entered["id"].as_str().unwrap());
        assert_eq!(house.send(None, "POST", &path, None).json()["in_force"], false);
        let before = house.dump();
        assert_eq!(house.run().people, 0);
        assert_eq!(house.dump(), before);
    });
}

#[test]
fn people_go_when_nothing_was_heard_of_them_for_the_time_agreed_on() {
    both(|kind| {
        let house = House::new(kind);
        house.fill();
        let held = house.held(&house.ours);
        house.agree(&house.ours, &json!({"people_days": 180}));
        let mut raw = house.raw();
        let by_person = |raw: &mut Raw| {
            let ours = house.ours.id.0;
            let people = raw.texts(
                "SELECT CAST(customer_id AS text) || ' AND person_id = ' || CAST(id AS text) AS text FROM people",
            );
            let mut rows = BTreeMap::new();
            for person in people {
                for table in ["events", "event_hosts", "event_recipients", "visits", "restrictions"] {
                    let found = raw.rows(table, &format!("customer_id = {person}"));
                    rows.insert((person.clone(), table), found);
                }
                let own = person.replace("person_id", "id");
                rows.insert((person, "people"), raw.rows("people", &format!("customer_id = {own}")));
            }
            (rows, raw.count(&format!("people WHERE customer_id = {ours}")))
        };
        let ((mut before, people), dump) = (by_person(&mut raw), without_technical(house.dump()));
        assert_eq!(people, 8);
        assert_eq!(house.run(), Ran { customers: 1, people: 2, ..Ran::default() });
        let (after, people) = by_person(&mut raw);
        assert_eq!(people, 6);
        before.retain(|(person, _), _| after.contains_key(&(person.clone(), "people")));
        assert_eq!(after, before, "those who stay, stay byte for byte");
        let mut left = without_technical(house.dump());
        for (table, rows) in &dump {
            let of_people = after.keys().any(|(_, name)| name == table);
            let now = left.remove(table).unwrap();
            assert!(if of_people { now.len() <= rows.len() } else { now == *rows }, "{table}");
        }
        let total = |table: &str| raw_total(&after, table);
        for table in ["events", "event_hosts", "event_recipients", "visits"] {
            assert_eq!(house.dump()[table].len(), total(table), "{table}: nothing of the two is left");
        }
        let gone = BTreeSet::from(["gone".to_owned(), "host-gone".to_owned()]);
        let due: BTreeSet<String> = held.difference(&house.held(&house.ours)).cloned().collect();
        assert_eq!(due, gone);
        // A receipt stands for it, and the next day there is nothing to do.
        let origin = house.raw().number("SELECT CAST(origin AS bigint) AS count FROM deletions");
        assert_eq!(origin, 5);
        let before = house.dump();
        assert_eq!(house.run().people, 0);
        assert_eq!(house.dump(), before);
    });
}

fn raw_total(rows: &BTreeMap<(String, &str), Vec<String>>, table: &str) -> usize {
    rows.iter().filter(|((_, name), _)| *name == table).map(|(_, rows)| rows.len()).sum()
}

#[test]
fn of_several_agreements_the_longest_time_counts() {
    let house = House::new(Kind::Sqlite);
    house.fill();
    house.agree(&house.ours, &json!({"people_days": 30}));
    house.agree(&house.ours, &json!({"people_days": 3_650}));
    // One for visits alone says nothing of people.
    house.agree(&house.ours, &json!({"visits_days": 36_500}));
    assert_eq!(house.run(), Ran { customers: 1, ..Ran::default() });
}

#[test]
fn nothing_goes_by_time_alone() {
    both(|kind| {
        let house = House::new(kind);
        house.fill();
        let before = without_technical(house.dump());
        house.at("2036-01-10T12:00:00Z");
        let app = &house.served.app;
        assert_eq!(house.run(), Ran::default());
        app.start_jobs().unwrap();
        assert!(jobs::run_due(app).unwrap() > 0);
        assert_eq!(without_technical(house.dump()), before);
        assert_eq!(house.held(&house.ours).len(), 7, "the eighth is restricted");
    });
}

#[test]
fn agreements_are_entered_shown_and_ended_by_the_operator() {
    both(|kind| {
        let house = House::new(kind);
        house.at(NOW);
        let (ours, theirs) = (agreements_of(&house.ours), agreements_of(&house.theirs));
        let entered = house.agree(&house.ours, &json!({"people_days": 180, "in_force_until": null}));
        let id = entered["id"].as_str().unwrap();
        let expected = json!({"id": id, "document_sha256": DOCUMENT, "parties": ["Nordlys A/S", "Driften ApS"],
            "signed_at": "2025-12-01T00:00:00.000000Z", "in_force_from": "2025-12-15T00:00:00.000000Z",
            "in_force_until": null, "people_days": 180, "visits_days": null,
            "created_at": "2026-01-10T12:00:00.000000Z", "in_force": true});
        assert_eq!(entered, expected);
        let get = |path: &str| house.send(None, "GET", path, None);
        assert_eq!(get(&format!("{ours}/{id}")).json(), expected);
        assert_eq!(get(&ours).json(), json!({"data": [expected], "next_cursor": null}));
        assert_eq!(get(&theirs).json()["data"], json!([]));
        assert_eq!(get(&format!("{theirs}/{id}")).status, 404);
        let end = |path: &str| house.send(None, "POST", &format!("{path}/{id}/end"), None);
        assert_eq!(end(&theirs).status, 404);
        let ended = end(&ours);
        assert_eq!((ended.status, &ended.json()["in_force_until"]), (200, &json!("2026-01-10T12:00:00.000000Z")));
        house.at("2026-02-01T00:00:00Z");
        assert_eq!(end(&ours).json(), ended.json(), "the second time changes nothing");
        let actions = "SELECT action AS text FROM audit_entries WHERE action LIKE 'agreement.%' ORDER BY id";
        assert_eq!(house.raw().texts(actions), ["agreement.entered", "agreement.ended"]);
        assert_eq!(house.send(Some(&house.ours), "GET", &ours, None).status, 403);
        assert_eq!(house.send(None, "GET", &ours.replace(&house.ours.customer.to_string(), "x"), None).status, 404);
    });
}

#[test]
fn what_cannot_be_agreed_on_is_refused_by_field() {
    let house = House::new(Kind::Sqlite);
    house.at(NOW);
    let good = json!({"document_sha256": DOCUMENT, "parties": ["Nordlys A/S"], "signed_at": null,
        "in_force_from": NOW, "visits_days": 1});
    let path = agreements_of(&house.ours);
    for (change, pointer) in [
        (json!({"document_sha256": "00"}), "/document_sha256"),
        (json!({"parties": []}), "/parties"),
        (json!({"parties": vec!["x"; 11]}), "/parties"),
        (json!({"parties": [" "]}), "/parties/0"),
        (json!({"signed_at": "2026-01-10T12:00:01Z"}), "/signed_at"),
        (json!({"in_force_until": NOW}), "/in_force_until"),
        (json!({"people_days": 0}), "/people_days"),
        (json!({"visits_days": 36_501}), "/visits_days"),
        (json!({"visits_days": null}), "/people_days"),
        (json!({"days": 1}), "/days"),
    ] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = house.send(None, "POST", &path, Some(&body));
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!(pointer)), "{}", answer.text);
    }
    assert_eq!(house.raw().count("retention_agreements"), 0);
    let key = key(&house.served.app, None, "admin", None);
    let once = [("idempotency-key", "a-1")];
    let send = || house.served.send("POST", &path, Some(&key), &once, Some(good.to_string().as_bytes()));
    assert_eq!(send().json(), send().json());
    assert_eq!(house.raw().count("retention_agreements"), 1);
}
