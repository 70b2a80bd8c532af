//! The journal of erasures: made anew, cut off, damaged, shared, full, and what it brings back to mind.

use crate::child::Child;
use crate::guests::{Guests, entries, journal, open, refs};
use crate::harness::{Home, Kind, at, both};
use crate::kill::SmallDisk;
use crate::program::{guestlog, program_in, run};
use crate::raw::Raw;
use guestlog::app::App;
use guestlog::clock::Clock;
use guestlog::domain::{CustomerId, PublicId, Timestamp};
use guestlog::error::Code;
use guestlog::store::journal::{Entry, Journal};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn path(home: &Home) -> PathBuf {
    home.dir.join("erasures.journal")
}

/// What a restore does to a database, by hand: it forgets an erasure and how far it was compared.
fn forget(home: &Home) {
    let mut raw = Raw::of(home);
    raw.run("DELETE FROM tombstones");
    raw.run("DELETE FROM journal_marks");
}

#[test]
fn a_missing_file_is_made_anew_of_the_tombstones() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 5));
        guests.erase(&app, &refs("g", 3));
        app.stop();
        let before = journal(&home, &[]);
        let (id, known) = (before.id().unwrap(), entries(&before));
        assert_eq!(known.len(), 3);
        fs::remove_file(path(&home)).unwrap();

        open(&home, &[]).unwrap().stop();
        let after = journal(&home, &[]);
        assert_ne!(after.id().unwrap(), id);
        let mut digests = [&known, &entries(&after)].map(|of| of.iter().map(|s| s.entry.digest).collect::<Vec<_>>());
        for of in &mut digests {
            of.sort_unstable();
        }
        assert_eq!(digests[0], digests[1]);
        assert!(entries(&after).iter().all(|stored| known.iter().any(|k| k.entry.erased_at == stored.entry.erased_at)));
        // Once is enough.
        open(&home, &[]).unwrap().stop();
        assert_eq!(entries(&journal(&home, &[])).len(), 3);
    });
}

/// The next restore would have only the erasures since.
#[test]
fn a_file_taken_away_while_it_runs_turns_the_service_red_until_all_is_noted_anew() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 6));
        guests.erase(&app, &refs("g", 3));
        app.check_journal().unwrap();
        fs::remove_file(path(&home)).unwrap();
        // That it is gone, and that it is another.
        assert_eq!(guests.try_to_erase(&app, &refs("g", 5)).unwrap_err().code(), Code::Unavailable);
        assert!(app.served().is_ok(), "it may be back at once");
        assert_eq!(guests.try_to_erase(&app, &refs("g", 5)).unwrap_err().code(), Code::Unavailable);
        assert!(app.served().is_err());

        let comparing = app.clone();
        let thread = std::thread::spawn(move || comparing.keep_compared());
        wait(|| app.served().is_ok());
        guests.erase(&app, &refs("g", 5));
        let mut known: Vec<_> = entries(&journal(&home, &[])).iter().map(|stored| stored.entry.digest).collect();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), 5);

        // Again, and nobody erases meanwhile: the daily look finds it, and the same thread mends it.
        fs::remove_file(path(&home)).unwrap();
        app.check_journal().unwrap_err();
        app.check_journal().unwrap_err();
        wait(|| app.served().is_ok());
        assert_eq!(entries(&journal(&home, &[])).len(), 5);
        app.stop();
        thread.join().unwrap();
    });
}

#[test]
fn an_erasure_that_a_crash_kept_from_the_journal_is_noted_at_the_next_start() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 2));
        guests.erase(&app, &refs("g", 1));
        guests.erase(&app, &refs("g", 2)[1..]);
        app.stop();
        // Within the last line, and at its beginning.
        let whole = fs::read(path(&home)).unwrap();
        let digests: Vec<_> = entries(&journal(&home, &[])).iter().map(|stored| stored.entry.digest).collect();
        assert_eq!(digests.len(), 2);
        for less in [1, 100, entries_bytes(&whole)] {
            fs::write(path(&home), &whole[..whole.len() - less]).unwrap();
            let app = open(&home, &[]).unwrap();
            app.stop();
            let found: Vec<_> = entries(&journal(&home, &[])).iter().map(|stored| stored.entry.digest).collect();
            assert_eq!(found, digests, "{less}");
        }
        // An older copy in its place: numbers that were given out are not given out again.
        let mark = Raw::of(&home).number("SELECT compared_to AS count FROM journal_marks");
        assert!(mark > 0);
        fs::write(path(&home), &whole[..whole.len() - 2 * entries_bytes(&whole)]).unwrap();
        open(&home, &[]).unwrap().stop();
        let found = entries(&journal(&home, &[]));
        assert!(found.len() == 2 && found[0].seq > u64::try_from(mark).unwrap(), "{mark} {found:?}");
    });
}

