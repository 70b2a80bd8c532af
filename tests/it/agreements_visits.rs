//! Visits that go by a written retention agreement while their guests stay.

use crate::agreements::House;
use crate::bodies::hold;
use crate::harness::both;
use guestlog::app::agreements::Ran;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl House {
    fn plain(&self, n: u128, kind: &str, occurred_at: &str, guest: &str) {
        self.event(&self.ours, n, kind, occurred_at, guest, &Value::Null);
    }

    fn with_ref(&self, n: u128, kind: &str, occurred_at: &str, visit_ref: &str) {
        self.event(&self.ours, n, kind, occurred_at, "regular", &json!({"visit_ref": visit_ref}));
    }

    /// The visits by their ids, without what their guests are called, which later events may say anew.
    fn visits(&self) -> BTreeMap<String, Value> {
        let list = self.tenant(&self.ours, "GET", "/v1/visits?limit=200", None).json();
        let mut visits = list["data"].as_array().unwrap().clone();
        for visit in &mut visits {
            visit["person"] = visit["person"]["ref"].take();
        }
        visits.into_iter().map(|visit| (visit["id"].as_str().unwrap().to_owned(), visit)).collect()
    }
}

/// A host and a recipient who stay; `host` is restricted in one of the tests' visits.
fn parts(host: &str) -> Value {
    json!({"host": {"ref": host, "name": "Vaert"}, "recipients": [{"ref": "reception", "channel": "sms", "address": "+45 30000001"}]})
}

/// Visits of every kind. With 180 days on 10 January 2026 those whose events are numbered below 100 are due.
fn fill(house: &House) {
    let ours = &house.ours;
    // Corrected, twice.
    house.event(ours, 1, "visit.checked_in", "2025-01-04T08:00:00Z", "regular", &parts("host"));
    house.plain(2, "visit.checked_out", "2025-01-04T11:00:00Z", "regular");
    for (n, corrects) in [(3, 1_u128), (4, 3)] {
        let mut more = parts("host");
        more["corrects"] = json!(uuid::Uuid::from_u128(corrects));
        house.event(ours, n, "visit.checked_in", &format!("2025-01-04T08:0{n}:00Z"), "regular", &more);
    }
    // Called off, turned away, never came.
    let expected = |at: &str| json!({"expected_at": at});
    house.event(ours, 5, "visit.expected", "2025-01-04T12:00:00Z", "called-off", &expected("2025-02-10T09:00:00Z"));
    house.plain(6, "visit.cancelled", "2025-01-05T10:00:00Z", "called-off");
    house.plain(7, "visit.denied", "2025-01-04T12:00:00Z", "turned-away");
    let mut never = parts("restricted");
    never["expected_at"] = json!("2025-03-01T09:00:00Z");
    house.event(ours, 8, "visit.expected", "2025-01-04T12:00:00Z", "never-came", &never);
    // Under a ref, with a check-out too many.
    house.with_ref(9, "visit.checked_in", "2025-01-04T13:00:00Z", "booking-s");
    house.with_ref(10, "visit.checked_out", "2025-01-04T14:00:00Z", "booking-s");
    house.with_ref(11, "visit.checked_out", "2025-01-04T14:30:00Z", "booking-s");

    // Still in; expected ahead; waiting for its visit; restricted; another customer's.
    house.plain(101, "visit.checked_in", "2025-01-04T09:00:00Z", "inside");
    house.event(ours, 102, "visit.expected", "2025-01-05T11:00:00Z", "called-off", &expected("2026-02-01T09:00:00Z"));
    house.plain(103, "visit.checked_out", "2025-01-04T09:00:00Z", "turned-away");
    house.plain(104, "visit.checked_in", "2025-01-04T09:00:00Z", "restricted");
    house.plain(105, "visit.checked_out", "2025-01-04T10:00:00Z", "restricted");
    house.restrict(ours, "restricted");
    house.event(&house.theirs, 106, "visit.denied", "2025-01-04T12:00:00Z", "regular", &Value::Null);
    // Two stays under one ref, of which one is lately.
    house.with_ref(107, "visit.checked_in", "2025-01-04T15:00:00Z", "booking-r");
    house.with_ref(108, "visit.checked_out", "2025-01-04T16:00:00Z", "booking-r");
    house.at("2025-12-20T12:00:00Z");
    house.with_ref(109, "visit.checked_in", "2025-12-19T15:00:00Z", "booking-r");
    house.with_ref(110, "visit.checked_out", "2025-12-19T16:00:00Z", "booking-r");
    house.plain(111, "visit.checked_in", "2025-12-19T17:00:00Z", "regular");
    house.plain(112, "visit.checked_out", "2025-12-19T18:00:00Z", "regular");
    house.at("2026-01-10T12:00:00Z");
}

