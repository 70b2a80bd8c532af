//! Who read of people: every read through the HTTP interface is written down before its answer leaves, with the key and
//! its role, the route and each person; a read that cannot be written down shows nothing.

use crate::deletions::House;
use crate::harness::{Kind, at, both, key};
use crate::limits_matrix::{State, Town, in_order, seen};
use crate::raw::Raw;
use guestlog::app::accesses::{Consultation, of_person};
use guestlog::domain::PersonId;
use guestlog::domain::reading::{Lookup, Role};
use guestlog::http::routes::Entry;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

const WHOLE: &str = "key_id || ' ' || CAST(role AS text) || ' ' || purpose || ' ' || CAST(requests AS text) || ' ' || \
    CAST(people AS text)";

fn raw(house: &House) -> Raw {
    Raw::of(&house.home)
}

/// The inside number of a guest whom the house met first, second, …
fn person(house: &House, nth: usize) -> PersonId {
    let ids = raw(house).texts("SELECT CAST(id AS text) AS text FROM people ORDER BY id");
    PersonId(ids[nth].parse().unwrap())
}

fn consultations(house: &House, person: PersonId) -> Vec<Consultation> {
    house.served.app.read_blocking(|view| of_person(view, house.site.id, person)).unwrap()
}

fn guests(house: &House, count: u128) {
    for number in 0..count {
        let at = "2026-11-21T08:00:00Z";
        assert_eq!(house.event(number + 1, "visit.checked_in", at, &format!("g{number}"), None).status, 201);
    }
}

/// Makes the write fail, or lets it succeed again.
fn bar(kind: Kind, raw: &mut Raw, barred: bool) {
    match (kind, barred) {
        (Kind::Sqlite, true) => {
            raw.run("CREATE TRIGGER bar BEFORE INSERT ON accesses BEGIN SELECT RAISE(ABORT, 'barred'); END");
        }
        (Kind::Sqlite, false) => raw.run("DROP TRIGGER bar"),
        (Kind::Postgres, true) => {
            raw.run("CREATE FUNCTION bar() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'barred'; END $$");
            raw.run("CREATE TRIGGER bar BEFORE INSERT ON accesses FOR EACH ROW EXECUTE FUNCTION bar()");
        }
        (Kind::Postgres, false) => raw.run("DROP TRIGGER bar ON accesses"),
    }
}

/// The routes that leave the person as is.
fn walk() -> impl Iterator<Item = Entry> {
    let limits = |entry: &Entry| {
        entry.method == "PUT" && (entry.path.ends_with("/restriction") || entry.path.contains("/objections/"))
    };
    in_order().into_iter().filter(move |entry| entry.method != "DELETE" && !limits(entry))
}

/// The table of routes against what is written down. What is said in a request may be said back without.
#[test]
fn every_route_that_shows_somebody_writes_it_down_and_no_other() {
    both(|kind| {
        let town = Town::new(House::new(kind), State::Plain);
        let house = &town.house;
        let canary = raw(house).texts("SELECT CAST(person_id AS text) AS text FROM statements").remove(0);
        let of_canary = format!("access_people WHERE person_id = {canary}");
        let mut routes = 0;
        for entry in &walk().collect::<Vec<_>>() {
            let said_back = entry.path.ends_with("/statement");
            let route = format!("{} {}", entry.method, entry.path);
            let (rows, links) = (raw(house).count("accesses"), raw(house).count(&of_canary));
            let answer = town.call(entry);
            // The archive is packed, so that nothing is seen in it as it is.
            let shows = (!seen(&answer).is_empty() && !said_back) || entry.path == "/v1/people/{ref}/export";
            assert_eq!(raw(house).count(&of_canary) - links, i64::from(shows), "{route}: {}", answer.text);
            let written = raw(house).count("accesses") - rows;
            assert!(written == i64::from(shows) || (!shows && written <= 1), "{route}: {written}");
            if shows {
                routes += 1;
                let last = raw(house).texts(&format!("SELECT {WHOLE} AS text FROM accesses ORDER BY id DESC LIMIT 1"));
                let key_id = house.key.split('_').nth(1).unwrap();
                let (start, role) = (format!("{key_id} "), Role::Backend.number());
                assert!(last[0].starts_with(&start), "{last:?}");
                assert!(last[0].contains(&format!(" {role} {route} 1 ")), "{route}: {last:?}");
            }
        }
        assert!(routes >= 9, "{routes} routes show somebody");
    });
}

#[test]
fn what_cannot_be_written_down_is_not_shown() {
    both(|kind| {
        let town = Town::new(House::new(kind), State::Plain);
        let shows: Vec<_> = walk()
            .filter(|entry| entry.method != "POST" && !entry.path.ends_with("/statement"))
            .filter(|entry| !seen(&town.call(entry)).is_empty())
            .collect();
        assert!(shows.len() >= 9, "{shows:?}");
        // Each reading is a new one then.
        town.house.clock.set(at("2026-11-21T13:00:00Z"));
        bar(kind, &mut raw(&town.house), true);
        for entry in &shows {
            let answer = town.call(entry);
            assert!(answer.status >= 500, "{} {}: {}", entry.method, entry.path, answer.status);
            assert!(seen(&answer).is_empty() && !answer.text.contains("barred"), "{}: {}", entry.path, answer.text);
        }
        bar(kind, &mut raw(&town.house), false);
        for entry in &shows {
            assert!(town.call(entry).status < 300, "{} {}", entry.method, entry.path);
        }
    });
}

