//! What was erased is gone from the files as well, once they are scrubbed; and `doctor erasure` would see if not.

use crate::deletions::House;
use crate::harness::{Home, Kind, both, files, key};
use crate::program::guestlog;
use crate::raw::Raw;
use guestlog::clock::Clock;
use guestlog::crypto::mark::mark;
use guestlog::jobs::run_due;
use guestlog::store::{jobs, purge, scrub};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The server's folder, when it is known.
#[expect(clippy::disallowed_methods, reason = "tests/run tells by it where the server that it started keeps its files")]
fn postgres_dir() -> Option<PathBuf> {
    std::env::var_os("GUESTLOG_TEST_POSTGRES_DIR").map(PathBuf::from)
}

/// Guests, each with a few events, who grow later, so that full pages of tables and indexes have to be split.
fn guests(house: &House, count: u128) {
    for number in 0..count {
        let guest = format!("g{:03}", number * 7 % count);
        for (nth, kind) in ["visit.expected", "visit.checked_in", "visit.checked_out"].iter().enumerate() {
            let at = format!("2026-11-21T{:02}:00:00Z", 6 + nth);
            let id = ((number * 7_919 % 100_003) << 64) | (number * 10 + nth as u128);
            let stored = house.event(id, kind, &at, &guest, Some("host"));
            assert_eq!(stored.status, 201, "{}", stored.text);
        }
    }
    for number in 0..count {
        let more = json!({"company": "Nordlys A/S".repeat(8), "phone": "+4533123456"});
        let changed = house.send("PATCH", &format!("/v1/people/g{number:03}"), Some(&more));
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
}

/// The first bytes of everything of people that stands in the database sealed or as a digest.
fn sealed(house: &House) -> HashSet<Vec<u8>> {
    let mut raw = Raw::of(&house.home);
    let mut all = Vec::new();
    for (table, column) in [
        ("people", "ref_index"),
        ("people", "ref_sealed"),
        ("people", "wrapped_key"),
        ("people", "name_sealed"),
        ("events", "details_sealed"),
        ("events", "ip_sealed"),
    ] {
        all.extend(raw.bytes(&format!("SELECT {column} AS bytes FROM {table} WHERE {column} IS NOT NULL")));
    }
    all.into_iter().map(|value| value[..29].to_vec()).collect()
}

/// How many of these stand in the files, each time counted.
fn found(paths: &[PathBuf], heads: &HashSet<Vec<u8>>) -> usize {
    let count = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(29).filter(|window| heads.contains(*window)).count()
    };
    paths.iter().map(count).sum()
}

/// Deletes every other guest one by one; the heads of what was theirs, and of what stays.
fn erase(house: &House, count: u128) -> (HashSet<Vec<u8>>, HashSet<Vec<u8>>) {
    let before = sealed(house);
    for number in (0..count).map(|number| number * 7 % count).filter(|number| number % 2 == 0) {
        house.delete(&format!("g{number:03}"));
    }
    let stays = sealed(house);
    let erased: HashSet<_> = before.difference(&stays).cloned().collect();
    assert!(erased.len() as u128 >= count / 2 * 10, "{}", erased.len());
    (erased, stays)
}

fn queue(house: &House) {
    let queue = |tx: &mut guestlog::store::Tx<'_>| {
        Ok(jobs::queue(tx, guestlog::app::jobs::SERVICE, "scrub", 0, house.clock.now())?)
    };
    house.served.app.db().write(queue).unwrap();
}

fn scrub_row(house: &House) -> jobs::Job {
    let service = guestlog::app::jobs::SERVICE;
    house.served.app.db().read(|conn| Ok(jobs::find(conn, service, "scrub", 0)?)).unwrap().unwrap()
}

fn later(house: &House, seconds: i64) {
    house.clock.set(house.clock.now().plus_seconds(seconds));
}

