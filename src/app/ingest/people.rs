//! The people whom a group of events concerns: found, locked in one order, or made.

use super::corrections::Corrected;
use super::{Accepted, Batch};
use crate::app::Work;
use crate::app::dossier::Dossier;
use crate::domain::PersonId;
use crate::domain::person::Kind;
use crate::error::Error;
use crate::store;
use crate::store::people::Person;
use std::collections::{BTreeMap, HashMap};

/// The dossiers of one group, by blind index of the ref.
#[derive(Default)]
pub(super) struct People {
    dossiers: Vec<Dossier>,
    by_ref: HashMap<String, usize>,
    by_id: HashMap<PersonId, usize>,
    /// From here on, people are new.
    stored: usize,
}

impl People {
    pub fn by_ref(&self, reference: &str) -> Result<&Dossier, Error> {
        let found = self.by_ref.get(reference).and_then(|&index| self.dossiers.get(index));
        found.ok_or_else(|| Error::internal("a person of the group was not looked up"))
    }

    pub fn by_ref_mut(&mut self, reference: &str) -> Result<&mut Dossier, Error> {
        let found = self.by_ref.get(reference).and_then(|&index| self.dossiers.get_mut(index));
        found.ok_or_else(|| Error::internal("a person of the group was not looked up"))
    }

    pub fn by_id(&self, id: PersonId) -> Option<&Dossier> {
        self.by_id.get(&id).and_then(|&index| self.dossiers.get(index))
    }

    pub fn by_id_mut(&mut self, id: PersonId) -> Option<&mut Dossier> {
        self.by_id.get(&id).and_then(|&index| self.dossiers.get_mut(index))
    }

    /// Whether the database knew the person before this group.
    pub fn was_stored(&self, id: PersonId) -> bool {
        self.by_id.get(&id).is_some_and(|&index| index < self.stored)
    }

    pub fn insert_new(&mut self, work: &mut Work<'_, '_>) -> Result<(), Error> {
        let fresh = &mut self.dossiers[self.stored..];
        let rows: Vec<_> = fresh.iter().map(|dossier| dossier.row.clone()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        for dossier in fresh {
            dossier.changed = false;
        }
        if store::people::insert(work.tx, &rows)? != rows.len() {
            return Err(Error::Conflict("another node met one of these people first".into()));
        }
        Ok(())
    }

    pub fn write_changed(&mut self, work: &mut Work<'_, '_>) -> Result<(), Error> {
        let now = work.now;
        let mut rows = Vec::new();
        for dossier in self.dossiers.iter_mut().filter(|dossier| dossier.changed) {
            dossier.row.updated_at = now;
            dossier.changed = false;
            rows.push(dossier.row.clone());
        }
        store::people::update(work.tx, &rows)?;
        Ok(())
    }
}

impl Batch<'_, '_, '_> {
    /// Finds or makes everybody whom the events or their corrections concern.
    pub(super) fn meet_people(&mut self, accepted: &[Accepted<'_>], corrected: &Corrected) -> Result<(), Error> {
        // In the order of the blind index, which is the order in which every writer inserts.
        let mut wanted: BTreeMap<Vec<u8>, (&str, Kind)> = BTreeMap::new();
        for accepted in accepted {
            let named = std::iter::once((accepted.event().person.reference.as_str(), Kind::Guest))
                .chain(accepted.host.iter().map(|host| (host.reference.as_str(), Kind::Host)))
                .chain(accepted.recipients.iter().map(|(_, r)| (r.reference.as_str(), Kind::Recipient)));
            for (reference, kind) in named {
                let entry = wanted.entry(self.index_of(reference)).or_insert((reference, kind));
                entry.1 = entry.1.min(kind);
            }
        }
        let mut rows = std::mem::take(&mut self.standing.rows);
        rows.retain(|index, _| wanted.contains_key(index));
        let mut rows: Vec<Person> = rows.into_values().collect();
        rows.sort_unstable_by_key(|row| row.id);
        let missing: Vec<PersonId> = corrected.people().filter(|id| rows.iter().all(|row| row.id != *id)).collect();
        if !missing.is_empty() {
            rows.extend(store::people::lock_by_ids(self.work.tx, self.customer, &missing)?);
        }
        for row in rows {
            let kind = wanted.remove(&row.ref_index);
            let mut dossier = Dossier::open(&self.keys, row)?;
            if let Some((reference, kind)) = kind {
                dossier.say_kind(kind, None)?;
                self.people.by_ref.insert(reference.to_owned(), self.people.dossiers.len());
            }
            self.people.by_id.insert(dossier.id(), self.people.dossiers.len());
            self.people.dossiers.push(dossier);
        }
        self.people.stored = self.people.dossiers.len();
        let ids = store::ids::take(self.work.tx, wanted.len())?;
        for ((reference, kind), id) in wanted.into_values().zip(ids) {
            let dossier = Dossier::create(&self.keys, PersonId(id), reference, kind, self.work.now)?;
            self.people.by_ref.insert(reference.to_owned(), self.people.dossiers.len());
            self.people.by_id.insert(dossier.id(), self.people.dossiers.len());
            self.people.dossiers.push(dossier);
        }
        Ok(())
    }
}
