//! Comparisons with the customer's own list: what a lost deletion left behind goes, and nobody else does.

use crate::client::Client;
use crate::harness::{Answer, Home, Kind, Served, Site, at, both, key, serve, site};
use crate::raw::Raw;
use guestlog::app::App;
use guestlog::app::ingest::Item;
use guestlog::clock::Clock;
use guestlog::jobs;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;

pub const ALL: &str = "events:write,events:read,people:write,people:read,people:delete,rights";
/// When people are made.
pub const MORNING: &str = "2026-11-21T08:00:00Z";
/// When lists are taken.
pub const SNAPSHOT: &str = "2026-11-21T10:00:00Z";
/// When they are sent.
pub const NOON: &str = "2026-11-21T12:00:00Z";

pub struct House {
    pub served: Served,
    pub clock: Clock,
    pub key: String,
    pub site: Site,
    pub home: Home,
}

impl House {
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, &[])
    }

    pub fn with(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(MORNING));
        let app = home.open_with(clock.clone(), settings);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), ALL, None);
        Self { served: serve(&app), clock, key, site, home }
    }

    pub fn app(&self) -> &App {
        &self.served.app
    }

    /// Guests with an event each.
    pub fn meet<'a>(&self, refs: impl IntoIterator<Item = &'a str>) {
        meet(self.app(), &self.site, refs);
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        self.served.send(method, path, Some(&self.key), &[], body.as_deref())
    }

    /// Sends a list taken at [`SNAPSHOT`].
    pub fn reconcile(&self, query: &str, refs: &[&str]) -> Answer {
        self.reconcile_at(SNAPSHOT, query, refs)
    }

    pub fn reconcile_at(&self, snapshot_at: &str, query: &str, refs: &[&str]) -> Answer {
        self.post(&format!("?snapshot_at={snapshot_at}{query}"), &[], lines(refs).as_bytes())
    }

    pub fn post(&self, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let headers = [&[("content-type", "application/x-ndjson")], headers].concat();
        self.served.send("POST", &format!("/v1/reconciliations{query}"), Some(&self.key), &headers, Some(body))
    }

    /// Runs the jobs and gives the report.
    pub fn finish(&self, answer: &Answer) -> Value {
        assert_eq!(answer.status, 202, "{}", answer.text);
        jobs::run_due(self.app()).unwrap();
        let report = self.served.get(answer.header("location").unwrap(), &self.key).json();
        assert_eq!(report["state"], "finished", "{report}");
        report
    }

    /// Who is held.
    pub fn held(&self) -> BTreeSet<String> {
        held(&self.served, &self.key)
    }
}

/// Who is held by the customer of a key.
pub fn held(served: &Served, key: &str) -> BTreeSet<String> {
    let client = Client::new(served.address);
    let mut held = BTreeSet::new();
    let mut path = "/v1/people?limit=200".to_owned();
    loop {
        let page = client.send("GET", &path, Some(key), &[], None).unwrap().json();
        held.extend(page["data"].as_array().unwrap().iter().map(|person| person["ref"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return held };
        path = format!("/v1/people?limit=200&cursor={cursor}");
    }
}

/// Guests with an event each.
pub fn meet<'a>(app: &App, site: &Site, refs: impl IntoIterator<Item = &'a str>) {
    let item = |reference: &str| {
        let event = json!({"id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": MORNING,
            "license_number": site.number, "person": {"ref": reference, "name": "Åse"}});
        Item {
            customer: site.id,
            bound_to: None,
            peer: None,
            any_age: false,
            event: serde_json::from_value(event).unwrap(),
        }
    };
    let items: Vec<Item> = refs.into_iter().map(item).collect();
    for group in items.chunks(1_000) {
        app.ingest_blocking(group).unwrap();
    }
}

pub fn lines(refs: &[&str]) -> String {
    refs.iter().flat_map(|reference| [json!({"ref": reference}).to_string(), "\n".to_owned()]).collect()
}

pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("guest-{n}")).collect()
}

pub fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

pub fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A sequence that looks random and is the same each time.
fn scattered(n: usize, of: usize) -> bool {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40 < (1 << 24) / of as u64
}