#[test]
fn visits_go_when_they_are_over_for_the_time_agreed_on() {
    both(|kind| {
        let house = House::new(kind);
        fill(&house);
        let stored = house.events(&house.ours);
        let (shown, before) = (house.visits(), house.dump());
        let agreement = house.agree(&house.ours, &json!({"visits_days": 180}));
        let expected = Ran { customers: 1, people: 0, visits: 5, events: 11, hosts: 3, recipients: 4 };
        assert_eq!(house.run(), expected);
        let left: BTreeSet<u128> = stored.into_iter().filter(|n| *n > 100).collect();
        assert_eq!(house.events(&house.ours), left);

        // Nothing else has changed, in any table of guests' data.
        let after = house.dump();
        for (table, rows, gone) in [
            ("events", &after["events"], 11),
            ("visits", &after["visits"], 5),
            ("event_hosts", &after["event_hosts"], 3),
            ("event_recipients", &after["event_recipients"], 4),
        ] {
            assert_eq!(before[table].len() - rows.len(), gone, "{table}");
            assert!(rows.iter().all(|row| before[table].contains(row)), "{table}: what stays, stays byte for byte");
        }
        for table in ["people", "restrictions", "devices", "licenses", "customers", "customer_keys", "tombstones"] {
            assert_eq!(after[table], before[table], "{table}");
        }
        let details = "SELECT details AS text FROM audit_entries WHERE action = 'visits.deleted'";
        let details: Vec<Value> =
            house.raw().texts(details).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let counts = json!({"days": 180, "visits": 5, "events": 11, "hosts": 3, "recipients": 4});
        assert_eq!(details, [counts], "{agreement}");
        assert_eq!(house.raw().count("jobs WHERE kind = 'scrub'"), 1);

        // What is left adds up to what it did: also when each guest is projected anew.
        let mut kept = shown.clone();
        kept.retain(|id, _| house.visits().contains_key(id));
        assert_eq!((kept.len(), &house.visits()), (shown.len() - 5, &kept));
        for (n, guest) in (201..).zip(["regular", "called-off", "turned-away", "never-came", "restricted", "inside"]) {
            let more = json!({"expected_at": "2026-03-01T09:00:00Z"});
            house.event(&house.ours, n, "visit.expected", "2026-01-10T11:00:00Z", guest, &more);
        }
        let anew = house.visits();
        assert_eq!(anew.len(), kept.len() + 5, "the restricted guest's is stored, and not seen");
        for (id, visit) in &kept {
            assert_eq!(anew.get(id), Some(visit), "{id}");
        }
        assert_eq!(house.run(), Ran { customers: 1, ..Ran::default() }, "the next day there is nothing to do");
    });
}

#[test]
fn a_stay_under_a_ref_goes_with_the_last_of_them() {
    both(|kind| {
        let house = House::new(kind);
        fill(&house);
        house.agree(&house.ours, &json!({"visits_days": 180}));
        house.run();
        house.at("2026-06-17T17:00:00Z");
        // 180 days after 19 December, an hour past the end of the second stay and an hour before that of the third visit.
        assert_eq!(house.run(), Ran { customers: 1, visits: 2, events: 4, ..Ran::default() });
        house.at("2026-06-18T00:00:00Z");
        assert_eq!(house.run(), Ran { customers: 1, visits: 1, events: 2, ..Ran::default() });
    });
}

