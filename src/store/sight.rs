//! Whom a read may see: restricted data may be stored, and nothing else (Article 18(2), REQUIREMENTS L-45).
//!
//! Every statement that reads of people for others goes through [`seen!`]; `tests/it/sight.rs` lists those that do and,
//! with the reason, those that do not.

use crate::domain::PersonId;

/// Whom a read may see of those whose data are restricted: nobody, or one person on a ground that was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight(PersonId);

impl Sight {
    /// Nobody who is restricted; internal ids begin with 1.
    pub const USUAL: Self = Self(PersonId(0));

    /// This person as well, whether restricted or not.
    #[must_use]
    pub fn with(person: PersonId) -> Self {
        Self(person)
    }

    /// The one who is seen although restricted.
    #[must_use]
    pub fn exception(self) -> Option<PersonId> {
        (self != Self::USUAL).then_some(self.0)
    }

    /// What the statement compares with.
    pub(super) fn person(self) -> PersonId {
        self.0
    }
}

/// The condition that leaves out whoever is restricted: a search in the table's primary key for each row.
macro_rules! seen {
    ($customer:expr, $person:expr, $sight:expr) => {
        diesel::dsl::not(diesel::dsl::exists(
            $crate::store::schema::restrictions::table.filter(
                $crate::store::schema::restrictions::customer_id
                    .eq($customer)
                    .and($crate::store::schema::restrictions::person_id.eq($person))
                    .and($crate::store::schema::restrictions::person_id.ne($sight.person())),
            ),
        ))
    };
}
pub(super) use seen;
