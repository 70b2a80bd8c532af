//! A person's file goes directly to another controller: whole, signed, at least once, and nowhere but where the person
//! has said (Article 20(2), REQUIREMENTS L-50).

use crate::archive::Archive;
use crate::cases::{Desk, EMAIL, id};
use crate::harness::{Answer, Kind, both};
use crate::raw::Raw;
use crate::receiver::Receiver;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guestlog::app::App;
use guestlog::app::export::verify;
use guestlog::jobs::transfer_due;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::io::Cursor;

/// A desk whose files may go to this machine.
pub const PRIVATE: [(&str, &str); 1] = [("rights.transfers", "private")];

/// A person whose file of portability has been let go, and another controller.
pub struct Mover {
    pub desk: Desk,
    pub receiver: Receiver,
    pub request: String,
    pub token: String,
    pub case: String,
}

impl Mover {
    pub fn new(kind: Kind) -> Self {
        Self::of(Desk::with(kind, &PRIVATE), "portability")
    }

    pub fn of(desk: Desk, right: &str) -> Self {
        let request = desk.ask(right, EMAIL);
        let token = desk.token(&request);
        let case = id(&desk.cases()[0]);
        assert_eq!(desk.act(&case, "decision", &json!({"decision": "approve"})).status, 200);
        desk.work();
        assert_eq!(desk.act(&case, "release", &json!({})).status, 200);
        desk.work();
        Self { desk, receiver: Receiver::new(), request, token, case }
    }

    pub fn put(&self, url: &str) -> Answer {
        self.call("PUT", "/transfer", Some(&json!({"url": url})))
    }

    pub fn call(&self, method: &str, what: &str, body: Option<&Value>) -> Answer {
        self.desk.send(method, &format!("/v1/privacy-requests/{}{what}", self.request), Some(&self.token), body)
    }

    /// Tries what is due; gives how often something was sent.
    pub fn send(&self) -> usize {
        transfer_due(self.app()).unwrap()
    }

    pub fn app(&self) -> &App {
        &self.desk.house.served.app
    }

    /// Later, with a new token: one lasts for an hour.
    pub fn later(&mut self, seconds: i64) {
        let clock = &self.desk.house.clock;
        clock.set(clock.now().plus_seconds(seconds));
        assert_eq!(self.call("POST", "/code", None).status, 202);
        self.token = self.desk.token(&self.request);
    }

    pub fn answer(&self) -> Value {
        self.desk.progress(&self.request, &self.token)["answers"][0].clone()
    }

    /// Host, state, tries and fault, as the person sees them.
    pub fn seen(&self) -> [Value; 4] {
        let transfer = &self.answer()["transfer"];
        ["host", "state", "tries", "fault"].map(|name| transfer[name].clone())
    }

    /// What was written to the person about the file's way.
    pub fn letters(&self) -> Vec<String> {
        let mails = self.desk.mails(EMAIL).into_iter();
        mails.map(|mail| mail.text).filter(|text| text.contains("Du bad os sende filen")).collect()
    }
}