#[test]
fn nothing_of_the_erased_stays_in_the_files_of_sqlite() {
    let house = House::new(Kind::Sqlite);
    guests(&house, 160);
    let (erased, stays) = erase(&house, 160);
    let all = || files(&house.home.dir);
    assert!(found(&all(), &erased) > 0, "the log holds what was erased until the scrub");
    // The log alone is not enough: copies of moved rows stay in the middle of pages.
    Raw::of(&house.home).checkpoint();
    eprintln!("{} of {} erased values are found after a checkpoint alone", found(&all(), &erased), erased.len());
    let mut pages = scrub::open(house.served.app.db(), 10).unwrap();
    assert!(scrub::sqlite::shows_pages(&mut pages).unwrap(), "this build of SQLite lacks sqlite_dbpage");
    assert!(
        !scrub::sqlite::soiled(&mut pages).unwrap().is_empty(),
        "were it so, the scrub could leave the pages alone"
    );
    queue(&house);
    assert!(run_due(&house.served.app).unwrap() > 0);
    // The end of the job itself is all that stands in the log, before anything is read: readings are written down.
    let log = std::fs::metadata(house.home.dir.join("guestlog.db-wal")).unwrap();
    assert!(log.len() < 20_000, "{}", log.len());
    assert_eq!(found(&all(), &erased), 0);
    assert!(found(&all(), &stays) >= stays.len(), "others' are there");
    assert_eq!(Raw::of(&house.home).texts("SELECT integrity_check AS text FROM pragma_integrity_check"), ["ok"]);
    assert_eq!(house.get("/v1/events?person=g001").json()["data"].as_array().unwrap().len(), 3);
    assert_eq!(scrub::sqlite::soiled(&mut pages).unwrap(), Vec::<i64>::new());
}

#[test]
fn a_reader_holds_the_scrub_back_only_while_it_reads() {
    let house = House::new(Kind::Sqlite);
    guests(&house, 20);
    let mut reader = Raw::of(&house.home);
    reader.run("BEGIN");
    assert_eq!(reader.count("people"), 21);
    let (erased, _) = erase(&house, 20);
    queue(&house);
    std::thread::scope(|scope| {
        let scrubbing = scope.spawn(|| run_due(&house.served.app).unwrap());
        std::thread::sleep(Duration::from_millis(1_200));
        assert!(!scrubbing.is_finished(), "it is not done while somebody reads");
        // Neither are writers held up for long.
        let began = Instant::now();
        assert_eq!(house.event(999, "visit.checked_in", "2026-11-21T09:00:00Z", "late", None).status, 201);
        assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
        reader.run("COMMIT");
        scrubbing.join().unwrap();
    });
    assert!(scrub_row(&house).ran_at.is_some());
    assert_eq!(found(&files(&house.home.dir), &erased), 0);
}

#[test]
fn a_reader_that_stays_makes_it_fail_and_after_a_day_the_operator_knows() {
    let house = House::new(Kind::Sqlite);
    guests(&house, 4);
    let mut reader = Raw::of(&house.home);
    reader.run("BEGIN");
    assert_eq!(reader.count("people"), 5);
    house.delete("g001");
    queue(&house);
    let app = &house.served.app;
    let operator = key(app, None, "admin", None);
    let notices = || house.served.get("/v1/admin/notices", &operator).json()["data"].clone();
    assert!(run_due(app).unwrap() > 0);
    let failed = scrub_row(&house);
    assert_eq!((failed.attempts, failed.ran_at), (1, None));
    assert!(failed.leased_to.unwrap() > house.clock.now(), "it is not tried again at once");
    assert_eq!(notices(), json!([]), "readers come and go");
    later(&house, 90_000);
    for attempts in 2..4 {
        assert!(run_due(app).unwrap() > 0);
        assert_eq!(scrub_row(&house).attempts, attempts);
        let raised = notices();
        assert_eq!(raised.as_array().unwrap().len(), 1, "once a day: {raised}");
        assert_eq!(raised[0]["kind"], "scrub_failing");
        assert_eq!((&raised[0]["customer_id"], &raised[0]["details"]["attempts"]), (&Value::Null, &json!(2)));
        later(&house, 700);
    }
    reader.run("COMMIT");
    assert!(run_due(app).unwrap() > 0);
    assert_eq!((scrub_row(&house).attempts, scrub_row(&house).ran_at), (0, Some(house.clock.now())));
}

