//! Events over HTTP, as API.md states them.

use crate::harness::{Home, Served, at, both, key, serve, site};
use guestlog::clock::Clock;
use serde_json::{Value, json};

const ALL: &str = "events:write,events:read,people:write,people:read";

fn on_both(test: impl Fn(&Served, &str)) {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at("2026-11-21T12:00:00Z")));
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), ALL, None);
        let served = serve(&app);
        test(&served, &key);
    });
}

fn event(id: u128, kind: &str, at: &str) -> Value {
    json!({
        "id": uuid::Uuid::from_u128(id), "type": kind, "occurred_at": at, "license_number": "L-1",
        "person": {"ref": "guest-42", "name": "Åse Æbelø", "email": "aase@example.dk"},
    })
}

#[test]
fn one_event_is_created_then_a_duplicate_then_a_conflict() {
    on_both(|served, key| {
        let body = event(1, "visit.checked_in", "2026-11-21T09:30:00+01:00");
        let first = served.post("/v1/events", key, &body);
        assert_eq!(first.status, 201, "{}", first.text);
        assert_eq!(first.json()["status"], "created");
        assert!(first.json()["visit_id"].is_string());
        assert_eq!(first.header("cache-control"), Some("no-store"));
        assert!(first.header("x-request-id").is_some());
        // The same in other words: order of fields, white space, offset, nulls.
        let same = json!({
            "person": {"email": "aase@example.dk", "name": "Åse Æbelø", "ref": "guest-42", "phone": null},
            "license_number": "L-1", "occurred_at": "2026-11-21T08:30:00.000Z", "type": "visit.checked_in",
            "id": uuid::Uuid::from_u128(1), "recipients": null,
        });
        let second = served.post("/v1/events", key, &same);
        assert_eq!((second.status, second.json()["status"].as_str().unwrap()), (200, "duplicate"));
        assert_eq!(second.json()["visit_id"], first.json()["visit_id"]);
        let mut other = body.clone();
        other["person"]["name"] = "Bo".into();
        let third = served.post("/v1/events", key, &other);
        assert_eq!((third.status, third.json()["code"].as_str().unwrap()), (409, "event_conflict"));
        let shown = served.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(1)), key);
        assert_eq!(shown.json()["person"]["name"], "Åse Æbelø");
        assert_eq!(shown.json()["occurred_at"], "2026-11-21T08:30:00.000000Z");
        assert_eq!(shown.json()["ip"], "127.0.0.1");
        assert_eq!(served.get("/v1/events", key).json()["data"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_batch_tells_of_each_and_one_bad_item_blocks_nobody() {
    on_both(|served, key| {
        let good = event(1, "visit.checked_in", "2026-11-21T09:30:00+01:00");
        let mut unknown = event(2, "visit.checked_out", "2026-11-21T10:30:00+01:00");
        unknown["surprise"] = 1.into();
        let mut cpr = event(3, "visit.checked_in", "2026-11-21T09:30:00+01:00");
        cpr["person"]["name"] = "Åse 010190-1234".into();
        let mut conflict = good.clone();
        conflict["device"] = "reception-1".into();
        let out = event(4, "visit.checked_out", "2026-11-21T10:30:00+01:00");
        let far = event(5, "visit.checked_in", "2026-11-30T10:30:00+01:00");
        let mut nowhere = event(6, "visit.checked_in", "2026-11-21T10:30:00+01:00");
        nowhere["license_number"] = "L-9".into();
        let answer =
            served.post("/v1/events", key, &json!({"events": [good, unknown, cpr, good, conflict, out, far, nowhere]}));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = answer.json();
        let counts: Vec<u64> = ["created", "duplicate", "conflict", "erased", "rejected"]
            .iter()
            .map(|n| told[*n].as_u64().unwrap())
            .collect();
        assert_eq!(counts, [2, 1, 1, 0, 4]);
        let results = told["results"].as_array().unwrap();
        let pointers: Vec<&str> =
            results.iter().map(|r| r["problem"]["errors"][0]["pointer"].as_str().unwrap_or("-")).collect();
        assert_eq!(
            pointers,
            ["-", "/events/1/surprise", "/events/2/person/name", "-", "-", "-", "/events/6/occurred_at", "-"]
        );
        assert_eq!(results[2]["problem"]["errors"][0]["code"], "cpr_number");
        assert!(!answer.text.contains("010190"));
        assert_eq!(results[7]["problem"]["code"], "license_unknown");
        assert_eq!(results[1]["id"], json!(uuid::Uuid::from_u128(2)));
        assert!(results.iter().enumerate().all(|(n, r)| r["index"] == n));
        let visit = served.get("/v1/visits", key).json();
        assert_eq!(visit["data"][0]["state"], "closed");
        assert_eq!(visit["data"].as_array().unwrap().len(), 1);
        for (size, status) in [(0, 422), (1_001, 422)] {
            let many: Vec<Value> =
                (0..size).map(|n| event(100 + n, "visit.checked_in", "2026-11-21T09:30:00Z")).collect();
            let answer = served.post("/v1/events", key, &json!({"events": many}));
            assert_eq!(answer.status, status);
            assert!(answer.text.contains("1 to 1000"), "{}", answer.text);
        }
    });
}

#[test]
fn lines_are_answered_while_the_body_is_still_open() {
    use std::io::{BufRead, BufReader, Write};
    on_both(|served, key| {
        let mut stream = std::net::TcpStream::connect(served.address).unwrap();
        write!(
            stream,
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/x-ndjson\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        )
        .unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        let mut next = |needle: &str| loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "ended before {needle}");
            if line.contains(needle) {
                break line;
            }
        };
        for n in 0..5_u128 {
            let line = match n {
                2 => "{\"id\": nonsense\n".to_owned(),
                _ => format!("{}\n", event(n + 1, "visit.checked_in", &format!("2026-11-21T0{n}:30:00Z"))),
            };
            write!(stream, "{:x}\r\n{line}\r\n", line.len()).unwrap();
            if n == 0 {
                // So that the client does not send its next request into the end of the connection.
                next("connection: close");
            }
            // The answer to this line comes before the next line is sent.
            let told: Value = serde_json::from_str(next("\"index\"").trim()).unwrap();
            assert_eq!(told["index"], json!(n));
            let expected = if n == 2 { "rejected" } else { "created" };
            assert_eq!(told["status"], expected, "{told}");
            if n == 2 {
                assert!(told["problem"]["instance"].is_string());
            }
        }
        write!(stream, "0\r\n\r\n").unwrap();
        assert_eq!(served.get("/v1/events", key).json()["data"].as_array().unwrap().len(), 4);
    });
}

#[test]
fn cloudevents_carry_the_same_event() {
    on_both(|served, key| {
        let data = json!({"license_number": "L-1", "person": {"ref": "g"}});
        let envelope = json!({"specversion": "1.0", "id": "a-1", "source": "/kiosk/1", "type": "visit.checked_in",
            "time": "2026-11-21T09:00:00Z", "datacontenttype": "application/json", "data": data});
        let kind = [("content-type", "application/cloudevents+json")];
        let first = served.send("POST", "/v1/events", Some(key), &kind, Some(envelope.to_string().as_bytes()));
        assert_eq!(first.status, 201, "{}", first.text);
        let binary = [
            ("ce-specversion", "1.0"),
            ("ce-id", "a-1"),
            ("ce-source", "/kiosk/1"),
            ("ce-type", "visit.checked_in"),
            ("ce-time", "2026-11-21T09:00:00Z"),
        ];
        let second = served.send("POST", "/v1/events", Some(key), &binary, Some(data.to_string().as_bytes()));
        assert_eq!((second.status, second.json()["status"].as_str().unwrap()), (200, "duplicate"));
        let batch = [("content-type", "application/cloudevents-batch+json")];
        let mut other = envelope.clone();
        other["id"] = "a-2".into();
        other["time"] = "2026-11-21T09:05:00Z".into();
        let third =
            served.send("POST", "/v1/events", Some(key), &batch, Some(json!([envelope, other]).to_string().as_bytes()));
        assert_eq!((third.json()["created"].clone(), third.json()["duplicate"].clone()), (json!(1), json!(1)));
        assert_eq!(third.json()["results"][1]["note"], "already_checked_in");
    });
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects_whichever_comes_first() {
    on_both(|served, key| {
        let wrong = event(1, "visit.checked_in", "2026-11-21T09:00:00Z");
        let mut right = event(2, "visit.checked_in", "2026-11-21T10:00:00Z");
        right["person"] = json!({"ref": "guest-43", "name": "Rigtig"});
        right["corrects"] = json!(uuid::Uuid::from_u128(1));
        for (first, second) in [(&wrong, &right), (&right, &wrong)] {
            served.post("/v1/events", key, first);
            served.post("/v1/events", key, second);
            let visits = served.get("/v1/visits", key).json();
            assert_eq!(visits["data"].as_array().unwrap().len(), 1);
            assert_eq!(visits["data"][0]["person"]["ref"], "guest-43");
            assert_eq!(visits["data"][0]["arrived_at"], "2026-11-21T10:00:00.000000Z");
            let corrected = served.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(1)), key).json();
            assert_eq!(corrected["superseded_by"], json!(uuid::Uuid::from_u128(2)));
            // Said by an event that no longer counts: not known of the person any more.
            assert_eq!(served.get("/v1/people/guest-42", key).json()["name"], Value::Null);
        }
    });
}