#[test]
fn a_file_arrives_whole_and_signed_where_the_person_has_said() {
    both(|kind| {
        let mover = Mover::new(kind);
        let before = mover.answer();
        assert_eq!((&before["may_be_sent"], &before["transfer"]), (&json!(true), &Value::Null));
        let url = mover.receiver.url("/ind?kunde=7");
        let put = mover.put(&url);
        assert_eq!((put.status, &put.json()["state"]), (202, &json!("waiting")), "{}", put.text);
        assert_eq!(mover.put(&url).json(), put.json(), "said twice, it is one");
        assert_eq!(mover.send(), 1);
        assert_eq!(mover.send(), 0, "it has arrived");
        let got = mover.receiver.take();
        assert_eq!((got.len(), got[0].path.as_str()), (1, "/ind?kunde=7"));
        let header = |name: &str| got[0].headers[name].clone();
        assert_eq!(header("content-type"), "application/zip");
        let said = header("content-digest");
        let said = said.strip_prefix("sha-256=:").and_then(|text| text.strip_suffix(':')).unwrap();
        let said = STANDARD.decode(said).unwrap();
        assert_eq!(said, digest(&SHA256, &got[0].body).as_ref());
        let keys = mover.desk.send("GET", "/.well-known/guestlog-receipt-keys.json", None, None).text;
        assert!(verify(Cursor::new(&got[0].body), keys.as_bytes()).is_ok(), "whoever gets it can tell who made it");
        let archive = Archive::of(got[0].body.clone());
        assert_eq!(archive.json("manifest.json")["right"], "portability");
        assert!(archive.holding("Navn g1").contains(&"data.json") && archive.holding("vaert@example.dk").is_empty());
        assert_eq!(mover.seen(), [json!("127.0.0.1"), json!("arrived"), json!(1), Value::Null]);
        let case = mover.desk.case(&mover.case);
        assert_eq!((&case["transfer"]["state"], &case["state"]), (&json!("arrived"), &json!("released")));
        let letters = mover.letters();
        assert!(letters.len() == 1 && letters[0].contains("er kommet frem"), "{letters:?}");
        assert!(letters[0].contains("Du kan stadig hente filen selv") && letters[0].contains("Datatilsynet"));
        assert!(!letters[0].contains("kunde=7"), "the host is enough");
        // It arrives once; the person's own copy is there still.
        assert_eq!(mover.put(&mover.receiver.url("/andet")).json()["code"], "case_state");
        let own = mover.call("GET", "/export", None);
        assert_eq!((own.status, own.text.is_empty()), (200, false));
        assert_eq!(mover.call("GET", "/export", None).status, 410);
        assert_eq!(mover.seen()[1], "arrived");
    });
}

#[test]
fn a_file_of_many_pieces_arrives_whole() {
    both(|kind| {
        let desk = Desk::with(kind, &PRIVATE);
        for page in 0..6 {
            let events: Vec<Value> = (0..500)
                .map(|_| {
                    // Letters that no archive can pack, and no digits that could be a CPR number.
                    let bytes = [(); 5].map(|()| uuid::Uuid::new_v4().into_bytes()).concat();
                    let name: String = bytes.into_iter().map(|byte| char::from(b'a' + byte % 26)).collect();
                    json!({"id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "license_number": "L-1",
                        "occurred_at": format!("2026-11-{:02}T09:00:00Z", 1 + page), 
                        "person": {"ref": "g1", "name": name}})
                })
                .collect();
            let answer = desk.house.send("POST", "/v1/events", Some(&json!({"events": events})));
            assert_eq!(answer.json()["created"], 500, "{}", answer.text);
        }
        let mover = Mover::of(desk, "portability");
        let pieces = Raw::of(&mover.desk.house.home).count("case_files");
        assert!(pieces > 2, "{pieces} with the one that marks the end");
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        assert_eq!(mover.send(), 1);
        let got = mover.receiver.take();
        let events = Archive::of(got[0].body.clone()).data()["events"].as_array().unwrap().len();
        assert_eq!(events, 3_001);
    });
}

