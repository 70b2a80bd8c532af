//! Holds: what must be kept of a person although the person is erased (Article 17(3), REQUIREMENTS A-86 and L-31).

use super::coded::coded;
use super::{FieldError, Timestamp};
use serde::{Deserialize, Deserializer};

/// The longest time from now that a hold may last, in days: ten years with their leap days.
pub const MAX_DAYS: i64 = 3_653;
/// The most holds of one person.
pub const MOST: usize = 20;

coded! {
    /// The ground of a hold, by its letter in Article 17(3).
    HoldGround {
        /// (a) Freedom of expression and information.
        Expression = 1 as "a",
        /// (b) A legal obligation, or a task in the public interest.
        Obligation = 2 as "b",
        /// (c) Public health.
        PublicHealth = 3 as "c",
        /// (d) Archiving in the public interest, research, statistics by law.
        Archiving = 4 as "d",
        /// (e) A legal claim.
        LegalClaim = 5 as "e",
    }

    /// What of a person can be held.
    HeldField {
        /// Name.
        Name = 1 as "name",
        /// E-mail address.
        Email = 2 as "email",
        /// Phone number.
        Phone = 4 as "phone",
        /// Company.
        Company = 8 as "company",
        /// Number plate.
        VehiclePlate = 16 as "vehicle_plate",
        /// The visits, with their times.
        Visits = 32 as "visits",
        /// The events as a guest, without fields that are not held themselves.
        Events = 64 as "events",
        /// The addresses on the network of held events.
        Ip = 128 as "ip",
        /// The parts as host in the events of others.
        Hosting = 256 as "hosting",
        /// The notifications received, with the addresses that they went to.
        Notifications = 512 as "notifications",
    }
}

/// Reads the letter of a ground; what is merely administrative is refused in words of its own.
///
/// # Errors
/// `no_ground`.
pub fn ground<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HoldGround, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = HoldGround::ALL.iter().find(|ground| ground.as_str() == text).copied();
    known.ok_or_else(|| {
        let detail = "must be a, b, c, d or e, the letter of Article 17(3) GDPR; administrative reasons alone are none";
        serde::de::Error::custom(FieldError::new("no_ground", detail))
    })
}

/// Whether a text names a provision: one without any number names a habit or a wish, not a rule.
#[must_use]
pub fn cites_a_provision(law: &str) -> bool {
    law.chars().any(|c| c.is_ascii_digit()) && law.chars().filter(|c| c.is_alphabetic()).count() >= 3
}

/// A set of what can be held, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held(i32);

impl Held {
    /// Whether this is held.
    #[must_use]
    pub fn has(self, field: HeldField) -> bool {
        self.0 & i32::from(field.number()) != 0
    }

    /// What either holds.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The stored form.
    #[must_use]
    pub fn bits(self) -> i32 {
        self.0
    }

    /// From the stored form.
    #[must_use]
    pub fn from_bits(bits: i32) -> Self {
        Self(bits)
    }

    /// What is held, in the order of [`HeldField::ALL`].
    #[must_use]
    pub fn fields(self) -> Vec<HeldField> {
        HeldField::ALL.iter().copied().filter(|field| self.has(*field)).collect()
    }
}

impl FromIterator<HeldField> for Held {
    fn from_iter<I: IntoIterator<Item = HeldField>>(fields: I) -> Self {
        Self(fields.into_iter().fold(0, |bits, field| bits | i32::from(field.number())))
    }
}

/// Checks the end of a hold.
///
/// # Errors
/// `out_of_range` when it is not ahead, or further than [`MAX_DAYS`].
pub fn check_end(ends_at: Timestamp, now: Timestamp) -> Result<(), FieldError> {
    if ends_at > now && ends_at <= now.plus_seconds(MAX_DAYS * 86_400) {
        return Ok(());
    }
    Err(FieldError::new("out_of_range", format!("must be ahead, by at most {MAX_DAYS} days")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provision_has_a_number() {
        for law in ["Bogføringsloven § 12", "GDPR Art. 17(3)(e)", "Sag BS-1234/2026"] {
            assert!(cites_a_provision(law), "{law}");
        }
        for law in ["administrative", "Administrative grunde", "intern praksis", "12", "§ 12"] {
            assert!(!cites_a_provision(law), "{law}");
        }
    }

    #[test]
    fn a_set_survives_its_stored_form() {
        let all: Held = HeldField::ALL.iter().copied().collect();
        assert_eq!(Held::from_bits(all.bits()).fields(), HeldField::ALL);
        let some: Held = [HeldField::Visits, HeldField::Name].into_iter().collect();
        assert_eq!(some.fields(), [HeldField::Name, HeldField::Visits]);
        assert!(!some.has(HeldField::Ip) && some.and(all) == all);
    }

    #[test]
    fn a_hold_ends_within_ten_years() {
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        for (text, is_good) in [
            ("2026-11-21T12:00:00Z", false),
            ("2026-11-21T12:00:00.000001Z", true),
            ("2036-11-21T12:00:00Z", true),
            ("2036-11-21T12:00:00.000001Z", false),
        ] {
            assert_eq!(check_end(Timestamp::parse(text).unwrap(), now).is_ok(), is_good, "{text}");
        }
    }
}
