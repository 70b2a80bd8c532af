//! A crowd of people with canaries in every personal field, whose events name the same hosts and recipients.

use crate::client::Client;
use crate::search::{Canary, Search};
use guestlog::domain::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

/// Events of each.
pub const EVENTS: u16 = 20;
/// Events of one request, below the bound of a body.
const BATCH: usize = 500;

/// People by number. They share the cores of their canaries, so that a search looks for few things; the number behind
/// a core tells whose it is.
pub struct Crowd {
    pub people: u16,
    license: String,
    now: Timestamp,
    canary: Canary,
    /// 11 digits, the fewest that can be looked for: a number may have four more.
    digits: String,
    /// Bytes of an address between its first two and the person's.
    network: [u8; 12],
}

impl Crowd {
    pub fn new(people: u16, license: &str, now: Timestamp) -> Self {
        assert_eq!(people % 40, 0, "the hosts are an even number");
        let random = uuid::Uuid::new_v4().into_bytes();
        let mut network = [0; 12];
        network.copy_from_slice(&uuid::Uuid::new_v4().into_bytes()[..12]);
        // No group begins with a zero, so that the address has one spelling.
        network.iter_mut().step_by(2).for_each(|byte| *byte |= 0x10);
        let digits = random[..11].iter().map(|byte| char::from(b'1' + byte % 9)).collect();
        Self { people, license: license.to_owned(), now, canary: Canary::new(), digits, network }
    }

    /// The search for anything of anybody.
    pub fn search(&self) -> Search {
        let address = self.ip(0).to_string();
        let core = address.trim_start_matches("2001:").rsplit_once(':').unwrap().0;
        self.canary
            .search()
            .for_text("digits", &self.digits)
            .for_text("address", core)
            .for_bytes("address", &self.network)
    }

    fn text(&self, field: u8, person: u16) -> String {
        format!("{}x{person:04}", self.canary.text(field))
    }

    fn email(&self, field: u8, person: u16) -> String {
        format!("{}@example.dk", self.text(field, person))
    }

    fn phone(&self, person: u16) -> String {
        format!("+{}{person:04}", self.digits)
    }

