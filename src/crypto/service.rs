//! The service's own secrets, kept in the database under the master key, so that another master key can take over.

use super::{CryptoError, DataKey, MasterKey, Place, Row};
use crate::domain::{CustomerId, Timestamp};
use ed25519_dalek::SigningKey;
use std::fmt;
use zeroize::Zeroizing;

/// The purpose of the keys that sign receipts: seeds of Ed25519 (RFC 8032).
pub const RECEIPT: &str = "receipt";
/// Secrets that used to be derived from the master key, and are again when they are first kept: API keys, cursors and
/// kept answers of before stay valid.
const DERIVED: [&str; 4] = ["api-key", "cursor", "idempotency", "idempotency-seal"];
/// Secrets that are drawn.
const DRAWN: [&str; 4] = ["cases", "confirmation", "mail", RECEIPT];
/// The version that the first secret of a purpose has.
const FIRST_VERSION: u32 = 1;

/// A secret of the service as it is stored, wrapped by the master key.
#[derive(Clone)]
pub struct WrappedServiceKey {
    /// What it is for.
    pub purpose: &'static str,
    /// Which of this purpose, from 1.
    pub version: u32,
    /// The wrapped secret, 61 bytes.
    pub wrapped: Vec<u8>,
    /// Id of the master key that wrapped it.
    pub master_key_id: String,
    /// The public half, of a key that signs.
    pub public_key: Option<[u8; 32]>,
    /// Since when it makes nothing new.
    pub retired_at: Option<Timestamp>,
}

impl fmt::Debug for WrappedServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedServiceKey")
            .field("purpose", &self.purpose)
            .field("version", &self.version)
            .field("master_key_id", &self.master_key_id)
            .finish_non_exhaustive()
    }
}

impl WrappedServiceKey {
    /// The first secret of a purpose.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn make(purpose: &'static str, master: &MasterKey) -> Result<Self, CryptoError> {
        let secret = if DERIVED.contains(&purpose) {
            DataKey::from_bytes(&master.derive(purpose))
        } else {
            DataKey::generate()?
        };
        let public_key =
            (purpose == RECEIPT).then(|| SigningKey::from_bytes(&secret.reveal()).verifying_key().to_bytes());
        Self::wrap(purpose, FIRST_VERSION, &secret, public_key, None, master)
    }

    /// The same secret under another master key.
    ///
    /// # Errors
    /// [`CryptoError::Sealed`] when it does not open under the first; [`CryptoError::Random`].
    pub fn rewrap(&self, from: &MasterKey, to: &MasterKey) -> Result<Self, CryptoError> {
        let secret = self.open(from)?;
        Self::wrap(self.purpose, self.version, &secret, self.public_key, self.retired_at, to)
    }

    fn wrap(
        purpose: &'static str,
        version: u32,
        secret: &DataKey,
        public_key: Option<[u8; 32]>,
        retired_at: Option<Timestamp>,
        master: &MasterKey,
    ) -> Result<Self, CryptoError> {
        let wrapped = master.data_key().wrap(&place(purpose, version), secret)?;
        Ok(Self { purpose, version, wrapped, master_key_id: master.id().to_owned(), public_key, retired_at })
    }

    fn open(&self, master: &MasterKey) -> Result<DataKey, CryptoError> {
        master.data_key().unwrap(&place(self.purpose, self.version), &self.wrapped)
    }
}

/// The purpose of a stored name; none for one that this program does not know.
#[must_use]
pub fn purpose(name: &str) -> Option<&'static str> {
    all().find(|purpose| *purpose == name)
}

/// Every purpose for which there must be a secret.
pub fn all() -> impl Iterator<Item = &'static str> {
    DERIVED.into_iter().chain(DRAWN)
}

/// A version of the seed of a signing key, and since when it signs nothing new.
pub type SigningSeed = (u32, Zeroizing<[u8; 32]>, Option<Timestamp>);

/// The service's secrets, unwrapped.
#[derive(Default)]
pub(super) struct Secrets(Vec<Secret>);

struct Secret {
    purpose: &'static str,
    version: u32,
    key: DataKey,
    retired_at: Option<Timestamp>,
}

