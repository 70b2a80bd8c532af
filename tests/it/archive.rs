//! The archive that a person gets, unpacked, and a customer who asks for it.

use crate::harness::{Answer, Home, Kind, Served, Site, at, key, serve, site};
use guestlog::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

pub const FILES: [&str; 7] =
    ["data.json", "events.csv", "visits.csv", "recipients.csv", "article-15.json", "index.html", "manifest.json"];

/// What an archive holds.
pub struct Archive {
    pub bytes: Vec<u8>,
    pub files: BTreeMap<String, String>,
}

impl Archive {
    pub fn of(bytes: Vec<u8>) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(&bytes)).unwrap();
        let mut files = BTreeMap::new();
        for at in 0..archive.len() {
            let mut file = archive.by_index(at).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(file.name().unwrap().into_owned(), text);
        }
        assert_eq!(files.len(), FILES.len());
        assert!(FILES.iter().all(|name| files.contains_key(*name)), "{:?}", files.keys());
        Self { bytes, files }
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.files[name]).unwrap()
    }

    pub fn data(&self) -> Value {
        self.json("data.json")
    }

    /// The files that hold this text.
    pub fn holding(&self, text: &str) -> Vec<&str> {
        let holds = self.files.iter().filter(|(_, file)| file.contains(text));
        holds.map(|(name, _)| name.as_str()).collect()
    }
}

/// A customer with a key for everything, and a clock that can be set.
pub struct House {
    pub served: Served,
    pub site: Site,
    pub key: String,
    pub clock: Clock,
    pub home: Home,
}

pub const SCOPES: &str = "events:write,events:read,people:write,people:read,people:delete,rights,webhooks";

impl House {
    pub fn new(kind: Kind) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at("2026-11-21T08:00:00Z"));
        let app = home.open(clock.clone());
        let site = site(&app, "L-CANARY-1");
        let key = key(&app, Some(site.customer), SCOPES, None);
        Self { served: serve(&app), site, key, clock, home }
    }

    pub fn event(&self, event: &Value) {
        let answer = self.served.post("/v1/events", &self.key, event);
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    /// A check-in of somebody.
    pub fn comes(&self, guest: &str) {
        self.event(&json!({
            "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": self.clock.now(),
            "license_number": "L-CANARY-1", "person": {"ref": guest},
        }));
    }

    pub fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let answer = self.served.send(method, path, Some(&self.key), &[], Some(body.as_bytes()));
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text);
        answer
    }

    pub fn ask(&self, guest: &str, query: &str) -> Answer {
        self.served.get(&format!("/v1/people/{guest}/export{query}"), &self.key)
    }

    pub fn export(&self, guest: &str) -> Archive {
        self.export_as(guest, "")
    }

    pub fn export_as(&self, guest: &str, query: &str) -> Archive {
        let answer = self.ask(guest, query);
        assert_eq!(answer.status, 200, "{}", answer.text);
        Archive::of(answer.bytes)
    }
}
