//! What the program writes to its log, at the level that says most, and what it tells Prometheus: nothing of anybody.

use crate::abuse;
use crate::child::Child;
use crate::client::Client;
use crate::harness::{Answer, Home, Kind, both, key, postgres_url, site};
use crate::raw::Raw;
use crate::search::{Canary, Search};
use crate::traffic::{self, Call};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

const SCOPES: &str = "events:write,events:read,people:write,people:read,people:delete,rights,webhooks";

/// Everything short, so that the tests of what runs out are.
const SETTINGS: [(&str, &str); 7] = [
    ("log.level", "trace"),
    ("http.header_timeout_ms", "1000"),
    ("http.request_timeout_ms", "2000"),
    ("http.keep_alive_ms", "1000"),
    ("http.shutdown_timeout_ms", "2000"),
    ("database.busy_timeout_ms", "100"),
    ("database.acquire_timeout_ms", "300"),
];

/// A server that writes everything to its log, a customer, and what must never be in the log.
struct Scene {
    home: Home,
    child: Child,
    canary: Canary,
    customer: String,
    keys: [String; 2],
    search: Search,
}

impl Scene {
    fn new(kind: Kind, format: &str) -> Self {
        let home = Home::new(kind);
        let canary = Canary::new();
        let app = home.open(Clock::System);
        let site = site(&app, &traffic::license_number(&canary));
        let keys = [key(&app, Some(site.customer), SCOPES, None), key(&app, None, "admin", None)];
        app.stop();
        let settings: Vec<_> = SETTINGS.into_iter().chain([("log.format", format)]).collect();
        let child = Child::start(&home, &settings);
        let master = std::fs::read_to_string(home.dir.join("master.key")).unwrap();
        let secrets =
            keys.iter().map(|key| key.rsplit('_').next().unwrap()).chain([master.trim().rsplit(':').next().unwrap()]);
        let mut search = secrets.fold(canary.search(), |search, secret| search.for_text("secret", secret));
        if let Some((_, password)) = home.url.rsplit_once('@').and_then(|(before, _)| before.rsplit_once(':')) {
            search = search.for_text("password", password);
        }
        Self { home, child, canary, customer: site.customer.to_string(), keys, search }
    }

    fn send(&self, call: &Call) -> Answer {
        let key = self.keys[usize::from(call.operator)].as_str();
        call.send(&Client::new(self.child.address), Some(key))
    }

    /// Requests that hold personal data where they may be in the clear in the database as well.
    fn in_the_clear(&self) -> Vec<Call> {
        let mut event = traffic::event(&self.canary, "device", 50, "visit.checked_in");
        event["device"] = self.canary.text(51).into();
        let name = json!({"name": self.canary.text(52)});
        let path = format!("/v1/admin/customers/{}", self.customer);
        vec![
            Call::new("POST", "/v1/events", 201).json(&event),
            Call::new("POST", format!("/v1/devices/{}/heartbeat", self.canary.text(53)), 204)
                .json(&json!({"app_version": self.canary.text(54)})),
            Call::new("PATCH", path, 200).operator().json(&name),
            Call::new("POST", "/v1/admin/customers", 201).operator().json(&name),
        ]
    }

    fn all_good(&self) -> Vec<Call> {
        let mut calls = traffic::personal(&self.canary);
        calls.extend(traffic::operator(&self.canary, &self.customer));
        calls.extend(self.in_the_clear());
        calls
    }

    /// The same requests while something is broken; tells which faults they met.
    fn while_broken(&self, statuses: &mut BTreeSet<u16>) {
        for call in self.all_good() {
            statuses.insert(self.send(&call).status);
        }
    }

    /// Breaks the database in every way that leaves the process running.
    fn break_database(&self) -> BTreeSet<u16> {
        let mut statuses = BTreeSet::new();
        let mut raw = Raw::of(&self.home);
        for table in ["people", "events", "visits", "idempotency_keys"] {
            raw.run(&format!("ALTER TABLE {table} RENAME TO elsewhere"));
            self.while_broken(&mut statuses);
            raw.run(&format!("ALTER TABLE elsewhere RENAME TO {table}"));
        }
        raw.run(match self.home.kind {
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "BEGIN; LOCK TABLE people IN ACCESS EXCLUSIVE MODE",
        });
        let event = self.in_the_clear().remove(0);
        statuses.insert(self.send(&event).status);
        raw.run("ROLLBACK");
        let junk = raw.literal(&[1; 40]);
        raw.run(&format!("UPDATE people SET name_sealed = {junk}; UPDATE events SET details_sealed = {junk}"));
        self.while_broken(&mut statuses);
        if self.home.kind == Kind::Postgres {
            // Its words on this hold the whole row.
            raw.run("ALTER TABLE devices ADD CONSTRAINT no_more CHECK (false) NOT VALID");
            raw.run("DELETE FROM events; DELETE FROM devices; DELETE FROM people");
            self.while_broken(&mut statuses);
            let database = self.home.url.rsplit('/').next().unwrap();
            let mut admin = PgConnection::establish(&postgres_url()).unwrap();
            let shut = format!(
                "ALTER DATABASE {database} ALLOW_CONNECTIONS false; \
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
            );
            admin.batch_execute(&shut).unwrap();
            statuses.insert(self.send(&event).status);
            admin.batch_execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true")).unwrap();
        }
        statuses
    }
}