#[test]
fn doctor_finds_what_is_left_and_nothing_else() {
    let house = House::new(Kind::Sqlite);
    guests(&house, 30);
    let kept = Raw::of(&house.home).bytes("SELECT wrapped_key AS bytes FROM people WHERE customer_id > 0");
    let (erased, _) = erase(&house, 30);
    queue(&house);
    run_due(&house.served.app).unwrap();
    let clean = guestlog(&house.home, &["doctor", "erasure", "--json"]).done().json();
    assert_eq!((&clean["found"], clean["fingerprints"].as_u64().unwrap() >= erased.len() as u64), (&json!(0), true));
    assert!(clean["files"].as_u64().unwrap() >= 1 && clean["bytes"].as_u64().unwrap() > 100_000, "{clean}");
    // Of those whom the customer still has, nothing is looked for.
    std::fs::create_dir(house.home.dir.join("exports")).unwrap();
    let planted = house.home.dir.join("exports/left.bin");
    let of_erased = kept.iter().find(|key| erased.contains(&key[..29])).unwrap();
    let of_other = kept.iter().find(|key| !erased.contains(&key[..29])).unwrap();
    std::fs::write(&planted, [&[0; 1_000], of_other.as_slice(), &[1; 99], of_erased].concat()).unwrap();
    let found = guestlog(&house.home, &["doctor", "erasure", "--json"]);
    assert_eq!((found.code, found.err.as_str()), (5, ""), "{found:?}");
    let found = found.json();
    let place = json!({"file": planted, "offset": 1_099 + of_other.len()});
    assert_eq!((&found["found"], &found["places"]), (&json!(1), &json!([place])));
    let said = guestlog(&house.home, &["doctor", "erasure"]);
    assert!(said.code == 5 && said.out.contains("left.bin at byte 1"), "{said:?}");
    std::fs::remove_file(&planted).unwrap();
    guestlog(&house.home, &["doctor", "erasure"]).done();
    assert_eq!(mark(of_erased), mark(&of_erased[..32]));
}

#[test]
fn doctor_says_where_it_cannot_look() {
    let home = Home::new(Kind::Sqlite);
    guestlog(&home, &["doctor", "erasure"]).refused(4, "no database");
    assert!(files(&home.dir).is_empty(), "it looks and makes nothing");
    let home = Home::new(Kind::Postgres);
    guestlog(&home, &["doctor", "erasure"]).refused(4, "docs/erasure.md");
}

/// The files of the tables and indexes of this test's database.
fn postgres_files(raw: &mut Raw, dir: &Path) -> Vec<PathBuf> {
    let sql = "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(c.oid) AS text FROM pg_class c \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname IN ('public', 'pg_toast') AND relkind IN ('r', 'i', 't') \
                  OR c.relname IN ('pg_statistic', 'pg_statistic_ext_data')";
    let paths: Vec<PathBuf> = raw.texts(sql).into_iter().map(PathBuf::from).collect();
    assert!(paths.iter().all(|path| path.starts_with(dir)) && paths.len() > 40, "{paths:?}");
    paths
}

#[test]
fn nothing_of_the_erased_stays_in_the_tables_files_of_postgres() {
    let Some(dir) = postgres_dir() else {
        eprintln!("not run: without GUESTLOG_TEST_POSTGRES_DIR there are no files to search");
        return;
    };
    let house = House::new(Kind::Postgres);
    guests(&house, 80);
    let mut raw = Raw::of(&house.home);
    let of_people =
        raw.texts("SELECT conrelid::regclass::text AS text FROM pg_constraint WHERE confrelid = 'people'::regclass");
    assert!(of_people.iter().all(|table| scrub::postgres::TABLES.contains(&table.as_str())), "{of_people:?}");
    raw.run("ANALYZE");
    let (erased, stays) = erase(&house, 80);
    raw.run("VACUUM");
    raw.checkpoint();
    let paths = postgres_files(&mut raw, &dir);
    assert!(found(&paths, &erased) > 0, "were it so, a VACUUM would do");
    queue(&house);
    assert!(run_due(&house.served.app).unwrap() > 0);
    raw.checkpoint();
    let paths = postgres_files(&mut raw, &dir);
    assert_eq!(found(&paths, &erased), 0);
    assert!(found(&paths, &stays) >= stays.len(), "others' are there");
}

/// By what number the file of a table goes; another one when it is written anew.
fn file_number(raw: &mut Raw) -> i64 {
    raw.number("SELECT pg_relation_filenode('people')::bigint AS count")
}

