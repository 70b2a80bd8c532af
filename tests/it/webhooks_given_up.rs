//! Endpoints that are away, gone or broken: tried again under the same id, given up, sent again, disabled.

use crate::harness::both;
use crate::receiver::Received;
use crate::webhooks::House;
use guestlog::app::jobs::Next;
use serde_json::{Value, json};

const HOUR_S: i64 = 3_600;

/// Lets so much time pass, and sends what becomes due meanwhile; every ten minutes is looked.
fn pass(house: &House, seconds: i64) -> usize {
    (0..seconds / 600)
        .map(|_| {
            house.later(600);
            house.send()
        })
        .sum()
}

fn redeliver(house: &House, webhook: &str, delivery: &Value) -> (u16, Value) {
    let path = format!("/v1/webhooks/{webhook}/deliveries/{}/redeliver", delivery["id"].as_str().unwrap());
    let answer = house.call("POST", &path, None);
    (answer.status, answer.json())
}

#[test]
fn who_was_offline_for_two_days_is_told_all_the_same_under_the_same_id() {
    both(|kind| {
        let house = House::new(kind);
        let (id, secret) = house.endpoint(&["person.erased"]);
        house.receiver.answer(|_| 0);
        house.put("g-1", "x");
        house.call("DELETE", "/v1/people/g-1", None);
        assert_eq!(house.send(), 1);
        let pending = &house.deliveries(&id, "?state=pending")[0];
        assert_eq!((&pending["attempts"], &pending["last_fault"]), (&json!(1), &json!("connection")));
        assert_eq!(house.shown(&id)["failing_since"], "2026-11-21T12:00:00.000000Z");
        pass(&house, 48 * HOUR_S);
        let failed = house.receiver.take();
        assert!((8..=9).contains(&failed.len()), "{}", failed.len());
        house.receiver.answer(|_| 200);
        pass(&house, 24 * HOUR_S);
        let arrived = house.receiver.take();
        assert_eq!(arrived.len(), 1);
        assert!(failed.iter().all(|one| one.id() == arrived[0].id() && one.body == arrived[0].body));
        assert!(arrived[0].is_signed_by(&secret), "with the time of the attempt");
        assert_ne!(arrived[0].headers["webhook-timestamp"], failed[0].headers["webhook-timestamp"]);
        let delivered = &house.deliveries(&id, "?state=delivered")[0];
        assert_eq!((&delivered["last_status"], &delivered["can_be_sent_again"]), (&json!(200), &json!(false)));
        assert_eq!(delivered["message_id"], arrived[0].id());
        assert_eq!(house.shown(&id)["failing_since"], Value::Null);
        assert_eq!(house.raw().count("webhook_messages WHERE body_sealed IS NOT NULL"), 0);
    });
}

#[test]
fn what_fails_ten_times_is_given_up_listed_and_can_be_sent_again_until_all_have_it() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.receiver.answer(|_| 500);
        let message = house.test(&id);
        house.send();
        pass(&house, 72 * HOUR_S);
        assert_eq!(house.receiver.take().len(), 10);
        assert_eq!(pass(&house, 12 * HOUR_S), 0, "no more");
        assert!(house.deliveries(&id, "?state=pending").is_empty());
        let dead = house.deliveries(&id, "?state=dead");
        assert_eq!((dead.len(), &dead[0]["attempts"], &dead[0]["last_status"]), (1, &json!(10), &json!(500)));
        assert_eq!(
            (&dead[0]["last_fault"], &dead[0]["due_at"], &dead[0]["message_id"]),
            (&json!("status"), &Value::Null, &json!(message))
        );
        assert_eq!(house.shown(&id)["disabled_at"], Value::Null, "three days are not enough for that");
        let (status, again) = redeliver(&house, &id, &dead[0]);
        assert_eq!((status, &again["state"], &again["attempts"]), (202, &json!("pending"), &json!(0)), "{again}");
        house.receiver.answer(|_| 204);
        house.later(600);
        assert_eq!(house.send(), 1);
        let arrived = house.receiver.take();
        assert_eq!(arrived[0].id(), message);
        let (status, refused) = redeliver(&house, &id, &dead[0]);
        assert_eq!((status, &refused["code"]), (409, &json!("not_deliverable")));
    });
}

