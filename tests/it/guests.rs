//! A customer's people, who are stored, erased and looked for; for tests of what must not come back.

use crate::client::Client;
use crate::harness::{Answer, Home, Site, key, site};
use guestlog::app::App;
use guestlog::app::deletions::{Instruction, Subject};
use guestlog::app::ingest::{Item, Outcome};
use guestlog::app::people::{self, Put};
use guestlog::clock::Clock;
use guestlog::domain::receipt::{Origin, Receipt};
use guestlog::domain::text::Ref;
use guestlog::error::Error;
use guestlog::store::journal::{Journal, Stored};
use secrecy::ExposeSecret;
use serde_json::json;
use std::net::SocketAddr;

const SCOPES: &str = "events:read,events:write,people:read,people:write,people:delete";

/// A customer, and a key of its backend.
pub struct Guests {
    pub site: Site,
    pub key: String,
}

impl Guests {
    pub fn new(app: &App) -> Self {
        let site = site(app, "L-1");
        let key = key(app, Some(site.customer), SCOPES, None);
        Self { site, key }
    }

    /// Stores people, each with a name, an e-mail address and an event.
    pub fn come(&self, app: &App, refs: &[String]) {
        for group in refs.chunks(500) {
            let items: Vec<Item> = group.iter().map(|guest| self.item(app, guest)).collect();
            let outcomes = app.ingest_blocking(&items).unwrap();
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
        }
    }

    fn item(&self, app: &App, guest: &str) -> Item {
        let event = json!({"id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": app.clock().now(),
            "license_number": "L-1",
            "person": {"ref": guest, "name": format!("Canary {guest}"), "email": format!("{guest}@canary.example")}});
        let event = serde_json::from_value(event).unwrap();
        Item { customer: self.site.id, bound_to: None, peer: None, event, any_age: false }
    }

    /// Makes people anew who were erased.
    pub fn recreate(&self, app: &App, guest: &str) {
        let put: Put = serde_json::from_value(json!({"name": "Anew"})).unwrap();
        let reference = Ref::new(guest).unwrap();
        app.write_blocking(|work| people::put(work, self.site.id, &reference, &put, true)).unwrap();
    }

    pub fn erase(&self, app: &App, refs: &[String]) -> Receipt {
        self.try_to_erase(app, refs).unwrap()
    }

    pub fn try_to_erase(&self, app: &App, refs: &[String]) -> Result<Receipt, Error> {
        let subjects = refs.iter().map(|guest| Subject::Ref(Ref::new(guest).unwrap())).collect();
        app.delete_blocking(&Instruction::new(self.site.id, "test", Origin::List, subjects), None)
    }

    pub fn holds(&self, app: &App, guest: &str) -> bool {
        let reference = Ref::new(guest).unwrap();
        match app.read_blocking(|view| people::get(view, self.site.id, &reference)) {
            Ok(_) => true,
            Err(Error::Refused { .. }) => false,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Asks a server for a person.
    pub fn ask(&self, address: SocketAddr, guest: &str) -> Answer {
        Client::new(address).send("GET", &format!("/v1/people/{guest}"), Some(&self.key), &[], None).unwrap()
    }
}

/// `g0` to `g<count - 1>`, behind a prefix.
pub fn refs(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

/// The journal of a home, opened beside the application's own.
pub fn journal(home: &Home, further: &[(&str, &str)]) -> Journal {
    let settings = home.settings(further);
    let db = guestlog::app::open_db(&settings).unwrap();
    Journal::at(settings.erasure.journal.expose_secret(), db.target()).unwrap()
}

/// What a journal holds.
pub fn entries(journal: &Journal) -> Vec<Stored> {
    let mut found = Vec::new();
    journal
        .read_after(0, &mut |stored| {
            found.push(stored);
            Ok(())
        })
        .unwrap();
    found
}

/// The application over a database that is migrated already.
pub fn open(home: &Home, further: &[(&str, &str)]) -> Result<App, Error> {
    App::open(home.settings(further), Clock::System)
}