#[test]
fn nothing_of_anybody_is_in_the_log_at_its_most_talkative() {
    both(|kind| {
        let format = if kind == Kind::Sqlite { "text" } else { "json" };
        let scene = Scene::new(kind, format);
        let mut answers = Vec::new();
        for call in scene.all_good() {
            let answer = scene.send(&call);
            assert_eq!(answer.status, call.status, "{} {}: {}", call.method, call.path, answer.text);
            answers.push(answer);
        }
        let keys = [scene.keys[0].as_str(), scene.keys[1].as_str()];
        answers.extend(abuse::every_route(scene.child.address, &scene.canary, keys));
        abuse::hostile_bytes(scene.child.address, &scene.canary, keys[0]);
        let refused: BTreeSet<u16> = answers.iter().map(|answer| answer.status).collect();
        for status in [200, 201, 204, 400, 401, 403, 404, 405, 409, 415, 422] {
            assert!(refused.contains(&status), "{status} did not happen: {refused:?}");
        }
        let faults: Vec<&str> = answers.iter().filter(|a| a.status >= 500).map(|a| a.text.as_str()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        let broken = scene.break_database();
        assert!(broken.contains(&500) && broken.contains(&503), "{broken:?}");

        let ids: BTreeSet<&str> = answers.iter().map(|answer| answer.header("x-request-id").unwrap()).collect();
        assert_eq!(ids.len(), answers.len(), "a request id came twice");
        let metrics = scene.child.scrape();
        scene.child.signal("TERM");
        let (status, said) = scene.child.wait();
        assert!(status.success(), "{status}: {said}");
        for id in ids {
            assert!(uuid::Uuid::try_parse(id).is_ok() && said.contains(id), "{id} is not in the log");
        }
        if format == "json" {
            // All but the line on standard output that tells the address, and libpq's words on a connection that is cut
            // off before Diesel has silenced it.
            let foreign = |line: &&str| !line.starts_with("FATAL:  ") && serde_json::from_str::<Value>(line).is_err();
            let other: Vec<&str> = said.lines().filter(foreign).collect();
            assert_eq!(other.len(), 1, "{other:#?}");
        }
        for expected in ["/v1/people/{ref}", "answered", "a fault of ours", "not available", "unmatched", "stopped"] {
            assert!(said.contains(expected), "'{expected}' is not in the log");
        }
        assert_eq!(scene.search.of(said.as_bytes()), Vec::<String>::new());
        assert_eq!(scene.search.of(metrics.as_bytes()), Vec::<String>::new());
    });
}

#[test]
fn nothing_of_a_broken_handshake_is_in_the_log() {
    let home = Home::new(Kind::Sqlite);
    home.open(Clock::System).stop();
    let canary = Canary::new();
    let pair = rcgen::generate_simple_self_signed(vec![abuse::host_name(&canary)]).unwrap();
    let (certificate, secret) = (home.dir.join("tls.crt"), home.dir.join("tls.key"));
    std::fs::write(&certificate, pair.cert.pem()).unwrap();
    std::fs::write(&secret, pair.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let files =
        [("http.tls.certificate_file", certificate.to_str().unwrap()), ("http.tls.key_file", secret.to_str().unwrap())];
    let settings: Vec<_> = SETTINGS.into_iter().chain(files).collect();
    let child = Child::start(&home, &settings);
    let answer = abuse::hostile_tls(child.address, &canary, pair.cert.der());
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    child.signal("TERM");
    let (status, said) = child.wait();
    assert!(status.success() && said.contains("/v1/people/{ref}"), "{said}");
    assert_eq!(canary.search().of(said.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_start_that_is_refused_says_so_without_secrets() {
    let home = Home::new(Kind::Postgres);
    let canary = Canary::new();
    let url = home.url.replacen("://", &format!("://{}:{}@", canary.text(1), canary.text(2)), 1);
    let wrong = home
        .url
        .rsplit_once('@')
        .map(|(_, server)| format!("postgres://{}:{}@{server}", canary.text(1), canary.text(2)));
    for url in [Some(url), wrong].into_iter().flatten() {
        let (_, said) = Child::refused(&home, &[("database.url", &url), ("log.level", "trace")]);
        assert!(!said.is_empty());
        let found = Search::default().for_text("password", &canary.text(2)).of(said.as_bytes());
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn a_trace_goes_on_and_every_request_has_an_id_of_its_own() {
    let scene = Scene::new(Kind::Sqlite, "json");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let given = format!("00-{trace}-b7ad6b7169203331-01");
    let call = || {
        Call::new("GET", "/v1/devices", 200)
            .header("traceparent", given.as_str())
            .header("x-request-id", scene.canary.text(1))
    };
    let answers = [call(), call()].map(|call| scene.send(&call));
    let ids = answers.each_ref().map(|answer| answer.header("x-request-id").unwrap());
    assert_ne!(ids[0], ids[1]);
    for answer in &answers {
        let traceparent = answer.header("traceparent").unwrap();
        assert!(traceparent.starts_with(&format!("00-{trace}-")) && traceparent.ends_with("-01"), "{traceparent}");
        assert!(!traceparent.contains("b7ad6b7169203331"), "{traceparent}");
    }
    scene.child.signal("TERM");
    let (_, said) = scene.child.wait();
    for id in ids {
        let line = said.lines().find(|line| line.contains(id)).expect("the request is in the log");
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&entry["span"]["trace_id"], &entry["span"]["route"]), (&json!(trace), &json!("/v1/devices")));
        assert_eq!((&entry["status"], &entry["span"]["method"]), (&json!(200), &json!("GET")));
    }
}

/// The labels of a line of metrics.
fn labels(line: &str) -> Vec<(&str, &str)> {
    let Some((_, rest)) = line.split_once('{') else { return Vec::new() };
    let inside = rest.rsplit_once('}').unwrap().0;
    inside
        .split("\",")
        .filter_map(|label| label.split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect()
}

#[test]
fn metrics_count_by_route_template_and_tell_of_queue_pools_and_commits() {
    both(|kind| {
        let scene = Scene::new(kind, "text");
        for call in scene.all_good() {
            scene.send(&call);
        }
        let keys = [scene.keys[0].as_str(), scene.keys[1].as_str()];
        abuse::every_route(scene.child.address, &scene.canary, keys);
        let metrics = scene.child.scrape();
        for expected in [
            "guestlog_http_requests_total{method=\"POST\",route=\"/v1/events\",status=\"201\"} ",
            "guestlog_http_requests_total{method=\"GET\",route=\"/v1/people/{ref}\",status=\"401\"} ",
            "guestlog_http_requests_total{method=\"POST\",route=\"unmatched\",status=\"404\"} ",
            "guestlog_http_request_duration_seconds_bucket{method=\"POST\",route=\"/v1/events\",le=\"0.25\"} ",
            "guestlog_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/events\"} ",
            "guestlog_ingest_group_events_bucket{le=\"1\"} ",
            "guestlog_ingest_queue_events 0",
            "guestlog_db_connections_open{pool=\"reader\"} ",
            "guestlog_db_connections_used{pool=\"writer\"} 0",
            "guestlog_db_checkouts_total{pool=\"reader\"} ",
            "guestlog_db_commits_total ",
            "guestlog_http_requests_in_flight ",
        ] {
            assert!(metrics.lines().any(|line| line.starts_with(expected)), "{expected} is not in\n{metrics}");
        }
        let commits = metrics.lines().find_map(|line| line.strip_prefix("guestlog_db_commits_total ")).unwrap();
        assert!(commits.parse::<u64>().unwrap() >= 10, "{commits}");
        let table = guestlog::http::table();
        let routes: BTreeSet<&str> = table.entries().map(|entry| entry.path).chain(["unmatched"]).collect();
        for (name, value) in metrics.lines().filter(|line| !line.starts_with('#')).flat_map(labels) {
            let known = match name {
                "route" => routes.contains(value),
                "status" => value == "aborted" || value.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)),
                "method" => value.len() <= 7 && value.bytes().all(|byte| byte.is_ascii_uppercase()),
                "pool" => ["reader", "writer"].contains(&value),
                "origin" => guestlog::domain::receipt::Origin::ALL.iter().any(|origin| origin.as_str() == value),
                "kind" | "outcome" => value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
                "version" => value == env!("CARGO_PKG_VERSION"),
                _ => false,
            };
            assert!(known, "a label may hold a path or an id: {name}={value}");
        }
        // The public listener tells nobody how busy a customer is.
        assert_eq!(scene.send(&Call::new("GET", "/metrics", 404)).status, 404);
    });
}
