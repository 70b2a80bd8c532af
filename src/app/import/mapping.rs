//! Which column of a file is which field of an event.

use super::times::{Format, Formats};
use crate::domain::FieldError;
use crate::domain::zone::Zone;
use crate::error::{Code, Error};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The mappings that the program carries, by name.
const SHIPPED: [(&str, &str); 2] = [
    ("visits", include_str!("../../../config/import/visits.toml")),
    ("workplace_sessions", include_str!("../../../config/import/workplace_sessions.toml")),
];

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// What a column can be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[$doc])* $variant),* }

        impl Field {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name that a mapping uses.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

fields! {
    /// The customer's own identifier of the visit; with the guest's it makes the row safe to import twice.
    VisitRef = "visit_ref",
    /// The customer's own identifier of the guest.
    PersonRef = "person.ref",
    /// The guest's name.
    PersonName = "person.name",
    /// The guest's e-mail address.
    PersonEmail = "person.email",
    /// The guest's phone number.
    PersonPhone = "person.phone",
    /// The company that the guest comes from.
    PersonCompany = "person.company",
    /// Number plate of the guest's vehicle.
    PersonVehiclePlate = "person.vehicle_plate",
    /// The customer's own identifier of the person visited.
    HostRef = "host.ref",
    /// The host's name.
    HostName = "host.name",
    /// The host's e-mail address.
    HostEmail = "host.email",
    /// The device of check-in and check-out.
    Device = "device",
    /// When the visit was arranged.
    BookedAt = "booked_at",
    /// When the guest was expected; a bare date will do.
    ExpectedAt = "expected_at",
    /// When the guest checked in.
    ArrivedAt = "arrived_at",
    /// When the guest checked out.
    DepartedAt = "departed_at",
    /// When the visit was cancelled.
    CancelledAt = "cancelled_at",
    /// IANA name of the time zone that the row's local times are in.
    TimeZone = "time_zone",
}

/// Fields without which a row is no visit of anybody's.
const NEEDED: [Field; 2] = [Field::VisitRef, Field::PersonRef];
/// At least one of these makes an event of a row.
const TIMES: [Field; 5] = [Field::BookedAt, Field::ExpectedAt, Field::ArrivedAt, Field::DepartedAt, Field::CancelledAt];

impl Field {
    fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().copied().find(|field| field.as_str() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|field| field.as_str()).collect();
            refused(format!("A column can be one of these fields: {}.", names.join(", ")))
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    delimiter: Option<String>,
    time_format: Option<String>,
    date_format: Option<String>,
    time_zone: Option<Zone>,
    columns: BTreeMap<String, String>,
}

/// Which column of a file is which field, and how the file is written.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    columns: Vec<(String, Field)>,
    /// What parts the fields of a row; a comma when left out.
    pub delimiter: Option<Delimiter>,
    /// How times and dates are written.
    pub formats: Formats,
    /// The zone of local times, for rows without one of their own.
    pub zone: Option<Zone>,
}

/// What parts the fields of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(u8);

impl Delimiter {
    /// The comma.
    pub const COMMA: Self = Self(b',');

