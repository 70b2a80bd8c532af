//! Objection and withdrawn consent (Articles 21 and 7(3)): in force at once, and some that nobody can refuse.

use crate::deletions::House;
use crate::harness::{at, both};
use serde_json::{Value, json};

const STATISTICS: &str = "/v1/statistics/visits?by=day&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z";

impl House {
    fn object(&self, purpose: &str, body: &Value) -> (u16, Value) {
        let answer = self.send("PUT", &format!("/v1/people/a/objections/{purpose}"), Some(body));
        (answer.status, answer.json())
    }

    fn arrived(&self) -> Value {
        self.get(STATISTICS).json()["data"][0]["arrived"].clone()
    }
}

#[test]
fn an_objection_stops_the_purpose_until_grounds_are_shown() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        house.event(2, "visit.checked_in", "2026-11-21T08:00:00Z", "b", Some("a"));
        assert_eq!(house.arrived(), 2);
        let (status, told) = house.object("statistics", &json!({}));
        assert_eq!(
            (status, &told["state"], &told["decided_at"], &told["erasure_due"]),
            (200, &json!("pending"), &Value::Null, &json!(false))
        );
        assert_eq!(house.arrived(), 1);
        assert_eq!(house.object("statistics", &json!({"state": "overruled"})).0, 422, "the burden is the customer's");
        assert_eq!(house.arrived(), 1);
        let grounds = json!({"state": "overruled", "grounds": "Brandmyndighedens krav"});
        let (_, told) = house.object("statistics", &grounds);
        assert_eq!((&told["state"], &told["grounds"]), (&json!("overruled"), &json!("Brandmyndighedens krav")));
        assert_eq!(house.arrived(), 2);
        assert_eq!(house.object("improvement", &json!({"state": "upheld"})).0, 200);
        assert_eq!(house.arrived(), 1);
        assert_eq!(house.send("DELETE", "/v1/people/a/objections/improvement", None).status, 204);
        assert_eq!(house.arrived(), 2);
        // The mark is visible.
        assert_eq!(house.get("/v1/people/a").json()["objections"][0]["purpose"], "statistics");
        // Who objects to being notified is not named as recipient.
        let recipients = || house.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(2))).json()["recipients"].clone();
        assert_eq!(recipients().as_array().unwrap().len(), 1);
        house.object("notification", &json!({}));
        assert_eq!(recipients(), json!([]));
        assert_eq!(
            house.refused("PUT", "/v1/people/a/objections/everything", Some(&json!({}))),
            (422, "invalid_input".to_owned())
        );
        assert_eq!(house.delete("a")["erased"]["objections"], 2);
    });
}

