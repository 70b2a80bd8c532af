//! Numbers of the Danish business register (CVR).

use super::{FieldError, schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// What each digit counts (REQUIREMENTS A-06).
const WEIGHTS: [u32; 8] = [2, 7, 6, 5, 4, 3, 2, 1];

/// A company's number in the Danish business register: eight digits, the last of which checks the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Cvr(String);

impl Cvr {
    /// Checks and takes the number; spaces between the digits and `DK` in front are let go.
    ///
    /// The digits, each times its weight, add up to a multiple of 11: a wrong digit, or two that changed places, never
    /// pass.
    ///
    /// # Errors
    /// `invalid_cvr`; never repeats the number.
    pub fn new(text: impl AsRef<str>) -> Result<Self, FieldError> {
        let text = text.as_ref().trim();
        let text = text.strip_prefix("DK").unwrap_or(text);
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let plain = digits.len() == WEIGHTS.len() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte & 0x0f) * weight).sum();
        if plain && !digits.starts_with('0') && sum.is_multiple_of(11) {
            return Ok(Self(digits));
        }
        Err(FieldError::new("invalid_cvr", "must be a CVR number: eight digits, of which the last checks the others"))
    }

    /// The eight digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Cvr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

schema::documented!(Cvr, "Cvr", schema::text(8, 17, "^ *(DK)? *([0-9] *){8}$"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_numbers_pass_in_any_spelling() {
        for text in ["38951076", "36622652", " 38 95 10 76 ", "DK38951076", "DK 38951076"] {
            assert!(Cvr::new(text).is_ok(), "{text}");
        }
        assert_eq!(Cvr::new("DK 38 95 10 76").unwrap().as_str(), "38951076");
    }

    #[test]
    fn any_one_wrong_digit_and_any_two_swapped_neighbours_are_refused() {
        for number in ["38951076", "36622652"] {
            for at in 0..number.len() {
                for digit in '0'..='9' {
                    let mut wrong: Vec<char> = number.chars().collect();
                    wrong[at] = digit;
                    let wrong: String = wrong.into_iter().collect();
                    assert_eq!(Cvr::new(&wrong).is_ok(), wrong == number, "{wrong}");
                }
            }
        }
        let mut swapped: Vec<char> = "38951076".chars().collect();
        swapped.swap(0, 1);
        assert!(Cvr::new(swapped.into_iter().collect::<String>()).is_err());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "3895107", "389510760", "3895107x", "００００００００", "00000000", "38-951076", "SE38951076"]
        {
            assert_eq!(Cvr::new(text).unwrap_err().code, "invalid_cvr", "{text}");
        }
    }
}
