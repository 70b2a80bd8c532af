//! Erasure against ingestion, correction, re-creation and itself (REQUIREMENTS T-11, T-13): every order of small stories
//! against a model, and random stories at the same time, of which nothing may be lost, doubled or brought back.

use crate::harness::{Home, Kind, Site, at, both, site};
use guestlog::app::deletions::{Instruction, Subject};
use guestlog::app::ingest::{Item, Outcome};
use guestlog::app::people::{self, Put};
use guestlog::app::{App, events};
use guestlog::clock::Clock;
use guestlog::domain::event::NewEvent;
use guestlog::domain::receipt::{Origin, Status};
use guestlog::domain::text::Ref;
use guestlog::domain::{EventId, Timestamp};
use guestlog::error::{Code, Error};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

/// When the person's events happened: before all else, or just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    OldEvent,
    NewEvent,
    AsHost,
    Delete,
    Put,
    Recreate,
    Patch,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Created,
    Erased,
    /// Erased so many events of the guest.
    Deleted(u64),
    NotHeld,
    Made,
    Replaced,
    Refused,
}

struct Stage {
    app: App,
    site: Site,
    ids: AtomicU64,
    _home: Home,
}

impl Stage {
    fn new(kind: Kind, clock: Clock) -> Self {
        let home = Home::new(kind);
        let app = home.open_with(clock, &[("database.writers", "4")]);
        let site = site(&app, "L-1");
        Self { app, site, ids: AtomicU64::new(1), _home: home }
    }

    fn event(&self, guest: &str, host: Option<&str>, at: Timestamp) -> (EventId, Outcome) {
        let id = uuid::Uuid::from_u128(u128::from(self.ids.fetch_add(1, Ordering::Relaxed)));
        let mut event = json!({"id": id, "type": "visit.checked_in", "occurred_at": at, "license_number": "L-1",
            "person": {"ref": guest, "name": "Navn"}});
        if let Some(host) = host {
            event["host"] = json!({"ref": host, "name": "Vært"});
        }
        let event: NewEvent = serde_json::from_value(event).unwrap();
        let item = Item { customer: self.site.id, bound_to: None, peer: None, event, any_age: false };
        (EventId(id), self.app.ingest_blocking(&[item]).unwrap().pop().unwrap())
    }

