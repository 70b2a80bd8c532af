//! The key ring: the master keys, and what has been opened with them.

use super::service::{Secrets, SigningSeed, WrappedServiceKey};
use super::{CryptoError, CustomerKeys, DataKey, KeyPurpose, MasterFiles, MasterKey, WrappedCustomerKey};
use crate::domain::CustomerId;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use zeroize::Zeroizing;

/// The master keys, and the customers' and the service's keys that have been opened with them; clones share them.
///
/// Holds one entry for each customer in use, so no more than there are customers.
#[derive(Clone)]
pub struct Keyring(Arc<Shared>);

struct Shared {
    files: Option<MasterFiles>,
    masters: RwLock<Vec<Arc<MasterKey>>>,
    secrets: RwLock<Secrets>,
    opened: RwLock<HashMap<CustomerId, Arc<CustomerKeys>>>,
}

/// Shows which master keys are loaded.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("masters", &self.master_ids().join(" ")).finish_non_exhaustive()
    }
}

impl Keyring {
    /// A ring with one master key, which knows of no files.
    #[must_use]
    pub fn new(master: MasterKey) -> Self {
        Self::with(None, vec![master])
    }

    /// A ring with the master keys of these ids, or the current one when none is named; others are looked for in the
    /// files when they are met.
    ///
    /// # Errors
    /// As [`MasterFiles::load`].
    pub fn load(files: MasterFiles, needed: &[String]) -> Result<Self, CryptoError> {
        let masters = files.load(needed)?;
        Ok(Self::with(Some(files), masters))
    }

    fn with(files: Option<MasterFiles>, masters: Vec<MasterKey>) -> Self {
        let masters = RwLock::new(masters.into_iter().map(Arc::new).collect());
        Self(Arc::new(Shared { files, masters, secrets: RwLock::default(), opened: RwLock::default() }))
    }

    /// The ids of the master keys that are loaded.
    #[must_use]
    pub fn master_ids(&self) -> Vec<String> {
        let masters = self.0.masters.read().unwrap_or_else(PoisonError::into_inner);
        masters.iter().map(|master| master.id().to_owned()).collect()
    }

    /// A master key; one that is not loaded is looked for in the files, which a rotation may have changed meanwhile.
    ///
    /// # Errors
    /// [`CryptoError::OtherMasterKey`] when no file holds it.
    pub fn master(&self, id: &str) -> Result<Arc<MasterKey>, CryptoError> {
        let among = |masters: &[Arc<MasterKey>]| masters.iter().find(|master| master.id() == id).cloned();
        if let Some(master) = among(&self.0.masters.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(master);
        }
        let Some(found) = self.0.files.as_ref().and_then(|files| files.find(id)) else {
            let loaded = self.master_ids().join(", ");
            return Err(CryptoError::OtherMasterKey { wrapped_by: id.to_owned(), loaded });
        };
        let mut masters = self.masters();
        Ok(among(&masters).unwrap_or_else(|| {
            let found = Arc::new(found);
            masters.push(Arc::clone(&found));
            found
        }))
    }

    /// Forgets a master key, which is overwritten in memory when the last who holds it lets go.
    pub fn forget_master(&self, id: &str) {
        self.masters().retain(|master| master.id() != id);
    }

    fn masters(&self) -> RwLockWriteGuard<'_, Vec<Arc<MasterKey>>> {
        self.0.masters.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the service's own secrets, all of them.
    ///
    /// # Errors
    /// [`CryptoError::OtherMasterKey`], [`CryptoError::Sealed`].
    pub fn open_service(&self, wrapped: &[WrappedServiceKey]) -> Result<(), CryptoError> {
        let mut secrets = Secrets::default();
        for key in wrapped {
            secrets.open(key, &*self.master(&key.master_key_id)?)?;
        }
        *self.0.secrets.write().unwrap_or_else(PoisonError::into_inner) = secrets;
        Ok(())
    }

    /// A secret of the service: `api-key`, `cases`, `cursor`, `idempotency`, `idempotency-seal`, `confirmation`, `mail`.
    ///
    /// It stays the same whatever master key wraps it.
    ///
    /// # Errors
    /// [`CryptoError::NoSecret`].
    pub fn secret(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        let secrets = self.0.secrets.read().unwrap_or_else(PoisonError::into_inner);
        secrets.newest(purpose).ok_or_else(|| CryptoError::NoSecret(purpose.to_owned()))
    }

    /// The seeds of the keys that sign receipts, with version and end; of those without end the last one signs.
    #[must_use]
    pub fn signing_seeds(&self) -> Vec<SigningSeed> {
        self.0.secrets.read().unwrap_or_else(PoisonError::into_inner).signing_seeds()
    }

