//! Requests that nobody means well with: good ones, each spoilt in a few ways.

use crate::hostile_words::{FRAGMENTS, HEADERS, MEDIA, METHODS, NAMES, PARAMETERS, ROUTES, SEGMENTS, VALUES};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write;

/// Stands wherever a value may stand, and never in a refusal.
pub const CANARY: &str = "Victoria";
/// The largest body that the server under test takes.
pub const MAX_BODY_BYTES: usize = 65_536;

/// How a good request is spoilt: numbers that choose from the lists below, each taken round its length.
#[derive(Debug, Clone)]
pub struct Plan {
    route: usize,
    method: Option<usize>,
    key: Option<usize>,
    segment: Option<usize>,
    queries: Vec<(usize, usize)>,
    media: Option<usize>,
    headers: Vec<usize>,
    /// Where in the body, what is done there, with what.
    changes: Vec<(usize, usize, usize)>,
    /// Where in the bytes of the body, and what is done there.
    noise: Option<(usize, usize)>,
    chunked: bool,
}

/// Small, so that a failure is soon made simple.
fn number() -> impl Strategy<Value = usize> {
    0..5_040_usize
}

pub fn plans() -> impl Strategy<Value = Plan> {
    let maybe = |weight: f64| proptest::option::weighted(weight, number());
    let spoilt = (
        proptest::collection::vec((number(), number(), number()), 0..3),
        proptest::option::weighted(0.15, (number(), number())),
        proptest::bool::weighted(0.1),
    );
    let head = (
        number(),
        maybe(0.08),
        maybe(0.08),
        maybe(0.2),
        proptest::collection::vec((number(), number()), 0..3),
        maybe(0.15),
        proptest::collection::vec(number(), 0..2),
    );
    (head, spoilt).prop_map(|((route, method, key, segment, queries, media, headers), (changes, noise, chunked))| {
        Plan { route, method, key, segment, queries, media, headers, changes, noise, chunked }
    })
}

/// A request as it goes over the wire.
pub struct Request {
    pub bytes: Vec<u8>,
    pub head: bool,
}

/// What the requests need to reach further than the door.
pub struct Keys {
    pub tenant: String,
    pub operator: String,
    pub customer: String,
}

fn pick<'a>(list: &[&'a str], at: usize) -> &'a str {
    list[at % list.len()]
}

fn grown(text: &str) -> String {
    text.replace("LONG", &CANARY.repeat(60)).replace("HUGE", &CANARY.repeat(10_000)).replace("DEEP", &deep())
}

fn deep() -> String {
    format!("{}0{}", "[".repeat(5_000), "]".repeat(5_000))
}

/// A body that the route takes.
fn good(method: &str, path: &str, media: &str) -> Option<Value> {
    let event = json!({"id": "00000000-0000-0000-0000-000000000001", "type": "visit.checked_in",
        "occurred_at": "2026-11-21T09:30:00+01:00", "license_number": "L-1", "device": "reception-1", "visit_ref": "b-1",
        "person": {"ref": "guest-42", "kind": "guest", "name": "Åse", "email": "aase@example.dk", "phone": "+4512345678",
            "company": "Nordlys", "vehicle_plate": "AB 12 345"},
        "host": {"ref": "emp-7", "name": "Bo", "email": "bo@example.dk"},
        "recipients": [{"ref": "emp-7", "channel": "sms", "address": "+4512345678", "status": "sent"}],
        "ip": "203.0.113.7", "origin": "kiosk", "reason": null});
    let cloud = json!({"specversion": "1.0", "id": "a-1", "source": "/kiosk/1", "type": "visit.checked_in",
        "time": "2026-11-21T09:00:00Z", "data": {"license_number": "L-1", "person": {"ref": "guest-42"}}});
    Some(match (method, path.rsplit('/').next()?, media) {
        ("GET" | "DELETE", ..) => return None,
        (_, "deletions", _) => json!({"refs": ["guest-43", "guest-44"], "nonce": "n-1"}),
        (_, "restriction", _) => json!({"ground": "b", "reason": "sag 12"}),
        (_, "statistics", _) => json!({"claim": "objection", "state": "overruled", "grounds": "sag 12"}),
        (_, "statement", _) => json!({"text": "Jeg hedder Åse."}),
        (_, "holds", _) => crate::bodies::hold("2099-01-01T00:00:00Z", &["name", "visits"]),
        (_, "events", "application/cloudevents+json") => cloud,
        (_, "events", "application/cloudevents-batch+json") => json!([cloud, cloud]),
        (_, "events", "application/json") => json!({"events": [event, event]}),
        (_, "events", _) => event,
        (_, "heartbeat", _) => json!({"app_version": "1.2", "queued_events": 3}),
        (_, "guest-42", _) => event["person"].as_object().map(|person| {
            person
                .iter()
                .filter(|(name, _)| *name != "ref")
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        })?,
        (_, "customers", _) => json!({"name": "Kunde", "time_zone": "Europe/Copenhagen"}),
        (_, "licenses", _) => json!({"license_number": "L-3", "name": "Dør", "closes_at": "17:00"}),
        (_, "keys", _) => json!({"scopes": ["events:read"], "license_number": "L-1", "expires_in_days": 3}),
        (_, "0000000000000000", _) => json!({"revoked": true}),
        _ => json!({"name": "Kunde"}),
    })
}

