//! Backups and restores: whole, private, without the key, and nobody back who was erased since.

use crate::child::Child;
use crate::guests::{Guests, journal, open, refs};
use crate::harness::{Answer, Home, Kind, at, both, files};
use crate::program::{Said, guestlog, program_in, run};
use crate::raw::Raw;
use crate::search::hex;
use guestlog::app::backup::{self, Allowed, Backup, BackupError};
use guestlog::clock::Clock;
use guestlog::error::Error;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Makes a backup with the program; gives its folder.
pub fn make(home: &Home) -> PathBuf {
    let to = home.dir.join("backups");
    let said = guestlog(home, &["backup", "--json", "--to", to.to_str().unwrap()]).done();
    PathBuf::from(said.json()["path"].as_str().unwrap())
}

fn restore(home: &Home, from: &Path, flags: &[&str]) -> Said {
    guestlog(home, &[&["restore", "--json", "--from", from.to_str().unwrap()], flags].concat())
}

fn manifest(backup: &Path) -> Value {
    serde_json::from_slice(&fs::read(backup.join("manifest.json")).unwrap()).unwrap()
}

/// Changes a backup's manifest.
fn change(backup: &Path, key: &str, value: Value) {
    let mut changed = manifest(backup);
    changed[key] = value;
    fs::write(backup.join("manifest.json"), changed.to_string()).unwrap();
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}

#[test]
fn a_backup_is_whole_private_and_without_the_key() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("person-", 20));
        guests.erase(&app, &refs("person-", 4));
        let key = fs::read(home.dir.join("master.key")).unwrap();
        let line = std::str::from_utf8(&key).unwrap().trim_end().rsplit(':').next().unwrap().to_owned();
        let raw = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &line).unwrap();

        // The service runs meanwhile.
        let child = Child::start(&home, &[]);
        let backup = make(&home);
        assert_eq!(child.get("/readyz", None).status, 200);
        let found = manifest(&backup);
        let copy = backup.join(found["file"].as_str().unwrap());
        assert_eq!(found["size_bytes"].as_u64().unwrap(), copy.metadata().unwrap().len());
        assert_eq!((&found["format"], &found["journal"]["last_seq"]), (&1.into(), &4.into()));
        assert_eq!(found["journal"]["id"], journal(&home, &[]).id().unwrap().to_string());
        assert_eq!(found["database"], if kind == Kind::Sqlite { "sqlite" } else { "postgres" });
        assert_eq!(found["master_keys"].as_array().unwrap().len(), 1);
        let sum = Command::new("sha256sum").arg(&copy).output().unwrap();
        assert!(String::from_utf8(sum.stdout).unwrap().starts_with(found["sha256"].as_str().unwrap()));

        let folder = backup.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(folder, 0o700);
        assert_eq!(fs::read_dir(&backup).unwrap().count(), 2);
        assert_eq!(fs::read_dir(backup.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        for file in files(&backup).iter().chain([&home.dir.join("erasures.journal")]) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o600, "{}", file.display());
            let mut bytes = fs::read(file).unwrap();
            if file.extension().is_some_and(|end| end == "dump") {
                bytes.extend(Command::new("pg_restore").arg("--file=-").arg(file).output().unwrap().stdout);
            }
            let hex = hex(&raw).to_lowercase();
            for secret in [raw.as_slice(), &raw[..16], line.as_bytes(), hex.as_bytes()] {
                assert!(!contains(&bytes, secret), "{}", file.display());
            }
            for canary in ["Canary", "canary", "person-", "43616e617279", "706572736f6e2d"] {
                assert!(!contains(&bytes, canary.as_bytes()), "{canary} in {}", file.display());
            }
        }
        app.stop();
    });
}

