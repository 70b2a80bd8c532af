//! The export of a person: its files, its schemas, who gets which, and what it says.

use crate::archive::{Archive, House, SCOPES};
use crate::harness::{at, both, key, site};
use crate::raw::Raw;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn validator(house: &House, path: &str) -> Validator {
    let answer = house.served.send("GET", path, None, &[], None);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/schema+json")));
    jsonschema::options().should_validate_formats(true).build(&answer.json()).unwrap()
}

fn assert_valid(house: &House, archive: &Archive) {
    for (schema, file) in [("/schemas/export-1.json", "data.json"), ("/schemas/article-15-1.json", "article-15.json")] {
        let validator = validator(house, schema);
        let value = archive.json(file);
        let faults: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{file}: {faults:#?}");
    }
}

/// A visit with a host, who is notified.
fn visit(house: &House, guest: &str, host: &str, kiosk: bool) {
    house.event(&json!({
        "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": house.clock.now(),
        "license_number": "L-CANARY-1", "device": "Indgang", "ip": "203.0.113.9",
        "origin": if kiosk { "kiosk" } else { "reception" },
        "person": {"ref": guest, "kind": "guest", "name": "Åse Gæst", "phone": "+4520000001"},
        "host": {"ref": host, "name": "Vært"},
        "recipients": [{"ref": host, "channel": "sms", "address": "+4530000001", "status": "sent"}],
    }));
}

#[test]
fn the_file_is_valid_by_its_published_schemas() {
    both(|kind| {
        let house = House::new(kind);
        visit(&house, "g", "h", true);
        house.call("PUT", "/v1/people/g/restriction", &json!({"ground": "a"}));
        house.call("PUT", "/v1/people/only", &json!({}));
        for guest in ["g", "h", "only"] {
            for right in ["access", "portability"] {
                let archive = house.export_as(guest, &format!("?right={right}"));
                assert_valid(&house, &archive);
                assert_eq!(archive.data()["head"]["right"], right);
            }
        }
        // The schemas are no mere form: without any one member, or with one more, nothing is valid.
        let archive = house.export("g");
        for (schema, file) in
            [("/schemas/export-1.json", "data.json"), ("/schemas/article-15-1.json", "article-15.json")]
        {
            let (validator, whole) = (validator(&house, schema), archive.json(file));
            for member in whole.as_object().unwrap().keys() {
                let mut less = whole.clone();
                less.as_object_mut().unwrap().remove(member);
                assert!(!validator.is_valid(&less), "{file} without {member}");
            }
            let mut more = whole.clone();
            more["more"] = json!(1);
            assert!(!validator.is_valid(&more));
        }
        let mut data = archive.data();
        data["events"][0].as_object_mut().unwrap().remove("ip");
        assert!(!validator(&house, "/schemas/export-1.json").is_valid(&data));
    });
}

#[test]
fn the_answer_tells_nothing_of_the_person_and_is_not_kept() {
    both(|kind| {
        let house = House::new(kind);
        visit(&house, "g", "h", true);
        let answer = house.ask("g", "");
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"personoplysninger.zip\""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let archive = Archive::of(answer.bytes);
        let head = archive.data()["head"].clone();
        assert_eq!((&head["snapshot_at"], &head["controller"]), (&json!("2026-11-21T09:00:00+01:00"), &json!("Kunde")));
        assert_eq!(archive.json("article-15.json")["head"], head);
    });
}

#[test]
fn strangers_and_unknown_people_are_not_there() {
    both(|kind| {
        let house = House::new(kind);
        visit(&house, "g", "h", true);
        let theirs = site(&house.served.app, "L-2");
        let foreign = key(&house.served.app, Some(theirs.customer), SCOPES, None);
        let path = "/v1/people/g/export";
        let stranger = house.served.get(path, &foreign);
        let nobody = house.ask("nobody", "");
        assert_eq!((stranger.status, nobody.status), (404, 404));
        assert_eq!(stranger.json()["code"], "not_found");
        for (query, pointer) in [("?right=erasure", "?right"), ("?locale=de", "?locale"), ("?x=1", "?x")] {
            let refused = house.ask("g", query);
            assert_eq!(refused.status, 422, "{}", refused.text);
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
        }
    });
}

#[test]
fn portability_reaches_what_the_person_has_supplied() {
    both(|kind| {
        let house = House::new(kind);
        visit(&house, "g", "h", true);
        let data = house.export_as("g", "?right=portability").data();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(
            names(&data),
            set(&[
                "schema",
                "head",
                "person",
                "statement",
                "objections",
                "requests",
                "events",
                "visits",
                "codes",
                "labels"
            ])
        );
        assert_eq!(names(&data["person"]), set(&["name", "email", "phone", "company", "vehicle_plate"]));
        assert_eq!(
            names(&data["events"][0]),
            set(&[
                "type",
                "occurred_at",
                "license_number",
                "device",
                "visit_ref",
                "stated_kind",
                "name",
                "email",
                "phone",
                "company",
                "vehicle_plate",
                "ip",
            ])
        );
        assert_eq!(names(&data["visits"][0]), set(&["license_number", "arrived_at", "departed_at", "device"]));
        assert_eq!(data["person"]["name"]["value"], "Åse Gæst");
        // What is held of a host comes from the customer.
        let host = house.export_as("h", "?right=portability").data();
        assert_eq!(host["person"], json!({}));
        assert_eq!(host["events"], json!([]));
        assert!(host.get("hosted").is_none() && host.get("notified").is_none());
    });
}

#[test]
fn two_people_with_different_recipients_are_told_different_things() {
    both(|kind| {
        let house = House::new(kind);
        visit(&house, "one", "h-1", true);
        house.clock.set(at("2026-11-21T08:30:00Z"));
        visit(&house, "one", "h-2", false);
        house.comes("two");
        let [one, two] = ["one", "two"].map(|guest| house.export(guest).json("article-15.json"));
        let told = &one["recipients"]["people"];
        assert_eq!(told.as_array().unwrap().len(), 2);
        assert_eq!(
            told[0],
            json!({"number": 1, "role": "host", "channels": ["sms"], "count": 1,
                "first_at": "2026-11-21T09:30:00+01:00", "last_at": "2026-11-21T09:30:00+01:00"})
        );
        assert_eq!(two["recipients"]["people"], json!([]));
        assert_eq!(two["redactions"], json!([]));
        let of = |article: &Value, block: &str, name: &str| -> Vec<String> {
            article[block].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of(&one, "source", "source"), ["self", "guest_system"]);
        assert_eq!(of(&two, "source", "source"), ["guest_system"]);
        assert!(of(&one, "categories", "category").contains(&"network".to_owned()));
        assert!(!of(&two, "categories", "category").contains(&"contact".to_owned()));
        assert_eq!(of(&one, "categories", "category"), of(&one, "purposes", "category"));
        assert_eq!(one["period"]["from"], "2026-11-21T09:00:00+01:00");
        assert_eq!(one["counts"]["events"], 2);
    });
}

#[test]
fn somebody_of_whom_little_is_held_gets_a_whole_file() {
    both(|kind| {
        let house = House::new(kind);
        house.call("PUT", "/v1/people/only", &json!({}));
        let archive = house.export("only");
        let data = archive.data();
        for list in ["objections", "holds", "events", "visits", "hosted", "notified", "told"] {
            assert_eq!(data[list], json!([]), "{list}");
        }
        // The backend was told what it had said; and the next file tells that this one was made.
        let at = "2026-11-21T09:00:00+01:00";
        let look = |purpose: &str| json!({"at": at, "last_at": at, "times": 1, "by": "backend", "purpose": purpose});
        assert_eq!(data["consultations"], json!([look("put")]));
        assert_eq!(house.export("only").data()["consultations"], json!([look("put"), look("export")]));
        assert_eq!(
            (&data["restriction"], &data["earlier_deletion"], &data["statement"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        assert_eq!(archive.files["visits.csv"].lines().count(), 1);
        assert_eq!(archive.json("article-15.json")["confirmation"]["processed"], true);
        assert_eq!(archive.json("article-15.json")["period"], Value::Null);
    });
}

#[test]
fn corrected_events_stand_as_they_were_with_what_corrects_them() {
    both(|kind| {
        let house = House::new(kind);
        let (wrong, right) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
        for (id, name, corrects) in [(wrong, "Forkert", None), (right, "Rigtig", Some(wrong))] {
            house.event(&json!({
                "id": id, "type": "visit.checked_in", "occurred_at": house.clock.now(), "corrects": corrects,
                "license_number": "L-CANARY-1", "person": {"ref": "g", "name": name},
            }));
        }
        let archive = house.export("g");
        let events = archive.data()["events"].clone();
        let of = |id: uuid::Uuid| {
            events.as_array().unwrap().iter().find(|event| event["id"] == id.to_string()).unwrap().clone()
        };
        assert_eq!((&of(wrong)["name"], &of(wrong)["superseded_by"]), (&json!("Forkert"), &json!(right)));
        assert_eq!((&of(right)["name"], &of(right)["corrects"]), (&json!("Rigtig"), &json!(wrong)));
        assert!(archive.files["index.html"].contains("Rettet senere"));
    });
}

#[test]
fn the_page_needs_nothing_else_and_speaks_both_languages() {
    both(|kind| {
        let house = House::new(kind);
        house.event(&json!({
            "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": house.clock.now(),
            "license_number": "L-CANARY-1", "device": "<script>alert(1)</script>",
            "person": {"ref": "g", "name": "\"><img src=x onerror=alert(1)>"},
        }));
        for (query, lang) in [("", "da"), ("?locale=en", "en")] {
            let page = house.export_as("g", query).files["index.html"].clone();
            assert!(page.contains(&format!("<html lang=\"{lang}\">")));
            assert!(page.contains(&format!("id=\"in-{lang}\" checked")));
            assert!(page.contains("Dine personoplysninger") && page.contains("Your personal data"));
            assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("onerror=alert(1)>"));
            for link in page.split("href=\"").skip(1) {
                assert!(link.starts_with('#'), "{}", &link[..20]);
            }
            assert!(!page.contains("url(") && !page.contains("@import") && !page.contains("<link"));
        }
    });
}

#[test]
fn all_of_the_file_shows_one_state() {
    both(|kind| {
        let house = House::new(kind);
        let items = 1_500;
        for _ in 0..items / 500 {
            let events: Vec<Value> = (0..500)
                .map(|_| {
                    json!({"id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": house.clock.now(),
                        "license_number": "L-CANARY-1", "person": {"ref": "g"}})
                })
                .collect();
            let answer = house.served.post("/v1/events", &house.key, &json!({"events": events}));
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        // Events come in while files are made; each file agrees with itself.
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (0..60).for_each(|_| house.comes("g")));
            for _ in 0..3 {
                let archive = house.export("g");
                let events = archive.data()["events"].as_array().unwrap().len();
                assert_eq!(archive.files["events.csv"].lines().count(), events + 1);
                assert_eq!(archive.json("article-15.json")["counts"]["events"], events);
            }
            writer.join().unwrap();
        });
        assert_eq!(Raw::of(&house.home).count("events"), items + 60);
    });
}
