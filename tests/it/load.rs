//! A stream of single events from several connections, which remembers what was acknowledged.

use crate::client::Client;
use guestlog::clock::Clock;
use guestlog::domain::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 8;
const GUESTS: u64 = 40;

/// What was sent and what came of it.
pub struct Load {
    key: String,
    license: String,
    first_at: Timestamp,
    next: AtomicU64,
    stopped: AtomicBool,
    /// Every event by its id.
    pub sent: Mutex<BTreeMap<String, Value>>,
    /// The ids that were acknowledged.
    pub acknowledged: Mutex<BTreeSet<String>>,
    /// How many were refused for now, by 503.
    pub refused: AtomicU64,
    /// Answers that no client should get.
    pub unexpected: Mutex<Vec<String>>,
    /// How many connections ended before an answer did.
    pub broken: AtomicU64,
}

impl Load {
    pub fn new(key: &str, license: &str) -> Arc<Self> {
        Arc::new(Self {
            key: key.to_owned(),
            license: license.to_owned(),
            // Yesterday: an event of long ago makes nobody.
            first_at: Clock::System.now().plus_seconds(-86_400),
            next: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            sent: Mutex::default(),
            acknowledged: Mutex::default(),
            refused: AtomicU64::new(0),
            unexpected: Mutex::default(),
            broken: AtomicU64::new(0),
        })
    }

    /// Guests go in and out in turn, a second apart, to five hosts.
    fn event(&self) -> (String, Value) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let kind = ["visit.checked_in", "visit.checked_out"][usize::from(n / GUESTS % 2 == 1)];
        let at = Timestamp::from_micros(self.first_at.micros() + n.cast_signed() * 1_000_000).unwrap();
        let id = uuid::Uuid::new_v4().to_string();
        let event = json!({
            "id": id, "type": kind, "occurred_at": at.to_string(), "license_number": self.license,
            "device": format!("reception-{}", n % 3),
            "person": {"ref": format!("guest-{}", n % GUESTS), "name": format!("Gæst {n}")},
            "host": {"ref": format!("host-{}", n % 5), "name": "Vært"},
        });
        (id, event)
    }

    /// Sends until it is stopped or the connections break.
    pub fn start(self: &Arc<Self>, address: SocketAddr) -> Running {
        self.stopped.store(false, Ordering::SeqCst);
        let threads = (0..CONNECTIONS)
            .map(|_| {
                let load = Arc::clone(self);
                std::thread::spawn(move || load.send_on(&Client::new(address)))
            })
            .collect();
        Running { load: Arc::clone(self), threads }
    }

    fn send_on(&self, client: &Client) {
        while !self.stopped.load(Ordering::SeqCst) {
            let (id, event) = self.event();
            self.sent.lock().unwrap().insert(id.clone(), event.clone());
            if !self.send(client, &id, &event) {
                return;
            }
        }
    }

    /// Sends one event; false when the connection broke.
    fn send(&self, client: &Client, id: &str, event: &Value) -> bool {
        let body = event.to_string();
        match client.send("POST", "/v1/events", Some(&self.key), &[], Some(body.as_bytes())) {
            Ok(answer) if matches!(answer.status, 200 | 201) => {
                assert_eq!(answer.json()["id"], id);
                self.acknowledged.lock().unwrap().insert(id.to_owned());
            }
            Ok(answer) if answer.status == 503 => {
                assert!(answer.header("retry-after").is_some(), "{}", answer.text);
                self.refused.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(answer) => self.unexpected.lock().unwrap().push(format!("{} {}", answer.status, answer.text)),
            Err(_) => {
                self.broken.fetch_add(1, Ordering::SeqCst);
                return false;
            }
        }
        true
    }

    /// Sends what was not acknowledged again, as a client would.
    pub fn send_rest(&self, address: SocketAddr) {
        let client = Client::new(address);
        let sent = self.sent.lock().unwrap().clone();
        for (id, event) in sent {
            let known = self.acknowledged.lock().unwrap().contains(&id);
            assert!(known || self.send(&client, &id, &event), "the connection broke");
        }
        assert_eq!(self.count(), self.sent.lock().unwrap().len(), "a retry was not acknowledged");
    }

    /// How many were acknowledged.
    pub fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until as many more were acknowledged.
    pub fn wait_for(&self, more: usize) {
        let (before, began) = (self.count(), Instant::now());
        while self.count() < before + more {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is acknowledged: {:?}", self.unexpected);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until as many more were refused.
    pub fn wait_for_refusals(&self, more: u64) {
        let (before, began) = (self.refused.load(Ordering::SeqCst), Instant::now());
        while self.refused.load(Ordering::SeqCst) < before + more {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is refused: {:?}", self.unexpected);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Connections that send.
pub struct Running {
    load: Arc<Load>,
    threads: Vec<JoinHandle<()>>,
}

impl Running {
    /// Waits until every connection has its last answer, or is broken.
    pub fn stop(self) {
        self.load.stopped.store(true, Ordering::SeqCst);
        self.join();
    }

    /// Waits until the connections broke.
    pub fn join(self) {
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}
