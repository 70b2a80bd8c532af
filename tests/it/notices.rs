//! Notices: seen by the customer whom they concern and by the operator, newest first, without anybody's name.

use crate::deletions::House;
use crate::harness::{both, key, site};
use guestlog::jobs::run_due;
use guestlog::store::jobs;
use serde_json::{Value, json};

/// So many guests of the house, each with an event.
fn guests(house: &House, count: u128) {
    for number in 0..count {
        let stored = house.event(number + 1, "visit.checked_in", "2026-11-21T08:00:00Z", &format!("g{number}"), None);
        assert_eq!(stored.status, 201, "{}", stored.text);
    }
}

/// Has the customer's deletions counted now.
fn count(house: &House) {
    let app = &house.served.app;
    app.db().write(|tx| Ok(jobs::queue(tx, house.site.id, "watch", 0, house.clock.now())?)).unwrap();
    assert!(run_due(app).unwrap() > 0);
}

fn later(house: &House, seconds: i64) {
    house.clock.set(house.clock.now().plus_seconds(seconds));
}

fn unusual(house: &House) -> Vec<Value> {
    let all = house.get("/v1/notices").json();
    all["data"].as_array().unwrap().iter().filter(|notice| notice["kind"] == "unusual_deletion").cloned().collect()
}

#[test]
fn many_single_deletions_within_an_hour_raise_one_notice_and_are_not_held_up() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 40);
        for number in 0..9 {
            house.delete(&format!("g{number}"));
        }
        count(&house);
        assert_eq!(unusual(&house), Vec::<Value>::new(), "below the minimum");
        house.delete("g9");
        // Who was not held does not count.
        house.delete("nobody");
        count(&house);
        let raised = unusual(&house);
        assert_eq!(raised.len(), 1, "{raised:?}");
        let details = json!({"deleted": 10, "held": 30, "within_minutes": 60, "share_percent": 1});
        assert_eq!((&raised[0]["details"], &raised[0]["raised_at"]), (&details, &json!("2026-11-21T12:00:00.000000Z")));
        later(&house, 3_599);
        house.delete("g10");
        count(&house);
        assert_eq!(unusual(&house).len(), 1, "one an hour");
        later(&house, 1);
        for number in 11..21 {
            house.delete(&format!("g{number}"));
        }
        count(&house);
        assert_eq!(unusual(&house).len(), 2);
    });
}

#[test]
fn few_of_many_slow_ones_and_lists_are_not_unusual() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 60);
        let refs: Vec<String> = (0..20).map(|number| format!("g{number}")).collect();
        let list = house.send("POST", "/v1/deletions", Some(&json!({"refs": refs})));
        assert_eq!(list.status, 200, "{}", list.text);
        count(&house);
        assert_eq!(unusual(&house), Vec::<Value>::new(), "a list is one deliberate act");
        for number in 20..29 {
            house.delete(&format!("g{number}"));
        }
        later(&house, 3_601);
        for number in 29..38 {
            house.delete(&format!("g{number}"));
        }
        count(&house);
        assert_eq!(unusual(&house), Vec::<Value>::new(), "nine an hour");
    });
}

#[test]
fn a_notice_is_seen_by_its_customer_and_the_operator_alone() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 20);
        for number in 0..10 {
            house.delete(&format!("g{number}"));
        }
        count(&house);
        later(&house, 7_200);
        for number in 10..20 {
            house.delete(&format!("g{number}"));
        }
        count(&house);
        let app = &house.served.app;
        let stranger = key(app, Some(site(app, "L-1").customer), "people:read", None);
        assert_eq!(house.served.get("/v1/notices", &stranger).json()["data"], json!([]));
        let operator = key(app, None, "admin", None);
        let first = house.served.get("/v1/admin/notices?limit=1", &operator);
        let link = first.header("link").unwrap();
        let next = link.split(['<', '>']).nth(1).unwrap().to_owned();
        let pages = [first.json(), house.served.get(&next, &operator).json()];
        let own = unusual(&house);
        for (page, seen) in pages.iter().zip(&own) {
            let mut shown = page["data"][0].clone();
            assert_eq!(shown["customer_id"], json!(house.site.customer));
            shown.as_object_mut().unwrap().remove("customer_id");
            assert_eq!(&shown, seen);
        }
        assert!(pages[1]["next_cursor"].is_null());
        assert!(own[0]["raised_at"].as_str() > own[1]["raised_at"].as_str(), "newest first");
    });
}