#[test]
fn a_person_learns_when_in_which_role_and_what_for() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 2);
        let bound = key(&house.served.app, Some(house.site.customer), "events:read", Some("L-1"));
        house.get("/v1/people/g0");
        house.clock.set(at("2026-11-21T13:00:00Z"));
        assert_eq!(house.served.get("/v1/visits/on-site", &bound).status, 200);
        let said: Vec<_> = consultations(&house, person(&house, 0))
            .into_iter()
            .map(|one| (one.at.to_string(), one.requests, one.role, one.purpose))
            .collect();
        let expected = [
            ("2026-11-21T12:00:00.000000Z".to_owned(), 1, Role::Backend, Lookup::Person),
            ("2026-11-21T13:00:00.000000Z".to_owned(), 1, Role::GuestSystem, Lookup::OnSite),
        ];
        assert_eq!(said, expected);
        assert_eq!(consultations(&house, person(&house, 1)).len(), 1);
        // Nobody was found, so nothing was read of anybody.
        let before = raw(&house).count("accesses");
        assert_eq!(house.get("/v1/people/nobody").status, 404);
        assert_eq!(house.get("/v1/people?email=nobody@example.dk").json()["data"], json!([]));
        assert_eq!(raw(&house).count("accesses"), before);
    });
}

#[test]
fn a_screen_that_asks_again_and_again_is_one_reading_that_goes_on() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 3);
        for minute in 0..20 {
            house.clock.set(at(&format!("2026-11-21T12:{minute:02}:00Z")));
            assert_eq!(house.get("/v1/visits/on-site").status, 200);
        }
        let rows = |house: &House| {
            raw(house)
                .texts("SELECT CAST(requests AS text) || ' ' || CAST(people AS text) AS text FROM accesses ORDER BY id")
        };
        // A quarter of an hour, and the rest.
        assert_eq!(rows(&house), ["15 3", "5 3"]);
        let first = &consultations(&house, person(&house, 0))[0];
        assert_eq!((first.at, first.last_at), (at("2026-11-21T12:00:00Z"), at("2026-11-21T12:14:00Z")));
        // Other people, another reading; and so is another key's.
        assert_eq!(house.event(9, "visit.checked_in", "2026-11-21T12:19:00Z", "g9", None).status, 201);
        house.get("/v1/visits/on-site");
        let other = key(&house.served.app, Some(house.site.customer), "events:read", None);
        house.served.get("/v1/visits/on-site", &other);
        assert_eq!(rows(&house), ["15 3", "5 3", "1 4", "1 4"]);
    });
}

#[test]
fn readings_go_with_the_person_and_in_time() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 2);
        house.get("/v1/people");
        let first = person(&house, 0);
        assert_eq!(consultations(&house, first).len(), 1);
        house.delete("g0");
        let mut raw = raw(&house);
        assert_eq!(raw.count(&format!("access_people WHERE person_id = {}", first.0)), 0);
        // That somebody's list was read stays, without whom it was of.
        assert_eq!((raw.count("accesses"), raw.count("access_people")), (1, 1));
        for (day, left) in [("2027-05-19T12:00:00Z", 1), ("2027-05-21T12:00:00Z", 0)] {
            house.clock.set(at(day));
            house.served.app.start_jobs().unwrap();
            guestlog::jobs::run_due(&house.served.app).unwrap();
            assert_eq!((raw.count("accesses"), raw.count("access_people")), (left, left), "{day}");
        }
    });
}

#[test]
fn readings_at_the_same_time_are_all_written_down() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 40);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let house = &house;
                scope.spawn(move || {
                    for number in 0..5 {
                        assert_eq!(house.get(&format!("/v1/people/g{}", thread * 5 + number)).status, 200);
                    }
                });
            }
        });
        let mut raw = raw(&house);
        assert_eq!((raw.count("accesses"), raw.count("access_people")), (40, 40));
        assert_eq!(raw.number("SELECT CAST(sum(requests) AS bigint) AS count FROM accesses"), 40);
    });
}

/// Who opens what is sealed of people, and how often, in the files of use-cases: a read that is added notes whom it
/// shows ([`guestlog::app::View`]), or stands here with the reason why it shows nobody.
#[test]
fn whoever_opens_data_of_people_shows_them_on_the_record_or_to_nobody() {
    const OPENING: [(&str, usize, &str); 7] = [
        ("deletions/rest.rs", 1, "keeps what is under a hold, and shows nobody"),
        ("deletions/tell.rs", 1, "tells recipients of an erasure, by ref alone"),
        ("export/subject.rs", 1, "on the record before the first byte, as the matrix above shows; or the person's own"),
        ("ingest/people.rs", 2, "brings what is stored up to date, and shows nobody"),
        ("people.rs", 5, "two of them on the record, as the matrix above shows; three that write"),
        ("reconciliation/people.rs", 1, "the digest of refs"),
        ("restrictions.rs", 1, "writes, and says back what was said"),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app");
    let mut found = BTreeMap::new();
    for file in crate::harness::files(&root) {
        let text = std::fs::read_to_string(&file).unwrap();
        let count = text.matches("Dossier::open(").count() + text.matches("open_ref(").count();
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        if count > 0 && name != "dossier.rs" {
            found.insert(name, count);
        }
    }
    let expected: BTreeMap<_, _> = OPENING.iter().map(|(name, count, _)| ((*name).to_owned(), *count)).collect();
    assert_eq!(found, expected);
}