#[test]
fn a_restore_brings_nobody_back_and_leaves_the_others_as_they_were() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 40));
        guests.erase(&app, &refs("g", 5));
        let backup = make(&home);
        guests.erase(&app, &refs("g", 15)[5..]);
        guests.erase(&app, &refs("never-held", 3));
        guests.come(&app, &refs("later", 5));
        guests.erase(&app, &refs("later", 2));
        app.stop();
        let others = |home: &Home| {
            let mut raw = Raw::of(home);
            ["events", "visits"]
                .map(|table| raw.rows(table, &format!("person_id IN (SELECT id FROM people WHERE {BEFORE})")))
        };
        let before = others(&home);

        let said = restore(&home, &backup, &["--replace"]).done().json();
        // The ten, and those of whom only the tombstones are to be left.
        assert_eq!((&said["repeated"], &said["people"], &said["noted"]), (&15.into(), &10.into(), &0.into()));
        let app = open(&home, &[]).unwrap();
        for (number, guest) in refs("g", 40).iter().enumerate() {
            assert_eq!(guests.holds(&app, guest), number >= 15, "{guest}");
        }
        assert_eq!(others(&home), before);
        assert_eq!(Raw::of(&home).count("tombstones"), 20);
        assert!(!guests.holds(&app, "later0") && !guests.holds(&app, "later4"));
        app.stop();
        assert_eq!(files(&home.dir).iter().filter(|file| file.to_str().unwrap().contains("restoring")).count(), 0);
        // Once more, onto itself.
        assert_eq!(restore(&home, &backup, &["--replace"]).done().json()["repeated"], 15);
    });
}

/// People of the ids that a restore has not left out.
const BEFORE: &str = "id < 1000000 AND ref_index IN (SELECT ref_index FROM people ORDER BY id LIMIT 25)";

#[test]
fn a_follower_misses_nothing_after_a_restore() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 3));
        let backup = make(&home);
        guests.come(&app, &refs("lost", 20));
        app.stop();
        let follow = |query: &str| {
            let child = Child::start(&home, &[]);
            let page = child.get(&format!("/v1/events?limit=15{query}"), Some(&guests.key));
            assert_eq!(page.status, 200, "{}", page.text);
            page.json()
        };
        let first = Raw::of(&home).texts(match kind {
            Kind::Sqlite => "SELECT lower(hex(event_id)) AS text FROM events ORDER BY id LIMIT 1",
            Kind::Postgres => "SELECT event_id::text AS text FROM events ORDER BY id LIMIT 1",
        });
        let page = follow(&format!("&after={}", first[0]));
        let cursor = page["next_cursor"].as_str().unwrap();
        restore(&home, &backup, &["--replace"]).done();
        let app = open(&home, &[]).unwrap();
        guests.come(&app, &refs("new", 2));
        app.stop();
        let page = follow(&format!("&after={}&cursor={cursor}", first[0]));
        let seen: Vec<&str> =
            page["data"].as_array().unwrap().iter().map(|event| event["person"]["ref"].as_str().unwrap()).collect();
        assert_eq!(seen, ["new0", "new1"]);
    });
}

