//! The key ring: customers' keys wrapped by the master key, persons' keys wrapped by their customer's.

use super::{CryptoError, DataKey, IndexKey, MasterKey, Place, Row};
use crate::domain::{CustomerId, PersonId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The version that a customer's first keys have.
const FIRST_VERSION: u32 = 1;

/// What a customer's key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Wraps persons' keys and seals what belongs to no person.
    Seal,
    /// Yields the key of blind indexes and keyed digests.
    Index,
}

impl KeyPurpose {
    /// The name it is stored under, which is bound into the wrapped key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Index => "index",
        }
    }

    /// The purpose stored under a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Seal, Self::Index].into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// A customer's key as it is stored, wrapped by the master key.
#[derive(Clone)]
pub struct WrappedCustomerKey {
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Which of the customer's keys of this purpose, from 1.
    pub version: u32,
    /// The wrapped key, 61 bytes.
    pub wrapped: Vec<u8>,
    /// Id of the master key that wrapped it.
    pub master_key_id: String,
}

impl fmt::Debug for WrappedCustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedCustomerKey")
            .field("purpose", &self.purpose)
            .field("version", &self.version)
            .field("master_key_id", &self.master_key_id)
            .finish_non_exhaustive()
    }
}

/// A person's key as it is stored, wrapped by the customer's; deleting it makes the person's fields unreadable.
#[derive(Clone)]
pub struct WrappedPersonKey {
    /// Version of the customer's key that wrapped it.
    pub version: u32,
    /// The wrapped key, 61 bytes.
    pub wrapped: Vec<u8>,
}

impl fmt::Debug for WrappedPersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedPersonKey").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A customer's keys, unwrapped: all versions that may be met, and the one in use.
#[derive(Debug)]
pub struct CustomerKeys {
    /// Whose keys they are.
    pub customer: CustomerId,
    versions: BTreeMap<u32, DataKey>,
    /// Version of the key that wraps new persons' keys; the highest.
    pub current: u32,
    /// The key of blind indexes and keyed digests.
    pub index: IndexKey,
    newest: DataKey,
    index_root: DataKey,
}

impl CustomerKeys {
    /// New random keys in their first version, kept nowhere; [`Keyring::create_customer`] gives them wrapped.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate(customer: CustomerId) -> Result<Self, CryptoError> {
        let (newest, index_root) = (DataKey::generate()?, DataKey::generate()?);
        let versions = BTreeMap::from([(FIRST_VERSION, newest.clone())]);
        let index = IndexKey::from_data_key(&index_root);
        Ok(Self { customer, versions, current: FIRST_VERSION, index, newest, index_root })
    }

    /// The key that wraps new persons' keys, and its version.
    #[must_use]
    pub fn current(&self) -> (u32, &DataKey) {
        (self.current, &self.newest)
    }

    /// The key of a version, for what was wrapped or sealed earlier.
    ///
    /// # Errors
    /// [`CryptoError::NoVersion`].
    pub fn version(&self, version: u32) -> Result<&DataKey, CryptoError> {
        self.versions.get(&version).ok_or(CryptoError::NoVersion { customer: self.customer, version })
    }

    /// A new random key for a person, open and as it is to be stored.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn new_person_key(&self, person: PersonId) -> Result<(DataKey, WrappedPersonKey), CryptoError> {
        let key = DataKey::generate()?;
        let (version, wrapping) = self.current();
        let wrapped = wrapping.wrap(&self.person_place(person, version), &key)?;
        Ok((key, WrappedPersonKey { version, wrapped }))
    }

    /// A person's key, unwrapped.
    ///
    /// # Errors
    /// [`CryptoError::NoVersion`] when the customer's key of that version is gone; [`CryptoError::Sealed`] when it is
    /// another person's, or damaged.
    pub fn open_person_key(&self, person: PersonId, wrapped: &WrappedPersonKey) -> Result<DataKey, CryptoError> {
        let place = self.person_place(person, wrapped.version);
        self.version(wrapped.version)?.unwrap(&place, &wrapped.wrapped)
    }

    fn person_place(&self, person: PersonId, version: u32) -> Place {
        Place {
            customer: self.customer,
            table: "people",
            column: "wrapped_key",
            row: Row::Key(person.0),
            subject: Some(person),
            version,
        }
    }
}

/// The master key and the customers' keys that have been opened with it; clones share them.
///
/// Holds one entry for each customer in use, so no more than there are customers.
#[derive(Debug, Clone)]
pub struct Keyring(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    master: MasterKey,
    opened: RwLock<HashMap<CustomerId, Arc<CustomerKeys>>>,
}

