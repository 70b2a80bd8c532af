//! Keys and what is done with them: sealed fields, blind indexes, the key ring, API keys.
//!
//! Beside `domain`; reads and writes nothing but the master key file. Three floors of keys (NIST SP 800-57 calls the
//! upper ones key-encryption keys): the [`MasterKey`] wraps each customer's keys, the customer's key wraps each
//! person's [`DataKey`], and that key seals the person's fields. Deleting a wrapped key makes all beneath it
//! unreadable.

pub mod api_key;
pub mod blind;
mod customer_keys;
mod framed;
pub mod keyring;
pub mod mark;
pub mod master;
pub mod masters;
mod random;
mod salted;
pub mod seal;
pub mod service;
pub mod signing;
pub mod webhook;

pub use api_key::ApiKey;
pub use blind::IndexKey;
pub use customer_keys::{CustomerKeys, KeyPurpose, WrappedCustomerKey, WrappedPersonKey};
pub use keyring::Keyring;
pub use mark::mark;
pub use master::MasterKey;
pub use masters::{MasterFile, MasterFiles, MasterRole};
pub use random::{chance, fill};
pub use seal::{DataKey, Place, Row};
pub use service::WrappedServiceKey;
pub use webhook::WebhookSecret;

use crate::domain::CustomerId;

/// Why something could not be sealed, opened or made; never holds a key or a value.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The sealed bytes do not open: wrong key, another place than they were sealed for, or damaged.
    ///
    /// Which of the three it is cannot be told, and must not be (a caller could learn from it).
    #[error("sealed bytes do not open: wrong key, wrong place or damaged")]
    Sealed,
    /// The plain bytes are longer than AES-GCM can seal (64 GiB).
    #[error("too long to seal")]
    TooLong,
    /// The system's random generator failed.
    #[error("the system's random generator failed")]
    Random,
    /// The master key file is missing, malformed or open to others; names path and mode, never content.
    #[error("master key file {0}")]
    MasterKey(String),
    /// A stored key was wrapped by a master key that no file here holds.
    #[error("a stored key is wrapped by master key {wrapped_by}, which no file here holds; loaded is {loaded}")]
    OtherMasterKey {
        /// The id stored with the wrapped key.
        wrapped_by: String,
        /// The ids of the master keys that are loaded.
        loaded: String,
    },
    /// The service has no secret of this purpose.
    #[error("the service has no secret for {0}")]
    NoSecret(String),
    /// A customer has no key of this purpose.
    #[error("customer {} has no {} key", customer.0, purpose.as_str())]
    NoKey {
        /// Whose key is missing.
        customer: CustomerId,
        /// What the key would be for.
        purpose: KeyPurpose,
    },
    /// A customer's sealing key of this version is not among those it has.
    #[error("customer {} has no seal key of version {version}", customer.0)]
    NoVersion {
        /// Whose key is missing.
        customer: CustomerId,
        /// The version asked for.
        version: u32,
    },
}
