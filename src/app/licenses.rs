//! Licences: a site each, with the hours after which a guest counts as overdue.

use super::page::{Ask, Page, of_whole};
use super::{View, Work};
use crate::crypto::{CustomerKeys, Place, Row};
use crate::domain::license::{OverdueRule, format_closes_at, parse_closes_at};
use crate::domain::text::{Label, LicenseNumber};
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, LicenseId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::licenses::License as LicenseRow;
use serde::Serialize;
use utoipa::ToSchema;

/// A licence as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct License {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// The number that events name.
    pub license_number: String,
    /// What the site is called.
    pub name: String,
    /// IANA time zone of the site.
    pub time_zone: String,
    /// A guest is overdue so many minutes after check-in.
    pub overdue_after_minutes: Option<u32>,
    /// A guest is overdue after this local time, `HH:MM`.
    pub closes_at: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What to issue a licence with.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The number that events will name.
    pub number: LicenseNumber,
    /// What the site is called.
    pub name: Label,
    /// Time zone of the site; the customer's when left out.
    pub zone: Option<Zone>,
    /// When a guest counts as overdue.
    pub overdue: OverdueRule,
}

pub(super) fn number_index(keys: &CustomerKeys, number: &str) -> Vec<u8> {
    keys.index.index("license.number", number.as_bytes()).to_vec()
}

fn place(customer: CustomerId, license: LicenseId, version: u32) -> Place {
    Place { customer, table: "licenses", column: "number_sealed", row: Row::Key(license.0), subject: None, version }
}

/// Issues a licence.
///
/// # Errors
/// `not_found` for the customer, `already_exists` for the number.
pub fn issue(work: &mut Work<'_, '_>, customer: PublicId, draft: &Draft) -> Result<License, Error> {
    let customer = super::customers::row(&mut work.view(), customer)?;
    store::locks::hold_customer(work.tx, customer.id, false)?;
    let keys = work.customer_keys(customer.id)?;
    let number_index = number_index(&keys, draft.number.as_str());
    if store::licenses::by_number(work.tx, customer.id, &number_index)?.is_some() {
        return Err(Error::refused(Code::AlreadyExists, "The customer has a licence of this number already."));
    }
    let id = LicenseId(store::ids::take_one(work.tx)?);
    let (version, key) = keys.current();
    let sealed = key.seal(&place(customer.id, id, version), draft.number.as_str().as_bytes());
    let row = LicenseRow {
        customer_id: customer.id,
        id,
        public_id: PublicId(super::ids::new_uuid(work.now)?),
        number_index,
        number_sealed: sealed.map_err(Error::internal)?,
        key_version: super::dossier::version_column(version)?,
        name: draft.name.as_str().to_owned(),
        time_zone: draft.zone.map_or(customer.time_zone, |zone| zone.name().to_owned()),
        overdue_after_minutes: minutes_column(&draft.overdue)?,
        closes_at: draft.overdue.closes_at.map(format_closes_at),
        issued_at: work.now,
        revoked_at: None,
    };
    store::licenses::insert(work.tx, &row)?;
    show(&keys, row)
}

fn minutes_column(rule: &OverdueRule) -> Result<Option<i32>, Error> {
    rule.after_minutes.map(i32::try_from).transpose().map_err(Error::internal)
}

/// The number of a licence, sealed under the customer's current key; with that key's version.
pub(super) fn reseal(keys: &CustomerKeys, row: &LicenseRow) -> Result<(i32, Vec<u8>), Error> {
    let number = zeroize::Zeroizing::new(number(keys, row)?);
    let (version, key) = keys.current();
    let sealed = key.seal(&place(row.customer_id, row.id, version), number.as_bytes()).map_err(Error::internal)?;
    Ok((super::dossier::version_column(version)?, sealed))
}

/// The number of a licence, opened.
pub(super) fn number(keys: &CustomerKeys, row: &LicenseRow) -> Result<String, Error> {
    let version = u32::try_from(row.key_version).map_err(Error::internal)?;
    let key = keys.version(version).map_err(Error::internal)?;
    let plain = key.open(&place(row.customer_id, row.id, version), &row.number_sealed).map_err(Error::internal)?;
    String::from_utf8(plain.to_vec()).map_err(Error::internal)
}

