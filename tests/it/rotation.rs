//! Keys are rotated, and nothing else changes: what was readable is, what was valid is, and old keys go.

use crate::harness::{Answer, Home, Kind, Served, Site, at, both, key, serve, site};
use crate::program::{guestlog, program_in, run};
use crate::raw::Raw;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::app::{App, rotation};
use guestlog::clock::Clock;
use guestlog::crypto::MasterFiles;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const NOW: &str = "2026-11-21T12:00:00Z";
const SCOPES: &str = "events:write,events:read,people:write,people:read";
const PEOPLE: usize = 1_100;

fn open(home: &Home) -> App {
    home.open(Clock::fixed(at(NOW)))
}

fn put(served: &Served, key: &str, reference: &str) -> Answer {
    let body = json!({"name": format!("Navn {reference}"), "email": format!("{reference}@gaest.example")});
    served.send("PUT", &format!("/v1/people/{reference}"), Some(key), &[], Some(body.to_string().as_bytes()))
}

/// A customer with a guest, a host and a visit; gives the key for it.
fn furnish(served: &Served, number: &str) -> (Site, String) {
    let site = site(&served.app, number);
    let key = key(&served.app, Some(site.customer), SCOPES, None);
    let event = json!({
        "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": "2026-11-21T08:00:00Z",
        "license_number": number, "visit_ref": "booking", "ip": "203.0.113.9",
        "person": {"ref": "guest", "name": "Gæst", "phone": "+45 20000001"}, "host": {"ref": "host", "name": "Vært"},
    });
    assert_eq!(served.post("/v1/events", &key, &event).status, 201);
    assert_eq!(put(served, &key, "mirrored").status, 201);
    (site, key)
}

/// Everything that the customer can read.
fn seen(served: &Served, key: &str) -> Vec<Value> {
    let paths =
        ["/v1/people", "/v1/people/guest", "/v1/people?email=mirrored@gaest.example", "/v1/events", "/v1/visits"];
    let read = |path: &&str| {
        let answer = served.get(path, key);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    };
    paths.iter().map(read).collect()
}

/// What is sealed under people's own keys, byte for byte.
fn sealed(raw: &mut Raw) -> Vec<Vec<u8>> {
    let columns = [
        "people.ref_sealed",
        "people.name_sealed",
        "people.mirror_sealed",
        "events.details_sealed",
        "events.ip_sealed",
    ];
    let all = columns.iter().flat_map(|column| {
        let (table, column) = column.split_once('.').unwrap();
        raw.bytes(&format!("SELECT {column} AS bytes FROM {table} WHERE {column} IS NOT NULL ORDER BY 1"))
    });
    all.collect()
}

fn seal_versions(raw: &mut Raw, site: &Site) -> Vec<String> {
    let query = "SELECT CAST(version AS text) AS text FROM customer_keys WHERE purpose = 1 AND customer_id";
    raw.texts(&format!("{query} = {} ORDER BY version", site.id.0))
}

fn masters(raw: &mut Raw) -> Vec<String> {
    raw.texts("SELECT master_key_id AS text FROM customer_keys UNION SELECT master_key_id FROM service_keys")
}

fn names(home: &Home) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(&home.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("master.key"))
        .collect();
    names.sort_unstable();
    names
}

fn master_file(home: &Home) -> PathBuf {
    home.dir.join("master.key")
}

fn id_in(path: &std::path::Path) -> String {
    guestlog::crypto::MasterKey::load(path).unwrap().id().to_owned()
}

