//! API keys: the only thing from which the customer is known.

use super::cache::Cache;
use super::page::{Ask, Page, of_whole};
use super::{Core, View, Work};
use crate::crypto::ApiKey;
use crate::domain::scope::{Scope, Scopes};
use crate::domain::{CustomerId, FieldError, LicenseId, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::keys::Key as KeyRow;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;

/// Days that a key lives when nothing else is said (S-23).
pub const DEFAULT_DAYS: u32 = 365;
/// The longest life of a key, in days.
pub const MAX_DAYS: u32 = 3_650;

const DAY_S: i64 = 86_400;

/// Keys that were looked up a moment ago, by their id.
pub(crate) type Known = Cache<String, Arc<KeyRow>>;

/// Who acts: all of it comes from the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The customer; none for the operator.
    pub customer: Option<CustomerId>,
    /// The public part of the key.
    pub key_id: String,
    /// The licence that the key is bound to.
    pub license: Option<LicenseId>,
    /// What the key may do.
    pub scopes: Scopes,
}

/// A key as shown; never with its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Key {
    /// The public part of the key.
    pub key_id: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Number of the licence that it is bound to.
    pub license_number: Option<String>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The day on which it was last used, `YYYY-MM-DD` in UTC.
    pub last_used_on: Option<String>,
}

/// A key just issued, with the only sight of its secret.
#[derive(Clone, Serialize, ToSchema)]
pub struct Issued {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What to send as `Authorization: Bearer …`; shown this once.
    pub secret: String,
}

/// Redacted.
impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What to issue a key with.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Whose; none is the operator's.
    pub customer: Option<PublicId>,
    /// Number of the licence to bind it to.
    pub license_number: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// How long it lives, in days.
    pub days: u32,
}

/// Issues a key.
///
/// # Errors
/// Scopes that do not go together, a life out of bounds, `not_found`, `license_unknown`.
pub fn issue(work: &mut Work<'_, '_>, draft: &Draft) -> Result<Issued, Error> {
    check(draft)?;
    let customer = draft.customer.map(|id| super::customers::internal_id(&mut work.view(), id)).transpose()?;
    let license_id = match (customer, &draft.license_number) {
        (Some(customer), Some(number)) => Some(super::licenses::in_force(&mut work.view(), customer, number)?.0),
        _ => None,
    };
    let key = ApiKey::generate().map_err(Error::internal)?;
    let pepper = work.core.keyring.secret("api-key").map_err(Error::internal)?;
    let row = KeyRow {
        key_id: key.key_id().to_owned(),
        customer_id: customer,
        license_id,
        secret_digest: key.secret_digest(&pepper).to_vec(),
        scopes: draft.scopes.to_text(),
        created_at: work.now,
        expires_at: work.now.plus_seconds(i64::from(draft.days) * DAY_S),
        revoked_at: None,
        last_used_day: None,
    };
    store::keys::insert(work.tx, &row)?;
    Ok(Issued { key: show(row, draft.license_number.clone())?, secret: key.reveal() })
}

fn check(draft: &Draft) -> Result<(), Error> {
    let fault =
        |pointer: &str, detail: String| Err(Error::invalid(vec![FieldError::new("out_of_range", detail).at(pointer)]));
    if !(1..=MAX_DAYS).contains(&draft.days) {
        return fault("/expires_in_days", format!("must be from 1 to {MAX_DAYS}"));
    }
    if draft.scopes.is_empty() {
        return fault("/scopes", "must name at least one scope".into());
    }
    let operator = draft.scopes.contains(Scope::Admin);
    if operator != draft.customer.is_none() || (operator && draft.scopes.iter().count() > 1) {
        return fault(
            "/scopes",
            "admin is for the operator's own keys, alone; all other scopes are for a customer's".into(),
        );
    }
    Ok(())
}

fn show(row: KeyRow, license_number: Option<String>) -> Result<Key, Error> {
    Ok(Key {
        key_id: row.key_id,
        scopes: Scopes::from_text(&row.scopes).map_err(Error::internal)?,
        license_number,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_on: row.last_used_day.map(|day| day.utc().date_naive().to_string()),
    })
}

/// A page of a customer's keys, in the order in which they were issued.
///
/// # Errors
/// `not_found` for the customer, an invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: PublicId, ask: &Ask) -> Result<Page<Key>, Error> {
    let rows = all(view, Some(customer))?;
    let customer = super::customers::internal_id(view, customer)?;
    of_whole(&view.core.keyring, Some(customer), "keys", ask, rows)
}

