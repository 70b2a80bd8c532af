//! Every limit at its edge: what is just within passes, one more is refused, and the refusal names the bound.

use crate::harness::{Answer, Home, Kind, Served, at, both, key, serve, site};
use guestlog::clock::Clock;
use serde_json::{Value, json};

const ALL: &str = "events:write,events:read,people:write,people:read";
const NOW: &str = "2026-11-21T12:00:00Z";

fn house(kind: Kind, settings: &[(&str, &str)], test: impl Fn(&Served, &str)) {
    let home = Home::new(kind);
    let app = home.open_with(Clock::fixed(at(NOW)), settings);
    let key = key(&app, Some(site(&app, "L-1").customer), ALL, None);
    test(&serve(&app), &key);
}

fn event(id: u128) -> Value {
    json!({"id": uuid::Uuid::from_u128(id), "type": "visit.checked_in", "occurred_at": NOW, "license_number": "L-1",
        "person": {"ref": format!("g-{id}")}})
}

/// Refused with this status, in words that name the bound.
#[track_caller]
fn refused(answer: &Answer, status: u16, bound: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.json()["detail"].as_str().unwrap().contains(bound), "{bound}: {}", answer.text);
}

#[test]
fn bodies_queries_headers_and_lines() {
    let settings = [
        ("http.max_body_bytes", "4000"),
        ("http.max_line_bytes", "1100"),
        ("http.max_query_bytes", "300"),
        ("http.max_header_bytes", "2000"),
    ];
    house(Kind::Sqlite, &settings, |served, key| {
        let padded = |value: &Value, bytes: usize| format!("{value}{}", " ".repeat(bytes - value.to_string().len()));
        let post = |headers: &[(&str, &str)], body: &str| {
            served.send("POST", "/v1/events", Some(key), headers, Some(body.as_bytes()))
        };
        assert_eq!(post(&[], &padded(&event(1), 4_000)).status, 201);
        refused(&post(&[], &padded(&event(2), 4_001)), 413, "4000 bytes");
        let query = |bytes: usize| format!("/v1/people?email={}%40b.dk", "a".repeat(bytes - "email=%40b.dk".len()));
        refused(&served.get(&query(301), key), 400, "300 bytes");
        assert_ne!(served.get(&query(300), key).status, 400);
        let header = "x".repeat(2_000);
        let large = served.send("GET", "/v1/people", Some(key), &[("x-large", &header)], None);
        refused(&large, 431, "2000 bytes");
        let lines = [("content-type", "application/x-ndjson")];
        let within = padded(&event(3), 1_100);
        let told = post(&lines, &format!("{within}\n{within} \n{}\n", event(4)));
        let told: Vec<Value> = told.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |n: usize| told[n]["status"].as_str().unwrap();
        assert_eq!((told.len(), of(0), of(1), of(2)), (3, "created", "rejected", "created"), "{told:?}");
        assert!(told[1]["problem"]["detail"].as_str().unwrap().contains("1100 bytes"), "{told:?}");
        let many = format!("{}\n", event(5)).repeat(30);
        let last: Value = serde_json::from_str(post(&lines, &many).text.lines().last().unwrap_or("{}")).unwrap();
        let said = last["problem"]["detail"].as_str().or(last["detail"].as_str()).unwrap_or_default().to_owned();
        assert!(said.contains("4000 bytes"), "{last}");
    });
}

#[test]
fn batches_recipients_pages_and_strings() {
    house(Kind::Sqlite, &[], |served, key| {
        let post = |body: &Value| served.post("/v1/events", key, body);
        let batch = |size: u128| json!({"events": (0..size).map(|n| event(1_000 + n)).collect::<Vec<_>>()});
        assert_eq!(post(&batch(1_000)).json()["created"], 1_000);
        for size in [0, 1_001] {
            refused(&post(&batch(size)), 422, "1 to 1000 events");
        }
        let recipients = |size: usize| {
            let mut event = event(1);
            event["recipients"] = (0..size).map(|n| json!({"ref": format!("r-{n}"), "channel": "sms"})).collect();
            event
        };
        refused(&post(&recipients(101)), 422, "at most 100 recipients");
        assert_eq!(post(&recipients(100)).status, 201);
        for limit in ["0", "201", "-1", "1.5", "ten", ""] {
            refused(&served.get(&format!("/v1/events?limit={limit}"), key), 422, "from 1 to 200");
        }
        assert_eq!(served.get("/v1/events?limit=200", key).json()["data"].as_array().unwrap().len(), 200);
        assert_eq!(served.get("/v1/events", key).json()["data"].as_array().unwrap().len(), 50);
        refused(&served.get(&format!("/v1/events?cursor={}", "A".repeat(201)), key), 422, "at most 200 characters");
        // Counted in characters, whatever they weigh.
        for (pointer, most) in [
            ("/person/name", 200),
            ("/person/company", 200),
            ("/person/vehicle_plate", 16),
            ("/person/ref", 200),
            ("/host/name", 200),
            ("/host/ref", 200),
            ("/visit_ref", 200),
            ("/device", 100),
            ("/recipients/0/ref", 200),
            ("/recipients/0/address", 254),
        ] {
            for (length, status) in [(most, 201), (most + 1, 422)] {
                let mut event =
                    event(u128::try_from(length).unwrap() << 64 | u128::try_from(pointer.len()).unwrap() << 32 | 7);
                event["id"] = json!(uuid::Uuid::new_v4());
                event["host"] = json!({"ref": "h"});
                event["recipients"] = json!([{"ref": "r", "channel": "sms"}]);
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                event.pointer_mut(parent).unwrap()[name] = "æ".repeat(length).into();
                let answer = post(&event);
                assert_eq!(answer.status, status, "{pointer} of {length}: {}", answer.text);
                if status == 422 {
                    refused(&answer, 422, &format!("at most {most} characters"));
                    assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
                }
            }
        }
        for (at, bound) in [("2026-11-23T12:00:01Z", "48 hours"), ("9999-01-01T00:00:00Z", "1970 to 9998")] {
            let mut event = event(2);
            event["occurred_at"] = at.into();
            refused(&post(&event), 422, bound);
        }
        let mut edge = event(2);
        edge["occurred_at"] = "2026-11-23T12:00:00Z".into();
        assert_eq!(post(&edge).status, 201);
        let beat = |queued: u64| served.post("/v1/devices/d/heartbeat", key, &json!({"queued_events": queued}));
        assert_eq!(beat(1_000_000_000).status, 204);
        refused(&beat(1_000_000_001), 422, "from 0 to 1000000000");
    });
}

#[test]
fn a_thousand_lines_are_answered_in_their_order() {
    both(|kind| {
        house(kind, &[], |served, key| {
            let line = |n: u128| match n % 10 {
                3 => "{\"id\": nonsense".to_owned(),
                7 => event(n - 1).to_string(),
                _ => event(n).to_string(),
            };
            let body: String = (1..=1_000).map(|n| line(n) + "\n").collect();
            let media = [("content-type", "application/x-ndjson")];
            let answer = served.send("POST", "/v1/events", Some(key), &media, Some(body.as_bytes()));
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
            let told: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(told.len(), 1_000);
            for (index, result) in told.iter().enumerate() {
                let n = index as u128 + 1;
                let (status, id) = match n % 10 {
                    3 => ("rejected", Value::Null),
                    7 => ("duplicate", json!(uuid::Uuid::from_u128(n - 1))),
                    _ => ("created", json!(uuid::Uuid::from_u128(n))),
                };
                assert_eq!((&result["index"], &result["status"], &result["id"]), (&json!(index), &json!(status), &id));
            }
        });
    });
}