#[test]
fn postgres_is_scrubbed_once_an_interval() {
    let house = House::new(Kind::Postgres);
    guests(&house, 6);
    let mut raw = Raw::of(&house.home);
    let scrub = |raw: &mut Raw| {
        queue(&house);
        run_due(&house.served.app).unwrap();
        file_number(raw)
    };
    let (before, first) = (file_number(&mut raw), scrub(&mut raw));
    assert_ne!(before, first);
    later(&house, 3_599);
    house.delete("g001");
    assert_eq!(scrub(&mut raw), first, "within the hour");
    later(&house, 1);
    let second = scrub(&mut raw);
    assert_ne!(second, first);
    later(&house, 7_200);
    run_due(&house.served.app).unwrap();
    assert_eq!(file_number(&mut raw), second, "without an erasure there is nothing to do");
}

#[test]
fn postgres_waits_for_whoever_may_still_see_the_erased() {
    let house = House::new(Kind::Postgres);
    guests(&house, 4);
    let mut raw = Raw::of(&house.home);
    let before = file_number(&mut raw);
    let mut reader = Raw::of(&house.home);
    reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert_eq!(reader.count("people"), 5);
    house.delete("g001");
    queue(&house);
    std::thread::scope(|scope| {
        let scrubbing = scope.spawn(|| run_due(&house.served.app).unwrap());
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(!scrubbing.is_finished());
        assert_eq!(file_number(&mut raw), before);
        reader.run("COMMIT");
        scrubbing.join().unwrap();
    });
    assert_ne!(file_number(&mut raw), before);
}

#[test]
fn tables_above_the_bound_are_only_vacuumed() {
    let home = Home::new(Kind::Postgres);
    let clock = Clock::fixed(crate::harness::at("2026-11-21T12:00:00Z"));
    let app = home.open_with(clock.clone(), &[("erasure.rewrite_max_mb", "0")]);
    let mut raw = Raw::of(&home);
    let before = file_number(&mut raw);
    let service = guestlog::app::jobs::SERVICE;
    app.db().write(|tx| Ok(jobs::queue(tx, service, "scrub", 0, clock.now())?)).unwrap();
    assert_eq!(run_due(&app).unwrap(), 1);
    assert_eq!(file_number(&mut raw), before);
    let row = app.db().read(|conn| Ok(jobs::find(conn, service, "scrub", 0)?)).unwrap().unwrap();
    assert_eq!((row.ran_at, row.attempts), (Some(clock.now()), 0));
}

#[test]
fn tombstones_and_fingerprints_go_in_time_and_guests_do_not() {
    both(|kind| {
        let house = House::new(kind);
        guests(&house, 4);
        house.delete("g001");
        let mut raw = Raw::of(&house.home);
        let counts = |raw: &mut Raw| ["people", "events", "tombstones", "erasure_marks"].map(|table| raw.count(table));
        // Where no files can be searched, there is nothing to search them for.
        let marks = i64::from(kind == Kind::Sqlite);
        let purge = || {
            let service = guestlog::app::jobs::SERVICE;
            let queue = |tx: &mut guestlog::store::Tx<'_>| Ok(jobs::queue(tx, service, "purge", 0, house.clock.now())?);
            house.served.app.db().write(queue).unwrap();
            assert!(run_due(&house.served.app).unwrap() > 0);
        };
        purge();
        assert_eq!(counts(&mut raw), [4, 9, 1, marks]);
        later(&house, 7 * 86_400);
        purge();
        assert_eq!(counts(&mut raw), [4, 9, 1, 0]);
        let marks = house.served.app.db().read(|conn| Ok(purge::marks_page(conn, None, 10)?)).unwrap();
        assert!(marks.is_empty());
        later(&house, 33 * 86_400 - 1);
        purge();
        assert_eq!(counts(&mut raw), [4, 9, 1, 0]);
        later(&house, 1);
        purge();
        assert_eq!(counts(&mut raw), [4, 9, 0, 0]);
        assert!(scrub_row(&house).ran_at.is_some(), "what the tombstone said goes from the files as well");
        later(&house, 10 * 366 * 86_400);
        purge();
        assert_eq!(counts(&mut raw), [4, 9, 0, 0]);
    });
}
