//! What becomes of a file on its way when the person fetches it, stops it, names another address, is erased; when its time
//! is over, or its sender dies. And the pages on which that is asked for.

use crate::cases::{Desk, EMAIL};
use crate::harness::{Answer, both};
use crate::raw::Raw;
use crate::transfers::{Mover, PRIVATE};
use guestlog::app::App;
use guestlog::app::jobs::{Kind, Next};
use guestlog::app::webhooks::Attempt;
use guestlog::domain::webhook::Fault;
use guestlog::jobs::transfer_due;
use serde_json::{Value, json};

const DAY_S: i64 = 86_400;

#[test]
fn only_who_has_shown_a_code_has_a_file_sent_and_only_one_of_portability() {
    both(|kind| {
        let access = Mover::of(Desk::with(kind, &PRIVATE), "access");
        let url = access.receiver.url("/");
        assert_eq!(access.put(&url).json()["code"], "case_state", "a file of access says what others have said");
        assert_eq!(access.answer()["may_be_sent"], false);
        let mover = Mover::new(kind);
        let path = format!("/v1/privacy-requests/{}/transfer", mover.request);
        let body = json!({"url": url});
        for token in [None, Some("forkert"), Some(access.token.as_str())] {
            for (method, body) in [("PUT", Some(&body)), ("DELETE", None)] {
                assert_eq!(mover.desk.send(method, &path, token, body).status, 401, "{method} {token:?}");
            }
        }
        // Nor the customer with a key, nor the operator.
        for key in [&mover.desk.house.key, &mover.desk.operator] {
            assert_eq!(mover.desk.send("PUT", &path, Some(key), Some(&body)).status, 401);
        }
        let other = json!({"url": url, "case": access.case});
        assert_eq!(mover.call("PUT", "/transfer", Some(&other)).status, 404, "somebody else's case");
        assert_eq!(mover.answer()["transfer"], Value::Null);
        // Before it is let go there is none.
        mover.desk.guest("g7", "syvende@example.dk");
        let desk = Desk::with(kind, &PRIVATE);
        let request = desk.ask("portability", EMAIL);
        let token = desk.token(&request);
        let early = desk.send("PUT", &format!("/v1/privacy-requests/{request}/transfer"), Some(&token), Some(&body));
        assert_eq!(early.status, 404, "{}", early.text);
        // Where the operator lets nothing out, nothing goes out.
        let shut = Mover::of(Desk::with(kind, &[("rights.transfers", "off")]), "portability");
        assert_eq!(shut.put("https://modtag.example.com/").json()["code"], "case_state");
        assert_eq!(shut.answer()["may_be_sent"], false);
        let ready = shut.desk.mails(EMAIL).into_iter().find(|mail| mail.text.contains("Din fil er klar")).unwrap();
        assert!(!ready.text.contains("direkte"), "{}", ready.text);
    });
}

#[test]
fn the_last_word_of_the_person_counts() {
    both(|kind| {
        // Stopped.
        let mover = Mover::new(kind);
        assert_eq!(mover.put(&mover.receiver.url("/a")).status, 202);
        assert_eq!(mover.call("DELETE", "/transfer", None).status, 204);
        assert_eq!(mover.call("DELETE", "/transfer", None).status, 204, "again");
        assert_eq!((mover.send(), mover.seen()[1].clone()), (0, json!("stopped")));
        // Elsewhere, while the first is failing.
        mover.receiver.answer(|_| 500);
        assert_eq!(mover.put(&mover.receiver.url("/b")).status, 202);
        assert_eq!(mover.send(), 1);
        mover.receiver.answer(|_| 204);
        assert_eq!(mover.put(&mover.receiver.url("/c")).status, 202);
        assert_eq!(mover.send(), 1, "at once, and not when the first is due again");
        let paths: Vec<String> = mover.receiver.take().into_iter().map(|received| received.path).collect();
        assert_eq!(paths, ["/b", "/c"]);
        assert_eq!(mover.seen()[1], "arrived");
        // Fetched instead.
        let mover = Mover::new(kind);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        assert_eq!(mover.call("GET", "/export", None).status, 200);
        assert_eq!((mover.send(), mover.receiver.take().len()), (0, 0));
        assert_eq!(mover.seen()[1], "stopped");
        assert_eq!(mover.put(&mover.receiver.url("/")).json()["code"], "file_gone");
        assert_eq!(mover.letters(), [""; 0], "the person knows");
    });
}

