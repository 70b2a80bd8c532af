//! What is sealed opens in its own place only, and with the right master key only.

use crate::child::Child;
use crate::harness::{Home, Served, at, both, key, serve, site};
use crate::raw::Raw;
use guestlog::app::App;
use guestlog::clock::Clock;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

const SCOPES: &str = "events:write,events:read,people:write,people:read";

fn open(home: &Home) -> App {
    home.open(Clock::fixed(at("2024-05-06T12:00:00Z")))
}

/// A customer with its key.
struct Customer {
    key: String,
    id: i64,
    license: String,
}

fn customer(app: &App, license: &str) -> Customer {
    let site = site(app, license);
    Customer { key: key(app, Some(site.customer), SCOPES, None), id: site.id.0, license: site.number }
}

/// An event with every personal field, its values told by `n`.
fn event(of: &Customer, n: u128, guest: &str, kind: &str) -> Value {
    json!({
        "id": uuid::Uuid::from_u128(n), "type": kind, "occurred_at": format!("2024-05-06T0{n}:00:00Z"),
        "license_number": of.license, "visit_ref": format!("booking-{n}"), "ip": format!("203.0.113.{n}"),
        "person": {
            "ref": guest, "name": format!("Navn {n}"), "email": format!("{n}@gaest.example"),
            "phone": format!("+45 2000000{n}"), "company": format!("Firma {n}"), "vehicle_plate": format!("AB 1000{n}"),
        },
        "host": {"ref": "host", "name": format!("Vaert {n}"), "email": format!("{n}@vaert.example")},
        "recipients": [
            {"ref": "host", "channel": "sms", "address": format!("+45 3000000{n}")},
            {"ref": "recipient", "channel": "email", "address": format!("{n}@modtager.example")},
        ],
    })
}

