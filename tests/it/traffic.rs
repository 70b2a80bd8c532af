//! Requests through every route that takes or shows personal data, with canaries in every personal field.

use crate::client::Client;
use crate::harness::Answer;
use crate::search::Canary;
use guestlog::app::mail::Mail;
use guestlog::clock::Clock;
use guestlog::domain::contact::Email;
use guestlog::domain::text::Subject;
use serde_json::{Value, json};

/// One request, and the status of its answer.
pub struct Call {
    pub method: String,
    pub path: String,
    /// Sent with the operator's key, not with the customer's.
    pub operator: bool,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub status: u16,
}

impl Call {
    pub fn new(method: &str, path: impl Into<String>, status: u16) -> Self {
        let (method, path) = (method.to_owned(), path.into());
        Self { method, path, operator: false, headers: Vec::new(), body: None, status }
    }

    /// Sends it with a key, whatever the status of the answer.
    pub fn send(&self, client: &Client, key: Option<&str>) -> Answer {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.send(&self.method, &self.path, key, &headers, self.body.as_deref()).unwrap()
    }

    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string(), "application/json")
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>, media: &str) -> Self {
        self.headers.push(("content-type", media.to_owned()));
        self.body = Some(body.into());
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn operator(mut self) -> Self {
        self.operator = true;
        self
    }
}

/// The number of the licence under which all events are logged: field 0.
pub fn license_number(canary: &Canary) -> String {
    canary.text(0)
}

/// The day on which everything happens, as `2026-11-21`: yesterday, since an event of long ago makes nobody.
pub fn day() -> String {
    Clock::System.now().plus_seconds(-86_400).to_string()[..10].to_owned()
}

/// The name of the device, which is kept in the clear.
pub const DEVICE: &str = "reception-1";

/// Requests of the operator, whose kept answers hold a number and a secret.
pub fn operator(canary: &Canary, customer: &str) -> Vec<Call> {
    let path = format!("/v1/admin/customers/{customer}");
    let license = json!({"license_number": canary.text(40), "name": "Bagindgang"});
    let key = json!({"scopes": ["events:read"], "license_number": license_number(canary)});
    let post = |below: &str, body: &Value| Call::new("POST", format!("{path}/{below}"), 201).operator().json(body);
    vec![
        post("licenses", &license).header("idempotency-key", canary.text(41)),
        post("licenses", &license).header("idempotency-key", canary.text(41)),
        post("keys", &key).header("idempotency-key", canary.text(42)),
        Call::new("GET", format!("{path}/licenses"), 200).operator(),
        Call::new("PATCH", path.clone(), 200).operator().json(&json!({
            "legal_name": format!("{} Drift A/S", canary.text(43)),
            "contact_name": canary.text(44),
            "address": format!("{}vej 1", canary.text(45)),
            "email": canary.email(46),
            "phone": canary.phone(47),
        })),
        Call::new("GET", path, 200).operator(),
        Call::new("GET", "/v1/admin/customers", 200).operator(),
    ]
}

/// A mail to somebody, which waits to be sent.
pub fn letter(canary: &Canary) -> Mail {
    Mail {
        to: Email::new(canary.email(50)).unwrap(),
        kind: "test_letter",
        subject: Subject::new(canary.text(51)).unwrap(),
        text: format!("Kære {}", canary.text(52)),
        html: Some(format!("<p>Kære {}</p>", canary.text(53))),
        not_after: None,
    }
}

/// Everything of an event but its envelope.
fn data(canary: &Canary, shape: &str) -> Value {
    json!({
        "license_number": license_number(canary),
        "device": DEVICE,
        "visit_ref": format!("{}-{shape}", canary.text(1)),
        "person": {
            "ref": format!("{}-{shape}", canary.text(2)),
            "kind": "guest",
            "name": format!("Åse {} Ø", canary.text(3)),
            "email": canary.email(4),
            "phone": canary.phone(5),
            "company": format!("{} A/S", canary.text(6)),
            "vehicle_plate": canary.text(7),
        },
        "host": {
            "ref": canary.text(8),
            "name": canary.text(9),
            "email": canary.email(10),
        },
        "recipients": [
            {"ref": canary.text(11), "channel": "sms", "address": canary.phone(12), "status": "sent"},
            {"ref": canary.text(8), "channel": "email", "address": canary.email(13), "status": "failed"},
        ],
        "ip": canary.ip(),
        "origin": "kiosk",
    })
}

/// An event of the guest of one shape.
pub fn event(canary: &Canary, shape: &str, id: u128, kind: &str) -> Value {
    let mut event = data(canary, shape);
    event["id"] = json!(uuid::Uuid::from_u128(id));
    event["type"] = kind.into();
    event["occurred_at"] = format!("{}T09:{id:02}:00+02:00", day()).into();
    event
}

fn cloud_event(canary: &Canary, shape: &str, id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": format!("{}-{id}", canary.text(14)), "source": format!("/{}", canary.text(15)),
        "type": "visit.checked_in", "time": format!("{}T07:30:00Z", day()), "data": data(canary, shape),
    })
}

