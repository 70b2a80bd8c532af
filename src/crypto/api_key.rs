//! API keys: `glk_<key id>_<secret><checksum>`.

use super::CryptoError;
use super::framed::{KeyedDigest, absorb, keyed_digest};
use super::random::push_letters;
use hmac::Mac;
use std::fmt;
use zeroize::Zeroizing;

/// What every key begins with, for scanners that look for leaked secrets.
const PREFIX: &str = "glk_";
/// Letters of a key id: 36^16, or 82 bits.
const ID_ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Letters in a key id.
const ID_LETTERS: usize = 16;
/// Letters of secret and checksum.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Letters in a secret: 62^43, or 256 bits.
const SECRET_LETTERS: usize = 43;
/// Letters in a checksum: 62^6 is more than 2^32.
const CHECKSUM_LETTERS: usize = 6;
/// Where the key id ends.
const ID_END: usize = PREFIX.len() + ID_LETTERS;
/// Where the secret begins, behind an underscore.
const SECRET_START: usize = ID_END + 1;
/// Where the secret ends and the checksum begins.
const SECRET_END: usize = SECRET_START + SECRET_LETTERS;
/// Bytes, and letters, in a key.
const LENGTH: usize = SECRET_END + CHECKSUM_LETTERS;
/// Domain of the digest that is stored.
const DIGEST: &[u8] = b"guestlog/api-key/1";

/// A well-formed API key, as a client sends it: right length, letters and checksum, not yet known to be valid.
///
/// The checksum lets typing errors and inventions be refused without a query, and scanners tell a real key from a
/// look-alike (the way GitHub's tokens do). The key id is public and finds the row.
pub struct ApiKey {
    text: Zeroizing<String>,
}

