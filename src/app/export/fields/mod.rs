//! Which field of the export shows which column, and which columns no field shows.
//!
//! This is the one list of what the export holds: rows, CSV headings, labels of the page and the JSON Schema are made
//! from it. A test compares it with the inventory, so that no column can be forgotten: a new table needs fields here,
//! or a reason in [`unshown`].

mod people;
mod presence;
mod requests;
mod rights;
pub(super) mod unshown;

use super::words::codes::Codes;

/// A part of `data.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// The person, as the customer has registered them.
    Person,
    /// The restriction in force, if any.
    Restriction,
    /// What is left of an earlier deletion under the same ref, if anything.
    EarlierDeletion,
    /// What the person says beside the data, if anything.
    Statement,
    /// What the person has objected to.
    Objections,
    /// What must be kept although the person is erased.
    Holds,
    /// What the person has asked for, and what came of it.
    Requests,
    /// Events of the person as a guest.
    Events,
    /// Visits that they add up to.
    Visits,
    /// Events of others in which the person is the host.
    Hosted,
    /// Events of others of which the person was notified.
    Notified,
    /// What other systems were told of the person.
    Told,
    /// Who looked at the person's data, when and why.
    Consultations,
}

impl Section {
    /// All of them, in the order of the file.
    pub const ALL: [Self; 13] = [
        Self::Person,
        Self::Restriction,
        Self::EarlierDeletion,
        Self::Statement,
        Self::Objections,
        Self::Holds,
        Self::Requests,
        Self::Events,
        Self::Visits,
        Self::Hosted,
        Self::Notified,
        Self::Told,
        Self::Consultations,
    ];

    /// Its name in `data.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Restriction => "restriction",
            Self::EarlierDeletion => "earlier_deletion",
            Self::Statement => "statement",
            Self::Objections => "objections",
            Self::Holds => "holds",
            Self::Requests => "requests",
            Self::Events => "events",
            Self::Visits => "visits",
            Self::Hosted => "hosted",
            Self::Notified => "notified",
            Self::Told => "told",
            Self::Consultations => "consultations",
        }
    }

    /// Its fields, in the order of the file.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Person => people::PERSON,
            Self::Restriction => rights::RESTRICTION,
            Self::EarlierDeletion => rights::EARLIER_DELETION,
            Self::Statement => rights::STATEMENT,
            Self::Objections => rights::OBJECTIONS,
            Self::Holds => rights::HOLDS,
            Self::Requests => requests::REQUESTS,
            Self::Events => presence::EVENTS,
            Self::Visits => presence::VISITS,
            Self::Hosted => presence::HOSTED,
            Self::Notified => presence::NOTIFIED,
            Self::Told => rights::TOLD,
            Self::Consultations => rights::CONSULTATIONS,
        }
    }

    /// Whether there can be many, in a list; otherwise there is one, or none.
    pub const fn is_list(self) -> bool {
        !matches!(self, Self::Person | Self::Restriction | Self::EarlierDeletion | Self::Statement)
    }
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// RFC 3339 with the offset of the place.
    Instant,
    /// A UUID.
    Uuid,
    /// A whole number.
    Whole,
    /// A word of a table of codes.
    Code(Codes),
    /// A value with when and by whom it was said.
    Dated,
    /// The five fields of a person as the customer's backend last stated them.
    Mirror,
    /// True or false.
    Flag,
    /// Words of a table of codes.
    CodeList(Codes),
    /// Another person, by role.
    Party,
    /// Other people, by role.
    Parties,
}

/// One field of the export.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name in JSON and CSV; it never changes within a version of the schema.
    pub name: &'static str,
    /// How its value is written.
    pub kind: Kind,
    /// Whether it can be null.
    pub optional: bool,
    /// The columns it shows, as `table.column`; none for another person's data, which is shown by role.
    pub from: &'static [&'static str],
    /// What it is called in Danish.
    pub da: &'static str,
    /// What it is called in English.
    pub en: &'static str,
}

/// A field that always has a value.
const fn always(
    name: &'static str,
    kind: Kind,
    from: &'static [&'static str],
    da: &'static str,
    en: &'static str,
) -> Field {
    Field { name, kind, optional: false, from, da, en }
}

/// A field that may be null.
const fn maybe(
    name: &'static str,
    kind: Kind,
    from: &'static [&'static str],
    da: &'static str,
    en: &'static str,
) -> Field {
    Field { name, kind, optional: true, from, da, en }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Inventory;
    use std::collections::BTreeMap;

    #[test]
    fn every_column_of_people_is_shown_or_has_a_reason() {
        let inventory = Inventory::of_this_build().unwrap();
        let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for section in Section::ALL {
            for field in section.fields() {
                for column in field.from {
                    assert!(inventory.column(column).is_some(), "{}: {column} is no column", field.name);
                    told.entry(*column).or_default().push(field.name);
                }
            }
        }
        for (column, _) in unshown::UNSHOWN {
            let known = inventory.column(column).is_some_and(crate::domain::inventory::Column::is_of_people);
            assert!(known, "{column} is no personal column: take it out of app/export/fields/unshown.rs");
            assert!(told.insert(column, Vec::new()).is_none(), "{column} is both shown and not");
        }
        let forgotten: Vec<String> = inventory
            .of_people()
            .map(|(column, _)| column)
            .filter(|column| !told.contains_key(column.as_str()))
            .collect();
        assert!(
            forgotten.is_empty(),
            "personal columns that the export forgets: give each a field in app/export/fields, or a reason in \
             app/export/fields/unshown.rs: {forgotten:#?}"
        );
    }

    #[test]
    fn names_are_told_apart() {
        for section in Section::ALL {
            let mut names: Vec<&str> = section.fields().iter().map(|field| field.name).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{section:?}");
        }
    }
}