/// All keys of a customer, or the operator's.
///
/// # Errors
/// `not_found` for the customer.
pub fn all(view: &mut View<'_>, customer: Option<PublicId>) -> Result<Vec<Key>, Error> {
    let customer = customer.map(|id| super::customers::internal_id(view, id)).transpose()?;
    let rows = store::keys::of_customer(view.conn, customer)?;
    rows.into_iter().map(|row| show_numbered(view, row)).collect()
}

fn show_numbered(view: &mut View<'_>, row: KeyRow) -> Result<Key, Error> {
    let number = match (row.customer_id, row.license_id) {
        (Some(customer), Some(license)) => {
            let keys = view.customer_keys(customer)?;
            let license = store::licenses::get(view.conn, customer, license)?;
            license.map(|license| super::licenses::number(&keys, &license)).transpose()?
        }
        _ => None,
    };
    show(row, number)
}

/// Ends a key: in this process from the next request on, in others within `keys.cache_ms`; ending it twice changes
/// nothing.
///
/// # Errors
/// `not_found` when the customer has no such key.
pub fn revoke(work: &mut Work<'_, '_>, customer: Option<PublicId>, key_id: &str) -> Result<Key, Error> {
    let customer = customer.map(|id| super::customers::internal_id(&mut work.view(), id)).transpose()?;
    let row = store::keys::find(work.tx, key_id)?.filter(|row| row.customer_id == customer);
    let mut row = row.ok_or_else(Error::not_found)?;
    if row.revoked_at.is_none() {
        store::keys::revoke(work.tx, key_id, work.now)?;
        work.after.keys_changed.set(true);
        row.revoked_at = Some(work.now);
    }
    show_numbered(&mut work.view(), row)
}

pub(super) fn unauthenticated() -> Error {
    Error::refused(Code::Unauthenticated, "Send a valid API key as 'Authorization: Bearer glk_…'.")
}

/// Reads a credential; one whose checksum is wrong never existed, and costs no query.
pub(super) fn parse(token: &str) -> Result<ApiKey, Error> {
    ApiKey::parse(token).ok_or_else(unauthenticated)
}

/// Who holds this key, if it was looked up a moment ago, and today.
pub(super) fn known(core: &Core, key: &ApiKey) -> Option<Result<By, Error>> {
    let row = core
        .known_keys
        .get(key.key_id(), core.settings.keys.cache_age())
        .filter(|row| row.last_used_day == Some(today(core)))?;
    Some(holder(core, key, &row))
}

/// Who holds this key, from the database.
pub(super) fn authenticate(core: &Core, key: &ApiKey) -> Result<By, Error> {
    let (round, since) = (core.known_keys.round(), Instant::now());
    let row = core.db.read(|conn| Ok(store::keys::find(conn, key.key_id())?))?;
    let mut row = row.ok_or_else(unauthenticated)?;
    let by = holder(core, key, &row)?;
    note_use(core, &mut row);
    // Only keys whose secret was right are kept: nobody can fill the cache with others.
    core.known_keys.keep(round, since, row.key_id.clone(), Arc::new(row));
    Ok(by)
}

fn holder(core: &Core, key: &ApiKey, row: &KeyRow) -> Result<By, Error> {
    let pepper = core.keyring.secret("api-key").map_err(Error::internal)?;
    let is_valid = row.revoked_at.is_none() && row.expires_at > core.clock.now();
    if !key.matches(&pepper, &row.secret_digest) || !is_valid {
        return Err(unauthenticated());
    }
    Ok(By {
        customer: row.customer_id,
        key_id: row.key_id.clone(),
        license: row.license_id,
        scopes: Scopes::from_text(&row.scopes).map_err(Error::internal)?,
    })
}

/// The begin of the day, in UTC.
fn today(core: &Core) -> Timestamp {
    let now = core.clock.now();
    Timestamp::from_micros(now.micros() - now.micros().rem_euclid(DAY_S * 1_000_000)).unwrap_or(now)
}

/// Notes the day of use, once a day; a failure does not keep the caller out.
fn note_use(core: &Core, row: &mut KeyRow) {
    let today = today(core);
    if row.last_used_day == Some(today) {
        return;
    }
    match core.write(|work| Ok(store::keys::used(work.tx, &row.key_id, today)?)) {
        Ok(_) => row.last_used_day = Some(today),
        Err(error) => tracing::warn!(error = %error, "the day of a key's use could not be noted"),
    }
}
