//! The files of cases, and what is kept of a request: for whom, how long, and how often.

use crate::cases::{Desk, EMAIL, id};
use crate::harness::{at, both};
use crate::raw::Raw;
use serde_json::{Value, json};

/// A released file of the guest, with the request that leads to it and its token.
fn released(desk: &Desk) -> (String, String, String) {
    let request = desk.ask("access", EMAIL);
    let token = desk.token(&request);
    let case = id(&desk.cases()[0]);
    assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
    desk.work();
    assert_eq!(desk.act(&case, "release", &json!({})).status, 200);
    desk.work();
    (request, token, case)
}

fn pieces(desk: &Desk) -> i64 {
    Raw::of(&desk.house.home).count("case_files")
}

#[test]
fn the_letter_after_access_and_erasure_says_that_the_file_is_ready() {
    both(|kind| {
        let desk = Desk::new(kind);
        let access = desk.ask("access", EMAIL);
        let token = desk.token(&access);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        desk.house.delete("g1");
        assert_eq!(desk.act(&case, "release", &json!({})).status, 200);
        let letter = desk.mails(EMAIL).into_iter().find(|mail| mail.text.contains("Her er svaret")).unwrap();
        assert!(letter.text.contains("Din fil er klar"), "{}", letter.text);
        assert!(letter.text.contains("28. november 2026 kl. 13.00"), "{}", letter.text);
        let answer = desk.progress(&access, &token)["answers"][0].clone();
        assert_eq!(answer["held"], true);
        let file = desk.send("GET", &format!("/v1/privacy-requests/{access}/export"), Some(&token), None);
        assert_eq!(file.status, 200);
        assert_eq!(desk.progress(&access, &token)["answers"][0]["held"], true, "what was answered stays answered");
    });
}

#[test]
fn asking_whether_a_file_is_there_does_not_take_it() {
    both(|kind| {
        let desk = Desk::new(kind);
        let (request, token, case) = released(&desk);
        let path = format!("/v1/privacy-requests/{request}/export");
        for _ in 0..2 {
            let head = desk.send("HEAD", &path, Some(&token), None);
            assert_eq!((head.status, head.header("content-type")), (200, Some("application/zip")));
        }
        assert_eq!(desk.case(&case)["state"], "released");
        assert_eq!(desk.send("GET", &path, Some(&token), None).status, 200);
    });
}

#[test]
fn a_file_without_its_end_does_not_look_whole() {
    both(|kind| {
        let desk = Desk::new(kind);
        let (request, token, case) = released(&desk);
        let mut raw = Raw::of(&desk.house.home);
        raw.run("DELETE FROM case_files WHERE position = (SELECT max(position) FROM case_files)");
        let path = format!("/v1/privacy-requests/{request}/export");
        let client = crate::client::Client::new(desk.house.served.address);
        assert!(client.send("GET", &path, Some(&token), &[], None).is_err(), "the connection ends");
        assert_eq!(desk.case(&case)["state"], "released", "and it was not given out");
    });
}

#[test]
fn a_file_that_nobody_lets_go_does_not_stay() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("access", EMAIL);
        desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        let first = desk.case(&case)["prepared_at"].clone();
        desk.later(7);
        desk.work();
        let second = desk.case(&case)["prepared_at"].clone();
        assert!(second.is_string() && second != first, "made anew of what is held then: {first}, {second}");
        // The customer deletes the guest: the file is the only copy, so it waits, but not for ever.
        desk.house.delete("g1");
        desk.later(14);
        desk.work();
        assert_eq!((desk.case(&case)["state"].clone(), pieces(&desk) > 0), (json!("decided"), true));
        desk.later(20);
        desk.work();
        assert_eq!((desk.case(&case)["state"].clone(), pieces(&desk)), (json!("closed"), 0));
    });
}

#[test]
fn where_no_address_is_known_the_customer_hands_the_file_over() {
    both(|kind| {
        let desk = Desk::new(kind);
        let case = json!({"right": "access", "channel": "letter", "received_at": "2026-11-21T09:00:00Z", "ref": "g1",
            "verified_by": "known_in_person"});
        let case = id(&desk.house.send("POST", "/v1/rights/cases", Some(&case)).json());
        let path = format!("/v1/rights/cases/{case}/file");
        assert_eq!(desk.house.get(&path).status, 409, "before it is let go");
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        assert_eq!(desk.act(&case, "release", &json!({})).status, 200);
        let seen = || Raw::of(&desk.house.home).count("accesses WHERE purpose = 'GET /v1/rights/cases/{id}/file'");
        assert_eq!(seen(), 0);
        assert_eq!(desk.house.get(&path).status, 200);
        assert_eq!(seen(), 1, "the person can learn of it");
        let again = desk.house.get(&path);
        assert_eq!((again.status, &again.json()["code"]), (410, &json!("file_gone")));
        assert_eq!(desk.case(&case)["state"], "closed");
        // The person's own link is nobody else's.
        let (_, _, theirs) = {
            desk.house.clock.set(at("2026-11-22T12:00:00Z"));
            let request = desk.ask("access", EMAIL);
            let token = desk.token(&request);
            let theirs = desk.cases().into_iter().find(|case| case["channel"] == "form").unwrap();
            assert_eq!(desk.act(&id(&theirs), "decision", &json!({"decision": "approve"})).status, 200);
            desk.work();
            assert_eq!(desk.act(&id(&theirs), "release", &json!({})).status, 200);
            (request, token, id(&theirs))
        };
        assert_eq!(desk.house.get(&format!("/v1/rights/cases/{theirs}/file")).status, 409);
    });
}

