//! The key ring at the start: the master keys that the database needs, and the service's own secrets.

use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::{CryptoError, Keyring, MasterFiles, MasterKey, WrappedServiceKey, service};
use crate::domain::Timestamp;
use crate::error::Error;
use crate::store::master_keys::MasterKeyRow;
use crate::store::service_keys::ServiceKey;
use crate::store::{self, Db, Tx};

/// Opens the ring. A master key is made only for a database that holds no key yet: with another one than the stored
/// keys were wrapped by, nothing could be opened.
pub(super) fn open(settings: &Settings, db: &Db, clock: &Clock) -> Result<Keyring, Error> {
    let files = MasterFiles::new(&settings.keys.master_key_file);
    let needed = db.read(|conn| Ok(store::master_keys::wrapping(conn)?))?;
    if needed.is_empty() {
        if let Some(folder) = files.current().parent() {
            std::fs::create_dir_all(folder).map_err(Error::internal)?;
        }
        MasterKey::load_or_create(files.current()).map_err(Error::internal)?;
    }
    let keyring = Keyring::load(files, &needed).map_err(Error::internal)?;
    let mut rows = db.read(|conn| Ok(store::service_keys::all(conn)?))?;
    if !missing(&rows).is_empty() {
        // A name from an empty ring cannot be: it was loaded with a key.
        let first = keyring.master_ids().into_iter().next().unwrap_or_default();
        rows = db.write(|tx| complete(tx, &keyring, &first, clock.now()))?;
    }
    let wrapped = rows.iter().map(wrapped_key).collect::<Result<Vec<_>, _>>()?;
    keyring.open_service(&wrapped).map_err(Error::internal)?;
    Ok(keyring)
}

fn missing(rows: &[ServiceKey]) -> Vec<&'static str> {
    service::all().filter(|purpose| rows.iter().all(|row| row.purpose != *purpose)).collect()
}

/// Makes the secrets that are missing; of several nodes that start at once, one does.
fn complete(tx: &mut Tx<'_>, keyring: &Keyring, first: &str, now: Timestamp) -> Result<Vec<ServiceKey>, Error> {
    store::master_keys::hold(tx, true)?;
    let in_use = if let Some(id) = store::master_keys::in_use(tx)? {
        id
    } else {
        let row = MasterKeyRow { id: first.to_owned(), created_at: now, retired_at: None, destroyed_at: None };
        store::master_keys::insert(tx, &row)?;
        row.id
    };
    let master = keyring.master(&in_use).map_err(Error::internal)?;
    let mut rows = store::service_keys::all(tx)?;
    let made = missing(&rows).into_iter().map(|purpose| WrappedServiceKey::make(purpose, &master));
    let made = made.map(|key| Ok(key_row(key.map_err(Error::internal)?, now))).collect::<Result<Vec<_>, Error>>()?;
    store::service_keys::insert(tx, &made)?;
    rows.extend(made);
    Ok(rows)
}

fn key_row(key: WrappedServiceKey, now: Timestamp) -> ServiceKey {
    ServiceKey {
        purpose: key.purpose.to_owned(),
        // The first version is the only one that is made.
        version: key.version.cast_signed(),
        wrapped: key.wrapped,
        master_key_id: key.master_key_id,
        public_key: key.public_key.map(|bytes| bytes.to_vec()),
        created_at: now,
        retired_at: key.retired_at,
    }
}

/// A stored secret of the service, as the key ring takes it.
pub(super) fn wrapped_key(row: &ServiceKey) -> Result<WrappedServiceKey, Error> {
    let unknown = || Error::internal(CryptoError::NoSecret(row.purpose.clone()));
    let public_key = row.public_key.as_deref().map(TryInto::try_into).transpose();
    Ok(WrappedServiceKey {
        purpose: service::purpose(&row.purpose).ok_or_else(unknown)?,
        version: u32::try_from(row.version).map_err(Error::internal)?,
        wrapped: row.wrapped.clone(),
        master_key_id: row.master_key_id.clone(),
        public_key: public_key.map_err(|_| Error::internal("a public key of another length than 32 bytes"))?,
        retired_at: row.retired_at,
    })
}
