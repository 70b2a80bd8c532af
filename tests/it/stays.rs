//! A stay is found at every instant of it, however long it lasts: the index divides them into classes by their length.

use crate::harness::{Home, at, both, site};
use guestlog::app::ingest::{Item, Outcome};
use guestlog::app::{statistics, visits};
use guestlog::clock::Clock;
use guestlog::domain::Timestamp;
use guestlog::domain::statistics::By;
use serde_json::json;

/// The bounds of the classes in hours, and more than the last.
const HOURS: [i64; 8] = [1, 4, 16, 64, 256, 1_024, 4_096, 10_000];

fn moved(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + micros).unwrap()
}

#[test]
fn a_stay_of_any_length_is_found_at_every_instant_of_it() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at("2026-11-21T12:00:00Z")));
        let site = site(&app, "L-1");
        let came = at("2025-06-01T09:00:00Z");
        let left: Vec<Timestamp> =
            HOURS.iter().flat_map(|hours| [-1, 0, 1].map(|off| moved(came, hours * 3_600_000_000 + off))).collect();
        let event = |person: usize, kind: &str, when: Timestamp| {
            let event = json!({
                "id": uuid::Uuid::new_v4(), "type": kind, "occurred_at": when.to_string(), "license_number": "L-1",
                "person": {"ref": format!("guest-{person}")},
            });
            let event = serde_json::from_value(event).unwrap();
            Item { customer: site.id, bound_to: None, peer: None, event, any_age: true }
        };
        // One stays for ever.
        let mut items = vec![event(left.len(), "visit.checked_in", came)];
        for (person, left) in left.iter().enumerate() {
            items.extend([event(person, "visit.checked_in", came), event(person, "visit.checked_out", *left)]);
        }
        let outcomes = app.ingest_blocking(&items).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
        let count =
            |when: Timestamp| app.read_blocking(|view| visits::on_site(view, site.id, None, Some(when))).unwrap().count;
        assert_eq!((count(moved(came, -1)), count(came), count(app.clock().now())), (0, left.len() + 1, 1));
        for (gone, left) in left.iter().enumerate() {
            assert_eq!((count(moved(*left, -1)), count(*left)), (HOURS.len() * 3 + 1 - gone, HOURS.len() * 3 - gone));
            let ask = statistics::Ask { by: By::Day, license: None, from: Some(*left), to: Some(moved(*left, 1)) };
            let counts = app.read_blocking(|view| statistics::visits(view, site.id, &ask)).unwrap().data;
            assert_eq!((counts.len(), counts[0].departed, counts[0].arrived), (1, 1, 0), "{left}");
        }
        let ask = statistics::Ask { by: By::Month, license: None, from: Some(came), to: None };
        let counts = app.read_blocking(|view| statistics::visits(view, site.id, &ask)).unwrap().data;
        let sum = |of: fn(&statistics::Count) -> u64| counts.iter().map(of).sum::<u64>();
        assert_eq!((sum(|count| count.arrived), sum(|count| count.departed)), (25, 24));
    });
}
