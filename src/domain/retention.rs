//! Written agreements by which data go after a time; without one in force nothing ever does (REQUIREMENTS ).

use super::visit::VisitState;
use super::{FieldError, Timestamp, schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The most days that an agreement can name, about a hundred years.
pub const MAX_DAYS: u32 = 36_500;

/// The most parties of an agreement.
pub const MAX_PARTIES: usize = 10;

/// SHA-256 of the signed document, by which it is told from any other; 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash([u8; 32]);

impl DocumentHash {
    /// Reads the hexadecimal digits, of either case.
    ///
    /// # Errors
    /// `invalid_sha256`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let bad = || FieldError::new("invalid_sha256", "must be a SHA-256 in 64 hexadecimal digits");
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(bad());
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or_else(bad)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| bad())?;
        }
        Ok(Self(bytes))
    }

    /// From its 32 bytes; none when there are more or fewer.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for DocumentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

schema::documented!(DocumentHash, "DocumentHash", schema::text(64, 64, "^[0-9A-Fa-f]{64}$"));

/// Since when an agreement is signed, and the time that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// When it was signed; none while it is not.
    pub signed_at: Option<Timestamp>,
    /// The first instant at which it holds.
    pub from: Timestamp,
    /// The first at which it no longer does; none when it has no end.
    pub until: Option<Timestamp>,
}

impl Term {
    /// Whether data may go by it at `now`: it is signed, has begun and has not ended.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        let signed = self.signed_at.is_some_and(|at| at <= now);
        signed && self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// The instant `days` before `now`; what is older has been kept for its time.
#[must_use]
pub fn before(now: Timestamp, days: u32) -> Timestamp {
    now.plus_seconds(-86_400 * i64::from(days))
}

/// The instants of a visit that tell when it was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    /// Where it stands.
    pub state: VisitState,
    /// Its earliest event.
    pub starts_at: Timestamp,
    /// When the guest was expected.
    pub expected_at: Option<Timestamp>,
    /// The check-out.
    pub departed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// When the guest was turned away.
    pub denied_at: Option<Timestamp>,
}

impl Moments {
    /// When the visit was over; none while the guest is in.
    ///
    /// A visit that never was is over when the guest was expected last, and not before it was called off.
    #[must_use]
    pub fn over_at(&self) -> Option<Timestamp> {
        match self.state {
            VisitState::Open => None,
            VisitState::Closed => self.departed_at,
            VisitState::Cancelled => self.cancelled_at.max(self.expected_at),
            VisitState::Denied => self.denied_at.max(self.expected_at),
            VisitState::Expected => self.expected_at.or(Some(self.starts_at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_document_has_one_digest() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let hash = DocumentHash::parse(text).unwrap();
        assert_eq!(hash.to_string(), text);
        assert_eq!(DocumentHash::parse(&text.to_uppercase()), Ok(hash));
        assert_eq!(DocumentHash::from_bytes(hash.as_bytes()), Some(hash));
        assert_eq!(DocumentHash::from_bytes(&hash.as_bytes()[1..]), None);
        for bad in
            ["", &text[1..], &format!("{text}0"), &text.replace('e', "g"), &format!("+{}", &text[1..]), &"æ".repeat(32)]
        {
            assert_eq!(DocumentHash::parse(bad).unwrap_err().code, "invalid_sha256", "{bad}");
        }
    }

    #[test]
    fn in_force_when_signed_begun_and_not_ended() {
        let (day, next) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let earlier = day.plus_seconds(-1);
        let term = Term { signed_at: Some(earlier), from: day, until: Some(next) };
        for (now, expected) in [(earlier, false), (day, true), (next.plus_seconds(-1), true), (next, false)] {
            assert_eq!(term.in_force(now), expected, "{now}");
        }
        assert!(Term { until: None, ..term }.in_force(at("9998-01-01T00:00:00Z")));
        assert!(!Term { signed_at: None, ..term }.in_force(day));
        assert!(!Term { signed_at: Some(next), ..term }.in_force(day), "signed later than now");
        assert!(!Term { until: Some(earlier), ..term }.in_force(day), "ended before it began");
    }

    #[test]
    fn days_are_counted_back() {
        assert_eq!(before(at("2026-11-21T12:00:00Z"), 30), at("2026-10-22T12:00:00Z"));
        assert!(before(at("2026-11-21T12:00:00Z"), MAX_DAYS) < at("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn when_a_visit_is_over() {
        let times: Vec<Timestamp> = (1..6).map(|day| at(&format!("2026-01-0{day}T00:00:00Z"))).collect();
        let visit = Moments {
            state: VisitState::Open,
            starts_at: times[0],
            expected_at: Some(times[1]),
            departed_at: Some(times[2]),
            cancelled_at: Some(times[3]),
            denied_at: Some(times[4]),
        };
        let over = |state| Moments { state, ..visit }.over_at();
        assert_eq!(over(VisitState::Open), None);
        assert_eq!(over(VisitState::Closed), Some(times[2]));
        assert_eq!(over(VisitState::Cancelled), Some(times[3]));
        assert_eq!(over(VisitState::Denied), Some(times[4]));
        assert_eq!(over(VisitState::Expected), Some(times[1]));
        // Called off long before: over when the guest would have come.
        let early = Moments { expected_at: Some(times[4]), cancelled_at: Some(times[0]), ..visit };
        assert_eq!(Moments { state: VisitState::Cancelled, ..early }.over_at(), Some(times[4]));
        let unplanned = Moments { expected_at: None, state: VisitState::Expected, ..visit };
        assert_eq!(unplanned.over_at(), Some(times[0]));
    }
}
