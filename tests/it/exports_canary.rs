//! A unique value in every personal column: all of them are in the person's own file, and none in anybody else's.

use crate::archive::{Archive, House};
use crate::harness::{at, both};
use crate::mailbox;
use crate::raw::Raw;
use guestlog::domain::inventory::Inventory;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ME: &str = "ref-canary-me";
const EVENT: &str = "00000000-0000-4000-8000-0000000000a1";
const WRONG: &str = "00000000-0000-4000-8000-0000000000a0";

/// What only others may be told: every field of another guest, of hosts and of recipients.
const OF_OTHERS: [&str; 14] = [
    "ref-canary-host",
    "Vaert Kanarie",
    "vaert@kanarie.example",
    "ref-canary-told",
    "+4530000777",
    "ref-canary-other",
    "Anden Kanarie",
    "anden@kanarie.example",
    "+4530000888",
    "Andet Firma Kanarie",
    "OX10888",
    "booking-canary-other",
    "203.0.113.88",
    "other-device-canary",
];

/// The person as a guest with every field, made anew after a deletion, corrected, restricted; then as a host and as a
/// recipient in another guest's event.
fn populate(house: &House) {
    house.comes(ME);
    house.clock.set(at("2026-11-21T08:10:01Z"));
    house.call("DELETE", &format!("/v1/people/{ME}"), &Value::Null);
    house.clock.set(at("2026-11-21T08:20:02Z"));
    let put = json!({"kind": "guest", "name": "Backend Kanarie", "email": "backend@kanarie.example",
        "phone": "+4520000111", "company": "Backend Firma Kanarie", "vehicle_plate": "BK 10111"});
    house.call("PUT", &format!("/v1/people/{ME}?recreate=true"), &put);
    house.clock.set(at("2026-11-21T09:00:03Z"));
    let parts = |event: Value| {
        let mut event = event;
        event["host"] = json!({"ref": "ref-canary-host", "name": "Vaert Kanarie", "email": "vaert@kanarie.example"});
        event["recipients"] = json!([
            {"ref": "ref-canary-told", "channel": "sms", "address": "+4530000777", "status": "delivered"},
            {"ref": "ref-canary-host", "channel": "email", "address": "vaert@kanarie.example"},
        ]);
        event
    };
    house.event(&parts(json!({
        "id": WRONG, "type": "visit.checked_in", "occurred_at": "2026-11-21T08:45:00Z",
        "license_number": "L-CANARY-1", "person": {"ref": ME, "name": "Forkert Kanarie"},
    })));
    house.event(&parts(json!({
        "id": EVENT, "type": "visit.checked_in", "occurred_at": "2026-11-21T08:46:04Z", "corrects": WRONG,
        "license_number": "L-CANARY-1", "device": "device-canary", "visit_ref": "booking-canary", "ip": "203.0.113.77",
        "origin": "kiosk",
        "person": {"ref": ME, "kind": "guest", "name": "Gæst Kanarie", "email": "gaest@kanarie.example",
            "phone": "+4520000222", "company": "Gæstens Firma Kanarie", "vehicle_plate": "GK 10222"},
    })));
    house.event(&json!({
        "id": uuid::Uuid::new_v4(), "type": "visit.checked_out", "occurred_at": "2026-11-21T08:55:05Z",
        "license_number": "L-CANARY-1", "visit_ref": "booking-canary", "reason": "reception", "person": {"ref": ME},
    }));
    for (kind, at, more) in [
        ("visit.expected", "2026-11-21T08:30:06Z", json!({"expected_at": "2026-11-22T10:00:07Z"})),
        ("visit.cancelled", "2026-11-21T08:31:08Z", json!({})),
        ("visit.denied", "2026-11-21T08:32:09Z", json!({})),
    ] {
        let mut event = json!({"id": uuid::Uuid::new_v4(), "type": kind, "occurred_at": at,
            "license_number": "L-CANARY-1", "visit_ref": "booking-canary-2", "person": {"ref": ME}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.event(&event);
    }
    house.event(&json!({
        "id": uuid::Uuid::new_v4(), "type": "notification.sent", "occurred_at": "2026-11-21T08:40:10Z",
        "license_number": "L-CANARY-1", "device": "other-device-canary", "visit_ref": "booking-canary-other",
        "ip": "203.0.113.88",
        "person": {"ref": "ref-canary-other", "name": "Anden Kanarie", "email": "anden@kanarie.example",
            "phone": "+4530000888", "company": "Andet Firma Kanarie", "vehicle_plate": "OX10888"},
        "host": {"ref": ME, "name": "Jeg Som Vært Kanarie", "email": "mig-i-rollen@kanarie.example"},
        "recipients": [{"ref": ME, "channel": "push", "address": "mig-som-modtager-kanarie", "status": "failed"}],
    }));
    house.clock.set(at("2026-11-21T09:20:14Z"));
    let case = json!({"right": "access", "channel": "letter", "received_at": "2026-11-20T07:00:15Z", "ref": ME,
        "email": "sag@kanarie.example", "phone": "+4520000333", "details": "Anmodning Kanarie",
        "mandate": "Fuldmagt Kanarie", "locale": "en", "verified_by": "document"});
    let case = house.call("POST", "/v1/rights/cases", &case).json()["id"].as_str().unwrap().to_owned();
    house.clock.set(at("2026-11-21T09:21:16Z"));
    let longer = json!({"ground": "complexity", "reason": "Forlængelse Kanarie"});
    house.call("POST", &format!("/v1/rights/cases/{case}/extension"), &longer);
    house.clock.set(at("2026-11-21T09:22:17Z"));
    let refusal = json!({"decision": "refuse", "grounds": ["manifestly_unfounded"], "reason": "Afslag Kanarie",
        "evidence": "Bevis Kanarie, som er langt nok"});
    house.call("POST", &format!("/v1/rights/cases/{case}/decision"), &refusal);
    // Another, whose file is on its way to another controller.
    let moving = json!({"right": "portability", "channel": "letter", "received_at": "2026-11-19T07:00:15Z", "ref": ME,
        "email": "flyt@kanarie.example", "verified_by": "document"});
    let moving = house.call("POST", "/v1/rights/cases", &moving).json()["id"].as_str().unwrap().to_owned();
    house.call("POST", &format!("/v1/rights/cases/{moving}/decision"), &json!({"decision": "approve"}));
    mailbox::last(&house.served.app, &house.home.dir, "flyt@kanarie.example");
    house.call("POST", &format!("/v1/rights/cases/{moving}/release"), &json!({}));
    let letter = mailbox::last(&house.served.app, &house.home.dir, "flyt@kanarie.example");
    let request = format!("/v1/privacy-requests/{}", &letter.text.split("/privacy/requests/").nth(1).unwrap()[..36]);
    house.call("POST", &format!("{request}/code"), &Value::Null);
    let code = mailbox::last(&house.served.app, &house.home.dir, "flyt@kanarie.example").code();
    let token = house.call("POST", &format!("{request}/verification"), &json!({"code": code})).json();
    let (token, body) =
        (token["token"].as_str().unwrap(), json!({"url": "https://flyt.example.com/kanarie"}).to_string());
    let sent = house.served.send("PUT", &format!("{request}/transfer"), Some(token), &[], Some(body.as_bytes()));
    assert_eq!(sent.status, 202, "{}", sent.text);
    // What no single case has all of.
    let mut raw = Raw::of(&house.home);
    raw.run(
        "UPDATE cases SET about = public_id, receipt_id = public_id, held_until = received_at, prepared_at = extended_at, \
         released_at = decided_at, downloaded_at = verified_at WHERE decision = 2",
    );
    raw.run("UPDATE case_transfers SET arrived_at = (SELECT decided_at FROM cases WHERE decision = 2)");
    house.clock.set(at("2026-11-21T09:30:11Z"));
    let hook = json!({"url": "https://lager.example.com/hook", "description": "Lagersystem Kanarie",
        "types": ["person.restricted"]});
    house.call("POST", "/v1/webhooks", &hook);
    house.call("PUT", &format!("/v1/people/{ME}/restriction"), &json!({"ground": "c", "reason": "Sag Kanarie"}));
    house.clock.set(at("2026-11-21T09:35:12Z"));
    let put = json!({"state": "overruled", "grounds": "Indsigelse Kanarie"});
    house.call("PUT", &format!("/v1/people/{ME}/objections/statistics"), &put);
    house.call("PUT", &format!("/v1/people/{ME}/statement"), &json!({"text": "Udtalelse Kanarie"}));
    let hold = json!({"ground": "b", "law": "Kanarieloven § 12", "fields": ["name", "visits"],
        "ends_at": "2027-01-01T00:00:13Z"});
    house.call("POST", &format!("/v1/people/{ME}/holds"), &hold);
    house.clock.set(at("2026-11-21T10:00:00Z"));
}

/// The same of what the person has asked for.
fn expected_of_requests() -> BTreeMap<&'static str, (&'static str, Value)> {
    BTreeMap::from([
        ("cases.public_id", ("/requests/0/id", json!("a uuid"))),
        ("cases.about", ("/requests/0/about", json!("/requests/0/id"))),
        ("cases.receipt_id", ("/requests/0/receipt", json!("/requests/0/id"))),
        ("cases.asked", ("/requests/0/right", json!("access"))),
        ("cases.channel", ("/requests/0/came_by", json!("letter"))),
        ("cases.locale", ("/requests/0/locale", json!("en"))),
        ("cases.state", ("/requests/0/progress", json!("refused"))),
        ("cases.received_at", ("/requests/0/received_at", json!("2026-11-20T08:00:15+01:00"))),
        ("cases.received_on", ("/requests/0/received_at", json!("2026-11-20T08:00:15+01:00"))),
        ("cases.verified_at", ("/requests/0/verified_at", json!("2026-11-21T10:20:14+01:00"))),
        ("cases.verified_by", ("/requests/0/verified_by", json!("document"))),
        ("cases.extended_at", ("/requests/0/extended_at", json!("2026-11-21T10:21:16+01:00"))),
        ("cases.extension_ground", ("/requests/0/extended_for", json!("complexity"))),
        ("cases.decided_at", ("/requests/0/decided_at", json!("2026-11-21T10:22:17+01:00"))),
        ("cases.decision", ("/requests/0/decided", json!("refuse"))),
        ("cases.is_held", ("/requests/0/was_held", json!(true))),
        ("cases.grounds", ("/requests/0/refused_on", json!(["manifestly_unfounded"]))),
        ("cases.prepared_at", ("/requests/0/ready_at", json!("2026-11-21T10:21:16+01:00"))),
        ("cases.released_at", ("/requests/0/answered_at", json!("2026-11-21T10:22:17+01:00"))),
        ("cases.downloaded_at", ("/requests/0/fetched_at", json!("2026-11-21T10:20:14+01:00"))),
        ("cases.closed_at", ("/requests/0/closed_at", json!("2026-11-21T10:22:17+01:00"))),
        ("cases.held_until", ("/requests/0/held_until", json!("2026-11-20T08:00:15+01:00"))),
        ("cases.asked_sealed", ("/requests/0/details", json!("Anmodning Kanarie"))),
        ("cases.reasons_sealed", ("/requests/0/reason", json!("Afslag Kanarie"))),
        ("case_transfers.sealed", ("/requests/1/send_to", json!("flyt.example.com"))),
        ("case_transfers.arrived_at", ("/requests/1/sent_at", json!("2026-11-21T10:22:17+01:00"))),
    ])
}

/// Where `data.json` must show each personal column, and what.
fn expected() -> BTreeMap<&'static str, (&'static str, Value)> {
    let event = |field: &'static str| -> &'static str { Box::leak(format!("/events/0/{field}").into_boxed_str()) };
    BTreeMap::from([
        ("people.ref_sealed", ("/person/ref", json!(ME))),
        ("people.kind", ("/person/kind", json!("guest"))),
        ("people.kind_at", ("/person/kind_stated_at", json!("2026-11-21T09:46:04+01:00"))),
        ("people.name_sealed", ("/person/name/value", json!("Gæst Kanarie"))),
        ("people.email_sealed", ("/person/email/value", json!("gaest@kanarie.example"))),
        ("people.phone_sealed", ("/person/phone/value", json!("+4520000222"))),
        ("people.company_sealed", ("/person/company/value", json!("Gæstens Firma Kanarie"))),
        ("people.vehicle_plate_sealed", ("/person/vehicle_plate/value", json!("GK 10222"))),
        ("people.mirror_sealed", ("/person/stated_by_company/name/value", json!("Backend Kanarie"))),
        ("people.ref_index", ("/person/found_by_ref", json!(true))),
        ("people.email_index", ("/person/found_by_email", json!(true))),
        ("people.phone_index", ("/person/found_by_phone", json!(true))),
        ("people.created_at", ("/person/first_heard_of_at", json!("2026-11-21T09:20:02+01:00"))),
        ("people.updated_at", ("/person/last_changed_at", json!("2026-11-21T10:00:03+01:00"))),
        ("people.epoch", ("/person/life", json!(2))),
        ("people.epoch_at", ("/person/life_since", json!("2026-11-21T09:20:02+01:00"))),
        ("restrictions.ground", ("/restriction/ground", json!("c"))),
        ("restrictions.reason_sealed", ("/restriction/reason", json!("Sag Kanarie"))),
        ("restrictions.placed_at", ("/restriction/placed_at", json!("2026-11-21T10:30:11+01:00"))),
        ("objections.purpose", ("/objections/0/purpose", json!("statistics"))),
        ("objections.claim", ("/objections/0/claim", json!("objection"))),
        ("objections.state", ("/objections/0/decision", json!("overruled"))),
        ("objections.grounds_sealed", ("/objections/0/grounds", json!("Indsigelse Kanarie"))),
        ("objections.received_at", ("/objections/0/received_at", json!("2026-11-21T10:35:12+01:00"))),
        ("objections.decided_at", ("/objections/0/decided_at", json!("2026-11-21T10:35:12+01:00"))),
        ("statements.text_sealed", ("/statement/text", json!("Udtalelse Kanarie"))),
        ("statements.made_at", ("/statement/made_at", json!("2026-11-21T10:35:12+01:00"))),
        ("holds.public_id", ("/holds/0/id", json!("a uuid"))),
        ("holds.ground", ("/holds/0/hold_ground", json!("b"))),
        ("holds.law_sealed", ("/holds/0/law", json!("Kanarieloven § 12"))),
        ("holds.fields", ("/holds/0/held", json!(["name", "visits"]))),
        ("holds.placed_at", ("/holds/0/placed_at", json!("2026-11-21T10:35:12+01:00"))),
        ("holds.ends_at", ("/holds/0/ends_at", json!("2027-01-01T01:00:13+01:00"))),
        ("holds.erased_at", ("/holds/0/erased_at", Value::Null)),
        ("webhook_messages.body_sealed", ("/told/0/said", json!("with the ref"))),
        ("tombstones.epoch", ("/earlier_deletion/life", json!(1))),
        ("tombstones.erased_at", ("/earlier_deletion/deleted_at", json!("2026-11-21T09:10:01+01:00"))),
        ("tombstones.expires_at", ("/earlier_deletion/kept_until", json!("2026-12-31T09:10:01+01:00"))),
        ("events.event_id", (event("id"), json!(EVENT))),
        ("events.type", (event("type"), json!("visit.checked_in"))),
        ("events.occurred_at", (event("occurred_at"), json!("2026-11-21T09:46:04+01:00"))),
        ("events.received_at", (event("received_at"), json!("2026-11-21T10:00:03+01:00"))),
        ("events.expected_at", ("/events/5/expected_at", json!("2026-11-22T11:00:07+01:00"))),
        ("events.license_id", (event("license_number"), json!("L-CANARY-1"))),
        ("events.device", (event("device"), json!("device-canary"))),
        ("events.visit_id", (event("visit_id"), json!("/visits/0/id"))),
        ("events.details_sealed", (event("phone"), json!("+4520000222"))),
        ("events.ip_sealed", (event("ip"), json!("203.0.113.77"))),
        ("events.origin", (event("origin"), json!("kiosk"))),
        ("events.reason", ("/events/7/reason", json!("reception"))),
        ("events.corrects", (event("corrects"), json!(WRONG))),
        ("events.superseded_by", ("/events/1/superseded_by", json!(EVENT))),
        ("event_hosts.occurred_at", ("/hosted/0/occurred_at", json!("2026-11-21T09:40:10+01:00"))),
        ("event_hosts.license_id", ("/hosted/0/license_number", json!("L-CANARY-1"))),
        ("event_hosts.details_sealed", ("/hosted/0/email", json!("mig-i-rollen@kanarie.example"))),
        ("event_recipients.occurred_at", ("/notified/0/occurred_at", json!("2026-11-21T09:40:10+01:00"))),
        ("event_recipients.license_id", ("/notified/0/license_number", json!("L-CANARY-1"))),
        ("event_recipients.channel", ("/notified/0/channel", json!("push"))),
        ("event_recipients.address_sealed", ("/notified/0/address", json!("mig-som-modtager-kanarie"))),
        ("event_recipients.status", ("/notified/0/status", json!("failed"))),
        ("visits.visit_id", ("/visits/0/id", json!("/events/0/visit_id"))),
        ("visits.license_id", ("/visits/0/license_number", json!("L-CANARY-1"))),
        ("visits.state", ("/visits/0/state", json!("closed"))),
        ("visits.starts_at", ("/visits/0/starts_at", json!("2026-11-21T09:46:04+01:00"))),
        ("visits.visit_ref_sealed", ("/visits/0/visit_ref", json!("booking-canary"))),
        ("visits.expected_at", ("/visits/1/expected_at", json!("2026-11-22T11:00:07+01:00"))),
        ("visits.arrived_at", ("/visits/0/arrived_at", json!("2026-11-21T09:46:04+01:00"))),
        ("visits.departed_at", ("/visits/0/departed_at", json!("2026-11-21T09:55:05+01:00"))),
        ("visits.cancelled_at", ("/visits/1/cancelled_at", json!("2026-11-21T09:31:08+01:00"))),
        ("visits.denied_at", ("/visits/1/denied_at", json!("2026-11-21T09:32:09+01:00"))),
        ("visits.reason", ("/visits/0/departure_reason", json!("reception"))),
        ("visits.device", ("/visits/0/device", json!("device-canary"))),
        ("visits.updated_at", ("/visits/0/last_changed_at", json!("2026-11-21T10:00:03+01:00"))),
    ])
}

