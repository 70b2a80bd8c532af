//! Erasures and kills: whoever has a receipt stays erased, whoever has none is whole or gone, and no event is lost
//! (REQUIREMENTS T-11); the same with a full disk.

use crate::child::Child;
use crate::client::Client;
use crate::crowd::in_order;
use crate::harness::{Home, Kind, both, key, site};
use crate::kill::SmallDisk;
use crate::ledger::{Ledger, any};
use crate::raw::Raw;
use guestlog::clock::Clock;
use guestlog::domain::reconciliation::State;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SCOPES: &str = "events:write,events:read,people:read,people:delete";
const CONNECTIONS: usize = 4;
/// How many kills it takes to see everything once.
const WHOLE_ROUND: usize = 25;

fn prepare(home: &Home) -> (String, Ledger) {
    let app = home.open(Clock::System);
    let key = key(&app, Some(site(&app, "L-1").customer), SCOPES, None);
    app.stop();
    let ledger = Ledger::new(&key);
    (key, ledger)
}

fn start(home: &Home, settings: &[(&str, &str)]) -> (Child, Client) {
    // As if the leases of the worker that was killed were over.
    let past = if home.kind == Kind::Sqlite { "0" } else { "'epoch'" };
    Raw::of(home).run(&format!("UPDATE jobs SET leased_to = NULL, due_at = {past} WHERE leased_to IS NOT NULL"));
    let child = Child::start(home, settings);
    child.await_ready();
    let client = Client::new(child.address);
    (child, client)
}

/// Looks at everything that was ever told.
fn assert_all(home: &Home, ledger: &Ledger, client: &Client, key: &str, idle: bool) {
    ledger.assert_stored(home);
    ledger.assert_journalled(home, &home.dir.join("erasures.journal"), idle);
    let shown: BTreeSet<String> = in_order(client, key).into_iter().collect();
    let told = ledger.told.lock().unwrap();
    assert_eq!(shown.intersection(&told.gone).collect::<Vec<_>>(), Vec::<&String>::new(), "shown although erased");
}

