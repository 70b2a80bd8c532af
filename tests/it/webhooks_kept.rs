//! What is kept of webhooks, under which keys and how long; and what it costs customers who have none.

use crate::archive::Archive;
use crate::deletions;
use crate::harness::both;
use crate::plans::{listener, sent};
use crate::webhooks::House;
use diesel::connection::set_default_instrumentation;
use guestlog::app::deletions::{Instruction, Subject};
use guestlog::app::rotation::rotate_customer;
use guestlog::app::webhooks;
use guestlog::domain::receipt::Origin;
use guestlog::domain::text::Ref;
use guestlog::jobs::run_due;
use serde_json::json;
use std::sync::mpsc;
use std::time::Duration;

const DAY_S: i64 = 86_400;

#[test]
fn a_rotation_of_the_customers_key_takes_endpoints_secrets_and_messages_along() {
    both(|kind| {
        let house = House::new(kind);
        let (id, secret) = house.endpoint(&[]);
        house.test(&id);
        let before = house.shown(&id);
        let rotated = rotate_customer(&house.served.app, house.site.customer).unwrap();
        assert_eq!((rotated.version, rotated.webhooks), (2, 3));
        for table in ["webhook_endpoints", "webhook_secrets", "webhook_messages"] {
            assert_eq!(house.raw().count(&format!("{table} WHERE key_version <> 2")), 0, "{table}");
        }
        assert_eq!(house.shown(&id), before);
        assert_eq!(house.send(), 1);
        assert!(house.receiver.take()[0].is_signed_by(&secret));
    });
}

/// Does what is done daily.
fn purge(house: &House) {
    house.served.app.start_jobs().unwrap();
    run_due(&house.served.app).unwrap();
}

#[test]
fn what_was_given_up_is_kept_for_a_time_and_who_was_told_for_longer() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&["person.erased"]);
        house.put("g-1", "x");
        house.receiver.answer(|_| 410);
        house.call("DELETE", "/v1/people/g-1", None);
        house.send();
        purge(&house);
        let held = |raw: &mut crate::raw::Raw| raw.count("webhook_messages WHERE body_sealed IS NOT NULL");
        assert_eq!(
            (held(&mut house.raw()), house.deliveries(&id, "")[0]["can_be_sent_again"].clone()),
            (1, json!(true))
        );
        house.later(29 * DAY_S);
        purge(&house);
        assert_eq!(held(&mut house.raw()), 1);
        house.later(DAY_S);
        purge(&house);
        assert_eq!(
            (held(&mut house.raw()), house.deliveries(&id, "")[0]["can_be_sent_again"].clone()),
            (0, json!(false))
        );
        house.later(1_065 * DAY_S);
        purge(&house);
        assert_eq!(house.raw().count("webhook_messages") + house.raw().count("webhook_deliveries"), 0);
    });
}

/// The purge has seen that the message is old before it is queued again, and removes what it says after that.
#[test]
fn what_is_sent_again_amid_the_purge_keeps_what_it_says() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.receiver.answer(|_| 410);
        house.test(&id);
        house.send();
        let (of, path) = (house.site.id, format!("/v1/webhooks/{id}"));
        assert_eq!(house.call("PATCH", &path, Some(&json!({"enabled": true}))).status, 200);
        house.later(31 * DAY_S);
        let parse = |text: &str| guestlog::domain::PublicId::parse(text).unwrap();
        let delivery = parse(house.deliveries(&id, "?state=dead")[0]["id"].as_str().unwrap());
        let (say, queued) = mpsc::channel();
        std::thread::scope(|scope| {
            let (app, id) = (&house.served.app, parse(&id));
            scope.spawn(move || {
                let again = app.write_blocking(|work| {
                    webhooks::redeliver(work, of, id, delivery)?;
                    let _ = say.send(());
                    std::thread::sleep(Duration::from_millis(700));
                    Ok(())
                });
                again.unwrap();
            });
            queued.recv().unwrap();
            purge(&house);
        });
        house.receiver.answer(|_| 200);
        assert_eq!(house.send(), 1, "{}", house.deliveries(&path[13..], "")[0]);
        let told = house.receiver.take();
        assert_eq!(told.last().unwrap().topic(), "webhook.test");
    });
}

#[test]
fn with_an_endpoint_goes_what_only_it_was_to_be_told() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.test(&id);
        assert_eq!(house.call("DELETE", &format!("/v1/webhooks/{id}"), None).status, 204);
        assert_eq!(house.send(), 0);
        assert_eq!(house.raw().count("webhook_messages WHERE body_sealed IS NOT NULL"), 0);
        assert_eq!(house.raw().count("webhook_deliveries"), 0);
    });
}