#[test]
fn marketing_and_withdrawn_consent_are_absolute_on_every_route() {
    both(|kind| {
        let house = House::new(kind);
        house.send("PUT", "/v1/people/a", Some(&json!({"name": "Åse"})));
        let overruled = |claim: &str| json!({"claim": claim, "state": "overruled", "grounds": "vi vil gerne"});
        for (purpose, claim) in [("marketing", "objection"), ("marketing", "withdrawal"), ("statistics", "withdrawal")]
        {
            let (status, told) = house.object(purpose, &overruled(claim));
            assert_eq!((status, &told["code"]), (409, &json!("objection_absolute")), "{purpose} {claim}");
            let (status, told) = house.object(purpose, &json!({"claim": claim, "state": "pending"}));
            assert_eq!((status, &told["state"]), (200, &json!("upheld")), "{purpose} {claim}: {told}");
            assert!(told["decided_at"].is_string());
            assert_eq!(house.object(purpose, &overruled(claim)).0, 409, "nor afterwards");
        }
        let removed = house.refused("DELETE", "/v1/people/a/objections/marketing", None);
        assert_eq!(removed, (409, "objection_absolute".to_owned()));
        assert_eq!(house.get("/v1/people/a").json()["objections"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn an_objection_to_registration_restricts_and_upheld_asks_for_erasure() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        let (_, told) = house.object("registration", &json!({}));
        assert_eq!(told["erasure_due"], false);
        let marked = house.get("/v1/people/a").json();
        assert_eq!((&marked["restriction"]["ground"], &marked["name"]), (&json!("d"), &Value::Null));
        assert_eq!(house.get("/v1/notices").json()["data"], json!([]));
        let (_, told) = house.object("registration", &json!({"state": "upheld"}));
        assert_eq!(told["erasure_due"], true);
        assert_eq!(house.get("/v1/notices").json()["data"][0]["kind"], "erasure_due");
        // A consent withdrawn where another ground is named restricts nobody.
        house.event(2, "visit.checked_in", "2026-11-21T08:00:00Z", "b", None);
        let body = json!({"claim": "withdrawal", "grounds": "Artikel 6(1)(c)"});
        let kept = house.send("PUT", "/v1/people/b/objections/registration", Some(&body)).json();
        assert_eq!((&kept["state"], &kept["erasure_due"]), (&json!("upheld"), &json!(false)));
        assert_eq!(house.get("/v1/people/b").json()["name"], "Navn b");
    });
}

#[test]
fn a_withdrawal_is_not_overruled_as_if_it_were_an_objection() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        let overruled = json!({"state": "overruled", "grounds": "vi vil gerne"});
        for purpose in ["statistics", "registration"] {
            assert_eq!(house.object(purpose, &json!({"claim": "withdrawal"})).1["state"], "upheld");
            let (status, told) = house.object(purpose, &overruled);
            assert_eq!((status, &told["code"]), (409, &json!("objection_absolute")), "{purpose}");
            // Nor in two steps.
            let (status, told) = house.object(purpose, &json!({}));
            assert_eq!((status, &told["claim"], &told["state"]), (200, &json!("withdrawal"), &json!("upheld")));
            assert_eq!(house.object(purpose, &overruled).0, 409, "{purpose}");
        }
        assert_eq!(house.arrived(), 0);
        // To what goes on upon another ground the person can object, and that is decided; the withdrawal alone is not.
        let kept = json!({"claim": "withdrawal", "grounds": "Artikel 6(1)(f)"});
        assert_eq!(house.object("registration", &kept).0, 200);
        assert_eq!(house.object("registration", &overruled).0, 409);
        let (status, told) = house.object("registration", &json!({}));
        assert_eq!((status, &told["claim"], &told["state"]), (200, &json!("objection"), &json!("pending")));
        assert_eq!(house.object("registration", &overruled).0, 200);
    });
}

#[test]
fn no_end_of_another_restriction_ends_what_an_objection_has_stopped() {
    both(|kind| {
        let house = House::new(kind);
        house.event(1, "visit.checked_in", "2026-11-21T08:00:00Z", "a", None);
        let lift = |told: &str| {
            let answer = house.send("DELETE", &format!("/v1/people/a/restriction?told_at={told}"), None);
            let code = (answer.status != 204).then(|| answer.json()["code"].take());
            (answer.status, code.unwrap_or_default())
        };
        let listed = || house.get("/v1/people").json()["data"].as_array().unwrap().len();
        let stands = (409, json!("person_restricted"));
        house.restrict("a", "a");
        house.object("registration", &json!({}));
        house.clock.set(at("2026-11-22T12:00:00Z"));
        assert_eq!(lift("2026-11-22T11:00:00Z").0, 204);
        assert_eq!((listed(), house.get("/v1/people/a").json()["restriction"]["ground"].clone()), (0, json!("d")));
        let audited = (house.audited("restriction.placed"), house.audited("restriction.lifted").len());
        assert_eq!(audited, (vec![json!({"ground": "a"}), json!({"ground": "d"})], 1));
        assert_eq!(lift("2026-11-22T12:00:00Z"), stands);
        // Decided, it ends when the person was told of that.
        house.object("registration", &json!({"state": "overruled", "grounds": "Retskrav"}));
        assert_eq!(lift("2026-11-22T11:00:00Z"), (409, json!("person_not_told")), "that was of the other's end");
        assert_eq!((lift("2026-11-22T12:00:00Z").0, listed()), (204, 1));
        // Consent withdrawn stops as well, until another ground is named; so does an objection, until it is taken back.
        house.object("registration", &json!({"state": "upheld"}));
        assert_eq!(lift("2026-11-22T12:00:00Z"), stands);
        house.object("registration", &json!({"claim": "withdrawal"}));
        assert_eq!(lift("2026-11-22T12:00:00Z"), stands);
        house.object("registration", &json!({"claim": "withdrawal", "grounds": "Artikel 6(1)(c)"}));
        assert_eq!((lift("2026-11-22T12:00:00Z").0, listed()), (204, 1));
        assert_eq!(house.send("DELETE", "/v1/people/a/objections/registration", None).status, 204);
        house.object("registration", &json!({}));
        assert_eq!(lift("2026-11-22T12:00:00Z"), stands);
        assert_eq!(house.send("DELETE", "/v1/people/a/objections/registration", None).status, 204);
        assert_eq!((lift("2026-11-22T12:00:00Z").0, listed()), (204, 1));
    });
}
