//! Holds (Article 17(3)): what a provision demands is kept, the rest goes now, and in the end all of it.

use crate::bodies::hold;
use crate::deletions::House;
use crate::harness::{Kind, at, both};
use crate::raw::Raw;
use guestlog::jobs;
use serde_json::{Value, json};

const END: &str = "2027-06-01T12:00:00Z";

impl House {
    fn hold(&self, who: &str, ends_at: &str, fields: &[&str]) -> String {
        let placed = self.send("POST", &format!("/v1/people/{who}/holds"), Some(&hold(ends_at, fields)));
        assert_eq!(placed.status, 201, "{}", placed.text);
        placed.json()["id"].as_str().unwrap().to_owned()
    }

    fn run_jobs(&self) {
        jobs::run_due(&self.served.app).unwrap();
    }

    fn come(&self, who: &str) {
        for (id, what, at) in
            [(1, "visit.checked_in", "2026-11-21T08:00:00Z"), (2, "visit.checked_out", "2026-11-21T09:00:00Z")]
        {
            assert_eq!(self.event(id, what, at, who, Some("h")).status, 201);
        }
        let fields = json!({"name": "Åse Berg", "email": "aase@example.dk", "company": "Nordlys"});
        assert_eq!(self.send("PUT", &format!("/v1/people/{who}"), Some(&fields)).status, 200);
    }

