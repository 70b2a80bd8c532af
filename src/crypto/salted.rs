//! Hashes of refs under a salt that both sides know, to compare two sets of people bucket by bucket.

use super::framed::keyed_digest;
use super::{CryptoError, fill};
use crate::domain::reconciliation::Salt;
use hmac::Mac;
use zeroize::Zeroizing;

impl Salt {
    /// A new random salt.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = [0; 16];
        fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// HMAC-SHA-256 of a ref under the salt (RFC 2104), plain so that a customer can compute it in any language.
    ///
    /// No secret: who has the refs and the salt has the hashes. The salt keeps a hash that was seen once from telling
    /// anything at another time, or about another customer's people.
    #[must_use]
    pub fn hash(&self, reference: &str) -> [u8; 32] {
        // HMAC pads a key with zeros, so half of these bytes are the salt and the rest is what it would add.
        let mut key = Zeroizing::new([0; 32]);
        key[..self.0.len()].copy_from_slice(&self.0);
        keyed_digest(&key).chain_update(reference.as_bytes()).finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_what_other_languages_compute() {
        // python3 -c "import hmac; print(hmac.new(bytes(range(16)), 'gæst-1'.encode(), 'sha256').hexdigest())"
        let salt = Salt::parse("000102030405060708090a0b0c0d0e0f").unwrap();
        let hash = u128::from_be_bytes(salt.hash("gæst-1")[..16].try_into().unwrap());
        assert_eq!(hash, 0x6491_dee8_ef5f_06a2_0148_3c7f_65e5_eb67, "the first half");
        assert_ne!(Salt::generate().unwrap(), Salt::generate().unwrap());
    }
}
