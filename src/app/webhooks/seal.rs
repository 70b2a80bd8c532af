//! What stands sealed in the tables of webhooks: addresses, secrets and what messages say.

use crate::app::Work;
use crate::app::dossier::version_column;
use crate::crypto::{CustomerKeys, Place, Row};
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store::locks;
use crate::store::webhooks::messages::Message;
use crate::store::webhooks::sealed::{self, Column, Sealed};
use zeroize::Zeroizing;

fn place(customer: CustomerId, column: Column, id: i64, version: u32) -> Place {
    let (table, column) = match column {
        Column::Url => ("webhook_endpoints", "url_sealed"),
        Column::Secret => ("webhook_secrets", "secret_sealed"),
        Column::Body => ("webhook_messages", "body_sealed"),
    };
    Place { customer, table, column, row: Row::Key(id), subject: None, version }
}

/// A value sealed for its row under the customer's current key; with that key's version.
pub(super) fn seal(keys: &CustomerKeys, column: Column, id: i64, plain: &[u8]) -> Result<(i32, Vec<u8>), Error> {
    let (version, key) = keys.current();
    let sealed = key.seal(&place(keys.customer, column, id, version), plain).map_err(Error::internal)?;
    Ok((version_column(version)?, sealed))
}

/// A value, opened.
pub(super) fn open(
    keys: &CustomerKeys,
    column: Column,
    id: i64,
    key_version: i32,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let version = u32::try_from(key_version).map_err(Error::internal)?;
    let key = keys.version(version).map_err(Error::internal)?;
    key.open(&place(keys.customer, column, id, version), sealed).map_err(Error::internal)
}

/// What a message says; none once all have got it.
pub(crate) fn body(keys: &CustomerKeys, message: &Message) -> Result<Option<String>, Error> {
    let Some(sealed) = &message.body_sealed else { return Ok(None) };
    let plain = open(keys, Column::Body, message.id, message.key_version, sealed)?;
    String::from_utf8(plain.to_vec()).map(Some).map_err(Error::internal)
}

/// Seals anew, under the customer's current key, some of what is sealed under versions before `version`; returns how many
/// values that were.
///
/// # Errors
/// When the database fails, or a value does not open.
pub fn reseal(work: &mut Work<'_, '_>, customer: CustomerId, version: i32, limit: i64) -> Result<usize, Error> {
    locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let mut count = 0;
    for column in Column::ALL {
        for old in sealed::before(work.tx, column, customer, version, limit)? {
            let plain = open(&keys, column, old.id, old.key_version, &old.sealed)?;
            let (key_version, sealed) = seal(&keys, column, old.id, &plain)?;
            count += sealed::set(work.tx, column, customer, &Sealed { id: old.id, key_version, sealed })?;
        }
    }
    Ok(count)
}
