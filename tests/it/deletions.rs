//! Deletions over HTTP: complete, repeated without harm, never undone by a late event, proved by a receipt.

use crate::harness::{Answer, Home, Kind, Served, Site, at, both, key, serve, site};
use guestlog::clock::Clock;
use serde_json::{Value, json};

pub const ALL: &str = "events:write,events:read,people:write,people:read,people:delete,rights";
const NOW: &str = "2026-11-21T12:00:00Z";

pub struct House {
    pub served: Served,
    pub clock: Clock,
    pub key: String,
    pub site: Site,
    pub home: Home,
}

impl House {
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, &[])
    }

    pub fn with(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let app = home.open_with(clock.clone(), settings);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), ALL, None);
        Self { served: serve(&app), clock, key, site, home }
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        self.served.send(method, path, Some(&self.key), &[], body.as_deref())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.served.get(path, &self.key)
    }

    /// An event of a guest, with a host and a recipient when named.
    pub fn event(&self, id: u128, kind: &str, at: &str, guest: &str, host: Option<&str>) -> Answer {
        let mut event = json!({"id": uuid::Uuid::from_u128(id), "type": kind, "occurred_at": at,
            "license_number": "L-1", "person": {"ref": guest, "name": format!("Navn {guest}")}, "ip": "203.0.113.7"});
        if let Some(host) = host {
            event["host"] = json!({"ref": host, "name": format!("Vært {host}"), "email": "vaert@example.dk"});
            event["recipients"] = json!([{"ref": host, "channel": "email", "address": "vaert@example.dk"}]);
        }
        self.send("POST", "/v1/events", Some(&event))
    }

    pub fn delete(&self, reference: &str) -> Value {
        let answer = self.send("DELETE", &format!("/v1/people/{reference}"), None);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

fn statuses(receipt: &Value) -> Vec<&str> {
    receipt["results"].as_array().unwrap().iter().map(|result| result["status"].as_str().unwrap()).collect()
}

#[test]
fn a_deleted_guest_is_gone_and_the_others_stay() {
    both(|kind| {
        let house = House::new(kind);
        for (id, guest) in [(1, "a"), (2, "b")] {
            let stored = house.event(id, "visit.checked_in", "2026-11-21T08:00:00Z", guest, Some("h"));
            assert_eq!(stored.status, 201, "{}", stored.text);
            house.event(id + 10, "visit.checked_out", "2026-11-21T09:00:00Z", guest, None);
        }
        let host = house.get("/v1/people/h").text;
        let other = house.get("/v1/events?person=b").text;
        let nonce = house.send("DELETE", "/v1/people/a?nonce=sag-17", None);
        assert_eq!(nonce.status, 200, "{}", nonce.text);
        let receipt = nonce.json();
        assert_eq!(
            receipt["erased"],
            json!({"people": 1, "events": 2, "visits": 1, "hosts": 0, "recipients": 0, "restrictions": 0})
        );
        assert_eq!((statuses(&receipt), &receipt["nonce"]), (vec!["erased"], &json!("sag-17")));
        assert_eq!(receipt["tombstone_expires_at"], "2026-12-31T12:00:00.000000Z");
        assert_eq!(receipt["backups_expire_at"], "2026-12-26T12:00:00.000000Z");
        assert!(receipt["checked"].as_array().unwrap().iter().all(|place| place["found"] == 0));
        assert!(receipt["checked"].as_array().unwrap().len() >= 8);
        assert!(receipt["signature"]["value"].is_string());
        assert_eq!(house.get("/v1/people/a").status, 404);
        for list in ["/v1/events?person=a", "/v1/visits?person=a"] {
            assert_eq!(house.get(list).json()["data"], json!([]), "{list}");
        }
        assert_eq!(house.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(1))).status, 404);
        assert_eq!(house.get("/v1/people/h").text, host, "byte for byte");
        assert_eq!(house.get("/v1/events?person=b").text, other, "byte for byte");
        // The host goes as well; the guest's events stay, without host.
        let host = house.delete("h");
        assert_eq!(host["erased"]["hosts"], 2, "also of the event that is gone");
        assert_eq!(host["erased"]["recipients"], 2);
        let left = house.get("/v1/events?person=b").json();
        assert_eq!(left["data"].as_array().unwrap().len(), 2);
        assert_eq!(left["data"][1]["host"], Value::Null);
    });
}