#[test]
fn what_lost_deletions_left_behind_goes_and_nobody_else() {
    both(|kind| {
        let house = House::new(kind);
        let all = names(2_000);
        house.meet(strs(&all));
        // The customer deletes a third of them; of the messages, one in twenty is lost.
        let (deleted, kept): (Vec<&String>, Vec<&String>) =
            all.iter().enumerate().partition_map(|(n, name)| (n % 3 == 0, name));
        let (dropped, sent): (Vec<&String>, Vec<&String>) =
            deleted.into_iter().enumerate().partition_map(|(n, name)| (scattered(n, 20), name));
        assert!((15..60).contains(&dropped.len()), "{}", dropped.len());
        house.clock.set(at(SNAPSHOT));
        assert_eq!(house.send("POST", "/v1/deletions", Some(&json!({"refs": sent}))).status, 200);
        let orphans = house.held().len() - kept.len();
        assert_eq!(orphans, dropped.len());
        house.clock.set(at(NOON));
        let list: Vec<&str> = kept.iter().map(|name| name.as_str()).collect();

        let dry = house.reconcile("&dry_run=true", &list);
        assert_eq!((dry.status, &dry.json()["state"]), (200, &json!("counted")), "{}", dry.text);
        assert_eq!((&dry.json()["absent"], &dry.json()["erased"]), (&json!(dropped.len()), &json!(0)));
        assert_eq!(house.held().len(), kept.len() + dropped.len(), "counting deletes nobody");

        let begun = house.reconcile("", &list);
        assert_eq!((begun.status, &begun.json()["state"]), (202, &json!("running")), "{}", begun.text);
        let report = house.finish(&begun);
        let expected = json!({"refs": list.len(), "held": list.len() + dropped.len(), "absent": dropped.len(),
            "erased": dropped.len(), "changed": 0, "restricted": 0, "dry_run": false});
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&report[name], value, "{name}: {report}");
        }
        assert_eq!(house.held(), kept.iter().map(|name| (*name).clone()).collect());
        // Each goes like any other deletion: with receipt and tombstone.
        let id = report["reconciliation_id"].as_str().unwrap();
        let deletions = house.served.get(&format!("/v1/deletions?reconciliation={id}"), &house.key).json();
        let deletions = deletions["data"].as_array().unwrap();
        let people: u64 = deletions.iter().map(|deletion| deletion["people"].as_u64().unwrap()).sum();
        assert_eq!(people, dropped.len() as u64);
        assert!(
            deletions.iter().all(|deletion| deletion["origin"] == "reconciliation" && deletion["verified"] == true)
        );
        let late = house.send("PUT", &format!("/v1/people/{}", dropped[0]), Some(&json!({})));
        assert_eq!((late.status, &late.json()["code"]), (409, &json!("person_erased")));
        // Nothing is written down any more, and a second list finds nobody.
        assert_eq!(Raw::of(&house.home).count("reconciliation_people"), 0);
        assert_eq!(house.finish(&house.reconcile("", &list))["absent"], 0);
        let listed = house.served.get("/v1/reconciliations", &house.key).json();
        assert_eq!(listed["data"].as_array().unwrap().len(), 3);
        assert_eq!(listed["data"][1]["reconciliation_id"], id);
        let audited = Raw::of(&house.home)
            .texts("SELECT action AS text FROM audit_entries WHERE action LIKE 'reconciliation.%' ORDER BY id");
        let twice = ["reconciliation.started", "reconciliation.finished"];
        assert_eq!(audited, [&["reconciliation.counted"][..], &twice, &twice].concat());
    });
}

/// As itertools has it, for pairs of a verdict and a value.
trait PartitionMap<T> {
    fn partition_map<U>(self, judge: impl Fn(T) -> (bool, U)) -> (Vec<U>, Vec<U>);
}

impl<I: Iterator> PartitionMap<I::Item> for I {
    fn partition_map<U>(self, judge: impl Fn(I::Item) -> (bool, U)) -> (Vec<U>, Vec<U>) {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for item in self {
            let (verdict, value) = judge(item);
            if verdict { yes.push(value) } else { no.push(value) }
        }
        (yes, no)
    }
}

