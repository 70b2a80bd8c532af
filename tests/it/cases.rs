//! Cases of data subjects, from the request to its end: who decides, by when, and what is carried out.

use crate::deletions::House;
use crate::harness::{Answer, both, key};
use crate::mailbox::{self, Mail};
use guestlog::jobs::run_due;
use serde_json::{Value, json};

/// A house whose clock says 12:00 on 21 November 2026, with a guest who has an address.
pub struct Desk {
    pub house: House,
    pub operator: String,
}

pub const EMAIL: &str = "mette.holm@example.dk";

impl Desk {
    pub fn new(kind: crate::harness::Kind) -> Self {
        Self::with(kind, &[])
    }

    pub fn with(kind: crate::harness::Kind, settings: &[(&str, &str)]) -> Self {
        let house = House::with(kind, settings);
        let operator = key(&house.served.app, None, "admin", None);
        let desk = Self { house, operator };
        desk.guest("g1", EMAIL);
        let contact = json!({"email": "kontakt@kunde.example", "legal_name": "Kunde A/S"});
        let path = format!("/v1/admin/customers/{}", desk.house.site.customer);
        let told = desk.send("PATCH", &path, Some(&desk.operator), Some(&contact));
        assert_eq!(told.status, 200, "{}", told.text);
        desk
    }

    pub fn guest(&self, reference: &str, email: &str) {
        let put = json!({"kind": "guest", "name": format!("Navn {reference}"), "email": email});
        let answer = self.house.send("PUT", &format!("/v1/people/{reference}"), Some(&put));
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        let event = self.house.event(
            u128::from(reference.bytes().map(u32::from).sum::<u32>()),
            "visit.checked_in",
            "2026-11-21T08:00:00Z",
            reference,
            Some("h1"),
        );
        assert_eq!(event.status, 201, "{}", event.text);
    }

    pub fn send(&self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        self.house.served.send(method, path, key, &[], body.as_deref())
    }

    pub fn work(&self) {
        while run_due(&self.house.served.app).unwrap() > 0 {}
    }

    pub fn later(&self, days: i64) {
        self.house.clock.set(self.house.clock.now().plus_seconds(days * 86_400));
    }

