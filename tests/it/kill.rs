//! What was acknowledged is there: after kills at any moment, after an ordered stop, with a full disk, and when
//! PostgreSQL throws us out.

use crate::child::Child;
use crate::convergence::seen;
use crate::harness::{Home, Kind, Site, both, key, site};
use crate::load::Load;
use crate::raw::Raw;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::app::App;
use guestlog::app::ingest::{Item, Outcome};
use guestlog::clock::Clock;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const KILLS: usize = 20;
/// How long a start may take, in which what the last process left is brought in order.
const START: Duration = Duration::from_secs(5);

/// A home with a customer in it, and the load that it will get.
fn prepare(home: &Home) -> (Site, Arc<Load>) {
    let app = home.open(Clock::System);
    let site = site(&app, "L-1");
    let load = Load::new(&key(&app, Some(site.customer), "events:write,events:read", None), &site.number);
    app.stop();
    (site, load)
}

fn start(home: &Home, settings: &[(&str, &str)]) -> (Child, Duration) {
    let began = Instant::now();
    let child = Child::start(home, settings);
    assert_eq!(child.get("/readyz", None).status, 200);
    let took = began.elapsed();
    assert!(took < START, "the start took {took:?}");
    (child, took)
}

/// Every acknowledged event is there once; gives how many there are at all.
fn assert_all_stored(home: &Home, load: &Load) -> usize {
    let id = match home.kind {
        Kind::Sqlite => "lower(hex(event_id))",
        Kind::Postgres => "replace(event_id::text, '-', '')",
    };
    let all = Raw::of(home).texts(&format!("SELECT {id} AS text FROM events"));
    let once: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(once.len(), all.len(), "an event is there twice");
    for id in load.acknowledged.lock().unwrap().iter() {
        assert!(once.contains(id.replace('-', "").as_str()), "{id} was acknowledged and is lost");
    }
    all.len()
}

/// The database is sound, and its visits are what its events add up to.
fn assert_sound(home: &Home, site: &Site, load: &Load) {
    let mut raw = Raw::of(home);
    if home.kind == Kind::Sqlite {
        assert_eq!(raw.texts("SELECT integrity_check AS text FROM pragma_integrity_check"), ["ok"]);
        assert_eq!(raw.count("pragma_foreign_key_check"), 0);
    }
    let astray = "events e WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.customer_id = e.customer_id \
        AND v.visit_id = e.visit_id AND v.person_id = e.person_id)";
    assert_eq!(raw.count(astray), 0, "an event without its visit");
    let empty = "visits v WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.customer_id = v.customer_id \
        AND e.visit_id = v.visit_id)";
    assert_eq!(raw.count(empty), 0, "a visit without events");
    drop(raw);

    let app = App::open(home.settings(&[]), Clock::System).unwrap();
    let again = crate::harness::site(&app, &site.number);
    let mut events: Vec<guestlog::domain::event::NewEvent> =
        load.sent.lock().unwrap().values().map(|event| serde_json::from_value(event.clone()).unwrap()).collect();
    events.sort_by_key(|event| event.occurred_at);
    for group in events.chunks(1_000) {
        let items: Vec<Item> = group
            .iter()
            .map(|event| Item { customer: again.id, bound_to: None, peer: None, event: event.clone(), any_age: true })
            .collect();
        let outcomes = app.ingest_blocking(&items).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
    }
    assert_eq!(seen(&app, site), seen(&app, &again), "the visits are not those of the events");
    app.stop();
}

fn survives_kills(kind: Kind) {
    let home = Home::new(kind);
    let (site, load) = prepare(&home);
    let (mut slowest, mut lost_answers) = (Duration::ZERO, 0);
    for kill in 0..KILLS {
        let (child, took) = start(&home, &[]);
        slowest = slowest.max(took);
        assert_all_stored(&home, &load);
        let running = load.start(child.address);
        if kill % 5 > 0 {
            load.wait_for(1);
        }
        let [random, ..] = uuid::Uuid::new_v4().into_bytes();
        std::thread::sleep(Duration::from_millis(u64::from(random)));
        child.kill();
        running.join();
        lost_answers += load.broken.swap(0, Ordering::SeqCst);
    }
    let acknowledged = load.count();
    let (child, _) = start(&home, &[]);
    let there = assert_all_stored(&home, &load);
    load.send_rest(child.address);
    child.kill();
    assert_eq!(assert_all_stored(&home, &load), load.count());
    assert_eq!(*load.unexpected.lock().unwrap(), Vec::<String>::new());
    assert!(acknowledged > 100 && lost_answers > 0, "{acknowledged} events are no stream");
    assert_sound(&home, &site, &load);
    eprintln!(
        "{kind:?}: {KILLS} kills, {acknowledged} events acknowledged and all there once, {} more stored whose answer was \
         lost, {} sent again; slowest start {slowest:?}",
        there - acknowledged,
        load.count() - acknowledged,
    );
}

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged_on_sqlite() {
    survives_kills(Kind::Sqlite);
}

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged_on_postgres() {
    survives_kills(Kind::Postgres);
}