/// The length of the last line.
fn entries_bytes(whole: &[u8]) -> usize {
    whole.len() - whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() - 1
}

#[test]
fn a_damaged_journal_keeps_the_service_red_until_it_is_repaired() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        guests.come(&app, &refs("g", 3));
        guests.erase(&app, &refs("g", 2));
        app.stop();
        let whole = fs::read(path(&home)).unwrap();
        let mut damaged = whole.clone();
        damaged[150] ^= 1;
        fs::write(path(&home), &damaged).unwrap();

        guestlog(&home, &["customer", "list"]).refused(1, "erasures.journal, line 2: its checksum does not fit");
        let child = Child::listening(&home, &[]);
        let status = |path: &str| child.get(path, Some(&guests.key)).status;
        assert_eq!((status("/healthz"), status("/readyz"), status("/openapi.json")), (200, 503, 200));
        let refused = child.get("/v1/people/g2", Some(&guests.key));
        assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some(Code::Unavailable.as_str())));
        assert!(refused.header("retry-after").is_some());
        assert_eq!(child.get("/v1/visits", None).status, 503);
        assert!(child.scrape().contains("\nguestlog_journal_compared 0\n"));
        wait(|| child.said().contains("line 2: its checksum does not fit"));
        assert_eq!(fs::read(path(&home)).unwrap(), damaged, "nothing is written into it");

        fs::write(path(&home), &whole).unwrap();
        wait(|| status("/readyz") == 200);
        assert_eq!((status("/v1/people/g2"), status("/v1/people/g1")), (200, 404));
        assert!(child.scrape().contains("\nguestlog_journal_compared 1\n"));
        child.signal("TERM");
        let (ended, said) = child.wait();
        assert!(ended.success(), "{said}");
        assert!(!said.contains("g1") && !said.contains("panicked"), "{said}");
    });
}