    /// Reads one character, or `tab`.
    ///
    /// # Errors
    /// `invalid_delimiter`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "tab" | "\t" => Ok(Self(b'\t')),
            "," | ";" | "|" | ":" => Ok(Self(text.as_bytes()[0])),
            _ => Err(FieldError::new("invalid_delimiter", "must be one of , ; : | or the word tab")),
        }
    }

    /// The character.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl Mapping {
    /// The names of the mappings that the program carries.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// A mapping that the program carries; none when there is none of this name.
    ///
    /// # Errors
    /// When it is not sound.
    pub fn of_name(name: &str) -> Result<Option<Self>, Error> {
        let found = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
        found.map(|(_, text)| Self::of_toml(text)).transpose()
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    /// `invalid_input` with what is wrong, and where.
    pub fn of_toml(text: &str) -> Result<Self, Error> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            let message = error.message().replace(crate::domain::field::MARK, ": ");
            refused(format!("Line {line} of the mapping: {message}."))
        })?;
        let parsed = |error: FieldError| refused(format!("In the mapping, {}.", error.detail));
        let mut mapping = Self {
            columns: Vec::new(),
            delimiter: file.delimiter.as_deref().map(Delimiter::parse).transpose().map_err(parsed)?,
            formats: Formats {
                time: file.time_format.as_deref().map(Format::parse).transpose().map_err(parsed)?,
                date: file.date_format.as_deref().map(Format::parse).transpose().map_err(parsed)?,
            },
            zone: file.time_zone,
        };
        for (column, field) in &file.columns {
            let field = Field::parse(field)?;
            if let Some(other) = mapping.column(field) {
                return Err(refused(format!(
                    "The mapping has two columns for {}: {other} and {column}.",
                    field.as_str()
                )));
            }
            mapping.columns.push((column.trim().to_owned(), field));
        }
        Ok(mapping)
    }

    /// Adds `COLUMN=FIELD`, in place of what the mapping said of that column and that field.
    ///
    /// # Errors
    /// `invalid_input` when it is not of that form, or names no field.
    pub fn set(&mut self, text: &str) -> Result<(), Error> {
        // The last sign parts them: a column's name may hold one, a field's does not.
        let (column, field) = text.rsplit_once('=').ok_or_else(|| refused("A column is mapped as COLUMN=FIELD."))?;
        let (column, field) = (column.trim(), Field::parse(field.trim())?);
        self.columns.retain(|(known, taken)| known != column && *taken != field);
        self.columns.push((column.to_owned(), field));
        Ok(())
    }

    fn column(&self, field: Field) -> Option<&str> {
        self.columns.iter().find(|(_, known)| *known == field).map(|(column, _)| column.as_str())
    }

    /// Finds the columns in a file's header.
    ///
    /// A column that the mapping names and the file lacks stops the import: a typing error would else cost every row
    /// one field, silently. The header is not repeated in the error, for a file without one starts with somebody's row.
    ///
    /// # Errors
    /// `invalid_input` when a column is missing or there twice, or the mapping makes no event.
    pub fn find_in(&self, header: &[&str]) -> Result<Columns, Error> {
        self.check()?;
        let mut columns = Columns { by_field: BTreeMap::new(), left_out: Vec::new() };
        let mut missing = Vec::new();
        for (name, field) in &self.columns {
            let mut found = header.iter().enumerate().filter(|(_, column)| *column == name);
            match (found.next(), found.next()) {
                (Some((index, _)), None) => _ = columns.by_field.insert(*field, (index, name.clone())),
                (None, _) => missing.push(name.as_str()),
                (Some(_), Some(_)) => return Err(refused(format!("The file has two columns of the name {name}."))),
            }
        }
        if !missing.is_empty() {
            let hint = if header.len() == 1 { " It has one column only: is the delimiter another one?" } else { "" };
            return Err(refused(format!(
                "The file's first line does not name the column {}.{hint}",
                missing.join(", ")
            )));
        }
        let used = |name: &&&str| self.columns.iter().all(|(column, _)| column != **name);
        columns.left_out = header.iter().filter(used).map(|name| (*name).to_owned()).collect();
        Ok(columns)
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(field) = NEEDED.into_iter().find(|field| self.column(*field).is_none()) {
            return Err(refused(format!("The mapping names no column for {}, which every row needs.", field.as_str())));
        }
        if TIMES.into_iter().all(|field| self.column(field).is_none()) {
            let names = TIMES.map(Field::as_str).join(", ");
            return Err(refused(format!(
                "The mapping names no column for any of {names}, so no row would say anything."
            )));
        }
        let host = [Field::HostName, Field::HostEmail].into_iter().any(|field| self.column(field).is_some());
        if host && self.column(Field::HostRef).is_none() {
            return Err(refused("The mapping names columns of the host, but none for host.ref."));
        }
        Ok(())
    }
}

