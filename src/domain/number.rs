//! Bounded whole numbers.

use super::FieldError;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;

/// Reads a whole number from `MIN` to `MAX`, or none; for `#[serde(deserialize_with)]`.
///
/// `7.0` is seven, for JSON Schema makes no difference between the two and some languages write the one for the other.
///
/// # Errors
/// `out_of_range` with the bounds for another number; `invalid_type` for what is none.
pub fn whole<'de, const MIN: u32, const MAX: u32, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    Ok(Option::<Whole<MIN, MAX>>::deserialize(deserializer)?.map(|whole| whole.0))
}

struct Whole<const MIN: u32, const MAX: u32>(u32);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader::<MIN, MAX>).map(Self)
    }
}

struct Reader<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> Reader<MIN, MAX> {
    fn bounded<E: Error>(number: Option<u32>) -> Result<u32, E> {
        number.filter(|number| (MIN..=MAX).contains(number)).ok_or_else(|| Self::fault("out_of_range"))
    }

    fn fault<E: Error>(code: &'static str) -> E {
        E::custom(FieldError::new(code, format!("must be a whole number from {MIN} to {MAX}")))
    }
}

impl<const MIN: u32, const MAX: u32> Visitor<'_> for Reader<MIN, MAX> {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u32, E> {
        Self::bounded(number.try_into().ok())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u32, E> {
        Self::bounded(number.try_into().ok())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds and without a fraction")]
    fn visit_f64<E: Error>(self, number: f64) -> Result<u32, E> {
        let whole = number.fract() == 0.0 && (f64::from(MIN)..=f64::from(MAX)).contains(&number);
        Self::bounded(whole.then_some(number as u32))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Holder {
        #[serde(default, deserialize_with = "super::whole::<1, 43_200, _>")]
        minutes: Option<u32>,
    }

    fn read(text: &str) -> Result<Option<u32>, String> {
        let holder = serde_json::from_str::<Holder>(&format!("{{\"minutes\":{text}}}"));
        holder.map(|holder| holder.minutes).map_err(|error| error.to_string())
    }

    #[test]
    fn whole_numbers_within_bounds() {
        assert_eq!(read("null"), Ok(None));
        assert!(serde_json::from_str::<Holder>("{}").unwrap().minutes.is_none());
        for (text, number) in [("1", 1), ("43200", 43_200), ("7.0", 7), ("1e2", 100)] {
            assert_eq!(read(text), Ok(Some(number)), "{text}");
        }
        for text in ["0", "-1", "-0.0", "43201", "1.5", "1e99", "18446744073709551616", "-9223372036854775809"] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with("out_of_range\u{1f}must be a whole number from 1 to 43200"), "{text}: {error}");
        }
        for text in ["\"7\"", "[]", "{}", "true"] {
            assert!(read(text).unwrap_err().contains("expected a whole number from 1 to 43200"), "{text}");
        }
    }
}