impl Secrets {
    /// Takes in a stored secret.
    pub(super) fn open(&mut self, wrapped: &WrappedServiceKey, master: &MasterKey) -> Result<(), CryptoError> {
        let &WrappedServiceKey { purpose, version, retired_at, .. } = wrapped;
        self.0.push(Secret { purpose, version, key: wrapped.open(master)?, retired_at });
        Ok(())
    }

    /// The secret of a purpose: the highest version that is not retired.
    pub(super) fn newest(&self, purpose: &str) -> Option<Zeroizing<[u8; 32]>> {
        let of_purpose = self.0.iter().filter(|secret| secret.purpose == purpose && secret.retired_at.is_none());
        of_purpose.max_by_key(|secret| secret.version).map(|secret| secret.key.reveal())
    }

    /// All versions of the seed of receipts' signatures, the earliest first.
    pub(super) fn signing_seeds(&self) -> Vec<SigningSeed> {
        let mut seeds: Vec<SigningSeed> = self
            .0
            .iter()
            .filter(|secret| secret.purpose == RECEIPT)
            .map(|secret| (secret.version, secret.key.reveal(), secret.retired_at))
            .collect();
        seeds.sort_unstable_by_key(|(version, ..)| *version);
        seeds
    }
}

fn place(purpose: &'static str, version: u32) -> Place {
    Place { customer: CustomerId(0), table: "service_keys", column: purpose, row: Row::Key(0), subject: None, version }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(keys: &[WrappedServiceKey], master: &MasterKey) -> Secrets {
        let mut secrets = Secrets::default();
        for key in keys {
            secrets.open(key, master).unwrap();
        }
        secrets
    }

    #[test]
    fn secrets_of_before_are_the_derived_ones_and_survive_another_master_key() {
        let (one, two) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
        let made: Vec<_> = all().map(|purpose| WrappedServiceKey::make(purpose, &one).unwrap()).collect();
        let moved: Vec<_> = made.iter().map(|key| key.rewrap(&one, &two).unwrap()).collect();
        let (before, after) = (opened(&made, &one), opened(&moved, &two));
        for purpose in all() {
            let secret = before.newest(purpose).unwrap();
            assert_eq!(secret, after.newest(purpose).unwrap());
            assert_eq!(*secret == *one.derive(purpose), DERIVED.contains(&purpose), "{purpose}");
        }
        for key in &moved {
            assert_eq!(key.master_key_id, two.id());
            assert!(matches!(key.rewrap(&one, &two), Err(CryptoError::Sealed)));
        }
        assert!(before.newest("other").is_none());
    }

    #[test]
    fn a_secret_opens_for_its_purpose_and_version_alone() {
        let master = MasterKey::generate().unwrap();
        let made = WrappedServiceKey::make("cursor", &master).unwrap();
        let sealed = |key: WrappedServiceKey| matches!(key.open(&master), Err(CryptoError::Sealed));
        assert!(sealed(WrappedServiceKey { purpose: "api-key", ..made.clone() }));
        assert!(sealed(WrappedServiceKey { version: 2, ..made }));
    }

    #[test]
    fn the_seed_of_receipts_has_its_public_half() {
        let master = MasterKey::generate().unwrap();
        let made = WrappedServiceKey::make(RECEIPT, &master).unwrap();
        let seeds = opened(std::slice::from_ref(&made), &master).signing_seeds();
        let [(1, seed, None)] = seeds.as_slice() else { panic!("one seed") };
        assert_eq!(made.public_key.unwrap(), SigningKey::from_bytes(seed).verifying_key().to_bytes());
        assert!(WrappedServiceKey::make("confirmation", &master).unwrap().public_key.is_none());
        assert!(!format!("{made:?}").contains('['));
    }

    #[test]
    fn retired_versions_stay_and_make_nothing_new() {
        let master = MasterKey::generate().unwrap();
        let mut old = WrappedServiceKey::make(RECEIPT, &master).unwrap();
        old.retired_at = Some(Timestamp::EPOCH);
        let seed = DataKey::generate().unwrap();
        let new = WrappedServiceKey::wrap(RECEIPT, 2, &seed, None, None, &master).unwrap();
        let secrets = opened(&[new, old], &master);
        assert_eq!(secrets.newest(RECEIPT).unwrap(), seed.reveal());
        let seeds = secrets.signing_seeds();
        assert_eq!(
            seeds.iter().map(|(version, _, retired)| (*version, retired.is_some())).collect::<Vec<_>>(),
            [(1, true), (2, false)]
        );
    }
}
