//! Comparisons with the list of people whom the customer still holds: their states, and the buckets by which two sides
//! find where they differ.

use super::FieldError;
use super::coded::coded;
use super::schema;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;

coded! {
    /// How far a comparison has come.
    State schema "ReconciliationState" {
        /// Only counted; nothing is deleted.
        Counted = 1 as "counted",
        /// The people to delete are being written down.
        Starting = 2 as "starting",
        /// They are being deleted.
        Running = 3 as "running",
        /// All is done.
        Finished = 4 as "finished",
        /// The service ended before all were written down, or a later list came; nothing was deleted.
        Interrupted = 5 as "interrupted",
    }
}

/// Into how many buckets people are divided: two to the power of 1 to 16.
///
/// Sixteen is 65,536 buckets, which both sides can keep in memory whatever the number of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits(u8);

impl Bits {
    /// Checks the number.
    ///
    /// # Errors
    /// `out_of_range`.
    pub fn new(bits: u8) -> Result<Self, FieldError> {
        let error = || FieldError::new("out_of_range", "must be a whole number from 1 to 16");
        (1..=16).contains(&bits).then_some(Self(bits)).ok_or_else(error)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// The bucket of a salted hash: its first bits.
    #[must_use]
    pub fn bucket(self, hash: &[u8; 32]) -> u16 {
        u16::from_be_bytes([hash[0], hash[1]]) >> (16 - self.0)
    }

    /// How a bucket is called: its number in hexadecimal, as many digits as the greatest needs.
    #[must_use]
    pub fn name(self, bucket: u16) -> String {
        format!("{bucket:0width$x}", width = usize::from(self.0.div_ceil(4)))
    }

    /// The bucket of this name.
    fn read(self, name: &str) -> Option<u16> {
        let digits = name.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit));
        let number = (digits && name.len() == usize::from(self.0.div_ceil(4))).then(|| u16::from_str_radix(name, 16));
        number?.ok().filter(|bucket| u32::from(*bucket) < 1 << self.0)
    }

    /// Reads names with commas between them.
    ///
    /// # Errors
    /// `invalid_buckets`.
    pub fn read_all(self, names: &str) -> Result<BTreeSet<u16>, FieldError> {
        let error =
            || FieldError::new("invalid_buckets", "must be names of buckets with commas between them, as 0a3,1ff");
        names.split(',').map(|name| self.read(name).ok_or_else(error)).collect()
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Zero is no number of bits, like what is no number at all.
        Self::new(text.parse().unwrap_or(0)).map_err(serde::de::Error::custom)
    }
}

/// A random number of the exchange, so that hashes of one say nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// Reads 32 hexadecimal digits.
    ///
    /// # Errors
    /// `invalid_salt`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let digits = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        let error = || FieldError::new("invalid_salt", "must be 32 hexadecimal digits");
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(error)
    }
}

impl std::fmt::Display for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

schema::documented!(Salt, "Salt", schema::text(32, 32, "^[0-9a-fA-F]{32}$"));

/// How many people fall into each bucket, and the exclusive or of the first 16 bytes of their hashes.
///
/// The order in which they come makes no difference. One who comes twice on one side is counted twice, so that the
/// bucket seems to differ; two sides that differ never seem the same, but by a chance of 2^-128.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    bits: Bits,
    held: u64,
    each: Vec<(u64, u128)>,
}

impl Buckets {
    /// Empty ones.
    #[must_use]
    pub fn new(bits: Bits) -> Self {
        Self { bits, held: 0, each: vec![(0, 0); 1 << bits.get()] }
    }

    /// Adds a person by the salted hash.
    pub fn add(&mut self, hash: &[u8; 32]) {
        self.held += 1;
        if let (Some((count, digest)), Some(first)) =
            (self.each.get_mut(usize::from(self.bits.bucket(hash))), hash.first_chunk::<16>())
        {
            *count += 1;
            *digest ^= u128::from_be_bytes(*first);
        }
    }

    /// How many people there are.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Name, number of people and digest of every bucket that is not empty.
    pub fn filled(&self) -> impl Iterator<Item = (String, u64, String)> + '_ {
        let filled = (0..=u16::MAX).zip(&self.each).filter(|(_, (count, _))| *count > 0);
        filled.map(|(bucket, (count, digest))| (self.bits.name(bucket), *count, format!("{digest:032x}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_have_the_digits_that_the_greatest_needs() {
        let bits = |bits| Bits::new(bits).unwrap();
        let mut hash = [0; 32];
        (hash[0], hash[1]) = (0xa3, 0x7f);
        let named = |bits: Bits| bits.name(bits.bucket(&hash));
        assert_eq!([1, 4, 5, 8, 12, 16].map(|n| named(bits(n))), ["1", "a", "14", "a3", "a37", "a37f"]);
        assert_eq!(bits(12).read_all("0a3,1ff,0a3").unwrap(), BTreeSet::from([0x0a3, 0x1ff]));
        for bad in ["", "0a3,", "a3", "00a3", "0A3", "+a3", "0g3"] {
            assert_eq!(bits(12).read_all(bad).unwrap_err().code, "invalid_buckets", "{bad}");
        }
        assert!(bits(5).read_all("1f").is_ok() && bits(5).read_all("20").is_err(), "32 buckets");
        assert!(Bits::new(0).is_err() && Bits::new(17).is_err());
    }

    #[test]
    fn salts_are_read_as_they_are_shown() {
        let text = "000102030405060708090a0b0c0d0e0f";
        assert_eq!(Salt::parse(text).unwrap().to_string(), text);
        for bad in ["", "00", "+00102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0g"] {
            assert!(Salt::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_order_makes_no_difference_and_one_more_does(
            hashes in prop::collection::vec(any::<[u8; 32]>(), 0..50), one_more: [u8; 32], bits in 1_u8..=16,
        ) {
            let of = |hashes: &mut dyn Iterator<Item = &[u8; 32]>| {
                let mut buckets = Buckets::new(Bits::new(bits).unwrap());
                hashes.for_each(|hash| buckets.add(hash));
                buckets
            };
            let all = of(&mut hashes.iter());
            prop_assert_eq!(&all, &of(&mut hashes.iter().rev()));
            let more = of(&mut hashes.iter().chain([&one_more]));
            let differing = more.filled().filter(|bucket| !all.filled().any(|other| other == *bucket)).count();
            prop_assert_eq!((more.held(), differing), (all.held() + 1, 1));
        }
    }
}
