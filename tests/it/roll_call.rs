//! Visits, the roll call and statistics: overnight, over clock changes, at past instants, never by a guess.

use crate::harness::{Home, Served, at, both, key, serve, site_with};
use guestlog::clock::Clock;
use guestlog::domain::license::{OverdueRule, parse_closes_at};
use guestlog::domain::zone::Zone;
use serde_json::{Value, json};

struct Scene {
    served: Served,
    clock: Clock,
    key: String,
    next: std::cell::Cell<u128>,
    _home: Home,
}

impl Scene {
    fn on_both(overdue: OverdueRule, test: impl Fn(&Self)) {
        both(|kind| {
            let home = Home::new(kind);
            let clock = Clock::fixed(at("2026-11-21T12:00:00Z"));
            let app = home.open(clock.clone());
            let site = site_with(&app, "L-1", Zone::COPENHAGEN, overdue);
            let key = key(&app, Some(site.customer), "events:write,events:read", Some("L-1"));
            let served = serve(&app);
            test(&Self { served, clock, key, next: std::cell::Cell::new(1), _home: home });
        });
    }

    fn post(&self, kind: &str, person: &str, when: &str, more: &Value) -> Value {
        let id = self.next.replace(self.next.get() + 1);
        let mut event =
            json!({"id": uuid::Uuid::from_u128(id), "type": kind, "occurred_at": when, "person": {"ref": person}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.served.post("/v1/events", &self.key, &event);
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    fn enter(&self, person: &str, when: &str) -> Value {
        self.post("visit.checked_in", person, when, &json!({}))
    }

    fn leave(&self, person: &str, when: &str) -> Value {
        self.post("visit.checked_out", person, when, &json!({"reason": "self"}))
    }

    fn visits(&self) -> Vec<Value> {
        let mut visits = self.served.get("/v1/visits?limit=200", &self.key).json()["data"].as_array().unwrap().clone();
        visits.reverse();
        visits
    }

    /// Who is in at an instant, with certainty and reason.
    fn roll(&self, when: &str) -> Vec<(String, String, String)> {
        let answer =
            self.served.get(&format!("/v1/visits/on-site?license=L-1&at={}", when.replace('+', "%2B")), &self.key);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let call = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let data = call["data"].as_array().unwrap();
        assert_eq!(call["count"], data.len());
        data.iter().map(|p| (text(&p["person"]["ref"]), text(&p["certainty"]), text(&p["reason"]))).collect()
    }
}

fn hours(n: u32) -> OverdueRule {
    OverdueRule::new(Some(n * 60), None).unwrap()
}

#[test]
fn a_guest_comes_and_goes_and_the_past_can_be_asked() {
    Scene::on_both(hours(8), |scene| {
        scene.enter("a", "2026-11-20T09:00:00+01:00");
        scene.leave("a", "2026-11-20T11:00:00+01:00");
        scene.enter("b", "2026-11-20T10:00:00+01:00");
        let at = |when| scene.roll(when).into_iter().map(|(who, ..)| who).collect::<Vec<_>>();
        assert_eq!(at("2026-11-20T08:59:59+01:00"), Vec::<String>::new());
        assert_eq!(at("2026-11-20T09:00:00+01:00"), ["a"]);
        assert_eq!(at("2026-11-20T10:30:00+01:00"), ["a", "b"]);
        assert_eq!(at("2026-11-20T11:00:00+01:00"), ["b"]);
        // Nobody is checked out by a guess: a day later the guest is still on the list, and marked.
        let overdue = ("b".to_owned(), "overdue".to_owned(), "over_hours".to_owned());
        assert_eq!(scene.roll("2026-11-21T10:00:00+01:00"), [overdue]);
        let observed = ("b".to_owned(), "observed".to_owned(), "checked_in".to_owned());
        assert_eq!(scene.roll("2026-11-20T17:59:59+01:00"), [observed]);
        let visits = scene.visits();
        assert_eq!(visits[0]["departure_reason"], "self");
        assert_eq!((visits[0]["state"].as_str(), visits[1]["state"].as_str()), (Some("closed"), Some("open")));
    });
}

#[test]
fn a_check_out_waits_for_its_check_in() {
    Scene::on_both(hours(8), |scene| {
        let out = scene.leave("a", "2026-11-20T11:00:00+01:00");
        assert_eq!(out["visit_id"], Value::Null);
        assert!(scene.visits().is_empty());
        let early = scene.enter("a", "2026-11-20T09:00:00+01:00");
        let visits = scene.visits();
        assert_eq!(visits.len(), 1);
        assert_eq!(visits[0]["state"], "closed");
        assert_eq!(visits[0]["id"], early["visit_id"]);
        // Another check-in between the two moves the end, not the beginning.
        let again = scene.enter("a", "2026-11-20T10:00:00+01:00");
        assert_eq!(again["note"], "already_checked_in");
        assert_eq!(again["visit_id"], early["visit_id"]);
        // After the check-out it is another visit.
        let later = scene.enter("a", "2026-11-20T12:00:00+01:00");
        assert_ne!(later["visit_id"], early["visit_id"]);
        assert_eq!(later.get("note"), None);
        assert_eq!(scene.visits().len(), 2);
    });
}

#[test]
fn visits_with_refs_stand_beside_each_other() {
    Scene::on_both(hours(8), |scene| {
        let with = |visit: &str| json!({"visit_ref": visit});
        scene.post(
            "visit.expected",
            "a",
            "2026-11-20T15:00:00+01:00",
            &json!({"visit_ref": "b-1", "expected_at": "2026-11-20T09:00:00+01:00"}),
        );
        scene.post("visit.expected", "a", "2026-11-10T09:00:00+01:00", &with("b-2"));
        assert_eq!(scene.visits().iter().filter(|v| v["state"] == "expected").count(), 2);
        scene.post("visit.cancelled", "a", "2026-11-19T09:00:00+01:00", &with("b-2"));
        scene.post("visit.checked_in", "a", "2026-11-20T09:05:00+01:00", &with("b-1"));
        let second = scene.post("visit.checked_in", "a", "2026-11-20T09:10:00+01:00", &with("b-3"));
        assert_eq!(second["note"], "already_checked_in");
        scene.post("visit.denied", "b", "2026-11-20T09:10:00+01:00", &json!({}));
        // Booked after the visit, as some logs do, and cancelled but came all the same.
        scene.post("visit.checked_in", "a", "2026-11-20T11:00:00+01:00", &with("b-2"));
        scene.post("visit.checked_out", "a", "2026-11-20T12:00:00+01:00", &with("b-1"));
        let mut states: Vec<(String, String)> = scene
            .visits()
            .iter()
            .map(|v| (v["visit_ref"].as_str().unwrap_or("-").to_owned(), v["state"].as_str().unwrap().to_owned()))
            .collect();
        states.sort();
        let expected = [("-", "denied"), ("b-1", "closed"), ("b-2", "open"), ("b-3", "open")];
        assert_eq!(states, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        // Back from lunch under the same ref: a stay of its own.
        scene.post("visit.checked_in", "a", "2026-11-20T13:00:00+01:00", &with("b-1"));
        assert_eq!(scene.visits().iter().filter(|v| v["visit_ref"] == "b-1").count(), 2);
    });
}

#[test]
fn overdue_follows_the_clock_on_the_wall() {
    // Closing time in the licence's zone; 25 October 2026 has 25 hours in Copenhagen.
    let closing = OverdueRule::new(None, Some(parse_closes_at("18:00").unwrap())).unwrap();
    Scene::on_both(closing, |scene| {
        scene.enter("day", "2026-10-24T17:00:00+02:00");
        scene.enter("night", "2026-10-24T23:30:00+02:00");
        let marks =
            |when| scene.roll(when).into_iter().map(|(who, mark, _)| format!("{who} {mark}")).collect::<Vec<_>>();
        assert_eq!(marks("2026-10-24T17:59:59+02:00"), ["day observed"]);
        assert_eq!(marks("2026-10-24T18:00:00+02:00"), ["day overdue"]);
        assert_eq!(marks("2026-10-25T17:59:59+01:00"), ["day overdue", "night observed"]);
        assert_eq!(marks("2026-10-25T18:00:00+01:00"), ["day overdue", "night overdue"]);
    });
}

#[test]
fn counts_follow_local_days_over_the_clock_change() {
    Scene::on_both(hours(8), |scene| {
        // Every hour of the 25-hour day, and one just outside on each side.
        for n in 0..27 {
            let when = at("2026-10-24T21:30:00Z").plus_seconds(n * 3_600).to_string();
            scene.post("visit.checked_in", &format!("p{n}"), &when, &json!({}));
        }
        let ask = |by: &str| {
            let path = format!(
                "/v1/statistics/visits?by={by}&license=L-1&from=2026-10-24T00:00:00%2B02:00&to=2026-10-27T00:00:00%2B01:00"
            );
            let answer = scene.served.get(&path, &scene.key);
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()["data"].as_array().unwrap().clone()
        };
        let counts = |by: &str| ask(by).iter().map(|c| c["arrived"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(counts("day"), [1, 25, 1]);
        assert_eq!(counts("hour").len(), 24 + 25 + 24);
        assert_eq!(counts("hour").iter().sum::<u64>(), 27);
        assert_eq!(counts("month"), [27]);
        let bad = scene.served.get("/v1/statistics/visits?by=year", &scene.key);
        assert_eq!(bad.status, 422);
    });
}

#[test]
fn a_silent_entrance_is_named() {
    Scene::on_both(hours(8), |scene| {
        let beat = |device: &str, body: &Value| {
            let answer = scene.served.post(&format!("/v1/devices/{device}/heartbeat"), &scene.key, body);
            assert_eq!(answer.status, 204, "{}", answer.text);
        };
        beat("reception-1", &json!({"app_version": "2.1", "queued_events": 3}));
        beat("kiosk%2F2", &json!({"queued_events": 0}));
        scene.clock.set(at("2026-11-21T12:14:00Z"));
        beat("reception-1", &json!({"queued_events": 0}));
        scene.clock.set(at("2026-11-21T12:16:00Z"));
        let call = scene.served.get("/v1/visits/on-site", &scene.key).json();
        let devices = call["devices"].as_array().unwrap();
        assert_eq!(devices.len(), 2);
        assert_eq!((devices[0]["device"].as_str(), devices[0]["silent"].as_bool()), (Some("kiosk/2"), Some(true)));
        assert_eq!(devices[0]["silent_since"], "2026-11-21T12:00:00.000000Z");
        assert_eq!((devices[1]["silent"].as_bool(), devices[1]["queued_events"].as_u64()), (Some(false), Some(0)));
        assert_eq!(devices[1]["app_version"], "2.1");
        assert_eq!(scene.served.get("/v1/devices?limit=1", &scene.key).json()["data"].as_array().unwrap().len(), 1);
    });
}

/// In an evacuation a mistyped number must not read as an empty building.
#[test]
fn a_licence_that_is_not_there_is_no_empty_site() {
    Scene::on_both(hours(8), |scene| {
        for path in ["/v1/visits/on-site?license=L-2", "/v1/statistics/visits?by=day&license=L-2"] {
            let answer = scene.served.get(path, &scene.key);
            assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("license_unknown")), "{path}");
        }
    });
}
