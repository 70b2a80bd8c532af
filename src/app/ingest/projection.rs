//! Bringing visits up to date: projected anew from the outlines of each guest's events.

use super::corrections::Corrected;
use super::{Accepted, Batch, Details};
use crate::domain::event::{CheckOutReason, EventType};
use crate::domain::projection::{Step, project};
use crate::domain::visit::{Anchor, Stay};
use crate::domain::{EventKey, LicenseId, PersonId, VisitId};
use crate::error::Error;
use crate::store;
use crate::store::visits::Visit;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

type Streams = BTreeMap<(PersonId, LicenseId), Vec<Step>>;

impl Batch<'_, '_, '_> {
    /// Gives each accepted event its visit; tells who was in already, and which visits are to be written.
    pub(super) fn project(
        &mut self,
        accepted: &mut [Accepted<'_>],
        corrected: &Corrected,
    ) -> Result<(HashSet<EventKey>, Vec<Visit>), Error> {
        let mut guests: BTreeSet<PersonId> = corrected.guests().collect();
        let mut streams = Streams::new();
        let mut refs: HashMap<EventKey, String> = HashMap::new();
        for accepted in accepted.iter() {
            let guest = self.people.by_ref(accepted.event().person.reference.as_str())?.id();
            guests.insert(guest);
            if let Some(reference) = &accepted.event().visit_ref {
                refs.insert(accepted.key, reference.as_str().to_owned());
            }
            if accepted.superseded_by.is_none() {
                streams.entry((guest, accepted.license)).or_default().push(self.step_of(accepted));
            }
        }
        let known: Vec<PersonId> = guests.into_iter().filter(|&id| self.people.was_stored(id)).collect();
        let mut placed = self.stored_steps(&known, &mut streams)?;
        let mut old: HashMap<VisitId, Visit> = store::visits::of_people(self.work.tx, self.customer, &known)?
            .into_iter()
            .map(|visit| (visit.visit_id, visit))
            .collect();
        let mut already_in = HashSet::new();
        let mut changed = Vec::new();
        let mut visit_of: HashMap<EventKey, VisitId> = HashMap::new();
        for ((person, license), steps) in streams {
            let projection = project(steps, self.zone_of(license)?);
            already_in.extend(projection.already_in);
            for stay in projection.stays {
                let visit_id = self.visit_id(person, license, &stay)?;
                visit_of.extend(stay.events.iter().map(|&event| (event, visit_id)));
                let before = old.remove(&visit_id);
                let visit = self.visit_row(person, license, visit_id, &stay, before.as_ref(), &refs)?;
                if before.is_none_or(|before| differs(&before, &visit)) {
                    changed.push(visit);
                }
            }
        }
        let gone: Vec<VisitId> = old.into_keys().collect();
        if !gone.is_empty() {
            store::visits::remove(self.work.tx, self.customer, &gone)?;
        }
        for accepted in accepted.iter_mut() {
            accepted.visit_id = visit_of.get(&accepted.key).copied();
        }
        placed.retain(|event, visit| visit_of.get(event) != visit.as_ref());
        for event in placed.into_keys() {
            store::events::move_to(self.work.tx, self.customer, event, visit_of.get(&event).copied())?;
        }
        Ok((already_in, changed))
    }

    fn step_of(&self, accepted: &Accepted<'_>) -> Step {
        let event = accepted.event();
        let group = event.visit_ref.as_ref().map(|text| self.keys.index.index("visit.ref", text.as_str().as_bytes()));
        Step {
            key: accepted.key,
            id: event.id,
            kind: event.kind,
            occurred_at: event.occurred_at,
            expected_at: event.expected_at,
            group,
            device: event.device.as_ref().map(|device| device.as_str().to_owned()),
            reason: event.reason,
        }
    }

    /// Adds the stored events of these guests to the streams; gives the visit that each belongs to now.
    fn stored_steps(
        &mut self,
        guests: &[PersonId],
        streams: &mut Streams,
    ) -> Result<HashMap<EventKey, Option<VisitId>>, Error> {
        let mut placed = HashMap::new();
        for outline in store::events::outlines(self.work.tx, self.customer, guests)? {
            placed.insert(outline.id, outline.visit_id);
            if outline.superseded_by.is_some() {
                continue;
            }
            let stream = streams.entry((outline.person_id, outline.license_id)).or_default();
            stream.push(Step {
                key: outline.id,
                id: outline.event_id,
                kind: EventType::from_number(outline.type_).ok_or_else(|| Error::internal("a type out of range"))?,
                occurred_at: outline.occurred_at,
                expected_at: outline.expected_at,
                group: outline.visit_ref_index.map(TryInto::try_into).transpose().map_err(|_| damaged())?,
                device: outline.device,
                reason: outline.reason.and_then(CheckOutReason::from_number),
            });
        }
        Ok(placed)
    }

    /// A visit's identifier: a digest of what opened it, in the form of a version 8 UUID.
    fn visit_id(&self, person: PersonId, license: LicenseId, stay: &Stay) -> Result<VisitId, Error> {
        let anchor = match &stay.anchor {
            Anchor::Event(event) => self.keys.index.digest("visit.event", &[event.0.as_bytes()]),
            Anchor::Ref(group) => {
                let person = self.people.by_id(person).ok_or_else(damaged)?;
                self.keys.index.digest("visit.ref", &[&person.row.ref_index, &license.0.to_be_bytes(), group])
            }
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&anchor[..16]);
        Ok(VisitId(uuid::Builder::from_custom_bytes(bytes).into_uuid()))
    }

    fn visit_row(
        &mut self,
        person: PersonId,
        license: LicenseId,
        visit_id: VisitId,
        stay: &Stay,
        before: Option<&Visit>,
        refs: &HashMap<EventKey, String>,
    ) -> Result<Visit, Error> {
        let visit_ref_sealed = match (before.and_then(|visit| visit.visit_ref_sealed.clone()), stay.group) {
            (Some(sealed), _) => Some(sealed),
            (None, None) => None,
            (None, Some(_)) => self.seal_ref(person, visit_id, stay, refs)?,
        };
        Ok(Visit {
            customer_id: self.customer,
            visit_id,
            person_id: person,
            license_id: license,
            state: stay.state().number(),
            starts_at: stay.starts_at,
            visit_ref_sealed,
            expected_at: stay.expected_at,
            arrived_at: stay.arrived_at,
            departed_at: stay.departed_at,
            cancelled_at: stay.cancelled_at,
            denied_at: stay.denied_at,
            reason: stay.reason.map(CheckOutReason::number),
            device: stay.device.clone(),
            updated_at: self.work.now,
        })
    }

    /// The visit's ref as one of its events says it: from this group, else from a stored event.
    fn seal_ref(
        &mut self,
        person: PersonId,
        visit_id: VisitId,
        stay: &Stay,
        refs: &HashMap<EventKey, String>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut reference = stay.events.iter().find_map(|event| refs.get(event)).cloned();
        let stored = if reference.is_none() {
            store::events::by_keys(self.work.tx, self.customer, &stay.events)?
        } else {
            Vec::new()
        };
        let dossier = self.people.by_id(person).ok_or_else(damaged)?;
        for event in stored {
            let plain = dossier.open_event("details_sealed", event.id, &event.details_sealed)?;
            let details: Details = serde_json::from_slice(&plain).map_err(Error::internal)?;
            reference = reference.or(details.visit_ref);
        }
        reference.map(|reference| dossier.seal_visit_ref(visit_id, &reference)).transpose()
    }
}

fn damaged() -> Error {
    Error::internal("a stored value does not have its form")
}

fn differs(before: &Visit, after: &Visit) -> bool {
    let as_before = Visit { updated_at: before.updated_at, ..after.clone() };
    *before != as_before
}

/// The bytes of a guest's part of an event.
pub(super) fn plain(event: &crate::domain::event::NewEvent) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&Details::of(event)).map_err(Error::internal)
}