/// Events in every form, people by PUT and PATCH, and every list and filter that shows them.
pub fn personal(canary: &Canary) -> Vec<Call> {
    let mut calls = events(canary);
    calls.extend(people(canary));
    calls.extend(deletions(canary));
    let [guest, host, number] = [format!("{}-one", canary.text(2)), canary.text(8), license_number(canary)];
    let (email, phone) = (canary.email(4), canary.phone(5).replace('+', "%2B"));
    for path in [
        "/v1/events?limit=200".to_owned(),
        format!("/v1/events?person={guest}&license={number}&type=visit.checked_in"),
        format!("/v1/events/{}", uuid::Uuid::from_u128(1)),
        format!("/v1/visits?person={guest}&license={number}&host={host}"),
        format!("/v1/visits/on-site?license={number}"),
        format!("/v1/statistics/visits?by=day&license={number}&from={0}T00:00:00Z&to={0}T23:00:00Z", day()),
        "/v1/people?kind=guest".to_owned(),
        format!("/v1/people?email={email}"),
        format!("/v1/people?phone={phone}"),
        format!("/v1/people/{guest}"),
        "/v1/devices".to_owned(),
    ] {
        calls.push(Call::new("GET", path, 200));
    }
    let beat = json!({"app_version": "1.2.3", "queued_events": 3});
    calls.push(Call::new("POST", format!("/v1/devices/{DEVICE}/heartbeat"), 204).json(&beat));
    calls
}

fn events(canary: &Canary) -> Vec<Call> {
    let post = |status| Call::new("POST", "/v1/events", status);
    let one = event(canary, "one", 1, "visit.checked_in");
    let mut other = one.clone();
    other["person"]["name"] = canary.text(16).into();
    let mut refused = event(canary, "cpr", 9, "visit.checked_in");
    refused["person"]["name"] = format!("{} 010190-1234", canary.text(17)).into();
    let mut corrected = event(canary, "one", 5, "visit.checked_in");
    corrected["corrects"] = one["id"].clone();
    let mut lines = event(canary, "lines", 6, "visit.expected").to_string();
    lines.push('\n');
    lines.push_str(&event(canary, "lines", 7, "notification.sent").to_string());
    let batch = json!([cloud_event(canary, "clouds", "b"), cloud_event(canary, "clouds", "c")]);
    vec![
        post(201).json(&one),
        post(200).json(&one),
        post(409).json(&other),
        post(200).json(&json!({"events": [
            event(canary, "batch", 2, "visit.checked_in"),
            event(canary, "batch", 3, "visit.checked_out"),
            refused,
            other,
        ]})),
        post(422).json(&refused),
        post(201).json(&corrected),
        post(200).body(lines, "application/x-ndjson"),
        post(201).body(cloud_event(canary, "cloud", "a").to_string(), "application/cloudevents+json"),
        post(200).body(batch.to_string(), "application/cloudevents-batch+json"),
        post(201)
            .json(&data(canary, "binary"))
            .header("ce-specversion", "1.0")
            .header("ce-id", canary.text(14))
            .header("ce-source", format!("/{}", canary.text(15)))
            .header("ce-type", "visit.checked_out")
            .header("ce-time", format!("{}T09:30:00Z", day())),
    ]
}

fn people(canary: &Canary) -> Vec<Call> {
    let path = format!("/v1/people/{}", canary.text(20));
    let fields = |from: u8| {
        json!({
            "name": canary.text(from),
            "email": canary.email(from + 1),
            "phone": canary.phone(from + 2),
            "company": canary.text(from + 3),
            "vehicle_plate": canary.text(from + 4),
        })
    };
    // Nobody is there, so that what it is to be told stays.
    let webhook = json!({"url": format!("https://hooks.invalid/{}", canary.text(48))});
    vec![
        Call::new("POST", "/v1/webhooks", 201).json(&webhook),
        Call::new("GET", "/v1/webhooks", 200),
        Call::new("PUT", path.as_str(), 201).json(&fields(21)),
        Call::new("PUT", path.as_str(), 200).json(&fields(26)),
        Call::new("PATCH", path.as_str(), 200).body(fields(31).to_string(), "application/merge-patch+json"),
        Call::new("PATCH", path.as_str(), 200).json(&json!({"company": null})),
        Call::new("PUT", format!("/v1/people/{}-one", canary.text(2)), 200).json(&fields(36)),
        Call::new("GET", path.as_str(), 200),
        Call::new("PUT", format!("{path}/statement"), 200).json(&json!({"text": canary.text(48)})),
        Call::new("PUT", format!("{path}/objections/improvement"), 200)
            .json(&json!({"state": "overruled", "grounds": canary.text(49)})),
        Call::new("POST", format!("{path}/holds"), 201)
            .json(&json!({"ground": "e", "law": format!("Sag 1 {}", canary.text(50)),
            "fields": ["name"], "ends_at": "2030-01-01T00:00:00Z"})),
        Call::new("GET", format!("{path}/holds"), 200),
        Call::new("PUT", format!("{path}/restriction"), 200).json(&json!({"ground": "b", "reason": canary.text(43)})),
        Call::new("DELETE", path, 409),
    ]
}

/// People who come and are deleted, late events of theirs, and the receipts.
fn deletions(canary: &Canary) -> Vec<Call> {
    let [one, two] = [44, 45].map(|field| canary.text(field));
    let put =
        |reference: &str| Call::new("PUT", format!("/v1/people/{reference}"), 201).json(&json!({"name": reference}));
    let mut late = event(canary, "late", 8, "visit.checked_in");
    late["person"]["ref"] = one.clone().into();
    vec![
        put(&one),
        put(&two),
        Call::new("DELETE", format!("/v1/people/{one}?nonce=n-1"), 200).header("idempotency-key", canary.text(46)),
        Call::new("DELETE", format!("/v1/people/{one}?nonce=n-1"), 200).header("idempotency-key", canary.text(46)),
        Call::new("POST", "/v1/deletions", 200).json(&json!({"refs": [two, canary.text(47)]})),
        Call::new("POST", "/v1/events", 200).json(&late),
        Call::new("PUT", format!("/v1/people/{one}"), 409).json(&json!({})),
        Call::new("GET", "/v1/deletions", 200),
        Call::new("GET", "/v1/notices", 200),
    ]
}