#[test]
fn an_ordered_stop_answers_everything_it_stores() {
    both(|kind| {
        let home = Home::new(kind);
        let (site, load) = prepare(&home);
        for _ in 0..3 {
            let (child, _) = start(&home, &[]);
            let running = load.start(child.address);
            load.wait_for(100);
            child.signal("TERM");
            let began = Instant::now();
            let (status, said) = child.wait();
            running.join();
            assert!(status.success(), "{status}: {said}");
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
            // No more than was answered, either: nothing accepted was left without its answer.
            assert_eq!(assert_all_stored(&home, &load), load.count());
        }
        let (child, _) = start(&home, &[]);
        load.send_rest(child.address);
        child.kill();
        assert_eq!(*load.unexpected.lock().unwrap(), Vec::<String>::new());
        assert_sound(&home, &site, &load);
    });
}

/// Runs a program of the system's; false when it fails or is not there.
fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|done| done.status.success())
}

/// A file system of its own that is soon full, unmounted when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this user may not mount.
    pub fn mount(dir: &Path) -> Option<Self> {
        run("mount", &["-t", "tmpfs", "-o", "size=3m,mode=700", "guestlog", dir.to_str()?])
            .then(|| Self(dir.to_owned()))
    }

    pub fn grow(&self) {
        assert!(run("mount", &["-o", "remount,size=256m", self.0.to_str().unwrap()]));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        assert!(run("umount", &["-l", self.0.to_str().unwrap()]));
    }
}

/// Under load until it refuses, then, after `relieve`, until it takes events again; all in one process.
fn refuses_then_recovers(home: &Home, child: &Child, load: &Arc<Load>, relieve: impl FnOnce()) {
    let running = load.start(child.address);
    load.wait_for_refusals(30);
    let before = load.count();
    relieve();
    load.wait_for(100);
    running.stop();
    assert!(load.count() >= before + 100);
    assert_eq!((load.broken.load(Ordering::SeqCst), load.unexpected.lock().unwrap().as_slice()), (0, &[][..]));
    assert_all_stored(home, load);
    load.send_rest(child.address);
}

#[test]
fn a_disk_that_is_full_refuses_events_until_there_is_room() {
    let home = Home::new(Kind::Sqlite);
    let Some(disk) = SmallDisk::mount(&home.dir) else {
        eprintln!("not run: this user may not mount a small disk");
        return;
    };
    let (site, load) = prepare(&home);
    let (child, _) = start(&home, &[]);
    refuses_then_recovers(&home, &child, &load, || disk.grow());
    child.kill();
    assert_eq!(assert_all_stored(&home, &load), load.count());
    assert_sound(&home, &site, &load);
    drop(disk);
}

#[test]
fn a_file_that_may_not_grow_refuses_events_until_it_may() {
    let home = Home::new(Kind::Sqlite);
    let (site, load) = prepare(&home);
    let (child, _) = start(&home, &[]);
    let limit = |bytes: &str| {
        let (pid, bytes) = (child.id().to_string(), format!("--fsize={bytes}:unlimited"));
        assert!(run("prlimit", &["--pid", &pid, &bytes]), "prlimit is part of util-linux");
    };
    limit("700000");
    refuses_then_recovers(&home, &child, &load, || limit("unlimited"));
    child.kill();
    assert_eq!(assert_all_stored(&home, &load), load.count());
    assert_sound(&home, &site, &load);
}

#[test]
fn a_postgres_that_throws_us_out_is_taken_up_again() {
    let home = Home::new(Kind::Postgres);
    let (site, load) = prepare(&home);
    let (child, _) = start(&home, &[("database.acquire_timeout_ms", "500")]);
    let database = home.url.rsplit('/').next().unwrap();
    let mut admin = PgConnection::establish(&crate::harness::postgres_url()).unwrap();
    let thrown_out = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");

    let running = load.start(child.address);
    for _ in 0..5 {
        load.wait_for(20);
        admin.batch_execute(&thrown_out).unwrap();
    }
    load.wait_for(20);
    running.stop();
    assert_eq!((load.broken.load(Ordering::SeqCst), load.unexpected.lock().unwrap().as_slice()), (0, &[][..]));
    assert_all_stored(&home, &load);

    // As while it is being restarted: nobody is let in for a while.
    admin.batch_execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false; {thrown_out}")).unwrap();
    let running = load.start(child.address);
    load.wait_for_refusals(20);
    assert_eq!(child.get("/readyz", None).status, 503);
    assert_eq!(child.get("/healthz", None).status, 200);
    admin.batch_execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true")).unwrap();
    load.wait_for(100);
    running.stop();
    assert_eq!(child.get("/readyz", None).status, 200);
    load.send_rest(child.address);
    child.kill();
    assert_eq!((load.broken.load(Ordering::SeqCst), load.unexpected.lock().unwrap().as_slice()), (0, &[][..]));
    assert_eq!(assert_all_stored(&home, &load), load.count());
    assert_sound(&home, &site, &load);
}
