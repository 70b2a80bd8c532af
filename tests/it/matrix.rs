//! Every route against every wrong key, from the table of routes itself: a route that is added is tested here, or
//! this test fails and says so.

use crate::bodies::{EVENT, NOW, agreement, body, event, hold, is_deletion, webhook};
use crate::client::Client;
use crate::harness::{Answer, Home, Kind, Served, at, both, key, serve, site};
use crate::matrix_cases;
use guestlog::app::{App, keys};
use guestlog::clock::Clock;
use guestlog::domain::PublicId;
use guestlog::domain::scope::{Scope, Scopes};
use guestlog::http::access::Access;
use guestlog::http::openapi;
use guestlog::http::routes::Entry;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A list that is only counted.
const RECONCILE: &str = "/v1/reconciliations?snapshot_at=2026-11-21T12:00:00Z&dry_run=true";
const NDJSON: [(&str, &str); 1] = [("content-type", "application/x-ndjson")];
/// Well-formed, and nobody's.
const NOTHING: &str = "00000000-0000-0000-0000-0000000000ff";

fn entries() -> Vec<Entry> {
    guestlog::http::table().entries().cloned().collect()
}

fn every_scope() -> String {
    let scopes: Vec<&str> = Scope::ALL.iter().filter(|scope| **scope != Scope::Admin).map(|s| s.as_str()).collect();
    scopes.join(",")
}

/// Two customers with a licence, an event, a person, a device and keys each.
struct Town {
    served: Served,
    clock: Clock,
    client: Client,
    ours: PublicId,
    /// Of all scopes that a customer's key can have.
    key: String,
    foreign_key: String,
    operator: String,
    agreement: String,
    license: String,
    foreign_license: String,
    visit: String,
    deletion: String,
    hold: String,
    reconciliation: String,
    webhook: String,
    delivery: String,
    /// A key that only waits to be looked at and revoked.
    key_id: String,
    /// Keeps folder and database until the end.
    _home: Home,
}

impl Town {
    fn new(kind: Kind) -> Self {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let app = home.open(clock.clone());
        let (ours, theirs) = (site(&app, "L-1"), site(&app, "L-1"));
        let of = |customer| key(&app, Some(customer), &every_scope(), None);
        let (own, foreign, operator) = (of(ours.customer), of(theirs.customer), key(&app, None, "admin", None));
        let served = serve(&app);
        let client = Client::new(served.address);
        let event = served.post("/v1/events", &own, &event(EVENT, "L-1"));
        assert_eq!(event.status, 201, "{}", event.text);
        let deleted = served.send("DELETE", "/v1/people/guest-8", Some(&own), &[], None);
        assert_eq!(deleted.status, 200, "{}", deleted.text);
        let held = served.post("/v1/people/guest-42/holds", &own, &hold("2027-11-21T12:00:00Z", &["name"]));
        assert_eq!(held.status, 201, "{}", held.text);
        let counted = client.send("POST", RECONCILE, Some(&own), &NDJSON, Some(b"")).unwrap();
        let license = |customer: PublicId| {
            let list = served.get(&format!("/v1/admin/customers/{customer}/licenses"), &operator).json();
            list["data"][0]["id"].as_str().unwrap().to_owned()
        };
        let agreements = format!("/v1/admin/customers/{}/retention-agreements", ours.customer);
        let agreement = served.post(&agreements, &operator, &agreement());
        assert_eq!(agreement.status, 201, "{}", agreement.text);
        let webhook = served.post("/v1/webhooks", &own, &webhook()).json()["id"].as_str().unwrap().to_owned();
        let tested = served.send("POST", &format!("/v1/webhooks/{webhook}/test"), Some(&own), &[], None).json();
        Self {
            webhook,
            delivery: tested["id"].as_str().unwrap().to_owned(),
            agreement: agreement.json()["id"].as_str().unwrap().to_owned(),
            license: license(ours.customer),
            foreign_license: license(theirs.customer),
            visit: event.json()["visit_id"].as_str().unwrap().to_owned(),
            reconciliation: counted.json()["reconciliation_id"].as_str().unwrap().to_owned(),
            hold: held.json()["id"].as_str().unwrap().to_owned(),
            deletion: deleted.json()["deletion_id"].as_str().unwrap().to_owned(),
            key_id: of(ours.customer)[4..20].to_owned(),
            ours: ours.customer,
            key: own,
            foreign_key: foreign,
            operator,
            served,
            clock,
            client,
            _home: home,
        }
    }

