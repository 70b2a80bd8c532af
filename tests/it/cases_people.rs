//! Whom a case is about, and what its decision does to the person: nobody else, and nothing that was not decided.

use crate::bodies::hold;
use crate::cases::{Desk, EMAIL, id};
use crate::harness::both;
use crate::raw::Raw;
use serde_json::{Value, json};

fn letter(desk: &Desk, right: &str, reference: Option<&str>) -> String {
    let mut case = json!({"right": right, "channel": "letter", "received_at": "2026-11-21T09:00:00Z"});
    if let Some(reference) = reference {
        case["ref"] = reference.into();
        case["verified_by"] = "known_in_person".into();
    }
    let answer = desk.house.send("POST", "/v1/rights/cases", Some(&case));
    assert_eq!(answer.status, 201, "{}", answer.text);
    id(&answer.json())
}

fn decide(desk: &Desk, case: &str, decision: &Value) {
    let answer = desk.act(case, "decision", decision);
    assert_eq!(answer.status, 200, "{}", answer.text);
    desk.work();
}

fn notices(desk: &Desk) -> Vec<String> {
    let notices = desk.house.get("/v1/notices").json();
    notices["data"].as_array().unwrap().iter().map(|notice| notice["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn who_was_named_by_mistake_is_let_be() {
    both(|kind| {
        let desk = Desk::new(kind);
        desk.guest("g2", "anden@example.dk");
        let case = letter(&desk, "erasure", None);
        for reference in ["g2", "g1"] {
            let body = json!({"method": "known_in_person", "ref": reference});
            assert_eq!(desk.act(&case, "verification", &body).status, 200);
        }
        assert_eq!(desk.case(&case)["refs"], json!(["g1"]));
        decide(&desk, &case, &json!({"decision": "approve"}));
        assert_eq!(desk.house.get("/v1/people/g1").status, 404);
        assert_eq!(desk.house.get("/v1/people/g2").status, 200, "somebody else");
    });
}

#[test]
fn a_code_to_a_shared_mailbox_shows_nobody() {
    both(|kind| {
        let desk = Desk::new(kind);
        desk.guest("g2", EMAIL);
        let body = json!({"document_sha256": "ab".repeat(32)});
        assert_eq!(desk.house.send("PUT", "/v1/rights/delegations/erasure", Some(&body)).status, 200);
        let request = desk.ask("erasure", EMAIL);
        desk.token(&request);
        desk.work();
        let cases = desk.cases();
        assert_eq!(cases.len(), 2);
        assert!(cases.iter().all(|case| case["state"] == "received" && case["verified"].is_null()), "{cases:#?}");
        assert_eq!(desk.house.get("/v1/people/g1").status, 200, "nobody was deleted at the word of a mailbox");
        // The customer knows who it is, and its instruction holds for that one.
        let of = cases.iter().find(|case| case["refs"] == json!(["g2"])).unwrap();
        let body = json!({"method": "knowledge", "ref": "g2"});
        assert_eq!(desk.act(&id(of), "verification", &body).status, 200);
        desk.work();
        assert_eq!(desk.house.get("/v1/people/g2").status, 404);
        assert_eq!(desk.house.get("/v1/people/g1").status, 200);
    });
}

#[test]
fn an_erasure_that_meets_a_restriction_is_not_told_as_done() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        // Before the worker comes to it, the person needs the data for a claim.
        let placed = desk.house.send("PUT", "/v1/people/g1/restriction", Some(&json!({"ground": "c"})));
        assert_eq!(placed.status, 200, "{}", placed.text);
        desk.work();
        let open = desk.case(&case);
        assert_eq!(
            (&open["state"], &open["decided"], &open["receipt_id"]),
            (&json!("verified"), &json!(null), &json!(null))
        );
        assert!(notices(&desk).contains(&"case_reopened".to_owned()), "{:?}", notices(&desk));
        assert!(!desk.mails(EMAIL).iter().any(|mail| mail.text.contains("Dine oplysninger er slettet")), "nothing was");
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 409);
        // The claim is settled: the same case goes on, and the kept receipt of the first try is not taken for the second.
        let told = desk.house.clock.now();
        let lifted = desk.house.send("DELETE", &format!("/v1/people/g1/restriction?told_at={told}"), None);
        assert_eq!(lifted.status, 204, "{}", lifted.text);
        desk.house.clock.set(told.plus_seconds(1));
        decide(&desk, &case, &json!({"decision": "approve"}));
        assert_eq!((desk.house.get("/v1/people/g1").status, &desk.case(&case)["state"]), (404, &json!("closed")));
        assert!(desk.mails(EMAIL).iter().any(|mail| mail.text.contains("Dine oplysninger er slettet")));
    });
}