#[test]
fn a_customers_key_is_exchanged_and_the_data_are_not_touched() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let (site, key) = furnish(&served, "L-1");
        let (other, others) = furnish(&served, "L-2");
        // More than are wrapped in one transaction.
        let bodies: Vec<String> = (0..PEOPLE).map(|n| format!("person-{n}")).collect();
        for reference in &bodies {
            assert_eq!(put(&served, &key, reference).status, 201);
        }
        let mut raw = Raw::of(&home);
        let (before, before_of_other, bytes) = (seen(&served, &key), seen(&served, &others), sealed(&mut raw));
        let numbers = raw.bytes("SELECT number_sealed AS bytes FROM licenses ORDER BY id");

        for version in 2..4 {
            let done = rotation::rotate_customer(&served.app, site.customer).unwrap();
            assert_eq!((done.version, done.resumed, done.people, done.licenses), (version, false, PEOPLE + 3, 1));
            assert_eq!(seal_versions(&mut raw, &site), [version.to_string()]);
            assert_eq!(raw.count(&format!("people WHERE customer_id = {} AND key_version <> {version}", site.id.0)), 0);
            assert_eq!((seen(&served, &key), seen(&served, &others)), (before.clone(), before_of_other.clone()));
        }
        assert_eq!(sealed(&mut raw), bytes);
        let after = raw.bytes("SELECT number_sealed AS bytes FROM licenses ORDER BY id");
        assert!(after[0] != numbers[0] && after[1] == numbers[1]);
        assert_eq!(seal_versions(&mut raw, &other), ["1"]);
        assert_eq!(put(&served, &key, "later").status, 201);

        // What was stored is readable by a process that never had the old key, and goes by the same numbers.
        let again = serve(&App::open(home.settings(&[]), Clock::fixed(at(NOW))).unwrap());
        assert_eq!(seen(&again, &key)[1..], before[1..]);
        assert_eq!(put(&again, &key, "person-7").status, 200);
    });
}

#[test]
fn what_is_begun_is_finished_by_asking_again() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let (site, key) = furnish(&served, "L-1");
        for n in 0..PEOPLE {
            assert_eq!(put(&served, &key, &format!("person-{n}")).status, 201);
        }
        let mut raw = Raw::of(&home);
        // The key of the last one does not open: the rotation stops there, and loses nothing.
        let last = raw.number("SELECT max(id) AS count FROM people");
        let good = raw.bytes(&format!("SELECT wrapped_key AS bytes FROM people WHERE id = {last}")).remove(0);
        let mut bad = good.clone();
        bad[20] ^= 1;
        let (good, bad) = (raw.literal(&good), raw.literal(&bad));
        let set = |raw: &mut Raw, to: &str| raw.run(&format!("UPDATE people SET wrapped_key = {to} WHERE id = {last}"));
        set(&mut raw, &bad);
        for _ in 0..2 {
            rotation::rotate_customer(&served.app, site.customer).unwrap_err();
            assert_eq!(seal_versions(&mut raw, &site), ["1", "2"]);
            assert_eq!(raw.count("people WHERE key_version = 2"), 1_000);
            assert_eq!(served.get("/v1/people/person-3", &key).status, 200);
            assert_eq!(served.get(&format!("/v1/people/person-{}", PEOPLE - 2), &key).status, 200);
        }
        assert_eq!(put(&served, &key, "in-between").status, 201);
        set(&mut raw, &good);
        let done = rotation::rotate_customer(&served.app, site.customer).unwrap();
        assert_eq!((done.version, done.resumed, done.people, done.licenses), (2, true, PEOPLE + 3 - 1_000, 1));
        assert_eq!(seal_versions(&mut raw, &site), ["2"]);
        assert_eq!(served.get(&format!("/v1/people/person-{}", PEOPLE - 1), &key).status, 200);
    });
}