    fn app(&self) -> &App {
        &self.served.app
    }

    /// The key that is good for a route.
    fn good(&self, entry: &Entry) -> &str {
        if entry.access == Access::Scope(Scope::Admin) { &self.operator } else { &self.key }
    }

    /// The address of a thing that is there, and another where nothing is.
    fn addresses(&self, entry: &Entry) -> (String, String) {
        let (customer, license) = (self.ours.to_string(), self.license.as_str());
        let id = match entry.path.split('/').nth(2) {
            Some("events") => EVENT,
            Some("visits") => self.visit.as_str(),
            Some("deletions") => self.deletion.as_str(),
            Some("people") => self.hold.as_str(),
            Some("reconciliations") => self.reconciliation.as_str(),
            Some("rights" | "admin") if entry.path.contains("/cases/") => {
                &matrix_cases::case_for(&self.served, &self.key, &self.operator, entry)
            }
            Some("webhooks") if entry.method == "DELETE" => &matrix_cases::doomed(&self.served, &self.key),
            Some("webhooks") => self.webhook.as_str(),
            _ => customer.as_str(),
        };
        matrix_cases::delegate(&self.served, &self.key, entry);
        // Who is deleted here must not be the one whom the other routes are tried on.
        let reference = if is_deletion(entry) { "guest-9" } else { "guest-42" };
        let found = [
            ("{id}", id, NOTHING),
            ("{license}", license, NOTHING),
            ("{agreement}", self.agreement.as_str(), NOTHING),
            ("{delivery}", self.delivery.as_str(), NOTHING),
            ("{key_id}", self.key_id.as_str(), "0000000000000000"),
            ("{ref}", reference, "nobody"),
            ("{device}", "reception-1", "reception-9"),
            ("{purpose}", "statistics", "statistics"),
            ("{right}", "access", "nothing"),
            ("{code}", "not_found", "nothing"),
            ("{file}", "icon.svg", "nothing"),
        ];
        let fill = |nothing: bool| {
            let value =
                |row: &(&'static str, &str, &'static str)| if nothing { row.2.to_owned() } else { row.1.to_owned() };
            found.iter().fold(entry.path.to_owned(), |path, row| path.replace(row.0, &value(row)))
        };
        (fill(false), fill(true))
    }

    fn call(&self, entry: &Entry, path: &str, key: Option<&str>) -> Answer {
        let body = body(entry).map(|body| body.to_string().into_bytes());
        // The person must have been told.
        let told = format!("{path}?told_at={}", self.clock.now());
        let (path, headers) = match (entry.takes, path) {
            (["application/x-ndjson"], _) => (RECONCILE, &NDJSON[..]),
            (_, "/v1/people/digest") => ("/v1/people/digest?bits=4", &[][..]),
            (_, path) if entry.method == "DELETE" && path.ends_with("/restriction") => (told.as_str(), &[][..]),
            _ => (path, &[][..]),
        };
        self.client.send(entry.method.as_str(), path, key, headers, body.as_deref()).unwrap()
    }
}

/// An answer but for what names the request itself.
fn bare(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let own = ["x-request-id", "date", "connection"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect();
    (answer.status, answer.text.replace(answer.header("x-request-id").unwrap(), "…"), headers)
}

#[test]
fn no_route_is_there_twice_and_the_document_says_the_same_of_each() {
    let entries = entries();
    let addresses: BTreeSet<(&str, &str)> = entries.iter().map(|e| (e.method.as_str(), e.path)).collect();
    assert_eq!(addresses.len(), entries.len());
    let document: Value = serde_json::from_str(&openapi::document().to_json().unwrap()).unwrap();
    for entry in &entries {
        let operation = &document["paths"][entry.path][entry.method.as_str().to_lowercase()];
        if let Access::Scope(scope) = entry.access {
            assert_eq!(operation["security"], json!([{"key": [scope.as_str()]}]), "{entry:?}");
            let query = operation["parameters"].as_array().into_iter().flatten().any(|p| p["in"] == "query");
            assert_eq!(query, entry.query, "{entry:?}");
            let media: BTreeSet<&str> = entry.takes.iter().copied().collect();
            let stated = operation["requestBody"]["content"].as_object();
            assert_eq!(stated.into_iter().flatten().map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>(), media);
        } else {
            assert!(operation["security"].is_null(), "{entry:?}");
        }
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            assert!(addresses.contains(&(method.to_uppercase().as_str(), path)), "{method} {path} is nowhere");
        }
    }
}