/// Who is told of people is told to the people, whatever the customer deletes (Article 15(1)(c)).
#[test]
fn who_was_told_of_a_person_is_named_although_the_endpoint_is_deleted() {
    both(|kind| {
        let house = House::new(kind);
        let (id, _) = house.endpoint(&[]);
        house.put("g-1", "x");
        house.put("g-1", "y");
        assert_eq!(house.send(), 1);
        house.put("g-1", "z");
        assert_eq!(house.call("DELETE", &format!("/v1/webhooks/{id}"), None).status, 204);
        assert_eq!(house.send(), 0, "what was not sent yet is not sent");
        for path in [format!("/v1/webhooks/{id}"), format!("/v1/webhooks/{id}/deliveries")] {
            assert_eq!(house.served.get(&path, &house.key).status, 404, "{path}");
        }
        for (method, path, body) in [("PATCH", "", json!({"enabled": true})), ("POST", "/test", json!(null))] {
            let refused = house.call(method, &format!("/v1/webhooks/{id}{path}"), Some(&body));
            assert_eq!(refused.status, 404, "{method} {path}");
        }
        assert_eq!(house.served.get("/v1/webhooks", &house.key).json()["data"], json!([]));
        let told = || {
            let file = house.served.get("/v1/people/g-1/export", &house.key);
            Archive::of(file.bytes).data()["told"].clone()
        };
        let (first, all) = (told()[0].clone(), told().as_array().unwrap().len());
        assert_eq!(
            (all, &first["recipient"], &first["delivery"]),
            (1, &json!("Adgangskort (127.0.0.1)"), &json!("delivered"))
        );
        let recipients = || house.served.app.read_blocking(|view| webhooks::recipients(view, house.site.id)).unwrap();
        assert_eq!(recipients()[0].until, Some(house.clock.now()));
        assert_eq!((house.raw().count("webhook_secrets"), house.raw().count("webhook_deliveries")), (0, 1));
        // The customer makes another in its place, and the next purge leaves what is known.
        house.endpoint(&[]);
        purge(&house);
        assert_eq!(recipients().len(), 2);
        // It goes with the last that is known of it.
        house.call("DELETE", "/v1/people/g-1", None);
        house.later(DAY_S);
        purge(&house);
        assert_eq!(recipients().len(), 1);
        assert_eq!(house.raw().count("webhook_endpoints"), 1);
    });
}

/// Addresses, secrets and refs stand nowhere in clear.
#[test]
fn nothing_of_it_stands_in_the_database_in_clear() {
    let house = House::new(crate::harness::Kind::Sqlite);
    let (_, secret) = house.endpoint(&[]);
    house.put("kanarie-guest-7", "x");
    house.call("DELETE", "/v1/people/kanarie-guest-7", None);
    let secret = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &secret[6..]).unwrap();
    for file in crate::harness::files(&house.home.dir) {
        let bytes = std::fs::read(&file).unwrap();
        for canary in [b"hemmelig".as_slice(), b"kanarie-guest-7", &secret] {
            let found = bytes.windows(canary.len()).any(|window| window == canary);
            assert!(!found, "{}: {:?}", file.display(), String::from_utf8_lossy(canary));
        }
    }
}

#[test]
fn a_customer_without_endpoints_pays_a_look_into_memory() {
    set_default_instrumentation(listener).unwrap();
    both(|kind| {
        let house = deletions::House::new(kind);
        for (id, guest) in [(1, "a"), (2, "b")] {
            assert_eq!(house.event(id, "visit.checked_in", "2026-11-21T08:00:00Z", guest, None).status, 201);
        }
        let app = &house.served.app;
        let delete = |reference: &str| {
            let subjects = vec![Subject::Ref(Ref::new(reference).unwrap())];
            let instruction = Instruction::new(house.site.id, "test", Origin::Single, subjects);
            sent(|| assert_eq!(app.delete_blocking(&instruction, None).unwrap().erased.people, 1))
        };
        let touches = |sent: std::collections::BTreeSet<String>| {
            sent.into_iter()
                .filter(|sql| sql.contains("webhook_endpoints") || sql.contains("webhook_deliveries"))
                .count()
        };
        let (first, second) = (touches(delete("a")), touches(delete("b")));
        assert!(first <= 1 && second == 0, "{first} {second}");
    });
}
