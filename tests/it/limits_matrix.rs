//! The matrix of limits (REQUIREMENTS L-45): every route of the table, and every job, against a person who is restricted
//! on each ground, objects to each purpose, is under a hold, or erased but for it. A route that is added is judged here,
//! or this test fails and says so.

use crate::bodies::{agreement, body};
use crate::deletions::House;
use crate::harness::{Answer, both, key};
use crate::raw::Raw;
use guestlog::domain::objection::Purpose;
use guestlog::domain::restriction::Ground;
use guestlog::domain::scope::Scope;
use guestlog::http::access::Access;
use guestlog::http::routes::Entry;
use guestlog::jobs;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is looked for in each answer.
const NAME: &str = "Victoria Kanarie";
const EMAIL: &str = "victoria.kanarie@example.dk";
const STATEMENT: &str = "Jeg kom klokken ni.";
const LAW: &str = "Kanarieloven § 7";
/// The address of a notification to the person.
const ADDRESS: &str = "+4599887766";

/// The state of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Plain,
    Restricted(Ground),
    Objected(Purpose),
    Held,
    /// Erased but for the name and the visits.
    Rest,
}

impl State {
    fn all() -> Vec<Self> {
        let restricted = Ground::ALL.iter().map(|ground| Self::Restricted(*ground));
        let objected = Purpose::ALL.iter().map(|purpose| Self::Objected(*purpose));
        [Self::Plain, Self::Held, Self::Rest].into_iter().chain(restricted).chain(objected).collect()
    }

    /// Whether nothing of the person may be seen.
    fn is_silent(self) -> bool {
        matches!(self, Self::Restricted(_) | Self::Rest | Self::Objected(Purpose::Registration))
    }

    fn is_counted(self) -> bool {
        !self.is_silent() && !matches!(self, Self::Objected(Purpose::Statistics | Purpose::Improvement))
    }
}

/// What of the person an answer holds.
pub fn seen(answer: &Answer) -> BTreeSet<&'static str> {
    [NAME, EMAIL, STATEMENT, LAW, ADDRESS].into_iter().filter(|canary| answer.text.contains(canary)).collect()
}

/// What each route may say of the person in a state: the table.
fn allowed(entry: &Entry, state: State) -> BTreeSet<&'static str> {
    let path = entry.path.trim_start_matches("/v1/");
    let is_told = state != State::Objected(Purpose::Notification);
    let data: &[&str] = match (entry.method.as_str(), path) {
        // The events as guest, and one in which the person was notified.
        ("GET", "events") if is_told => &[NAME, EMAIL, ADDRESS],
        ("GET", "events" | "events/{id}") => &[NAME, EMAIL],
        ("GET", "visits" | "visits/on-site" | "visits/{id}") => &[NAME],
        ("GET", "people") | ("GET" | "PUT" | "PATCH", "people/{ref}") => &[NAME, EMAIL, STATEMENT],
        _ => &[],
    };
    let mut allowed: BTreeSet<&str> = if state.is_silent() { BTreeSet::new() } else { data.iter().copied().collect() };
    match (entry.method.as_str(), path) {
        // What is said in the request is said back to who said it.
        ("PUT", "people/{ref}/statement") if state != State::Rest => _ = allowed.insert(STATEMENT),
        // A hold says why, before and after the erasure.
        ("GET", "people/{ref}/holds") if matches!(state, State::Held | State::Rest) => _ = allowed.insert(LAW),
        _ => {}
    }
    allowed.into_iter().collect()
}

pub struct Town {
    pub house: House,
    operator: String,
    state: State,
    visit: String,
    hold: String,
    deletion: String,
    agreement: String,
}

impl Town {
    pub fn new(house: House, state: State) -> Self {
        let operator = key(&house.served.app, None, "admin", None);
        let mut town = Self {
            house,
            operator,
            state,
            visit: String::new(),
            hold: uuid::Uuid::nil().to_string(),
            deletion: String::new(),
            agreement: String::new(),
        };
        town.house.send("PUT", "/v1/people/other", Some(&json!({"name": "Bo"})));
        town.deletion = town.house.delete("nobody")["deletion_id"].as_str().unwrap().into();
        let agreements = format!("/v1/admin/customers/{}/retention-agreements", town.house.site.customer);
        let entered = town.house.served.post(&agreements, &town.operator, &agreement());
        town.agreement = entered.json()["id"].as_str().unwrap().into();
        town.come(1);
        town.limit();
        town
    }

