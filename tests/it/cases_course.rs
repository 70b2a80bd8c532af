//! The course of cases of data subjects: warnings, extension, codes, pace, and what is forgotten when.

use crate::cases::{Desk, EMAIL, id};
use crate::harness::{Answer, both, key};
use serde_json::json;

#[test]
fn a_case_that_nobody_decides_is_loud() {
    both(|kind| {
        let desk = Desk::new(kind);
        desk.ask("erasure", EMAIL);
        desk.work();
        let kinds = |desk: &Desk| {
            let notices = desk.house.get("/v1/notices").json();
            let data = notices["data"].as_array().unwrap().clone();
            data.iter().map(|notice| notice["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mails = |desk: &Desk| desk.mails("kontakt@kunde.example").len();
        assert_eq!((kinds(&desk).len(), mails(&desk)), (0, 1));
        // Half, three quarters and nine tenths of the time to the end of 21 December.
        for (days, warnings) in [(15, 0), (1, 1), (6, 1), (1, 2), (5, 3), (2, 3)] {
            desk.later(days);
            desk.work();
            assert_eq!((kinds(&desk).len(), mails(&desk)), (warnings, 1 + warnings), "after {days} more days");
        }
        desk.later(1);
        desk.work();
        assert_eq!(kinds(&desk)[0], "case_overdue");
        desk.later(1);
        desk.work();
        assert_eq!(kinds(&desk)[..2], ["case_overdue", "case_overdue"], "every day");
        let all = desk.send("GET", "/v1/admin/notices", Some(&desk.operator), None).json();
        assert!(all["data"].as_array().unwrap().iter().any(|notice| notice["kind"] == "case_overdue"), "{all}");
    });
}

#[test]
fn an_extension_counts_from_the_receipt_and_comes_in_time_or_not_at_all() {
    both(|kind| {
        let desk = Desk::new(kind);
        let open = |received_at: &str| {
            let body = json!({"right": "access", "channel": "email", "received_at": received_at, "ref": "g1",
                "email": EMAIL, "verified_by": "known_in_person"});
            let answer = desk.house.send("POST", "/v1/rights/cases", Some(&body));
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.json()
        };
        let body = json!({"ground": "complexity", "reason": "Der er mange besøg."});
        // Received on 31 October by the clock in Denmark.
        let case = open("2026-10-30T23:30:00Z");
        assert_eq!(case["dates"]["safe_on"], "2026-11-30");
        assert_eq!(case["dates"]["extend_until"], "2026-11-30");
        let extended = desk.act(&id(&case), "extension", &body);
        assert_eq!(extended.status, 200, "{}", extended.text);
        let dates = extended.json()["dates"].clone();
        assert_eq!((&dates["safe_on"], &dates["legal_on"]), (&json!("2027-01-31"), &json!("2027-02-01")));
        assert_eq!(desk.act(&id(&case), "extension", &body).status, 409, "once");
        let letter = desk.mails(EMAIL).into_iter().find(|mail| mail.text.contains("mange besøg")).unwrap();
        assert!(letter.text.contains("31. januar 2027"), "{}", letter.text);
        let late = open("2026-10-20T10:00:00Z");
        let refused = desk.act(&id(&late), "extension", &body);
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("case_state")), "a month is over");
        let ahead = json!({"right": "access", "channel": "letter", "received_at": "2026-11-21T12:00:01Z"});
        assert_eq!(desk.house.send("POST", "/v1/rights/cases", Some(&ahead)).status, 422);
    });
}

#[test]
fn codes_are_few_short_lived_and_tell_nothing() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("access", EMAIL);
        let code = desk.code();
        let unknown = desk.enter("0f8fad5b-d9cb-469f-a165-70867728950e", &code);
        let wrong = desk.enter(&request, "00000000");
        let plain = |answer: &Answer| {
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("instance");
            (answer.status, body)
        };
        assert_eq!(plain(&unknown), plain(&wrong), "an unknown request is answered in the same words");
        for _ in 0..4 {
            assert_eq!(desk.enter(&request, "00000000").status, 403);
        }
        assert_eq!(desk.enter(&request, &code).status, 403, "tried too often");
        assert_eq!(desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None).status, 202);
        let second = desk.code();
        desk.house.clock.set(desk.house.clock.now().plus_seconds(15 * 60));
        assert_eq!(desk.enter(&request, &second).status, 403, "too old");
        assert_eq!(desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None).status, 202);
        let third = desk.code();
        let spaced = format!(" {} {} ", &third[..4], &third[4..]);
        let token = desk.enter(&request, &spaced).json()["token"].as_str().unwrap().to_owned();
        assert_eq!(desk.enter(&request, &third).status, 403, "once");
        desk.progress(&request, &token);
        desk.house.clock.set(desk.house.clock.now().plus_seconds(3_600));
        assert_eq!(desk.send("GET", &format!("/v1/privacy-requests/{request}"), Some(&token), None).status, 401);
    });
}

#[test]
fn too_many_requests_are_sent_to_a_human() {
    both(|kind| {
        let desk = Desk::new(kind);
        for _ in 0..5 {
            desk.ask("access", EMAIL);
        }
        let body = json!({"right": "access", "email": " Mette.Holm@EXAMPLE.dk "});
        let answer = desk.send("POST", "/v1/privacy-requests", None, Some(&body));
        assert_eq!(answer.status, 429, "another spelling is the same address: {}", answer.text);
        assert!(
            answer.header("retry-after").is_some() && answer.json()["detail"].as_str().unwrap().contains("write to us")
        );
        let other = json!({"right": "access", "email": "anden@example.dk"});
        assert_eq!(desk.send("POST", "/v1/privacy-requests", None, Some(&other)).status, 202);
    });
}

#[test]
fn a_case_forgets_the_person_and_then_goes() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        assert_eq!(desk.case(&case)["email"], EMAIL);
        desk.later(90);
        desk.work();
        let wiped = desk.case(&case);
        assert_eq!((&wiped["email"], &wiped["decided"]["decision"]), (&json!(null), &json!("approve")));
        desk.later(640);
        desk.work();
        // The house's own key has ended with its year.
        let later = key(&desk.house.served.app, Some(desk.house.site.customer), "rights", None);
        assert_eq!(desk.house.served.get(&format!("/v1/rights/cases/{case}"), &later).status, 404);
    });
}
