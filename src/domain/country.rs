//! Countries, as far as a transfer of data depends on them.

use super::FieldError;
use std::fmt;

/// The European Economic Area: the EU's members, Iceland, Liechtenstein and Norway.
const EEA: [&str; 30] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// A country by its two letters (ISO 3166-1 alpha-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country(String);

impl Country {
    /// Takes two capital letters; whether they are given to a country is not looked up.
    ///
    /// # Errors
    /// `invalid_country`.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(text.to_owned()));
        }
        Err(FieldError::new("invalid_country", "must be a country's two capital letters, as DK"))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether data there have not left the European Economic Area (Article 44 GDPR).
    #[must_use]
    pub fn is_in_eea(&self) -> bool {
        EEA.contains(&self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_has_its_members_and_no_others() {
        for inside in ["DK", "SE", "NO", "IS", "LI", "IE"] {
            assert!(Country::new(inside).unwrap().is_in_eea(), "{inside}");
        }
        for outside in ["GB", "CH", "US", "GL", "FO"] {
            assert!(!Country::new(outside).unwrap().is_in_eea(), "{outside}");
        }
        for text in ["", "D", "dk", "DNK", "D1", "Ø"] {
            assert!(Country::new(text).is_err(), "{text}");
        }
    }
}
