//! A word by which a customer finds a receipt again.

use super::{FieldError, cpr, schema};
use serde::{Deserialize, Deserializer, Serialize};

/// What a customer gives with a deletion and gets back in its receipt: 1 to 64 of the letters that an address needs
/// no escape for (RFC 3986, 2.3).
///
/// The receipt names nobody, so this is how the customer tells which deletion it is the proof of.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Nonce(String);

impl Nonce {
    /// The most characters it may have.
    pub const MAX: usize = 64;

    /// Checks and takes the word.
    ///
    /// # Errors
    /// `invalid_nonce` for another length or letter; `cpr_number` for a registration number written with its hyphen.
    pub fn new(word: impl Into<String>) -> Result<Self, FieldError> {
        let word = word.into();
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"._~-".contains(&c);
        if !(1..=Self::MAX).contains(&word.len()) || !word.bytes().all(plain) {
            let max = Self::MAX;
            let detail = format!("must have 1 to {max} characters of A to Z, a to z, 0 to 9, '.', '_', '~' and '-'");
            return Err(FieldError::new("invalid_nonce", detail));
        }
        if cpr::hyphenated_in(&word) {
            return Err(FieldError::new("cpr_number", "must not contain a civil registration number (CPR)"));
        }
        Ok(Self(word))
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

schema::documented!(Nonce, "Nonce", schema::text(1, Nonce::MAX, "^[A-Za-z0-9._~-]+$"));

/// Redacted: a customer may have put anything into it.
impl std::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonce(…)")
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_need_no_escape() {
        for word in ["a", "2026-11-21_batch.7~x", "0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d", &"9".repeat(64)] {
            let nonce = Nonce::new(word).unwrap();
            assert_eq!(serde_json::to_string(&nonce).unwrap(), format!("\"{word}\""));
            assert_eq!(format!("{nonce:?}"), "Nonce(…)");
        }
        for word in ["", "a b", "æ", "a/b", "a\n", "a%20", "\"", &"9".repeat(65)] {
            assert_eq!(Nonce::new(word).unwrap_err().code, "invalid_nonce", "{word}");
        }
    }

    #[test]
    fn no_registration_numbers() {
        let error = Nonce::new("guest-070761-4285").unwrap_err();
        assert!(error.code == "cpr_number" && !error.detail.contains("070761"));
        // Digits of a random UUID that would pass for one.
        Nonce::new("aa070761-4285-4b7a-9c53-0f3c3a1b2c4d").unwrap();
    }
}