#[test]
fn part_of_an_erasure_is_refused_by_a_hold_and_the_letter_says_which() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        let token = desk.token(&request);
        let case = id(&desk.cases()[0]);
        let partial = json!({"decision": "partial", "grounds": ["legal_obligation"], "reason": "Bilaget skal gemmes."});
        let early = desk.act(&case, "decision", &partial);
        assert_eq!((early.status, &early.json()["code"]), (409, &json!("case_state")), "nothing says what to keep");
        let place = hold("2031-01-01T00:00:00Z", &["name", "visits"]);
        assert_eq!(desk.house.send("POST", "/v1/people/g1/holds", Some(&place)).status, 201);
        // Decided as asked, it is done as far as the hold allows, and the person is told on what ground.
        decide(&desk, &case, &json!({"decision": "approve"}));
        let closed = desk.case(&case);
        assert_eq!(closed["decided"]["decision"], "partial");
        assert_eq!(closed["decided"]["grounds"], json!(["legal_obligation"]));
        let answer = desk.progress(&request, &token)["answers"][0].clone();
        assert!(answer["held_until"].is_string(), "{answer}");
        let law = place["law"].as_str().unwrap();
        let told = desk.mails(EMAIL).into_iter().find(|mail| mail.text.contains(law));
        let told = told.unwrap_or_else(|| panic!("no letter names {law}"));
        assert!(told.text.contains("litra b") && told.text.contains("1. januar 2031"), "{}", told.text);
        // What is left is the person's still: a later request for access reaches it.
        let access = letter(&desk, "access", Some("g1"));
        decide(&desk, &access, &json!({"decision": "approve"}));
        assert!(desk.case(&access)["prepared_at"].is_string());
        assert_eq!(desk.act(&access, "release", &json!({})).status, 200);
        let file = desk.house.get(&format!("/v1/rights/cases/{access}/file"));
        assert_eq!(file.status, 200, "{}", file.text);
    });
}

#[test]
fn a_delegated_decision_that_cannot_be_carried_out_was_never_made() {
    both(|kind| {
        let desk = Desk::new(kind);
        let body = json!({"document_sha256": "ab".repeat(32)});
        assert_eq!(desk.house.send("PUT", "/v1/rights/delegations/erasure", Some(&body)).status, 200);
        assert_eq!(desk.house.send("PUT", "/v1/people/g1/restriction", Some(&json!({"ground": "b"}))).status, 200);
        let request = desk.ask("erasure", EMAIL);
        desk.token(&request);
        desk.work();
        desk.later(1);
        desk.work();
        assert_eq!(desk.cases()[0]["state"], "verified", "the customer decides");
        let decided = Raw::of(&desk.house.home).count("audit_entries WHERE action = 'case.decided'");
        assert_eq!(decided, 0, "nobody may be told of a decision that does not stand");
    });
}

