//! The senders among themselves: one that is slow holds up nobody, and two nodes do not send the same.

use crate::harness::{Home, Kind, both, key, serve, site};
use crate::receiver::Receiver;
use crate::webhooks::House;
use guestlog::app::App;
use guestlog::clock::Clock;
use guestlog::jobs::{Worker, send_due};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[test]
fn an_endpoint_that_hangs_holds_up_neither_others_nor_jobs() {
    both(|kind| {
        let home = Home::new(kind);
        let settings = [("webhooks.allow_private", "true"), ("webhooks.senders", "2"), ("webhooks.timeout_ms", "3000")];
        let app = home.open_with(Clock::System, &settings);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), "people:write,people:delete,webhooks", None);
        let served = serve(&app);
        let (slow, quick) = (Receiver::new(), Receiver::new());
        slow.answer(|_| {
            std::thread::sleep(Duration::from_secs(10));
            200
        });
        let endpoint = |receiver: &Receiver| {
            let made = served.post("/v1/webhooks", &key, &json!({"url": receiver.url("/")}));
            assert_eq!(made.status, 201, "{}", made.text);
            made.json()["id"].as_str().unwrap().to_owned()
        };
        let (slow_id, quick_id) = (endpoint(&slow), endpoint(&quick));
        let worker = Worker::start(&app).unwrap();
        let test = |id: &str| {
            let path = format!("/v1/webhooks/{id}/test");
            assert_eq!(served.send("POST", &path, Some(&key), &[], None).status, 202);
        };
        for _ in 0..5 {
            test(&slow_id);
        }
        slow.await_count(1, Duration::from_secs(5));
        let began = Instant::now();
        for number in 1..=20 {
            test(&quick_id);
            quick.await_count(number, Duration::from_secs(3));
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        worker.stop();
        let path = format!("/v1/webhooks/{slow_id}/deliveries?state=pending");
        let pending = served.get(&path, &key).json()["data"].as_array().unwrap().len();
        assert_eq!(pending, 5, "none of them arrived, and none was given up");
    });
}

#[test]
fn two_nodes_send_each_message_once() {
    both(|kind| {
        let house = House::new(kind);
        let endpoints: Vec<String> = (0..6).map(|_| house.endpoint(&[]).0).collect();
        let mut told = BTreeSet::new();
        for _ in 0..10 {
            told.extend(endpoints.iter().map(|id| house.test(id)));
        }
        let settings = house.home.settings(&[("webhooks.allow_private", "true")]);
        let nodes: Vec<App> = (0..2).map(|_| App::open(settings.clone(), house.clock.clone()).unwrap()).collect();
        std::thread::scope(|threads| {
            for app in nodes.iter().chain(&nodes) {
                threads.spawn(|| send_due(app).unwrap());
            }
        });
        let got = house.receiver.take();
        let ids: BTreeSet<String> = got.iter().map(|one| one.id().to_owned()).collect();
        assert_eq!((got.len(), ids), (60, told));
        for node in nodes {
            node.stop();
        }
    });
}

#[test]
fn a_sender_stops_with_the_service() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open_with(Clock::System, &[("webhooks.senders", "64")]);
    let worker = Worker::start(&app).unwrap();
    let began = Instant::now();
    worker.stop();
    assert!(began.elapsed() < Duration::from_secs(2));
    app.stop();
}
