//! What each route takes, for the tests that try every route.

use guestlog::http::routes::Entry;
use serde_json::{Value, json};

pub const NOW: &str = "2026-11-21T12:00:00Z";
pub const EVENT: &str = "00000000-0000-0000-0000-000000000001";

/// A check-in of the person who is there.
pub fn event(id: &str, license: &str) -> Value {
    json!({"id": id, "type": "visit.checked_in", "occurred_at": NOW, "license_number": license,
        "device": "reception-1", "person": {"ref": "guest-42", "name": "Åse"}})
}

/// An agreement that is not signed.
pub fn agreement() -> Value {
    json!({"document_sha256": "0".repeat(64), "parties": ["Kunde"], "in_force_from": NOW, "visits_days": 365})
}

/// A hold on what is named.
pub fn hold(ends_at: &str, fields: &[&str]) -> Value {
    json!({"ground": "b", "law": "Bogføringsloven § 12", "fields": fields, "ends_at": ends_at})
}

/// An endpoint that nobody sends to in these tests.
pub fn webhook() -> Value {
    json!({"url": "https://hooks.example.com/guestlog"})
}

/// The deletion of a person, which succeeds whoever is there.
pub fn is_deletion(entry: &Entry) -> bool {
    entry.method == "DELETE" && entry.path == "/v1/people/{ref}"
}

/// A body that the route takes.
pub fn body(entry: &Entry) -> Option<Value> {
    match (entry.method.as_str(), entry.path) {
        ("GET" | "DELETE", _)
        | (
            _,
            "/privacy/request"
            | "/privacy/requests/{id}"
            | "/privacy/requests/{id}/code"
            | "/privacy/requests/{id}/file"
            | "/privacy/requests/{id}/transfer"
            | "/v1/privacy-requests/{id}/code"
            | "/v1/rights/cases/{id}/release"
            | "/v1/admin/customers/{id}/retention-agreements/{agreement}/end"
            | "/v1/webhooks/{id}/test"
            | "/v1/webhooks/{id}/deliveries/{delivery}/redeliver",
        ) => None,
        ("POST", "/v1/deletions") => Some(json!({"refs": ["nobody"]})),
        ("POST", "/v1/reconciliations") => Some(json!({"ref": "guest-42"})),
        ("PUT", "/v1/people/{ref}/restriction") => Some(json!({"ground": "a"})),
        ("PUT", "/v1/people/{ref}/objections/{purpose}") | ("POST", "/v1/webhooks/{id}/secret") => Some(json!({})),
        ("PUT", "/v1/people/{ref}/statement") => Some(json!({"text": "Jeg hedder Åse med Å."})),
        ("POST", "/v1/people/{ref}/holds") => Some(hold("2027-11-21T12:00:00Z", &["name"])),
        ("POST", "/v1/events") => Some(event(EVENT, "L-1")),
        ("POST", "/v1/devices/{device}/heartbeat") => Some(json!({"queued_events": 0})),
        ("PUT" | "PATCH", "/v1/people/{ref}") => Some(json!({"company": "Nordlys"})),
        ("POST", "/v1/admin/customers") | ("PATCH", "/v1/admin/customers/{id}") => Some(json!({"name": "Kunde"})),
        ("POST", "/v1/admin/customers/{id}/licenses") => {
            Some(json!({"license_number": uuid::Uuid::new_v4(), "name": "Dør"}))
        }
        ("PATCH", "/v1/admin/customers/{id}/licenses/{license}") => Some(json!({"name": "Dør"})),
        ("POST", "/v1/admin/customers/{id}/keys") => Some(json!({"scopes": ["events:read"]})),
        ("PATCH", "/v1/admin/customers/{id}/keys/{key_id}") => Some(json!({"revoked": true})),
        ("POST", "/v1/admin/customers/{id}/retention-agreements") => Some(agreement()),
        ("POST", "/v1/rights/cases") => Some(case(None)),
        ("POST", "/v1/rights/cases/{id}/verification") => Some(json!({"method": "signed_in", "ref": "guest-42"})),
        ("POST", "/v1/rights/cases/{id}/extension" | "/v1/admin/rights/cases/{id}/extension") => {
            Some(json!({"ground": "number", "reason": "Der er mange."}))
        }
        ("POST", "/v1/rights/cases/{id}/decision" | "/v1/admin/rights/cases/{id}/decision") => {
            Some(json!({"decision": "approve"}))
        }
        ("PUT", "/v1/rights/delegations/{right}") => Some(json!({"document_sha256": "ab".repeat(32)})),
        ("POST", "/v1/privacy-requests") => Some(json!({"right": "access", "email": "nogen@example.dk"})),
        ("PUT", "/v1/privacy-requests/{id}/transfer") => Some(json!({"url": "https://modtag.example.com/filer"})),
        ("POST", "/v1/privacy-requests/{id}/verification") => Some(json!({"code": "12345678"})),
        ("POST", "/v1/webhooks") => Some(webhook()),
        ("PATCH", "/v1/webhooks/{id}") => Some(json!({"description": "Adgangskort"})),
        (method, path) => panic!("say here what a good {method} {path} is"),
    }
}

/// A case that came by letter; about a person it is a request for access, and it is shown who asks.
pub fn case(about: Option<&str>) -> Value {
    let mut case = json!({"right": "rectification", "channel": "letter", "received_at": "2026-11-21T09:00:00Z"});
    if let Some(reference) = about {
        case["right"] = "access".into();
        case["ref"] = reference.into();
        case["verified_by"] = "known_in_person".into();
    }
    case
}
