//! Rotation of the key that wraps a customer's people.

use super::{ACTOR, BATCH, PASSES, patiently, rest_after};
use crate::app::{App, Core, Work, customers, jobs, licenses, mail};
use crate::crypto::WrappedPersonKey;
use crate::domain::{CustomerId, PersonId, PublicId};
use crate::error::Error;
use crate::store::{self, audit, rewrap};
use serde::Serialize;
use std::time::Instant;

/// What a rotation of a customer's key did.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerRotation {
    /// Whose.
    pub customer: PublicId,
    /// The version that is in use now, the only one.
    pub version: u32,
    /// Whether one that had been cut short was finished.
    pub resumed: bool,
    /// People whose keys were wrapped anew.
    pub people: usize,
    /// Licences whose numbers were sealed anew.
    pub licenses: usize,
    /// Addresses, secrets and messages of webhooks that were sealed anew.
    pub webhooks: usize,
}

/// Gives a customer a new sealing key, puts everything under it and deletes the old one; or finishes what was begun.
///
/// # Errors
/// `not_found`; [`Error::Unavailable`] when somebody goes on to use the old key. What was done stays, and asking again
/// goes on from there.
pub fn rotate_customer(app: &App, customer: PublicId) -> Result<CustomerRotation, Error> {
    let core = &app.0.core;
    let id = patiently(|| core.read(|view| customers::internal_id(view, customer)))?;
    let (version, resumed) = patiently(|| core.write(|work| begin(work, id)))?;
    let (mut people, mut licenses, mut webhooks) = (0, 0, 0);
    for _ in 0..PASSES {
        people += rewrap_people(core, id, version)?;
        licenses += reseal(core, |work| reseal_licenses(work, id, version))?;
        webhooks += reseal(core, |work| super::super::webhooks::reseal(work, id, version, BATCH))?;
        patiently(|| core.write(|work| reseal_contact(work, id, version)))?;
        while patiently(|| core.write(|work| reseal_mails(work, id, version)))? > 0 {}
        // Looked at without holding anybody up; below, it is only made sure of.
        if patiently(|| core.read(|view| Ok(rewrap::anything_before(view.conn, id, version)?)))? {
            continue;
        }
        if patiently(|| core.write(|work| finish(work, id, version, people)))? {
            core.keyring.forget(id);
            let version = u32::try_from(version).map_err(Error::internal)?;
            return Ok(CustomerRotation { customer, version, resumed, people, licenses, webhooks });
        }
    }
    Err(Error::unavailable("somebody goes on to use the old key"))
}

/// Adds a version, unless a rotation is under way; true when one is.
///
/// Alone with the customer: who writes afterwards finds the new version, and who wrote before is done.
fn begin(work: &mut Work<'_, '_>, customer: CustomerId) -> Result<(i32, bool), Error> {
    let master = work.master()?;
    store::locks::hold_customer(work.tx, customer, true)?;
    let versions = rewrap::seal_versions(work.tx, customer)?;
    let newest = *versions.last().ok_or_else(|| Error::internal("a customer without a sealing key"))?;
    if versions.len() > 1 {
        return Ok((newest, true));
    }
    let next = newest.checked_add(1).ok_or_else(|| Error::internal("no version is left"))?;
    let version = u32::try_from(next).map_err(Error::internal)?;
    let key = work.core.keyring.next_seal_key(&master, customer, version).map_err(Error::internal)?;
    store::customers::insert_keys(work.tx, &[customers::key_row(customer, key, work.now)?])?;
    Ok((next, false))
}

fn rewrap_people(core: &Core, customer: CustomerId, version: i32) -> Result<usize, Error> {
    let (mut after, mut done) = (PersonId(0), 0);
    loop {
        let began = Instant::now();
        let batch = patiently(|| core.write(|work| rewrap_batch(work, customer, version, after)))?;
        let Some((last, count)) = batch else { return Ok(done) };
        (after, done) = (last, done + count);
        rest_after(began);
    }
}

/// Wraps the keys of the next people anew; gives the last of them and how many there were.
fn rewrap_batch(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    version: i32,
    after: PersonId,
) -> Result<Option<(PersonId, usize)>, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let current = super::super::dossier::version_column(keys.current)?;
    let rows = rewrap::people_before(work.tx, customer, version, after, BATCH)?;
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
    let mut anew = Vec::with_capacity(rows.len());
    for row in rows {
        let old = u32::try_from(row.key_version).map_err(Error::internal)?;
        let wrapped = WrappedPersonKey { version: old, wrapped: row.wrapped_key };
        let wrapped = keys.rewrap_person_key(row.id, &wrapped).map_err(Error::internal)?;
        anew.push((row.id, wrapped.wrapped));
    }
    rewrap::set_people(work.tx, customer, current, &anew)?;
    Ok(Some((last, anew.len())))
}

/// Runs `batch` until it finds nothing more to seal anew.
fn reseal(core: &Core, batch: impl Fn(&mut Work<'_, '_>) -> Result<usize, Error>) -> Result<usize, Error> {
    let mut done = 0;
    loop {
        let count = patiently(|| core.write(|work| batch(work)))?;
        if count == 0 {
            return Ok(done);
        }
        done += count;
    }
}

fn reseal_licenses(work: &mut Work<'_, '_>, customer: CustomerId, version: i32) -> Result<usize, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let rows = rewrap::licenses_before(work.tx, customer, version, BATCH)?;
    for row in &rows {
        let (version, sealed) = licenses::reseal(&keys, row)?;
        rewrap::set_license(work.tx, customer, row.id, version, &sealed)?;
    }
    Ok(rows.len())
}

fn reseal_contact(work: &mut Work<'_, '_>, customer: CustomerId, version: i32) -> Result<(), Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let row = store::customers::lock(work.tx, customer)?;
    let Some(mut row) = row.filter(|row| row.key_version.is_some_and(|of| of < version)) else { return Ok(()) };
    customers::reseal(&keys, &mut row)?;
    rewrap::set_contact(work.tx, &row)?;
    Ok(())
}

/// What waits to be sent, or to be tried again; how many mails of a batch there were.
fn reseal_mails(work: &mut Work<'_, '_>, customer: CustomerId, version: i32) -> Result<usize, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let rows = rewrap::mails_before(work.tx, customer, version, BATCH)?;
    for row in &rows {
        let (version, sealed) = mail::reseal(&keys, row)?;
        rewrap::set_mail(work.tx, row, version, &sealed)?;
    }
    Ok(rows.len())
}

/// Deletes the old versions once nothing is under them; false when something is.
fn finish(work: &mut Work<'_, '_>, customer: CustomerId, version: i32, people: usize) -> Result<bool, Error> {
    store::locks::hold_customer(work.tx, customer, true)?;
    if rewrap::anything_before(work.tx, customer, version)? {
        return Ok(false);
    }
    if rewrap::delete_seal_keys_before(work.tx, customer, version)? > 0 {
        let details = serde_json::json!({"version": version, "people": people});
        let entry = audit::Entry {
            customer_id: customer,
            at: work.now,
            actor: ACTOR,
            action: "keys.rotated",
            subject: None,
            details,
        };
        audit::insert(work.tx, &entry)?;
        // So that the old key, and keys under it, leave the database's files as well.
        jobs::queue(work, jobs::SERVICE, jobs::Kind::Scrub, 0, work.now)?;
    }
    Ok(true)
}
