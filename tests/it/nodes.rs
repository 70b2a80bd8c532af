//! Two nodes on one PostgreSQL under mixed load, killed in turn: nothing is lost, nothing doubled, nobody comes back, and
//! what the killed node had begun the other finishes.

use crate::child::Child;
use crate::client::Client;
use crate::crowd::in_order;
use crate::fleet::Fleet;
use crate::harness::{Home, key, site};
use crate::ledger::{Ledger, any};
use crate::raw::Raw;
use guestlog::clock::Clock;
use guestlog::domain::reconciliation::State;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub const SCOPES: &str = "events:write,events:read,people:read,people:delete";
const KILLS: usize = 8;
/// Connections that send events, each to whichever node answers.
const SENDERS: usize = 4;
/// Connections to each node that do anything, and end with it.
const WORKERS: usize = 2;
/// How long an event may be sent again and again.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the other node waits for a comparison whose worker has died; it looks once a second.
const LEASE: Duration = Duration::from_secs(20);

/// Guest systems that know two nodes.
pub struct Senders<'l> {
    ledger: &'l Ledger,
    key: String,
    nodes: [Mutex<SocketAddr>; 2],
    over: AtomicBool,
    /// How often another node was asked because one did not answer.
    pub moved: AtomicUsize,
    /// How often an event that was answered was sent again, to the other node.
    pub repeated: AtomicUsize,
}

impl<'l> Senders<'l> {
    pub fn new(ledger: &'l Ledger, key: &str, nodes: [SocketAddr; 2]) -> Self {
        let zero = || AtomicUsize::new(0);
        let key = key.to_owned();
        Self {
            ledger,
            key,
            nodes: nodes.map(Mutex::new),
            over: AtomicBool::new(false),
            moved: zero(),
            repeated: zero(),
        }
    }

