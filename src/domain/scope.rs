//! What an API key may do.

use super::{FieldError, schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)?) => {
        /// One thing that a key may do; its text form is part of the HTTP contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $variant),* }

        impl Scope {
            /// All scopes, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The text form.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        const ALLOWED: &str = concat!("must be one of:", $(" ", $text),*);
    };
}

scopes! {
    /// Posts events and heartbeats.
    EventsWrite = "events:write",
    /// Reads events, visits, the roll call, devices and statistics.
    EventsRead = "events:read",
    /// Creates, replaces and corrects people.
    PeopleWrite = "people:write",
    /// Reads people.
    PeopleRead = "people:read",
    /// Deletes people and reconciles.
    PeopleDelete = "people:delete",
    /// Handles the cases of data subjects.
    Rights = "rights",
    /// Manages webhooks.
    Webhooks = "webhooks",
    /// Manages the customer's keys.
    Keys = "keys",
    /// Operates the service: customers, licences, keys of all.
    Admin = "admin",
}

impl Scope {
    /// Reads the text form.
    ///
    /// # Errors
    /// `unknown_scope`, with the allowed ones.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::ALL
            .iter()
            .find(|scope| scope.as_str() == text)
            .copied()
            .ok_or_else(|| FieldError::new("unknown_scope", ALLOWED))
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A set of scopes, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Whether the set has this scope.
    #[must_use]
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether the set has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes it has, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }

    /// Reads a list separated by commas, as on the command line; spaces around a scope do not matter.
    ///
    /// # Errors
    /// `unknown_scope`, with the allowed ones; also for an empty list, since a key without scopes is of no use.
    pub fn parse_list(text: &str) -> Result<Self, FieldError> {
        text.split(',').map(|scope| Scope::parse(scope.trim())).collect()
    }

    /// The stored form: text forms separated by a space, in the order of [`Scope::ALL`].
    #[must_use]
    pub fn to_text(self) -> String {
        self.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// `unknown_scope`, with the allowed ones.
    pub fn from_text(text: &str) -> Result<Self, FieldError> {
        text.split_ascii_whitespace().map(Scope::parse).collect()
    }
}

// The keys of which HTTP tells are customers' keys: `admin` is not for them.
schema::documented!(Scopes, "Scopes", {
    schema::choices(Scope::ALL.iter().filter(|scope| **scope != Scope::Admin).map(|scope| scope.as_str()))
});

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_forms_read_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(&scope.to_string()), Ok(*scope));
        }
        let error = Scope::parse("Admin").unwrap_err();
        assert_eq!(error.code, "unknown_scope");
        assert_eq!(
            error.detail,
            "must be one of: events:write events:read people:write people:read people:delete rights webhooks keys admin"
        );
    }

    #[test]
    fn lists() {
        let both = Scopes::from_iter([Scope::Rights, Scope::EventsWrite]);
        assert_eq!(Scopes::parse_list("rights, events:write,rights"), Ok(both));
        assert_eq!(both.to_text(), "events:write rights");
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"["events:write","rights"]"#);
        assert_eq!(format!("{both:?}"), "{EventsWrite, Rights}");
        assert!(both.contains(Scope::Rights) && !both.contains(Scope::Admin));
        for text in ["", "rights,", "rights;keys", "rights keys"] {
            assert_eq!(Scopes::parse_list(text).unwrap_err().code, "unknown_scope");
        }
        assert!(Scopes::from_text("").unwrap().is_empty());
        let error = serde_json::from_str::<Scopes>(r#"["rights", "secret"]"#).unwrap_err().to_string();
        assert!(error.starts_with("unknown_scope\u{1f}") && !error.contains("secret"));
    }

    proptest! {
        #[test]
        fn a_set_survives_every_form(picked in proptest::sample::subsequence(Scope::ALL, 0..=Scope::ALL.len())) {
            let set: Scopes = picked.iter().copied().collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), picked.clone());
            prop_assert_eq!(Scopes::from_text(&set.to_text()), Ok(set));
            prop_assert_eq!(serde_json::from_str::<Scopes>(&serde_json::to_string(&set).unwrap()).unwrap(), set);
            prop_assert!(Scope::ALL.iter().all(|scope| set.contains(*scope) == picked.contains(scope)));
        }
    }
}