/// Events 1 to 3 are two visits of guest `a`, 4 is one of guest `b`; 5 and 6 are those of another customer's `a` and `b`.
fn fill(served: &Served) -> [Customer; 2] {
    let customers = [customer(&served.app, "L-1"), customer(&served.app, "L-2")];
    for (n, whose, guest, kind) in [
        (1, 0, "a", "visit.checked_in"),
        (2, 0, "a", "visit.checked_out"),
        (3, 0, "a", "visit.checked_in"),
        (4, 0, "b", "visit.checked_in"),
        (5, 1, "a", "visit.checked_in"),
        (6, 1, "b", "visit.checked_in"),
    ] {
        let of = &customers[whose];
        let answer = served.post("/v1/events", &of.key, &event(of, n, guest, kind));
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    for of in &customers {
        for guest in ["a", "b"] {
            let mirrored = json!({"name": format!("Spejl {guest}"), "email": format!("{guest}@spejl.example")});
            let answer = served.send(
                "PUT",
                &format!("/v1/people/{guest}"),
                Some(&of.key),
                &[],
                Some(mirrored.to_string().as_bytes()),
            );
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
    customers
}

/// A sealed field: where it stands.
#[derive(Clone)]
struct Cell {
    table: &'static str,
    column: &'static str,
    row: String,
}

fn cell(table: &'static str, column: &'static str, row: impl Into<String>) -> Cell {
    Cell { table, column, row: row.into() }
}

fn read(raw: &mut Raw, cell: &Cell) -> Vec<u8> {
    let Cell { table, column, row } = cell;
    let mut found = raw.bytes(&format!("SELECT {column} AS bytes FROM {table} WHERE {row}"));
    assert_eq!(found.len(), 1, "{table}.{column} where {row}");
    found.remove(0)
}

fn swap(raw: &mut Raw, one: &Cell, two: &Cell) {
    let bytes = [read(raw, one), read(raw, two)];
    assert_ne!(bytes[0], bytes[1]);
    for (Cell { table, column, row }, bytes) in [(one, &bytes[1]), (two, &bytes[0])] {
        let bytes = raw.literal(bytes);
        raw.run(&format!("UPDATE {table} SET {column} = {bytes} WHERE {row}"));
    }
}

/// The inside numbers of what `fill` made.
struct Places {
    event: Vec<i64>,
    guest: Vec<i64>,
    customer: [i64; 2],
}

impl Places {
    fn of(raw: &mut Raw, customers: &[Customer; 2]) -> Self {
        let customer = [customers[0].id, customers[1].id];
        let mut number = |what: &str, n: i64| {
            let whose = customer[usize::from(n > 4)];
            let before = if n > 4 { n - 5 } else { n - 1 };
            raw.number(&format!(
                "SELECT {what} AS count FROM events WHERE customer_id = {whose} ORDER BY occurred_at LIMIT 1 OFFSET {before}"
            ))
        };
        // Counted from one, as the events are.
        let event = [1, 1, 2, 3, 4, 5, 6].map(|n| number("id", n)).into();
        let guest = [1, 1, 2, 3, 4, 5, 6].map(|n| number("person_id", n)).into();
        Self { event, guest, customer }
    }

    fn whose(&self, n: usize) -> i64 {
        self.customer[usize::from(n > 4)]
    }

    /// Of the guest of event `n`.
    fn person(&self, column: &'static str, n: usize) -> Cell {
        cell("people", column, format!("customer_id = {} AND id = {}", self.whose(n), self.guest[n]))
    }

    fn event(&self, column: &'static str, n: usize) -> Cell {
        cell("events", column, format!("customer_id = {} AND id = {}", self.whose(n), self.event[n]))
    }

    fn host(&self, n: usize) -> Cell {
        cell(
            "event_hosts",
            "details_sealed",
            format!("customer_id = {} AND event_key = {}", self.whose(n), self.event[n]),
        )
    }

    fn recipient(&self, n: usize, position: usize) -> Cell {
        let row =
            format!("customer_id = {} AND event_key = {} AND position = {position}", self.whose(n), self.event[n]);
        cell("event_recipients", "address_sealed", row)
    }

    /// Of the visit that event `n` belongs to.
    fn visit(&self, n: usize) -> Cell {
        let of =
            format!("SELECT visit_id FROM events WHERE customer_id = {} AND id = {}", self.whose(n), self.event[n]);
        cell("visits", "visit_ref_sealed", format!("customer_id = {} AND visit_id = ({of})", self.whose(n)))
    }

    fn license(&self, n: usize) -> Cell {
        cell("licenses", "number_sealed", format!("customer_id = {}", self.whose(n)))
    }
}

fn assert_bare_500(answer: &crate::harness::Answer, what: &str) {
    assert_eq!(answer.status, 500, "{what}: {}", answer.text);
    let body = answer.json();
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["code", "instance", "status"], "{what}");
    assert_eq!(body["code"], "internal");
}

#[test]
fn a_sealed_field_opens_in_its_own_place_only() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let customers = fill(&served);
        let mut raw = Raw::of(&home);
        let at = Places::of(&mut raw, &customers);
        let [a, event, visits] =
            ["/v1/people/a", "/v1/events/00000000-0000-0000-0000-000000000001", "/v1/visits?person=a"];
        let swaps = [
            ("two people's names", at.person("name_sealed", 1), at.person("name_sealed", 4), a),
            ("two people's refs", at.person("ref_sealed", 1), at.person("ref_sealed", 4), a),
            ("two people's keys", at.person("wrapped_key", 1), at.person("wrapped_key", 4), a),
            ("two columns of a person", at.person("name_sealed", 1), at.person("company_sealed", 1), a),
            ("two customers' names", at.person("name_sealed", 1), at.person("name_sealed", 5), a),
            ("two customers' people's keys", at.person("wrapped_key", 1), at.person("wrapped_key", 5), a),
            ("two events of a person", at.event("details_sealed", 1), at.event("details_sealed", 2), event),
            ("two events' addresses", at.event("ip_sealed", 1), at.event("ip_sealed", 2), event),
            ("two columns of an event", at.event("ip_sealed", 1), at.event("details_sealed", 1), event),
            ("two people's events", at.event("details_sealed", 1), at.event("details_sealed", 4), event),
            ("two customers' events", at.event("details_sealed", 1), at.event("details_sealed", 5), event),
            ("two events' hosts", at.host(1), at.host(2), event),
            ("a host and a guest", at.host(1), at.event("details_sealed", 1), event),
            ("two events' recipients", at.recipient(1, 0), at.recipient(2, 0), event),
            ("two recipients of an event", at.recipient(1, 0), at.recipient(1, 1), event),
            ("two visits of a person", at.visit(1), at.visit(3), visits),
            ("two people's visits", at.visit(1), at.visit(4), visits),
            ("two customers' visits", at.visit(1), at.visit(5), visits),
            ("a visit and an event", at.visit(1), at.event("details_sealed", 1), visits),
            ("two customers' licences", at.license(1), at.license(5), visits),
        ];
        for (what, one, two, path) in &swaps {
            let before = served.get(path, &customers[0].key);
            assert_eq!(before.status, 200, "{what}: {}", before.text);
            swap(&mut raw, one, two);
            assert_bare_500(&served.get(path, &customers[0].key), what);
            swap(&mut raw, one, two);
            assert_eq!(served.get(path, &customers[0].key).text, before.text, "{what}");
        }
        // What the backend said is opened when it says more.
        let (one, two) = (at.person("mirror_sealed", 1), at.person("mirror_sealed", 4));
        swap(&mut raw, &one, &two);
        assert_bare_500(&served.send("PATCH", a, Some(&customers[0].key), &[], Some(b"{\"phone\": null}")), "mirrors");
        // A row and its key moved whole to another's place.
        swap(&mut raw, &one, &two);
        for column in ["name_sealed", "ref_sealed", "wrapped_key"] {
            swap(&mut raw, &at.person(column, 1), &at.person(column, 4));
        }
        assert_bare_500(&served.get(a, &customers[0].key), "a person whole");
    });
}

