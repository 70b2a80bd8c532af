//! What a mail says, sealed: under its customer's key, or that of the service.

use super::super::jobs::SERVICE;
use super::super::{View, Work, dossier};
use super::Mail;
use crate::crypto::{CustomerKeys, DataKey, Keyring, Place, Row};
use crate::domain::CustomerId;
use crate::domain::contact::Email;
use crate::domain::text::Subject;
use crate::error::Error;
use crate::store::mails::Mail as MailRow;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The version of the service's key, which has but one.
const SERVICE_VERSION: u32 = 1;

/// To whom a mail is and what it says.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub to: Email,
    pub subject: Subject,
    pub text: String,
    pub html: Option<String>,
}

fn place(customer: CustomerId, id: i64, version: u32) -> Place {
    Place { customer, table: "mails", column: "content_sealed", row: Row::Key(id), subject: None, version }
}

fn service_key(keyring: &Keyring) -> Result<DataKey, Error> {
    Ok(DataKey::from_bytes(&*keyring.secret("mail").map_err(Error::internal)?))
}

/// Seals what a mail says; gives the version of the key as well.
pub(super) fn seal(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    id: i64,
    mail: Mail,
) -> Result<(Vec<u8>, i32), Error> {
    let Mail { to, subject, text, html, .. } = mail;
    let plain = serde_json::to_vec(&Content { to, subject, text, html }).map_err(Error::internal)?;
    let plain = Zeroizing::new(plain);
    if customer == SERVICE {
        let sealed = service_key(&work.core.keyring)?.seal(&place(customer, id, SERVICE_VERSION), &plain);
        return Ok((sealed.map_err(Error::internal)?, dossier::version_column(SERVICE_VERSION)?));
    }
    sealed(&*work.customer_keys(customer)?, id, &plain)
}

fn sealed(keys: &CustomerKeys, id: i64, plain: &[u8]) -> Result<(Vec<u8>, i32), Error> {
    let (version, key) = keys.current();
    let sealed = key.seal(&place(keys.customer, id, version), plain).map_err(Error::internal)?;
    Ok((sealed, dossier::version_column(version)?))
}

fn plain(keys: &CustomerKeys, row: &MailRow) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (version, sealed) = parts(row)?;
    let key = keys.version(version).map_err(Error::internal)?;
    key.open(&place(row.customer_id, row.id, version), sealed).map_err(Error::internal)
}

fn parts(row: &MailRow) -> Result<(u32, &[u8]), Error> {
    let (Some(version), Some(sealed)) = (row.key_version, &row.content_sealed) else {
        return Err(Error::internal("a mail that waits says nothing"));
    };
    Ok((u32::try_from(version).map_err(Error::internal)?, sealed))
}

/// What a mail says, opened.
pub(super) fn open(view: &mut View<'_>, row: &MailRow) -> Result<Content, Error> {
    let plain = if row.customer_id == SERVICE {
        let (version, sealed) = parts(row)?;
        let opened = service_key(&view.core.keyring)?.open(&place(SERVICE, row.id, version), sealed);
        opened.map_err(Error::internal)?
    } else {
        plain(&*view.customer_keys(row.customer_id)?, row)?
    };
    serde_json::from_slice(&plain).map_err(|_| Error::internal("a sealed mail does not decode"))
}

/// What a mail says, sealed under its customer's current key; with that key's version.
pub(in crate::app) fn reseal(keys: &CustomerKeys, row: &MailRow) -> Result<(i32, Vec<u8>), Error> {
    let (sealed, version) = sealed(keys, row.id, &plain(keys, row)?)?;
    Ok((version, sealed))
}