/// When a guest of this licence counts as overdue.
pub(super) fn rule(row: &LicenseRow) -> Result<OverdueRule, Error> {
    let after = row.overdue_after_minutes.map(u32::try_from).transpose().map_err(Error::internal)?;
    let closes_at = row.closes_at.as_deref().map(parse_closes_at).transpose().map_err(Error::internal)?;
    OverdueRule::new(after, closes_at).map_err(Error::internal)
}

fn show(keys: &CustomerKeys, row: LicenseRow) -> Result<License, Error> {
    Ok(License {
        id: row.public_id,
        license_number: number(keys, &row)?,
        overdue_after_minutes: row.overdue_after_minutes.map(u32::try_from).transpose().map_err(Error::internal)?,
        name: row.name,
        time_zone: row.time_zone,
        closes_at: row.closes_at,
        issued_at: row.issued_at,
        revoked_at: row.revoked_at,
    })
}

/// A page of a customer's licences, in the order in which they were issued.
///
/// # Errors
/// `not_found` for the customer, an invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: PublicId, ask: &Ask) -> Result<Page<License>, Error> {
    let rows = all(view, customer)?;
    let customer = super::customers::internal_id(view, customer)?;
    of_whole(&view.core.keyring, Some(customer), "licenses", ask, rows)
}

/// All of a customer's licences.
///
/// # Errors
/// `not_found` for the customer.
pub fn all(view: &mut View<'_>, customer: PublicId) -> Result<Vec<License>, Error> {
    let customer = super::customers::row(view, customer)?;
    let keys = view.customer_keys(customer.id)?;
    let rows = store::licenses::of_customer(view.conn, customer.id)?;
    rows.into_iter().map(|row| show(&keys, row)).collect()
}

/// What to change of a licence.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<Label>,
    /// Its time zone.
    pub zone: Option<Zone>,
    /// When a guest counts as overdue.
    pub overdue: Option<OverdueRule>,
    /// Ends the licence: no event is taken for it any more.
    pub revoke: bool,
}

/// Changes a licence.
///
/// # Errors
/// `not_found`.
pub fn change(
    work: &mut Work<'_, '_>,
    customer: PublicId,
    license: PublicId,
    change: &Change,
) -> Result<License, Error> {
    let customer = super::customers::row(&mut work.view(), customer)?;
    let mut row = store::licenses::find(work.tx, customer.id, license)?.ok_or_else(Error::not_found)?;
    if let Some(name) = &change.name {
        name.as_str().clone_into(&mut row.name);
    }
    if let Some(zone) = change.zone {
        zone.name().clone_into(&mut row.time_zone);
    }
    if let Some(rule) = &change.overdue {
        row.overdue_after_minutes = minutes_column(rule)?;
        row.closes_at = rule.closes_at.map(format_closes_at);
    }
    if change.revoke && row.revoked_at.is_none() {
        row.revoked_at = Some(work.now);
    }
    store::licenses::update(work.tx, &row)?;
    work.after.licenses_changed.set(true);
    let keys = work.customer_keys(customer.id)?;
    show(&keys, row)
}

/// A licence by its number, for a filter: none when the customer has no such.
pub(super) fn id_by_number(
    view: &mut View<'_>,
    customer: CustomerId,
    number: &str,
) -> Result<Option<LicenseId>, Error> {
    let keys = view.customer_keys(customer)?;
    Ok(store::licenses::by_number(view.conn, customer, &number_index(&keys, number))?.map(|row| row.id))
}

/// A licence by its number, for an answer that would mislead if a mistyped number counted as an empty site.
pub(super) fn named(view: &mut View<'_>, customer: CustomerId, number: &LicenseNumber) -> Result<LicenseId, Error> {
    let unknown = || Error::refused(Code::LicenseUnknown, "'license' names no licence of the customer of this key.");
    id_by_number(view, customer, number.as_str())?.ok_or_else(unknown)
}

/// The inside number of a licence by its number, for those who assemble the house.
///
/// # Errors
/// `license_unknown` when it is not in force.
pub fn in_force(view: &mut View<'_>, customer: CustomerId, number: &str) -> Result<(LicenseId, Zone), Error> {
    let keys = view.customer_keys(customer)?;
    let row = store::licenses::by_number(view.conn, customer, &number_index(&keys, number))?;
    let row = row.filter(|row| row.revoked_at.is_none());
    let row = row
        .ok_or_else(|| Error::refused(Code::LicenseUnknown, "The customer has no licence of this number in force."))?;
    Ok((row.id, Zone::parse(&row.time_zone).map_err(Error::internal)?))
}
