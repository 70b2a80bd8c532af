//! Corrections: a new event that takes the place of an earlier one, whichever arrives first.
//!
//! Of several corrections of one event the one with the greatest id stands, so that the order of arrival does not matter.

use super::{Accepted, Batch};
use crate::domain::{EventId, PersonId};
use crate::error::Error;
use crate::store;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Stored events that lose their place to a correction of this group, and whom they concern.
#[derive(Default)]
pub(super) struct Corrected {
    events: BTreeMap<EventId, EventId>,
    guests: BTreeSet<PersonId>,
    all: BTreeSet<PersonId>,
}

impl Corrected {
    /// Everybody whom a corrected event concerns.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.all.iter().copied()
    }

    /// The guests whose visits may change.
    pub fn guests(&self) -> impl Iterator<Item = PersonId> {
        self.guests.iter().copied()
    }
}

impl Batch<'_, '_, '_> {
    /// Finds which events, of this group or stored, are superseded; marks the stored ones.
    pub(super) fn find_corrections(&mut self, accepted: &mut [Accepted<'_>]) -> Result<Corrected, Error> {
        let here: HashMap<EventId, usize> = accepted.iter().enumerate().map(|(n, a)| (a.event().id, n)).collect();
        let targets: BTreeSet<EventId> = accepted.iter().filter_map(|a| a.event().corrects).collect();
        let targets: Vec<EventId> = targets.into_iter().filter(|target| !here.contains_key(target)).collect();
        let mut stored = std::mem::take(&mut self.corrections);
        stored.retain(|(target, _)| here.contains_key(target));
        stored.extend(store::events::correcting(self.work.tx, self.customer, &targets)?);
        let mut corrections: BTreeMap<EventId, BTreeSet<EventId>> = BTreeMap::new();
        for (target, by) in stored {
            corrections.entry(target).or_default().insert(by);
        }
        for event in accepted.iter().map(Accepted::event) {
            if let Some(target) = event.corrects {
                corrections.entry(target).or_default().insert(event.id);
            }
        }
        // Target and losers give way to the winner; an event corrected itself gives way to its own correction.
        let mut gives_way: BTreeMap<EventId, EventId> = BTreeMap::new();
        for (target, by) in &corrections {
            let Some(&winner) = by.last() else { continue };
            for &loser in by.iter().filter(|&&id| id != winner) {
                gives_way.entry(loser).or_insert(winner);
            }
            gives_way.insert(*target, winner);
        }
        let mut corrected = Corrected::default();
        for (loser, winner) in gives_way {
            match here.get(&loser) {
                Some(&index) => accepted[index].superseded_by = Some(winner),
                None => _ = corrected.events.insert(loser, winner),
            }
        }
        self.mark(&mut corrected)?;
        Ok(corrected)
    }

    fn mark(&mut self, corrected: &mut Corrected) -> Result<(), Error> {
        let ids: Vec<EventId> = corrected.events.keys().copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        for (&event, &by) in &corrected.events {
            store::events::supersede(self.work.tx, self.customer, event, by)?;
        }
        for (_, guest, host) in store::events::concerned(self.work.tx, self.customer, &ids)? {
            corrected.guests.insert(guest);
            corrected.all.insert(guest);
            corrected.all.extend(host);
        }
        Ok(())
    }

    /// Works out anew the fields of everybody whom a corrected, stored event concerned.
    pub(super) fn settle_corrections(&mut self, corrected: &Corrected) -> Result<(), Error> {
        corrected.people().try_for_each(|person| self.rebuild_fields(person))
    }
}