#[test]
fn a_service_that_waits_for_its_journal_stops_when_told() {
    let home = Home::new(Kind::Sqlite);
    home.open(Clock::System).stop();
    fs::write(path(&home), "nonsense\n").unwrap();
    let child = Child::listening(&home, &[]);
    assert_eq!(child.get("/readyz", None).status, 503);
    child.signal("TERM");
    let began = Instant::now();
    assert!(child.wait().0.success());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn nodes_share_a_journal_in_a_database_of_its_own() {
    both(|kind| {
        let (home, other) = (Home::new(kind), Home::new(kind));
        let setting = [("erasure.journal", other.url.as_str())];
        let one = home.open_with(Clock::System, &setting);
        let guests = Guests::new(&one);
        guests.come(&one, &refs("g", 60));
        let two = open(&home, &setting).unwrap();
        std::thread::scope(|scope| {
            for (app, from) in [(&one, 0), (&one, 10), (&two, 20), (&two, 30)] {
                let guests = &guests;
                scope.spawn(move || {
                    for number in from..from + 10 {
                        guests.erase(app, &[format!("g{number}")]);
                    }
                });
            }
        });
        let found = entries(&journal(&home, &setting));
        assert_eq!(found.iter().map(|stored| stored.seq).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
        assert!(!path(&home).exists());

        forget(&home);
        // Both at once, as after a restore.
        let compared = std::thread::scope(|scope| {
            let apps = [&one, &two].map(|app| scope.spawn(|| app.compare_with_journal().unwrap()));
            apps.map(|app| app.join().unwrap())
        });
        assert!(compared.iter().map(|compared| compared.repeated).sum::<usize>() >= 40, "{compared:?}");
        assert_eq!(Raw::of(&home).count("tombstones"), 40);
        let mut raw = Raw::of(&home);
        assert_eq!(raw.number("SELECT max(compared_to) AS count FROM journal_marks"), 40);
        assert_eq!(one.compare_with_journal().unwrap().repeated, 0);
        one.stop();
        two.stop();
    });
}

#[test]
fn a_journal_in_the_database_itself_is_refused() {
    both(|kind| {
        let home = Home::new(kind);
        guestlog(&home, &["migrate"]).done();
        let with = |address: &str| {
            let mut command = program_in(&home, &["customer", "list"]);
            command.env("GUESTLOG__ERASURE__JOURNAL", address);
            run(command)
        };
        with(&home.url).refused(3, "setting erasure.journal: ");
        let another_name = match kind {
            Kind::Sqlite => format!(
                "sqlite://{}/../{}/guestlog.db",
                home.dir.display(),
                home.dir.file_name().unwrap().to_str().unwrap()
            ),
            Kind::Postgres => format!("{}?connect_timeout=9", home.url.replace("127.0.0.1", "localhost")),
        };
        with(&another_name).refused(3, "database of guestlog");
        with("file://").refused(3, "names no file");
        with("mysql://x").refused(3, "setting erasure.journal: ");
        if kind == Kind::Sqlite {
            with(&home.url.replace("sqlite", "file")).refused(3, "database of guestlog");
        }
    });
}

#[test]
fn a_full_disk_refuses_erasures_and_loses_none() {
    let (home, small) = (Home::new(Kind::Sqlite), Home::new(Kind::Sqlite));
    let Some(disk) = SmallDisk::mount(&small.dir) else {
        eprintln!("not run: this user may not mount a small disk");
        return;
    };
    let address = format!("file://{}/erasures.journal", small.dir.display());
    let setting = [("erasure.journal", address.as_str())];
    let app = home.open_with(Clock::System, &setting);
    let guests = Guests::new(&app);
    guests.come(&app, &refs("g", 30));
    guests.erase(&app, &refs("g", 5));
    let filler = small.dir.join("filler");
    let _ = fs::write(&filler, vec![1; 4 << 20]);
    // What is left of a page that is begun may still take an entry or two.
    let mut refused = None;
    for number in 5..30 {
        if let Err(error) = guests.try_to_erase(&app, &[format!("g{number}")]) {
            assert_eq!(error.code(), Code::Unavailable);
            refused = Some(number);
            break;
        }
    }
    let refused = refused.expect("the disk is full");
    assert!(guests.try_to_erase(&app, &refs("g", refused + 3)[refused..]).is_err());
    assert!(!guests.holds(&app, &format!("g{refused}")), "the erasure itself is done");
    let held = journal(&home, &setting);
    assert_eq!(entries(&held).len(), refused, "whole lines, and those acknowledged alone");
    fs::remove_file(&filler).unwrap();
    // A request that brings nothing of its own is answered when what is owed is noted.
    app.note_owed().unwrap();
    let found = entries(&held);
    assert_eq!(found.iter().map(|stored| stored.seq).collect::<Vec<_>>(), (1..=refused as u64 + 3).collect::<Vec<_>>());
    guests.erase(&app, &refs("h", 1));
    assert_eq!(entries(&held).len(), refused + 4);
    app.stop();
    drop(disk);
}

/// An application at a time of its own.
fn at_time(home: &Home, time: &str) -> App {
    App::open(home.settings(&[]), Clock::fixed(at(time))).unwrap()
}

#[test]
fn only_what_was_erased_is_erased_again() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at("2026-10-01T12:00:00Z")));
        let guests = Guests::new(&app);
        let [gone, anew, late] = ["gone", "anew", "late"].map(str::to_owned);
        guests.come(&app, &[gone.clone(), anew.clone(), late.clone()]);
        guests.erase(&app, &[gone.clone(), anew.clone(), late.clone()]);
        guests.recreate(&app, &anew);
        app.stop();
        let strangers = journal(&home, &[]);
        let entry = Entry {
            deletion: PublicId(uuid::Uuid::nil()),
            customer: CustomerId(987_654),
            digest: [7; 32],
            epoch: 1,
            erased_at: at("2026-10-01T12:00:00Z"),
        };
        strangers.append(&[entry]).unwrap();

        // Two people are heard of again in a database that does not know of their erasure, one of them two days later.
        forget(&home);
        let app = App::starting(
            guestlog::app::open_db(&home.settings(&[])).unwrap(),
            home.settings(&[]),
            Clock::fixed(at("2026-10-01T18:00:00Z")),
        )
        .unwrap();
        guests.come(&app, std::slice::from_ref(&gone));
        app.clock().set(at("2026-10-03T13:00:00Z"));
        guests.come(&app, std::slice::from_ref(&late));
        let compared = app.compare_with_journal().unwrap();
        assert_eq!((compared.repeated, compared.people), (3, 1));
        assert!(!guests.holds(&app, &gone) && guests.holds(&app, &anew) && guests.holds(&app, &late));
        let mut raw = Raw::of(&home);
        assert_eq!(raw.count("tombstones"), 1, "a living person has none");
        // The tombstone ends when it would have, counted from the erasure.
        assert_eq!(raw.count(&format!("tombstones WHERE expires_at = {}", instant(kind, "2026-11-10T12:00:00Z"))), 1);
        assert_eq!(app.compare_with_journal().unwrap().repeated, 0);
        app.stop();

        // What no backup can hold any more is let alone, and drops out of the journal.
        forget(&home);
        let app = at_time(&home, "2026-11-05T12:00:01Z");
        assert_eq!(Raw::of(&home).count("tombstones"), 0);
        assert_eq!(app.compact_journal().unwrap(), 4);
        app.stop();
        let (last, left) = (strangers.last_seq().unwrap(), entries(&strangers));
        assert_eq!((last, left.len()), (4, 0));
    });
}