#[test]
fn many_missing_or_an_empty_list_wait_for_confirmation_of_the_very_list() {
    both(|kind| {
        let house = House::new(kind);
        let all = names(40);
        house.meet(strs(&all));
        house.clock.set(at(NOON));
        let stopped = |answer: &Answer, absent: u64, refs: u64| {
            assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("reconciliation_needs_confirmation")));
            assert_eq!(answer.json()["counts"], json!({"absent": absent, "held": 40, "refs": refs}));
            assert_eq!(house.held().len(), 40);
            answer.json()["confirmation"].as_str().unwrap().to_owned()
        };
        let empty = stopped(&house.reconcile("&max_share=100", &[]), 40, 0);
        let short = strs(&all[..35]);
        let five = stopped(&house.reconcile("", &short), 5, 35);
        assert_eq!(house.reconcile("&max_share=13&dry_run=true", &short).status, 200);

        // A token is for one list, one snapshot, one customer, one day.
        let mut other = short.clone();
        other[3] = "guest-39";
        stopped(&house.reconcile(&format!("&confirmation={five}"), &other), 5, 35);
        stopped(&house.reconcile(&format!("&confirmation={five}"), &[]), 40, 0);
        stopped(&house.reconcile(&format!("&confirmation={empty}"), &short), 5, 35);
        stopped(&house.reconcile_at("2026-11-21T10:00:01Z", &format!("&confirmation={five}"), &short), 5, 35);
        stopped(&house.reconcile("&confirmation=x", &short), 5, 35);
        let theirs = site(house.app(), "L-1");
        meet(house.app(), &theirs, strs(&all));
        let their_key = key(house.app(), Some(theirs.customer), ALL, None);
        let path = format!("/v1/reconciliations?snapshot_at={NOON}&confirmation={five}");
        let headers = [("content-type", "application/x-ndjson")];
        house.clock.set(at("2026-11-21T12:00:01Z"));
        let refused = house.served.send("POST", &path, Some(&their_key), &headers, Some(lines(&short).as_bytes()));
        assert_eq!(refused.status, 202, "heard of at noon: {}", refused.text);
        house.clock.set(at("2026-11-22T12:00:02Z"));
        stopped(&house.reconcile(&format!("&confirmation={five}"), &short), 5, 35);
        house.clock.set(at(NOON));

        // The order makes no difference, nor who comes twice.
        let mut same: Vec<&str> = short.iter().rev().copied().collect();
        same.push("guest-0");
        let report = house.finish(&house.reconcile(&format!("&confirmation={five}"), &same));
        assert_eq!((&report["refs"], &report["erased"]), (&json!(35), &json!(5)));
        assert_eq!(house.held().len(), 35);
        // And a share that is named goes on without.
        let report = house.finish(&house.reconcile("&max_share=100", &short[..10]));
        assert_eq!(report["erased"], 25);
        assert_eq!(held(&house.served, &their_key).len(), 40);
        let notices = house.served.get("/v1/notices", &house.key).json();
        assert!(notices["data"].as_array().unwrap().iter().any(|notice| notice["kind"] == "reconciliation_stopped"));
    });
}

#[test]
fn who_was_heard_of_since_the_snapshot_or_is_restricted_is_spared() {
    both(|kind| {
        let house = House::new(kind);
        house.meet(["orphan", "changed", "visiting", "restricted", "rectified", "host"]);
        // Ground (b) keeps the data; ground (a) does not.
        for (person, ground) in [("restricted", "b"), ("rectified", "a")] {
            let placed =
                house.send("PUT", &format!("/v1/people/{person}/restriction"), Some(&json!({"ground": ground})));
            assert!(placed.status < 300, "{}", placed.text);
        }
        house.clock.set(at("2026-11-21T09:59:59.999999Z"));
        assert_eq!(house.send("PUT", "/v1/people/before", Some(&json!({}))).status, 201);
        house.clock.set(at(SNAPSHOT));
        for person in ["at", "changed"] {
            assert!(house.send("PUT", &format!("/v1/people/{person}"), Some(&json!({}))).status < 300);
        }
        // An event that says nothing new of the person.
        house.meet(["visiting"]);
        house.clock.set(at(NOON));
        let dry = house.reconcile("&dry_run=true", &["host"]).json();
        assert_eq!((&dry["absent"], &dry["restricted"]), (&json!(4), &json!(1)), "{dry}");
        let begun = house.reconcile("&max_share=100", &["host"]);
        assert_eq!(begun.json()["absent"], 4, "{}", begun.text);
        // Heard of between the comparison and its turn.
        house.meet(["before"]);
        let report = house.finish(&begun);
        let counts = ["erased", "changed", "restricted"].map(|name| report[name].as_i64().unwrap());
        assert_eq!(counts, [2, 1, 1], "{report}");
        let left = ["at", "before", "changed", "host", "visiting"].map(str::to_owned);
        assert_eq!(house.held(), BTreeSet::from(left), "as far as anybody sees");
        let kept = house.send("GET", "/v1/people/restricted", None);
        assert_eq!((kept.status, &kept.json()["restriction"]["ground"]), (200, &json!("b")), "{}", kept.text);
    });
}

