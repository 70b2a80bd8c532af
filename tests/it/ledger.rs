//! A load of events and erasures that remembers what it was told, and what must therefore be true afterwards.

use crate::client::Client;
use crate::harness::{Answer, Home, Kind};
use crate::raw::Raw;
use guestlog::clock::Clock;
use guestlog::domain::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What was sent and what came of it.
#[derive(Default)]
pub struct Told {
    /// Every event by its id, with its guest.
    pub sent: BTreeMap<String, String>,
    /// Events that were answered as stored.
    pub stored: BTreeSet<String>,
    /// Guests in the order in which they were first sent.
    pub refs: Vec<String>,
    /// Guests whose erasure was asked for, whatever came of it.
    pub tried: BTreeSet<String>,
    /// Guests whose erasure was answered with a receipt.
    pub gone: BTreeSet<String>,
    /// Receipts: how many different guests each is about.
    pub receipts: BTreeMap<String, usize>,
    /// Reconciliations that were accepted.
    pub reconciliations: BTreeSet<String>,
    /// Answers that should not have been given.
    pub wrong: Vec<String>,
    /// How many connections ended before an answer did.
    pub broken: u64,
    /// How many requests were refused for now, by 503.
    pub refused: u64,
}

pub struct Ledger {
    key: String,
    next: AtomicU64,
    answered: AtomicU64,
    began: Timestamp,
    pub told: Mutex<Told>,
}

/// A number below `bound` that nobody can foresee.
pub fn any(bound: usize) -> usize {
    let [a, b, c, d, ..] = uuid::Uuid::new_v4().into_bytes();
    usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap() % bound.max(1)
}

impl Ledger {
    pub fn new(key: &str) -> Self {
        let began = Clock::System.now();
        Self {
            key: key.to_owned(),
            next: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            began,
            told: Mutex::default(),
        }
    }

    /// Does anything, again and again, until the connection breaks.
    pub fn work(&self, address: SocketAddr) {
        let client = Client::new(address);
        while self.anything(&client) {}
        self.told.lock().unwrap().broken += 1;
    }

    /// Does any one thing; false when the connection broke.
    pub fn anything(&self, client: &Client) -> bool {
        let known = {
            let told = self.told.lock().unwrap();
            (!told.refs.is_empty()).then(|| told.refs[any(told.refs.len())].clone())
        };
        match (any(100), known) {
            (0..55, _) | (_, None) => self.new_guest(client),
            // Whoever is erased is often heard of once more.
            (55..70, Some(known)) => self.event(client, &known),
            (70..85, Some(known)) => self.erase(client, &[known]),
            (85..93, Some(known)) => self.erase(client, &[known.clone(), self.random(), self.random(), known]),
            (_, Some(_)) => self.reconcile(client),
        }
    }

