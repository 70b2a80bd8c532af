//! Restriction of processing (Article 18): what is restricted is stored, and nobody sees it but on a ground that is
//! written down. `limits_matrix.rs` tries every route; here is what a table does not say.

use crate::deletions::House;
use crate::harness::{at, both, key};
use crate::raw::Raw;
use serde_json::{Value, json};

const NOW: &str = "2026-11-21T12:00:00Z";

impl House {
    pub fn restrict(&self, who: &str, ground: &str) {
        let placed = self.send("PUT", &format!("/v1/people/{who}/restriction"), Some(&json!({"ground": ground})));
        assert_eq!(placed.status, 200, "{}", placed.text);
    }

    pub fn refused(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let answer = self.send(method, path, body);
        (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// What the audit says of such acts.
    pub fn audited(&self, action: &str) -> Vec<Value> {
        let sql = format!("SELECT details AS text FROM audit_entries WHERE action = '{action}' ORDER BY id");
        Raw::of(&self.home).texts(&sql).iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    fn count(&self, path: &str) -> usize {
        self.get(path).json()["data"].as_array().unwrap().len()
    }
}

#[test]
fn a_restriction_ends_only_after_the_person_was_told() {
    both(|kind| {
        let house = House::new(kind);
        house.send("PUT", "/v1/people/a", Some(&json!({"name": "Åse"})));
        house.restrict("a", "a");
        let lift = |told: &str| house.refused("DELETE", &format!("/v1/people/a/restriction{told}"), None);
        assert_eq!(lift(""), (409, "person_not_told".to_owned()));
        assert_eq!(lift("?told_at=2026-11-21T11:59:59Z"), (409, "person_not_told".to_owned()), "before it was placed");
        assert_eq!(lift("?told_at=2026-11-21T12:00:01Z"), (422, "invalid_input".to_owned()), "ahead");
        house.clock.set(at("2026-11-23T08:00:00Z"));
        // Placing it again changes the ground, and the time of the first stays.
        house.restrict("a", "d");
        let told = "2026-11-22T12:00:00.000000Z";
        let lifted = house.send("DELETE", &format!("/v1/people/a/restriction?told_at={told}"), None);
        assert_eq!(lifted.status, 204, "{}", lifted.text);
        assert_eq!(house.audited("restriction.lifted"), [json!({"ground": "d", "told_at": told})]);
        assert_eq!(house.get("/v1/people/a").json()["name"], "Åse");
        assert_eq!(house.send("DELETE", "/v1/people/a/restriction", None).status, 204, "there is none to lift");
    });
}

#[test]
fn restricted_data_are_read_on_a_ground_that_is_written_down_and_by_those_who_may() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", Some("h"));
        house.event(2, "visit.checked_in", "2026-11-21T08:00:00Z", "b", Some("a"));
        house.restrict("a", "c");
        let reader = key(&house.served.app, Some(house.site.customer), "people:read,events:read", None);
        let refused = house.served.get("/v1/people/a", &reader);
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("person_restricted")));
        let refused = house.served.get("/v1/people/a?restricted=consent", &reader);
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("forbidden")));
        assert_eq!(house.audited("restriction.exception"), [] as [Value; 0]);
        // The mark alone is no exception.
        let marked = house.get("/v1/people/a").json();
        assert_eq!((&marked["restriction"]["ground"], &marked["name"]), (&json!("c"), &Value::Null), "{marked}");
        let grounds = ["consent", "legal_claims", "rights_of_others", "public_interest"];
        for ground in grounds {
            assert_eq!(house.get(&format!("/v1/people/a?restricted={ground}")).json()["name"], "Vært a");
        }
        for (n, list) in ["events", "visits"].iter().enumerate() {
            assert_eq!(house.count(&format!("/v1/{list}?person=a")), 0);
            assert_eq!(house.count(&format!("/v1/{list}?person=a&restricted=legal_claims")), 1);
            let (status, code) = house.refused("GET", &format!("/v1/{list}?restricted=legal_claims"), None);
            assert_eq!((status, code.as_str()), (422, "invalid_input"), "for one person, {n}");
        }
        let whys: Vec<Value> =
            house.audited("restriction.exception").iter().map(|entry| entry["why"].clone()).collect();
        assert_eq!(
            whys,
            ["consent", "legal_claims", "rights_of_others", "public_interest", "legal_claims", "legal_claims"]
        );
        assert_eq!(house.refused("GET", "/v1/people/a?restricted=boss", None).0, 422);
        assert_eq!(house.refused("GET", "/v1/people/nobody?restricted=consent", None).0, 404);
        // As host and recipient the person is not named either; the guest is seen.
        let event = house.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(2))).json();
        assert_eq!(
            (&event["host"], &event["recipients"], &event["person"]["ref"]),
            (&Value::Null, &json!([]), &json!("b"))
        );
        assert_eq!(house.get("/v1/visits?person=b").json()["data"][0]["hosts"], json!([]));
        assert_eq!(house.count("/v1/visits?host=a"), 0);
    });
}