#[test]
fn two_customers_keys_do_not_stand_in_for_each_other() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let customers = fill(&served);
        drop(served);
        let mut raw = Raw::of(&home);
        for purpose in [1, 2] {
            let [one, two] = [0, 1].map(|n: usize| {
                cell("customer_keys", "wrapped", format!("customer_id = {} AND purpose = {purpose}", customers[n].id))
            });
            swap(&mut raw, &one, &two);
            let served = serve(&open(&home));
            assert_bare_500(&served.get("/v1/people/a", &customers[0].key), "a customer's key");
            drop(served);
            swap(&mut raw, &one, &two);
        }
    });
}

#[test]
fn the_same_value_has_another_index_at_another_customer() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        for license in ["L-1", "L-2"] {
            let customer = customer(&served.app, license);
            let body = event(&customer, 1, "same", "visit.checked_in");
            assert_eq!(served.post("/v1/events", &customer.key, &body).status, 201);
        }
        let mut raw = Raw::of(&home);
        for (table, column) in [
            ("people", "ref_index"),
            ("people", "email_index"),
            ("people", "phone_index"),
            ("events", "visit_ref_index"),
            ("events", "digest"),
        ] {
            let found = raw.bytes(&format!("SELECT {column} AS bytes FROM {table} WHERE {column} IS NOT NULL"));
            let distinct: std::collections::BTreeSet<_> = found.iter().collect();
            assert!(found.len() >= 2 && distinct.len() == found.len(), "{table}.{column}");
        }
    });
}

/// The one line with which the program refuses to start.
fn refusal(home: &Home) -> String {
    let (_, said) = Child::refused(home, &[]);
    assert!(said.starts_with("guestlog: ") && said.lines().count() == 1, "{said}");
    said
}

#[test]
fn a_start_without_the_right_master_key_is_refused() {
    both(|kind| {
        let home = Home::new(kind);
        let file = home.dir.join("master.key");
        let app = open(&home);
        site(&app, "L-1");
        app.stop();
        drop(app);
        let right = std::fs::read(&file).unwrap();
        let encoded = std::str::from_utf8(&right).unwrap().trim().rsplit(':').next().unwrap().to_owned();

        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let words = refusal(&home);
        assert!(words.contains("master.key has mode 0644, which lets others in; chmod 600 it"), "{words}");

        // One that is lost is not made anew: nothing that is stored could be opened by it.
        std::fs::remove_file(&file).unwrap();
        let words = refusal(&home);
        assert!(words.contains("master.key does not exist"), "{words}");
        assert!(!file.exists());

        let elsewhere = Home::new(kind);
        open(&elsewhere).stop();
        std::fs::copy(elsewhere.dir.join("master.key"), &file).unwrap();
        let words = refusal(&home);
        assert!(words.contains("holds master key"), "{words}");
        assert!(words.contains("the database was sealed under"), "{words}");

        std::fs::write(&file, &right[..right.len() - 5]).unwrap();
        let words = refusal(&home);
        assert!(words.contains("is not one line of 'guestlog-master-key-1:'"), "{words}");
        assert!(!words.contains(&encoded[..8]), "{words}");

        std::fs::write(&file, &right).unwrap();
        // With its own key it starts.
        Child::start(&home, &[]).kill();
    });
}

