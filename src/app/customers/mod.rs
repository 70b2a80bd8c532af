//! Customers: the companies on whose behalf data are kept.

mod contact;

use super::page::{Ask, Page, cut};
use super::{View, Work};
use crate::crypto::{KeyPurpose, WrappedCustomerKey};
use crate::domain::locale::Locale;
use crate::domain::text::Label;
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::customers::CustomerKey;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use contact::reseal;
pub use contact::{Change, Contact, Details, contact};

/// A customer as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Customer {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// How it is named and written to.
    #[serde(flatten)]
    pub contact: Contact,
    /// IANA time zone in which its days are counted.
    pub time_zone: String,
    /// When it was created.
    pub created_at: Timestamp,
}

fn show(view: &mut View<'_>, row: store::customers::Customer) -> Result<Customer, Error> {
    let contact = contact::of_row(view, &row)?;
    Ok(Customer { id: row.public_id, contact, time_zone: row.time_zone, created_at: row.created_at })
}

/// Creates a customer with fresh keys.
///
/// # Errors
/// When the database or the random generator fails.
pub fn create(work: &mut Work<'_, '_>, name: &Label, zone: Zone) -> Result<Customer, Error> {
    let id = CustomerId(store::ids::take_one(work.tx)?);
    let row = store::customers::Customer {
        id,
        public_id: PublicId(super::ids::new_uuid(work.now)?),
        name: name.as_str().to_owned(),
        time_zone: zone.name().to_owned(),
        created_at: work.now,
        locale: Locale::Da.as_str().to_owned(),
        contact_sealed: None,
        key_version: None,
    };
    store::customers::insert(work.tx, &row)?;
    let master = work.master()?;
    let keys = work.core.keyring.create_customer(&master, id).map_err(Error::internal)?;
    let keys: Vec<_> = keys.into_iter().map(|key| key_row(id, key, work.now)).collect::<Result<_, _>>()?;
    store::customers::insert_keys(work.tx, &keys)?;
    show(&mut work.view(), row)
}

pub(super) fn key_row(customer_id: CustomerId, key: WrappedCustomerKey, now: Timestamp) -> Result<CustomerKey, Error> {
    Ok(CustomerKey {
        customer_id,
        purpose: match key.purpose {
            KeyPurpose::Seal => 1,
            KeyPurpose::Index => 2,
        },
        version: super::dossier::version_column(key.version)?,
        wrapped: key.wrapped,
        master_key_id: key.master_key_id,
        created_at: now,
    })
}

pub(super) fn wrapped_key(row: CustomerKey) -> Result<WrappedCustomerKey, Error> {
    Ok(WrappedCustomerKey {
        purpose: match row.purpose {
            1 => KeyPurpose::Seal,
            2 => KeyPurpose::Index,
            _ => return Err(Error::internal("a key's purpose out of range")),
        },
        version: u32::try_from(row.version).map_err(Error::internal)?,
        wrapped: row.wrapped,
        master_key_id: row.master_key_id,
    })
}

/// One customer.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, id: PublicId) -> Result<Customer, Error> {
    let row = row(view, id)?;
    show(view, row)
}

pub(super) fn row(view: &mut View<'_>, id: PublicId) -> Result<store::customers::Customer, Error> {
    store::customers::find(view.conn, id)?.ok_or_else(Error::not_found)
}

/// The inside number of a customer, for those who assemble the house.
///
/// # Errors
/// `not_found`.
pub fn internal_id(view: &mut View<'_>, id: PublicId) -> Result<CustomerId, Error> {
    Ok(row(view, id)?.id)
}

pub(super) fn zone(view: &mut View<'_>, id: CustomerId) -> Result<Zone, Error> {
    let row = store::customers::get(view.conn, id)?.ok_or_else(Error::not_found)?;
    Zone::parse(&row.time_zone).map_err(Error::internal)
}

/// A page of customers.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, ask: &Ask) -> Result<Page<Customer>, Error> {
    let limit = ask.limit()?;
    let keyring = &view.core.keyring;
    let after = ask.position(keyring, None, "customers")?.and_then(|text| text.parse().ok()).map(CustomerId);
    let rows = store::customers::page(view.conn, after, limit as i64 + 1)?;
    let position = |row: &store::customers::Customer| row.id.0.to_string();
    cut(keyring, None, "customers", limit, rows, position, |rows| rows.into_iter().map(|row| show(view, row)).collect())
}

/// Changes what is known of a customer.
///
/// # Errors
/// `not_found`.
pub fn change(work: &mut Work<'_, '_>, id: PublicId, change: &Change) -> Result<Customer, Error> {
    let customer = internal_id(&mut work.view(), id)?;
    // No rotation of its key may pass between the look at it and the seal; and two changes follow each other.
    store::locks::hold_customer(work.tx, customer, false)?;
    let mut row = store::customers::lock(work.tx, customer)?.ok_or_else(Error::not_found)?;
    if let Some(name) = &change.name {
        name.as_str().clone_into(&mut row.name);
    }
    if let Some(zone) = change.time_zone {
        zone.name().clone_into(&mut row.time_zone);
    }
    contact::change(work, &mut row, change)?;
    store::customers::update(work.tx, &row)?;
    show(&mut work.view(), row)
}