#[test]
fn a_route_opens_to_its_own_scope_alone() {
    both(|kind| {
        let town = Town::new(kind);
        let of_scope: Vec<(Scope, String)> = Scope::ALL
            .iter()
            .map(|scope| {
                let customer = (*scope != Scope::Admin).then_some(town.ours);
                (*scope, key(town.app(), customer, scope.as_str(), None))
            })
            .collect();
        for entry in &entries() {
            let (path, _) = town.addresses(entry);
            let Access::Scope(scope) = entry.access else {
                // The form and its pages have a code of their own, which is another test's.
                if entry.path.contains("privacy") {
                    continue;
                }
                assert_eq!(town.call(entry, &path, None).status, 200, "{entry:?}");
                assert_eq!(town.call(entry, &path, Some("glk_")).status, 200, "{entry:?}");
                continue;
            };
            for (held, key) in &of_scope {
                let answer = town.call(entry, &path, Some(key));
                if *held == scope {
                    assert!((200..300).contains(&answer.status), "{entry:?}: {}", answer.text);
                    continue;
                }
                assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("forbidden")), "{entry:?} {held}");
                let says = if *held == Scope::Admin { "An operator key has no customer" } else { scope.as_str() };
                assert!(answer.json()["detail"].as_str().unwrap().contains(says), "{entry:?}: {}", answer.text);
            }
        }
    });
}

#[test]
fn no_route_opens_to_a_key_that_is_missing_misspelt_revoked_or_expired() {
    both(|kind| {
        let town = Town::new(kind);
        let short = |customer: Option<PublicId>, scopes: &str| {
            let draft =
                keys::Draft { customer, license_number: None, scopes: Scopes::parse_list(scopes).unwrap(), days: 1 };
            town.app().write_blocking(|work| keys::issue(work, &draft)).unwrap().secret
        };
        let revoked = |customer: Option<PublicId>, scopes: &str| {
            let secret = short(customer, scopes);
            town.app().write_blocking(|work| keys::revoke(work, customer, &secret[4..20])).unwrap();
            secret
        };
        let ends = [short(Some(town.ours), &every_scope()), short(None, "admin")];
        let ended = [revoked(Some(town.ours), &every_scope()), revoked(None, "admin")];
        let unknown = guestlog::crypto::ApiKey::generate().unwrap().reveal();
        let mut refusals = BTreeSet::new();
        for entry in entries().iter().filter(|entry| entry.access != Access::Public) {
            let (path, _) = town.addresses(entry);
            let good = town.good(entry).to_owned();
            let of_operator = usize::from(entry.access == Access::Scope(Scope::Admin));
            let swapped: String = good.chars().rev().collect();
            let cut = &good[..good.len() - 1];
            let misspelt = good.replacen(&good[30..31], if &good[30..31] == "a" { "b" } else { "a" }, 1);
            town.clock.set(at("2026-11-22T11:59:59.999999Z"));
            assert!((200..300).contains(&town.call(entry, &path, Some(&ends[of_operator])).status), "{entry:?}");
            town.clock.set(at("2026-11-22T12:00:00Z"));
            let keys = ["x", cut, &swapped, &misspelt, &unknown, &ended[of_operator], &ends[of_operator]];
            for key in keys.map(Some).into_iter().chain([None]) {
                let answer = town.call(entry, &path, key);
                assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"guestlog\""), "{entry:?}");
                refusals.insert(bare(&answer));
            }
            town.clock.set(at(NOW));
        }
        assert_eq!(refusals.len(), 1, "the same words for all: {refusals:?}");
        assert_eq!(refusals.first().unwrap().0, 401);
    });
}

