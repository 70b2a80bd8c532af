//! Whose visits a file holds, and the space in which the ids of its events lie.

use super::Order;
use crate::app::{View, customers, licenses};
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, LicenseId};
use crate::error::{Code, Error};
use crate::store;
use uuid::Uuid;

/// Where the visits belong.
pub(super) struct Site {
    /// The customer.
    pub customer: CustomerId,
    /// The licence.
    pub license: LicenseId,
    /// The zone of the licence.
    pub zone: Zone,
    /// The space of the events' ids.
    pub namespace: Uuid,
}

impl Site {
    /// Finds it by what the order says.
    ///
    /// # Errors
    /// `not_found` for the customer, `license_unknown` for the licence.
    pub fn of(view: &mut View<'_>, order: &Order) -> Result<Self, Error> {
        let customer = customers::internal_id(view, order.customer).map_err(|error| match error {
            Error::Refused { code: Code::NotFound, .. } => Error::refused(Code::NotFound, "There is no such customer."),
            other => other,
        })?;
        let (license, zone) = licenses::in_force(view, customer, &order.license_number)?;
        let row = store::licenses::get(view.conn, customer, license)?;
        let row = row.ok_or_else(|| Error::internal("a licence in force is gone"))?;
        // Keyed, so that refs cannot be tried out against the ids in a copy of the database.
        let parts: [&[u8]; 2] = [order.customer.0.as_bytes(), row.public_id.0.as_bytes()];
        let digest = view.customer_keys(customer)?.index.digest("import.namespace", &parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Ok(Self { customer, license, zone, namespace: uuid::Builder::from_custom_bytes(bytes).into_uuid() })
    }
}