/// Every place in a value, the whole of it first.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| places(field, &format!("{here}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| places(item, &format!("{here}/{n}"), found));
        }
        _ => {}
    }
}

/// Spoils a value; what is no value of serde's goes in as text once it is written.
fn spoil(mut value: Value, changes: &[(usize, usize, usize)]) -> String {
    let mut raw = Vec::new();
    for (at, what, with) in changes {
        let mut found = Vec::new();
        places(&value, "", &mut found);
        let place = value.pointer_mut(&found[at % found.len()]).unwrap();
        let mark = |raw: &mut Vec<String>, text: String| {
            raw.push(text);
            format!("@{}@", raw.len() - 1)
        };
        match (what % 6, &mut *place) {
            (0, Value::Object(fields)) => {
                let name = mark(&mut raw, grown(pick(NAMES, *with)));
                fields.insert(name, CANARY.into());
            }
            (1, Value::Object(fields)) if !fields.is_empty() => {
                let name = fields.keys().nth(with % fields.len()).unwrap().clone();
                fields.remove(&name);
            }
            (2, Value::Object(fields)) if !fields.is_empty() => {
                let name = fields.keys().nth(with % fields.len()).unwrap().clone();
                let twice = mark(&mut raw, name);
                fields.insert(twice, CANARY.into());
            }
            (3, Value::Array(items)) => *items = items.iter().cycle().take(with % 150).cloned().collect(),
            _ => {
                let fragment = mark(&mut raw, grown(pick(FRAGMENTS, *with)));
                *place = Value::String(format!("{fragment}!"));
            }
        }
    }
    let mut text = value.to_string();
    for (n, with) in raw.iter().enumerate() {
        text = text.replace(&format!("\"@{n}@!\""), with).replace(&format!("@{n}@"), with);
    }
    text
}

fn disturb(mut body: Vec<u8>, at: usize, what: usize) -> Vec<u8> {
    let at = at % (body.len() + 1);
    match what % 9 {
        0 => body.truncate(at),
        1 => body.insert(at, 0xff),
        2 => body.insert(at, 0),
        3 => body.extend_from_slice(b" {\"Victoria\": 1}"),
        4 => body = [b"\xef\xbb\xbf", body.as_slice()].concat(),
        5 => body = String::from_utf8_lossy(&body).encode_utf16().flat_map(u16::to_le_bytes).collect(),
        6 => body.splice(at..at, *b"\xf0\x9f\x98Victoria").for_each(drop),
        7 => body = body.repeat(2),
        _ => body.clear(),
    }
    body
}

impl Plan {
    /// The request that the plan makes.
    pub fn request(&self, keys: &Keys) -> Request {
        let (method, path, media) = ROUTES[self.route % ROUTES.len()];
        let body = good(method, path, media).map(|value| match media {
            "application/x-ndjson" => format!("{}\n{}", value, spoil(value.clone(), &self.changes)),
            _ => spoil(value, &self.changes),
        });
        let method = self.method.map_or(method, |at| pick(METHODS, at));
        let mut target = path.replace("CUSTOMER", &keys.customer);
        if let Some(at) = self.segment {
            let cut = target.rfind('/').unwrap();
            target = format!("{}/{}", &target[..cut], grown(pick(SEGMENTS, at)));
        }
        for (n, (name, value)) in self.queries.iter().enumerate() {
            let between = if n == 0 { '?' } else { '&' };
            write!(target, "{between}{}={}", pick(PARAMETERS, *name), grown(pick(VALUES, *value))).unwrap();
        }
        let admin = path.starts_with("/v1/admin");
        let (own, other) = if admin { (&keys.operator, &keys.tenant) } else { (&keys.tenant, &keys.operator) };
        let key = match self.key.map(|at| at % 3) {
            None => Some(own.as_str()),
            Some(0) => Some(other.as_str()),
            Some(1) => Some("glk_Victoria"),
            Some(_) => None,
        };
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: guestlog.example\r\n");
        if let Some(key) = key {
            write!(head, "Authorization: Bearer {key}\r\n").unwrap();
        }
        let media = self.media.map_or(media, |at| pick(MEDIA, at));
        if !media.is_empty() {
            write!(head, "Content-Type: {media}\r\n").unwrap();
        }
        for at in &self.headers {
            write!(head, "{}\r\n", grown(pick(HEADERS, *at))).unwrap();
        }
        let mut body = body.unwrap_or_default().into_bytes();
        if let Some((at, what)) = self.noise {
            body = disturb(body, at, what);
        }
        let mut bytes;
        if self.chunked && !body.is_empty() {
            bytes = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).into_bytes();
            bytes.extend_from_slice(&body);
            bytes.extend_from_slice(b"\r\n0\r\n\r\n");
        } else if body.is_empty() && method == "GET" {
            bytes = format!("{head}\r\n").into_bytes();
        } else {
            bytes = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
            bytes.extend_from_slice(&body);
        }
        Request { bytes, head: method == "HEAD" }
    }
}
