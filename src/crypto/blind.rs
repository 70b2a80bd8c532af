//! Blind indexes: equal values are found by a keyed digest, without the value being readable in the database.

use super::framed::{KeyedDigest, absorb, keyed_digest};
use super::{CryptoError, DataKey, fill};
use hmac::Mac;
use std::fmt;
use zeroize::Zeroizing;

/// Domain of digests that stand in an index column.
const INDEX: &[u8] = b"guestlog/index/1";
/// Domain of other keyed digests.
const DIGEST: &[u8] = b"guestlog/digest/1";
/// Domain of the index key that a data key yields.
const FROM_DATA_KEY: &[u8] = b"guestlog/index-key/1";

/// A customer's key for blind indexes and keyed digests.
///
/// One per customer, so that the same value with two customers gives two digests (EDPB 01/2025). Whoever holds it can
/// try out all telephone numbers; it is kept, wrapped, like a key that opens fields. A digest is personal data still.
#[derive(Clone)]
pub struct IndexKey(KeyedDigest);

impl IndexKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(&mut *bytes)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The key of these bytes, which must be uniformly random (drawn, or derived from the master key).
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(keyed_digest(bytes))
    }

    /// The index key that belongs to a data key, always the same one.
    ///
    /// Derived, not copied: the same bytes never serve two algorithms (NIST SP 800-57, 5.2).
    #[must_use]
    pub fn from_data_key(key: &DataKey) -> Self {
        Self::from_bytes(&key.derive(FROM_DATA_KEY))
    }

    /// HMAC-SHA-256 of a field's value, to be stored beside the sealed value and looked up.
    ///
    /// `field` separates columns: one value in two columns gives two digests. `normalised` is the form in which equal
    /// values are equal bytes (NFKC, case folding, E.164); normalising is the caller's part.
    #[must_use]
    pub fn index(&self, field: &'static str, normalised: &[u8]) -> [u8; 32] {
        absorb(self.0.clone(), &[INDEX, field.as_bytes(), normalised]).finalize().into_bytes().into()
    }

    /// HMAC-SHA-256 of a list of parts under a label of its own, for event bodies, tombstones and the like.
    ///
    /// Parts are framed by their lengths, so `["ab", "c"]` and `["a", "bc"]` differ; never equal to an [`Self::index`].
    #[must_use]
    pub fn digest(&self, label: &'static str, parts: &[&[u8]]) -> [u8; 32] {
        let begun = absorb(self.0.clone(), &[DIGEST, label.as_bytes()]);
        absorb(begun, parts).finalize().into_bytes().into()
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn the_same_value_is_found_again() {
        let key = IndexKey::from_bytes(&[7; 32]);
        let digest = key.index("email", b"a@example.com");
        assert_eq!(digest, key.clone().index("email", b"a@example.com"));
        assert_eq!(digest, IndexKey::from_bytes(&[7; 32]).index("email", b"a@example.com"));
    }

    #[test]
    fn customer_field_and_value_each_change_it() {
        let (one, two) = (IndexKey::generate().unwrap(), IndexKey::generate().unwrap());
        let digest = one.index("email", b"a@example.com");
        assert_ne!(digest, two.index("email", b"a@example.com"));
        assert_ne!(digest, one.index("phone", b"a@example.com"));
        assert_ne!(digest, one.index("email", b"b@example.com"));
        assert_ne!(digest, one.index("emaila", b"@example.com"));
    }

    #[test]
    fn parts_and_labels_keep_their_borders() {
        let key = IndexKey::from_bytes(&[1; 32]);
        let digest = key.digest("event", &[b"ab", b"c"]);
        assert_eq!(digest, key.digest("event", &[b"ab", b"c"]));
        assert_ne!(digest, key.digest("event", &[b"a", b"bc"]));
        assert_ne!(digest, key.digest("event", &[b"abc"]));
        assert_ne!(digest, key.digest("event", &[b"ab", b"c", b""]));
        assert_ne!(digest, key.digest("tombstone", &[b"ab", b"c"]));
        assert_ne!(key.digest("email", &[b"x"]), key.index("email", b"x"));
    }

    #[test]
    fn stored_digests_stay_what_they_are() {
        // HMAC-SHA-256, key 32 × 0x07, computed apart with Python's hmac: a change here would orphan every index.
        let key = IndexKey::from_bytes(&[7; 32]);
        assert_eq!(
            STANDARD.encode(key.index("email", b"a@example.com")),
            "bXMElmMPUxzCMQAMWW0nybaNSp+u/bmZBKN/NvEBQWE="
        );
        assert_eq!(
            STANDARD.encode(key.digest("event", &[b"ab", b"c"])),
            "kFv6FgYiOwpfdTRlUYQZXuGyMoFhbxnz3TeS+d6m4/0="
        );
    }

    #[test]
    fn a_data_key_yields_one_index_key_and_debug_shows_none() {
        let key = DataKey::generate().unwrap();
        let index = IndexKey::from_data_key(&key);
        assert_eq!(index.index("ref", b"x"), IndexKey::from_data_key(&key.clone()).index("ref", b"x"));
        assert_eq!(format!("{index:?}"), "IndexKey(redacted)");
    }
}