#[test]
fn another_customer_and_a_second_run_are_left_alone() {
    both(|kind| {
        let house = House::new(kind);
        let all = names(30);
        house.meet(strs(&all));
        let theirs = site(house.app(), "L-1");
        meet(house.app(), &theirs, strs(&all));
        let their_key = key(house.app(), Some(theirs.customer), ALL, None);
        house.clock.set(at(NOON));
        let begun = house.reconcile("", &strs(&all[..29]));
        assert_eq!(begun.status, 202, "{}", begun.text);
        for again in [house.reconcile("", &strs(&all[..29])), house.reconcile("", &strs(&all))] {
            assert_eq!((again.status, &again.json()["code"]), (409, &json!("already_exists")), "{}", again.text);
        }
        assert_eq!(house.reconcile("&dry_run=true", &strs(&all)).status, 200, "counting goes on");
        let path = begun.header("location").unwrap().to_owned();
        assert_eq!(house.served.get(&path, &their_key).status, 404);
        house.finish(&begun);
        assert_eq!((house.held().len(), held(&house.served, &their_key).len()), (29, 30));
        assert_eq!(house.finish(&house.reconcile("", &strs(&all[..29])))["absent"], 0);
    });
}

#[test]
fn digests_find_exactly_the_differences() {
    both(|kind| {
        let house = House::new(kind);
        let all = names(500);
        house.meet(strs(&all));
        let theirs = site(house.app(), "L-1");
        meet(house.app(), &theirs, ["guest-7"]);
        house.clock.set(at(NOON));
        let digest = |query: &str| house.served.get(&format!("/v1/people/digest?{query}"), &house.key);
        let first = digest("bits=8").json();
        let salt = first["salt"].as_str().unwrap().to_owned();
        assert_ne!(digest("bits=8").json()["salt"], salt.as_str());
        assert_eq!(first, digest(&format!("bits=8&salt={salt}")).json());
        assert_eq!(first["held"], 500);
        // The customer's side, from its refs alone.
        let own = {
            use guestlog::domain::reconciliation::{Bits, Buckets, Salt};
            let (bits, salt) = (Bits::new(8).unwrap(), Salt::parse(&salt).unwrap());
            let mut buckets = Buckets::new(bits);
            let kept = all.iter().filter(|name| !["guest-3", "guest-400"].contains(&name.as_str()));
            kept.clone().for_each(|name| buckets.add(&salt.hash(name)));
            let of = |name: &str| bits.name(bits.bucket(&salt.hash(name)));
            let gone: BTreeSet<String> = ["guest-3", "guest-400"].into_iter().map(of).collect();
            let refs: Vec<&str> = kept.map(String::as_str).filter(|name| gone.contains(&of(name))).collect();
            (buckets.filled().collect::<Vec<_>>(), gone, refs)
        };
        let told: Vec<(String, u64, String)> = first["buckets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| {
                let text = |name: &str| b[name].as_str().unwrap().to_owned();
                (text("bucket"), b["count"].as_u64().unwrap(), text("digest"))
            })
            .collect();
        let differing: BTreeSet<String> =
            told.iter().filter(|bucket| !own.0.contains(bucket)).map(|bucket| bucket.0.clone()).collect();
        assert_eq!(differing, own.1);
        let names: Vec<&str> = differing.iter().map(String::as_str).collect();
        let part = format!("&bits=8&salt={salt}&buckets={}", names.join(","));

        // A ref of another bucket means that the two compute otherwise.
        let outside = all.iter().map(String::as_str).find(|name| !own.2.contains(name) && name.len() > 8).unwrap();
        let wrong = house.reconcile(&part, &[outside]);
        assert_eq!(
            (wrong.status, &wrong.json()["errors"][0]["code"]),
            (422, &json!("not_in_buckets")),
            "{}",
            wrong.text
        );
        let incomplete = house.reconcile("&bits=8", &own.2);
        assert_eq!(incomplete.json()["errors"][0]["pointer"], "?buckets", "{}", incomplete.text);

        let report = house.finish(&house.reconcile(&part, &own.2));
        assert_eq!(
            (&report["held"], &report["absent"], &report["erased"]),
            (&json!(500), &json!(2), &json!(2)),
            "{report}"
        );
        let held = house.held();
        assert_eq!(held.len(), 498);
        assert!(!held.contains("guest-3") && !held.contains("guest-400"));
        // A person may be called like the address.
        house.meet(["digest"]);
        assert_eq!(house.send("PUT", "/v1/people/digest", Some(&json!({}))).status, 200);
        assert_eq!(house.send("DELETE", "/v1/people/digest", None).status, 200);
        assert_eq!(house.send("POST", "/v1/people/digest", Some(&json!({}))).status, 405);
    });
}

#[test]
fn a_packed_list_is_the_same_list() {
    both(|kind| {
        let house = House::new(kind);
        let all = names(300);
        house.meet(strs(&all));
        house.clock.set(at(NOON));
        let body = packed(lines(&strs(&all[..299])).replace('\n', "\r\n").as_bytes());
        let begun = house.post(&format!("?snapshot_at={SNAPSHOT}"), &[("content-encoding", "gzip")], &body);
        assert_eq!(house.finish(&begun)["erased"], 1);
    });
}