#[test]
fn an_objection_to_something_else_leaves_no_stop_behind() {
    both(|kind| {
        let desk = Desk::new(kind);
        let case = letter(&desk, "objection", Some("g1"));
        let stopped = desk.house.get("/v1/people/g1");
        assert_eq!(stopped.status, 200, "{}", stopped.text);
        assert_eq!(stopped.json()["restriction"]["ground"], "d", "until it is decided");
        decide(&desk, &case, &json!({"decision": "approve", "purpose": "marketing"}));
        let objections = desk.house.get("/v1/people/g1").json()["objections"].clone();
        let purposes: Vec<&str> =
            objections.as_array().unwrap().iter().map(|one| one["purpose"].as_str().unwrap()).collect();
        assert_eq!(purposes, ["marketing"]);
        assert!(notices(&desk).contains(&"restriction_over".to_owned()), "the customer is to lift it");
        let now = desk.house.clock.now();
        let lifted = desk.house.send("DELETE", &format!("/v1/people/g1/restriction?told_at={now}"), None);
        assert_eq!(lifted.status, 204, "{}", lifted.text);
    });
}

#[test]
fn a_case_never_weakens_what_stands() {
    both(|kind| {
        let desk = Desk::new(kind);
        // A withdrawn consent is absolute; an objection that is refused later does not undo it.
        let withdrawn = letter(&desk, "consent_withdrawal", Some("g1"));
        decide(&desk, &withdrawn, &json!({"decision": "approve"}));
        let before = desk.house.get("/v1/people/g1").json()["objections"].clone();
        assert_eq!((&before[0]["claim"], &before[0]["state"]), (&json!("withdrawal"), &json!("upheld")));
        let objection = letter(&desk, "objection", Some("g1"));
        assert_eq!(desk.house.get("/v1/people/g1").json()["objections"], before);
        drop(objection);
        // A restriction that keeps the data is not exchanged for one that nobody has named.
        let place = json!({"ground": "c", "reason": "Sagen for byretten"});
        assert_eq!(desk.house.send("PUT", "/v1/people/g1/restriction", Some(&place)).status, 200);
        let case = letter(&desk, "restriction", Some("g1"));
        decide(&desk, &case, &json!({"decision": "approve"}));
        assert_eq!(desk.house.get("/v1/people/g1").json()["restriction"]["ground"], "c");
    });
}

#[test]
fn nobody_is_told_no_who_is_held_by_now() {
    both(|kind| {
        let desk = Desk::new(kind);
        desk.ask("access", "sent@example.dk");
        desk.work();
        let case = id(&desk.cases().iter().find(|case| case["email"] == "sent@example.dk").unwrap().clone());
        // A kiosk without a network delivers its events later.
        desk.guest("late", "sent@example.dk");
        let refused = desk.act(&case, "decision", &json!({"decision": "approve"}));
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("case_state")), "{}", refused.text);
        let body = json!({"method": "knowledge", "ref": "late"});
        assert_eq!(desk.act(&case, "verification", &body).status, 200);
        decide(&desk, &case, &json!({"decision": "approve"}));
        assert!(desk.case(&case)["prepared_at"].is_string());
    });
}

#[test]
fn nothing_is_done_for_a_representative_without_a_mandate() {
    both(|kind| {
        let desk = Desk::new(kind);
        let case = json!({"right": "access", "channel": "email", "received_at": "2026-11-21T09:00:00Z", "ref": "g1",
            "verified_by": "known_in_person", "by_representative": true});
        let case = id(&desk.house.send("POST", "/v1/rights/cases", Some(&case)).json());
        let early = desk.act(&case, "decision", &json!({"decision": "approve"}));
        assert_eq!((early.status, &early.json()["code"]), (409, &json!("case_state")), "{}", early.text);
        let mandate = "Advokat Ane Holm, fuldmagt af 1. november 2026";
        let shown = json!({"method": "document", "ref": "g1", "mandate": mandate});
        assert_eq!(desk.act(&case, "verification", &shown).status, 200);
        decide(&desk, &case, &json!({"decision": "approve"}));
        assert_eq!(
            (&desk.case(&case)["mandate"], desk.act(&case, "release", &json!({})).status),
            (&json!(mandate), 200)
        );
    });
}