#[test]
fn what_was_valid_stays_valid_under_another_master_key() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&open(&home));
        let (_, customer) = furnish(&served, "L-1");
        let operator = key(&served.app, None, "admin", None);
        let page = served.get("/v1/people?limit=1", &customer).json();
        let next = format!("/v1/people?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        let second = served.get(&next, &customer).json();
        let make = |served: &Served| {
            let (header, body) = ([("idempotency-key", "one-and-the-same")], br#"{"name": "Kunde 2"}"#);
            let answer = served.send("POST", "/v1/admin/customers", Some(&operator), &header, Some(body));
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.json()
        };
        let first = make(&served);
        let keys = served.send("GET", "/.well-known/guestlog-receipt-keys.json", None, &[], None).json();
        let before = seen(&served, &customer);
        let (old, mut raw) = (id_in(&master_file(&home)), Raw::of(&home));

        let done = rotation::rotate_master(&served.app).unwrap();
        assert_eq!((done.customer_keys, done.service_keys), (4, 8));
        assert_eq!(masters(&mut raw), [done.master_key_id.as_str()]);
        assert_eq!(id_in(&master_file(&home)), done.master_key_id);
        assert_eq!(names(&home), ["master.key".to_owned(), format!("master.key.retired-{old}")]);

        // The server that was running, and one that starts now.
        let started = serve(&App::open(home.settings(&[]), Clock::fixed(at(NOW))).unwrap());
        for served in [&served, &started] {
            assert_eq!(seen(served, &customer), before);
            assert_eq!(served.get(&next, &customer).json(), second);
            assert_eq!(make(served), first);
            assert_eq!(served.send("GET", "/.well-known/guestlog-receipt-keys.json", None, &[], None).json(), keys);
            // New customers are wrapped by the new key, also by the one that had loaded the old one.
            furnish(served, "L-9");
        }
        assert_eq!(masters(&mut raw), [done.master_key_id.as_str()]);
    });
}

#[test]
fn every_state_of_the_files_starts_and_is_finished() {
    both(|kind| {
        let home = Home::new(kind);
        let app = open(&home);
        site(&app, "L-1");
        let (current, files) = (master_file(&home), MasterFiles::new(&master_file(&home)));
        let old = id_in(&current);
        // Made and not used yet: the same is used when it is asked for again.
        let prepared = rotation::prepare_master(&app).unwrap();
        assert_eq!(rotation::prepare_master(&app).unwrap(), prepared);
        assert_eq!(rotation::rotate_master(&app).unwrap().master_key_id, prepared);
        app.stop();
        let retired = files.retired(&old);
        let restart = || {
            let app = open(&home);
            site(&app, "L-2");
            assert_eq!(rotation::rotate_master(&app).unwrap().master_key_id, prepared, "no third key is made");
            assert_eq!(names(&home), ["master.key".to_owned(), format!("master.key.retired-{old}")]);
            assert_eq!((id_in(&current), id_in(&retired)), (prepared.clone(), old.clone()));
            app.stop();
        };
        // Everything is under the new key, and the files are as they were.
        fs::rename(&current, files.next()).unwrap();
        fs::rename(&retired, &current).unwrap();
        restart();
        // The old file has its second name, and the new one is not in its place yet.
        fs::rename(&current, files.next()).unwrap();
        fs::copy(&retired, &current).unwrap();
        restart();
        // There is no current file at all.
        fs::rename(&current, files.next()).unwrap();
        restart();
        // A file that is half overwritten and not needed keeps nobody from starting.
        fs::write(files.retired("0123456789abcdef"), b"half").unwrap();
        open(&home).stop();
    });
}

/// The same database with a key file elsewhere, as another node has it.
fn second_node(home: &Home, clock: &Clock) -> (Home, App) {
    let elsewhere = Home::new(Kind::Sqlite);
    fs::copy(master_file(home), master_file(&elsewhere)).unwrap();
    let file = master_file(&elsewhere).display().to_string();
    let app = home.open_with(clock.clone(), &[("keys.master_key_file", &file)]);
    (elsewhere, app)
}