    fn ip(&self, person: u16) -> Ipv6Addr {
        let mut octets = [0x20, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        octets[2..14].copy_from_slice(&self.network);
        octets[14..].copy_from_slice(&(0x1000 + person).to_be_bytes());
        octets.into()
    }

    pub fn reference(&self, person: u16) -> String {
        self.text(1, person)
    }

    /// Somebody of the first twentieth, who are guests as everybody, and hosts.
    fn host(&self, n: u16) -> u16 {
        n % (self.people / 20)
    }

    /// Somebody of the second twentieth, who are notified as well.
    fn recipient(&self, n: u16) -> u16 {
        self.people / 20 + self.host(n)
    }

    /// What a person's backend says.
    fn fields(&self, person: u16) -> Value {
        json!({
            "name": format!("Åse {} Ø", self.text(2, person)),
            "email": self.email(3, person),
            "phone": self.phone(person),
            "company": format!("{} A/S", self.text(4, person)),
            // 16 characters, as many as a number plate may have.
            "vehicle_plate": format!("{}{person:04}", &self.canary.text(0)[..12]),
        })
    }

    /// One of a person's events: in and out in turn, a booking for each such pair.
    pub fn event(&self, person: u16, n: u16) -> Value {
        let minutes = i64::from(n) * 24 * 60 + i64::from(person % 600);
        let mut guest = self.fields(person);
        guest["ref"] = self.reference(person).into();
        let kind = ["visit.checked_in", "visit.checked_out"][usize::from(n % 2)];
        let turn = person.wrapping_mul(7) + n;
        let among = [self.host(turn), self.recipient(turn / 3), self.host(turn + 1)];
        // The first half of the events name odd numbers alone.
        let [host, other, told] = among.map(|who| who | u16::from(n < EVENTS / 2));
        json!({
            "id": uuid::Uuid::new_v4(),
            "type": kind,
            "occurred_at": self.now.plus_seconds(60 * (minutes - i64::from(EVENTS) * 24 * 60) - 36_000).to_string(),
            "license_number": self.license,
            "visit_ref": format!("{}v{}", self.text(5, person), n / 2),
            "person": guest,
            "host": {"ref": self.reference(host), "name": self.text(6, host), "email": self.email(7, host)},
            "recipients": [
                {"ref": self.reference(other), "channel": "sms", "address": self.phone(other)},
                {"ref": self.reference(told), "channel": "email", "address": self.email(8, told)},
            ],
            "ip": self.ip(person),
            "origin": "kiosk",
        })
    }

    /// Has all of them heard of: events, fields from the customer's backend, restrictions.
    pub fn arrive(&self, client: &Client, key: &str) {
        let send = |method: &str, path: &str, body: &Value| {
            let answer = client.send(method, path, Some(key), &[], Some(body.to_string().as_bytes())).unwrap();
            assert!(matches!(answer.status, 200 | 201), "{method}: {} {}", answer.status, answer.text);
            answer.json()
        };
        let all: Vec<Value> =
            (0..EVENTS).flat_map(|n| (0..self.people).map(move |person| self.event(person, n))).collect();
        for batch in all.chunks(BATCH) {
            let told = send("POST", "/v1/events", &json!({"events": batch}));
            assert_eq!(told["created"], batch.len(), "{told}");
        }
        for person in (0..self.people).step_by(3) {
            send("PUT", &format!("/v1/people/{}", self.reference(person)), &self.fields(person));
        }
        for person in (0..self.people).step_by(RESTRICTED) {
            let ground = ["a", "d"][usize::from(person / 5 % 2)];
            let placed = json!({"ground": ground, "reason": self.text(9, person)});
            send("PUT", &format!("/v1/people/{}/restriction", self.reference(person)), &placed);
        }
        for person in (1..self.people).step_by(5) {
            let said = json!({"text": self.text(10, person)});
            send("PUT", &format!("/v1/people/{}/statement", self.reference(person)), &said);
        }
        for person in (2..self.people).step_by(5) {
            let refused = json!({"state": "overruled", "grounds": self.text(11, person)});
            send("PUT", &format!("/v1/people/{}/objections/improvement", self.reference(person)), &refused);
        }
    }
}

/// One of so many is restricted.
pub const RESTRICTED: usize = 5;

/// Everything that HTTP shows of a customer's people, by address, item by item as it came.
#[derive(Debug, PartialEq)]
pub struct Shown(BTreeMap<String, String>);

impl Shown {
    pub fn of(client: &Client, key: &str, refs: &[String]) -> Self {
        let mut items = BTreeMap::new();
        for list in ["events", "visits", "people"] {
            for item in pages(client, key, &format!("/v1/{list}?limit=200")) {
                let value: Value = serde_json::from_str(item.get()).unwrap();
                let id = value.get("id").unwrap_or(&value["ref"]);
                items.insert(format!("{list} {id}"), item.get().to_owned());
            }
        }
        for reference in refs {
            let path = format!("/v1/people/{reference}");
            let answer = client.send("GET", &path, Some(key), &[], None).unwrap();
            items.insert(path, format!("{} {}", answer.status, if answer.status == 200 { &answer.text } else { "" }));
        }
        Self(items)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What is left when these people are erased; what it should be compared with after that.
    ///
    /// All bytes of an item stay, unless one of them is named in it: as host and recipient each is left out.
    pub fn without(&self, erased: &BTreeSet<String>) -> BTreeMap<String, Value> {
        let is_erased = |who: &Value| who["ref"].as_str().is_some_and(|reference| erased.contains(reference));
        let mut left = BTreeMap::new();
        for (address, text) in &self.0 {
            if let Some(reference) = address.strip_prefix("/v1/people/") {
                let text = if erased.contains(reference) { "404 " } else { text };
                left.insert(address.clone(), text.into());
                continue;
            }
            let before: Value = serde_json::from_str(text).unwrap();
            if is_erased(&before) || is_erased(&before["person"]) {
                continue;
            }
            let mut after = before.clone();
            if is_erased(&after["host"]) {
                after["host"] = Value::Null;
            }
            for list in ["hosts", "recipients"] {
                if let Some(people) = after.get_mut(list).and_then(Value::as_array_mut) {
                    people.retain(|who| !is_erased(who));
                }
            }
            let after = if after == before { Value::String(text.clone()) } else { after };
            left.insert(address.clone(), after);
        }
        left
    }

    /// Compares with what should be left; gives how many items are byte for byte as they were.
    pub fn assert_is(&self, expected: &BTreeMap<String, Value>) -> usize {
        assert!(self.0.keys().eq(expected.keys()), "other items than those that should be left");
        let mut same = 0;
        for (address, text) in &self.0 {
            if let Value::String(before) = &expected[address] {
                assert_eq!(text, before, "{address}");
                same += 1;
            } else {
                assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected[address], "{address}");
            }
        }
        same
    }
}

/// The refs of all people in the order in which they were first heard of, which is that of their internal ids.
pub fn in_order(client: &Client, key: &str) -> Vec<String> {
    let refs = pages(client, key, "/v1/people?limit=200").into_iter();
    refs.map(|item| serde_json::from_str::<Value>(item.get()).unwrap()["ref"].as_str().unwrap().to_owned()).collect()
}

/// Every item of a list.
fn pages(client: &Client, key: &str, path: &str) -> Vec<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Page {
        data: Vec<Box<RawValue>>,
        next_cursor: Option<String>,
    }
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = client.send("GET", &format!("{path}{cursor}"), Some(key), &[], None).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page: Page = serde_json::from_str(&answer.text).unwrap();
        all.extend(page.data);
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}
