//! Following along: whoever asks for what was stored after an event misses none, however many write.

use crate::harness::{Home, Site, both, site};
use guestlog::app::App;
use guestlog::app::events::{self, Filter};
use guestlog::app::ingest::Item;
use guestlog::app::page::Ask;
use guestlog::clock::Clock;
use guestlog::domain::EventId;
use guestlog::domain::event::NewEvent;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

const WRITERS: usize = 4;
const GROUPS: usize = 40;

fn event(writer: usize, number: usize) -> NewEvent {
    let id = uuid::Uuid::from_u128(((writer as u128 + 1) << 64) | (number as u128 + 1));
    serde_json::from_value(serde_json::json!({
        "id": id, "type": "visit.checked_in", "occurred_at": "2026-11-20T08:00:00Z", "license_number": "L-1",
        "person": {"ref": format!("p{writer}-{number}")},
    }))
    .unwrap()
}

/// Groups of changing size, so that a later one often commits before an earlier one.
fn write(app: &App, place: &Site, writer: usize) -> usize {
    let mut number = 0;
    for group in 0..GROUPS {
        let size = if group % 2 == 0 { 40 } else { 1 };
        let items: Vec<Item> = (number..number + size)
            .map(|number| Item {
                customer: place.id,
                bound_to: None,
                peer: None,
                event: event(writer, number),
                any_age: true,
            })
            .collect();
        app.ingest_blocking(&items).unwrap();
        number += size;
    }
    number
}

fn next(app: &App, site: &Site, after: EventId) -> Vec<EventId> {
    let filter = Filter { after: Some(after), ..Filter::default() };
    let ask = Ask { limit: Some(200), cursor: None };
    let page = app.read_blocking(|view| events::list(view, site.id, &filter, &ask)).unwrap();
    page.data.into_iter().map(|event| event.id).collect()
}

#[test]
fn a_follower_misses_nothing_while_many_write() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open_with(Clock::System, &[("database.writers", "4")]);
        let site = site(&app, "L-1");
        let first = event(WRITERS, 0);
        let mut last = first.id;
        app.ingest_blocking(&[Item { customer: site.id, bound_to: None, peer: None, event: first, any_age: true }])
            .unwrap();
        let done = AtomicBool::new(false);
        let (written, seen) = std::thread::scope(|scope| {
            let follower = scope.spawn(|| {
                let mut seen = BTreeSet::new();
                loop {
                    let finished = done.load(Ordering::SeqCst);
                    let found = next(&app, &site, last);
                    last = found.last().copied().unwrap_or(last);
                    if finished && found.is_empty() {
                        return seen;
                    }
                    seen.extend(found);
                }
            });
            let writers: Vec<_> = (0..WRITERS)
                .map(|n| {
                    scope.spawn({
                        let (app, site) = (&app, &site);
                        move || write(app, site, n)
                    })
                })
                .collect();
            let written: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
            done.store(true, Ordering::SeqCst);
            (written, follower.join().unwrap())
        });
        assert_eq!(seen.len(), written);
        app.stop();
    });
}
