//! Which licence an event is for.

use super::{Batch, Item};
use crate::app::cache::Cache;
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, FieldError, LicenseId};
use crate::error::{Code, Error};
use crate::store;
use std::collections::HashMap;
use std::time::Instant;

/// Licences that were looked up a moment ago; one that is changed in this process is forgotten with the commit.
pub(crate) type KnownLicenses = Cache<Named, License>;

/// How an event's licence is named: by the blind index of its number, or by the key's binding.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    Number(CustomerId, Vec<u8>),
    Id(CustomerId, LicenseId),
}

/// What an event needs of its licence.
#[derive(Clone, Copy)]
pub(crate) struct License {
    id: LicenseId,
    zone: Zone,
    is_in_force: bool,
}

/// Licences looked up for one group of events: the group is judged by one state of each.
#[derive(Default)]
pub(super) struct Licenses {
    by_name: HashMap<Named, Option<License>>,
    zones: HashMap<LicenseId, Zone>,
}

impl Batch<'_, '_, '_> {
    pub(super) fn license_of(&mut self, item: &Item) -> Result<LicenseId, Error> {
        let unknown = || Error::refused(Code::LicenseUnknown, "/license_number names no licence in force.");
        let in_force = |found: Option<License>| found.filter(|license| license.is_in_force).map(|license| license.id);
        let named = match &item.event.license_number {
            Some(number) => {
                let index = crate::app::licenses::number_index(&self.keys, number.as_str());
                Some(in_force(self.license(Named::Number(self.customer, index))?))
            }
            None => None,
        };
        match (named, item.bound_to) {
            (Some(named), Some(bound)) if named != Some(bound) => {
                Err(Error::refused(Code::Forbidden, "The key is bound to another licence than /license_number."))
            }
            (Some(named), _) => named.ok_or_else(unknown),
            (None, Some(bound)) => in_force(self.license(Named::Id(self.customer, bound))?).ok_or_else(unknown),
            (None, None) => {
                let error = FieldError::new("missing_field", "is needed with a key that is not bound to a licence");
                Err(Error::invalid(vec![error.at("/license_number")]))
            }
        }
    }

    fn license(&mut self, name: Named) -> Result<Option<License>, Error> {
        if let Some(found) = self.licenses.by_name.get(&name) {
            return Ok(*found);
        }
        let found = match self.work.core.known_licenses.get(&name, self.work.core.settings.keys.cache_age()) {
            Some(known) => Some(known),
            None => self.look_up(&name)?,
        };
        if let Some(license) = &found {
            self.licenses.zones.insert(license.id, license.zone);
        }
        self.licenses.by_name.insert(name, found);
        Ok(found)
    }

    /// From the database. Nobody's number is kept that names no licence: one issued a moment later is found at once.
    fn look_up(&mut self, name: &Named) -> Result<Option<License>, Error> {
        let known = &self.work.core.known_licenses;
        let (round, since) = (known.round(), Instant::now());
        let row = match name {
            Named::Number(customer, index) => store::licenses::by_number(self.work.tx, *customer, index)?,
            Named::Id(customer, id) => store::licenses::get(self.work.tx, *customer, *id)?,
        };
        let Some(row) = row else { return Ok(None) };
        let zone = Zone::parse(&row.time_zone).map_err(Error::internal)?;
        let license = License { id: row.id, zone, is_in_force: row.revoked_at.is_none() };
        known.keep(round, since, name.clone(), license);
        Ok(Some(license))
    }

    /// The zone of a site, also of one that no event of this group is for: a guest's visits everywhere are projected.
    pub(super) fn zone_of(&mut self, id: LicenseId) -> Result<Zone, Error> {
        if let Some(zone) = self.licenses.zones.get(&id) {
            return Ok(*zone);
        }
        let found = self.license(Named::Id(self.customer, id))?;
        found.map(|license| license.zone).ok_or_else(|| Error::internal("a licence that is referred to is gone"))
    }
}