#[test]
fn what_fails_is_tried_again_under_the_same_id_and_what_is_refused_is_not() {
    both(|kind| {
        let mut mover = Mover::new(kind);
        for (at, status) in [503, 429, 0].into_iter().enumerate() {
            mover.receiver.answer(move |_| status);
            if at == 0 {
                assert_eq!(mover.put(&mover.receiver.url("/a")).status, 202);
            }
            assert_eq!(mover.send(), 1);
            assert_eq!(mover.send(), 0, "not at once");
            let fault = if status == 0 { "connection" } else { "status" };
            assert_eq!(mover.seen(), [json!("127.0.0.1"), json!("waiting"), json!(at + 1), json!(fault)]);
            mover.later(7_200);
        }
        mover.receiver.answer(|_| 422);
        assert_eq!(mover.send(), 1);
        let ids: Vec<String> =
            mover.receiver.take().iter().map(|received| received.headers["idempotency-key"].clone()).collect();
        assert!(ids.len() == 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(mover.seen(), [json!("127.0.0.1"), json!("failed"), json!(4), json!("status")]);
        mover.later(86_400);
        assert_eq!(mover.send(), 0);
        let letters = mover.letters();
        assert!(letters.len() == 1 && letters[0].contains("modtageren tager ikke imod filen"), "{letters:?}");
        // Another address is another attempt, under another id; the fifth is the last.
        mover.receiver.answer(|_| 404);
        for place in ["/a", "/b", "/c", "/d"] {
            assert_eq!(mover.answer()["may_be_sent"], true);
            assert_eq!(mover.put(&mover.receiver.url(place)).status, 202, "{place}");
            assert_eq!(mover.send(), 1);
        }
        let got = mover.receiver.take();
        assert_eq!(got.iter().map(|received| received.path.as_str()).collect::<Vec<_>>(), ["/a", "/b", "/c", "/d"]);
        let same: Vec<bool> = got.iter().map(|received| received.headers["idempotency-key"] == ids[0]).collect();
        assert_eq!(same, [true, false, false, false], "an id is an address's");
        assert_eq!(mover.put(&mover.receiver.url("/e")).json()["code"], "limit_reached");
        assert_eq!(mover.answer()["may_be_sent"], false);
        assert_eq!(mover.call("GET", "/export", None).status, 200, "the person can fetch it still");
    });
}

#[test]
fn it_is_tried_for_three_days_at_most() {
    both(|kind| {
        let mut mover = Mover::new(kind);
        mover.receiver.answer(|_| 500);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        let mut tries = 0;
        for _ in 0..200 {
            tries += mover.send();
            let clock = &mover.desk.house.clock;
            clock.set(clock.now().plus_seconds(1_800));
        }
        mover.later(1);
        assert_eq!((tries, mover.seen()[1].clone()), (10, json!("failed")));
        assert_eq!(mover.letters().len(), 1);
    });
}

#[test]
fn an_address_that_is_not_on_the_internet_is_not_connected_to() {
    both(|kind| {
        // What shows from the address alone is refused at once.
        let strict = Mover::of(Desk::new(kind), "portability");
        for url in [
            "http://modtag.example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://169.254.169.254/latest",
            "https://10.0.0.1/",
            "https://2130706433/",
            "https://intranet/",
            "https://printer.local/",
        ] {
            let put = strict.put(url);
            assert_eq!((put.status, &put.json()["errors"][0]["pointer"]), (422, &json!("/url")), "{url}: {}", put.text);
            assert!(!put.text.contains("169.254") && !put.text.contains("intranet"), "{}", put.text);
        }
        for url in ["ftp://modtag.example.com/", "https://a@modtag.example.com/", "https://modtag.example.com/#x", ""] {
            assert_eq!(strict.put(url).status, 422, "{url}");
        }
        assert_eq!(strict.answer()["transfer"], Value::Null);
        // What the name leads to is judged when it is connected to, by what is allowed then.
        let mover = Mover::new(kind);
        let named = format!("https://localhost:{}/", mover.receiver.address.port());
        assert_eq!(mover.put(&named).status, 202);
        let app = App::open(mover.desk.house.home.settings(&[]), mover.desk.house.clock.clone()).unwrap();
        assert_eq!(transfer_due(&app).unwrap(), 1);
        app.stop();
        assert_eq!(mover.seen(), [json!("localhost"), json!("failed"), json!(1), json!("address_not_public")]);
        // Nor is a redirect followed.
        mover.receiver.answer(|_| 307);
        assert_eq!(mover.put(&mover.receiver.url("/")).status, 202);
        assert_eq!(mover.send(), 1);
        assert_eq!(mover.seen(), [json!("127.0.0.1"), json!("failed"), json!(1), json!("redirect")]);
        assert_eq!(mover.receiver.take().len(), 1);
    });
}
