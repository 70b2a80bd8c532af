//! The inventory of stored data, as the program itself reads it: what each column holds, of whom, and why.
//!
//! Exports and notices are made from it, so that they cannot say anything else than what is stored; a test compares it
//! with the schema of both databases.

use super::FieldError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a column says of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Something of a person, sealed or not.
    Personal,
    /// An identifier, index, digest or link that leads to a person; personal data all the same (REQUIREMENTS L-87).
    Pseudonymous,
    /// Nothing of any person.
    None,
}

/// On whose account the operator of this service holds a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// On the customer's (Article 28 GDPR).
    Processor,
    /// On its own.
    Controller,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// What it says of people.
    pub class: Class,
    /// Of which category the data are.
    pub category: String,
    /// Whose data, in a list with commas.
    pub subject: String,
    /// On whose account.
    pub role: Role,
    /// What for.
    pub purpose: String,
    /// The legal ground, or the instruction.
    pub ground: String,
    /// For how long.
    pub retention: String,
    /// Whether the person stated it, or it was observed of the person's own act (Article 20 GDPR; L-48).
    pub supplied: bool,
}

impl Column {
    /// Whether it is personal data of those whom customers register: guests, hosts, recipients.
    #[must_use]
    pub fn is_of_people(&self) -> bool {
        let people = ["guest", "host", "recipient"];
        self.class != Class::None && self.subject.split(',').any(|subject| people.contains(&subject.trim()))
    }
}

/// Every column of every table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Columns by table and name.
    pub tables: BTreeMap<String, BTreeMap<String, Column>>,
}

impl Inventory {
    /// The one of this build, read once.
    ///
    /// # Errors
    /// `malformed` when the file of the build cannot be read, which a test rules out.
    pub fn of_this_build() -> Result<&'static Self, FieldError> {
        static READ: OnceLock<Result<Inventory, FieldError>> = OnceLock::new();
        let read = READ.get_or_init(|| {
            toml::from_str(include_str!("../../config/personal_data.toml"))
                .map_err(|_| FieldError::new("malformed", "must be an inventory of columns"))
        });
        read.as_ref().map_err(Clone::clone)
    }

    /// One column by `table.column`.
    #[must_use]
    pub fn column(&self, place: &str) -> Option<&Column> {
        let (table, column) = place.split_once('.')?;
        self.tables.get(table)?.get(column)
    }

    /// Every column that is personal data of people whom customers register, as `table.column`.
    pub fn of_people(&self) -> impl Iterator<Item = (String, &Column)> {
        self.tables.iter().flat_map(|(table, columns)| {
            let of_people = columns.iter().filter(|(_, column)| column.is_of_people());
            of_people.map(move |(name, column)| (format!("{table}.{name}"), column))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_this_build_is_read() {
        let inventory = Inventory::of_this_build().unwrap();
        let name = inventory.column("people.name_sealed").unwrap();
        assert_eq!((name.class, name.role, name.supplied), (Class::Personal, Role::Processor, true));
        assert!(name.is_of_people());
        assert!(!inventory.column("people.key_version").unwrap().is_of_people());
        assert!(!inventory.column("api_keys.key_id").unwrap().is_of_people(), "staff's, not of those registered");
        assert!(inventory.column("people.nothing").is_none() && inventory.column("people").is_none());
        assert!(inventory.of_people().count() > 60);
    }
}
