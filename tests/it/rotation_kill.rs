//! Rotations are killed at any moment while a server goes on: everything stays readable, and in the end old keys go.

use crate::child::Child;
use crate::client::Client;
use crate::harness::{Home, Kind, Site, both, key, site};
use crate::program::{guestlog, program_in};
use crate::raw::Raw;
use guestlog::app::{customers, people};
use guestlog::clock::Clock;
use guestlog::domain::text::{Label, Ref};
use guestlog::domain::zone::Zone;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Half of them of the master key's rotation, half of the customers'.
const KILLS: usize = 12;
/// The long run of the acceptance.
const KILLS_LONG: usize = 500;
/// People who are there from the start: three transactions of a rotation.
const PEOPLE: u64 = 1_200;
const SENDERS: usize = 3;
/// Customers whose keys the master key wraps: three transactions again.
const CUSTOMERS: usize = 600;
const MASTER: [&str; 3] = ["keys", "rotate", "--master"];

/// People put and met in events, without end, and what came of it.
struct Load {
    key: String,
    next: AtomicU64,
    stopped: AtomicBool,
    /// Name by ref, of all who were acknowledged.
    names: Mutex<BTreeMap<String, String>>,
    unexpected: Mutex<Vec<String>>,
    broken: AtomicU64,
}

impl Load {
    /// A home with a customer who has many people already, and so many others.
    fn prepare(home: &Home, customers: usize) -> (Site, Arc<Self>) {
        let app = home.open(Clock::System);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), "events:write,events:read,people:write,people:read", None);
        let mut names = BTreeMap::new();
        app.write_blocking(|work| {
            for _ in 0..customers {
                customers::create(work, &Label::new("Kunde").unwrap(), Zone::COPENHAGEN)?;
            }
            for n in 0..PEOPLE {
                let (reference, name) = (format!("person-{n}"), format!("Navn {n}"));
                let put: people::Put = serde_json::from_value(json!({"name": name})).unwrap();
                people::put(work, site.id, &Ref::new(reference.clone()).unwrap(), &put, false)?;
                names.insert(reference, name);
            }
            Ok(())
        })
        .unwrap();
        app.stop();
        let (next, names) = (AtomicU64::new(PEOPLE), Mutex::new(names));
        let (stopped, unexpected, broken) = (AtomicBool::new(false), Mutex::default(), AtomicU64::new(0));
        (site, Arc::new(Self { key, next, stopped, names, unexpected, broken }))
    }

    fn start(self: &Arc<Self>, address: SocketAddr) -> Vec<JoinHandle<()>> {
        self.stopped.store(false, Ordering::SeqCst);
        let sender = || {
            let load = Arc::clone(self);
            std::thread::spawn(move || {
                let client = Client::new(address);
                while !load.stopped.load(Ordering::SeqCst) {
                    if !load.send(&client) {
                        return;
                    }
                }
            })
        };
        (0..SENDERS).map(|_| sender()).collect()
    }

    fn stop(&self, senders: Vec<JoinHandle<()>>) {
        self.stopped.store(true, Ordering::SeqCst);
        for sender in senders {
            sender.join().unwrap();
        }
    }

    /// A new person in one of two ways, then a look at an earlier one; false when the connection broke.
    fn send(&self, client: &Client) -> bool {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let (reference, name) = (format!("person-{n}"), format!("Navn {n}"));
        let (method, path, body) = if n.is_multiple_of(2) {
            ("PUT", format!("/v1/people/{reference}"), json!({"name": name}))
        } else {
            let event = json!({
                "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": Clock::System.now().to_string(),
                "license_number": "L-1", "person": {"ref": reference, "name": name}, "host": {"ref": "host"},
            });
            ("POST", "/v1/events".to_owned(), event)
        };
        match client.send(method, &path, Some(&self.key), &[], Some(body.to_string().as_bytes())) {
            Ok(answer) if answer.status == 201 => {
                self.names.lock().unwrap().insert(reference, name);
            }
            Ok(answer) => self.unexpected.lock().unwrap().push(format!("{method} {} {}", answer.status, answer.text)),
            Err(_) => return self.lost(),
        }
        let earlier = n * 7_919 % PEOPLE;
        match client.send("GET", &format!("/v1/people/person-{earlier}"), Some(&self.key), &[], None) {
            Ok(answer) if answer.status == 200 && answer.json()["name"] == format!("Navn {earlier}") => true,
            Ok(answer) => {
                self.unexpected.lock().unwrap().push(format!("GET {} {}", answer.status, answer.text));
                true
            }
            Err(_) => self.lost(),
        }
    }

    fn lost(&self) -> bool {
        self.broken.fetch_add(1, Ordering::SeqCst);
        false
    }

    /// Everybody who was acknowledged is there, by the right name; gives how many there are at all.
    fn assert_all_readable(&self, address: SocketAddr) -> usize {
        assert_eq!(*self.unexpected.lock().unwrap(), Vec::<String>::new());
        // Those of now: others are acknowledged while this reads.
        let names = self.names.lock().unwrap().clone();
        let (client, mut found, mut cursor) = (Client::new(address), BTreeMap::new(), None::<String>);
        loop {
            let more = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let answer =
                client.send("GET", &format!("/v1/people?limit=200{more}"), Some(&self.key), &[], None).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text);
            let page = answer.json();
            for person in page["data"].as_array().unwrap() {
                let text = |field: &str| person[field].as_str().unwrap_or_default().to_owned();
                found.insert(text("ref"), text("name"));
            }
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        for (reference, name) in names {
            assert_eq!(found.get(&reference), Some(&name), "{reference} was acknowledged");
        }
        found.len()
    }
}

