//! Visits as a pure function of a person's events at one licence.
//!
//! Because the result depends on the *set* of events only, events may arrive late, twice and in any
//! order and the visits come out the same. Nobody is checked out by a guess.
//!
//! The rules, in the order of time (at the same instant: expected, cancelled, denied, in, out; then id):
//! - events with a `visit_ref` belong to that visit; a check-in after its check-out opens a further stay under the same ref;
//! - `expected`, `cancelled` and `denied` with a ref reach their visit whenever they happened: some logs book after the visit;
//! - a check-in without a ref joins whatever visit is open, else uses a visit expected the same day, else opens a new one;
//! - a check-out without a ref closes the visit opened last; a check-out with nothing to close waits.

use super::event::{CheckOutReason, EventType};
use super::visit::{Anchor, Stay};
use super::zone::Zone;
use super::{EventId, EventKey, Timestamp};
use std::collections::BTreeMap;

/// As much of an event as the projection reads; nothing that is superseded by a correction comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The event inside the database.
    pub key: EventKey,
    /// Its public identifier.
    pub id: EventId,
    /// What happened.
    pub kind: EventType,
    /// When.
    pub occurred_at: Timestamp,
    /// When the guest is expected, with [`EventType::Expected`].
    pub expected_at: Option<Timestamp>,
    /// Blind index of the visit's ref.
    pub group: Option<[u8; 32]>,
    /// The device.
    pub device: Option<String>,
    /// Who checked the guest out.
    pub reason: Option<CheckOutReason>,
}

/// What the events add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    /// The visits, in the order in which they were found.
    pub stays: Vec<Stay>,
    /// Events that wait for another: a check-out without check-in, a notification without visit.
    pub waiting: Vec<EventKey>,
    /// Check-ins of a person who was in already.
    pub already_in: Vec<EventKey>,
}

fn rank(kind: EventType) -> i16 {
    // The numbers of the types stand in the order wanted here.
    kind.number()
}

/// Adds up the events of one person at one licence in `zone`.
#[must_use]
pub fn project(mut steps: Vec<Step>, zone: Zone) -> Projection {
    steps.sort_by_key(|s| (s.occurred_at, rank(s.kind), s.id));
    steps.dedup_by_key(|s| s.id);
    let mut board = Board { zone, ..Board::default() };
    // What is known of a visit by its ref is known whenever it was said.
    for step in &steps {
        board.announce(step);
    }
    for step in &steps {
        board.attend(step);
    }
    for step in &steps {
        board.notify(step);
    }
    board.finish()
}

#[derive(Default)]
struct Board {
    zone: Zone,
    stays: Vec<Stay>,
    /// The first and the current stay of each ref.
    refs: BTreeMap<[u8; 32], (usize, usize)>,
    open: Vec<usize>,
    waiting: Vec<EventKey>,
    already_in: Vec<EventKey>,
    placed: BTreeMap<EventKey, usize>,
}

impl Board {
    fn place(&mut self, step: &Step, stay: usize) {
        self.placed.insert(step.key, stay);
        let starts_at = &mut self.stays[stay].starts_at;
        *starts_at = (*starts_at).min(step.occurred_at);
    }

    fn open_stay(&mut self, anchor: Anchor, step: &Step) -> usize {
        self.stays.push(Stay::new(anchor, step.group, step.occurred_at));
        self.stays.len() - 1
    }

    fn of_ref(&mut self, group: [u8; 32], step: &Step) -> usize {
        if let Some(&(first, _)) = self.refs.get(&group) {
            return first;
        }
        let stay = self.open_stay(Anchor::Ref(group), step);
        self.refs.insert(group, (stay, stay));
        stay
    }

    /// A visit without a ref that is expected on the same local day and still free.
    fn planned(&self, step: &Step) -> Option<usize> {
        let day = self.zone.local_date(step.occurred_at);
        let free = |stay: &Stay| {
            stay.group.is_none() && stay.arrived_at.is_none() && stay.cancelled_at.is_none() && stay.denied_at.is_none()
        };
        let candidates = self.stays.iter().enumerate().filter(|(_, stay)| free(stay));
        candidates
            .filter_map(|(index, stay)| stay.expected_at.map(|at| (index, at)))
            .filter(|(_, at)| self.zone.local_date(*at) == day)
            .min_by_key(|(index, at)| (at.seconds_since(step.occurred_at).abs(), *index))
            .map(|(index, _)| index)
    }