#[test]
fn nobody_is_served_before_erasures_are_repeated() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        let (all, erased) = (refs("g", 600), refs("g", 500));
        guests.come(&app, &all);
        let backup = make(&home);
        guests.erase(&app, &erased);
        app.stop();
        let settings = home.settings(&[]);
        let allowed = Allowed { replace: true, ..Allowed::default() };
        Backup::examine(&settings, &Clock::System, &backup, allowed).unwrap().put_back().unwrap();
        assert_eq!(Raw::of(&home).count("people"), 600, "everybody is in it");

        // While somebody else holds the journal, the comparison cannot begin.
        let held = fs::File::open(home.dir.join("erasures.journal")).unwrap();
        held.lock().unwrap();
        let child = Child::listening(&home, &[]);
        let refused = |answer: Answer| {
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{}", answer.text);
        };
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(500) {
            refused(child.get("/readyz", None));
            refused(guests.ask(child.address, "g0"));
            refused(guests.ask(child.address, "g599"));
            assert_eq!(child.get("/healthz", None).status, 200);
        }
        assert!(child.scrape().contains("\nguestlog_journal_compared 0\n"));
        held.unlock().unwrap();
        let mut refusals = 0;
        loop {
            let answers: Vec<u16> = erased.iter().step_by(50).map(|g| guests.ask(child.address, g).status).collect();
            assert!(answers.iter().all(|status| [404, 503].contains(status)), "{answers:?}");
            if child.get("/readyz", None).status == 200 {
                break;
            }
            refusals += answers.iter().filter(|status| **status == 503).count();
            assert!(began.elapsed() < Duration::from_secs(60), "{}", child.said());
        }
        eprintln!("{kind:?}: {refusals} requests refused while 500 erasures were repeated");
        assert!(erased.iter().all(|guest| guests.ask(child.address, guest).status == 404));
        assert!(all[500..].iter().all(|guest| guests.ask(child.address, guest).status == 200));
        assert!(child.scrape().contains("\nguestlog_erasures_repeated_total 500\n"));
    });
}

#[test]
fn what_must_not_be_restored_is_refused_and_nothing_is_changed() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 3));
        let backup = make(&home);
        let good = fs::read(backup.join("manifest.json")).unwrap();
        let refused = |flags: &[&str], code: i32, says: &str| {
            restore(&home, &backup, flags).refused(code, says);
            fs::write(backup.join("manifest.json"), &good).unwrap();
        };
        refused(&[], 4, "--replace");
        refused(&["--replace"], 4, "in use");
        app.stop();
        let child = Child::start(&home, &[]);
        refused(&["--replace"], 4, "in use");
        assert_eq!(guests.ask(child.address, "g0").status, 200);
        child.kill();

        let old = guestlog::domain::Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
        change(&backup, "created_at", old.to_string().into());
        refused(&["--replace"], 4, "--older-than-window");
        change(&backup, "migrations", serde_json::json!(["99999999999999"]));
        refused(&["--replace"], 4, "later version");
        change(&backup, "database", "oracle".into());
        refused(&["--replace"], 4, "other kind");
        change(&backup, "format", 2.into());
        refused(&["--replace"], 4, "no backup");
        change(&backup, "file", "../../guestlog.db".into());
        refused(&["--replace"], 4, "no backup");
        change(&backup, "master_keys", serde_json::json!(["0123456789abcdef"]));
        refused(&["--replace"], 3, "keys.master_key_file");
        restore(&home, &home.dir, &["--replace"]).refused(4, "no backup");

        let copy = backup.join(manifest(&backup)["file"].as_str().unwrap());
        let whole = fs::read(&copy).unwrap();
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        fs::write(&copy, &damaged).unwrap();
        refused(&["--replace"], 4, "damaged");
        fs::write(&copy, &whole).unwrap();

        // Without its journal, or with one that ends earlier.
        let journal = home.dir.join("erasures.journal");
        let moved = home.dir.join("moved");
        fs::rename(&journal, &moved).unwrap();
        refused(&["--replace"], 4, "--other-journal");
        assert!(!journal.exists());
        fs::rename(&moved, &journal).unwrap();
        change(&backup, "journal", serde_json::json!({"id": manifest(&backup)["journal"]["id"], "last_seq": 99}));
        refused(&["--replace"], 4, "--other-journal");

        let app = open(&home, &[]).unwrap();
        assert!(refs("g", 3).iter().all(|guest| guests.holds(&app, guest)));
        app.stop();
        change(&backup, "created_at", old.to_string().into());
        restore(&home, &backup, &["--replace", "--older-than-window"]).done();
    });
}

