//! People whom the customer has deleted: their events leave nothing, whenever they happened and however they come.

use super::{Accepted, Batch, Outcome};
use crate::app::dossier::tombstone_digest;
use crate::domain::event::{NewEvent, NewHost, NewRecipient};
use crate::domain::{FieldError, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::people::Person;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What is known of the people whom a group of events names, by blind index of the ref.
#[derive(Default)]
pub(super) struct Standing {
    /// Their rows.
    pub rows: HashMap<Vec<u8>, Person>,
    /// Those among them whose rows are locked.
    pub guests: BTreeSet<Vec<u8>>,
    /// Those who are erased.
    erased: HashSet<Vec<u8>>,
    /// Those of whom nothing is known: neither held nor erased.
    unknown: HashSet<Vec<u8>>,
}

impl Standing {
    /// Whether what happened at `at` belongs to a life of this ref that is over.
    fn is_erased(&self, index: &[u8], at: Timestamp) -> bool {
        match self.rows.get(index) {
            Some(row) => row.epoch_at.is_some_and(|opened| at < opened),
            None => self.erased.contains(index),
        }
    }
}

/// Everybody whom an event names, by ref.
pub(super) fn refs(event: &NewEvent) -> impl Iterator<Item = &str> {
    std::iter::once(event.person.reference.as_str())
        .chain(event.host.iter().map(|host| host.reference.as_str()))
        .chain(event.recipients.iter().map(|recipient| recipient.reference.as_str()))
}

impl<'i> Batch<'_, '_, '_> {
    /// Sorts out the events of erased guests, and leaves erased hosts and recipients out of the others.
    ///
    /// An event that happened longer ago than tombstones are certain to last, and names somebody who is not held, is
    /// refused: the person may be one whose tombstone has expired (REQUIREMENTS L-35).
    pub(super) fn refuse_erased(
        &mut self,
        accepted: Vec<Accepted<'i>>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<Vec<Accepted<'i>>, Error> {
        self.standing = self.stand(&accepted)?;
        self.meet_in_this_group(&accepted);
        let mut standing = Vec::with_capacity(accepted.len());
        for mut event in accepted {
            let at = event.event().occurred_at;
            if self.standing.is_erased(&self.index_of(event.event().person.reference.as_str()), at) {
                outcomes[event.index] = Some(Outcome::Erased);
            } else if let Err(refusal) = self.refuse_late(&event) {
                outcomes[event.index] = Some(Outcome::Rejected(refusal));
            } else {
                event.host = event.host.filter(|host: &&NewHost| !self.erased(host.reference.as_str(), at));
                event
                    .recipients
                    .retain(|(_, recipient): &(i16, &NewRecipient)| !self.erased(recipient.reference.as_str(), at));
                standing.push(event);
            }
        }
        Ok(standing)
    }

    fn erased(&self, reference: &str, at: Timestamp) -> bool {
        self.standing.is_erased(&self.index_of(reference), at)
    }

    /// Finds whom the group names, locks the guests among them, and looks for the tombstones of the rest.
    ///
    /// Hosts and recipients are many guests' at once. Were they locked from here on, the writers would wait for each
    /// other all the time; what events say of them is taken in at the end.
    fn stand(&mut self, accepted: &[Accepted<'_>]) -> Result<Standing, Error> {
        let index_of = |reference: &str| self.index_of(reference);
        let guests: BTreeSet<Vec<u8>> =
            accepted.iter().map(|a| index_of(a.event().person.reference.as_str())).collect();
        let others: BTreeSet<Vec<u8>> = accepted.iter().flat_map(|a| refs(a.event())).map(index_of).collect();
        let others: Vec<Vec<u8>> = others.into_iter().filter(|index| !guests.contains(index)).collect();
        let locked: Vec<Vec<u8>> = guests.iter().cloned().collect();
        let mut rows = store::people::lock_by_refs(self.work.tx, self.customer, &locked)?;
        if !others.is_empty() {
            rows.extend(store::people::by_refs(self.work.tx, self.customer, &others)?);
        }
        let rows: HashMap<Vec<u8>, Person> = rows.into_iter().map(|row| (row.ref_index.clone(), row)).collect();
        let mut missing: HashMap<Vec<u8>, Vec<u8>> = locked
            .into_iter()
            .chain(others)
            .filter(|index| !rows.contains_key(index))
            .map(|index| (tombstone_digest(&self.keys, &index).to_vec(), index))
            .collect();
        let digests: Vec<Vec<u8>> = missing.keys().cloned().collect();
        let mut erased = HashSet::new();
        let tombstones = match digests.as_slice() {
            [] => Vec::new(),
            digests => store::tombstones::find(self.work.tx, self.customer, digests)?,
        };
        for tombstone in tombstones {
            if tombstone.expires_at > self.work.now
                && let Some(index) = missing.remove(&tombstone.digest)
            {
                erased.insert(index);
            }
        }
        Ok(Standing { rows, guests, erased, unknown: missing.into_values().collect() })
    }

    /// Whom a fresh event of this group makes, older ones of it may name as well.
    fn meet_in_this_group(&mut self, accepted: &[Accepted<'_>]) {
        let oldest = self.oldest();
        for event in accepted.iter().filter(|a| a.item.any_age || a.event().occurred_at >= oldest) {
            for reference in refs(event.event()) {
                let index = self.index_of(reference);
                self.standing.unknown.remove(&index);
            }
        }
    }

    fn oldest(&self) -> Timestamp {
        self.work.now.plus_seconds(-86_400 * i64::from(self.work.core.settings.erasure.max_event_age_days))
    }

    fn refuse_late(&self, accepted: &Accepted<'_>) -> Result<(), Error> {
        let event = accepted.event();
        if accepted.item.any_age || event.occurred_at >= self.oldest() || self.standing.unknown.is_empty() {
            return Ok(());
        }
        let unknown = |reference: &str| self.standing.unknown.contains(&self.index_of(reference));
        let pointer = if unknown(event.person.reference.as_str()) {
            Some("/person/ref".to_owned())
        } else if event.host.as_ref().is_some_and(|host| unknown(host.reference.as_str())) {
            Some("/host/ref".to_owned())
        } else {
            let place = event.recipients.iter().position(|recipient| unknown(recipient.reference.as_str()));
            place.map(|place| format!("/recipients/{place}/ref"))
        };
        let Some(pointer) = pointer else { return Ok(()) };
        let days = self.work.core.settings.erasure.max_event_age_days;
        let detail = format!(
            "names a person who is not held, in an event older than {days} days; PUT the person first, then send the event again"
        );
        let fault = FieldError::new("person_not_held", detail).at(pointer);
        let detail = format!("{} {}", fault.pointer, fault.detail);
        Err(Error::Refused { code: Code::InvalidInput, detail, faults: vec![fault] })
    }
}
