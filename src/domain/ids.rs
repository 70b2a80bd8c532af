//! A type for each identifier, so that one cannot be given for another.

use super::FieldError;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

macro_rules! internal {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    )*};
}

macro_rules! public {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the usual text form.
            ///
            /// # Errors
            /// `invalid_uuid`, without the text.
            pub fn parse(text: &str) -> Result<Self, FieldError> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| FieldError::new("invalid_uuid", "must be a UUID"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

internal! {
    /// A customer inside the database.
    CustomerId,
    /// A licence inside the database, unique within its customer.
    LicenseId,
    /// A person inside the database, unique within the customer.
    PersonId,
    /// An event inside the database, unique within the customer, growing as events are stored.
    EventKey,
    /// A device inside the database, unique within the customer.
    DeviceId,
}

public! {
    /// A customer's or a licence's public identifier.
    PublicId,
    /// An event's identifier, made by the guest system that posts it.
    EventId,
    /// A visit's identifier, derived from what opened it so that any order of arrival gives the same one.
    VisitId,
}