#[test]
fn what_is_a_foreign_customers_is_what_is_not_there() {
    both(|kind| {
        let town = Town::new(kind);
        for entry in entries().iter().filter(|entry| entry.access != Access::Public && entry.path.contains('{')) {
            let (path, missing) = town.addresses(entry);
            let of_somebody = entry.path.starts_with("/v1/people/{ref}/");
            let makes = matches!(entry.method.as_str(), "POST" | "PUT")
                && !of_somebody
                && !entry.path.starts_with("/v1/rights/cases/")
                && !entry.path.starts_with("/v1/webhooks/");
            if entry.access == Access::Scope(Scope::Admin) {
                // The operator's keys reach every customer: foreign is what stands under another customer.
                let nothing = bare(&town.call(entry, &missing, Some(&town.operator)));
                assert_eq!(nothing.0, 404, "{entry:?}");
                let foreign = path.replace(&town.license, &town.foreign_license);
                let foreign = foreign.replace(&town.key_id, &town.foreign_key[4..20]);
                if foreign != path {
                    assert_eq!(bare(&town.call(entry, &foreign, Some(&town.operator))), nothing, "{entry:?}");
                }
            } else if makes || is_deletion(entry) {
                let path = path.replace("guest-9", "guest-42");
                let before = town.served.get("/v1/people/guest-42", &town.key).text;
                let made = town.call(entry, &path, Some(&town.foreign_key));
                assert!((200..300).contains(&made.status), "{entry:?}: {}", made.text);
                assert_eq!(town.served.get("/v1/people/guest-42", &town.key).text, before);
            } else {
                let nothing = bare(&town.call(entry, &missing, Some(&town.key)));
                assert_eq!(nothing.0, 404, "{entry:?}");
                let stranger = town.stranger();
                assert_eq!(bare(&town.call(entry, &path, Some(&stranger))), nothing, "{entry:?}");
                assert!((200..300).contains(&town.call(entry, &path, Some(&town.key)).status), "{entry:?}");
            }
        }
        // Nor does a list hold anything of others, nor a filter find it.
        let stranger = town.stranger();
        for path in ["events", "events?person=guest-42&license=L-1", "visits", "people", "devices", "visits/on-site"] {
            let list = town.served.get(&format!("/v1/{path}"), &stranger).json();
            assert_eq!(list["data"], json!([]), "{path}");
        }
    });
}

impl Town {
    /// A key of a customer who holds nothing.
    fn stranger(&self) -> String {
        key(self.app(), Some(site(self.app(), "L-1").customer), &every_scope(), None)
    }
}

#[test]
fn a_cursor_of_another_customer_list_or_hand_is_refused() {
    both(|kind| {
        let town = Town::new(kind);
        town.served.post("/v1/events", &town.key, &event(NOTHING, "L-1"));
        town.served.post("/v1/events", &town.foreign_key, &event(NOTHING, "L-1"));
        town.served.post("/v1/events", &town.foreign_key, &event(EVENT, "L-1"));
        let first = town.served.get("/v1/events?limit=1", &town.key).json();
        let cursor = first["next_cursor"].as_str().unwrap();
        assert_eq!(town.served.get(&format!("/v1/events?cursor={cursor}"), &town.key).status, 200);
        let turned = format!("{}{}", &cursor[1..], &cursor[..1]);
        for (path, key) in [
            (format!("/v1/events?cursor={cursor}"), &town.foreign_key),
            (format!("/v1/visits?cursor={cursor}"), &town.key),
            (format!("/v1/people?cursor={cursor}"), &town.key),
            (format!("/v1/events?cursor={turned}"), &town.key),
            // Also where the list is empty whatever the cursor.
            ("/v1/events?person=nobody&cursor=x".to_owned(), &town.key),
            ("/v1/visits?license=L-9&cursor=x".to_owned(), &town.key),
        ] {
            let answer = town.served.get(&path, key);
            assert_eq!((answer.status, &answer.json()["errors"][0]["code"]), (422, &json!("invalid_cursor")), "{path}");
        }
    });
}