#[test]
fn a_backup_does_not_lie_beside_the_key_or_in_another() {
    let home = Home::new(Kind::Sqlite);
    home.open(Clock::System).stop();
    for to in [home.dir.clone(), home.dir.join("x/..")] {
        fs::create_dir_all(home.dir.join("x")).unwrap();
        guestlog(&home, &["backup", "--to", to.to_str().unwrap()]).refused(4, "master key");
    }
    let (settings, clock) = (home.settings(&[]), Clock::fixed(at("2026-11-21T10:30:00Z")));
    let to = home.dir.join("backups");
    let made = backup::make(&settings, &clock, &to).unwrap();
    assert_eq!(made.path.file_name().unwrap(), "guestlog-backup-20261121T103000Z");
    let again = backup::make(&settings, &clock, &to).unwrap_err();
    assert!(matches!(&again, Error::Internal(why) if matches!(why.downcast_ref(), Some(BackupError::Exists(_)))));
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
}

#[test]
fn a_dump_that_fails_leaves_nothing_and_shows_no_password() {
    let home = Home::new(Kind::Postgres);
    home.open(Clock::System).stop();
    let to = home.dir.join("backups");
    let password = home.url.split_once("://postgres:").unwrap().1.split_once('@').unwrap().0.to_owned();
    // A program of that name that fails, and tells what it was told.
    let bin = home.dir.join("bin");
    fs::create_dir(&bin).unwrap();
    let told = home.dir.join("told");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho \"$@\" >>{0}\necho half >\"$7\"\necho no >&2\nexit 7\n",
        told.display()
    );
    fs::write(bin.join("pg_dump"), script).unwrap();
    fs::set_permissions(bin.join("pg_dump"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = program_in(&home, &["backup", "--to", to.to_str().unwrap()]);
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    run(command).refused(1, "pg_dump failed (exit status: 7): no");
    let told = fs::read_to_string(&told).unwrap();
    assert!(told.contains("--format=custom") && told.contains("user='postgres'"), "{told}");
    assert!(!told.contains(&password) && !told.contains("password="), "{told}");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
}

#[test]
fn a_backup_of_an_earlier_version_is_brought_up_to_date() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 3));
        app.stop();
        let folder = match kind {
            Kind::Sqlite => "migrations/sqlite",
            Kind::Postgres => "migrations/postgres",
        };
        let last = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
        let down = fs::read_to_string(last.join("down.sql")).unwrap();
        let mut raw = Raw::of(&home);
        raw.run(&down);
        raw.run("DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)");
        drop(raw);
        let backup = make(&home);
        guestlog(&home, &["migrate"]).done();
        let app = open(&home, &[]).unwrap();
        guests.erase(&app, &refs("g", 2));
        app.stop();
        let said = restore(&home, &backup, &["--replace"]).done().json();
        assert_eq!((&said["migrations"], &said["repeated"], &said["people"]), (&1.into(), &2.into(), &2.into()));
        let app = open(&home, &[]).unwrap();
        assert!(!guests.holds(&app, "g0") && guests.holds(&app, "g2"));
        app.stop();
    });
}

#[test]
fn a_damaged_or_missing_database_is_no_hindrance() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open(Clock::System);
    let guests = Guests::new(&app);
    guests.come(&app, &refs("g", 30));
    let backup = make(&home);
    guests.erase(&app, &refs("g", 10));
    // As a crash leaves it: with a write-ahead log that nobody has emptied.
    let wal = home.dir.join("guestlog.db-wal");
    let log = fs::read(&wal).unwrap();
    app.stop();
    let database = home.dir.join("guestlog.db");
    fs::write(&database, "no database at all").unwrap();
    fs::write(&wal, &log).unwrap();
    assert_eq!(restore(&home, &backup, &["--replace"]).done().json()["people"], 10);
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(home.dir.join(format!("guestlog.db{end}")));
    }
    fs::write(&wal, &log).unwrap();
    assert_eq!(restore(&home, &backup, &[]).done().json()["people"], 10);
    assert_eq!(Raw::of(&home).texts("SELECT integrity_check AS text FROM pragma_integrity_check"), ["ok"]);
    assert_eq!(Raw::of(&home).count("people"), 20);
}