    /// Files a request by the public form, and gives its id.
    pub fn ask(&self, right: &str, email: &str) -> String {
        let customer = self.house.site.customer.to_string();
        let body = json!({"right": right, "email": email, "customer": customer, "locale": "da"});
        let answer = self.send("POST", "/v1/privacy-requests", None, Some(&body));
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The last mail to an address, after everything that waits was sent.
    pub fn mail(&self, to: &str) -> Mail {
        mailbox::last(&self.house.served.app, &self.house.home.dir, to)
    }

    pub fn mails(&self, to: &str) -> Vec<Mail> {
        self.work();
        mailbox::mails(&self.house.home.dir).into_iter().filter(|mail| mail.to.contains(to)).collect()
    }

    pub fn enter(&self, id: &str, code: &str) -> Answer {
        self.send("POST", &format!("/v1/privacy-requests/{id}/verification"), None, Some(&json!({"code": code})))
    }

    /// The last code that was mailed.
    pub fn code(&self) -> String {
        let mails = self.mails(EMAIL);
        mails.iter().rev().find_map(Mail::has_code).unwrap().to_owned()
    }

    /// Enters the code that was mailed, and gives the token.
    pub fn token(&self, id: &str) -> String {
        let code = self.code();
        let answer = self.enter(id, &code);
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.work();
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub fn progress(&self, id: &str, token: &str) -> Value {
        let answer = self.send("GET", &format!("/v1/privacy-requests/{id}"), Some(token), None);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub fn cases(&self) -> Vec<Value> {
        self.house.get("/v1/rights/cases").json()["data"].as_array().unwrap().clone()
    }

    pub fn act(&self, case: &str, what: &str, body: &Value) -> Answer {
        self.house.send("POST", &format!("/v1/rights/cases/{case}/{what}"), Some(body))
    }

    pub fn case(&self, case: &str) -> Value {
        self.house.get(&format!("/v1/rights/cases/{case}")).json()
    }
}

pub fn id(case: &Value) -> String {
    case["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_erasure_goes_from_the_form_to_the_receipt() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        let token = desk.token(&request);
        let told = desk.mails("kontakt@kunde.example");
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(!told[0].text.contains(EMAIL) && !told[0].text.contains("Navn"), "{}", told[0].text);
        let cases = desk.cases();
        assert_eq!(cases.len(), 1);
        let case = id(&cases[0]);
        assert_eq!((&cases[0]["state"], &cases[0]["refs"]), (&json!("verified"), &json!(["g1"])));
        assert_eq!(cases[0]["verified"]["method"], "code");
        // Until it is decided the person learns that it was passed on, and nothing of data.
        let before = desk.progress(&request, &token);
        assert_eq!((&before["state"], &before["answers"]), (&json!("verified"), &json!([])));
        assert!(before["passed_on_at"].is_string());
        assert_eq!((&before["target_on"], &before["safe_on"]), (&json!("2026-12-05"), &json!("2026-12-21")));

        let decided = desk.act(&case, "decision", &json!({"decision": "approve"}));
        assert_eq!(decided.status, 200, "{}", decided.text);
        desk.work();
        assert_eq!(desk.house.get("/v1/people/g1").status, 404);
        assert_eq!(desk.house.get("/v1/people/h1").status, 200, "the host stays");
        let closed = desk.case(&case);
        assert_eq!((&closed["state"], &closed["refs"]), (&json!("closed"), &json!([])));
        let receipt = desk.house.get(&format!("/v1/deletions/{}", closed["receipt_id"].as_str().unwrap())).json();
        assert_eq!((&receipt["origin"], &receipt["erased"]["people"]), (&json!("case"), &json!(1)));
        let after = desk.progress(&request, &token);
        assert_eq!((&after["state"], &after["answers"][0]["decision"]), (&json!("closed"), &json!("approve")));
        assert_eq!(after["answers"][0]["held"], true);
        let letter =
            desk.mails(EMAIL).into_iter().find(|mail| mail.text.contains("Dine oplysninger er slettet")).unwrap();
        assert!(letter.text.contains("Datatilsynet") && letter.text.contains("Kunde A/S"), "{}", letter.text);
        let again = desk.act(&case, "decision", &json!({"decision": "approve"}));
        assert_eq!((again.status, &again.json()["code"]), (409, &json!("case_state")));
    });
}

#[test]
fn a_file_is_released_in_two_steps_and_fetched_once() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("access", EMAIL);
        let token = desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "release", &json!({})).status, 409, "before it is decided");
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        let path = format!("/v1/privacy-requests/{request}/export");
        assert_eq!(desk.send("GET", &path, Some(&token), None).status, 404, "before it is released");
        assert_eq!(desk.progress(&request, &token)["answers"], json!([]), "a file that is prepared is no answer yet");
        assert_eq!(desk.act(&case, "release", &json!({})).status, 200);
        assert_eq!(desk.act(&case, "release", &json!({})).status, 409, "once");
        desk.work();
        let released = desk.progress(&request, &token);
        assert_eq!(released["state"], "released");
        assert_eq!(released["answers"][0]["file_until"], "2026-11-28T12:00:00.000000Z");
        assert_eq!(desk.send("GET", &path, Some("wrong"), None).status, 401);
        let file = desk.send("GET", &path, Some(&token), None);
        assert_eq!((file.status, file.header("content-type")), (200, Some("application/zip")));
        assert!(file.text.starts_with("PK"), "a ZIP file");
        let again = desk.send("GET", &path, Some(&token), None);
        assert_eq!((again.status, &again.json()["code"]), (410, &json!("file_gone")));
        assert_eq!(desk.case(&case)["state"], "closed");
        assert!(desk.case(&case)["downloaded_at"].is_string());
    });
}

#[test]
fn a_file_that_nobody_fetches_goes_after_seven_days() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("portability", EMAIL);
        desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        assert_eq!(desk.act(&case, "release", &json!({})).status, 200);
        desk.work();
        desk.later(7);
        desk.work();
        assert_eq!(desk.case(&case)["state"], "closed");
        assert_eq!(desk.send("POST", &format!("/v1/privacy-requests/{request}/code"), None, None).status, 202);
        let token = desk.token(&request);
        let gone = desk.send("GET", &format!("/v1/privacy-requests/{request}/export"), Some(&token), None);
        assert_eq!(gone.status, 410, "{}", gone.text);
    });
}