    /// Does a step; the ids of the guest's events that it stored go to `stored`.
    fn act(&self, step: Step, who: &str, stored: &mut Vec<EventId>) -> Told {
        let customer = self.site.id;
        let reference = Ref::new(who).unwrap();
        let now = self.app.clock().now();
        let put = |recreate: bool| {
            let put: Put = serde_json::from_value(json!({"name": "Backend"})).unwrap();
            match self.app.write_blocking(|work| people::put(work, customer, &reference, &put, recreate)) {
                Ok((_, true)) => Told::Made,
                Ok((_, false)) => Told::Replaced,
                Err(Error::Refused { code: Code::PersonErased, .. }) => Told::Refused,
                Err(error) => panic!("{error:?}"),
            }
        };
        match step {
            Step::OldEvent | Step::NewEvent => {
                let at = if step == Step::OldEvent { now.plus_seconds(-3_600) } else { now };
                match self.event(who, None, at) {
                    (id, Outcome::Created { .. }) => {
                        stored.push(id);
                        Told::Created
                    }
                    (_, Outcome::Erased) => Told::Erased,
                    (_, other) => panic!("{other:?}"),
                }
            }
            Step::AsHost => match self.event(&format!("{who}-guest"), Some(who), now) {
                (_, Outcome::Created { .. }) => Told::Created,
                (_, other) => panic!("{other:?}"),
            },
            Step::Put => put(false),
            Step::Recreate => put(true),
            Step::Patch => {
                let patch = serde_json::from_value(json!({"phone": "12345678"})).unwrap();
                match self.app.write_blocking(|work| people::patch(work, customer, &reference, &patch)) {
                    Ok(_) => Told::Replaced,
                    Err(Error::Refused { code: Code::NotFound, .. }) => Told::Refused,
                    Err(error) => panic!("{error:?}"),
                }
            }
            Step::Delete => {
                let subjects = vec![Subject::Ref(reference)];
                let receipt =
                    self.app.delete_blocking(&Instruction::new(customer, "test", Origin::Single, subjects), None);
                let receipt = receipt.unwrap();
                assert!(receipt.signature.is_some());
                match receipt.results[0].status {
                    Status::Erased => Told::Deleted(receipt.erased.events),
                    Status::NotHeld => Told::NotHeld,
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn held(&self, who: &str) -> bool {
        let reference = Ref::new(who).unwrap();
        match self.app.read_blocking(|view| people::get(view, self.site.id, &reference)) {
            Ok(_) => true,
            Err(Error::Refused { code: Code::NotFound, .. }) => false,
            Err(error) => panic!("{error:?}"),
        }
    }

    fn readable(&self, ids: &[EventId]) -> u64 {
        let there = |id: &&EventId| match self.app.read_blocking(|view| events::get(view, self.site.id, **id)) {
            Ok(_) => true,
            Err(Error::Refused { code: Code::NotFound, .. }) => false,
            Err(error) => panic!("{error:?}"),
        };
        ids.iter().filter(there).count() as u64
    }
}

/// What should be, one step after the other.
#[derive(Default)]
struct Model {
    held: bool,
    events: u64,
    /// Whether a deletion has left its tombstone.
    tombstone: bool,
    /// Whether the person was made anew: events of before are refused.
    anew: bool,
}

impl Model {
    fn act(&mut self, step: Step) -> Told {
        let gone = !self.held && self.tombstone;
        match step {
            Step::OldEvent if gone || self.held && self.anew => Told::Erased,
            Step::NewEvent if gone => Told::Erased,
            Step::OldEvent | Step::NewEvent => {
                (self.held, self.events) = (true, self.events + 1);
                Told::Created
            }
            Step::AsHost => {
                self.held |= !gone;
                Told::Created
            }
            Step::Put if gone => Told::Refused,
            Step::Patch if !self.held => Told::Refused,
            Step::Put | Step::Recreate if !self.held => {
                (self.held, self.anew) = (true, self.tombstone);
                Told::Made
            }
            Step::Put | Step::Recreate | Step::Patch => Told::Replaced,
            Step::Delete => {
                let told = if self.held { Told::Deleted(self.events) } else { Told::NotHeld };
                *self = Self { tombstone: true, ..Self::default() };
                told
            }
        }
    }
}

/// Every order in which the actors' steps can follow each other.
fn orders(actors: &[&[Step]]) -> Vec<Vec<Step>> {
    fn follow(actors: &[&[Step]], taken: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        if actors.iter().all(|steps| steps.is_empty()) {
            found.push(taken.clone());
        }
        for (n, steps) in actors.iter().enumerate().filter(|(_, steps)| !steps.is_empty()) {
            let mut rest = actors.to_vec();
            rest[n] = &steps[1..];
            taken.push(steps[0]);
            follow(&rest, taken, found);
            taken.pop();
        }
    }
    let mut found = Vec::new();
    follow(actors, &mut Vec::new(), &mut found);
    found
}

fn every_order(stage: &Stage, story: &str, actors: &[&[Step]]) -> usize {
    let mut seen = BTreeSet::new();
    for (n, order) in orders(actors).into_iter().enumerate() {
        if !seen.insert(format!("{order:?}")) {
            continue;
        }
        let who = format!("{story}-{n}");
        let (mut model, mut stored) = (Model::default(), Vec::new());
        for (place, &step) in order.iter().enumerate() {
            assert_eq!(stage.act(step, &who, &mut stored), model.act(step), "step {place} of {order:?}");
        }
        assert_eq!(stage.held(&who), model.held, "{order:?}");
        assert_eq!(stage.readable(&stored), model.events, "{order:?}");
    }
    seen.len()
}

#[test]
fn every_order_of_small_stories_is_as_the_model_says() {
    use Step::{AsHost, Delete, NewEvent, OldEvent, Patch, Put, Recreate};
    both(|kind| {
        let stage = Stage::new(kind, Clock::fixed(at("2026-11-21T12:00:00Z")));
        let tried = every_order(&stage, "a", &[&[OldEvent, NewEvent], &[Delete], &[Recreate, AsHost]])
            + every_order(&stage, "b", &[&[OldEvent, NewEvent], &[Delete, Delete], &[Recreate, Put]])
            + every_order(&stage, "c", &[&[Put, Patch], &[Delete, Recreate], &[AsHost, OldEvent]]);
        assert!(tried > 200, "{tried}");
    });
}

/// The same with three actors of up to four steps each: minutes.
#[test]
#[ignore = "the long form"]
fn every_order_of_stories_of_twelve_steps() {
    use Step::{AsHost, Delete, NewEvent, OldEvent, Patch, Put, Recreate};
    both(|kind| {
        let stage = Stage::new(kind, Clock::fixed(at("2026-11-21T12:00:00Z")));
        let tried = every_order(
            &stage,
            "a",
            &[&[OldEvent, NewEvent, AsHost, OldEvent], &[Delete, Delete], &[Recreate, Put, Patch]],
        ) + every_order(
            &stage,
            "b",
            &[&[OldEvent, NewEvent], &[Delete, Recreate, Delete, Recreate], &[Put, AsHost]],
        );
        eprintln!("{tried} orders");
    });
}

/// Stories whose actors act at the same time: nobody knows the order, but the sums must be right.
fn at_the_same_time(kind: Kind, rounds: u64, seed: u64) {
    const STEPS: [Step; 9] = [
        Step::OldEvent,
        Step::NewEvent,
        Step::NewEvent,
        Step::AsHost,
        Step::Delete,
        Step::Delete,
        Step::Put,
        Step::Recreate,
        Step::Patch,
    ];
    let stage = Stage::new(kind, Clock::System);
    let mut random = seed | 1;
    let mut next = |below: usize| {
        // Xorshift: the same stories for the same seed.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    for round in 0..rounds {
        let who = format!("r-{round}");
        let scripts: Vec<Vec<Step>> =
            (0..3).map(|_| (0..=next(4)).map(|_| STEPS[next(STEPS.len())]).collect()).collect();
        let barrier = Barrier::new(scripts.len());
        let told: Vec<(Vec<Told>, Vec<EventId>)> = std::thread::scope(|scope| {
            let actors: Vec<_> = scripts
                .iter()
                .map(|script| {
                    let (stage, who, barrier) = (&stage, &who, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let mut stored = Vec::new();
                        let told = script.iter().map(|&step| stage.act(step, who, &mut stored)).collect();
                        (told, stored)
                    })
                })
                .collect();
            actors.into_iter().map(|actor| actor.join().unwrap()).collect()
        });
        let all: Vec<Told> = told.iter().flat_map(|(told, _)| told.iter().copied()).collect();
        let stored: Vec<EventId> = told.into_iter().flat_map(|(_, stored)| stored).collect();
        let (held, readable) = (stage.held(&who), stage.readable(&stored));
        let erased: u64 = all.iter().map(|told| if let Told::Deleted(events) = told { *events } else { 0 }).sum();
        assert_eq!(readable + erased, stored.len() as u64, "events of {who}: {scripts:?} {all:?}");
        if !held {
            assert_eq!(readable, 0, "{who}: {scripts:?} {all:?}");
        }
        // Every life that began has ended or goes on: one that an event or PUT began, the others by an explicit word.
        let ended = all.iter().filter(|told| matches!(told, Told::Deleted(_))).count();
        let anew: usize =
            scripts.iter().flatten().zip(&all).filter(|(s, t)| **s == Step::Recreate && **t == Told::Made).count();
        let lives = ended + usize::from(held);
        assert!(lives == anew || lives == anew + 1, "{lives} lives, {anew} begun anew: {scripts:?} {all:?}");
        // A life that no word began is from before the first deletion, which ends it.
        let deletions = scripts.iter().flatten().filter(|step| **step == Step::Delete).count();
        if deletions > 0 && lives == anew + 1 {
            assert!(ended > 0, "an event or PUT made a deleted person: {scripts:?} {all:?}");
        }
        let last = stage.act(Step::Delete, &who, &mut Vec::new());
        assert_eq!(last, if held { Told::Deleted(readable) } else { Told::NotHeld });
        assert!(!stage.held(&who) && stage.readable(&stored) == 0, "{who}");
    }
}

#[test]
fn nothing_is_lost_doubled_or_brought_back_by_racing() {
    both(|kind| at_the_same_time(kind, 150, 7));
}

/// 10,000 stories on each database: minutes.
#[test]
#[ignore = "the long form"]
fn ten_thousand_races() {
    both(|kind| at_the_same_time(kind, 10_000, 0x5eed));
}
