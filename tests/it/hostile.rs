//! Ten thousand malformed and hostile requests on each database: each is answered, none by a fault of ours, none with
//! what it held; and the server stays what it was.

use crate::child::Child;
use crate::harness::{Home, Kind, key, site};
use crate::malformed::{CANARY, Keys, MAX_BODY_BYTES, Plan, plans};
use crate::wire::{Reply, Wire};
use guestlog::clock::Clock;
use guestlog::error::Code;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// So many that ten thousand of them are refused.
const REQUESTS: u32 = 13_000;
/// Another, and other ten thousand are asked.
const SEED: [u8; 32] = *b"guestlog hostile requests, no. 1";
/// By how much the server's memory may grow.
const GROWTH_KIB: u64 = 128 * 1024;

/// Asks so many times; fails with the simplest request that fails.
fn all<S: Strategy>(cases: u32, requests: &S, ask: &impl Fn(&S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    match runner.run(requests, |request| ask(&request)) {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("with the seed {SEED:?}: {reason}"),
        Err(TestError::Abort(reason)) => panic!("given up: {reason}"),
    }
}

fn start(home: &Home) -> (Child, Keys) {
    let app = home.open(Clock::System);
    let customer = site(&app, "L-1").customer;
    let tenant =
        key(&app, Some(customer), "events:write,events:read,people:write,people:read,people:delete,rights", None);
    let keys = Keys { tenant, operator: key(&app, None, "admin", None), customer: customer.to_string() };
    app.stop();
    let bound = MAX_BODY_BYTES.to_string();
    (Child::start(home, &[("http.max_body_bytes", &bound), ("log.level", "info")]), keys)
}

/// Resident memory of a process, in KiB.
fn memory_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}

/// What is wrong with a problem document; `whole` when it is the answer itself and not a part of it.
fn wrong_with(problem: &Value, whole: Option<&Reply>) -> Option<&'static str> {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let Some(code) = Code::ALL.iter().find(|code| code.as_str() == text("code")) else { return Some("no known code") };
    let faults = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let invalid = *code == Code::InvalidInput;
    let checks = [
        (problem["status"] == code.status(), "another status than its code's"),
        (code.status() < 500, "a fault of ours"),
        (text("type") == format!("/problems/{}", text("code")), "no page about it"),
        (text("title") == code.title().0, "another title"),
        (!text("detail").is_empty(), "no detail"),
        (uuid::Uuid::try_parse(text("instance")).is_ok(), "no instance"),
        (invalid != faults.is_empty(), "invalid input without faults, or faults of something else"),
        (!problem.to_string().contains(CANARY), "what the request held"),
        (!problem.to_string().contains("010190"), "a registration number"),
        (
            faults.iter().all(|fault| {
                let pointer = fault["pointer"].as_str();
                let placed = pointer.is_some_and(|at| at.is_empty() || at.starts_with(['/', '?']));
                placed && fault["code"].is_string() && fault["detail"].as_str().is_some_and(|d| !d.is_empty())
            }),
            "a fault without place or reason",
        ),
        (whole.is_none_or(|reply| problem["status"] == reply.status), "another status than the answer's"),
        (
            whole.is_none_or(|reply| reply.header("x-request-id") == Some(text("instance"))),
            "another instance than the header's",
        ),
    ];
    checks.into_iter().find(|(right, _)| !right).map(|(_, wrong)| wrong)
}

