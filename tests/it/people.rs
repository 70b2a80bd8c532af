//! People over HTTP: what the backend says, what events say, who is found, and what is never taken.

use crate::harness::{Answer, Home, Kind, Served, at, both, key, serve, site};
use guestlog::clock::Clock;
use serde_json::{Value, json};

const ALL: &str = "events:write,events:read,people:write,people:read";
const NOW: &str = "2026-11-21T12:00:00Z";

struct House {
    served: Served,
    clock: Clock,
    key: String,
    _home: Home,
}

impl House {
    fn new(kind: Kind) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let app = home.open(clock.clone());
        let key = key(&app, Some(site(&app, "L-1").customer), ALL, None);
        Self { served: serve(&app), clock, key, _home: home }
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.served.send(method, path, Some(&self.key), &[], Some(body.to_string().as_bytes()))
    }

    fn get(&self, path: &str) -> Answer {
        self.served.get(path, &self.key)
    }

    /// A check-in with these fields of the guest.
    fn event(&self, id: u128, at: &str, person: &Value) -> Answer {
        let mut person = person.clone();
        person["ref"] = "g".into();
        let body = json!({"id": uuid::Uuid::from_u128(id), "type": "visit.checked_in", "occurred_at": at,
            "license_number": "L-1", "person": person});
        self.send("POST", "/v1/events", &body)
    }

    /// Refs of those whom a search finds.
    fn found(&self, query: &str) -> Vec<String> {
        let list = self.get(&format!("/v1/people?{query}"));
        assert_eq!(list.status, 200, "{}", list.text);
        list.json()["data"].as_array().unwrap().iter().map(|p| p["ref"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn put_replaces_and_patch_corrects() {
    both(|kind| {
        let house = House::new(kind);
        let whole = json!({"kind": "guest", "name": "Åse Æbelø", "email": "Aase@Example.dk", "phone": "12 34 56 78",
            "company": "Nordlys", "vehicle_plate": "AB 12 345"});
        assert_eq!(house.send("PATCH", "/v1/people/g", &whole).status, 404);
        let made = house.send("PUT", "/v1/people/g", &whole);
        let mut expected = whole.clone();
        expected["ref"] = "g".into();
        expected["created_at"] = "2026-11-21T12:00:00.000000Z".into();
        expected["updated_at"] = expected["created_at"].clone();
        assert_eq!((made.status, made.json()), (201, expected.clone()));
        assert_eq!(house.get("/v1/people/g").json(), expected, "kept as given");
        house.clock.set(at("2026-11-21T13:00:00Z"));
        let patched = house.send("PATCH", "/v1/people/g", &json!({"name": "Åse Ø", "phone": null}));
        (expected["name"], expected["phone"]) = ("Åse Ø".into(), Value::Null);
        expected["updated_at"] = "2026-11-21T13:00:00.000000Z".into();
        assert_eq!((patched.status, patched.json()), (200, expected.clone()));
        let media = [("content-type", "application/merge-patch+json")];
        let empty = house.served.send("PATCH", "/v1/people/g", Some(&house.key), &media, Some(b"{}"));
        assert_eq!((empty.status, empty.json()["name"].clone()), (200, json!("Åse Ø")));
        let replaced = house.send("PUT", "/v1/people/g", &json!({"email": "bo@example.dk"}));
        assert_eq!(replaced.status, 200);
        for gone in ["name", "phone", "company", "vehicle_plate"] {
            assert_eq!(replaced.json()[gone], Value::Null, "{gone}");
        }
        assert_eq!((&replaced.json()["email"], &replaced.json()["kind"]), (&json!("bo@example.dk"), &json!("guest")));
        assert_eq!(house.send("PATCH", "/v1/people/g", &json!({"kind": "host"})).json()["kind"], "host");
        // A ref is opaque: every spelling of it is its own, percent-encoded in the address.
        for (path, reference) in
            [("a%2Fb", "a/b"), ("%C3%A6", "æ"), ("A", "A"), ("a", "a"), ("%20a", " a"), ("%25", "%")]
        {
            assert_eq!(house.send("PUT", &format!("/v1/people/{path}"), &json!({})).status, 201, "{path}");
            assert_eq!(house.get(&format!("/v1/people/{path}")).json()["ref"], reference);
        }
    });
}

#[test]
fn a_person_is_found_by_address_and_number_however_they_are_written() {
    both(|kind| {
        let house = House::new(kind);
        house.send(
            "PUT",
            "/v1/people/a",
            &json!({"email": "Aase@Example.dk", "phone": "12 34 56 78", "kind": "guest"}),
        );
        house.send(
            "PUT",
            "/v1/people/b",
            &json!({"email": "bo@example.dk", "phone": "+46 8-123 456 78", "kind": "host"}),
        );
        for (query, found) in [
            ("email=aase%40example.dk", &["a"][..]),
            ("email=%20AASE%40EXAMPLE.DK", &["a"]),
            ("email=%EF%BC%A1ase%40example.dk", &["a"]),
            ("email=aase%40example.com", &[]),
            ("email=ase%40example.dk", &[]),
            ("phone=%2B4512345678", &["a"]),
            ("phone=004512345678", &["a"]),
            ("phone=(%2B45)%2012.34%2F56-78", &["a"]),
            ("phone=12345678", &["a"]),
            ("phone=0046812345678", &["b"]),
            ("phone=2345678", &[]),
            ("kind=host", &["b"]),
            ("kind=guest&phone=0046812345678", &[]),
            ("kind=host&phone=0046812345678&email=BO%40example.dk", &["b"]),
            ("", &["a", "b"]),
            ("limit=1", &["a"]),
        ] {
            assert_eq!(house.found(query), found, "{query}");
        }
        house.send("PATCH", "/v1/people/a", &json!({"email": "ny@example.dk", "phone": null}));
        assert_eq!(house.found("email=aase%40example.dk"), [""; 0], "an address that is given up leads nowhere");
        assert_eq!(house.found("phone=12345678"), [""; 0]);
        assert_eq!(house.found("email=NY%40example.dk"), ["a"]);
    });
}

#[test]
fn of_each_field_the_newest_word_holds() {
    both(|kind| {
        let house = House::new(kind);
        let shown = |fields: &[(&str, Value)]| {
            let person = house.get("/v1/people/g").json();
            for (name, value) in fields {
                assert_eq!(person[*name], *value, "{name} of {person}");
            }
        };
        house.event(1, "2026-11-21T09:00:00Z", &json!({"name": "Niende", "company": "Nordlys", "phone": "12345678"}));
        house.event(2, "2026-11-21T08:00:00Z", &json!({"name": "Ottende", "email": "otte@example.dk"}));
        shown(&[("name", json!("Niende")), ("email", json!("otte@example.dk")), ("company", json!("Nordlys"))]);
        // The backend's word is of the moment in which it comes: 12:00.
        house.send("PATCH", "/v1/people/g", &json!({"name": "Backend", "company": null}));
        shown(&[("name", json!("Backend")), ("company", Value::Null), ("phone", json!("12345678"))]);
        let before = json!({"name": "Ellevte", "company": "Sydlys", "vehicle_plate": "AB 12 345", "phone": "87654321"});
        house.event(3, "2026-11-21T11:59:59Z", &before);
        shown(&[("name", json!("Backend")), ("company", Value::Null), ("vehicle_plate", json!("AB 12 345"))]);
        shown(&[("phone", json!("87654321")), ("email", json!("otte@example.dk"))]);
        // The same instant is not after it.
        house.event(4, NOW, &json!({"name": "Samtidig"}));
        shown(&[("name", json!("Backend"))]);
        house.event(5, "2026-11-21T12:00:00.000001Z", &json!({"name": "Efter"}));
        shown(&[("name", json!("Efter")), ("company", Value::Null)]);
        // What an event leaves out, or says is null, it says nothing of.
        house.event(6, "2026-11-21T12:30:00Z", &json!({"name": null, "email": null}));
        shown(&[("name", json!("Efter")), ("email", json!("otte@example.dk"))]);
        // The backend comes again, later, and an event is older than it but newer than its first word.
        house.clock.set(at("2026-11-21T14:00:00Z"));
        house.send("PUT", "/v1/people/g", &json!({"name": "Ny backend"}));
        house.event(7, "2026-11-21T13:00:00Z", &json!({"name": "Trettende", "company": "Vestlys"}));
        shown(&[
            ("name", json!("Ny backend")),
            ("company", Value::Null),
            ("phone", Value::Null),
            ("email", Value::Null),
        ]);
        // Each event still shows what it said itself.
        let said = house.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(2))).json();
        assert_eq!(said["person"]["name"], "Ottende");
    });
}

#[test]
fn unknown_and_empty_fields_are_named() {
    let house = House::new(Kind::Sqlite);
    for (body, pointer, code) in [
        (json!({"surname": "x"}), "/surname", "unknown_field"),
        (json!({"ref": "g"}), "/ref", "unknown_field"),
        (json!({"name": ""}), "/name", "empty"),
        (json!({"name": " \u{200b}"}), "/name", "empty"),
        (json!({"name": 7}), "/name", "invalid_type"),
        (json!({"name": "a\u{0}b"}), "/name", "control_character"),
        (json!({"name": "a\u{202e}b"}), "/name", "control_character"),
        (json!({"email": "nobody"}), "/email", "invalid_email"),
        (json!({"phone": "call me"}), "/phone", "invalid_phone"),
        (json!({"kind": "visitor"}), "/kind", "unknown_value"),
    ] {
        for method in ["PUT", "PATCH"] {
            let fault = &house.send(method, "/v1/people/g", &body).json()["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
    }
    assert_eq!(house.get("/v1/people/g").status, 404, "nothing was made by a refusal");
}

#[test]
fn registration_numbers_are_refused_wherever_people_write_and_telephone_numbers_pass() {
    let house = House::new(Kind::Sqlite);
    let event = |change: &dyn Fn(&mut Value)| {
        let mut event = json!({"id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": NOW,
            "license_number": "L-1", "device": "reception-1", "visit_ref": "b", "person": {"ref": "g"}, "host": {"ref": "h"},
            "recipients": [{"ref": "r", "channel": "sms", "address": "+4512345678"}]});
        change(&mut event);
        house.send("POST", "/v1/events", &event)
    };
    let hyphenated = [
        "/person/name",
        "/person/company",
        "/person/vehicle_plate",
        "/person/phone",
        "/person/ref",
        "/host/name",
        "/host/ref",
        "/recipients/0/address",
        "/recipients/0/ref",
        "/device",
    ];
    let bare = ["/person/name", "/person/company", "/person/vehicle_plate", "/host/name", "/device"];
    let written = hyphenated.map(|at| (at, "010190-1234")).into_iter().chain(bare.map(|at| (at, "0101901234")));
    let addresses = ["/person/email", "/host/email", "/recipients/0/address"].map(|at| (at, "0101901234@example.dk"));
    for (pointer, value) in written.chain(addresses) {
        let refused = event(&|event| {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap()[name] = value.into();
        });
        let fault = &refused.json()["errors"][0];
        assert_eq!((refused.status, &fault["code"]), (422, &json!("cpr_number")), "{pointer}: {}", refused.text);
        assert_eq!(fault["pointer"], pointer);
        assert!(!refused.text.contains("0190"), "{}", refused.text);
    }
    for (path, body) in [
        ("/v1/people/g", json!({"name": "Åse 010190 1234"})),
        ("/v1/people/g", json!({"name": "x", "company": "0101901234 ApS"})),
        ("/v1/people/010190-1234", json!({"name": "x"})),
    ] {
        let refused = house.send("PUT", path, &body);
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["code"]),
            (422, &json!("cpr_number")),
            "{path} {body}"
        );
    }
    for phone in ["12345678", "+45 12 34 56 78", "0101901234", "+46701234567", "004512345678"] {
        let taken = event(&|event| {
            event["person"]["phone"] = phone.into();
            event["recipients"][0]["address"] = phone.into();
        });
        assert_eq!(taken.status, 201, "{phone}: {}", taken.text);
    }
    // A number of ten digits that is no date is a number like any other.
    for name in ["Ordre 9901901234", "Bil 3213901234"] {
        assert_eq!(event(&|event| event["person"]["company"] = name.into()).status, 201, "{name}");
    }
}