    fn good(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.house.send(method, path, body);
        assert!((200..300).contains(&answer.status), "{:?}: {method} {path}: {}", self.state, answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    /// The person visits, and is told of another's visit.
    fn come(&mut self, id: u128) {
        let at = "2026-11-21T08:00:00Z";
        let event = |id: u128, person: Value, recipients: Value| {
            json!({"id": uuid::Uuid::from_u128(id), "type": "visit.checked_in", "occurred_at": at,
                "license_number": "L-1", "person": person, "recipients": recipients})
        };
        let who = json!({"ref": "canary", "name": NAME, "email": EMAIL});
        let visit = self.good("POST", "/v1/events", Some(&event(id, who, json!([]))));
        self.visit = visit["visit_id"].as_str().unwrap_or_default().into();
        let told = json!([{"ref": "canary", "channel": "sms", "address": ADDRESS}]);
        self.good("POST", "/v1/events", Some(&event(id + 1, json!({"ref": "other"}), told)));
        self.good("PUT", "/v1/people/canary/statement", Some(&json!({"text": STATEMENT})));
    }

    fn limit(&mut self) {
        let kept = json!({"ground": "e", "law": LAW, "fields": ["name", "visits"], "ends_at": "2030-01-01T00:00:00Z"});
        let hold = |town: &Self| {
            let placed = town.good("POST", "/v1/people/canary/holds", Some(&kept));
            placed["id"].as_str().unwrap().to_owned()
        };
        match self.state {
            State::Plain => {}
            State::Restricted(ground) => self.house.restrict("canary", ground.as_str()),
            State::Objected(purpose) => {
                self.good("PUT", &format!("/v1/people/canary/objections/{}", purpose.as_str()), Some(&json!({})));
            }
            State::Held => self.hold = hold(self),
            State::Rest => {
                self.hold = hold(self);
                assert_eq!(self.house.delete("canary")["results"][0]["status"], "partly_erased");
            }
        }
    }

    pub fn call(&self, entry: &Entry) -> Answer {
        let id = match entry.path.split('/').nth(2) {
            Some("events") => uuid::Uuid::from_u128(1).to_string(),
            Some("visits") => self.visit.clone(),
            Some("people") => self.hold.clone(),
            Some("deletions") => self.deletion.clone(),
            _ => self.house.site.customer.to_string(),
        };
        let license = uuid::Uuid::nil().to_string();
        let filled = [
            ("{id}", id.as_str()),
            ("{license}", &license),
            ("{agreement}", &self.agreement),
            ("{key_id}", "0000000000000000"),
            ("{ref}", "canary"),
            ("{device}", "reception-1"),
            ("{purpose}", "improvement"),
            ("{right}", "access"),
            ("{code}", "not_found"),
            ("{file}", "icon.svg"),
        ];
        let path = filled.iter().fold(entry.path.to_owned(), |path, (name, value)| path.replace(name, value));
        let path = match (entry.takes, entry.path) {
            (["application/x-ndjson"], _) => {
                "/v1/reconciliations?snapshot_at=2026-11-21T12:00:00Z&dry_run=true".to_owned()
            }
            (_, "/v1/people/digest") => "/v1/people/digest?bits=4".to_owned(),
            (_, "/v1/statistics/visits") => format!("{path}?by=day&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"),
            _ => path,
        };
        let key = if entry.access == Access::Scope(Scope::Admin) { &self.operator } else { &self.house.key };
        let headers: &[(&str, &str)] =
            if entry.takes == ["application/x-ndjson"] { &[("content-type", "application/x-ndjson")] } else { &[] };
        let body = match entry.path {
            "/v1/people/{ref}/statement" if entry.method == "PUT" => Some(json!({"text": STATEMENT})),
            "/v1/people/{ref}" if entry.method == "PUT" => Some(json!({"name": NAME, "email": EMAIL})),
            _ => body(entry),
        };
        let body = body.map(|body| body.to_string().into_bytes());
        self.house.served.send(entry.method.as_str(), &path, Some(key), headers, body.as_deref())
    }
}

/// Reads first; then what writes, as far as it leaves the person in the state; and the deletion last.
pub fn in_order() -> Vec<Entry> {
    let mut entries: Vec<Entry> = guestlog::http::table().entries().cloned().collect();
    entries.sort_by_key(|entry| match (entry.method.as_str(), entry.path) {
        ("GET", _) => 0,
        ("DELETE", "/v1/people/{ref}") => 3,
        ("DELETE", _) => 2,
        _ => 1,
    });
    entries
}

#[test]
fn every_route_says_of_a_limited_person_what_the_table_says() {
    let entries = in_order();
    both(|kind| {
        for state in State::all() {
            let town = Town::new(House::new(kind), state);
            for entry in &entries {
                // What ends a limit is another's test.
                if entry.method == "DELETE" && entry.path != "/v1/people/{ref}" {
                    continue;
                }
                // Nor may a restriction or objection of this walk limit the person further.
                if entry.method == "PUT"
                    && (entry.path.ends_with("/restriction") || entry.path.contains("/objections/"))
                {
                    continue;
                }
                let answer = town.call(entry);
                assert!(answer.status < 500, "{state:?} {} {}: {}", entry.method, entry.path, answer.text);
                // Under a free ref the person is made anew; that life has no limits.
                if state == State::Rest && matches!(entry.method.as_str(), "PUT" | "PATCH" | "POST") {
                    continue;
                }
                let told: String = answer.text.chars().take(1_000).collect();
                assert_eq!(seen(&answer), allowed(entry, state), "{state:?} {} {}: {told}", entry.method, entry.path);
            }
        }
    });
}

#[test]
fn the_counts_leave_a_limited_person_out() {
    both(|kind| {
        for state in State::all() {
            let town = Town::new(House::new(kind), state);
            let counts =
                town.house.get("/v1/statistics/visits?by=day&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z");
            let arrived: u64 =
                counts.json()["data"].as_array().unwrap().iter().map(|count| count["arrived"].as_u64().unwrap()).sum();
            assert_eq!(arrived, 1 + u64::from(state.is_counted()), "{state:?}: {}", counts.text);
            let call = town.house.get("/v1/visits/on-site").json();
            let restricted = u64::from(state.is_silent());
            assert_eq!((&call["count"], &call["restricted"]), (&json!(2), &json!(restricted)), "{state:?}: {call}");
        }
    });
}

#[test]
fn every_job_leaves_a_limited_person_what_the_table_says() {
    both(|kind| {
        for state in State::all() {
            let town = Town::new(House::new(kind), state);
            let raw = || Raw::of(&town.house.home);
            let people = || raw().count("people");
            let before = people();
            // A written agreement lets go of whom nothing was heard; who is restricted is passed over.
            let agreements = format!("/v1/admin/customers/{}/retention-agreements", town.house.site.customer);
            let terms = json!({"document_sha256": "0".repeat(64), "parties": ["Kunde"], "signed_at": "2026-11-01T00:00:00Z",
                "in_force_from": "2026-11-01T00:00:00Z", "people_days": 30, "visits_days": 30});
            let entered = town.house.served.post(&agreements, &town.operator, &terms);
            assert_eq!(entered.status, 201, "{}", entered.text);
            let app = &town.house.served.app;
            // The roll: whoever is in is not let go.
            let out =
                |id: u128, who: &str| town.house.event(id, "visit.checked_out", "2026-11-21T09:00:00Z", who, None);
            assert!(out(11, "other").status < 300 && (state == State::Rest || out(12, "canary").status < 300));
            town.house.clock.set(crate::harness::at("2027-11-21T12:00:00Z"));
            app.start_jobs().unwrap();
            assert!(jobs::run_due(app).unwrap() > 0);
            // The other guest goes, and the person unless restricted. Under a hold a rest of the person stays.
            let stays = state.is_silent() || state == State::Held;
            assert_eq!(people(), before - 1 - i64::from(!stays), "{state:?}");
            let events = raw().count("events");
            let kept = i64::from(state.is_silent() && state != State::Rest) * 2;
            assert_eq!(events, kept, "{state:?}");
            // The last hold ends, and the rest goes with it.
            town.house.clock.set(crate::harness::at("2030-01-01T00:00:00Z"));
            assert!(jobs::run_due(app).unwrap() > 0);
            assert_eq!(raw().count("holds"), 0, "{state:?}");
            let rest = i64::from(matches!(state, State::Held | State::Rest));
            assert_eq!(people(), before - 1 - i64::from(!stays) - rest, "{state:?}");
        }
    });
}