#[test]
fn export_comes_before_the_erasure_of_the_same_person() {
    both(|kind| {
        let desk = Desk::new(kind);
        let access = desk.ask("access", EMAIL);
        let token = desk.token(&access);
        desk.house.clock.set(desk.house.clock.now().plus_seconds(60));
        let erasure = desk.ask("erasure", EMAIL);
        desk.token(&erasure);
        let of = |right: &str| id(desk.cases().iter().find(|case| case["right"] == right).unwrap());
        let (access_case, erasure_case) = (of("access"), of("erasure"));
        assert_eq!(desk.act(&erasure_case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        assert_eq!(desk.house.get("/v1/people/g1").status, 200, "waits for the file");
        assert_eq!(desk.act(&access_case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        desk.house.clock.set(desk.house.clock.now().plus_seconds(601));
        desk.work();
        assert_eq!(desk.house.get("/v1/people/g1").status, 404, "the file is made, so the data go");
        assert_eq!(desk.act(&access_case, "release", &json!({})).status, 200);
        desk.work();
        let file = desk.send("GET", &format!("/v1/privacy-requests/{access}/export"), Some(&token), None);
        assert_eq!(file.status, 200, "and the person has it all the same");
    });
}

#[test]
fn an_unanswered_access_does_not_hold_an_erasure_up_past_its_own_time() {
    both(|kind| {
        let desk = Desk::new(kind);
        let access = desk.ask("access", EMAIL);
        desk.token(&access);
        let erasure = desk.ask("erasure", EMAIL);
        desk.token(&erasure);
        let case = id(desk.cases().iter().find(|case| case["right"] == "erasure").unwrap());
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        desk.later(31);
        desk.work();
        assert_eq!(desk.house.get("/v1/people/g1").status, 404);
    });
}

#[test]
fn refusing_needs_a_reason_and_a_ground_and_tells_where_to_complain() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        let token = desk.token(&request);
        let case = id(&desk.cases()[0]);
        for (body, pointer) in [
            (json!({"decision": "refuse", "grounds": ["legal_obligation"]}), "/reason"),
            (json!({"decision": "refuse", "reason": "Nej."}), "/grounds"),
            (json!({"decision": "refuse", "reason": "Nej.", "grounds": ["accurate"]}), "/grounds"),
            (json!({"decision": "refuse", "reason": "Nej.", "grounds": ["excessive"]}), "/evidence"),
            (json!({"decision": "refuse", "reason": "Nej.", "grounds": ["excessive"], "evidence": "17"}), "/evidence"),
        ] {
            let answer = desk.act(&case, "decision", &body);
            assert_eq!(answer.status, 422, "{body}: {}", answer.text);
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}: {}", answer.text);
        }
        let reason = "Bogføringsloven kræver, at vi gemmer bilaget.";
        let body = json!({"decision": "refuse", "reason": reason, "grounds": ["legal_obligation"]});
        assert_eq!(desk.act(&case, "decision", &body).status, 200);
        desk.work();
        let answer = desk.progress(&request, &token)["answers"][0].clone();
        assert_eq!((&answer["state"], &answer["reason"]), (&json!("refused"), &json!(reason)));
        assert!(answer["grounds"][0].as_str().unwrap().contains("artikel 17, stk. 3, litra b"), "{answer}");
        let letter = desk.mails(EMAIL).into_iter().find(|mail| mail.text.contains(reason)).unwrap();
        for part in ["Datatilsynet", "Carl Jacobsens Vej 35", "dt@datatilsynet.dk", "domstolene", "litra b"] {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
        }
        assert_eq!(desk.house.get("/v1/people/g1").status, 200);
    });
}

