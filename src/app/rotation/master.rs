//! Rotation of the master key.

use super::{ACTOR, BATCH, PASSES, patiently, rest_after};
use crate::app::{App, Core, Work, customers, jobs, keyring};
use crate::crypto::{CryptoError, MasterFiles, MasterRole};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store::master_keys::MasterKeyRow;
use crate::store::{self, audit, master_keys, rewrap};
use serde::Serialize;
use std::time::Instant;

/// What a rotation of the master key did.
#[derive(Debug, Clone, Serialize)]
pub struct MasterRotation {
    /// The master key that is in use now.
    pub master_key_id: String,
    /// Customers' keys that were wrapped anew.
    pub customer_keys: usize,
    /// The service's own keys that were wrapped anew.
    pub service_keys: usize,
}

/// Makes the file of the next master key, for other nodes to have before it is used; gives the key's id.
///
/// # Errors
/// When the directory of the master key cannot be written, or the file that is there cannot be read.
pub fn prepare_master(app: &App) -> Result<String, Error> {
    Ok(files(&app.0.core).prepare().map_err(Error::internal)?.id().to_owned())
}

pub(super) fn files(core: &Core) -> MasterFiles {
    MasterFiles::new(&core.settings.keys.master_key_file)
}

/// Puts everything under another master key and retires the old one; or finishes what was begun.
///
/// The old key's file stays for the backups that need it, until [`super::destroy_retired`].
///
/// # Errors
/// When the directory of the master key cannot be written, or another node's rotation is under way. What was done
/// stays, and asking again goes on from there.
pub fn rotate_master(app: &App) -> Result<MasterRotation, Error> {
    let core = &app.0.core;
    let files = files(core);
    let id = choose(core, &files)?;
    patiently(|| core.write(|work| take_over(work, &id)))?;
    let mut done = MasterRotation { master_key_id: id.clone(), customer_keys: 0, service_keys: 0 };
    for _ in 0..PASSES {
        done.service_keys += patiently(|| core.write(|work| rewrap_service(work, &id)))?;
        done.customer_keys += rewrap_customers(core, &id)?;
        if patiently(|| core.write(|work| retire(work, &files, &id)))? {
            files.settle(&id).map_err(Error::internal)?;
            return Ok(done);
        }
    }
    Err(Error::unavailable("somebody goes on to use the old master key"))
}

/// The key to rotate to: the one that is taking over already, or the next.
fn choose(core: &Core, files: &MasterFiles) -> Result<String, Error> {
    let (rows, wrapping) = core.read(|view| Ok((master_keys::all(view.conn)?, master_keys::wrapping(view.conn)?)))?;
    let mut valid = rows.into_iter().filter(|row| row.retired_at.is_none()).map(|row| row.id);
    if let (Some(_), Some(taking_over)) = (valid.next(), valid.next_back()) {
        if core.keyring.master(&taking_over).is_ok() {
            return Ok(taking_over);
        }
        // With nothing under it, its file was lost before it was used, and another may be made.
        if wrapping.contains(&taking_over) {
            let path = files.next();
            let why = format!(
                "{} is needed: master key {taking_over} is taking over, and its file is not here",
                path.display()
            );
            return Err(Error::internal(CryptoError::MasterKey(why)));
        }
    }
    Ok(files.prepare().map_err(Error::internal)?.id().to_owned())
}

/// From now on new keys are wrapped by this one; the one before stays valid.
fn take_over(work: &mut Work<'_, '_>, id: &str) -> Result<(), Error> {
    master_keys::hold(work.tx, true)?;
    let rows = master_keys::all(work.tx)?;
    if let Some(known) = rows.iter().find(|row| row.id == id) {
        if known.retired_at.is_none() {
            return Ok(());
        }
        let why = format!("of the next key holds master key {id}, which has been retired; remove it");
        return Err(Error::internal(CryptoError::MasterKey(why)));
    }
    // Later than all others, also by a clock that is behind.
    let after = rows.last().and_then(|row| Timestamp::from_micros(row.created_at.micros() + 1));
    let created_at = after.map_or(work.now, |after| after.max(work.now));
    let row = MasterKeyRow { id: id.to_owned(), created_at, retired_at: None, destroyed_at: None };
    master_keys::insert(work.tx, &row)?;
    Ok(())
}