#[test]
fn another_node_goes_on_with_the_prepared_file() {
    both(|kind| {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let app = home.open(clock.clone());
        let (node, second) = second_node(&home, &clock);
        let prepared = rotation::prepare_master(&app).unwrap();
        let next = MasterFiles::new(&master_file(&node)).next();
        fs::copy(MasterFiles::new(&master_file(&home)).next(), &next).unwrap();
        rotation::rotate_master(&app).unwrap();

        let served = serve(&second);
        let (_, key) = furnish(&served, "L-1");
        let before = seen(&served, &key);
        assert_eq!(masters(&mut Raw::of(&home)), [prepared.as_str()]);
        let done = rotation::rotate_master(&second).unwrap();
        assert_eq!((done.master_key_id, done.customer_keys, done.service_keys), (prepared.clone(), 0, 0));
        assert_eq!((id_in(&master_file(&node)), next.exists()), (prepared, false));
        assert_eq!(seen(&served, &key), before);
    });
}

#[test]
fn a_node_without_the_file_does_not_begin_a_rotation_of_its_own() {
    both(|kind| {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let app = home.open(clock.clone());
        site(&app, "L-1");
        let (node, second) = second_node(&home, &clock);
        // Cut short in the middle: one key under the new master key, the others not.
        let mut raw = Raw::of(&home);
        let kept = raw.rows("service_keys", "purpose = 'cursor'");
        let old = raw.bytes("SELECT wrapped AS bytes FROM service_keys WHERE purpose = 'cursor'").remove(0);
        rotation::rotate_master(&app).unwrap();
        let (id, was) = (id_in(&master_file(&home)), id_in(&master_file(&node)));
        let old = raw.literal(&old);
        raw.run(&format!(
            "UPDATE service_keys SET wrapped = {old}, master_key_id = '{was}' WHERE purpose = 'cursor'; \
             UPDATE master_keys SET retired_at = NULL"
        ));
        assert_eq!(raw.rows("service_keys", "purpose = 'cursor'"), kept);
        let error = rotation::rotate_master(&second).unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains(&id) && why.contains("its file is not here"), "{why}");
        assert_eq!(names(&node), ["master.key"]);
        assert_eq!(rotation::rotate_master(&app).unwrap().master_key_id, id);
        assert_eq!(masters(&mut raw), [id]);
    });
}

/// A copy of the database as it is, which nobody uses; gives its address.
fn copy(home: &Home) -> String {
    let mut raw = Raw::of(home);
    match home.kind {
        Kind::Sqlite => {
            let path = home.dir.join("copy.db").display().to_string();
            raw.run(&format!("VACUUM INTO '{path}'"));
            format!("sqlite://{path}")
        }
        Kind::Postgres => {
            drop(raw);
            let name = home.url.rsplit('/').next().unwrap().split('?').next().unwrap();
            let mut admin = PgConnection::establish(&crate::harness::postgres_url()).unwrap();
            admin.batch_execute(&format!("CREATE DATABASE {name}_copy TEMPLATE {name}")).unwrap();
            home.url.replace(name, &format!("{name}_copy"))
        }
    }
}

#[test]
fn a_copy_of_before_opens_within_the_backup_window_and_never_after() {
    both(|kind| {
        let home = Home::new(kind);
        let clock = Clock::fixed(at(NOW));
        let served = serve(&home.open(clock.clone()));
        let (_, key) = furnish(&served, "L-1");
        let before = seen(&served, &key);
        drop(served);
        let copy = copy(&home);
        let app = home.open(clock.clone());
        let old = id_in(&master_file(&home));
        rotation::rotate_master(&app).unwrap();
        let retired = MasterFiles::new(&master_file(&home)).retired(&old);

        clock.set(at(NOW).plus_seconds(34 * 86_400));
        assert_eq!(rotation::destroy_retired(&app).unwrap(), Vec::<String>::new());
        let restored = serve(&home.open_with(clock.clone(), &[("database.url", &copy)]));
        assert_eq!(seen(&restored, &key), before);
        drop(restored);

        clock.set(at(NOW).plus_seconds(36 * 86_400));
        assert_eq!(rotation::destroy_retired(&app).unwrap(), std::slice::from_ref(&old));
        assert!(!retired.exists());
        assert_eq!(rotation::destroy_retired(&app).unwrap(), Vec::<String>::new());
        let shown = serde_json::to_value(rotation::inventory(&app).unwrap()).unwrap();
        assert_eq!(shown["master_keys"][0]["state"], "destroyed", "{shown}");
        let refused = App::open(home.settings(&[("database.url", &copy)]), clock.clone()).err().unwrap();
        let why = std::error::Error::source(&refused).unwrap().to_string();
        assert!(why.contains(&format!("the database was sealed under {old}")), "{why}");
        assert_eq!(seen(&serve(&app), &key), before);
        if kind == Kind::Postgres {
            let name = copy.rsplit('/').next().unwrap().split('?').next().unwrap();
            let mut admin = PgConnection::establish(&crate::harness::postgres_url()).unwrap();
            admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
        }
    });
}