#[test]
fn when_the_files_time_is_over_the_person_learns_that_it_has_not_arrived() {
    both(|kind| {
        let mut mover = Mover::new(kind);
        mover.later(7 * DAY_S - 600);
        mover.receiver.answer(|_| 503);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        assert_eq!(mover.send(), 1);
        mover.later(600);
        assert_eq!(mover.send(), 0);
        assert_eq!(mover.receiver.take().len(), 1);
        assert_eq!(mover.seen()[1], "failed");
        let letters = mover.letters();
        assert!(letters.len() == 1 && letters[0].contains("Filen er slettet hos os"), "{letters:?}");
        assert_eq!(mover.desk.case(&mover.case)["state"], "closed");
        // The address goes with what the person wrote.
        let kept = |mover: &Mover| Raw::of(&mover.desk.house.home).count("case_transfers WHERE sealed IS NOT NULL");
        assert_eq!(kept(&mover), 1);
        mover.later(90 * DAY_S);
        mover.desk.work();
        assert_eq!(kept(&mover), 0);
    });
}

#[test]
fn a_file_that_outlives_the_person_goes_on_its_way_and_a_restriction_does_not_hold_it() {
    both(|kind| {
        let mover = Mover::new(kind);
        let restriction = json!({"ground": "a"});
        assert_eq!(mover.desk.house.send("PUT", "/v1/people/g1/restriction", Some(&restriction)).status, 200);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        mover.desk.house.delete("g1");
        assert_eq!(mover.send(), 1, "what the person asked for is the person's consent (Article 18(2))");
        assert_eq!(mover.receiver.take().len(), 1);
    });
}

#[test]
fn a_sender_that_dies_after_the_file_has_arrived_sends_it_again_under_the_same_id() {
    both(|kind| {
        let mover = Mover::new(kind);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        let claim = || mover.app().claim_job_of(&[Kind::Transfer]).unwrap();
        let mut lease = claim().unwrap();
        let (first, _) = mover.app().next_transfer(&mut lease).unwrap().unwrap();
        assert!(claim().is_none(), "nobody else sends it meanwhile");
        drop(lease);
        // The lease of the dead is over; another node goes on.
        let clock = &mover.desk.house.clock;
        clock.set(clock.now().plus_seconds(901));
        let other = App::open(mover.desk.house.home.settings(&PRIVATE), clock.clone()).unwrap();
        assert_eq!(transfer_due(&other).unwrap(), 1);
        other.stop();
        let got = mover.receiver.take();
        let id = first.headers.iter().find(|(name, _)| *name == "idempotency-key").unwrap();
        assert_eq!((got.len(), &got[0].headers["idempotency-key"]), (1, &id.1));
        assert_eq!(mover.seen()[1], "arrived");
    });
}

#[test]
fn what_has_left_is_not_sent_elsewhere_and_is_told_once() {
    both(|kind| {
        let mover = Mover::new(kind);
        assert_eq!(mover.put(&mover.receiver.url("/a")).status, 202);
        let mut lease = mover.app().claim_job_of(&[Kind::Transfer]).unwrap().unwrap();
        let (sent, _) = mover.app().next_transfer(&mut lease).unwrap().unwrap();
        // The person sees the mistake while it is on the line.
        let elsewhere = mover.put(&mover.receiver.url("/b"));
        assert_eq!((elsewhere.status, &elsewhere.json()["code"]), (409, &json!("case_state")), "{}", elsewhere.text);
        assert_eq!(mover.call("DELETE", "/transfer", None).status, 204);
        assert_eq!(mover.put(&mover.receiver.url("/b")).status, 409);
        mover.app().transfer_tried(&lease, &sent, Attempt::Answered(200)).unwrap();
        assert_eq!(mover.seen()[1], "arrived", "whatever was said meanwhile: it is there");
        // A second sender, whose lease was over, says otherwise.
        mover.app().transfer_tried(&lease, &sent, Attempt::Failed(Fault::Timeout)).unwrap();
        assert_eq!((mover.seen()[1].clone(), mover.letters().len()), (json!("arrived"), 1));
        drop(lease);
        // The file's time ends while it is on the line, and the attempt fails after that.
        let mut mover = Mover::new(kind);
        mover.later(7 * DAY_S - 10);
        assert_eq!(mover.put(&mover.receiver.url("/a")).status, 202);
        let mut lease = mover.app().claim_job_of(&[Kind::Transfer]).unwrap().unwrap();
        let (sent, _) = mover.app().next_transfer(&mut lease).unwrap().unwrap();
        mover.later(10);
        assert_eq!(mover.seen()[1], "failed");
        mover.app().transfer_tried(&lease, &sent, Attempt::Failed(Fault::Timeout)).unwrap();
        lease.finish(Next::Done).unwrap();
        assert_eq!((mover.send(), mover.letters().len()), (0, 1));
    });
}

