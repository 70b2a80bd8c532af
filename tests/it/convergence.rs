//! Any order, any number of copies, thirty days late: the same visits and the same people (T-07).

use crate::harness::{Home, Kind, Site, at, both, site};
use guestlog::app::ingest::{Item, Outcome};
use guestlog::app::page::Ask;
use guestlog::app::{App, people, visits};
use guestlog::clock::Clock;
use guestlog::domain::event::NewEvent;
use std::collections::BTreeMap;

/// A small generator of our own: the same numbers from the same seed, on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.roll(i + 1));
        }
    }
}

fn story(dice: &mut Dice, events: usize) -> Vec<NewEvent> {
    const TYPES: [&str; 12] = [
        "visit.expected",
        "visit.cancelled",
        "visit.denied",
        "visit.checked_in",
        "visit.checked_in",
        "visit.checked_in",
        "visit.checked_out",
        "visit.checked_out",
        "visit.checked_out",
        "notification.sent",
        "notification.failed",
        "notification.acknowledged",
    ];
    let start = at("2026-10-20T06:00:00Z");
    let mut ids: Vec<String> = Vec::new();
    (0..events)
        .map(|n| {
            let kind = TYPES[dice.roll(TYPES.len())];
            let person = dice.roll(events / 25 + 1);
            // Thirty days, the clock change of October among them; many instants are shared.
            let when = start.plus_seconds((dice.roll(30 * 24 * 4) * 900) as i64);
            let id = uuid::Uuid::from_u128((u128::from(dice.0) << 64) | n as u128).to_string();
            let mut event = serde_json::json!({
                "id": id, "type": kind, "occurred_at": when.to_string(), "license_number": "L-1",
                "person": {"ref": format!("p{person}")},
            });
            if dice.roll(3) == 0 {
                event["visit_ref"] = format!("v{person}-{}", dice.roll(4)).into();
            }
            if dice.roll(3) == 0 {
                event["person"]["name"] = format!("Navn {}", dice.roll(50)).into();
            }
            if dice.roll(4) == 0 {
                event["person"]["kind"] = ["guest", "host"][dice.roll(2)].into();
            }
            if dice.roll(4) == 0 {
                event["host"] =
                    serde_json::json!({"ref": format!("p{}", dice.roll(5)), "name": format!("Vært {}", dice.roll(9))});
            }
            if dice.roll(5) == 0 {
                event["recipients"] = serde_json::json!([{"ref": format!("r{}", dice.roll(5)), "channel": "sms"}]);
            }
            if dice.roll(12) == 0 && !ids.is_empty() {
                event["corrects"] = ids[dice.roll(ids.len())].clone().into();
            }
            if kind == "visit.expected" && dice.roll(2) == 0 {
                event["expected_at"] = when.plus_seconds(3_600).to_string().into();
            }
            ids.push(id);
            serde_json::from_value(event).unwrap()
        })
        .collect()
}

fn play(app: &App, site: &Site, events: &[NewEvent], dice: &mut Dice, most: usize) {
    let mut rest = events;
    while !rest.is_empty() {
        let (group, later) = rest.split_at((1 + dice.roll(most)).min(rest.len()));
        let items: Vec<Item> = group
            .iter()
            .map(|event| Item { customer: site.id, bound_to: None, peer: None, event: event.clone(), any_age: true })
            .collect();
        for outcome in app.ingest_blocking(&items).unwrap() {
            assert!(matches!(outcome, Outcome::Created { .. } | Outcome::Duplicate { .. }), "{outcome:?}");
        }
        rest = later;
    }
}

pub type Seen = (Vec<String>, Vec<String>);

/// Everything that a client can see, but for identifiers that each customer's keys make differ.
pub fn seen(app: &App, site: &Site) -> Seen {
    let mut visits_seen = Vec::new();
    let mut ask = Ask { limit: Some(200), cursor: None };
    loop {
        let page = app.read_blocking(|view| visits::list(view, site.id, &visits::Filter::default(), &ask)).unwrap();
        for visit in page.data {
            let mut shown = serde_json::to_value(&visit).unwrap();
            shown["id"] = serde_json::Value::Null;
            let mut hosts: Vec<String> = shown["hosts"].as_array().unwrap().iter().map(ToString::to_string).collect();
            hosts.sort();
            shown["hosts"] = hosts.into();
            visits_seen.push(shown.to_string());
        }
        ask.cursor = page.next_cursor;
        if ask.cursor.is_none() {
            break;
        }
    }
    visits_seen.sort();
    let mut people_seen = BTreeMap::new();
    let mut ask = Ask { limit: Some(200), cursor: None };
    loop {
        let page = app.read_blocking(|view| people::list(view, site.id, &people::Filter::default(), &ask)).unwrap();
        for person in page.data {
            let shown = format!("{:?} {:?} {}", person.kind, person.name, person.reference);
            people_seen.insert(person.reference, shown);
        }
        ask.cursor = page.next_cursor;
        if ask.cursor.is_none() {
            break;
        }
    }
    (visits_seen, people_seen.into_values().collect())
}

fn converges(kind: Kind, seeds: std::ops::Range<u64>, events: usize) {
    let home = Home::new(kind);
    let app = home.open(Clock::fixed(at("2026-11-21T12:00:00Z")));
    for seed in seeds {
        let mut dice = Dice(seed * 7_919 + 1);
        let mut story = story(&mut dice, events);
        let ordered = site(&app, "L-1");
        story.sort_by_key(|event| (event.occurred_at, event.id));
        play(&app, &ordered, &story, &mut dice, 500);
        let mut mixed = story.clone();
        for _ in 0..events / 4 {
            mixed.push(story[dice.roll(story.len())].clone());
        }
        dice.shuffle(&mut mixed);
        let shuffled = site(&app, "L-1");
        play(&app, &shuffled, &mixed, &mut dice, 300);
        let (expected, found) = (seen(&app, &ordered), seen(&app, &shuffled));
        assert!(!expected.0.is_empty());
        assert_eq!(expected, found, "seed {seed}");
    }
    app.stop();
}

#[test]
fn any_order_gives_the_same_visits_on_sqlite() {
    converges(Kind::Sqlite, 0..100, 1_000);
}

#[test]
fn any_order_gives_the_same_visits_on_postgres() {
    converges(Kind::Postgres, 0..100, 1_000);
}

#[test]
fn one_by_one_or_at_once_is_the_same() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at("2026-11-21T12:00:00Z")));
        let mut dice = Dice(42);
        let story = story(&mut dice, 200);
        let (single, whole) = (site(&app, "L-1"), site(&app, "L-1"));
        play(&app, &single, &story, &mut dice, 1);
        play(&app, &whole, &story, &mut Dice(1), 1_000_000);
        assert_eq!(seen(&app, &single), seen(&app, &whole));
        app.stop();
    });
}