#[test]
fn what_is_held_stays_whatever_was_agreed_on() {
    both(|kind| {
        let house = House::new(kind);
        let held = [("visits", 1_u128), ("events", 3), ("ip", 5), ("name", 7)];
        for (guest, n) in held {
            let host = json!({"host": {"ref": "host", "name": "Vaert"}, "recipients": [
                {"ref": "host", "channel": "sms", "address": "+45 30000001"},
                {"ref": "reception", "channel": "sms", "address": "+45 30000002"},
            ]});
            house.event(&house.ours, n, "visit.checked_in", "2025-01-04T08:00:00Z", guest, &host);
            house.plain(n + 1, "visit.checked_out", "2025-01-04T11:00:00Z", guest);
        }
        house.at("2026-01-10T12:00:00Z");
        for (who, field) in held.map(|(guest, _)| (guest, guest)).into_iter().chain([("host", "hosting")]) {
            let body = hold("2030-01-01T00:00:00Z", &[field]);
            let placed = house.tenant(&house.ours, "POST", &format!("/v1/people/{who}/holds"), Some(&body));
            assert_eq!(placed.status, 201, "{who}");
        }
        house.agree(&house.ours, &json!({"visits_days": 180}));
        assert_eq!(house.run(), Ran { customers: 1, visits: 1, events: 2, recipients: 2, ..Ran::default() });
        assert_eq!(house.events(&house.ours), (1..=6).collect(), "of the one whose name alone is held they go");
        assert_eq!(house.raw().count("event_hosts"), 4, "the host's part stays though the visit goes");

        // Notifications alone are held.
        let path = "/v1/people/host/holds";
        let placed = house.tenant(&house.ours, "GET", path, None).json()["data"][0]["id"].take();
        let lift = |who: &str, id: &Value| {
            let path = format!("/v1/people/{who}/holds/{}", id.as_str().unwrap());
            house.tenant(&house.ours, "DELETE", &path, None)
        };
        lift("host", &placed);
        let body = hold("2030-01-01T00:00:00Z", &["notifications"]);
        house.tenant(&house.ours, "POST", path, Some(&body));
        let of_guest = house.tenant(&house.ours, "GET", "/v1/people/visits/holds", None).json()["data"][0]["id"].take();
        lift("visits", &of_guest);
        let expected = Ran { customers: 1, visits: 1, events: 2, hosts: 1, recipients: 1, ..Ran::default() };
        assert_eq!(house.run(), expected, "without the hold the visit goes, and the host's notification stays");
    });
}

#[test]
fn nothing_goes_before_the_answer_of_who_asks() {
    both(|kind| {
        let house = House::new(kind);
        for (guest, n) in [("asker", 1_u128), ("other", 3)] {
            house.plain(n, "visit.checked_in", "2025-01-04T08:00:00Z", guest);
            house.plain(n + 1, "visit.checked_out", "2025-01-04T11:00:00Z", guest);
        }
        house.at("2026-01-10T12:00:00Z");
        let case = json!({"right": "access", "channel": "letter", "received_at": "2026-01-09T12:00:00Z",
            "ref": "asker", "verified_by": "known_in_person"});
        assert_eq!(house.tenant(&house.ours, "POST", "/v1/rights/cases", Some(&case)).status, 201);
        house.agree(&house.ours, &json!({"visits_days": 180, "people_days": 200}));
        assert_eq!(house.run().people, 1, "the other");
        assert_eq!(house.events(&house.ours), [1, 2].into());
        // When the answer is overdue the data do not wait any longer.
        house.at("2026-02-11T12:00:00Z");
        assert_eq!(house.run().people, 1);
        assert_eq!(house.events(&house.ours), [].into());
    });
}