#[test]
fn deleting_twice_and_deleting_nobody_succeeds_and_says_so() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        assert_eq!(statuses(&house.delete("a")), ["erased"]);
        for reference in ["a", "never"] {
            let receipt = house.delete(reference);
            assert_eq!((statuses(&receipt), &receipt["erased"]["people"]), (vec!["not_held"], &json!(0)));
        }
        // Who was never held may have events on the way.
        let late = house.event(2, "visit.checked_in", "2026-11-21T08:30:00Z", "never", None);
        assert_eq!((late.status, late.json()["status"].clone()), (200, json!("erased")));
        let listed = house.get("/v1/deletions").json();
        assert_eq!(listed["data"].as_array().unwrap().len(), 3);
        assert_eq!(listed["data"][2]["people"], 1);
        let id = listed["data"][2]["deletion_id"].as_str().unwrap();
        let receipt = house.get(&format!("/v1/deletions/{id}")).json();
        assert_eq!(statuses(&receipt), ["erased"]);
        assert_eq!(house.get(&format!("/v1/deletions/{}", uuid::Uuid::from_u128(9))).status, 404);
        // A retry with its key gets the receipt of the first.
        let keyed =
            |path: &str| house.served.send("DELETE", path, Some(&house.key), &[("idempotency-key", "k-1")], None);
        house.event(3, "visit.checked_in", "2026-11-21T08:30:00Z", "b", None);
        let first = keyed("/v1/people/b");
        assert_eq!(first.json()["erased"]["people"], 1);
        assert_eq!(keyed("/v1/people/b").text, first.text);
        assert_eq!(keyed("/v1/people/c").status, 409);
    });
}

#[test]
fn many_at_once_with_a_result_for_each() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", Some("h"));
        house.event(2, "visit.checked_in", "2026-11-21T08:00:00Z", "b", None);
        let body = json!({"refs": ["a", "nobody", "b", "a"], "nonce": "n"});
        let answer = house.send("POST", "/v1/deletions", Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let receipt = answer.json();
        assert_eq!(statuses(&receipt), ["erased", "not_held", "erased", "erased"]);
        assert_eq!((&receipt["refs"], &receipt["erased"]["people"]), (&json!(4), &json!(2)));
        assert!(!answer.text.contains("nobody"), "no ref comes back");
        assert_eq!(house.get("/v1/people/h").status, 200);
        for (body, pointer) in [
            (json!({"refs": []}), "/refs"),
            (json!({"refs": vec!["x"; 10_001]}), "/refs"),
            (json!({"refs": [""]}), "/refs/0"),
            (json!({"refs": ["a"], "nonce": "not a nonce"}), "/nonce"),
            (json!({"refs": ["a"], "force": true}), "/force"),
        ] {
            let refused = house.send("POST", "/v1/deletions", Some(&body));
            assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!(pointer)));
        }
        let most = json!({"refs": (0..10_000).map(|n| format!("p{n}")).collect::<Vec<_>>()});
        assert_eq!(house.send("POST", "/v1/deletions", Some(&most)).json()["refs"], 10_000);
    });
}