#[test]
fn a_receiver_that_answers_410_is_sent_nothing_more_and_the_customer_is_told() {
    both(|kind| {
        let house = House::new(kind);
        let (gone, _) = house.endpoint(&["webhook.test"]);
        let (other, _) = house.endpoint(&["webhook.disabled", "notice.raised"]);
        house.receiver.answer(|received| if received.topic() == "webhook.test" { 410 } else { 200 });
        for _ in 0..3 {
            house.test(&gone);
        }
        house.send();
        let shown = house.shown(&gone);
        assert_eq!(
            (&shown["disabled_reason"], &shown["disabled_at"]),
            (&json!("gone"), &json!("2026-11-21T12:00:00.000000Z"))
        );
        assert_eq!(house.deliveries(&gone, "?state=dead").len(), 3);
        house.send();
        let got = house.receiver.take();
        assert_eq!(got.iter().filter(|one| one.topic() == "webhook.test").count(), 1);
        let told: Vec<Value> = got.iter().filter(|one| one.topic() != "webhook.test").map(Received::json).collect();
        assert!(told.iter().any(|one| one["data"] == json!({"webhook_id": gone, "reason": "gone"})), "{told:?}");
        assert!(told.iter().any(|one| one["data"]["kind"] == "webhook_disabled"), "{told:?}");
        let notices = house.served.get("/v1/notices", &house.key).json();
        assert_eq!(notices["data"][0]["details"], json!({"webhook_id": gone, "reason": "gone", "given_up": 3}));
        let test = house.call("POST", &format!("/v1/webhooks/{gone}/test"), None);
        assert_eq!((test.status, &test.json()["code"]), (409, &json!("not_deliverable")));
        let dead = house.deliveries(&gone, "")[0].clone();
        assert_eq!(redeliver(&house, &gone, &dead).0, 409);
        // Enabled again it starts anew, and what was given up can be sent.
        let enable = json!({"enabled": true});
        let enabled = house.call("PATCH", &format!("/v1/webhooks/{gone}"), Some(&enable)).json();
        assert_eq!((&enabled["disabled_at"], &enabled["failing_since"]), (&Value::Null, &Value::Null));
        house.receiver.answer(|_| 200);
        assert_eq!(redeliver(&house, &gone, &dead).0, 202);
        house.later(600);
        assert_eq!(house.send(), 1);
        // Disabled by the customer no notice is raised.
        house.call("PATCH", &format!("/v1/webhooks/{other}"), Some(&json!({"enabled": false})));
        assert_eq!(house.shown(&other)["disabled_reason"], "customer");
        let notices = house.served.get("/v1/notices", &house.key).json();
        assert_eq!(notices["data"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn an_endpoint_that_fails_for_days_is_disabled() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&["webhook.test"]);
        house.receiver.answer(|_| 503);
        house.test(&id);
        house.send();
        pass(&house, 73 * HOUR_S);
        assert_eq!(house.shown(&id)["disabled_at"], Value::Null);
        house.test(&id);
        house.send();
        pass(&house, 73 * HOUR_S);
        assert_eq!(house.shown(&id)["disabled_reason"], "failing");
        assert_eq!(house.deliveries(&id, "?state=dead").len(), 2);
    });
}

#[test]
fn a_redirect_is_a_failure() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.receiver.answer(|_| 302);
        house.test(&id);
        assert_eq!(house.send(), 1);
        let pending = &house.deliveries(&id, "")[0];
        assert_eq!((&pending["last_status"], &pending["last_fault"]), (&json!(302), &json!("redirect")));
    });
}

/// However much is due to an endpoint that is away, it is asked seldom; and all of it arrives when it is back.
#[test]
fn an_endpoint_that_is_away_is_let_be() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.receiver.answer(|_| 500);
        for _ in 0..40 {
            house.test(&id);
        }
        let mut attempts = 0;
        for _ in 0..60 {
            attempts += house.send();
            house.later(1);
        }
        assert!((4..=7).contains(&attempts), "{attempts} in a minute");
        house.receiver.take();
        house.receiver.answer(|_| 200);
        pass(&house, HOUR_S);
        let ids: std::collections::BTreeSet<String> =
            house.receiver.take().iter().map(|one| one.id().to_owned()).collect();
        assert_eq!(ids.len(), 40);
    });
}

/// As when it is told something in the moment in which it is disabled.
#[test]
fn what_comes_to_a_disabled_endpoint_is_given_up_and_asked_for_no_more() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        let enable = |is: bool| {
            let changed = house.call("PATCH", &format!("/v1/webhooks/{id}"), Some(&json!({"enabled": is})));
            assert_eq!(changed.status, 200, "{}", changed.text);
        };
        let under_way = || house.raw().run("UPDATE webhook_deliveries SET state = 1");
        house.test(&id);
        enable(false);
        under_way();
        let app = &house.served.app;
        let mut lease = app.claim_webhook().unwrap().unwrap();
        assert!(app.next_parcel(&mut lease).unwrap().is_none());
        let next = app.after_parcels(&lease).unwrap();
        assert_eq!(next, Next::Done);
        lease.finish(next).unwrap();
        assert_eq!(house.deliveries(&id, "?state=dead").len(), 1);
        // Enabled before anybody has looked, it is sent what is under way.
        under_way();
        assert!(app.claim_webhook().unwrap().is_none());
        enable(true);
        assert_eq!(house.send(), 1);
    });
}

#[test]
fn a_message_that_says_nothing_any_more_holds_up_no_other() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.test(&id);
        house.raw().run("UPDATE webhook_messages SET body_sealed = NULL");
        house.later(1);
        let second = house.test(&id);
        assert_eq!(house.send(), 1);
        assert_eq!(house.receiver.take()[0].id(), second);
        assert_eq!(house.deliveries(&id, "?state=dead").len(), 1);
        assert_eq!(house.raw().count("jobs WHERE kind = 'webhook'"), 0);
    });
}
