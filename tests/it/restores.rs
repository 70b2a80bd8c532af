//! Restores of backups of any age while people come and are erased: none of the erased is ever served again.

use crate::child::Child;
use crate::client::Client;
use crate::guests::Guests;
use crate::harness::{Home, Kind, files};
use crate::program::guestlog;
use guestlog::app::backup::{Allowed, Backup};
use guestlog::clock::Clock;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Backups that are kept to choose from.
const KEPT: usize = 12;

/// A number below `bound`, a different one each time.
fn random(bound: usize) -> usize {
    let [a, b, c, d, ..] = uuid::Uuid::new_v4().into_bytes();
    u32::from_be_bytes([a, b, c, d]) as usize % bound
}

/// What the customer knows.
#[derive(Default)]
struct Truth {
    /// Whom it has told of, erased or not.
    told: Vec<String>,
    /// Whose erasure was answered with a receipt.
    erased: BTreeSet<String>,
}

/// People come and are erased until it is over; whose request gets no answer is in doubt and counts for nothing.
fn churn(child: &Child, guests: &Guests, truth: &mut Truth, is_over: &AtomicBool) {
    let client = Client::new(child.address);
    while !is_over.load(Ordering::SeqCst) {
        if random(3) > 0 {
            let guest = format!("guest-{}", truth.told.len());
            let event = json!({"id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "license_number": "L-1",
                "occurred_at": Clock::System.now(), "person": {"ref": guest, "name": "Canary"}});
            truth.told.push(guest);
            let _ = client.send("POST", "/v1/events", Some(&guests.key), &[], Some(event.to_string().as_bytes()));
        } else if !truth.told.is_empty() {
            let guest = truth.told[random(truth.told.len())].clone();
            let answer = client.send("DELETE", &format!("/v1/people/{guest}"), Some(&guests.key), &[], None);
            if answer.is_ok_and(|answer| answer.status == 200) {
                truth.erased.insert(guest);
            }
        }
    }
}

/// Asks for erased people from the first moment on, until the service is ready; then for all of them.
fn assert_gone(child: &Child, guests: &Guests, truth: &Truth) -> (usize, Duration) {
    let (client, began, erased) = (Client::new(child.address), Instant::now(), Vec::from_iter(&truth.erased));
    let status =
        |guest: &str| client.send("GET", &format!("/v1/people/{guest}"), Some(&guests.key), &[], None).unwrap().status;
    let mut refusals = 0;
    while child.get("/readyz", None).status != 200 {
        if !erased.is_empty() {
            let answer = status(erased[random(erased.len())]);
            assert!([404, 503].contains(&answer), "{answer}: an erased person is served");
            refusals += usize::from(answer == 503);
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{}", child.said());
    }
    let took = began.elapsed();
    for guest in erased {
        assert_eq!(status(guest), 404, "{guest} was erased");
    }
    (refusals, took)
}

/// Puts a backup in place: by the command, or by hand and the next start.
fn restore(home: &Home, backup: &Path) {
    if random(2) == 0 {
        guestlog(home, &["restore", "--replace", "--from", backup.to_str().unwrap()]).done();
    } else {
        let allowed = Allowed { replace: true, ..Allowed::default() };
        let backup = Backup::examine(&home.settings(&[]), &Clock::System, backup, allowed).unwrap();
        // What a killed process left in PostgreSQL may take a moment to go.
        let began = Instant::now();
        while let Err(error) = backup.put_back() {
            assert!(began.elapsed() < Duration::from_secs(10), "{error:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn restores(kind: Kind, times: usize) {
    let home = Home::new(kind);
    let app = home.open(Clock::System);
    let guests = Guests::new(&app);
    app.stop();
    let (mut truth, mut backups): (Truth, Vec<PathBuf>) = (Truth::default(), Vec::new());
    let (mut refusals, mut slowest) = (0, Duration::ZERO);
    for time in 0..=times {
        let child = Child::listening(&home, &[]);
        let (refused, took) = assert_gone(&child, &guests, &truth);
        (refusals, slowest) = (refusals + refused, slowest.max(took));
        if time == times {
            child.kill();
            break;
        }
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let churning = scope.spawn(|| churn(&child, &guests, &mut truth, &is_over));
            std::thread::sleep(Duration::from_millis(random(300) as u64));
            let to = home.dir.join(format!("backups-{time}"));
            guestlog(&home, &["backup", "--to", to.to_str().unwrap()]).done();
            let made = files(&to).iter().find_map(|file| file.parent().map(Path::to_owned)).unwrap();
            backups.push(made);
            std::thread::sleep(Duration::from_millis(random(300) as u64));
            if random(2) == 0 {
                child.signal("KILL");
            }
            is_over.store(true, Ordering::SeqCst);
            churning.join().unwrap();
        });
        child.signal("KILL");
        child.wait();
        if backups.len() > KEPT {
            std::fs::remove_dir_all(backups.remove(random(KEPT)).parent().unwrap()).unwrap();
        }
        restore(&home, &backups[random(backups.len())]);
    }
    assert!(truth.erased.len() >= times, "{} erasures are no load", truth.erased.len());
    eprintln!(
        "{kind:?}: {times} restores, {} of {} people erased and none of them served again; {refusals} requests refused \
         before the service was ready, slowest start {slowest:?}",
        truth.erased.len(),
        truth.told.len(),
    );
}

#[test]
fn six_restores_serve_nobody_erased_on_sqlite() {
    restores(Kind::Sqlite, 6);
}

#[test]
fn six_restores_serve_nobody_erased_on_postgres() {
    restores(Kind::Postgres, 6);
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_restores_serve_nobody_erased_on_sqlite() {
    restores(Kind::Sqlite, 100);
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_restores_serve_nobody_erased_on_postgres() {
    restores(Kind::Postgres, 100);
}
