//! Which fields the file at hand shows, and which of them hold anything of the person.

use super::fields::{Field, Section};
use crate::domain::export::Right;
use crate::domain::inventory::{Column, Inventory};
use crate::domain::person::Kind;
use crate::error::Error;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeSet;

/// The sections of one file with their fields.
pub(crate) struct Plan {
    sections: Vec<Planned>,
}

/// A section and what of it is shown.
pub(crate) struct Planned {
    pub section: Section,
    pub entries: Vec<Entry>,
}

/// A field and whether it is shown.
pub(crate) struct Entry {
    pub field: &'static Field,
    /// Whether the right that is answered reaches it.
    pub is_shown: bool,
    /// The personal columns it shows.
    columns: Vec<&'static Column>,
    /// Whether any row held a value.
    is_used: Cell<bool>,
}

impl Plan {
    /// What `right` reaches of a person of this kind.
    ///
    /// Access reaches all. Portability reaches what the inventory marks as supplied by the person (REQUIREMENTS L-48);
    /// what is held of a host or recipient as a person comes from the customer, so that it is a guest's alone.
    pub fn of(right: Right, kind: Kind) -> Result<Self, Error> {
        let inventory = Inventory::of_this_build().map_err(Error::internal)?;
        let mut sections = Vec::new();
        for section in Section::ALL {
            let mut entries = Vec::new();
            for field in section.fields() {
                let columns = field.from.iter().map(|place| {
                    inventory.column(place).ok_or_else(|| Error::internal(format!("the inventory lacks {place}")))
                });
                let columns: Vec<&'static Column> = columns.collect::<Result<_, _>>()?;
                let own = section != Section::Person || kind == Kind::Guest;
                let supplied = own && !columns.is_empty() && columns.iter().all(|column| column.supplied);
                entries.push(Entry {
                    field,
                    is_shown: right == Right::Access || supplied,
                    columns: columns.into_iter().filter(|column| column.is_of_people()).collect(),
                    is_used: Cell::new(false),
                });
            }
            sections.push(Planned { section, entries });
        }
        Ok(Self { sections })
    }

    /// One section.
    pub fn section(&self, section: Section) -> Result<&Planned, Error> {
        let found = self.sections.iter().find(|planned| planned.section == section);
        found.ok_or_else(|| Error::internal("a section that the plan lacks"))
    }

    /// The columns that hold anything of the person, of what is shown.
    fn used(&self) -> impl Iterator<Item = &'static Column> {
        let entries = self.sections.iter().flat_map(|planned| &planned.entries);
        entries.filter(|entry| entry.is_used.get()).flat_map(|entry| entry.columns.iter().copied())
    }

    /// The inventory's categories that hold anything of the person.
    pub fn categories(&self) -> BTreeSet<&'static str> {
        self.used().map(|column| column.category.as_str()).collect()
    }

    /// The inventory's retentions of what is held.
    pub fn retentions(&self) -> BTreeSet<&'static str> {
        self.used().map(|column| column.retention.as_str()).collect()
    }
}

impl Planned {
    /// Whether anything of it is shown.
    pub fn is_shown(&self) -> bool {
        self.entries.iter().any(|entry| entry.is_shown)
    }

    /// A row of the section: every field by its name, in the order of the list.
    ///
    /// # Errors
    /// A fault of ours, when the names are not those of the list: nothing is shown that the list does not know, and
    /// nothing is left out that it knows.
    pub fn row<const N: usize>(&self, fields: [(&'static str, Value); N]) -> Result<Row<'_>, Error> {
        let named = fields.iter().map(|(name, _)| *name).eq(self.entries.iter().map(|entry| entry.field.name));
        if !named {
            return Err(Error::internal(format!("a row of {} is not as the list of fields says", self.section.name())));
        }
        let values = fields.map(|(_, value)| value).into_iter().zip(&self.entries).map(|(value, entry)| {
            if !entry.is_shown {
                return Value::Null;
            }
            if !value.is_null() && value != Value::Bool(false) {
                entry.is_used.set(true);
            }
            value
        });
        Ok(Row { values: values.collect(), planned: self })
    }
}

/// A row on its way out.
pub(crate) struct Row<'p> {
    planned: &'p Planned,
    values: Vec<Value>,
}

impl Row<'_> {
    /// The fields that are shown, with their values.
    pub fn shown(&self) -> impl Iterator<Item = (&'static Field, &Value)> {
        let pairs = self.planned.entries.iter().zip(&self.values);
        pairs.filter(|(entry, _)| entry.is_shown).map(|(entry, value)| (entry.field, value))
    }

    /// The value of a field; null for one that is not shown, or not of this section.
    pub fn get(&self, name: &str) -> &Value {
        self.shown().find(|(field, _)| field.name == name).map_or(&Value::Null, |(_, value)| value)
    }

    /// The text of a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.shown() {
            map.serialize_entry(field.name, value)?;
        }
        map.end()
    }
}
