//! Things in the state that each route needs: cases of data subjects, an instruction, a webhook.

use crate::bodies::{case, webhook};
use crate::harness::{Answer, Served};
use guestlog::http::routes::Entry;
use serde_json::json;

/// A case where the route can be used.
pub fn case_for(served: &Served, key: &str, operator: &str, entry: &Entry) -> String {
    let id = |answer: &Answer| answer.json()["id"].as_str().unwrap().to_owned();
    if entry.path.starts_with("/v1/admin/") {
        let body = json!({"right": "access", "email": format!("{}@example.dk", uuid::Uuid::new_v4())});
        let asked = served.send("POST", "/v1/privacy-requests", None, &[], Some(body.to_string().as_bytes()));
        assert_eq!(asked.status, 202, "{}", asked.text);
        guestlog::jobs::run_due(&served.app).unwrap();
        let own = served.get("/v1/admin/rights/cases?state=received", operator).json();
        return own["data"][0]["id"].as_str().unwrap().to_owned();
    }
    if !entry.path.ends_with("/release") && !entry.path.ends_with("/file") {
        return id(&served.post("/v1/rights/cases", key, &case(None)));
    }
    let case = id(&served.post("/v1/rights/cases", key, &case(Some("guest-42"))));
    let decided = served.post(&format!("/v1/rights/cases/{case}/decision"), key, &json!({"decision": "approve"}));
    assert_eq!(decided.status, 200, "{}", decided.text);
    guestlog::jobs::run_due(&served.app).unwrap();
    if entry.path.ends_with("/file") {
        let released = served.send("POST", &format!("/v1/rights/cases/{case}/release"), Some(key), &[], None);
        assert_eq!(released.status, 200, "{}", released.text);
    }
    case
}

/// An instruction that can be ended, for the route that ends it.
pub fn delegate(served: &Served, key: &str, entry: &Entry) {
    if entry.path.ends_with("/delegations/{right}") {
        let body = json!({"document_sha256": "ab".repeat(32)}).to_string();
        served.send("PUT", "/v1/rights/delegations/access", Some(key), &[], Some(body.as_bytes()));
    }
}

/// A webhook that may be deleted.
pub fn doomed(served: &Served, key: &str) -> String {
    served.post("/v1/webhooks", key, &webhook()).json()["id"].as_str().unwrap().to_owned()
}