#[test]
fn who_asks_must_be_shown_and_a_code_shows_it_for_the_address_on_file_alone() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("erasure", EMAIL);
        desk.work();
        let case = id(&desk.cases()[0]);
        let early = desk.act(&case, "decision", &json!({"decision": "approve"}));
        assert_eq!((early.status, &early.json()["code"]), (409, &json!("case_state")));
        let body = json!({"method": "known_in_person", "ref": "g1"});
        assert_eq!(desk.act(&case, "verification", &body).status, 200);
        assert_eq!(desk.act(&case, "verification", &json!({"method": "code", "ref": "g1"})).status, 422);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        assert_eq!(desk.house.get("/v1/people/g1").status, 404);
        drop(request);
        // Somebody else's address is on nobody's file: the case says so, and the answer is no.
        let body =
            json!({"right": "access", "email": "fremmed@example.dk", "customer": desk.house.site.customer.to_string()});
        let request =
            desk.send("POST", "/v1/privacy-requests", None, Some(&body)).json()["id"].as_str().unwrap().to_owned();
        let code = desk.mail("fremmed@example.dk").code();
        let token = desk.enter(&request, &code).json()["token"].as_str().unwrap().to_owned();
        desk.work();
        let stranger = desk.cases().into_iter().find(|case| case["email"] == "fremmed@example.dk").unwrap();
        assert_eq!((&stranger["refs"], &stranger["verified"]), (&json!([]), &json!(null)));
        assert_eq!(desk.act(&id(&stranger), "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        let progress = desk.progress(&request, &token);
        assert_eq!((&progress["answers"][0]["held"], &progress["state"]), (&json!(false), &json!("closed")));
        let letter = desk.mails("fremmed@example.dk").into_iter().find(|mail| mail.text.contains("ingen oplysninger"));
        assert!(letter.is_some());
    });
}

#[test]
fn a_delegated_decision_needs_an_instruction_and_a_code() {
    both(|kind| {
        let desk = Desk::new(kind);
        let digest = "ab".repeat(32);
        let body = json!({"document_sha256": digest});
        let put = |right: &str| desk.house.send("PUT", &format!("/v1/rights/delegations/{right}"), Some(&body));
        assert_eq!(put("objection").status, 422, "needs a judgement");
        assert_eq!(put("access").status, 200);
        let request = desk.ask("access", EMAIL);
        desk.work();
        assert_eq!(desk.cases()[0]["state"], "received", "nobody has shown who asks");
        let token = desk.token(&request);
        desk.work();
        let case = desk.cases()[0].clone();
        assert_eq!((&case["state"], &case["decided"]["by"]), (&json!("released"), &json!("guestlog")));
        assert_eq!(desk.progress(&request, &token)["state"], "released");
        assert_eq!(desk.house.send("DELETE", "/v1/rights/delegations/access", None).status, 204);
        let second = desk.ask("access", EMAIL);
        desk.token(&second);
        desk.work();
        assert!(desk.cases().iter().any(|case| case["state"] == "verified"), "the customer decides again");
    });
}

#[test]
fn the_operator_decides_on_its_own_data_and_on_nobody_elses() {
    both(|kind| {
        let desk = Desk::new(kind);
        let body = json!({"right": "access", "email": EMAIL});
        assert_eq!(desk.send("POST", "/v1/privacy-requests", None, Some(&body)).status, 202);
        desk.work();
        let customers = desk.cases();
        assert_eq!(customers.len(), 1, "without a company it goes to those who have the address");
        let own = desk.send("GET", "/v1/admin/rights/cases", Some(&desk.operator), None).json();
        let own = own["data"].as_array().unwrap().clone();
        assert_eq!(own.len(), 1, "and to the operator");
        let decide = |path: String, key: &str| {
            let body = json!({"decision": "approve", "reason": "Vi har dig ikke i vores kundekartotek."});
            desk.send("POST", &path, Some(key), Some(&body)).status
        };
        let (theirs, ours) = (id(&customers[0]), id(&own[0]));
        assert_eq!(decide(format!("/v1/rights/cases/{theirs}/decision"), &desk.operator), 403);
        assert_eq!(decide(format!("/v1/admin/rights/cases/{theirs}/decision"), &desk.operator), 404);
        assert_eq!(decide(format!("/v1/rights/cases/{ours}/decision"), &desk.house.key), 404);
        assert_eq!(decide(format!("/v1/admin/rights/cases/{ours}/decision"), &desk.operator), 200);
    });
}

#[test]
fn a_restriction_asked_for_is_placed_and_a_kept_person_is_not_erased() {
    both(|kind| {
        let desk = Desk::new(kind);
        let request = desk.ask("restriction", EMAIL);
        desk.token(&request);
        let case = id(&desk.cases()[0]);
        let body = json!({"decision": "approve", "restriction_ground": "b"});
        assert_eq!(desk.act(&case, "decision", &body).status, 200);
        let request = desk.ask("erasure", EMAIL);
        desk.token(&request);
        let case = id(desk.cases().iter().find(|case| case["right"] == "erasure").unwrap());
        let refused = desk.act(&case, "decision", &json!({"decision": "approve"}));
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("person_restricted")));
        assert_eq!(desk.case(&case)["state"], "verified", "nothing was decided");
    });
}
