//! A person's fields and how newer word replaces older, whatever order it arrives in.

use super::Timestamp;
use super::coded::coded;

coded! {
    /// What a person is to the customer.
    Kind {
        /// Somebody who visits.
        Guest = 1 as "guest",
        /// Somebody who is visited.
        Host = 2 as "host",
        /// Somebody who is only notified.
        Recipient = 3 as "recipient",
    }
}

/// The personal fields that a person may have beside the ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Name.
    Name,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Company.
    Company,
    /// Number plate.
    VehiclePlate,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Name, Self::Email, Self::Phone, Self::Company, Self::VehiclePlate];

    /// The column it is sealed in.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Self::Name => "name_sealed",
            Self::Email => "email_sealed",
            Self::Phone => "phone_sealed",
            Self::Company => "company_sealed",
            Self::VehiclePlate => "vehicle_plate_sealed",
        }
    }
}

/// Who said so; at the same instant the customer's backend outranks an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An event of the guest system.
    Event,
    /// The customer's backend, by PUT or PATCH.
    Backend,
}

/// A field's value with when and by whom it was said.
///
/// Ordered by instant, then source, then value, so that the greatest of any set is the same in any order of arrival.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// When it was so.
    pub at: Timestamp,
    /// Who said it.
    pub source: Source,
    /// The value; none when the backend removed it.
    pub value: Option<String>,
}

/// Redacted: the value is personal data.
impl std::fmt::Debug for Dated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dated").field("at", &self.at).field("source", &self.source).finish_non_exhaustive()
    }
}

impl Dated {
    /// What a guest system said at `at`.
    pub fn event(at: Timestamp, value: impl Into<String>) -> Self {
        Self { at, source: Source::Event, value: Some(value.into()) }
    }

    /// The bytes that are sealed: instant, source, whether there is a value, the value.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let value = self.value.as_deref().unwrap_or_default();
        let mut out = Vec::with_capacity(10 + value.len());
        out.extend_from_slice(&self.at.micros().to_le_bytes());
        out.push(u8::from(self.source == Source::Backend));
        out.push(u8::from(self.value.is_some()));
        out.extend_from_slice(value.as_bytes());
        out
    }

    /// The reverse of [`Dated::encode`]; none when the bytes are not such.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_first_chunk::<8>()?;
        let (&[source, has], text) = rest.split_first_chunk::<2>()?;
        Some(Self {
            at: Timestamp::from_micros(i64::from_le_bytes(*at))?,
            source: if source == 1 { Source::Backend } else { Source::Event },
            value: if has == 1 { Some(String::from_utf8(text.to_vec()).ok()?) } else { None },
        })
    }
}

/// Keeps the later of what is there and what is said now; true when that changed anything.
pub fn keep_later(slot: &mut Option<Dated>, said: Dated) -> bool {
    if slot.as_ref().is_some_and(|kept| *kept >= said) {
        return false;
    }
    *slot = Some(said);
    true
}

/// The kind after another word on it: an explicit, later one wins; an implied one only fills or raises what was implied.
#[must_use]
pub fn later_kind(kept: (Kind, Option<Timestamp>), said: (Kind, Option<Timestamp>)) -> (Kind, Option<Timestamp>) {
    match (kept.1, said.1) {
        (Some(old), Some(new)) if (new, said.0) > (old, kept.0) => said,
        (None, Some(_)) => said,
        // Guest before host before recipient: who visits is a guest, whatever else they are.
        (None, None) if said.0 < kept.0 => said,
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backend_is_overruled_only_by_what_happened_after_it() {
        let at = |s| Timestamp::EPOCH.plus_seconds(s);
        let backend = Dated { at: at(10), source: Source::Backend, value: Some("backend".into()) };
        let mut slot = Some(backend.clone());
        assert!(!keep_later(&mut slot, Dated::event(at(9), "z")));
        assert!(!keep_later(&mut slot, Dated::event(at(10), "z")));
        assert!(keep_later(&mut slot, Dated::event(at(11), "a")));
        assert!(!keep_later(&mut slot, backend));
    }

    #[test]
    fn a_dated_value_survives_its_bytes() {
        for value in [None, Some(String::new()), Some("Ærø".to_owned())] {
            let dated = Dated { at: Timestamp::EPOCH.plus_seconds(5), source: Source::Backend, value };
            assert_eq!(Dated::decode(&dated.encode()), Some(dated));
        }
        assert_eq!(Dated::decode(b"short"), None);
    }
}