/// Somebody came back once the tombstone had expired, and was erased again; a backup of between the two holds both that
/// tombstone and the person.
#[test]
fn the_tombstone_of_an_earlier_life_is_not_taken_for_a_later_erasure() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at("2026-10-01T12:00:00Z")));
        let guests = Guests::new(&app);
        let back = "back".to_owned();
        guests.come(&app, std::slice::from_ref(&back));
        guests.erase(&app, std::slice::from_ref(&back));
        app.clock().set(at("2026-12-01T12:00:00Z"));
        guests.come(&app, std::slice::from_ref(&back));
        app.stop();
        assert_eq!(Raw::of(&home).count("tombstones"), 1, "nothing has purged it");
        let journal = journal(&home, &[]);
        let first = entries(&journal)[0].entry;
        journal.append(&[Entry { erased_at: at("2026-12-02T12:00:00Z"), ..first }]).unwrap();

        let app = at_time(&home, "2026-12-03T12:00:00Z");
        assert!(!guests.holds(&app, &back));
        app.stop();
    });
}

fn instant(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Sqlite => Timestamp::parse(text).unwrap().micros().to_string(),
        Kind::Postgres => format!("'{text}'"),
    }
}

#[test]
fn an_erasure_waits_for_the_disk_and_shares_it() {
    let home = Home::new(Kind::Sqlite);
    home.open(Clock::System).stop();
    let journal = journal(&home, &[]);
    let entry = |number: u8| Entry {
        deletion: PublicId(uuid::Uuid::nil()),
        customer: CustomerId(1),
        digest: [number; 32],
        epoch: 1,
        erased_at: at("2026-10-01T12:00:00Z"),
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal: &Journal = &journal;
            scope.spawn(move || {
                for _ in 0..50 {
                    journal.append(&[entry(thread)]).unwrap();
                }
            });
        }
    });
    eprintln!("400 appends of 8 threads took {:?}", began.elapsed());
    let found = entries(&journal);
    assert_eq!(found.iter().map(|stored| stored.seq).collect::<Vec<_>>(), (1..=400).collect::<Vec<_>>());
}

fn wait(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not come to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}
