//! Bringing people's fields up to date with what events say.

use super::people::Said;
use super::{Accepted, Batch, Details, HostDetails};
use crate::domain::PersonId;
use crate::domain::event::NewHost;
use crate::domain::person::{Field, Kind};
use crate::error::Error;
use crate::store;

impl Batch<'_, '_, '_> {
    /// Takes in what the events say, the newest field by field; a corrected event says nothing.
    pub(super) fn merge_fields(&mut self, accepted: &[Accepted<'_>]) -> Result<(), Error> {
        for accepted in accepted.iter().filter(|accepted| accepted.superseded_by.is_none()) {
            let event = accepted.event();
            let at = event.occurred_at;
            let guest = self.people.by_ref(event.person.reference.as_str())?.id();
            if let Some(kind) = event.person.kind {
                self.people.say(&self.keys, guest, Said::Kind(kind, Some(at)))?;
            }
            for (field, dated) in Details::of(event).fields(at) {
                self.people.say(&self.keys, guest, Said::Field(field, dated))?;
            }
            if let Some(host) = accepted.host {
                let id = self.people.by_ref(host.reference.as_str())?.id();
                for (field, dated) in HostDetails::of(host).fields(at) {
                    self.people.say(&self.keys, id, Said::Field(field, dated))?;
                }
            }
        }
        Ok(())
    }

    /// Works out a person's fields anew from the backend's word and every event that still stands: after a correction.
    pub(super) fn rebuild_fields(&mut self, person: PersonId) -> Result<(), Error> {
        let events = store::events::standing_of(self.work.tx, self.customer, person)?;
        let hosted = store::events::standing_as_host(self.work.tx, self.customer, person)?;
        let Some(dossier) = self.people.by_id_mut(person) else { return Ok(()) };
        let mirror = dossier.mirror()?;
        for (field, backend) in Field::ALL.into_iter().zip(&mirror) {
            dossier.set(&self.keys, field, backend.as_ref())?;
        }
        // The kind is implied anew as well; the recipient's part is not known here and is the weakest.
        let implied = match (events.is_empty(), hosted.is_empty()) {
            (false, _) => Kind::Guest,
            (true, false) => Kind::Host,
            (true, true) => dossier.kind()?,
        };
        (dossier.row.kind, dossier.row.kind_at) = (implied.number(), None);
        for event in events {
            let plain = dossier.open_event("details_sealed", event.id, &event.details_sealed)?;
            let details: Details = serde_json::from_slice(&plain).map_err(Error::internal)?;
            if let Some(kind) = details.kind {
                dossier.say_kind(kind, Some(event.occurred_at))?;
            }
            for (field, dated) in details.fields(event.occurred_at) {
                dossier.say(&self.keys, field, dated)?;
            }
        }
        for host in hosted {
            let plain = dossier.open_host(host.event_key, &host.details_sealed)?;
            let details: HostDetails = serde_json::from_slice(&plain).map_err(Error::internal)?;
            for (field, dated) in details.fields(host.occurred_at) {
                dossier.say(&self.keys, field, dated)?;
            }
        }
        Ok(())
    }
}

/// The bytes of a host's part of an event.
pub(super) fn host_plain(host: &NewHost) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&HostDetails::of(host)).map_err(Error::internal)
}