#[test]
fn what_comes_for_a_restricted_person_is_stored_and_not_shown() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        house.event(2, "visit.checked_in", "2026-11-21T08:30:00Z", "b", None);
        let statistics = "/v1/statistics/visits?by=day&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&license=L-1";
        let arrived = || {
            let counts = house.get(statistics).json();
            counts["data"].as_array().unwrap().iter().map(|count| count["arrived"].as_u64().unwrap()).sum::<u64>()
        };
        let on_site = |query: &str| {
            let call = house.get(&format!("/v1/visits/on-site{query}")).json();
            (
                call["count"].as_u64().unwrap(),
                call["restricted"].as_u64().unwrap(),
                call["data"].as_array().unwrap().len(),
            )
        };
        assert_eq!((arrived(), on_site("")), (2, (2, 0, 2)));
        house.restrict("a", "d");
        assert_eq!(arrived(), 1);
        // In an evacuation each counts, and is not named; of the past nobody needs to know.
        assert_eq!(on_site(""), (2, 1, 1));
        assert_eq!(on_site("?license=L-1&at=2026-11-21T11:30:00Z"), (2, 1, 1));
        assert_eq!(on_site("?at=2026-11-21T09:00:00Z"), (1, 0, 1));
        let stored = house.event(3, "visit.checked_out", "2026-11-21T11:00:00Z", "a", None);
        assert_eq!(stored.status, 201, "{}", stored.text);
        assert_eq!(on_site(""), (1, 0, 1));
        for (method, body) in
            [("PUT", json!({"name": "Å", "email": "a@example.dk"})), ("PATCH", json!({"name": "Åse"}))]
        {
            let told = house.send(method, "/v1/people/a", Some(&body));
            assert_eq!((told.status, &told.json()["name"]), (200, &Value::Null), "{}", told.text);
        }
        assert_eq!(house.count("/v1/people?email=a@example.dk"), 0);
        assert_eq!(
            house.count("/v1/events?after=00000000-0000-0000-0000-000000000001"),
            1,
            "whose id it was is no matter"
        );
        let lifted = house.send("DELETE", &format!("/v1/people/a/restriction?told_at={NOW}"), None);
        assert_eq!(lifted.status, 204);
        assert_eq!((arrived(), house.count("/v1/events?person=a")), (2, 2));
        assert_eq!(house.get("/v1/people?email=a@example.dk").json()["data"][0]["name"], "Åse");
    });
}

#[test]
fn a_corrected_value_is_found_and_the_wrong_one_is_not() {
    both(|kind| {
        let house = House::new(kind);
        let put = |method: &str, body: Value| assert!(house.send(method, "/v1/people/a", Some(&body)).status < 300);
        put("PUT", json!({"name": "Åse", "email": "gammel@example.dk", "phone": "+45 12 34 56 78"}));
        put("PATCH", json!({"email": "ny@example.dk", "phone": null}));
        assert_eq!(house.count("/v1/people?email=gammel@example.dk"), 0);
        assert_eq!(house.count("/v1/people?phone=%2B4512345678"), 0);
        assert_eq!(house.count("/v1/people?email=ny@example.dk"), 1);
        let mut raw = Raw::of(&house.home);
        assert_eq!(raw.count("people WHERE phone_index IS NOT NULL"), 0);
        assert_eq!(raw.count("people WHERE email_index IS NOT NULL"), 1);
    });
}

#[test]
fn a_statement_goes_wherever_the_data_go() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        let said = json!({"text": "Jeg gik klokken 9, ikke klokken 10."});
        let put = house.send("PUT", "/v1/people/a/statement", Some(&said));
        assert_eq!((put.status, &put.json()["text"]), (200, &said["text"]), "{}", put.text);
        let expected = json!({"text": said["text"], "made_at": "2026-11-21T12:00:00.000000Z"});
        assert_eq!(house.get("/v1/people/a").json()["statement"], expected);
        assert_eq!(house.get("/v1/people").json()["data"][0]["statement"], expected);
        for (wrong, code) in [(json!({"text": ""}), "empty"), (json!({"text": "x".repeat(2_001)}), "too_long")] {
            let refused = house.send("PUT", "/v1/people/a/statement", Some(&wrong));
            assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!(code)));
        }
        assert_eq!(house.delete("a")["erased"]["statements"], 1);
        house.send("PUT", "/v1/people/b", Some(&json!({})));
        assert_eq!(house.send("PUT", "/v1/people/b/statement", Some(&said)).status, 200);
        assert_eq!(house.send("DELETE", "/v1/people/b/statement", None).status, 204);
        assert_eq!(house.get("/v1/people/b").json()["statement"], Value::Null);
    });
}

#[test]
fn who_writes_without_the_scope_for_rights_reads_no_reason_and_no_grounds() {
    both(|kind| {
        let house = House::new(kind);
        house.send("PUT", "/v1/people/a", Some(&json!({"name": "Åse"})));
        let reason = json!({"ground": "a", "reason": "KANARIE-AARSAG"});
        assert_eq!(house.send("PUT", "/v1/people/a/restriction", Some(&reason)).status, 200);
        let grounds = json!({"grounds": "KANARIE-GRUNDE"});
        assert_eq!(house.send("PUT", "/v1/people/a/objections/statistics", Some(&grounds)).status, 200);
        let writer = key(&house.served.app, Some(house.site.customer), "people:write,people:read", None);
        let change = json!({"company": "Nordlys"}).to_string();
        for (method, is_shown, key) in
            [("PUT", false, &writer), ("PATCH", false, &writer), ("PUT", true, &house.key), ("PATCH", true, &house.key)]
        {
            let answer = house.served.send(method, "/v1/people/a", Some(key), &[], Some(change.as_bytes()));
            assert_eq!(answer.status, 200, "{}", answer.text);
            let shown = answer.json();
            let (restriction, objection) = (&shown["restriction"], &shown["objections"][0]);
            assert_eq!(
                (&restriction["ground"], &objection["purpose"], &objection["claim"], &objection["state"]),
                (&json!("a"), &json!("statistics"), &json!("objection"), &json!("pending"))
            );
            let words = if is_shown { json!(["KANARIE-AARSAG", "KANARIE-GRUNDE"]) } else { json!([null, null]) };
            assert_eq!(json!([restriction["reason"], objection["grounds"]]), words, "{method}");
            assert_eq!(answer.text.contains("KANARIE"), is_shown, "{method}");
        }
    });
}
