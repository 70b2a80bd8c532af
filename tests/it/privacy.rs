//! The public form and its pages: the same for everybody, whether or not data are held.

use crate::cases::{Desk, EMAIL};
use crate::harness::{Answer, both};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn submit(desk: &Desk, email: &str) -> Answer {
    let body = json!({"right": "access", "email": email, "customer": desk.house.site.customer.to_string()});
    desk.send("POST", "/v1/privacy-requests", None, Some(&body))
}

/// An answer without what is drawn anew each time.
fn plain(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.json();
    for name in ["id", "received_at"] {
        body.as_object_mut().unwrap().remove(name);
    }
    let drawn = ["x-request-id", "date"];
    let headers = answer.headers.iter().filter(|(name, _)| !drawn.contains(&name.as_str()));
    (answer.status, body, headers.map(|(name, value)| format!("{name}: {value}")).collect())
}

#[test]
fn known_and_unknown_addresses_are_answered_alike() {
    both(|kind| {
        let desk = Desk::new(kind);
        let (known, unknown) = (submit(&desk, EMAIL), submit(&desk, "ukendt.nogen@example.dk"));
        assert_eq!(plain(&known), plain(&unknown));
        let mails = [desk.mail("ukendt.nogen@example.dk"), desk.mails(EMAIL).pop().unwrap()];
        let without = |mail: &crate::mailbox::Mail| {
            let id = mail.text.split("/privacy/requests/").nth(1).unwrap()[..36].to_owned();
            mail.text.replace(&mail.code(), "CODE").replace(&id, "ID")
        };
        assert_eq!(without(&mails[0]), without(&mails[1]), "the mails say the same");
        // After the code as well, until somebody has decided.
        let of = |answer: &Answer| answer.json()["id"].as_str().unwrap().to_owned();
        let seen = |answer: &Answer, mail: &crate::mailbox::Mail| {
            let id = of(answer);
            let token = desk.enter(&id, &mail.code()).json()["token"].as_str().unwrap().to_owned();
            desk.work();
            let mut progress = desk.progress(&id, &token);
            progress.as_object_mut().unwrap().remove("id");
            progress
        };
        assert_eq!(seen(&unknown, &mails[0]), seen(&known, &mails[1]));
    });
}