/// `data.json` with the events in an order that the list above can count on.
fn ordered(archive: &Archive) -> Value {
    let mut data = archive.data();
    let events = data["events"].as_array_mut().unwrap();
    let rank = |event: &Value| match (event["id"].as_str().unwrap(), event["type"].as_str().unwrap()) {
        (EVENT, _) => 0,
        (WRONG, _) => 1,
        (_, "visit.expected") => 5,
        (_, "visit.checked_out") => 7,
        _ => 6,
    };
    events.sort_by_key(rank);
    // Counted from the back: what the list above names by number.
    let place = |events: &[Value], rank_of: usize| events.iter().position(|event| rank(event) == rank_of).unwrap();
    let (expected, out) = (events[place(events, 5)].clone(), events[place(events, 7)].clone());
    events.truncate(2);
    events.extend([Value::Null, Value::Null, Value::Null, expected, Value::Null, out]);
    data
}

#[test]
fn every_personal_column_is_shown_or_named_with_a_reason() {
    both(|kind| {
        let house = House::new(kind);
        populate(&house);
        let archive = house.export(ME);
        let (data, article) = (ordered(&archive), archive.json("article-15.json"));
        let named: BTreeSet<&str> = article["not_shown"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|one| one["columns"].as_array().unwrap())
            .map(|column| column.as_str().unwrap())
            .collect();
        let mut expected = expected();
        expected.extend(expected_of_requests());
        let mut found = 0;
        for (column, _) in Inventory::of_this_build().unwrap().of_people() {
            if named.contains(column.as_str()) {
                continue;
            }
            let (pointer, value) = expected.get(column.as_str()).unwrap_or_else(|| {
                panic!("{column} has no canary: give it one here, and a field in app/export/fields")
            });
            // A link is compared with the other end.
            let value = value.as_str().and_then(|other| data.pointer(other)).unwrap_or(value);
            match column.as_str() {
                // Made by the service.
                "webhook_messages.body_sealed" => {
                    assert!(data.pointer(pointer).unwrap().as_str().unwrap().contains(ME));
                }
                "holds.public_id" | "cases.public_id" => {
                    assert!(data.pointer(pointer).unwrap().as_str().unwrap().len() == 36);
                }
                _ => assert_eq!(data.pointer(pointer), Some(value), "{column} at {pointer}"),
            }
            found += 1;
        }
        assert_eq!(found, expected.len(), "every canary was looked for");
        for text in
            ["Gæst Kanarie", "Forkert Kanarie", "203.0.113.77", "booking-canary", "mig-i-rollen@kanarie.example"]
        {
            for file in ["data.json", "events.csv", "index.html"] {
                assert!(archive.holding(text).contains(&file), "{text} in {file}");
            }
        }
        assert!(archive.holding("Backend Firma Kanarie").contains(&"index.html"));
        for text in [
            "Sag Kanarie",
            "Indsigelse Kanarie",
            "Udtalelse Kanarie",
            "Kanarieloven § 12",
            "Anmodning Kanarie",
            "Fuldmagt Kanarie",
            "sag@kanarie.example",
            "+4520000333",
            "Forlængelse Kanarie",
            "Afslag Kanarie",
            "Bevis Kanarie",
            "flyt.example.com",
        ] {
            assert!(archive.holding(text).contains(&"index.html"), "{text}");
        }
    });
}

