//! A customer's keys, wrapped by the master key, and persons' keys, wrapped by their customer's.

use super::{CryptoError, DataKey, IndexKey, MasterKey, Place, Row};
use crate::domain::{CustomerId, PersonId};
use std::collections::BTreeMap;
use std::fmt;

/// The version that a customer's first keys have.
pub(super) const FIRST_VERSION: u32 = 1;

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

impl WrappedCustomerKey {
    pub(super) fn wrap(
        master: &MasterKey,
        customer: CustomerId,
        purpose: KeyPurpose,
        version: u32,
        key: &DataKey,
    ) -> Result<Self, CryptoError> {
        let wrapped = master.data_key().wrap(&customer_place(customer, purpose, version), key)?;
        Ok(Self { purpose, version, wrapped, master_key_id: master.id().to_owned() })
    }

    pub(super) fn unwrap(&self, customer: CustomerId, master: &MasterKey) -> Result<DataKey, CryptoError> {
        master.data_key().unwrap(&customer_place(customer, self.purpose, self.version), &self.wrapped)
    }
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
    /// The keys that were opened, by version; of each purpose the highest is the current one.
    ///
    /// # Errors
    /// [`CryptoError::NoKey`] when a purpose has none.
    pub(super) fn of(
        customer: CustomerId,
        versions: BTreeMap<u32, DataKey>,
        mut indexes: BTreeMap<u32, DataKey>,
    ) -> Result<Self, CryptoError> {
        let none = |purpose| CryptoError::NoKey { customer, purpose };
        let (current, newest) = versions.last_key_value().ok_or_else(|| none(KeyPurpose::Seal))?;
        let (current, newest) = (*current, newest.clone());
        let (_, index_root) = indexes.pop_last().ok_or_else(|| none(KeyPurpose::Index))?;
        let index = IndexKey::from_data_key(&index_root);
        Ok(Self { customer, versions, current, index, newest, index_root })
    }

    /// The first keys as they are to be stored, wrapped by a master key.
    pub(super) fn wrap_first(&self, master: &MasterKey) -> Result<Vec<WrappedCustomerKey>, CryptoError> {
        Ok(vec![
            WrappedCustomerKey::wrap(master, self.customer, KeyPurpose::Seal, FIRST_VERSION, &self.newest)?,
            WrappedCustomerKey::wrap(master, self.customer, KeyPurpose::Index, FIRST_VERSION, &self.index_root)?,
        ])
    }

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

    /// A person's key wrapped by the current key instead of an earlier one; what it seals is not touched.
    ///
    /// # Errors
    /// As [`Self::open_person_key`], and [`CryptoError::Random`].
    pub fn rewrap_person_key(
        &self,
        person: PersonId,
        wrapped: &WrappedPersonKey,
    ) -> Result<WrappedPersonKey, CryptoError> {
        let key = self.open_person_key(person, wrapped)?;
        let (version, wrapping) = self.current();
        let wrapped = wrapping.wrap(&self.person_place(person, version), &key)?;
        Ok(WrappedPersonKey { version, wrapped })
    }

    /// The versions of the sealing key, the earliest first.
    pub fn versions(&self) -> impl Iterator<Item = u32> {
        self.versions.keys().copied()
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