/// Where in a row each field stands.
#[derive(Debug, Clone)]
pub struct Columns {
    by_field: BTreeMap<Field, (usize, String)>,
    /// The file's columns that are not imported.
    pub left_out: Vec<String>,
}

impl Columns {
    /// The place of a field's column in a row, from 0.
    #[must_use]
    pub fn index(&self, field: Field) -> Option<usize> {
        self.by_field.get(&field).map(|(index, _)| *index)
    }

    /// What the file calls a field; the field's own name when the file has none.
    #[must_use]
    pub fn name(&self, field: Field) -> &str {
        self.by_field.get(&field).map_or(field.as_str(), |(_, name)| name.as_str())
    }
}

pub(super) fn refused(detail: impl Into<String>) -> Error {
    Error::refused(Code::InvalidInput, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why<T>(outcome: Result<T, Error>) -> String {
        match outcome {
            Err(Error::Refused { code: Code::InvalidInput, detail, .. }) => detail,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("was taken"),
        }
    }

    #[test]
    fn shipped_mappings_are_sound() {
        for name in Mapping::shipped() {
            let mapping = Mapping::of_name(name).unwrap().unwrap();
            mapping.check().unwrap();
        }
        assert!(Mapping::of_name("other").unwrap().is_none());
    }

    #[test]
    fn flags_replace_what_the_file_says() {
        let mut mapping =
            Mapping::of_toml("[columns]\nid = 'visit_ref'\nguest = 'person.ref'\nin = 'arrived_at'").unwrap();
        mapping.set("came = in=arrived_at").unwrap();
        mapping.set("guest=person.name").unwrap();
        mapping.set("who=person.ref").unwrap();
        let columns = mapping.find_in(&["id", "guest", "in", "came = in", "who", "badge"]).unwrap();
        assert_eq!(columns.index(Field::ArrivedAt), Some(3));
        assert_eq!(columns.index(Field::PersonName), Some(1));
        assert_eq!(columns.index(Field::PersonRef), Some(4));
        assert_eq!(columns.left_out, ["in", "badge"]);
        assert_eq!((columns.name(Field::ArrivedAt), columns.name(Field::Device)), ("came = in", "device"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let whole = "[columns]\nid = 'visit_ref'\nguest = 'person.ref'\nin = 'arrived_at'\n";
        assert!(why(Mapping::of_toml("[columns]\nid = 'badge'")).contains("visit_ref, person.ref"));
        assert!(why(Mapping::of_toml("delimeter = ','\n[columns]")).starts_with("Line 1 of the mapping"));
        assert!(why(Mapping::of_toml("[columns]\na = 'device'\nb = 'device'")).contains("two columns for device"));
        assert!(why(Mapping::of_toml("delimiter = 'x'\n[columns]")).contains("tab"));
        let unknown_zone = why(Mapping::of_toml("time_zone = 'Mars'\n[columns]"));
        assert!(unknown_zone.contains("IANA") && !unknown_zone.contains('\u{1f}'), "{unknown_zone}");
        assert!(why(Mapping::default().set("visit_ref")).contains("COLUMN=FIELD"));
        let refusal = |text: &str, header: &[&str]| why(Mapping::of_toml(text).unwrap().find_in(header));
        assert!(refusal("[columns]\nid = 'visit_ref'", &["id"]).contains("person.ref"));
        assert!(refusal("[columns]\nid = 'visit_ref'\ng = 'person.ref'", &["id", "g"]).contains("arrived_at"));
        assert!(refusal(&format!("{whole}host = 'host.name'"), &[]).contains("host.ref"));
        assert!(refusal(whole, &["id", "guest", "in", "in"]).contains("two columns"));
        let missing = refusal(whole, &["Anna Holm;anna@example.com"]);
        assert!(missing.contains("guest, id, in") && missing.contains("delimiter"), "{missing}");
        assert!(!missing.contains("Anna"), "a file without header starts with somebody's row");
    }
}
