//! What is revoked at one node is refused by every other within a second, whatever it remembers.

use crate::child::Child;
use crate::client::Client;
use crate::fleet::Fleet;
use crate::harness::{key, site};
use crate::program::{program_in, run};
use guestlog::clock::Clock;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long after the answer to the revocation another node may still take what was revoked.
pub const BOUND: Duration = Duration::from_secs(1);

/// A customer with its keys, and the nodes that serve it.
struct Desk<'n> {
    nodes: &'n [Child; 2],
    customer: String,
    operator: String,
}

/// Sends a request and gives status and code.
fn ask(address: SocketAddr, method: &str, path: &str, key: &str, body: Option<&Value>) -> (u16, Value) {
    let body = body.map(ToString::to_string);
    let answer = Client::new(address).send(method, path, Some(key), &[], body.as_deref().map(str::as_bytes)).unwrap();
    let code = answer.json()["code"].clone();
    (answer.status, code)
}

fn event(license: &str) -> Value {
    json!({
        "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "license_number": license,
        "occurred_at": Clock::System.now().to_string(), "person": {"ref": "nobody-deletes-me"},
    })
}

impl Desk<'_> {
    fn of(&self, path: &str) -> String {
        format!("/v1/admin/customers/{}/{path}", self.customer)
    }

    fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(ToString::to_string);
        let body = body.as_deref().map(str::as_bytes);
        let client = Client::new(self.nodes[0].address);
        let answer = client.send(method, path, Some(&self.operator), &[], body).unwrap();
        assert!(matches!(answer.status, 200 | 201), "{} {}", answer.status, answer.text);
        answer.json()
    }

    fn issue(&self) -> (String, String) {
        let issued = self.admin("POST", &self.of("keys"), Some(&json!({"scopes": ["events:write", "events:read"]})));
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        (text("key_id"), text("secret"))
    }

    /// Both nodes have seen it often enough to remember it.
    fn warm(&self, taken: u16, ask: impl Fn(SocketAddr) -> (u16, Value)) {
        for _ in 0..30 {
            for node in self.nodes {
                let (status, code) = ask(node.address);
                assert_eq!(status, taken, "before it is revoked: {code}");
            }
        }
    }

    /// Asks every node until it refuses, and then some more; a request that is sent after [`BOUND`] is not taken.
    fn assert_refused(&self, what: &str, answered: Instant, refused: impl Fn(SocketAddr) -> bool + Sync) {
        let ask = |node: usize| {
            let mut last_taken = Duration::ZERO;
            let mut refusals = 0;
            while refusals < 10 || answered.elapsed() < BOUND + Duration::from_millis(300) {
                let sent = answered.elapsed();
                if refused(self.nodes[node].address) {
                    refusals += 1;
                } else {
                    assert!(sent <= BOUND, "{what}: node {node} takes it {sent:?} after it was revoked");
                    assert_eq!(refusals, 0, "{what}: node {node} takes it again after refusing it");
                    last_taken = sent;
                }
            }
            eprintln!("{what}: last taken by node {node} {last_taken:?} after it was revoked");
        };
        std::thread::scope(|threads| {
            threads.spawn(|| ask(0));
            threads.spawn(|| ask(1));
        });
    }
}

/// Revokes a key and a licence at the first node and by the command line, and looks at both nodes.
pub fn revoke_everywhere(fleet: &Fleet, nodes: &[Child; 2], operator: &str, customer: &str) {
    let desk = Desk { nodes, customer: customer.to_owned(), operator: operator.to_owned() };
    let revoked = json!({"revoked": true});

    // A key, by the first node; then one by the command line, of which no node can know by itself.
    for by_command in [false, true] {
        let (id, secret) = desk.issue();
        let reads = |address| ask(address, "GET", "/v1/events", &secret, None);
        desk.warm(200, reads);
        if by_command {
            let args = ["key", "revoke", &id, "--customer", customer];
            let mut command = program_in(&fleet.home, &args);
            command.env("GUESTLOG__ERASURE__JOURNAL", &fleet.journal.url);
            let said = run(command);
            assert_eq!(said.code, 0, "{said:?}");
        } else {
            desk.admin("PATCH", &desk.of(&format!("keys/{id}")), Some(&revoked));
        }
        let what = if by_command { "a key by the command line" } else { "a key" };
        desk.assert_refused(what, Instant::now(), |address| reads(address).0 == 401);
    }

    // A licence. Its own events are refused, the customer's others are taken.
    let (_, secret) = desk.issue();
    let number = format!("L-{}", uuid::Uuid::new_v4().simple());
    let license = desk.admin("POST", &desk.of("licenses"), Some(&json!({"license_number": number, "name": "Bagdør"})));
    let writes = |address, number: &str| ask(address, "POST", "/v1/events", &secret, Some(&event(number)));
    desk.warm(201, |address| writes(address, &number));
    desk.admin("PATCH", &desk.of(&format!("licenses/{}", license["id"].as_str().unwrap())), Some(&revoked));
    desk.assert_refused("a licence", Instant::now(), |address| {
        let (status, code) = writes(address, &number);
        assert!(status == 201 || code == "license_unknown", "{status} {code}");
        status == 422
    });
    assert!(nodes.iter().all(|node| writes(node.address, "L-1").0 == 201));

    // A licence that is new works at once, also where its number was asked for in vain before.
    let number = format!("L-{}", uuid::Uuid::new_v4().simple());
    assert!(nodes.iter().all(|node| writes(node.address, &number).0 == 422));
    desk.admin("POST", &desk.of("licenses"), Some(&json!({"license_number": number, "name": "Port"})));
    let issued = Instant::now();
    for node in nodes {
        while writes(node.address, &number).0 != 201 {
            assert!(issued.elapsed() < 2 * BOUND, "a new licence is not taken");
        }
    }
}

#[test]
fn what_is_revoked_at_one_node_is_refused_by_all_within_a_second() {
    let fleet = Fleet::new();
    let app = fleet.open();
    let customer = site(&app, "L-1").customer.0.to_string();
    let operator = key(&app, None, "admin", None);
    app.stop();
    let nodes = [0, 1].map(|node| fleet.start(node));
    revoke_everywhere(&fleet, &nodes, &operator, &customer);
}