impl ApiKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(PREFIX);
        push_letters(&mut text, ID_ALPHABET, ID_LETTERS)?;
        text.push('_');
        push_letters(&mut text, BASE62, SECRET_LETTERS)?;
        let checksum = checksum(text.as_bytes());
        text.extend(checksum.map(char::from));
        Ok(Self { text })
    }

    /// Reads a key; none unless length, letters and checksum are all right.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_at_checked(ID_LETTERS)?;
        let secret = secret.strip_prefix('_')?;
        let well_formed = text.len() == LENGTH
            && id.bytes().all(|letter| ID_ALPHABET.contains(&letter))
            && secret.bytes().all(|letter| letter.is_ascii_alphanumeric());
        let (body, given) = text.as_bytes().split_at_checked(SECRET_END)?;
        (well_formed && checksum(body) == given).then(|| Self { text: Zeroizing::new(text.to_owned()) })
    }

    /// The public part that finds the key's row; may stand in logs.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.text[PREFIX.len()..ID_END]
    }

    /// The whole key, to be shown once to whom it is issued.
    #[must_use]
    pub fn reveal(&self) -> String {
        String::clone(&self.text)
    }

    /// What is stored of the key: HMAC-SHA-256 of id and secret under the pepper, a secret kept out of the database.
    ///
    /// A slow password hash would gain nothing on 256 random bits and let anybody use up our processors. The id is
    /// part of it, so a digest put into another key's row opens nothing.
    #[must_use]
    pub fn secret_digest(&self, pepper: &[u8; 32]) -> [u8; 32] {
        self.digest(pepper).finalize().into_bytes().into()
    }

    /// Whether this is the key of a stored digest, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, pepper: &[u8; 32], stored: &[u8]) -> bool {
        self.digest(pepper).verify_slice(stored).is_ok()
    }

    fn digest(&self, pepper: &[u8; 32]) -> KeyedDigest {
        let secret = &self.text.as_bytes()[SECRET_START..SECRET_END];
        absorb(keyed_digest(pepper), &[DIGEST, self.key_id().as_bytes(), secret])
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

/// CRC-32 in base62, highest digit first, padded with zeros.
fn checksum(body: &[u8]) -> [u8; CHECKSUM_LETTERS] {
    let mut left = crc32fast::hash(body);
    let mut letters = [0; CHECKSUM_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = BASE62[(left % 62) as usize];
        left /= 62;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const PEPPER: [u8; 32] = [9; 32];

    #[test]
    fn a_key_reads_back() {
        let key = ApiKey::generate().unwrap();
        let text = key.reveal();
        assert_eq!((text.len(), &text[..4], &text[20..21]), (70, "glk_", "_"));
        let read = ApiKey::parse(&text).unwrap();
        assert_eq!(read.key_id(), &text[4..20]);
        assert_eq!(read.secret_digest(&PEPPER), key.secret_digest(&PEPPER));
    }

    #[test]
    fn keys_in_use_stay_valid() {
        // Made apart with Python's zlib and hmac: a change here would lock every client out.
        let key = ApiKey::parse("glk_k3yid0fth3tests1_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq1QXYsH").unwrap();
        assert_eq!(STANDARD.encode(key.secret_digest(&PEPPER)), "vqBJI25pNRmDCBzOPxihvZWLTqgFsfz3rr1xIizYMBA=");
    }

    #[test]
    fn every_changed_character_is_refused() {
        for _ in 0..4 {
            let text = ApiKey::generate().unwrap().reveal();
            for at in 0..text.len() {
                for other in (0..=127_u8).map(char::from).chain(['é', '٣']) {
                    let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                    assert_eq!(ApiKey::parse(&changed).is_some(), changed == text, "position {at}");
                }
            }
        }
    }

    #[test]
    fn dropped_doubled_and_swapped_characters_are_refused() {
        let text = ApiKey::generate().unwrap().reveal();
        for at in 0..text.len() {
            assert!(ApiKey::parse(&text[..at]).is_none());
            assert!(ApiKey::parse(&text[at + 1..]).is_none());
            assert!(ApiKey::parse(&format!("{}{}", &text[..at], &text[at + 1..])).is_none());
            assert!(ApiKey::parse(&format!("{}{}", &text[..=at], &text[at..])).is_none());
            let mut swapped = text.clone().into_bytes();
            swapped.swap(at, (at + 1) % text.len());
            let swapped = String::from_utf8(swapped).unwrap();
            assert_eq!(ApiKey::parse(&swapped).is_some(), swapped == text);
        }
        assert!(ApiKey::parse(&format!("{text}\n")).is_none());
        assert!(ApiKey::parse(&format!(" {text}")).is_none());
    }

    #[test]
    fn a_hundred_thousand_keys_are_distinct() {
        let mut ids = HashSet::new();
        let mut secrets = HashSet::new();
        for _ in 0..100_000 {
            let key = ApiKey::generate().unwrap();
            assert!(ids.insert(key.key_id().to_owned()));
            assert!(secrets.insert(key.text[SECRET_START..SECRET_END].to_owned()));
        }
    }

    #[test]
    fn only_the_right_key_matches() {
        let (key, other) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        let stored = key.secret_digest(&PEPPER);
        assert!(key.matches(&PEPPER, &stored));
        assert!(!other.matches(&PEPPER, &stored));
        assert!(!key.matches(&[8; 32], &stored));
        assert!(!key.matches(&PEPPER, &stored[..31]));
        assert!(!key.matches(&PEPPER, &[]));
        for bit in 0..256 {
            let mut damaged = stored;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.matches(&PEPPER, &damaged));
        }
    }

    #[test]
    fn a_digest_is_bound_to_the_key_id() {
        let text = ApiKey::generate().unwrap().reveal();
        let id = if &text[4..5] == "a" { "b" } else { "a" };
        let body = format!("glk_{id}{}", &text[5..SECRET_END]);
        let letters = checksum(body.as_bytes()).map(char::from);
        let moved = ApiKey::parse(&format!("{body}{}", String::from_iter(letters))).unwrap();
        assert_ne!(moved.secret_digest(&PEPPER), ApiKey::parse(&text).unwrap().secret_digest(&PEPPER));
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("ApiKey {{ key_id: {:?}, .. }}", key.key_id()));
    }

    proptest! {
        #[test]
        fn nothing_else_reads_as_a_key(text: String, tail in "[0-9A-Za-z]{49}") {
            prop_assert!(ApiKey::parse(&text).is_none());
            let forged = format!("glk_0123456789abcdef_{tail}");
            let honest = checksum(&forged.as_bytes()[..SECRET_END]) == forged.as_bytes()[SECRET_END..];
            prop_assert_eq!(ApiKey::parse(&forged).is_some(), honest);
        }
    }
}