    pub fn stop(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    fn ask(&self, node: usize, body: &str) -> Option<Value> {
        let client = Client::new(*self.nodes[node].lock().unwrap());
        let answer = client.send("POST", "/v1/events", Some(&self.key), &[], Some(body.as_bytes())).ok()?;
        match answer.status {
            200 | 201 => Some(answer.json()["status"].clone()),
            503 => None,
            _ => Some(json!(format!("{} {}", answer.status, answer.text))),
        }
    }

    /// Sends until it is stopped.
    pub fn send(&self) {
        while !self.over.load(Ordering::SeqCst) {
            self.event();
        }
    }

    /// One event of somebody known or new, until a node takes it; then, often, the same to the other node.
    fn event(&self) {
        let id = uuid::Uuid::new_v4().to_string();
        let (guest, was_gone) = {
            let mut told = self.ledger.told.lock().unwrap();
            let known = (any(2) == 0 && !told.refs.is_empty()).then(|| told.refs[any(told.refs.len())].clone());
            let guest = known.unwrap_or_else(|| format!("sent-{id}"));
            if !told.refs.contains(&guest) {
                told.refs.push(guest.clone());
            }
            told.sent.insert(id.clone(), guest.clone());
            let was_gone = told.gone.contains(&guest);
            (guest, was_gone)
        };
        let at = Clock::System.now().plus_seconds(-i64::try_from(any(80_000)).unwrap());
        let body = json!({
            "id": id, "type": "visit.checked_in", "license_number": "L-1", "occurred_at": at.to_string(),
            "person": {"ref": guest, "name": "Åse"}, "host": {"ref": "host-1"},
        })
        .to_string();
        let (mut node, mut asked, began) = (any(2), 0, Instant::now());
        let status = loop {
            asked += 1;
            match self.ask(node, &body) {
                Some(status) => break status,
                None => assert!(began.elapsed() < PATIENCE, "no node takes an event"),
            }
            self.moved.fetch_add(1, Ordering::SeqCst);
            node = 1 - node;
            std::thread::sleep(Duration::from_millis(5));
        };
        {
            let mut told = self.ledger.told.lock().unwrap();
            match status.as_str() {
                Some("erased") if told.tried.contains(&guest) => {}
                Some("created") if !was_gone => {
                    told.stored.insert(id);
                }
                // The first answer was lost with its node.
                Some("duplicate") if !was_gone && asked > 1 => {
                    told.stored.insert(id);
                }
                _ => told.wrong.push(format!("asked {asked} times, was gone: {was_gone}, told {status}")),
            }
        }
        if any(2) == 0 {
            let again = self.ask(1 - node, &body);
            let mut told = self.ledger.told.lock().unwrap();
            match again.as_ref().map(|status| status.as_str()) {
                // That node is just being killed.
                None => return,
                Some(Some("duplicate")) if !was_gone => {}
                Some(Some("erased")) if told.tried.contains(&guest) => {}
                _ => told.wrong.push(format!("sent again after {status}, was gone: {was_gone}: {again:?}")),
            }
            self.repeated.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Waits until no comparison is under way any more.
pub fn await_comparisons(home: &Home) {
    let waiting = Instant::now();
    while Raw::of(home).count(&format!("reconciliations WHERE state = {}", State::Running.number())) > 0 {
        assert!(waiting.elapsed() < 3 * LEASE, "a comparison does not go on: {:?}", Raw::of(home).rows("jobs", "true"));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Every event is there once, whatever was told of it, and no number was given twice.
pub fn assert_once(home: &Home) {
    let raw = &mut Raw::of(home);
    let twice = "SELECT count(*) - count(DISTINCT event_id) AS count FROM events";
    assert_eq!(raw.number(twice), 0, "an event is there twice");
    // All are of one sequence.
    let tables =
        ["events", "people", "licenses", "deletions", "reconciliations", "devices", "notices", "audit_entries"];
    let ids = tables.map(|table| format!("SELECT id FROM {table}")).join(" UNION ALL ");
    let twice = format!("SELECT count(*) - count(DISTINCT id) AS count FROM ({ids}) AS ids");
    assert_eq!(raw.number(&twice), 0, "two rows have one number");
    let astray = "events e WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.customer_id = e.customer_id \
        AND v.visit_id = e.visit_id AND v.person_id = e.person_id)";
    assert_eq!(raw.count(astray), 0, "an event without its visit");
}

/// Every receipt's people are in the journal, and every tombstone is.
fn assert_journalled(fleet: &Fleet, ledger: &Ledger) {
    // As the lines of a journal that is a file.
    let lines = "SELECT concat_ws(' ', seq, deletion, customer, encode(digest, 'hex')) AS text FROM erasure_journal";
    let file = fleet.home.dir.join("journal-as-lines");
    std::fs::write(&file, format!("journal\n{}", Raw::of(&fleet.journal).texts(lines).join("\n"))).unwrap();
    ledger.assert_journalled(&fleet.home, &file, true);
}

/// Nobody who was erased is shown, by either node.
pub fn assert_nobody_back(ledger: &Ledger, nodes: &[Child], key: &str) {
    for node in nodes {
        let client = Client::new(node.address);
        ledger.assert_gone(&client, &ledger.told.lock().unwrap().gone.clone());
        let shown: BTreeSet<String> = in_order(&client, key).into_iter().collect();
        let told = ledger.told.lock().unwrap();
        assert_eq!(shown.intersection(&told.gone).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[test]
fn two_nodes_killed_in_turn_lose_nothing_double_nothing_and_bring_nobody_back() {
    let began = Instant::now();
    let fleet = Fleet::new();
    let app = fleet.open();
    let key = key(&app, Some(site(&app, "L-1").customer), SCOPES, None);
    app.stop();
    let ledger = Ledger::new(&key);
    let first: [Child; 2] = [0, 1].map(|node| fleet.start(node));
    let senders = Senders::new(&ledger, &key, [first[0].address, first[1].address]);
    std::thread::scope(|threads| {
        // In here, so that a failure ends them, and with them whoever waits for an answer.
        let mut nodes = first.map(Some);
        (0..SENDERS).for_each(|_| drop(threads.spawn(|| senders.send())));
        let ledger = &ledger;
        let work = |address| (0..WORKERS).for_each(|_| drop(threads.spawn(move || ledger.work(address))));
        nodes.iter().flatten().for_each(|node| work(node.address));
        for kill in 0..KILLS {
            ledger.wait_for(60 + any(60));
            nodes[kill % 2].take().unwrap().kill();
            // The other one goes on.
            ledger.wait_for(30);
            let child = fleet.start(kill % 2);
            *senders.nodes[kill % 2].lock().unwrap() = child.address;
            work(child.address);
            nodes[kill % 2] = Some(child);
        }
        ledger.wait_for(60);
        senders.stop();
        std::thread::sleep(Duration::from_millis(500));
    });
    ledger.assert_stored(&fleet.home);
    assert_once(&fleet.home);
    let nodes = [0, 1].map(|node| fleet.start(node));
    assert_nobody_back(&ledger, &nodes, &key);
    await_comparisons(&fleet.home);
    ledger.erase_rest(&Client::new(nodes[0].address));
    assert_nobody_back(&ledger, &nodes, &key);
    ledger.assert_stored(&fleet.home);
    assert_once(&fleet.home);
    assert_journalled(&fleet, &ledger);
    let told = ledger.told.lock().unwrap();
    let (moved, repeated) = (senders.moved.load(Ordering::SeqCst), senders.repeated.load(Ordering::SeqCst));
    assert!(told.stored.len() > 100 && told.receipts.len() > KILLS && told.broken > 0, "that is no load");
    assert!(moved > 0 && repeated > 20, "{moved} moved, {repeated} repeated: that is no load");
    eprintln!(
        "2 nodes, {KILLS} kills in {:.0?}: {} events stored, {moved} sent on to the other node, {repeated} answered again \
         by it; {} receipts, {} reconciliations; nothing lost, nothing twice, nobody back",
        began.elapsed(),
        told.stored.len(),
        told.receipts.len(),
        told.reconciliations.len(),
    );
}

/// Stops a node's process at a moment in which nobody has a transaction open, so that it holds no lock.
fn freeze(node: &Child, home: &Home) {
    for _ in 0..200 {
        node.signal("STOP");
        let busy = "pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL \
            AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        if Raw::of(home).count(busy) == 0 {
            return;
        }
        node.signal("CONT");
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("there is always a transaction open");
}

#[test]
fn the_jobs_of_a_killed_node_are_finished_by_the_other() {
    const GUESTS: usize = 1_500;
    let fleet = Fleet::new();
    let app = fleet.open();
    let key = key(&app, Some(site(&app, "L-1").customer), SCOPES, None);
    app.stop();
    let (first, other) = (fleet.start(0), fleet.start(1));
    let at = Clock::System.now().plus_seconds(-3_600).to_string();
    let events: Vec<Value> = (0..GUESTS)
        .map(|n| {
            json!({
                "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "license_number": "L-1",
                "occurred_at": at, "person": {"ref": format!("guest-{n}")},
            })
        })
        .collect();
    let send = |client: &Client, path: &str, headers: &[(&str, &str)], body: &str| {
        let answer = client.send("POST", path, Some(&key), headers, Some(body.as_bytes())).unwrap();
        assert!(matches!(answer.status, 200..=202), "{} {}", answer.status, answer.text);
        answer.json()
    };
    let client = Client::new(first.address);
    for batch in events.chunks(500) {
        let told = send(&client, "/v1/events", &[], &json!({"events": batch}).to_string());
        assert_eq!(told["created"], batch.len(), "{told}");
    }

    freeze(&other, &fleet.home);
    let snapshot_at = Clock::System.now();
    let path = format!("/v1/reconciliations?snapshot_at={snapshot_at}&max_share=100");
    let told = send(&client, &path, &[("content-type", "application/x-ndjson")], "{\"ref\":\"guest-7\"}\n");
    let left = || usize::try_from(Raw::of(&fleet.home).count("reconciliation_people")).unwrap();
    let began = Instant::now();
    while left() >= GUESTS - 1 {
        assert!(began.elapsed() < PATIENCE, "it does not begin");
        std::thread::sleep(Duration::from_millis(2));
    }
    first.kill();
    let (killed, left) = (Instant::now(), left());
    assert!(left > 0, "it was over already");
    other.signal("CONT");

    let client = Client::new(other.address);
    let path = format!("/v1/reconciliations/{}", told["reconciliation_id"].as_str().unwrap());
    let report = loop {
        let report = client.send("GET", &path, Some(&key), &[], None).unwrap().json();
        if report["state"] == "finished" {
            break report;
        }
        assert!(killed.elapsed() < 2 * LEASE, "{report}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(report["erased"], GUESTS - 1, "{report}");
    assert_eq!(in_order(&client, &key), ["guest-7"]);
    assert_once(&fleet.home);
    eprintln!("killed with {left} of {GUESTS} to go; finished by the other node after {:.1?}", killed.elapsed());
}
