//! Receipts of deletions: signing them, and verifying one without a database.

use super::View;
use crate::crypto::Keyring;
use crate::crypto::signing::{PublicKey, SigningKey};
use crate::domain::jwk::Jwks;
use crate::domain::receipt::{ALGORITHM, Receipt, Signature, signed_form};
use crate::domain::{Timestamp, canonical};
use crate::error::Error;
use std::cmp::Reverse;

/// Signs a receipt with the key in use.
///
/// # Errors
/// A fault of ours when there is no key, or a count is beyond what can be signed.
pub(crate) fn sign(keyring: &Keyring, mut receipt: Receipt) -> Result<Receipt, Error> {
    let form = receipt.signed_form().map_err(Error::internal)?;
    receipt.signature = Some(signature(keyring, &form)?);
    Ok(receipt)
}

/// A signature over a canonical form with the key in use.
///
/// # Errors
/// A fault of ours when there is no key.
pub(crate) fn signature(keyring: &Keyring, form: &str) -> Result<Signature, Error> {
    let seeds = keyring.signing_seeds();
    let in_use = seeds.iter().filter(|(_, _, retired_at)| retired_at.is_none()).max_by_key(|(version, ..)| *version);
    let (_, seed, _) = in_use.ok_or_else(|| Error::internal("there is no key to sign with"))?;
    let key = SigningKey::from_seed(seed);
    Ok(Signature { algorithm: ALGORITHM.into(), key_id: key.key_id(), value: key.sign(form.as_bytes()) })
}

/// The public keys of all receipts ever signed, the one in use first, then from the latest to the first.
#[must_use]
pub fn public_keys(view: &View<'_>) -> Jwks {
    let mut seeds = view.core.keyring.signing_seeds();
    seeds.sort_by_key(|(version, _, retired_at)| (retired_at.is_some(), Reverse(*version)));
    let keys = seeds.into_iter().map(|(_, seed, retired_at)| SigningKey::from_seed(&seed).public().to_jwk(retired_at));
    Jwks { keys: keys.collect() }
}

/// Why a receipt is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The first text is no receipt.
    #[error("it is not a receipt of guestlog")]
    NotAReceipt,
    /// The second text is no set of keys.
    #[error("the keys are not a JSON Web Key set")]
    NotKeys,
    /// It states nothing under a signature: something of the people was found after the deletion.
    #[error("it is not signed: the deletion was not found to be complete")]
    Unsigned,
    /// Another key than those given has signed it.
    #[error("it is signed by a key that is not among those given")]
    UnknownKey,
    /// The signature is not over these words.
    #[error("the signature does not belong to it: it was changed, or another key has signed it")]
    Invalid,
}

/// A receipt that its signature bears out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it states.
    pub receipt: Receipt,
    /// The key that signed it.
    pub key_id: String,
    /// Since when that key signs no more.
    pub key_retired_at: Option<Timestamp>,
}

/// Verifies the text of a receipt by a set of public keys; asks nobody.
///
/// What is verified is the text as it stands, member for member, so that nothing can be added to it, left out or
/// written otherwise, whatever this version of the program knows of it.
///
/// # Errors
/// The [`Flaw`].
pub fn verify(receipt: &[u8], keys: &[u8]) -> Result<Verified, Flaw> {
    let value = canonical::parse(receipt).map_err(|_| Flaw::NotAReceipt)?;
    let read: Receipt = serde_json::from_value(value.clone()).map_err(|_| Flaw::NotAReceipt)?;
    let signature = read.signature.clone().ok_or(Flaw::Unsigned)?;
    let form = signed_form(&value).map_err(|_| Flaw::Invalid)?;
    let key_retired_at = check(&form, &signature, keys)?;
    Ok(Verified { receipt: read, key_id: signature.key_id, key_retired_at })
}

/// Checks a signature over a canonical form by a set of public keys; tells since when its key signs no more.
///
/// # Errors
/// The [`Flaw`].
pub(crate) fn check(form: &str, signature: &Signature, keys: &[u8]) -> Result<Option<Timestamp>, Flaw> {
    let keys: Jwks = serde_json::from_slice(keys).map_err(|_| Flaw::NotKeys)?;
    if signature.algorithm != ALGORITHM {
        return Err(Flaw::Invalid);
    }
    // The id is worked out from the key itself, so a set cannot give one key's name to another.
    let named = |jwk: &&_| PublicKey::from_jwk(jwk).is_some_and(|key| key.key_id() == signature.key_id);
    let jwk = keys.keys.iter().find(named).ok_or(Flaw::UnknownKey)?;
    let key = PublicKey::from_jwk(jwk).ok_or(Flaw::UnknownKey)?;
    if !key.verify(form.as_bytes(), &signature.value) {
        return Err(Flaw::Invalid);
    }
    Ok(jwk.retired_at)
}