#[test]
fn a_key_bound_to_a_licence_writes_events_for_it_alone() {
    both(|kind| {
        let town = Town::new(kind);
        let licenses = format!("/v1/admin/customers/{}/licenses", town.ours);
        town.served.post(&licenses, &town.operator, &json!({"license_number": "L-2", "name": "Dør"}));
        let bound = key(town.app(), Some(town.ours), &every_scope(), Some("L-2"));
        let post = |body: &Value| town.served.post("/v1/events", &bound, body);
        for number in ["L-1", "L-9"] {
            let refused = post(&event(NOTHING, number));
            assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("forbidden")), "{number}");
        }
        let told = post(&json!({"events": [event(NOTHING, "L-1"), event(NOTHING, "L-2")]})).json();
        assert_eq!((&told["rejected"], &told["created"]), (&json!(1), &json!(1)), "{told}");
        assert_eq!(told["results"][0]["problem"]["code"], "forbidden");
        let mut silent = event("00000000-0000-0000-0000-000000000003", "");
        silent.as_object_mut().unwrap().remove("license_number");
        assert_eq!(post(&silent).status, 201);
        let shown = town.served.get("/v1/events/00000000-0000-0000-0000-000000000003", &bound).json();
        assert_eq!(shown["license_number"], "L-2");
        let patch = format!("{licenses}/{}", town.license);
        let revoke = |path: &str| {
            town.client.send("PATCH", path, Some(&town.operator), &[], Some(br#"{"revoked":true}"#)).unwrap()
        };
        assert_eq!(revoke(&patch).status, 200);
        let late = town.served.post("/v1/events", &town.key, &event("00000000-0000-0000-0000-000000000004", "L-1"));
        assert_eq!((late.status, &late.json()["code"]), (422, &json!("license_unknown")), "{}", late.text);
    });
}

#[test]
fn a_key_ends_with_the_next_request_and_shows_the_day_of_its_last() {
    both(|kind| {
        let town = Town::new(kind);
        let keys = format!("/v1/admin/customers/{}/keys", town.ours);
        let issued = town.served.post(&keys, &town.operator, &json!({"scopes": ["events:read"]})).json();
        let (id, secret) = (issued["key_id"].as_str().unwrap(), issued["secret"].as_str().unwrap());
        let used = || {
            let list = town.served.get(&keys, &town.operator).json();
            let row = list["data"].as_array().unwrap().iter().find(|row| row["key_id"] == id).unwrap().clone();
            assert!(row.get("secret").is_none() && row["created_at"] == "2026-11-21T12:00:00.000000Z");
            row["last_used_on"].clone()
        };
        assert_eq!(used(), Value::Null);
        for (now, day) in
            [(NOW, "2026-11-21"), ("2026-11-21T23:59:59Z", "2026-11-21"), ("2026-11-22T00:00:00Z", "2026-11-22")]
        {
            town.clock.set(at(now));
            assert_eq!(town.served.get("/v1/events", secret).status, 200);
            assert_eq!(used(), day);
        }
        let path = format!("{keys}/{id}");
        let revoke = || {
            town.client.send("PATCH", &path, Some(&town.operator), &[], Some(br#"{"revoked":true}"#)).unwrap().json()
        };
        let revoked_at = revoke()["revoked_at"].clone();
        assert_eq!(revoked_at, "2026-11-22T00:00:00.000000Z");
        assert_eq!(town.served.get("/v1/events", secret).status, 401);
        town.clock.set(at("2026-11-23T00:00:00Z"));
        assert_eq!(revoke()["revoked_at"], revoked_at, "what is revoked stays so");
        assert_eq!(used(), "2026-11-22", "a refused request is no use");
    });
}

#[test]
fn a_wrong_checksum_costs_no_query() {
    both(|kind| {
        let home = Home::new(kind);
        let settings = [("database.readers", "1"), ("database.acquire_timeout_ms", "100")];
        let app = home.open_with(Clock::fixed(at(NOW)), &settings);
        let good = key(&app, Some(site(&app, "L-1").customer), "events:read", None);
        let served = serve(&app);
        let unknown = guestlog::crypto::ApiKey::generate().unwrap().reveal();
        let last = if unknown.ends_with('0') { "1" } else { "0" };
        let misspelt = format!("{}{last}", &unknown[..unknown.len() - 1]);
        // While the only connection that reads is taken, whatever asks the database waits in vain.
        app.read_blocking(|_| {
            for key in [&unknown, &good] {
                assert_eq!(served.get("/v1/events", key).status, 503);
            }
            for key in [misspelt.as_str(), "glk_", "x", &good[..69]] {
                assert_eq!(served.get("/v1/events", key).status, 401);
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(served.get("/v1/events", &unknown).status, 401);
        assert_eq!(served.get("/v1/events", &good).status, 200);
    });
}