#[test]
fn another_tenants_ref_has_no_effect() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        let other = site(&house.served.app, "L-2");
        let other = key(&house.served.app, Some(other.customer), ALL, None);
        let receipt = house.served.send("DELETE", "/v1/people/a", Some(&other), &[], None).json();
        assert_eq!(statuses(&receipt), ["not_held"]);
        assert_eq!(house.get("/v1/people/a").status, 200);
        let again = house.event(2, "visit.checked_out", "2026-11-21T09:00:00Z", "a", None);
        assert_eq!(again.status, 201, "the other customer's tombstone is the other customer's");
        let id = receipt["deletion_id"].as_str().unwrap();
        assert_eq!(house.get(&format!("/v1/deletions/{id}")).status, 404);
        assert_eq!(house.get("/v1/deletions").json()["data"], json!([]));
        let without = key(&house.served.app, Some(house.site.customer), "people:write,people:read", None);
        let refused = house.served.send("DELETE", "/v1/people/a", Some(&without), &[], None);
        assert_eq!((refused.status, refused.json()["code"].clone()), (403, json!("forbidden")));
    });
}

#[test]
fn late_events_leave_nothing_and_only_a_word_makes_anew() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        house.delete("a");
        let erased = |answer: Answer| {
            assert_eq!((answer.status, answer.json()["status"].clone()), (200, json!("erased")), "{}", answer.text);
        };
        // The same event, an older one, one of now and one of after.
        erased(house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None));
        erased(house.event(2, "visit.expected", "2026-11-01T08:00:00Z", "a", None));
        erased(house.event(3, "visit.checked_in", "2026-11-21T12:00:01Z", "a", Some("h")));
        assert_eq!(house.get("/v1/people/h").status, 404, "of an erased guest's event nothing is stored");
        house.clock.set(at("2026-11-21T13:00:00Z"));
        let put = |path: &str| house.send("PUT", path, Some(&json!({"name": "Ny"})));
        let refused = put("/v1/people/a");
        assert_eq!((refused.status, refused.json()["code"].clone()), (409, json!("person_erased")));
        assert_eq!(house.send("PATCH", "/v1/people/a", Some(&json!({"name": "Ny"}))).status, 404);
        assert_eq!(put("/v1/people/a?recreate=maybe").status, 422);
        assert_eq!(put("/v1/people/a?recreate=true").status, 201);
        // Events of the life before stay refused, those of the new one are taken.
        erased(house.event(4, "visit.checked_in", "2026-11-21T12:59:59.999999Z", "a", None));
        let taken = house.event(5, "visit.checked_in", "2026-11-21T13:00:00Z", "a", None);
        assert_eq!(taken.status, 201, "{}", taken.text);
        assert_eq!(house.get("/v1/events?person=a").json()["data"].as_array().unwrap().len(), 1);
        let receipt = house.delete("a");
        assert_eq!(receipt["results"][0]["epoch"], 2);
        assert_eq!(put("/v1/people/a?recreate=true").status, 201);
        assert_eq!(house.delete("a")["results"][0]["epoch"], 3);
    });
}

#[test]
fn erased_hosts_and_recipients_are_left_out_of_others_events() {
    both(|kind| {
        let house = House::new(kind);
        house.delete("h");
        let stored = house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", Some("h"));
        assert_eq!(stored.status, 201, "{}", stored.text);
        assert_eq!(house.get("/v1/people/h").status, 404);
        let event = house.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(1))).json();
        assert_eq!((&event["host"], &event["recipients"]), (&Value::Null, &json!([])));
        let again = house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", Some("h"));
        assert_eq!(again.json()["status"], "duplicate");
        // A batch sorts each out by itself.
        house.delete("x");
        let event = |id: u128, guest: &str| {
            json!({"id": uuid::Uuid::from_u128(id), "type": "visit.checked_in",
            "occurred_at": "2026-11-21T08:00:00Z", "license_number": "L-1", "person": {"ref": guest}})
        };
        let events: Vec<Value> = vec![event(2, "b"), event(3, "x"), event(3, "x"), event(4, "c"), event(2, "b")];
        let batch = house.send("POST", "/v1/events", Some(&json!({"events": events}))).json();
        let told: Vec<_> = batch["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
        assert_eq!(told, ["created", "erased", "erased", "created", "duplicate"]);
        assert_eq!((&batch["created"], &batch["erased"], &batch["duplicate"]), (&json!(2), &json!(2), &json!(1)));
    });
}