#[test]
fn a_letter_that_cannot_be_queued_does_not_have_the_file_sent_again() {
    both(|kind| {
        let few = [PRIVATE[0], ("mail.max_waiting", "2")];
        let mover = Mover::of(Desk::with(kind, &few), "portability");
        let mut raw = Raw::of(&mover.desk.house.home);
        let own = "customer_id > 0 AND state =";
        assert!(raw.count(&format!("mails WHERE {own} 2")) >= 2, "such as the answer itself");
        raw.run(&format!("UPDATE mails SET state = 1 WHERE {own} 2"));
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        assert_eq!(mover.send(), 1);
        let clock = &mover.desk.house.clock;
        for _ in 0..3 {
            clock.set(clock.now().plus_seconds(60));
            assert_eq!(mover.send(), 0, "it has arrived");
        }
        assert_eq!((mover.seen()[1].clone(), mover.receiver.take().len()), (json!("arrived"), 1));
        raw.run(&format!("UPDATE mails SET state = 2 WHERE {own} 1"));
        clock.set(clock.now().plus_seconds(600));
        assert_eq!((mover.send(), mover.letters().len()), (0, 1));
    });
}

#[test]
fn nothing_leaves_once_the_operator_or_a_restore_has_said_so() {
    both(|kind| {
        let mover = Mover::new(kind);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        let shut = mover.desk.house.home.settings(&[("rights.transfers", "off")]);
        let shut = App::open(shut, mover.desk.house.clock.clone()).unwrap();
        assert_eq!(transfer_due(&shut).unwrap(), 0);
        shut.stop();
        assert_eq!((mover.seen()[1].clone(), mover.letters().len()), (json!("failed"), 1));
        // A database that was put back does not know what the person has said since.
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        guestlog::app::backup::finish(mover.app()).unwrap();
        assert_eq!((mover.send(), mover.seen()[1].clone()), (0, json!("stopped")));
        assert_eq!(mover.receiver.take().len(), 0);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202, "the person may say so again");
        assert_eq!(mover.send(), 1);
    });
}

fn page(mover: &Mover, fields: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let fields = format!("lang=en&token={}&case={}&{fields}", mover.token, mover.case);
    let path = format!("/privacy/requests/{}/transfer", mover.request);
    mover.desk.house.served.send("POST", &path, None, &headers, Some(fields.as_bytes()))
}

#[test]
fn on_the_pages_an_address_is_asked_for_shown_and_confirmed() {
    both(|kind| {
        let mover = Mover::new(kind);
        let url = mover.receiver.url("/ind").replace(':', "%3A");
        let first = page(&mover, "");
        assert!(first.status == 200 && first.text.contains("id=\"url\""), "{}", first.text);
        for wrong in ["", "modtag.example.com", "%22%3E%3Cscript%3E", "javascript%3Aalert(1)"] {
            let again = page(&mover, &format!("url={wrong}"));
            assert_eq!(again.status, 422, "{wrong}");
            assert!(again.text.contains("role=\"alert\"") && !again.text.contains("<script"), "{}", again.text);
        }
        let asked = page(&mover, &format!("url={url}"));
        assert!(asked.status == 200 && asked.text.contains("Is the address right?"), "{}", asked.text);
        assert!(asked.text.contains("<strong class=\"break\">127.0.0.1</strong>"), "{}", asked.text);
        assert_eq!(mover.answer()["transfer"], Value::Null, "nothing is sent before it is confirmed");
        let sent = page(&mover, &format!("url={url}&confirmed=true"));
        assert!(
            ["is on its way to 127.0.0.1", "Stop sending", "If you download the file yourself, we do not send it"]
                .iter()
                .all(|words| sent.text.contains(words)),
            "{}",
            sent.text
        );
        let stopped = page(&mover, "stop=true");
        assert!(
            stopped.status == 200 && stopped.text.contains("The file is not sent to 127.0.0.1"),
            "{}",
            stopped.text
        );
        page(&mover, &format!("url={url}&confirmed=true"));
        assert_eq!(mover.send(), 1);
        let done = page(&mover, &format!("url={url}&confirmed=true"));
        assert!(done.text.contains("has arrived at 127.0.0.1") && !done.text.contains("/transfer\""), "{}", done.text);
        assert_eq!(mover.call("GET", "/export", None).status, 200);
        assert_eq!(page(&mover, &format!("url={url}")).status, 200);
        assert_eq!(page(&mover, &format!("url={url}&confirmed=true")).status, 410);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let path = format!("/privacy/requests/{}/transfer", mover.request);
        let stranger = mover.desk.house.served.send("POST", &path, None, &headers, Some(b"token=x&lang=en&url=x"));
        assert_eq!(stranger.status, 403);
    });
}
