//! The customer's side as a command, against the program itself; and a run that is killed and goes on.

use crate::child::Child;
use crate::client::Client;
use crate::harness::{Home, Kind, both, key, site};
use crate::program::{Said, program, run};
use crate::raw::Raw;
use crate::reconciliation::{ALL, lines, meet, names, strs};
use guestlog::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long a run may take, the lease of a killed worker apart.
const PATIENCE: Duration = Duration::from_secs(30);

struct House {
    home: Home,
    child: Child,
    key: String,
    all: Vec<String>,
    snapshot_at: String,
}

impl House {
    /// A running service with people.
    fn new(kind: Kind, people: usize) -> Self {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), ALL, None);
        let all = names(people);
        meet(&app, &site, strs(&all));
        let snapshot_at = Clock::System.now().to_string();
        app.stop();
        std::fs::write(home.dir.join("key"), &key).unwrap();
        let child = Child::start(&home, &[]);
        Self { home, child, key, all, snapshot_at }
    }

    fn held(&self) -> BTreeSet<String> {
        let client = Client::new(self.child.address);
        let mut held = BTreeSet::new();
        let mut path = "/v1/people?limit=200".to_owned();
        loop {
            let page = client.send("GET", &path, Some(&self.key), &[], None).unwrap().json();
            let people = page["data"].as_array().unwrap().iter();
            held.extend(people.map(|person| person["ref"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { return held };
            path = format!("/v1/people?limit=200&cursor={cursor}");
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.dir.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn reconcile(&self, from: &str, further: &[&str]) -> Said {
        let url = format!("http://{}", self.child.address);
        let key = self.home.dir.join("key").display().to_string();
        let fixed =
            ["reconcile", "--url", &url, "--key-file", &key, "--from", from, "--snapshot-at", &self.snapshot_at];
        run(program(&[&fixed[..], further].concat()))
    }
}

/// Whether a line of the report has this label and number.
fn says(said: &Said, label: &str, number: usize) -> bool {
    let number = format!("  {number}");
    said.out.lines().any(|line| line.strip_prefix(label).is_some_and(|rest| rest.trim_end().ends_with(&number)))
}

#[test]
fn the_command_deletes_whom_the_list_lacks() {
    both(|kind| {
        let house = House::new(kind, 300);
        let csv = |from: usize| {
            let rows: String = house.all[from..].iter().flat_map(|name| ["Åse,", name, "\n"]).collect();
            house.file("refs.csv", &format!("name,ref\n{rows}"))
        };
        let counted = house.reconcile(&csv(10), &["--dry-run"]).done();
        assert!(says(&counted, "would be deleted", 10), "{}", counted.out);
        assert_eq!(house.held().len(), 300);
        let report = house.reconcile(&csv(10), &["--json"]).done().json();
        let counts = ["refs", "held", "absent", "erased"].map(|name| report[name].as_u64().unwrap());
        assert_eq!((counts, &report["state"]), ([290, 300, 10, 10], &json!("finished")));

        // Too many: what would go is said, and how to confirm it.
        let stopped = house.reconcile(&csv(60), &[]);
        assert_eq!((stopped.code, stopped.err.as_str()), (5, ""), "{}", stopped.out);
        assert!(stopped.out.contains("of 290 people held, 50 are not among the 240 refs"), "{}", stopped.out);
        assert_eq!(house.held().len(), 290);
        let token = stopped.out.rsplit("--confirm ").next().unwrap().trim();
        let other = house.reconcile(&csv(61), &["--confirm", token]);
        assert_eq!(other.code, 5, "another list: {other:?}");
        let done = house.reconcile(&csv(60), &["--confirm", token]).done();
        assert!(says(&done, "deleted", 50), "{}", done.out);

        // Few differences among many, of which only the buckets go over the wire.
        let list = lines(&strs(&house.all[62..]));
        let ndjson = house.file("refs.ndjson", &list);
        let report = house.reconcile(&ndjson, &["--by-digest", "--json"]).done().json();
        let counts = ["held", "absent", "erased"].map(|name| report[name].as_u64().unwrap());
        assert_eq!(counts, [240, 2, 2]);
        assert!(report["refs"].as_u64().unwrap() < 20, "{report}");
        let same = house.reconcile(&ndjson, &["--by-digest"]).done();
        assert!(same.out.contains("No difference: both sides hold the same 238 people."), "{}", same.out);
        let empty = house.file("empty", "");
        assert_eq!(house.reconcile(&empty, &["--by-digest"]).code, 5);
        assert_eq!(house.held(), house.all[62..].iter().cloned().collect());
    });
}

#[test]
fn the_command_refuses_what_cannot_be_right() {
    let house = House::new(Kind::Sqlite, 20);
    let good = house.file("refs", &house.all.join("\n"));
    let spoilt = house.file("spoilt", &format!("{}\n\u{1}\n", house.all[..10].join("\n")));
    house.reconcile(&spoilt, &["--max-share", "100"]).refused(4, "spoilt, line 11: the ref");
    house.reconcile(&good, &["--column", "id"]).refused(2, "has no column id");
    house.reconcile("nowhere", &[]).refused(2, "nowhere: ");
    house.reconcile("-", &["--by-digest"]).refused(2, "--by-digest reads the list twice");
    house.reconcile(&good, &["--confirm", "a&dry_run=false"]).refused(2, "--confirm is not a token");
    let elsewhere = ["reconcile", "--from", &good, "--now"];
    let asked = |further: &[&str]| run(program(&[&elsewhere[..], further].concat()));
    let key = house.home.dir.join("key").display().to_string();
    asked(&["--url", "http://guestlog.example.com", "--key-file", &key]).refused(2, "--url has no TLS");
    asked(&["--url", "ftp://localhost", "--key-file", &key]).refused(2, "--url must begin with");
    let url = format!("http://{}", house.child.address);
    asked(&["--url", &url]).refused(2, "there is no key");
    let wrong = house.file("wrong", "glk_0");
    asked(&["--url", &url, "--key-file", &wrong]).refused(4, "the service answered 401");
    let mut with_env = program(&[&elsewhere[..], &["--url", &url, "--dry-run", "--json"]].concat());
    with_env.env("GUESTLOG_API_KEY", &house.key);
    let report = run(with_env).done().json();
    assert_eq!((&report["held"], &report["absent"]), (&json!(20), &json!(0)));
    let gone = ["--url", "http://127.0.0.1:9", "--key-file", &key];
    asked(&gone).refused(1, "the service cannot be asked");
    assert_eq!(house.held().len(), 20);
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_ended() {
    both(|kind| {
        let mut house = House::new(kind, 1_500);
        let kept = house.all.split_off(1_000);
        let path = format!("/v1/reconciliations?snapshot_at={}&max_share=100", house.snapshot_at);
        let headers = [("content-type", "application/x-ndjson")];
        let list = lines(&strs(&kept));
        let client = Client::new(house.child.address);
        let answer = client.send("POST", &path, Some(&house.key), &headers, Some(list.as_bytes())).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text);
        let location = answer.header("location").unwrap().to_owned();
        let mut moments = BTreeSet::from([1_000]);
        for kill in 0..6 {
            let mut raw = Raw::of(&house.home);
            let began = Instant::now();
            while raw.count("reconciliation_people") == *moments.first().unwrap() && began.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(11 * kill));
            house.child.signal("KILL");
            moments.insert(raw.count("reconciliation_people"));
            // As when the lease of the killed worker has run out.
            let long_ago = if kind == Kind::Sqlite { "0" } else { "'1970-01-01'" };
            raw.run(&format!("UPDATE jobs SET leased_to = NULL, due_at = {long_ago}"));
            house.child = Child::start(&house.home, &[]);
        }
        assert!(moments.len() > 3, "it was killed at work: {moments:?}");
        let began = Instant::now();
        let report: Value = loop {
            let report = house.child.get(&location, Some(&house.key)).json();
            if report["state"] == "finished" {
                break report;
            }
            assert!(began.elapsed() < PATIENCE, "{report}");
            std::thread::sleep(Duration::from_millis(50));
        };
        let counts = ["held", "absent", "erased", "changed"].map(|name| report[name].as_u64().unwrap());
        assert_eq!(counts, [1_500, 1_000, 1_000, 0], "{report}");
        assert_eq!(house.held(), kept.into_iter().collect());
        let mut raw = Raw::of(&house.home);
        assert_eq!((raw.count("reconciliation_people"), raw.count("tombstones")), (0, 1_000));
    });
}