/// A server that takes requests.
fn start(home: &Home) -> Child {
    let (child, began) = (Child::start(home, &[]), Instant::now());
    while child.get("/readyz", None).status != 200 {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not get ready: {}", child.said());
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn names(home: &Home) -> Vec<String> {
    let files = std::fs::read_dir(&home.dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.filter(|name| name.contains("master.key")).collect()
}

/// Of each customer one key that seals, under one master key; nothing is left of the others but files for backups.
fn assert_one_of_each(home: &Home) {
    let mut raw = Raw::of(home);
    assert_eq!(raw.count("customer_keys WHERE purpose = 1"), raw.count("customers"));
    let under = "WHERE k.customer_id = p.customer_id AND k.version = p.key_version AND k.purpose = 1";
    for table in ["people", "licenses"] {
        assert_eq!(raw.count(&format!("{table} p WHERE NOT EXISTS (SELECT 1 FROM customer_keys k {under})")), 0);
    }
    let masters =
        raw.texts("SELECT master_key_id AS text FROM customer_keys UNION SELECT master_key_id FROM service_keys");
    assert_eq!(masters, raw.texts("SELECT id AS text FROM master_keys WHERE retired_at IS NULL"));
    assert!(!home.dir.join("master.key.next").exists());

    // As if the backup window were over.
    let aged = match home.kind {
        Kind::Sqlite => "retired_at - 3110400000000",
        Kind::Postgres => "retired_at - interval '36 days'",
    };
    raw.run(&format!("UPDATE master_keys SET retired_at = {aged} WHERE retired_at IS NOT NULL"));
    guestlog(home, &["keys", "destroy-retired"]).done();
    assert_eq!(names(home), ["master.key"]);
}

fn assert_done_or_killed(process: std::process::Child) {
    let done = process.wait_with_output().unwrap();
    assert!(matches!(done.status.code(), None | Some(0)), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What is rotated, how long that takes once it is begun, and how often it was found cut short.
struct Rotation {
    args: Vec<String>,
    /// Until anything of it is done.
    before: Duration,
    /// From then to the end.
    rest: Duration,
    cut_short: usize,
}

impl Rotation {
    fn measure(home: &Home, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let mut rotation = Self { args, before: Duration::ZERO, rest: Duration::ZERO, cut_short: 0 };
        let mut process = rotation.spawn(home);
        rotation.before = rotation.wait_until_begun(home, &mut process);
        let began = Instant::now();
        assert_done_or_killed(process);
        rotation.rest = began.elapsed();
        rotation
    }

    fn spawn(&self, home: &Home) -> std::process::Child {
        program_in(home, &self.args.iter().map(String::as_str).collect::<Vec<_>>()).spawn().unwrap()
    }

    /// Whether it is neither before its beginning nor after its end.
    fn under_way(&self, home: &Home, raw: &mut Raw) -> bool {
        if self.args.iter().any(|arg| arg == "--master") {
            home.dir.join("master.key.next").exists()
        } else {
            raw.count("customer_keys WHERE purpose = 1") > raw.count("customers")
        }
    }

    /// Gives how long that took.
    fn wait_until_begun(&self, home: &Home, process: &mut std::process::Child) -> Duration {
        let (mut raw, began) = (Raw::of(home), Instant::now());
        while !self.under_way(home, &mut raw) && process.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        began.elapsed()
    }

    /// Begins it, or goes on with it, and ends the process at some moment.
    fn kill(&mut self, home: &Home) {
        let mut raw = Raw::of(home);
        let goes_on = self.under_way(home, &mut raw);
        let mut process = self.spawn(home);
        if goes_on {
            std::thread::sleep(self.before);
        } else {
            self.wait_until_begun(home, &mut process);
        }
        let [high, low, ..] = uuid::Uuid::new_v4().into_bytes();
        let part = f64::from(u16::from_be_bytes([high, low])) / 65_535.0;
        std::thread::sleep(self.rest.mul_f64(part * 1.1));
        process.kill().unwrap();
        assert_done_or_killed(process);
        self.cut_short += usize::from(self.under_way(home, &mut raw));
    }
}

fn survives_kills(kind: Kind, kills: usize) {
    let home = Home::new(kind);
    let (site, load) = Load::prepare(&home, CUSTOMERS);
    let id = site.customer.to_string();
    let mut child = start(&home);
    let mut senders = load.start(child.address);
    let customer = ["keys", "rotate", "--customer", &id];
    let mut rotations = [Rotation::measure(&home, &MASTER), Rotation::measure(&home, &customer)];
    for kill in 0..kills {
        rotations[kill % 2].kill(&home);
        // Between them customers are made, under whatever master key takes over; and a server starts, whatever state
        // the files are in.
        if kill < 20 && kill % 5 == 1 {
            guestlog(&home, &["customer", "create", "--name", "Kunde"]).done();
        } else if kill % 7 == 3 {
            child.kill();
            load.stop(senders);
            child = start(&home);
            senders = load.start(child.address);
        }
        if kill % 50 == 49 {
            load.assert_all_readable(child.address);
        }
    }
    for rotation in &rotations {
        assert_done_or_killed(rotation.spawn(&home));
    }
    load.stop(senders);
    let there = load.assert_all_readable(child.address);
    child.kill();
    assert_one_of_each(&home);
    let child = start(&home);
    assert_eq!(load.assert_all_readable(child.address), there);
    child.kill();
    let cut_short: usize = rotations.iter().map(|rotation| rotation.cut_short).sum();
    assert!(cut_short * 8 > kills, "only {cut_short} of {kills} cut one short");
    for Rotation { args, rest, cut_short, .. } in rotations {
        let (args, half) = (args.join(" "), kills / 2);
        eprintln!("{kind:?}: {cut_short} of {half} kills cut it short, which takes {rest:?}: {args}");
    }
    eprintln!(
        "{kind:?}: {} people acknowledged and all readable, {} connections lost with their server",
        load.names.lock().unwrap().len(),
        load.broken.load(Ordering::SeqCst),
    );
}

#[test]
fn rotations_that_are_killed_lose_nothing() {
    both(|kind| survives_kills(kind, KILLS));
}

#[test]
#[ignore = "long: the acceptance of S-39"]
fn five_hundred_rotations_that_are_killed_lose_nothing_on_sqlite() {
    survives_kills(Kind::Sqlite, KILLS_LONG);
}

#[test]
#[ignore = "long: the acceptance of S-39"]
fn five_hundred_rotations_that_are_killed_lose_nothing_on_postgres() {
    survives_kills(Kind::Postgres, KILLS_LONG);
}

#[test]
fn a_server_goes_on_while_key_after_key_is_exchanged() {
    both(|kind| {
        let home = Home::new(kind);
        let (_, load) = Load::prepare(&home, 0);
        let child = start(&home);
        let senders = load.start(child.address);
        let mut slowest = Duration::ZERO;
        for _ in 0..4 {
            let began = Instant::now();
            guestlog(&home, &[&MASTER[..], &["--all-customers"]].concat()).done();
            slowest = slowest.max(began.elapsed());
        }
        load.stop(senders);
        load.assert_all_readable(child.address);
        assert_eq!(load.broken.load(Ordering::SeqCst), 0);
        assert_one_of_each(&home);
        load.assert_all_readable(child.address);
        eprintln!("{kind:?}: the slowest rotation took {slowest:?}, {} people", load.names.lock().unwrap().len());
    });
}