    /// Waits until so many more requests were answered.
    pub fn wait_for(&self, more: usize) {
        let until = self.answered.load(Ordering::SeqCst) + more as u64;
        let began = Instant::now();
        while self.answered.load(Ordering::SeqCst) < until {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is answered");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn random(&self) -> String {
        let told = self.told.lock().unwrap();
        told.refs[any(told.refs.len())].clone()
    }

    pub fn new_guest(&self, client: &Client) -> bool {
        let guest = format!("guest-{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.told.lock().unwrap().refs.push(guest.clone());
        self.event(client, &guest)
    }

    /// Sends; none when the connection broke, or the answer was one for later.
    fn send(&self, client: &Client, method: &str, path: &str, body: Option<&str>) -> Result<Option<Answer>, ()> {
        let media = [("content-type", "application/x-ndjson")];
        let headers = if path.starts_with("/v1/reconciliations") { &media[..] } else { &[] };
        let answer = client.send(method, path, Some(&self.key), headers, body.map(str::as_bytes)).map_err(|_| ())?;
        self.answered.fetch_add(1, Ordering::SeqCst);
        match answer.status {
            200..=202 => return Ok(Some(answer)),
            503 => self.told.lock().unwrap().refused += 1,
            // One reconciliation at a time.
            409 if path.starts_with("/v1/reconciliations") => {}
            status => self.told.lock().unwrap().wrong.push(format!("{method} {path}: {status} {}", answer.text)),
        }
        Ok(None)
    }

    /// Sends an event of a guest; false when the connection broke.
    pub fn event(&self, client: &Client, guest: &str) -> bool {
        let id = uuid::Uuid::new_v4().to_string();
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let event = json!({
            "id": id, "type": "visit.checked_in", "license_number": "L-1",
            "occurred_at": self.began.plus_seconds(-i64::try_from(n % 80_000).unwrap()).to_string(),
            "person": {"ref": guest, "name": "Åse"}, "host": {"ref": format!("host-{}", n % 5)},
        });
        let was_gone = {
            let mut told = self.told.lock().unwrap();
            told.sent.insert(id.clone(), guest.to_owned());
            told.gone.contains(guest)
        };
        let Ok(answer) = self.send(client, "POST", "/v1/events", Some(&event.to_string())) else { return false };
        let Some(answer) = answer else { return true };
        let mut told = self.told.lock().unwrap();
        match answer.json()["status"].as_str() {
            Some("erased") if told.tried.contains(guest) => {}
            Some("created") if !was_gone => {
                told.stored.insert(id);
            }
            _ => told.wrong.push(format!("{guest} was gone: {was_gone}, and an event is told: {}", answer.text)),
        }
        true
    }

    /// Asks for the erasure of guests; false when the connection broke.
    pub fn erase(&self, client: &Client, guests: &[String]) -> bool {
        self.told.lock().unwrap().tried.extend(guests.iter().cloned());
        let answer = if let [guest] = guests {
            self.send(client, "DELETE", &format!("/v1/people/{guest}"), None)
        } else {
            self.send(client, "POST", "/v1/deletions", Some(&json!({"refs": guests}).to_string()))
        };
        let Ok(answer) = answer else { return false };
        let Some(answer) = answer else { return true };
        let receipt = answer.json();
        let done = |result: &Value| matches!(result["status"].as_str(), Some("erased" | "not_held"));
        let mut told = self.told.lock().unwrap();
        if receipt["signature"]["value"].is_string() && receipt["results"].as_array().unwrap().iter().all(done) {
            let different: BTreeSet<String> = guests.iter().cloned().collect();
            told.receipts.insert(receipt["deletion_id"].as_str().unwrap().to_owned(), different.len());
            told.gone.extend(different);
        } else {
            told.wrong.push(answer.text);
        }
        true
    }

    /// Sends the list of all but a few, who are to go.
    fn reconcile(&self, client: &Client) -> bool {
        let snapshot_at = Clock::System.now().to_string();
        let list: String = {
            let mut told = self.told.lock().unwrap();
            for _ in 0..3 {
                let doomed = told.refs[any(told.refs.len())].clone();
                told.tried.insert(doomed);
            }
            let held = told.refs.iter().filter(|guest| !told.tried.contains(*guest)).cloned();
            let hosts = (0..5).map(|n| format!("host-{n}"));
            let lines: Vec<String> = held.chain(hosts).map(|held| json!({"ref": held}).to_string()).collect();
            lines.join("\n") + "\n"
        };
        let path = format!("/v1/reconciliations?snapshot_at={snapshot_at}&max_share=100");
        let Ok(answer) = self.send(client, "POST", &path, Some(&list)) else { return false };
        if let Some(answer) = answer {
            let id = answer.json()["reconciliation_id"].as_str().unwrap().to_owned();
            self.told.lock().unwrap().reconciliations.insert(id);
        }
        true
    }

    /// Asks for everything again that was asked for and not answered.
    pub fn erase_rest(&self, client: &Client) {
        let rest: Vec<String> = {
            let told = self.told.lock().unwrap();
            told.tried.difference(&told.gone).cloned().collect()
        };
        for guests in rest.chunks(100) {
            assert!(self.erase(client, guests), "the connection broke");
        }
        let told = self.told.lock().unwrap();
        assert_eq!(told.gone, told.tried, "a retry was not answered");
    }

    /// Nobody with a receipt is readable.
    pub fn assert_gone<'a>(&self, client: &Client, guests: impl IntoIterator<Item = &'a String>) {
        for guest in guests {
            let answer = client.send("GET", &format!("/v1/people/{guest}"), Some(&self.key), &[], None).unwrap();
            assert_eq!(answer.status, 404, "{guest} was erased: {}", answer.text);
        }
    }

    /// Every event told as stored is there unless its guest was to be erased, and none of anybody with a receipt.
    pub fn assert_stored(&self, home: &Home) {
        let id = match home.kind {
            Kind::Sqlite => "lower(hex(event_id))",
            Kind::Postgres => "replace(event_id::text, '-', '')",
        };
        let all: BTreeSet<String> =
            Raw::of(home).texts(&format!("SELECT {id} AS text FROM events")).into_iter().collect();
        let told = self.told.lock().unwrap();
        for (id, guest) in &told.sent {
            let there = all.contains(&id.replace('-', ""));
            assert!(!there || !told.gone.contains(guest), "{id} of {guest}, who was erased, is there");
            let lost = told.stored.contains(id) && !told.tried.contains(guest);
            assert!(there || !lost, "{id} of {guest} was acknowledged and is lost");
        }
        assert_eq!(told.wrong, Vec::<String>::new());
    }

    /// Every answered erasure is in the journal, person by person, and so is its tombstone in the database; `idle` when
    /// no other is under way, so that there is no tombstone either that the journal lacks.
    pub fn assert_journalled(&self, home: &Home, journal: &Path, idle: bool) {
        let text = std::fs::read_to_string(journal).unwrap();
        let mut noted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let parts: Vec<&str> = line.split(' ').collect();
            noted.entry(parts[1]).or_default().insert(parts[3]);
        }
        let hex = match home.kind {
            Kind::Sqlite => "lower(hex(digest))",
            Kind::Postgres => "encode(digest, 'hex')",
        };
        let tombstones = Raw::of(home).texts(&format!("SELECT {hex} AS text FROM tombstones"));
        let tombstones: BTreeSet<&str> = tombstones.iter().map(String::as_str).collect();
        let told = self.told.lock().unwrap();
        for (deletion, people) in &told.receipts {
            let digests = noted.get(deletion.as_str()).unwrap_or_else(|| panic!("{deletion} is not in the journal"));
            assert_eq!(digests.len(), *people, "{deletion}");
            assert!(digests.is_subset(&tombstones), "{deletion} lacks a tombstone");
        }
        let all: BTreeSet<&str> = noted.values().flatten().copied().collect();
        assert!(!idle || tombstones.is_subset(&all), "a tombstone is not in the journal");
        assert!(tombstones.len() >= told.gone.len());
    }
}