#[test]
fn steps_may_be_repeated_and_nothing_of_an_erased_person_is_kept_for_it() {
    both(|kind| {
        let desk = Desk::new(kind);
        let keyed = |path: &str, key: &str, body: &Value| {
            let (house, body) = (&desk.house, body.to_string());
            house.served.send("POST", path, Some(&house.key), &[("idempotency-key", key)], Some(body.as_bytes()))
        };
        let draft = json!({"right": "erasure", "channel": "letter", "received_at": "2026-11-21T09:00:00Z", "ref": "g1",
            "email": "brev@example.dk", "verified_by": "known_in_person"});
        let first = keyed("/v1/rights/cases", "open-1", &draft);
        assert_eq!((first.status, &first.json()["refs"]), (201, &json!(["g1"])), "{}", first.text);
        let case = id(&first.json());
        let path = format!("/v1/rights/cases/{case}/decision");
        let decision = json!({"decision": "approve"});
        assert_eq!(keyed(&path, "decide-1", &decision).status, 200);
        desk.work();
        let again = keyed(&path, "decide-1", &decision);
        assert_eq!((again.status, &again.json()["state"]), (200, &json!("closed")), "the case as it is now");
        assert_eq!(keyed(&path, "decide-2", &decision).status, 409);
        assert_eq!(keyed(&path, "decide-1", &json!({"decision": "partial"})).status, 409, "another request");
        let again = keyed("/v1/rights/cases", "open-1", &draft);
        assert_eq!((again.status, id(&again.json())), (201, case), "no second case");
        assert_eq!(again.json()["refs"], json!([]), "the person is erased");
        // A hold, too, is placed once.
        desk.guest("g3", "tredje@example.dk");
        let hold = crate::bodies::hold("2030-01-01T00:00:00Z", &["name"]);
        let ids: Vec<String> = (0..2)
            .map(|_| {
                let answer = keyed("/v1/people/g3/holds", "hold-1", &hold);
                assert_eq!(answer.status, 201, "{}", answer.text);
                id(&answer.json())
            })
            .collect();
        assert_eq!(ids[0], ids[1]);
        let holds = desk.house.get("/v1/people/g3/holds").json();
        assert_eq!(holds["data"].as_array().unwrap().len(), 1);
        // Whatever a step shows of a person is written down like any reading.
        let seen = Raw::of(&desk.house.home).count("accesses WHERE purpose = 'GET /v1/rights/cases/{id}'");
        assert_eq!(seen, 2, "opened and decided; afterwards nobody was shown");
    });
}

#[test]
fn what_the_person_wrote_goes_from_the_request_as_well() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        let kept = || Raw::of(&desk.house.home).count("privacy_requests WHERE asked_sealed IS NOT NULL");
        desk.later(89);
        desk.work();
        assert_eq!(kept(), 1);
        desk.later(1);
        desk.work();
        assert_eq!(kept(), 0);
        let answer = desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None);
        assert_eq!(answer.status, 202, "told like anybody: {}", answer.text);
    });
}

#[test]
fn who_comes_back_day_after_day_gets_a_code_each_time() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("access", EMAIL);
        for day in 0..12 {
            desk.token(&request);
            desk.later(2);
            desk.work();
            let answer = desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None);
            assert_eq!(answer.status, 202, "day {day}: {}", answer.text);
        }
        assert_eq!(desk.mails(EMAIL).iter().filter(|mail| mail.has_code().is_some()).count(), 13);
        // But not more than ten in a day.
        for _ in 0..15 {
            desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None);
        }
        assert_eq!(desk.mails(EMAIL).iter().filter(|mail| mail.has_code().is_some()).count(), 13 + 9);
    });
}

#[test]
fn who_writes_otherwise_is_told_where_to_follow_it() {
    both(|kind| {
        let desk = Desk::new(kind);
        let case = json!({"right": "access", "channel": "letter", "received_at": "2026-11-20T09:00:00Z", "ref": "g1",
            "email": "brev@example.dk", "locale": "en", "verified_by": "known_in_person"});
        assert_eq!(desk.house.send("POST", "/v1/rights/cases", Some(&case)).status, 201);
        let letter = desk.mail("brev@example.dk");
        assert!(letter.text.contains("We have received your request") && letter.text.contains("/privacy/requests/"));
        let link = letter.text.split("/privacy/requests/").nth(1).unwrap();
        let request = &link[..36];
        assert_eq!(desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None).status, 202);
        let code = desk.mail("brev@example.dk").code();
        assert_eq!(desk.enter(request, &code).status, 200);
    });
}