#[test]
fn when_the_tombstone_has_expired_old_events_are_too_late() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", Some("h"));
        house.delete("a");
        house.delete("h");
        house.clock.set(at("2026-12-31T11:59:59Z"));
        let late = house.event(2, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        assert_eq!(late.json()["status"], "erased");
        house.clock.set(at("2026-12-31T12:00:01Z"));
        for (guest, host, pointer) in [("a", None, "/person/ref"), ("b", Some("h"), "/person/ref")] {
            let late = house.event(3, "visit.checked_in", "2026-11-21T08:00:00Z", guest, host);
            assert_eq!((late.status, &late.json()["errors"][0]["pointer"]), (422, &json!(pointer)), "{}", late.text);
            assert!(late.text.contains("35 days"), "{}", late.text);
        }
        assert_eq!(house.send("PUT", "/v1/people/b", Some(&json!({}))).status, 201);
        let late = house.event(3, "visit.checked_in", "2026-11-21T08:00:00Z", "b", Some("h"));
        assert_eq!(late.json()["errors"][0]["pointer"], "/host/ref");
        assert_eq!(
            house.event(3, "visit.checked_in", "2026-11-21T08:00:00Z", "b", None).status,
            201,
            "a held person's"
        );
        // Whom the customer registers again without a word, after the time, is a new person.
        assert_eq!(house.send("PUT", "/v1/people/a", Some(&json!({}))).status, 201);
        assert_eq!(house.event(4, "visit.checked_in", "2026-12-31T12:00:00Z", "h", None).status, 201);
    });
}

#[test]
fn a_restriction_holds_a_deletion_until_it_is_confirmed() {
    both(|kind| {
        let house = House::new(kind);
        for (id, ground) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
            house.event(id, "visit.checked_in", "2026-11-21T08:00:00Z", ground, None);
            let placed = json!({"ground": ground, "reason": "sag 12"});
            let path = format!("/v1/people/{ground}/restriction");
            let placed = house.send("PUT", &path, Some(&placed));
            assert_eq!((placed.status, placed.json()["ground"].clone()), (200, json!(ground)), "{}", placed.text);
        }
        assert_eq!(house.delete("a")["erased"]["restrictions"], 1);
        assert_eq!(statuses(&house.delete("d")), ["erased"]);
        let held = house.send("DELETE", "/v1/people/b", None);
        assert_eq!((held.status, held.json()["code"].clone()), (409, json!("person_restricted")), "{}", held.text);
        let token = held.json()["confirmation"].as_str().unwrap().to_owned();
        assert_eq!(house.get("/v1/people/b").status, 200);
        let notices = house.get("/v1/notices").json();
        assert_eq!(notices["data"][0]["kind"], "deletion_held", "{notices}");
        let list = house.send("POST", "/v1/deletions", Some(&json!({"refs": ["b", "c", "x"]}))).json();
        assert_eq!(statuses(&list), ["restricted", "restricted", "not_held"]);
        // The token is for this person, this restriction, and a day.
        let with = |reference: &str, token: &str| {
            house.send("DELETE", &format!("/v1/people/{reference}?confirmation={token}"), None)
        };
        assert_eq!(with("c", &token).status, 409);
        assert_eq!(with("b", "AAAA").status, 409);
        house.clock.set(at("2026-11-22T12:00:01Z"));
        assert_eq!(with("b", &token).status, 409, "a day is over");
        house.clock.set(at(NOW));
        assert_eq!(with("b", &token).status, 200);
        assert_eq!(house.get("/v1/people/b").status, 404);
        assert_eq!(house.send("DELETE", &format!("/v1/people/c/restriction?told_at={NOW}"), None).status, 204);
        assert_eq!(statuses(&house.delete("c")), ["erased"]);
        assert_eq!(house.send("DELETE", "/v1/people/c/restriction", None).status, 404);
    });
}
