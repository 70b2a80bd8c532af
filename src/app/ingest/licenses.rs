//! Which licence an event is for.

use super::{Batch, Item};
use crate::domain::zone::Zone;
use crate::domain::{FieldError, LicenseId};
use crate::error::{Code, Error};
use crate::store;
use std::collections::HashMap;

/// Licences looked up for one group of events.
#[derive(Default)]
pub(super) struct Licenses {
    by_number: HashMap<Vec<u8>, Option<LicenseId>>,
    by_id: HashMap<LicenseId, store::licenses::License>,
}

impl Batch<'_, '_, '_> {
    pub(super) fn license_of(&mut self, item: &Item) -> Result<LicenseId, Error> {
        let named = match &item.event.license_number {
            Some(number) => Some(self.license_by_number(number.as_str())?),
            None => None,
        };
        let unknown = || Error::refused(Code::LicenseUnknown, "/license_number names no licence in force.");
        match (named, item.bound_to) {
            (Some(named), Some(bound)) if named != Some(bound) => {
                Err(Error::refused(Code::Forbidden, "The key is bound to another licence than /license_number."))
            }
            (Some(named), _) => named.ok_or_else(unknown),
            (None, Some(bound)) => {
                let in_force = self.license(bound)?.revoked_at.is_none();
                if in_force { Ok(bound) } else { Err(unknown()) }
            }
            (None, None) => {
                let error = FieldError::new("missing_field", "is needed with a key that is not bound to a licence");
                Err(Error::invalid(vec![error.at("/license_number")]))
            }
        }
    }

    fn license_by_number(&mut self, number: &str) -> Result<Option<LicenseId>, Error> {
        let index = crate::app::licenses::number_index(&self.keys, number);
        if let Some(found) = self.licenses.by_number.get(&index) {
            return Ok(*found);
        }
        let row = store::licenses::by_number(self.work.tx, self.customer, &index)?;
        let found = row.as_ref().filter(|row| row.revoked_at.is_none()).map(|row| row.id);
        if let Some(row) = row {
            self.licenses.by_id.insert(row.id, row);
        }
        self.licenses.by_number.insert(index, found);
        Ok(found)
    }

    fn license(&mut self, id: LicenseId) -> Result<&store::licenses::License, Error> {
        if !self.licenses.by_id.contains_key(&id) {
            let row = store::licenses::get(self.work.tx, self.customer, id)?;
            let row = row.ok_or_else(|| Error::internal("a licence that is referred to is gone"))?;
            self.licenses.by_id.insert(id, row);
        }
        self.licenses.by_id.get(&id).ok_or_else(|| Error::internal("a licence that is referred to is gone"))
    }

    pub(super) fn zone_of(&mut self, id: LicenseId) -> Result<Zone, Error> {
        Zone::parse(&self.license(id)?.time_zone).map_err(Error::internal)
    }
}