/// Every row of somebody, as it lies in the database.
fn rows_of(raw: &mut Raw, person: i64) -> Vec<String> {
    let mut all = raw.rows("people", &format!("id = {person}"));
    for table in ["events", "event_hosts", "event_recipients", "visits"] {
        all.extend(raw.rows(table, &format!("person_id = {person}")));
    }
    all
}

#[test]
fn erasing_one_person_leaves_the_others_rows_as_they_are() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let customers = fill(&served);
        let mut raw = Raw::of(&home);
        let whose = customers[0].id;
        let guest = Places::of(&mut raw, &customers).guest[1];
        let mut one_of = |table: &str, condition: &str| {
            raw.number(&format!(
                "SELECT person_id AS count FROM {table} WHERE customer_id = {whose} {condition} LIMIT 1"
            ))
        };
        let host = one_of("event_hosts", "");
        let recipient = one_of("event_recipients", "AND position = 1");
        let paths = ["/v1/people/a", "/v1/people/host", "/v1/people/recipient"];
        let people = [guest, host, recipient];
        let event = "/v1/events/00000000-0000-0000-0000-000000000004";

        for (erased, &person) in people.iter().enumerate().rev() {
            let others: Vec<usize> = (0..erased).collect();
            let before: Vec<_> = others.iter().map(|&n| rows_of(&mut raw, people[n])).collect();
            let shown: Vec<_> = others.iter().map(|&n| served.get(paths[n], &customers[0].key).text).collect();
            assert!(before.iter().all(|rows| rows.len() > 1));
            raw.run(&format!("DELETE FROM people WHERE customer_id = {whose} AND id = {person}"));
            assert_eq!(rows_of(&mut raw, person), Vec::<String>::new());
            let after: Vec<_> = others.iter().map(|&n| rows_of(&mut raw, people[n])).collect();
            assert_eq!(after, before, "{} was erased", paths[erased]);
            let still: Vec<_> = others.iter().map(|&n| served.get(paths[n], &customers[0].key).text).collect();
            assert_eq!(still, shown);
            assert_eq!(served.get(paths[erased], &customers[0].key).status, 404);
            assert_eq!(served.get(event, &customers[0].key).status, 200);
        }
        let left = served.get(event, &customers[0].key).json();
        assert_eq!((&left["host"], &left["recipients"]), (&Value::Null, &json!([])));
        assert_eq!(left["person"]["name"], "Navn 4");
    });
}

#[test]
fn erasing_the_guest_leaves_host_and_recipient_as_they_are() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let customers = fill(&served);
        let mut raw = Raw::of(&home);
        let whose = customers[0].id;
        let places = Places::of(&mut raw, &customers);
        let before = |raw: &mut Raw| {
            let others = format!("customer_id = {whose} AND id NOT IN ({}, {})", places.guest[1], places.guest[4]);
            let mut all = raw.rows("people", &others);
            all.extend(raw.rows("event_hosts", &format!("customer_id = {whose}")));
            all.extend(raw.rows("event_recipients", &format!("customer_id = {whose}")));
            all
        };
        let kept = before(&mut raw);
        assert_eq!(kept.len(), 2 + 4 + 8);
        raw.run(&format!(
            "DELETE FROM people WHERE customer_id = {whose} AND id IN ({}, {})",
            places.guest[1], places.guest[4]
        ));
        assert_eq!((raw.count(&format!("events WHERE customer_id = {whose}")), before(&mut raw)), (0, kept));
        assert_eq!(served.get("/v1/people/host", &customers[0].key).json()["name"], "Vaert 4");
    });
}