fn survives_kills(kind: Kind, kills: usize) {
    let began = Instant::now();
    let home = Home::new(kind);
    let (key, ledger) = prepare(&home);
    let mut seen = BTreeSet::new();
    for kill in 0..kills {
        let (child, client) = start(&home, &[]);
        let fresh: Vec<String> = {
            let told = ledger.told.lock().unwrap();
            told.gone.difference(&seen).cloned().collect()
        };
        ledger.assert_gone(&client, &fresh);
        // Of those erased long ago, one is heard of again.
        if let Some(old) = seen.iter().nth(any(seen.len())) {
            assert!(ledger.event(&client, old));
            ledger.assert_gone(&client, [old]);
        }
        seen.extend(fresh);
        if kill % WHOLE_ROUND == WHOLE_ROUND - 1 {
            assert_all(&home, &ledger, &client, &key, false);
        }
        let address = child.address;
        std::thread::scope(|threads| {
            for _ in 0..CONNECTIONS {
                threads.spawn(|| ledger.work(address));
            }
            ledger.wait_for(any(60));
            std::thread::sleep(Duration::from_millis(any(50) as u64));
            child.kill();
        });
    }
    let (child, client) = start(&home, &[]);
    ledger.assert_gone(&client, &ledger.told.lock().unwrap().gone.clone());
    assert_all(&home, &ledger, &client, &key, false);
    // What was under way goes on by itself, and what was not answered can be asked for again.
    let waiting = Instant::now();
    // One that was still writing down who is to go is not taken up again: nothing of it was begun.
    while Raw::of(&home).count(&format!("reconciliations WHERE state = {}", State::Running.number())) > 0 {
        assert!(
            waiting.elapsed() < Duration::from_secs(60),
            "a reconciliation does not go on: {:?}",
            Raw::of(&home).rows("jobs", "true"),
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    ledger.erase_rest(&client);
    assert_all(&home, &ledger, &client, &key, true);
    child.kill();
    if kind == Kind::Sqlite {
        let raw = &mut Raw::of(&home);
        assert_eq!(raw.texts("SELECT integrity_check AS text FROM pragma_integrity_check"), ["ok"]);
        assert_eq!(raw.count("pragma_foreign_key_check"), 0);
    }
    let told = ledger.told.lock().unwrap();
    assert!(told.stored.len() > kills && told.receipts.len() > kills && told.broken > 0, "that is no load");
    eprintln!(
        "{kind:?}: {kills} kills in {:.0?}: {} events stored, {} receipts for {} people, {} reconciliations, {} answers \
         lost; nothing lost, nobody readable, nobody back",
        began.elapsed(),
        told.stored.len(),
        told.receipts.len(),
        told.gone.len(),
        told.reconciliations.len(),
        told.broken,
    );
}

#[test]
fn eight_kills_amid_erasures_on_sqlite() {
    survives_kills(Kind::Sqlite, 8);
}

#[test]
fn eight_kills_amid_erasures_on_postgres() {
    survives_kills(Kind::Postgres, 8);
}

#[test]
#[ignore = "takes ten minutes; the form above shows the same eight times"]
fn five_hundred_kills_amid_erasures_on_sqlite() {
    survives_kills(Kind::Sqlite, 500);
}

#[test]
#[ignore = "takes ten minutes; the form above shows the same eight times"]
fn five_hundred_kills_amid_erasures_on_postgres() {
    survives_kills(Kind::Postgres, 500);
}

/// Leaves no byte free; gives the file that takes them.
fn fill(dir: &Path) -> PathBuf {
    let path = dir.join("filler");
    let mut filler = std::fs::File::create(&path).unwrap();
    for size in [65_536, 4_096, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// Erases while the disk is full: no receipt without its line in the journal; gives how many there were.
fn erases_on_a_full_disk(home: &Home, disk: &Path, settings: &[(&str, &str)]) -> usize {
    let (key, ledger) = prepare(home);
    let (child, client) = start(home, settings);
    for _ in 0..60 {
        assert!(ledger.new_guest(&client));
    }
    let filler = fill(disk);
    let guests = ledger.told.lock().unwrap().refs.clone();
    for guest in &guests[..40] {
        assert!(ledger.erase(&client, std::slice::from_ref(guest)));
    }
    assert!(ledger.erase(&client, &guests[40..45]));
    let journal = disk.join("erasures.journal");
    // What a kill leaves is what counts.
    child.kill();
    let answered = ledger.told.lock().unwrap().receipts.clone();
    let noted = std::fs::read_to_string(&journal).unwrap_or_default();
    for deletion in answered.keys() {
        assert!(noted.contains(deletion), "a receipt was answered and is not in the journal");
    }
    assert!(ledger.told.lock().unwrap().refused > 0, "the disk was not full");
    std::fs::remove_file(filler).unwrap();
    let (child, client) = start(home, settings);
    ledger.assert_gone(&client, &ledger.told.lock().unwrap().gone.clone());
    ledger.assert_stored(home);
    ledger.erase_rest(&client);
    ledger.assert_gone(&client, &ledger.told.lock().unwrap().gone.clone());
    ledger.assert_stored(home);
    ledger.assert_journalled(home, &journal, true);
    assert_eq!(in_order(&client, &key).len(), 15 + 5, "guests and hosts who were not to be erased");
    child.kill();
    answered.len()
}

#[test]
fn a_full_disk_answers_no_receipt_that_is_not_durable() {
    let home = Home::new(Kind::Sqlite);
    let Some(disk) = SmallDisk::mount(&home.dir) else {
        eprintln!("not run: this user may not mount a small disk");
        return;
    };
    // The write-ahead log alone takes more than it has at first.
    disk.grow();
    let answered = erases_on_a_full_disk(&home, &home.dir, &[]);
    eprintln!("{answered} receipts while the disk was full, all durable");
    drop(disk);
}

#[test]
fn a_journal_that_cannot_grow_answers_no_receipt() {
    both(|kind| {
        let home = Home::new(kind);
        let dir = home.dir.join("journal");
        std::fs::create_dir(&dir).unwrap();
        let Some(disk) = SmallDisk::mount(&dir) else {
            eprintln!("not run: this user may not mount a small disk");
            return;
        };
        disk.grow();
        let address = format!("file://{}/erasures.journal", dir.display());
        // What its last block has room for is written all the same.
        let answered = erases_on_a_full_disk(&home, &dir, &[("erasure.journal", &address)]);
        assert!(answered < 40, "{answered}");
        drop(disk);
    });
}
