//! How an export comes: in constant memory, in bounded time, and never half of it as if it were whole.

use crate::archive::{Archive, House};
use crate::child::Child;
use crate::client::Client;
use crate::harness::{Home, Kind, Site, both, key, site};
use crate::raw::Raw;
use guestlog::app::App;
use guestlog::app::ingest::{Item, Outcome};
use guestlog::clock::Clock;
use guestlog::domain::CustomerId;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// More than one file may need, and much less than the events of a file.
const SLACK_KIB: u64 = 24 << 10;

/// In and out, day by day, of one guest, with texts that do not pack well.
fn visits(app: &App, customer: CustomerId, guest: &str, events: usize) {
    let now = app.clock().now();
    let mut left = events;
    while left > 0 {
        let group = left.min(10_000);
        let items: Vec<Item> = (0..group)
            .map(|n| {
                let back = i64::try_from(left - n).unwrap();
                let kind = if (left - n).is_multiple_of(2) { "visit.checked_in" } else { "visit.checked_out" };
                let event = json!({"id": uuid::Uuid::new_v4(), "type": kind, "license_number": "L-CANARY-1",
                    "occurred_at": now.plus_seconds(-25 * back), "ip": "203.0.113.7", "device": uuid::Uuid::new_v4(),
                    "person": {"ref": guest, "name": "Åse Gæst", "email": "aase@example.dk"},
                    "host": {"ref": "h", "name": "Vært"},
                    "recipients": [{"ref": "h", "channel": "sms", "address": "+4530000001"}]});
                let event = serde_json::from_value(event).unwrap();
                Item { customer, bound_to: None, peer: None, event, any_age: true }
            })
            .collect();
        let outcomes = app.ingest_blocking(&items).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
        left -= group;
    }
}

/// The most memory that a process has had in use, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_hundred_thousand_events_take_no_more_memory_than_a_thousand() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open(Clock::System);
    let site = site(&app, "L-CANARY-1");
    let key = key(&app, Some(site.customer), "rights", None);
    visits(&app, site.id, "few", 1_000);
    visits(&app, site.id, "many", 100_000);
    app.stop();
    let child = Child::start(&home, &[]);
    let export = |guest: &str| {
        let path = format!("/v1/people/{guest}/export");
        let client = Client::patient(child.address, Duration::from_secs(300));
        let answer = client.send("GET", &path, Some(&key), &[], None).unwrap();
        assert_eq!(answer.status, 200);
        Archive::of(answer.bytes)
    };
    assert_eq!(export("few").json("article-15.json")["counts"]["events"], 1_000);
    let before = peak_kib(child.id());
    let began = Instant::now();
    let archive = export("many");
    let (after, took) = (peak_kib(child.id()), began.elapsed());
    let mib = archive.files["data.json"].len() >> 20;
    println!("{before} KiB, then {after} KiB; {took:?}; data.json has {mib} MiB");
    assert_eq!(archive.json("article-15.json")["counts"]["events"], 100_000);
    assert_eq!(archive.files["events.csv"].lines().count(), 100_001);
    assert_eq!(archive.files["visits.csv"].lines().count(), 50_001);
    assert!(mib > 50, "{mib} MiB");
    assert!(after < before + SLACK_KIB, "{before} KiB, then {after} KiB");
}

/// All that a server sends in answer to a request for an export.
fn raw_answer(house: &House, guest: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(house.served.address).unwrap();
    let key = &house.key;
    write!(
        stream,
        "GET /v1/people/{guest}/export HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         connection: close\r\n\r\n"
    )
    .unwrap();
    let mut all = Vec::new();
    // A connection that is broken is an end as well.
    let _ = stream.read_to_end(&mut all);
    all
}

#[test]
fn a_failure_midway_breaks_the_connection() {
    both(|kind| {
        let house = House::new(kind);
        visits(&house.served.app, house.site.id, "g", 4_000);
        let whole = raw_answer(&house, "g");
        assert!(whole.ends_with(b"\r\n0\r\n\r\n") && whole.len() > 200_000, "{} bytes", whole.len());
        // The oldest event does not open any more; it comes last.
        let mut raw = Raw::of(&house.home);
        let spoilt = if kind == Kind::Sqlite { "x'0102'" } else { "'\\x0102'" };
        raw.run(&format!("UPDATE events SET details_sealed = {spoilt} WHERE id = (SELECT min(id) FROM events)"));
        let broken = raw_answer(&house, "g");
        assert!(broken.starts_with(b"HTTP/1.1 200 OK\r\n") && broken.len() > 100_000, "{} bytes", broken.len());
        assert!(!broken.ends_with(b"0\r\n\r\n"), "half a file must not look like a whole one");
        let client = Client::new(house.served.address);
        assert!(client.send("GET", "/v1/people/g/export", Some(&house.key), &[], None).is_err());
        // Of a small file nothing has been sent yet, so that it can be refused properly.
        house.comes("small");
        raw.run(&format!("UPDATE events SET details_sealed = {spoilt} WHERE id = (SELECT max(id) FROM events)"));
        let refused = house.ask("small", "");
        assert_eq!((refused.status, refused.json()["code"].clone()), (500, json!("internal")));
    });
}

#[test]
fn who_does_not_read_is_let_go_and_holds_up_nobody() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open(Clock::System);
    let (ours, theirs) = (site(&app, "L-CANARY-1"), site(&app, "L-CANARY-2"));
    let key_of = |of: &Site| key(&app, Some(of.customer), "rights,people:read,people:write", None);
    let (key, other) = (key_of(&ours), key_of(&theirs));
    visits(&app, ours.id, "g", 20_000);
    app.stop();
    let child = Child::start(&home, &[("http.request_timeout_ms", "5000")]);
    let mut idle: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(child.address).unwrap();
            write!(
                stream,
                "GET /v1/people/g/export HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\r\n"
            )
            .unwrap();
            stream
        })
        .collect();
    let client = Client::new(child.address);
    let get = |key: &str, path: &str| client.send("GET", path, Some(key), &[], None).unwrap().status;
    // All of the customer's places are taken; everything else is served, and others have theirs. Nobody else asks before
    // each of them has its place.
    for stream in &mut idle {
        let mut head = [0; 12];
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
    }
    assert_eq!(get(&key, "/v1/people/nobody/export"), 503);
    assert_eq!(get(&other, "/v1/people/nobody/export"), 404);
    assert_eq!(client.send("PUT", "/v1/people/t", Some(&other), &[], Some(b"{}")).unwrap().status, 201);
    assert_eq!(get(&other, "/v1/people/t/export"), 200);
    assert_eq!(get(&key, "/v1/people/g"), 200);
    let began = Instant::now();
    while get(&key, "/v1/people/nobody/export") != 404 {
        assert!(began.elapsed() < Duration::from_secs(60), "who does not read keeps the place");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(idle);
}
