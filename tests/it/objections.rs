//! Objection and withdrawn consent (Articles 21 and 7(3)): in force at once, and some that nobody can refuse.

use crate::deletions::House;
use crate::harness::both;
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