#[test]
fn the_address_comes_through_configured_proxies_only() {
    both(|kind| {
        for (trusted, expected) in [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")] {
            let home = Home::new(kind);
            let app = home.open_with(Clock::System, &[("http.trusted_proxies", trusted)]);
            let site = site(&app, "L-1");
            let key = key(&app, Some(site.customer), ALL, None);
            let served = serve(&app);
            let forwarded = [("x-forwarded-for", "10.9.9.9, [::ffff:203.0.113.7]:4711")];
            let body = event(1, "visit.checked_in", "2026-11-20T09:30:00+01:00");
            let answer = served.send("POST", "/v1/events", Some(&key), &forwarded, Some(body.to_string().as_bytes()));
            assert_eq!(answer.status, 201, "{}", answer.text);
            let shown = served.get(&format!("/v1/events/{}", uuid::Uuid::from_u128(1)), &key).json();
            assert_eq!(shown["ip"], expected);
        }
    });
}

#[test]
fn pages_link_to_the_next_and_a_follower_misses_nothing() {
    on_both(|served, key| {
        let events: Vec<Value> = (0..25)
            .map(|n| event(n + 1, "visit.checked_in", &format!("2026-11-{:02}T09:00:00Z", n % 20 + 1)))
            .collect();
        served.post("/v1/events", key, &json!({"events": events}));
        let mut path = "/v1/events?limit=10&license=L-1".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = served.get(&path, key);
            assert_eq!(page.status, 200, "{}", page.text);
            seen.extend(page.json()["data"].as_array().unwrap().iter().map(|e| e["id"].to_string()));
            let Some(link) = page.header("link") else { break };
            path = link[1..link.find('>').unwrap()].to_owned();
        }
        assert_eq!(seen.len(), 25);
        assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 25);
        let after = format!("/v1/events?after={}&limit=200", uuid::Uuid::from_u128(20));
        let followed = served.get(&after, key).json();
        let ids: Vec<&Value> = followed["data"].as_array().unwrap().iter().map(|e| &e["id"]).collect();
        let expected: Vec<Value> = (21..=25).map(|n| json!(uuid::Uuid::from_u128(n))).collect();
        assert_eq!(ids, expected.iter().collect::<Vec<_>>());
        for bad in ["/v1/events?limit=0", "/v1/events?limit=201", "/v1/events?cursor=abc", "/v1/events?nobody=1"] {
            assert_eq!(served.get(bad, key).status, 422, "{bad}");
        }
    });
}