/// Holds the choice of the master key, which must still be this one.
fn hold_choice(work: &mut Work<'_, '_>, id: &str, alone: bool) -> Result<(), Error> {
    master_keys::hold(work.tx, alone)?;
    if master_keys::in_use(work.tx)?.as_deref() == Some(id) {
        return Ok(());
    }
    Err(Error::internal("another rotation of the master key has begun"))
}

fn rewrap_service(work: &mut Work<'_, '_>, id: &str) -> Result<usize, Error> {
    hold_choice(work, id, false)?;
    let ring = &work.core.keyring;
    let to = ring.master(id).map_err(Error::internal)?;
    let mut done = 0;
    for row in store::service_keys::all(work.tx)?.iter().filter(|row| row.master_key_id != id) {
        let from = ring.master(&row.master_key_id).map_err(Error::internal)?;
        let key = keyring::wrapped_key(row)?.rewrap(&from, &to).map_err(Error::internal)?;
        done += store::service_keys::rewrap(work.tx, row, &key.wrapped, id)?;
    }
    Ok(done)
}

fn rewrap_customers(core: &Core, id: &str) -> Result<usize, Error> {
    let mut done = 0;
    loop {
        let began = Instant::now();
        let count = patiently(|| core.write(|work| rewrap_batch(work, id)))?;
        if count == 0 {
            return Ok(done);
        }
        done += count;
        rest_after(began);
    }
}

fn rewrap_batch(work: &mut Work<'_, '_>, id: &str) -> Result<usize, Error> {
    hold_choice(work, id, false)?;
    let ring = &work.core.keyring;
    let to = ring.master(id).map_err(Error::internal)?;
    let rows = rewrap::customer_keys_not_under(work.tx, id, BATCH)?;
    for row in &rows {
        let wrapped = customers::wrapped_key(row.clone())?;
        let wrapped = ring.rewrap_customer_key(&to, row.customer_id, &wrapped).map_err(Error::internal)?;
        rewrap::set_customer_key(work.tx, row, id, &wrapped.wrapped)?;
    }
    Ok(rows.len())
}

/// Retires all other keys once nothing is under them; false when something is.
fn retire(work: &mut Work<'_, '_>, files: &MasterFiles, id: &str) -> Result<bool, Error> {
    hold_choice(work, id, true)?;
    if master_keys::wrapping(work.tx)?.iter().any(|wrapping| wrapping != id) {
        return Ok(false);
    }
    // Keys whose files are here and of which a database from a backup knows nothing.
    let rows = master_keys::all(work.tx)?;
    for file in files.all().into_iter().filter(|file| file.role != MasterRole::Next) {
        let Ok(key) = file.key else { continue };
        if key.id() != id && rows.iter().all(|row| row.id != key.id()) {
            let row =
                MasterKeyRow { id: key.id().to_owned(), created_at: work.now, retired_at: None, destroyed_at: None };
            master_keys::insert(work.tx, &row)?;
        }
    }
    if master_keys::retire_others(work.tx, id, work.now)? > 0 {
        note(work, "master_key.rotated", id)?;
        // So that keys under the old one leave the database's files as well.
        jobs::queue(work, jobs::SERVICE, jobs::Kind::Scrub, 0, work.now)?;
    }
    Ok(true)
}

pub(super) fn note(work: &mut Work<'_, '_>, action: &'static str, id: &str) -> Result<(), Error> {
    let details = serde_json::json!({"master_key_id": id});
    let entry = audit::Entry { customer_id: CustomerId(0), at: work.now, actor: ACTOR, action, subject: None, details };
    audit::insert(work.tx, &entry)?;
    Ok(())
}