impl Keyring {
    /// A ring with a master key and nothing opened yet.
    #[must_use]
    pub fn new(master: MasterKey) -> Self {
        Self(Arc::new(Shared { master, opened: RwLock::default() }))
    }

    /// New random keys for a customer, wrapped, to be stored with it; opened only once they are.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn create_customer(&self, customer: CustomerId) -> Result<Vec<WrappedCustomerKey>, CryptoError> {
        let keys = CustomerKeys::generate(customer)?;
        Ok(vec![
            self.wrap(customer, KeyPurpose::Seal, keys.current, &keys.newest)?,
            self.wrap(customer, KeyPurpose::Index, FIRST_VERSION, &keys.index_root)?,
        ])
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
        let none = |purpose| CryptoError::NoKey { customer, purpose };
        let (current, newest) = versions.last_key_value().ok_or_else(|| none(KeyPurpose::Seal))?;
        let (current, newest) = (*current, newest.clone());
        let (_, index_root) = indexes.pop_last().ok_or_else(|| none(KeyPurpose::Index))?;
        let index = IndexKey::from_data_key(&index_root);
        let keys = Arc::new(CustomerKeys { customer, versions, current, index, newest, index_root });
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

    /// The master key.
    #[must_use]
    pub fn master(&self) -> &MasterKey {
        &self.0.master
    }

    fn wrap(
        &self,
        customer: CustomerId,
        purpose: KeyPurpose,
        version: u32,
        key: &DataKey,
    ) -> Result<WrappedCustomerKey, CryptoError> {
        let master = self.master();
        let wrapped = master.data_key().wrap(&customer_place(customer, purpose, version), key)?;
        Ok(WrappedCustomerKey { purpose, version, wrapped, master_key_id: master.id().to_owned() })
    }

    fn unwrap(&self, customer: CustomerId, key: &WrappedCustomerKey) -> Result<DataKey, CryptoError> {
        let master = self.master();
        if key.master_key_id != master.id() {
            let (wrapped_by, loaded) = (key.master_key_id.clone(), master.id().to_owned());
            return Err(CryptoError::OtherMasterKey { customer, wrapped_by, loaded });
        }
        master.data_key().unwrap(&customer_place(customer, key.purpose, key.version), &key.wrapped)
    }
}

fn customer_place(customer: CustomerId, purpose: KeyPurpose, version: u32) -> Place {
    Place {
        customer,
        table: "customer_keys",
        column: purpose.as_str(),
        row: Row::Key(customer.0),
        subject: None,
        version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_customer_is_created_opened_kept_and_forgotten() {
        let ring = ring();
        let stored = ring.create_customer(CUSTOMER).unwrap();
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
        let stored = ring.create_customer(CUSTOMER).unwrap();
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
        let stored = one.create_customer(CUSTOMER).unwrap();
        let error = two.open_customer(CUSTOMER, &stored).unwrap_err();
        assert!(matches!(error, CryptoError::OtherMasterKey { .. }));
        let text = error.to_string();
        assert!(text.contains(one.master().id()) && text.contains(two.master().id()), "{text}");
    }

    #[test]
    fn a_person_key_opens_for_its_person_alone() {
        let ring = ring();
        let keys = ring.open_customer(CUSTOMER, &ring.create_customer(CUSTOMER).unwrap()).unwrap();
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
        let mut stored = ring.create_customer(CUSTOMER).unwrap();
        let (_, early) = ring.open_customer(CUSTOMER, &stored).unwrap().new_person_key(PERSON).unwrap();
        stored.push(ring.wrap(CUSTOMER, KeyPurpose::Seal, 2, &DataKey::generate().unwrap()).unwrap());
        let keys = ring.open_customer(CUSTOMER, &stored).unwrap();
        assert_eq!(keys.current().0, 2);
        assert_eq!(keys.new_person_key(PERSON).unwrap().1.version, 2);
        keys.open_person_key(PERSON, &early).unwrap();
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
        let stored = ring.create_customer(CUSTOMER).unwrap();
        let keys = ring.open_customer(CUSTOMER, &stored).unwrap();
        let (_, person) = keys.new_person_key(PERSON).unwrap();
        let shown = format!("{ring:?} {:?} {keys:?} {person:?}", stored[0]);
        assert!(!shown.contains('['), "no byte is printed: {shown}");
        assert_eq!(shown.matches("redacted").count(), 2 * 4);
    }
}