    /// New random keys for a customer, wrapped, to be stored with it; opened only once they are.
    ///
    /// What was opened under this id is forgotten: a transaction that failed may have given the same one out before.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn create_customer(
        &self,
        master: &MasterKey,
        customer: CustomerId,
    ) -> Result<Vec<WrappedCustomerKey>, CryptoError> {
        self.forget(customer);
        CustomerKeys::generate(customer)?.wrap_first(master)
    }

    /// A new random sealing key for a customer, wrapped, of a later version.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn next_seal_key(
        &self,
        master: &MasterKey,
        customer: CustomerId,
        version: u32,
    ) -> Result<WrappedCustomerKey, CryptoError> {
        WrappedCustomerKey::wrap(master, customer, KeyPurpose::Seal, version, &DataKey::generate()?)
    }

    /// A customer's key wrapped by another master key.
    ///
    /// # Errors
    /// [`CryptoError::OtherMasterKey`], [`CryptoError::Sealed`], [`CryptoError::Random`].
    pub fn rewrap_customer_key(
        &self,
        to: &MasterKey,
        customer: CustomerId,
        key: &WrappedCustomerKey,
    ) -> Result<WrappedCustomerKey, CryptoError> {
        WrappedCustomerKey::wrap(to, customer, key.purpose, key.version, &self.unwrap(customer, key)?)
    }

    /// Opens a customer's keys as they were stored, and keeps them at hand.
    ///
    /// Of each purpose the highest version is the current one.
    ///
    /// # Errors
    /// [`CryptoError::OtherMasterKey`] when another master key wrapped them; [`CryptoError::Sealed`] when one is
    /// another customer's or damaged; [`CryptoError::NoKey`] when a purpose has none.
    pub fn open_customer(
        &self,
        customer: CustomerId,
        wrapped: &[WrappedCustomerKey],
    ) -> Result<Arc<CustomerKeys>, CryptoError> {
        let mut versions = BTreeMap::new();
        let mut indexes = BTreeMap::new();
        for key in wrapped {
            let opened = self.unwrap(customer, key)?;
            match key.purpose {
                KeyPurpose::Seal => versions.insert(key.version, opened),
                KeyPurpose::Index => indexes.insert(key.version, opened),
            };
        }
        let keys = Arc::new(CustomerKeys::of(customer, versions, indexes)?);
        let mut opened = self.0.opened.write().unwrap_or_else(PoisonError::into_inner);
        opened.insert(customer, Arc::clone(&keys));
        Ok(keys)
    }

    /// A customer's keys, if they have been opened.
    #[must_use]
    pub fn cached(&self, customer: CustomerId) -> Option<Arc<CustomerKeys>> {
        self.0.opened.read().unwrap_or_else(PoisonError::into_inner).get(&customer).cloned()
    }

    /// Forgets a customer's opened keys: it is gone, or has new ones.
    ///
    /// Who holds them still goes on; the bytes are overwritten when the last one lets go.
    pub fn forget(&self, customer: CustomerId) {
        self.0.opened.write().unwrap_or_else(PoisonError::into_inner).remove(&customer);
    }

    fn unwrap(&self, customer: CustomerId, key: &WrappedCustomerKey) -> Result<DataKey, CryptoError> {
        key.unwrap(customer, &*self.master(&key.master_key_id)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Place, Row, WrappedPersonKey};
    use crate::domain::PersonId;

    const CUSTOMER: CustomerId = CustomerId(3);
    const PERSON: PersonId = PersonId(11);
    const PLACE: Place = Place {
        customer: CUSTOMER,
        table: "people",
        column: "name",
        row: Row::Key(11),
        subject: Some(PERSON),
        version: 1,
    };

    fn ring() -> Keyring {
        Keyring::new(MasterKey::generate().unwrap())
    }

    fn master(ring: &Keyring) -> Arc<MasterKey> {
        ring.master(&ring.master_ids()[0]).unwrap()
    }

    fn create(ring: &Keyring) -> Vec<WrappedCustomerKey> {
        ring.create_customer(&master(ring), CUSTOMER).unwrap()
    }

    #[test]
    fn a_customer_is_created_opened_kept_and_forgotten() {
        let ring = ring();
        let stored = create(&ring);
        assert!(ring.cached(CUSTOMER).is_none(), "not before it is stored");
        let keys = ring.open_customer(CUSTOMER, &stored).unwrap();
        assert_eq!((keys.customer, keys.current, keys.current().0), (CUSTOMER, 1, 1));
        assert!(Arc::ptr_eq(&keys, &ring.clone().cached(CUSTOMER).unwrap()));
        assert!(ring.cached(CustomerId(4)).is_none());
        ring.forget(CUSTOMER);
        assert!(ring.cached(CUSTOMER).is_none());
        let again = ring.open_customer(CUSTOMER, &stored).unwrap();
        assert_eq!(keys.index.index("ref", b"x"), again.index.index("ref", b"x"));
        let sealed = keys.current().1.seal(&PLACE, b"x").unwrap();
        assert_eq!(again.version(1).unwrap().open(&PLACE, &sealed).unwrap().as_slice(), b"x");
    }

    #[test]
    fn keys_open_only_as_what_they_are() {
        let ring = ring();
        let stored = create(&ring);
        let sealed = |result: Result<_, _>| matches!(result, Err(CryptoError::Sealed));
        assert!(sealed(ring.open_customer(CustomerId(4), &stored)));
        let mut swapped = stored.clone();
        (swapped[0].purpose, swapped[1].purpose) = (KeyPurpose::Index, KeyPurpose::Seal);
        assert!(sealed(ring.open_customer(CUSTOMER, &swapped)));
        let mut later = stored.clone();
        later[0].version = 2;
        assert!(sealed(ring.open_customer(CUSTOMER, &later)));
        for missing in 0..2 {
            let mut some = stored.clone();
            some.remove(missing);
            assert!(matches!(ring.open_customer(CUSTOMER, &some), Err(CryptoError::NoKey { .. })));
        }
        assert!(ring.cached(CUSTOMER).is_none(), "nothing is kept of what did not open");
    }

    #[test]
    fn another_master_key_is_named() {
        let (one, two) = (ring(), ring());
        let stored = create(&one);
        let error = two.open_customer(CUSTOMER, &stored).unwrap_err();
        assert!(matches!(error, CryptoError::OtherMasterKey { .. }));
        let text = error.to_string();
        assert!(text.contains(&one.master_ids()[0]) && text.contains(&two.master_ids()[0]), "{text}");
    }

    #[test]
    fn a_person_key_opens_for_its_person_alone() {
        let ring = ring();
        let keys = ring.open_customer(CUSTOMER, &create(&ring)).unwrap();
        let (key, stored) = keys.new_person_key(PERSON).unwrap();
        let sealed = key.seal(&PLACE, b"Anna").unwrap();
        let opened = keys.open_person_key(PERSON, &stored).unwrap();
        assert_eq!(opened.open(&PLACE, &sealed).unwrap().as_slice(), b"Anna");
        assert!(matches!(keys.open_person_key(PersonId(12), &stored), Err(CryptoError::Sealed)));
        let unknown = WrappedPersonKey { version: 2, ..stored.clone() };
        assert!(matches!(keys.open_person_key(PERSON, &unknown), Err(CryptoError::NoVersion { version: 2, .. })));
        let other = CustomerKeys::generate(CUSTOMER).unwrap();
        assert!(matches!(other.open_person_key(PERSON, &stored), Err(CryptoError::Sealed)));
    }

    #[test]
    fn earlier_versions_still_open() {
        let ring = ring();
        let mut stored = create(&ring);
        let (_, early) = ring.open_customer(CUSTOMER, &stored).unwrap().new_person_key(PERSON).unwrap();
        stored.push(ring.next_seal_key(&master(&ring), CUSTOMER, 2).unwrap());
        let keys = ring.open_customer(CUSTOMER, &stored).unwrap();
        assert_eq!(keys.current().0, 2);
        assert_eq!(keys.new_person_key(PERSON).unwrap().1.version, 2);
        let opened = keys.open_person_key(PERSON, &early).unwrap();
        let later = keys.rewrap_person_key(PERSON, &early).unwrap();
        assert_eq!((later.version, keys.versions().collect::<Vec<_>>()), (2, vec![1, 2]));
        stored.remove(0);
        let newer = ring.open_customer(CUSTOMER, &stored).unwrap();
        let sealed = opened.seal(&PLACE, b"Anna").unwrap();
        assert_eq!(newer.open_person_key(PERSON, &later).unwrap().open(&PLACE, &sealed).unwrap().as_slice(), b"Anna");
        assert!(matches!(newer.open_person_key(PERSON, &early), Err(CryptoError::NoVersion { version: 1, .. })));
    }

    #[test]
    fn customers_have_indexes_of_their_own() {
        let (one, two) = (CustomerKeys::generate(CUSTOMER).unwrap(), CustomerKeys::generate(CustomerId(4)).unwrap());
        assert_ne!(one.index.index("email", b"a@example.com"), two.index.index("email", b"a@example.com"));
    }

    #[test]
    fn purposes_have_names_and_debug_shows_no_key() {
        for purpose in [KeyPurpose::Seal, KeyPurpose::Index] {
            assert_eq!(KeyPurpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(KeyPurpose::parse("Seal"), None);
        let ring = ring();
        let stored = create(&ring);
        let keys = ring.open_customer(CUSTOMER, &stored).unwrap();
        let (_, person) = keys.new_person_key(PERSON).unwrap();
        let shown = format!("{ring:?} {:?} {keys:?} {person:?}", stored[0]);
        assert!(!shown.contains('['), "no byte is printed: {shown}");
        assert_eq!(shown.matches("redacted").count(), 4);
    }
}