#[test]
fn a_request_is_refused_with_the_field_and_the_bound() {
    both(|kind| {
        let desk = Desk::new(kind);
        for (body, pointer) in [
            (json!({"right": "access"}), "/email"),
            (json!({"right": "access", "email": EMAIL, "phone": "+4512345678"}), "/email"),
            (json!({"right": "complaint", "email": EMAIL}), "/right"),
            (
                json!({"right": "access", "email": EMAIL, "customer": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
                "/customer",
            ),
            (json!({"right": "access", "email": "ikke en adresse"}), "/email"),
            (json!({"right": "access", "email": EMAIL, "details": "a".repeat(501)}), "/details"),
            (json!({"right": "access", "email": EMAIL, "locale": "de"}), "/locale"),
        ] {
            let answer = desk.send("POST", "/v1/privacy-requests", None, Some(&body));
            assert_eq!(answer.status, 422, "{body}: {}", answer.text);
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
            assert!(!answer.text.contains("mette.holm"), "{}", answer.text);
        }
    });
}

fn form(desk: &Desk, path: &str, fields: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    desk.house.served.send("POST", path, None, &headers, Some(fields.as_bytes()))
}

#[test]
fn the_pages_need_neither_script_nor_cookie_and_give_nothing_back_unescaped() {
    both(|kind| {
        let desk = Desk::new(kind);
        let get = |path: &str, language: &str| {
            desk.house.served.send("GET", path, None, &[("accept-language", language)], None)
        };
        for (language, lang) in
            [("da", "da"), ("en-GB,en;q=0.9,da;q=0.1", "en"), ("de,fr", "da"), ("*", "da"), ("", "da")]
        {
            for path in ["/privacy", "/privacy/request", "/privacy/requests/0f8fad5b-d9cb-469f-a165-70867728950e"] {
                let page = get(path, language);
                assert_eq!((page.status, page.header("content-language")), (200, Some(lang)), "{path} {language}");
                assert!(page.text.contains(&format!("<html lang=\"{lang}\">")), "{path}");
                for bad in ["<script", "style=\"", "http://cdn", "//fonts"] {
                    assert!(!page.text.contains(bad), "{path}: {bad}");
                }
                assert!(page.header("set-cookie").is_none() && page.text.contains("Datatilsynet"), "{path}");
                assert!(path != "/privacy" || page.text.contains("<dt>"), "the notice says what is kept");
                let policy = page.header("content-security-policy").unwrap();
                assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
            }
        }
        let hostile = "right=access&email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&details=%3C%2Ftextarea%3E%3Cscript%3E&lang=en";
        let page = form(&desk, "/privacy/request", hostile);
        assert_eq!(page.status, 422, "{}", page.text);
        assert!(!page.text.contains("<script") && page.text.contains("role=\"alert\""), "{}", page.text);
        assert_eq!(form(&desk, "/privacy/request", "right=%FF").status, 422);
        assert_eq!(form(&desk, "/privacy/request", &format!("right={}", "a=".repeat(9))).status, 422);
        let sent = form(&desk, "/privacy/request", "right=access&email=mette.holm%40example.dk&lang=da");
        assert_eq!(sent.status, 200, "{}", sent.text);
        let id = sent.text.split("action=\"/privacy/requests/").nth(1).unwrap()[..36].to_owned();
        let code = desk.code();
        assert_eq!(form(&desk, &format!("/privacy/requests/{id}"), "code=1&lang=da").status, 403);
        let progress = form(&desk, &format!("/privacy/requests/{id}"), &format!("code={code}&lang=en"));
        assert_eq!(progress.status, 200, "{}", progress.text);
        assert!(progress.text.contains("You have asked for access to your data"), "{}", progress.text);
        let gone = form(&desk, &format!("/privacy/requests/{id}/file"), "token=x&lang=en");
        assert_eq!(gone.status, 403);
    });
}

#[test]
#[ignore = "20,000 requests; the time of an answer must not tell whether data are held"]
fn the_time_of_an_answer_tells_nothing() {
    let quick = [
        ("rights.address_per_day", "1000000"),
        ("rights.network_per_hour", "1000000"),
        ("rights.all_per_minute", "1000000"),
        ("rights.pass_on_within_seconds", "20"),
        ("mail.max_waiting", "1000000"),
    ];
    for kind in [crate::harness::Kind::Sqlite, crate::harness::Kind::Postgres] {
        let home = crate::harness::Home::new(kind);
        let app = home.open_with(guestlog::clock::Clock::System, &quick);
        let site = crate::harness::site(&app, "L-1");
        let key = crate::harness::key(&app, Some(site.customer), crate::deletions::ALL, None);
        let served = crate::harness::serve(&app);
        let put = json!({"kind": "guest", "name": "Mette", "email": EMAIL});
        assert_eq!(served.send("PUT", "/v1/people/g1", Some(&key), &[], Some(put.to_string().as_bytes())).status, 201);
        // With the worker, as in life.
        let worker = guestlog::jobs::Worker::start(&app).unwrap();
        let client = crate::client::Client::new(served.address);
        let mut took: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
        for pair in 0..10_000_usize {
            // Either comes first in every other pair.
            for turn in [pair % 2, 1 - pair % 2] {
                let email = [EMAIL, "ukendt.nogen@example.dk"][turn];
                let body =
                    json!({"right": "access", "email": email, "customer": site.customer.to_string()}).to_string();
                let began = Instant::now();
                let answer = client.send("POST", "/v1/privacy-requests", None, &[], Some(body.as_bytes())).unwrap();
                took[turn].push(began.elapsed());
                assert_eq!(answer.status, 202, "{}", answer.text);
            }
        }
        worker.stop();
        let median = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64()
        };
        let [mut known, mut unknown] = took;
        let (known, unknown) = (median(&mut known), median(&mut unknown));
        let difference = (known - unknown).abs() / unknown;
        eprintln!("{kind:?}: known {:.3} ms, unknown {:.3} ms, {:.2} %", known * 1e3, unknown * 1e3, difference * 1e2);
        assert!(difference < 0.05, "{kind:?}: {difference}");
    }
}
