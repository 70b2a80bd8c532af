//! Webhooks over HTTP: what happens is told once it has happened, signed, with ids and without names.

use crate::harness::{Answer, Home, Kind, Served, Site, at, both, key, serve, site};
use crate::raw::Raw;
use crate::receiver::{Received, Receiver};
use guestlog::app::webhooks;
use guestlog::clock::Clock;
use guestlog::jobs::send_due;
use serde_json::{Value, json};

const SCOPES: &str = "events:write,events:read,people:write,people:read,people:delete,rights,webhooks";
pub const NOW: &str = "2026-11-21T12:00:00Z";
/// What stands in no message.
const CANARY: &str = "Åse Kanariefugl";

/// A customer with a system that wants to be told.
pub struct House {
    pub receiver: Receiver,
    pub served: Served,
    pub clock: Clock,
    pub key: String,
    pub site: Site,
    pub home: Home,
}

impl House {
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, &[])
    }

    pub fn with(kind: Kind, further: &[(&str, &str)]) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let settings = [&[("webhooks.allow_private", "true")], further].concat();
        let app = home.open_with(clock.clone(), &settings);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), SCOPES, None);
        Self { receiver: Receiver::new(), served: serve(&app), clock, key, site, home }
    }

    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        self.served.send(method, path, Some(&self.key), &[], body.as_deref())
    }

    /// Makes an endpoint at the receiver; gives it with its secret.
    pub fn endpoint(&self, types: &[&str]) -> (String, String) {
        let mut new = json!({"url": self.receiver.url("/hook?t=hemmelig"), "description": "Adgangskort"});
        if !types.is_empty() {
            new["types"] = json!(types);
        }
        let made = self.call("POST", "/v1/webhooks", Some(&new));
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    pub fn shown(&self, id: &str) -> Value {
        self.served.get(&format!("/v1/webhooks/{id}"), &self.key).json()
    }

    pub fn deliveries(&self, id: &str, query: &str) -> Vec<Value> {
        let list = self.served.get(&format!("/v1/webhooks/{id}/deliveries{query}"), &self.key);
        assert_eq!(list.status, 200, "{}", list.text);
        list.json()["data"].as_array().unwrap().clone()
    }

    pub fn put(&self, reference: &str, name: &str) -> Answer {
        self.call("PUT", &format!("/v1/people/{reference}"), Some(&json!({"name": name})))
    }

    pub fn test(&self, id: &str) -> String {
        let tested = self.call("POST", &format!("/v1/webhooks/{id}/test"), None);
        assert_eq!(tested.status, 202, "{}", tested.text);
        tested.json()["message_id"].as_str().unwrap().to_owned()
    }

    /// Sends what is due; gives how many messages that were.
    pub fn send(&self) -> usize {
        send_due(&self.served.app).unwrap()
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    pub fn raw(&self) -> Raw {
        Raw::of(&self.home)
    }
}

fn topics(got: &[Received]) -> Vec<String> {
    got.iter().map(Received::topic).collect()
}

#[test]
fn what_happens_to_people_is_told_signed_with_ids_and_without_names() {
    both(|kind| {
        let house = House::new(kind);
        let (_, secret) = house.endpoint(&[]);
        assert_eq!(house.put("g-1", CANARY).status, 201);
        assert_eq!(house.put("g-1", CANARY).status, 200, "says nothing new");
        assert_eq!(house.send(), 0, "whoever is new was never told to anybody");
        house.call("PATCH", "/v1/people/g-1", Some(&json!({"phone": "+4512345678"})));
        let restriction = json!({"ground": "a", "reason": CANARY});
        assert_eq!(house.call("PUT", "/v1/people/g-1/restriction", Some(&restriction)).status, 200);
        house.later(1);
        assert_eq!(house.call("PUT", "/v1/people/g-1/restriction", Some(&restriction)).status, 200, "is one already");
        let lift = || house.call("DELETE", "/v1/people/g-1/restriction?told_at=2026-11-21T12:00:01Z", None).status;
        assert_eq!((lift(), lift()), (204, 204), "the second time there is none");
        assert_eq!(house.send(), 3);
        let deletion = house.call("DELETE", "/v1/people/g-1", None).json();
        house.call("DELETE", "/v1/people/nobody", None);
        assert_eq!(house.send(), 1);
        let got = house.receiver.take();
        assert_eq!(topics(&got), ["person.rectified", "person.restricted", "person.unrestricted", "person.erased"]);
        let of_person = json!({"ref": "g-1", "case_id": null});
        assert_eq!(
            got[0].json(),
            json!({"type": "person.rectified", "timestamp": "2026-11-21T12:00:00.000000Z", "data": of_person})
        );
        assert_eq!(got[1].json()["data"], of_person);
        assert_eq!(got[3].json()["data"], json!({"deletion_id": deletion["deletion_id"], "refs": ["g-1"]}));
        for message in &got {
            assert!(message.is_signed_by(&secret) && message.signatures().len() == 1);
            assert_eq!(
                (message.path.as_str(), message.headers["content-type"].as_str()),
                ("/hook?t=hemmelig", "application/json")
            );
            let all = format!("{message:?}{}", String::from_utf8_lossy(&message.body));
            assert!(!all.contains("Kanariefugl") && !all.contains("12345678"));
        }
        assert_eq!(got[0].headers["webhook-timestamp"], at(NOW).plus_seconds(1).utc().timestamp().to_string());
        // Whoever was told nothing is left to say, and nobody's ref is kept for it.
        let raw = &mut house.raw();
        assert_eq!(
            (raw.count("webhook_messages WHERE body_sealed IS NOT NULL"), raw.count("webhook_deliveries")),
            (0, 1)
        );
    });
}

#[test]
fn what_was_to_be_told_of_a_person_goes_with_the_person() {
    both(|kind| {
        let house = House::new(kind);
        house.endpoint(&[]);
        house.put("g-1", CANARY);
        house.put("g-1", "Bo");
        let deletion = house.call("DELETE", "/v1/people/g-1", None).json();
        let checked = deletion["checked"].as_array().unwrap();
        assert!(checked.iter().any(|place| *place == json!({"place": "webhook_messages", "found": 0})), "{checked:?}");
        house.send();
        assert_eq!(topics(&house.receiver.take()), ["person.erased"]);
    });
}

#[test]
fn an_objection_is_told_and_the_restriction_that_follows() {
    both(|kind| {
        let house = House::new(kind);
        house.endpoint(&[]);
        house.put("g-1", CANARY);
        let put = house.call("PUT", "/v1/people/g-1/objections/registration", Some(&json!({"grounds": CANARY})));
        assert_eq!(put.status, 200, "{}", put.text);
        house.send();
        let got = house.receiver.take();
        assert_eq!(topics(&got), ["person.restricted", "person.objected"]);
        let data = json!({"ref": "g-1", "case_id": null, "purpose": "registration"});
        assert_eq!(got[1].json()["data"], data);
    });
}

/// The end of a hold erases what was left of somebody; by then the ref may be another's.
#[test]
fn an_erasure_is_told_once_although_a_hold_keeps_a_rest() {
    both(|kind| {
        let house = House::new(kind);
        house.endpoint(&["person.erased"]);
        house.put("g-1", CANARY);
        let hold = crate::bodies::hold("2026-12-21T12:00:00Z", &["name"]);
        assert_eq!(house.call("POST", "/v1/people/g-1/holds", Some(&hold)).status, 201);
        house.call("DELETE", "/v1/people/g-1", None);
        house.send();
        assert_eq!(house.receiver.take()[0].json()["data"]["refs"], json!(["g-1"]));
        house.later(31 * 86_400);
        assert!(guestlog::jobs::run_due(&house.served.app).unwrap() > 0);
        assert_eq!((house.raw().count("people"), house.raw().count("holds")), (0, 0));
        assert_eq!(house.send(), 0);
    });
}

#[test]
fn many_who_are_erased_at_once_are_told_by_the_hundred_and_the_deletion_shows_who_has_said_so() {
    both(|kind| {
        let house = House::new(kind);
        house.endpoint(&["person.erased"]);
        let refs: Vec<String> = (0..250).map(|n| format!("g-{n}")).collect();
        for reference in &refs {
            house.put(reference, "x");
        }
        let deletion = house.call("POST", "/v1/deletions", Some(&json!({"refs": refs}))).json();
        let id = guestlog::domain::PublicId::parse(deletion["deletion_id"].as_str().unwrap()).unwrap();
        let told =
            || house.served.app.read_blocking(|view| webhooks::acknowledgements(view, house.site.id, id)).unwrap();
        assert!(told().len() == 3 && told().iter().all(|one| one.acknowledged_at.is_none()));
        assert_eq!(house.send(), 3);
        let mut named = Vec::new();
        for message in house.receiver.take() {
            let data = message.json()["data"].clone();
            assert_eq!(data["deletion_id"], deletion["deletion_id"]);
            let refs = data["refs"].as_array().unwrap();
            assert!(refs.len() <= 100);
            named.extend(refs.iter().map(|reference| reference.as_str().unwrap().to_owned()));
        }
        named.sort();
        let mut sorted = refs.clone();
        sorted.sort();
        assert_eq!(named, sorted);
        for one in told() {
            assert_eq!((one.host.as_str(), one.description.as_deref()), ("127.0.0.1", Some("Adgangskort")));
            assert_eq!(one.acknowledged_at, Some(at(NOW)));
        }
        let recipients = house.served.app.read_blocking(|view| webhooks::recipients(view, house.site.id)).unwrap();
        assert!(recipients.len() == 1 && recipients[0].host == "127.0.0.1" && recipients[0].until.is_none());
    });
}

#[test]
fn endpoints_are_made_shown_changed_and_deleted_and_only_the_first_answer_has_the_secret() {
    both(|kind| {
        let house = House::with(kind, &[("webhooks.max_endpoints", "3")]);
        let (id, secret) = house.endpoint(&["person.erased", "webhook.disabled", "person.erased"]);
        assert!(secret.starts_with("whsec_") && secret.len() == 50);
        let shown = house.shown(&id);
        assert_eq!(shown["types"], json!(["person.erased", "webhook.disabled"]));
        assert_eq!((&shown["description"], &shown["disabled_at"]), (&json!("Adgangskort"), &Value::Null));
        assert!(shown.get("secret").is_none());
        let change = json!({"description": null, "types": ["case.received"], "url": "https://other.example.com/"});
        let changed = house.call("PATCH", &format!("/v1/webhooks/{id}"), Some(&change)).json();
        assert_eq!((&changed["description"], &changed["types"]), (&Value::Null, &json!(["case.received"])));
        assert_eq!((&changed["url"], house.shown(&id)), (&json!("https://other.example.com/"), changed.clone()));
        house.call("DELETE", "/v1/people/g-1", None);
        assert_eq!(house.send(), 0, "it is not told that");
        let others = [house.endpoint(&[]).0, house.endpoint(&[]).0];
        let full = house.call("POST", "/v1/webhooks", Some(&json!({"url": "https://a.example.com/"})));
        assert_eq!((full.status, &full.json()["code"]), (409, &json!("limit_reached")));
        let mut listed = Vec::new();
        let mut path = "/v1/webhooks?limit=2".to_owned();
        loop {
            let page = house.served.get(&path, &house.key).json();
            listed.extend(page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/webhooks?limit=2&cursor={cursor}");
        }
        assert_eq!(listed, [id.as_str(), &others[0], &others[1]]);
        assert_eq!(house.call("DELETE", &format!("/v1/webhooks/{id}"), None).status, 204);
        assert_eq!(house.served.get(&format!("/v1/webhooks/{id}"), &house.key).status, 404);
        assert_eq!(house.raw().count("webhook_secrets"), 2);
        for (bad, pointer) in [
            (json!({"url": "ftp://a.dk/"}), "/url"),
            (json!({"url": "https://user:pass@a.dk/"}), "/url"),
            (json!({"url": "https://a.dk/", "types": []}), "/types"),
            (json!({"url": "https://a.dk/", "types": ["person.born"]}), "/types/0"),
            (json!({"url": "https://a.dk/", "secret": "x"}), "/secret"),
            (json!({"types": ["person.erased"]}), "/url"),
        ] {
            let refused = house.call("POST", "/v1/webhooks", Some(&bad));
            assert_eq!(
                (refused.status, &refused.json()["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{}",
                refused.text
            );
            assert!(!refused.text.contains("user:pass") && !refused.text.contains("born"));
        }
    });
}

#[test]
fn an_address_that_is_not_on_the_internet_is_refused_where_that_is_not_allowed() {
    let house = House::with(Kind::Sqlite, &[("webhooks.allow_private", "false")]);
    for url in [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.0.0.1:8443/x",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://169.254.169.254/latest/",
        "https://metadata.google.internal/",
        "https://backend/",
    ] {
        let refused = house.call("POST", "/v1/webhooks", Some(&json!({"url": url})));
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("invalid_url")), "{url}");
    }
    let made = house.call("POST", "/v1/webhooks", Some(&json!({"url": "https://hooks.example.com/"}))).json();
    let changed = json!({"url": "https://localhost/"});
    assert_eq!(
        house.call("PATCH", &format!("/v1/webhooks/{}", made["id"].as_str().unwrap()), Some(&changed)).status,
        422
    );
}

#[test]
fn two_secrets_sign_while_one_takes_over() {
    both(|kind| {
        let house = House::new(kind);
        let (id, first) = house.endpoint(&[]);
        let rotate = |body: Value| {
            let rotated = house.call("POST", &format!("/v1/webhooks/{id}/secret"), Some(&body));
            assert_eq!(rotated.status, 201, "{}", rotated.text);
            (rotated.json()["secret"].as_str().unwrap().to_owned(), rotated.json()["previous_expires_at"].clone())
        };
        let signed_by = || {
            house.test(&id);
            assert_eq!(house.send(), 1);
            house.receiver.take().remove(0)
        };
        let (second, ends) = rotate(json!({}));
        assert_eq!(ends, "2026-11-22T12:00:00.000000Z");
        let both = signed_by();
        assert!(both.is_signed_by(&first) && both.is_signed_by(&second) && both.signatures().len() == 2);
        // Only two overlap: the oldest ends when a third comes.
        let (third, _) = rotate(json!({"overlap_hours": 1}));
        let both = signed_by();
        assert!(!both.is_signed_by(&first) && both.is_signed_by(&second) && both.is_signed_by(&third));
        house.later(3_600);
        let one = signed_by();
        assert!(!one.is_signed_by(&second) && one.is_signed_by(&third) && one.signatures().len() == 1);
        let (fourth, _) = rotate(json!({"overlap_hours": 0}));
        let one = signed_by();
        assert!(!one.is_signed_by(&third) && one.is_signed_by(&fourth));
        let refused = house.call("POST", &format!("/v1/webhooks/{id}/secret"), Some(&json!({"overlap_hours": 169})));
        assert_eq!(refused.status, 422);
    });
}

#[test]
fn a_foreign_customers_endpoints_are_told_nothing() {
    both(|kind| {
        let house = House::new(kind);
        let theirs = site(&house.served.app, "L-2");
        let foreign = key(&house.served.app, Some(theirs.customer), SCOPES, None);
        let url = json!({"url": house.receiver.url("/theirs")});
        assert_eq!(house.served.post("/v1/webhooks", &foreign, &url).status, 201);
        house.endpoint(&[]);
        house.put("g-1", CANARY);
        house.call("DELETE", "/v1/people/g-1", None);
        house.send();
        let got = house.receiver.take();
        assert!(got.len() == 1 && got[0].path == "/hook?t=hemmelig", "{got:?}");
    });
}