    /// What is left of an erased person, as a key with the scope `rights` reads it.
    fn rest(&self, path: &str) -> Value {
        let sep = if path.contains('?') { '&' } else { '?' };
        let answer = self.get(&format!("{path}{sep}restricted=legal_claims"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    fn rows(&self, table: &str) -> i64 {
        Raw::of(&self.home).count(table)
    }
}

#[test]
fn an_erasure_leaves_what_is_held_out_of_sight_and_the_end_of_the_hold_takes_it() {
    both(|kind| {
        let house = House::new(kind);
        house.come("a");
        let host = house.get("/v1/people/h").text;
        let id = house.hold("a", END, &["name", "visits"]);
        let mut raw = Raw::of(&house.home);
        let before: Vec<Vec<u8>> = ["wrapped_key", "ref_index", "ref_sealed", "name_sealed", "email_sealed"]
            .iter()
            .flat_map(|column| {
                raw.bytes(&format!("SELECT {column} AS bytes FROM people WHERE company_sealed IS NOT NULL"))
            })
            .collect();
        drop(raw);
        let receipt = house.delete("a");
        let result = &receipt["results"][0];
        assert_eq!((&result["status"], &result["epoch"]), (&json!("partly_erased"), &json!(1)), "{receipt}");
        assert_eq!(result["held_until"], "2027-06-01T12:00:00.000000Z");
        let held = json!({"people": 1, "events": 0, "visits": 1, "hosts": 0, "recipients": 0});
        assert_eq!(receipt["held"], held);
        let erased = json!({"people": 0, "events": 2, "visits": 0, "hosts": 0, "recipients": 0, "restrictions": 0});
        assert_eq!(receipt["erased"], erased);
        assert!(receipt["signature"]["value"].is_string());
        assert!(receipt["checked"].as_array().unwrap().iter().all(|place| place["found"] == 0));
        // Nobody sees it, and the host is as before.
        assert_eq!((house.get("/v1/people/a").status, house.get("/v1/people/h").text), (404, host));
        for list in ["/v1/events", "/v1/visits", "/v1/visits?person=a"] {
            assert_eq!(house.get(list).json()["data"], json!([]), "{list}");
        }
        assert_eq!(house.get("/v1/people").json()["data"].as_array().unwrap().len(), 1);
        // Nothing that was stored is there any more; what is held is there anew, under another key.
        let mut raw = Raw::of(&house.home);
        for column in ["wrapped_key", "ref_index", "ref_sealed", "name_sealed", "email_sealed"] {
            let now = raw.bytes(&format!("SELECT {column} AS bytes FROM people WHERE {column} IS NOT NULL"));
            assert!(now.iter().all(|bytes| !before.contains(bytes)), "{column}");
        }
        drop(raw);
        let rest = house.rest("/v1/people/a");
        assert_eq!(
            (&rest["ref"], &rest["name"], &rest["email"], &rest["company"]),
            (&json!("a"), &json!("Åse Berg"), &Value::Null, &Value::Null)
        );
        let visit = &house.rest("/v1/visits?person=a")["data"][0];
        assert_eq!(
            (&visit["arrived_at"], &visit["departed_at"]),
            (&json!("2026-11-21T08:00:00.000000Z"), &json!("2026-11-21T09:00:00.000000Z"))
        );
        assert_eq!(house.audited("restriction.exception").len(), 2);
        // A late event is refused as of anybody who was erased, and a list names the person no more.
        let late = house.event(3, "visit.checked_in", "2026-11-21T10:00:00Z", "a", None);
        assert_eq!(late.json()["status"], "erased");
        let listed = house.get("/v1/people/a/holds").json();
        assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["law"]), (&json!(id), &json!("Bogføringsloven § 12")));
        assert_eq!(listed["data"][0]["erased_at"], "2026-11-21T12:00:00.000000Z");
        // A moment before the end nothing happens.
        house.clock.set(at("2027-06-01T11:59:59.999999Z"));
        house.run_jobs();
        assert_eq!((house.rows("holds"), house.rows("visits")), (1, 1));
        house.clock.set(at(END));
        house.run_jobs();
        assert_eq!(
            (house.rows("holds"), house.rows("visits"), house.rows("people"), house.rows("restrictions")),
            (0, 0, 1, 0)
        );
        let last = house.get("/v1/deletions").json()["data"][0]["deletion_id"].as_str().unwrap().to_owned();
        let last = house.get(&format!("/v1/deletions/{last}")).json();
        assert_eq!(
            (&last["origin"], &last["erased"]["people"], &last["erased"]["visits"]),
            (&json!("hold_ended"), &json!(1), &json!(1)),
            "{last}"
        );
        assert_eq!(house.get("/v1/people/a/holds").status, 404);
        assert_eq!(house.rows("jobs WHERE kind = 'holds'"), 0);
    });
}

#[test]
fn held_events_lose_what_is_not_held_itself() {
    both(|kind| {
        let house = House::new(kind);
        house.come("a");
        house.hold("a", END, &["events", "name"]);
        house.hold("h", END, &["hosting", "notifications", "email"]);
        assert_eq!(house.delete("a")["held"]["events"], 2);
        let host = house.delete("h");
        assert_eq!((&host["held"]["hosts"], &host["held"]["recipients"]), (&json!(2), &json!(2)), "{host}");
        let events = house.rest("/v1/events?person=a");
        let event = &events["data"][1];
        assert_eq!(event["person"]["name"], "Navn a");
        assert_eq!((&event["ip"], &event["visit_id"], &event["host"]), (&Value::Null, &Value::Null, &Value::Null));
        // Sent again it is another event: its digest is gone with what it was of.
        let again = house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", Some("h"));
        assert_eq!((again.status, &again.json()["code"]), (409, &json!("event_conflict")));
        let rest = house.rest("/v1/people/h");
        assert_eq!((&rest["name"], &rest["email"]), (&Value::Null, &json!("vaert@example.dk")));
    });
}

#[test]
fn of_several_holds_each_takes_its_own_and_the_ref_is_free_meanwhile() {
    both(|kind| {
        let house = House::new(kind);
        house.come("a");
        let first = house.hold("a", "2027-01-01T00:00:00Z", &["name", "visits"]);
        house.hold("a", END, &["email"]);
        // Together with others, in a list.
        let list = house.send("POST", "/v1/deletions", Some(&json!({"refs": ["a", "h", "x"]}))).json();
        let statuses: Vec<&Value> =
            list["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
        assert_eq!(statuses, ["partly_erased", "erased", "not_held"]);
        // A new life under the same ref, with a hold of its own.
        let made = house.send("PUT", "/v1/people/a?recreate=true", Some(&json!({"name": "Ny Åse"})));
        assert_eq!(made.status, 201, "{}", made.text);
        let second = house.hold("a", END, &["name"]);
        assert_eq!(house.get("/v1/people/a/holds").json()["data"].as_array().unwrap().len(), 3);
        // Lifted before its end, it takes the name and the visits of the first life.
        assert_eq!(house.send("DELETE", &format!("/v1/people/a/holds/{first}"), None).status, 204);
        house.run_jobs();
        assert_eq!((house.rows("visits"), house.rows("holds"), house.rows("people")), (0, 2, 2));
        assert_eq!(house.get("/v1/people/a").json()["name"], "Ny Åse");
        let reduced = house.get("/v1/deletions").json()["data"][0]["deletion_id"].as_str().unwrap().to_owned();
        let reduced = house.get(&format!("/v1/deletions/{reduced}")).json();
        assert_eq!(
            (&reduced["results"][0]["status"], &reduced["erased"]["visits"]),
            (&json!("partly_erased"), &json!(1)),
            "{reduced}"
        );
        // Of who is there nothing goes with a hold.
        assert_eq!(house.send("DELETE", &format!("/v1/people/a/holds/{second}"), None).status, 204);
        assert_eq!(house.delete("a")["results"][0]["status"], "erased");
        assert_eq!(house.rest("/v1/people/a")["email"], "aase@example.dk");
        house.clock.set(at(END));
        house.run_jobs();
        assert_eq!((house.rows("people"), house.rows("holds")), (0, 0));
    });
}

#[test]
fn a_comparison_does_not_find_what_is_held() {
    both(|kind| {
        let house = House::new(kind);
        house.come("a");
        house.hold("a", END, &["name"]);
        house.delete("a");
        let ndjson = [("content-type", "application/x-ndjson")];
        let path = "/v1/reconciliations?snapshot_at=2026-11-21T12:00:00Z&dry_run=true";
        let counted = house.served.send("POST", path, Some(&house.key), &ndjson, Some(b"{\"ref\":\"h\"}\n")).json();
        assert_eq!((&counted["held"], &counted["absent"]), (&json!(1), &json!(0)), "{counted}");
        let digest = house.get("/v1/people/digest?bits=4").json();
        assert_eq!(digest["held"], 1, "{digest}");
    });
}

#[test]
fn a_hold_names_a_ground_a_provision_fields_and_an_end() {
    both(|kind| {
        let house = House::new(kind);
        house.send("PUT", "/v1/people/a", Some(&json!({})));
        let with = |name: &str, value: Value| {
            let mut body = hold(END, &["name"]);
            body[name] = value;
            let answer = house.send("POST", "/v1/people/a/holds", Some(&body));
            (answer.status, answer.json())
        };
        for law in ["administrative", "Administrative grunde", "vi plejer"] {
            let (status, told) = with("law", json!(law));
            assert_eq!((status, &told["code"]), (422, &json!("hold_without_ground")), "{law}: {told}");
        }
        let wrong = [
            ("ground", json!("administrative"), "no_ground"),
            ("ground", json!("f"), "no_ground"),
            ("fields", json!([]), "out_of_range"),
            ("ends_at", json!("2026-11-21T12:00:00Z"), "out_of_range"),
            ("ends_at", json!("2036-11-21T12:00:01Z"), "out_of_range"),
        ];
        for (name, value, code) in wrong {
            let (status, told) = with(name, value);
            assert_eq!((status, &told["errors"][0]["code"]), (422, &json!(code)), "{name}: {told}");
            assert_eq!(told["errors"][0]["pointer"], format!("/{name}"));
        }
        assert_eq!(house.rows("holds"), 0);
        for ground in ["a", "b", "c", "d", "e"] {
            assert_eq!(with("ground", json!(ground)).0, 201, "{ground}");
        }
        for _ in 5..20 {
            assert_eq!(with("ground", json!("e")).0, 201);
        }
        assert_eq!(with("ground", json!("e")).0, 422, "twenty are enough");
        assert_eq!(house.refused("POST", "/v1/people/nobody/holds", Some(&hold(END, &["name"]))).0, 404);
        assert_eq!(house.refused("DELETE", &format!("/v1/people/a/holds/{}", uuid::Uuid::nil()), None).0, 404);
        // The holds of who is there end with their time, and nothing else.
        house.clock.set(at(END));
        house.run_jobs();
        assert_eq!((house.rows("holds"), house.rows("people")), (0, 1));
        assert_eq!(house.audited("hold.ended").len(), 20);
    });
}

#[test]
fn what_is_erased_of_a_held_person_is_gone_from_the_files() {
    let house = House::new(Kind::Sqlite);
    house.come("a");
    house.hold("a", END, &["name"]);
    let mut raw = Raw::of(&house.home);
    let columns = ["wrapped_key", "name_sealed", "email_sealed", "company_sealed", "mirror_sealed"];
    let stored: Vec<Vec<u8>> = columns
        .iter()
        .flat_map(|column| raw.bytes(&format!("SELECT {column} AS bytes FROM people WHERE company_sealed IS NOT NULL")))
        .collect();
    assert_eq!(stored.len(), columns.len());
    raw.checkpoint();
    drop(raw);
    let found = || {
        let files = crate::harness::files(&house.home.dir);
        let hay: Vec<Vec<u8>> = files.iter().filter_map(|file| std::fs::read(file).ok()).collect();
        let is_in = |bytes: &Vec<u8>| hay.iter().any(|hay| hay.windows(bytes.len()).any(|window| window == bytes));
        stored.iter().filter(|bytes| is_in(bytes)).count()
    };
    assert_eq!(found(), columns.len(), "the search finds what is there");
    house.delete("a");
    house.run_jobs();
    Raw::of(&house.home).checkpoint();
    assert_eq!(found(), 0);
}