#[test]
fn a_destruction_that_was_cut_short_is_finished() {
    let home = Home::new(Kind::Sqlite);
    let clock = Clock::fixed(at(NOW));
    let app = home.open(clock.clone());
    let (old, files) = (id_in(&master_file(&home)), MasterFiles::new(&master_file(&home)));
    rotation::rotate_master(&app).unwrap();
    fs::write(files.retired(&old), b"half overwritten").unwrap();
    clock.set(at(NOW).plus_seconds(36 * 86_400));
    assert_eq!(rotation::destroy_retired(&app).unwrap(), [old]);
    assert_eq!(names(&home), ["master.key"]);
}

#[test]
fn the_command_lists_rotates_and_refuses() {
    both(|kind| {
        let home = Home::new(kind);
        guestlog(&home, &["migrate"]).done();
        let made = guestlog(&home, &["customer", "create", "--name", "Kunde", "--json"]).done().json();
        let id = made["id"].as_str().unwrap();
        let list = || guestlog(&home, &["keys", "list", "--json"]).done().json();
        let before = list();
        assert_eq!(before["master_keys"][0]["state"], "in_use");
        assert_eq!(before["customer_keys"].as_array().unwrap().len(), 2, "{before:#}");
        let done = guestlog(&home, &["keys", "rotate", "--master", "--customer", id, "--json"]).done().json();
        assert_eq!(done["customers"][0]["version"], 2, "{done:#}");
        let after = list();
        let states: Vec<_> = after["master_keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
        assert_eq!(states, ["retired", "in_use"], "{after:#}");
        assert_eq!(after["master_keys"][1]["files"], json!(["master.key"]));
        assert_eq!(after["customer_keys"][0]["version"], 2, "{after:#}");
        let said = guestlog(&home, &["keys", "rotate", "--all-customers"]).done().out;
        assert!(said.contains("version 3 is in use"), "{said}");
        let said = guestlog(&home, &["keys", "rotate", "--master", "--prepare"]).done().out;
        assert!(said.contains("Prepared: master key "), "{said}");
        assert!(guestlog(&home, &["keys", "list"]).done().out.contains("prepared"));
        assert_eq!(guestlog(&home, &["keys", "destroy-retired"]).done().out, "Nothing to destroy.\n");

        let nobody = uuid::Uuid::new_v4().to_string();
        guestlog(&home, &["keys", "rotate", "--customer", &nobody]).refused(4, "there is no customer");
        for wrong in [&["rotate"][..], &["rotate", "--prepare"], &["rotate", "--all-customers", "--customer", id]] {
            let said = run(program_in(&home, &[&["keys"], wrong].concat()));
            assert_eq!(said.code, 2, "{said:?}");
        }
        let all = format!("{}{}", guestlog(&home, &["keys", "list"]).done().out, after);
        let secret = fs::read_to_string(master_file(&home)).unwrap();
        assert!(!all.contains(secret.trim().rsplit(':').next().unwrap()));
    });
}