    fn announce(&mut self, step: &Step) {
        use EventType as T;
        if !matches!(step.kind, T::Expected | T::Cancelled | T::Denied) {
            return;
        }
        let stay = match (step.group, step.kind) {
            (Some(group), _) => Some(self.of_ref(group, step)),
            (None, T::Expected) => Some(self.open_stay(Anchor::Event(step.id), step)),
            // Without a ref, a cancellation or refusal concerns the visit announced last before it.
            (None, kind) => {
                let free = |s: &Stay| s.group.is_none() && s.cancelled_at.is_none() && s.denied_at.is_none();
                let last = self.stays.iter().rposition(free);
                if kind == T::Denied && last.is_none() {
                    Some(self.open_stay(Anchor::Event(step.id), step))
                } else {
                    last
                }
            }
        };
        let Some(stay) = stay else {
            self.waiting.push(step.key);
            return;
        };
        self.place(step, stay);
        let stay = &mut self.stays[stay];
        match step.kind {
            T::Expected => stay.expected_at = step.expected_at.or(stay.expected_at),
            T::Cancelled => stay.cancelled_at = stay.cancelled_at.or(Some(step.occurred_at)),
            _ => stay.denied_at = stay.denied_at.or(Some(step.occurred_at)),
        }
    }

    fn attend(&mut self, step: &Step) {
        match step.kind {
            EventType::CheckedIn => self.check_in(step),
            EventType::CheckedOut => self.check_out(step),
            _ => {}
        }
    }

    fn check_in(&mut self, step: &Step) {
        let someone_in = !self.open.is_empty();
        let stay = match step.group {
            Some(group) => {
                let first = self.of_ref(group, step);
                let current = self.refs.get(&group).map_or(first, |&(_, current)| current);
                if self.stays[current].departed_at.is_some() {
                    let next = self.open_stay(Anchor::Event(step.id), step);
                    self.refs.insert(group, (first, next));
                    next
                } else {
                    current
                }
            }
            None => match self.open.last().copied().or_else(|| self.planned(step)) {
                Some(stay) => stay,
                None => self.open_stay(Anchor::Event(step.id), step),
            },
        };
        if someone_in {
            self.already_in.push(step.key);
        }
        self.place(step, stay);
        let found = &mut self.stays[stay];
        if found.arrived_at.is_none() {
            found.arrived_at = Some(step.occurred_at);
            found.device.clone_from(&step.device);
            self.open.push(stay);
        }
    }

    fn check_out(&mut self, step: &Step) {
        let stay = match step.group {
            Some(group) => self.refs.get(&group).map(|&(_, current)| current).filter(|s| self.open.contains(s)),
            None => self.open.last().copied(),
        };
        let Some(stay) = stay else {
            self.waiting.push(step.key);
            return;
        };
        self.place(step, stay);
        self.open.retain(|&open| open != stay);
        let found = &mut self.stays[stay];
        found.departed_at = Some(step.occurred_at);
        found.reason = step.reason;
    }

    fn notify(&mut self, step: &Step) {
        if step.kind.number() < EventType::NotificationSent.number() {
            return;
        }
        let during = |stay: &Stay| {
            stay.starts_at <= step.occurred_at && stay.departed_at.is_none_or(|end| step.occurred_at <= end)
        };
        let stay = if let Some(group) = step.group {
            let mine = |s: &(usize, &Stay)| s.1.group == Some(group);
            let all = || self.stays.iter().enumerate().filter(mine);
            all().rfind(|(_, s)| during(s)).or_else(|| all().next()).map(|(index, _)| index)
        } else {
            let here = |s: &Stay| s.arrived_at.is_some_and(|at| at <= step.occurred_at) && during(s);
            self.stays.iter().rposition(here).or_else(|| self.planned(step))
        };
        match stay {
            Some(stay) => {
                self.placed.insert(step.key, stay);
            }
            None => self.waiting.push(step.key),
        }
    }

    fn finish(self) -> Projection {
        let Self { mut stays, placed, mut waiting, already_in, .. } = self;
        for (key, stay) in placed {
            stays[stay].events.push(key);
        }
        waiting.sort_unstable();
        Projection { stays, waiting, already_in }
    }
}
