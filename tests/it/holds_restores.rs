//! Backups of before and after an erasure under a hold: the restore repeats what was erased then, and what was later.

use crate::guests::Guests;
use crate::harness::{Home, both, files};
use crate::program::guestlog;
use crate::raw::Raw;
use guestlog::app::holds::{self, Place};
use guestlog::app::{App, backup};
use guestlog::clock::Clock;
use guestlog::domain::PublicId;
use guestlog::domain::text::Ref;
use guestlog::jobs;
use serde_json::json;
use std::path::{Path, PathBuf};

const WHO: &str = "held";

fn back_up(home: &Home, name: &str) -> PathBuf {
    let to = home.dir.join(name);
    guestlog(home, &["backup", "--to", to.to_str().unwrap()]).done();
    files(&to).iter().find_map(|file| file.parent().map(Path::to_owned)).unwrap()
}

/// Puts a backup in place, and starts: people, visits, holds and tombstones that are there then.
fn restored(home: &Home, from: &Path) -> [i64; 4] {
    let allowed = backup::Allowed { replace: true, ..backup::Allowed::default() };
    backup::Backup::examine(&home.settings(&[]), &Clock::System, from, allowed).unwrap().put_back().unwrap();
    App::open(home.settings(&[]), Clock::System).unwrap().stop();
    counts(home)
}

fn counts(home: &Home) -> [i64; 4] {
    ["people", "visits", "holds", "tombstones"].map(|table| Raw::of(home).count(table))
}

fn hold(app: &App, guests: &Guests) -> PublicId {
    let ends_at = Clock::System.now().plus_seconds(86_400);
    let place: Place = serde_json::from_value(
        json!({"ground": "e", "law": "Sag BS-1/2026", "fields": ["name", "visits"], "ends_at": ends_at}),
    )
    .unwrap();
    let (customer, who) = (guests.site.id, Ref::new(WHO).unwrap());
    app.write_blocking(|work| holds::place(work, customer, "test", &who, &place)).unwrap().id
}

#[test]
fn a_restore_repeats_both_parts_of_an_erasure_under_a_hold() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let guests = Guests::new(&app);
        let who = [WHO.to_owned()];
        guests.come(&app, &who);
        let id = hold(&app, &guests);
        app.stop();
        let before = back_up(&home, "before");

        let app = App::open(home.settings(&[]), Clock::System).unwrap();
        let receipt = guests.erase(&app, &who);
        assert_eq!(receipt.held.map(|held| (held.people, held.visits)), Some((1, 1)));
        app.stop();
        assert_eq!(counts(&home), [1, 1, 1, 1]);
        // What the hold left is left again, and no more.
        assert_eq!(restored(&home, &before), [1, 1, 1, 1]);
        assert_eq!(Raw::of(&home).count("events"), 0);
        assert_eq!(Raw::of(&home).count("people WHERE email_sealed IS NOT NULL"), 0);
        let between = back_up(&home, "between");

        let app = App::open(home.settings(&[]), Clock::System).unwrap();
        let reference = Ref::new(WHO).unwrap();
        app.write_blocking(|work| holds::lift(work, guests.site.id, "test", &reference, id)).unwrap();
        assert!(jobs::run_due(&app).unwrap() > 0);
        app.stop();
        let gone = [0, 0, 0, 2];
        assert_eq!(counts(&home), gone);
        // The hold stands in the backups as if it were in force; the rest is gone all the same.
        assert_eq!(restored(&home, &between), gone);
        assert_eq!(restored(&home, &before), gone);
    });
}