#[test]
fn nobody_elses_canary_is_in_the_file() {
    both(|kind| {
        let house = House::new(kind);
        populate(&house);
        let mine = house.export(ME);
        for other in OF_OTHERS {
            assert!(mine.holding(other).is_empty(), "{other} in {:?}", mine.holding(other));
        }
        // The plate with its blank, too.
        assert!(mine.holding("OX 10888").is_empty());
        let own = [
            "Gæst Kanarie",
            "gaest@kanarie",
            "+4520000222",
            "GK 10222",
            ME,
            "203.0.113.77",
            "booking-canary\"",
            "Jeg Som Vært",
            "mig-som-modtager",
            "Sag Kanarie",
            "Backend Kanarie",
            "Indsigelse Kanarie",
            "Udtalelse Kanarie",
            "Kanarieloven",
            "Anmodning Kanarie",
            "Fuldmagt Kanarie",
            "sag@kanarie",
            "+4520000333",
            "Afslag Kanarie",
            "Bevis Kanarie",
        ];
        for other in ["ref-canary-host", "ref-canary-told", "ref-canary-other"] {
            let theirs = house.export(other);
            for canary in own {
                assert!(theirs.holding(canary).is_empty(), "{canary} in the file of {other}");
            }
        }
        // But each has their own.
        let host = house.export("ref-canary-host");
        assert_eq!(host.data()["hosted"][0]["name"], "Vaert Kanarie");
        // Of a guest who is restricted not even the part is told.
        assert_eq!(host.data()["hosted"][0]["guest"], Value::Null);
        assert_eq!(mine.data()["hosted"][0]["guest"], json!({"role": "guest", "redacted": ["ref", "details"]}));
        let told = house.export("ref-canary-told");
        assert_eq!(told.data()["notified"][0]["address"], "+4530000777");
    });
}