/// What is wrong with an answer.
fn wrong(reply: &Reply, head: bool) -> Option<&'static str> {
    let parts = |values: &[Value]| {
        values.iter().map(|item| &item["problem"]).find_map(|p| match p {
            Value::Null => None,
            problem => wrong_with(problem, None),
        })
    };
    if reply.status >= 500 {
        return Some("a fault of ours");
    }
    if reply.status < 400 {
        // Of several events, each has a problem of its own.
        let lines: Vec<Value> = reply.body.split(|b| *b == b'\n').flat_map(serde_json::from_slice).collect();
        return parts(&lines).or_else(|| lines.first()?["results"].as_array().and_then(|results| parts(results)));
    }
    if reply.header("x-request-id").is_none() {
        // Refused before it is a request: without a word, and nothing more is read of it.
        return (!reply.body.is_empty() || !reply.last)
            .then_some("a refusal outside of the frame that is not silent and final");
    }
    if reply.header("content-type") != Some("application/problem+json") {
        return Some("no problem document");
    }
    if reply.headers.iter().any(|(_, value)| value.contains(CANARY)) {
        return Some("a header with what the request held");
    }
    if head {
        return None;
    }
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(problem) => wrong_with(&problem, Some(reply)),
        Err(_) => Some("no JSON"),
    }
}

fn ten_thousand(kind: Kind) {
    let home = Home::new(kind);
    let (child, keys) = start(&home);
    let wire = RefCell::new(Wire::new(child.address));
    let seen = RefCell::new(BTreeMap::<u16, u32>::new());
    let ask = |plan: &Plan| {
        let request = plan.request(&keys);
        let reply = wire.borrow_mut().ask(&request.bytes, request.head);
        let shown = String::from_utf8_lossy(&request.bytes[..request.bytes.len().min(3_000)]).into_owned();
        match reply {
            Err(error) => Err(TestCaseError::fail(format!("no answer ({error}) to {shown}"))),
            Ok(reply) => {
                *seen.borrow_mut().entry(reply.status).or_default() += 1;
                match wrong(&reply, request.head) {
                    None => Ok(()),
                    Some(wrong) => {
                        Err(TestCaseError::fail(format!("{wrong}: {} {} to {shown}", reply.status, reply.text())))
                    }
                }
            }
        }
    };
    // What grows once, for the caches and pools of a server at work, is no leak.
    all(500, &plans(), &ask);
    let before = memory_kib(child.id());
    all(REQUESTS, &plans(), &ask);
    let after = memory_kib(child.id());
    eprintln!("{kind:?}: {:?}, {before} KiB before, {after} after", seen.borrow());
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} KiB after");
    let refused: u32 = seen.borrow().iter().filter(|(status, _)| **status >= 400).map(|(_, count)| count).sum();
    assert!(refused >= 10_000, "too few are refused: {refused}");
    assert_eq!(child.get("/readyz", None).status, 200);
    assert_eq!(child.get("/v1/people?limit=1", Some(&keys.tenant)).status, 200);
    let said = child.said();
    assert!(!said.contains("panicked") && !said.contains("a fault of ours"), "{said}");
    assert!(!said.contains(CANARY), "{}", said.lines().find(|line| line.contains(CANARY)).unwrap());
}

#[test]
fn ten_thousand_hostile_requests_on_sqlite() {
    ten_thousand(Kind::Sqlite);
}

#[test]
fn ten_thousand_hostile_requests_on_postgres() {
    ten_thousand(Kind::Postgres);
}

#[test]
fn bytes_that_are_no_request_are_refused_and_the_connection_closed() {
    let home = Home::new(Kind::Sqlite);
    let (child, _) = start(&home);
    let start =
        prop_oneof!["", "GET ", "GET / HTTP/1.1\r\nHost: x\r\n", "POST /v1/events HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n"];
    let bytes = (start, proptest::collection::vec(any::<u8>(), 1..200)).prop_map(|(start, noise)| {
        // With its end, so that nobody waits for more of it.
        [start.as_bytes(), &noise, b"\r\n\r\n\r\n\r\n"].concat()
    });
    all(1_000, &bytes, &|bytes: &Vec<u8>| {
        match Wire::new(child.address).ask(bytes, false) {
            // To some there is nothing to say.
            Err(_) => Ok(()),
            Ok(reply) => wrong(&reply, false).map_or(Ok(()), |w| Err(TestCaseError::fail(format!("{w}: {reply:?}")))),
        }
    });
    assert_eq!(child.get("/readyz", None).status, 200);
    assert!(!child.said().contains("panicked"), "{}", child.said());
}
