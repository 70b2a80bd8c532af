//! The people whom a group of events concerns: found, locked in one order, or made.
//!
//! Guests are locked from the start, since their visits are projected anew. Hosts and recipients are read, and locked only
//! in the end, when what the events say of them is taken in.

use super::corrections::Corrected;
use super::{Accepted, Batch};
use crate::app::Work;
use crate::app::dossier::Dossier;
use crate::crypto::CustomerKeys;
use crate::domain::person::{Dated, Field, Kind};
use crate::domain::{EventKey, PersonId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::people::Person;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What an event says of a person.
#[derive(Clone)]
pub(super) enum Said {
    /// What the person is; without a date where it is only implied.
    Kind(Kind, Option<Timestamp>),
    /// A field.
    Field(Field, Dated),
}

impl Said {
    fn to(self, dossier: &mut Dossier, keys: &CustomerKeys) -> Result<(), Error> {
        match self {
            Self::Kind(kind, at) => dossier.say_kind(kind, at),
            Self::Field(field, dated) => dossier.say(keys, field, dated),
        }
    }
}

/// The dossiers of one group, by blind index of the ref.
#[derive(Default)]
pub(super) struct People {
    dossiers: Vec<Dossier>,
    /// Those who are there and were not locked, and what is to be said of them in the end.
    others: BTreeMap<PersonId, Vec<Said>>,
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

    /// Takes in what an event says of a person, now or in the end.
    pub fn say(&mut self, keys: &CustomerKeys, id: PersonId, said: Said) -> Result<(), Error> {
        if let Some(later) = self.others.get_mut(&id) {
            later.push(said);
            return Ok(());
        }
        match self.by_id_mut(id) {
            Some(dossier) => said.to(dossier, keys),
            None => Err(Error::internal("a person of the group was not looked up")),
        }
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
    /// Finds or makes everybody whom the events or their corrections concern, and gives the events their keys.
    pub(super) fn meet_people(&mut self, accepted: &mut [Accepted<'_>], corrected: &Corrected) -> Result<(), Error> {
        // In the order of the blind index, which is the order in which every writer inserts.
        let mut wanted: BTreeMap<Vec<u8>, (&str, Kind)> = BTreeMap::new();
        for accepted in accepted.iter() {
            let named = std::iter::once((accepted.item.event.person.reference.as_str(), Kind::Guest))
                .chain(accepted.host.iter().map(|host| (host.reference.as_str(), Kind::Host)))
                .chain(accepted.recipients.iter().map(|(_, r)| (r.reference.as_str(), Kind::Recipient)));
            for (reference, kind) in named {
                let entry = wanted.entry(self.index_of(reference)).or_insert((reference, kind));
                entry.1 = entry.1.min(kind);
            }
        }
        for row in self.rows(wanted.keys(), corrected)? {
            let kind = wanted.remove(&row.ref_index);
            let dossier = Dossier::open(&self.keys, row)?;
            let id = dossier.id();
            if let Some((reference, _)) = kind {
                self.people.by_ref.insert(reference.to_owned(), self.people.dossiers.len());
            }
            self.people.by_id.insert(id, self.people.dossiers.len());
            self.people.dossiers.push(dossier);
            if let Some((_, kind)) = kind {
                self.people.say(&self.keys, id, Said::Kind(kind, None))?;
            }
        }
        self.people.stored = self.people.dossiers.len();
        let mut ids = std::mem::take(&mut self.ids);
        if ids.len() < accepted.len() + wanted.len() {
            ids = store::ids::take(self.work.tx, accepted.len() + wanted.len())?;
        }
        let mut ids = ids.into_iter();
        let new: Vec<i64> = ids.by_ref().take(wanted.len()).collect();
        for ((reference, kind), id) in wanted.into_values().zip(new) {
            let dossier = Dossier::create(&self.keys, PersonId(id), reference, kind, self.work.now)?;
            self.people.by_ref.insert(reference.to_owned(), self.people.dossiers.len());
            self.people.by_id.insert(dossier.id(), self.people.dossiers.len());
            self.people.dossiers.push(dossier);
        }
        for (event, id) in accepted.iter_mut().zip(ids) {
            event.key = EventKey(id);
        }
        Ok(())
    }

    /// The rows of those who are there; all of them locked when a correction concerns any, else the guests.
    fn rows<'k>(
        &mut self,
        wanted: impl Iterator<Item = &'k Vec<u8>>,
        corrected: &Corrected,
    ) -> Result<Vec<Person>, Error> {
        let mut standing = std::mem::take(&mut self.standing.rows);
        let mut rows: Vec<Person> = wanted.filter_map(|index| standing.remove(index)).collect();
        let concerned: BTreeSet<PersonId> = corrected.people().collect();
        if concerned.is_empty() {
            let others = rows.iter().filter(|row| !self.standing.guests.contains(&row.ref_index));
            self.people.others = others.map(|row| (row.id, Vec::new())).collect();
        } else {
            let all: BTreeSet<PersonId> = rows.iter().map(|row| row.id).chain(concerned).collect();
            rows = store::people::lock_by_ids(self.work.tx, self.customer, &Vec::from_iter(all))?;
        }
        rows.sort_unstable_by_key(|row| row.id);
        Ok(rows)
    }

    /// Takes in what the events say of those who were not locked: locks them, the shortest time that will do, and reads
    /// them anew.
    pub(super) fn tell_others(&mut self) -> Result<(), Error> {
        let others = std::mem::take(&mut self.people.others);
        let told: Vec<PersonId> = others.iter().filter(|(_, said)| !said.is_empty()).map(|(id, _)| *id).collect();
        if told.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::new();
        for row in store::people::lock_by_ids(self.work.tx, self.customer, &told)? {
            let mut dossier = Dossier::open(&self.keys, row)?;
            for said in others.get(&dossier.id()).into_iter().flatten() {
                said.clone().to(&mut dossier, &self.keys)?;
            }
            if dossier.changed {
                dossier.row.updated_at = self.work.now;
                rows.push(dossier.row);
            }
        }
        store::people::update(self.work.tx, &rows)?;
        Ok(())
    }
}
