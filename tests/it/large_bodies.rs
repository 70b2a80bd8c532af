//! What is large passes through in constant memory: a body by lines, and a page of events with many recipients.

use crate::child::Child;
use crate::harness::{Home, Kind, key, serve, site};
use guestlog::clock::Clock;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

const MIB: usize = 1 << 20;
/// More than any upload may leave behind, and much less than a body that is kept.
const SLACK_KIB: u64 = 40 << 10;

/// The most memory that a process has had in use, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

/// Sends a body of so many lines while the answer is being read; gives the answer.
fn upload(child: &Child, key: &str, lines: usize, line: impl Fn(usize) -> Vec<u8>) -> String {
    let mut stream = TcpStream::connect(child.address).unwrap();
    let mut answers = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        answers.read_to_string(&mut text).unwrap();
        text
    });
    write!(
        stream,
        "POST /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        (0..lines).map(|n| line(n).len()).sum::<usize>()
    )
    .unwrap();
    for n in 0..lines {
        stream.write_all(&line(n)).unwrap();
    }
    reader.join().unwrap()
}

#[test]
fn a_hundred_megabytes_of_lines_take_no_memory() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open(Clock::System);
    let key = key(&app, Some(site(&app, "L-1").customer), "events:write", None);
    let now = app.clock().now();
    app.stop();
    let child = Child::start(&home, &[("http.max_body_bytes", "268435456")]);
    let event = |n: usize, bytes: usize| {
        let event = json!({
            "id": uuid::Uuid::from_u128(n as u128 + 1), "type": "visit.checked_in", "occurred_at": now.to_string(),
            "license_number": "L-1", "person": {"ref": format!("guest-{n}")},
        });
        format!("{:<1$}\n", event.to_string(), bytes - 1).into_bytes()
    };
    let created = |answer: &str| answer.matches("\"created\"").count();
    let small = upload(&child, &key, 600, |n| event(n, 400));
    assert_eq!(created(&small), 600, "{}", &small[..small.len().min(2_000)]);
    let before = peak_kib(child.id());
    let lines = 100 * MIB / 60_000;
    let large = upload(&child, &key, lines, |n| event(1_000 + n, 60_000));
    assert_eq!(created(&large), lines);
    // A line that does not end is skipped as it comes.
    let endless = upload(&child, &key, 100, |_| vec![b'x'; MIB]);
    assert!(endless.contains("65536 bytes"), "{endless}");
    let after = peak_kib(child.id());
    assert!(after < before + SLACK_KIB, "{before} KiB, then {after} KiB");
}

#[test]
fn a_page_ends_early_when_its_events_have_many_recipients() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open(Clock::System);
    let key = key(&app, Some(site(&app, "L-1").customer), "events:write,events:read", None);
    let now = app.clock().now();
    let served = serve(&app);
    let long = "æ".repeat(180);
    for n in 0..45 {
        let recipients: Vec<Value> = (0..if n < 40 { 100 } else { 1 })
            .map(|r| json!({"ref": format!("{long}{r}"), "channel": "email", "address": format!("{}@example.dk", "a".repeat(60))}))
            .collect();
        let event = json!({
            "id": uuid::Uuid::from_u128(n + 1), "type": "visit.checked_in", "license_number": "L-1",
            "occurred_at": now.plus_seconds(i64::try_from(n).unwrap() - 60).to_string(), "person": {"ref": "g"},
            "recipients": recipients,
        });
        assert_eq!(served.post("/v1/events", &key, &event).status, 201);
    }
    for order in ["", &format!("&after={}", uuid::Uuid::from_u128(1))] {
        let mut pages = Vec::new();
        let mut path = format!("/v1/events?limit=200{order}");
        loop {
            let answer = served.get(&path, &key);
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert!(answer.text.len() < 2 * MIB, "{} bytes", answer.text.len());
            pages.push(answer.json()["data"].as_array().unwrap().len());
            let Some(cursor) = answer.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            path = format!("/v1/events?limit=200{order}&cursor={cursor}");
        }
        // Newest first, five with one recipient come before; after the first event, they come last.
        assert_eq!(pages, if order.is_empty() { [24, 20, 1].to_vec() } else { [20, 24].to_vec() }, "{order}");
    }
}