#[test]
fn what_is_left_out_is_named_with_its_ground() {
    both(|kind| {
        let house = House::new(kind);
        populate(&house);
        let archive = house.export(ME);
        let data = ordered(&archive);
        assert_eq!(
            data.pointer("/events/0/host"),
            Some(&json!({"role": "host", "redacted": ["ref", "name", "email"]}))
        );
        let told = data.pointer("/events/0/recipients/0").unwrap();
        assert_eq!(
            (&told["role"], &told["channel"], &told["status"]),
            (&json!("recipient"), &json!("sms"), &json!("delivered"))
        );
        assert_eq!(told["redacted"], json!(["ref", "address"]));
        assert_eq!(data.pointer("/events/0/recipients/1/role"), Some(&json!("host")));
        let article = archive.json("article-15.json");
        let places: Vec<&str> =
            article["redactions"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
        assert_eq!(places, ["/events/*/host", "/events/*/recipients/*", "/hosted/*/guest", "/notified/*/guest"]);
        assert_eq!(article["redactions"][0]["values"], 6, "ref, name and e-mail in each of two events");
        assert!(article["redactions"].as_array().unwrap().iter().all(|one| one["ground"] == "Article 15(4) GDPR"));
        // The same person has the same number in every file.
        let told = &article["recipients"]["told"][0];
        assert_eq!((&told["name"], &told["count"]), (&json!("Lagersystem Kanarie (lager.example.com)"), &json!(1)));
        assert_eq!(
            (&data["told"][0]["topic"], &data["told"][0]["delivery"]),
            (&json!("person.restricted"), &json!("pending"))
        );
        let people = article["recipients"]["people"].as_array().unwrap();
        assert_eq!(people.len(), 2);
        let recipients = &archive.files["recipients.csv"];
        assert_eq!(recipients.lines().count(), 5, "{recipients}");
    });
}

#[test]
fn what_is_left_under_a_hold_is_exported_after_the_erasure() {
    both(|kind| {
        let house = House::new(kind);
        populate(&house);
        let answer = house.served.send("DELETE", &format!("/v1/people/{ME}"), Some(&house.key), &[], None);
        let token = answer.json()["confirmation"].as_str().unwrap().to_owned();
        house.call("DELETE", &format!("/v1/people/{ME}?confirmation={token}"), &Value::Null);
        let archive = house.export(ME);
        let data = archive.data();
        assert_eq!(data["person"]["name"]["value"], "Gæst Kanarie");
        assert_eq!((&data["person"]["email"], &data["events"]), (&Value::Null, &json!([])));
        assert_eq!(data["visits"].as_array().unwrap().len(), 2);
        assert_eq!(data["holds"][0]["erased_at"], "2026-11-21T11:00:00+01:00");
        for gone in ["gaest@kanarie", "203.0.113.77", "Udtalelse Kanarie", "Backend Kanarie"] {
            assert!(archive.holding(gone).is_empty(), "{gone}");
        }
    });
}
