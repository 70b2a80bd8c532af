//! Bytes that stood in the rows of people, looked for in files: tens of thousands of values at once, and parts of them.

use crate::raw::Raw;
use std::collections::HashMap;
use std::path::PathBuf;

/// Bytes of a part: what is left of a value is found when it is twice as long.
const PART: usize = 16;
const WINDOW: usize = 8;

/// What stood in a column.
struct Value {
    column: usize,
    bytes: Vec<u8>,
}

/// Values to look for, by the columns that they stood in.
pub struct Remains {
    columns: Vec<String>,
    values: Vec<Value>,
    /// The first two bytes of each window, as a table.
    beginnings: Vec<bool>,
    /// Each eight bytes that begin within the first eight of a part: its value and its place in that.
    windows: HashMap<[u8; WINDOW], (usize, usize)>,
}

impl Remains {
    /// Every wrapped key, blind index, digest and sealed field in the rows of these people.
    ///
    /// # Panics
    /// When the inventory has a column of these that none of the people fills.
    pub fn of(raw: &mut Raw, people: &str) -> Self {
        let mut remains =
            Self { columns: Vec::new(), values: Vec::new(), beginnings: vec![false; 1 << 16], windows: HashMap::new() };
        let inventory: toml::Table = toml::from_str(include_str!("../../config/personal_data.toml")).unwrap();
        for (table, fields) in inventory["tables"].as_table().unwrap() {
            let fields = fields.as_table().unwrap();
            let person = if table == "people" { "id" } else { "person_id" };
            // Who is under a hold is not erased whole; `holds.rs` looks for what goes of them.
            if !fields.contains_key(person) || table == "holds" {
                continue;
            }
            let is_secret = |name: &&String| {
                name.ends_with("_sealed")
                    || name.ends_with("_index")
                    || matches!(name.as_str(), "wrapped_key" | "digest")
            };
            for column in fields.keys().filter(is_secret) {
                let values = raw.bytes(&format!(
                    "SELECT {column} AS bytes FROM {table} WHERE {person} IN ({people}) AND {column} IS NOT NULL"
                ));
                assert!(!values.is_empty(), "{table}.{column} is empty");
                remains.columns.push(format!("{table}.{column}"));
                for bytes in values {
                    remains.add(bytes);
                }
            }
        }
        assert!(remains.columns.len() >= 19, "the inventory was not understood: {:?}", remains.columns);
        remains
    }

    fn add(&mut self, bytes: Vec<u8>) {
        assert!(bytes.len() >= PART, "too short to be looked for: {}", self.columns.last().unwrap());
        for start in (0..=bytes.len() - PART).step_by(PART) {
            for at in start..start + WINDOW {
                let window: [u8; WINDOW] = bytes[at..at + WINDOW].try_into().unwrap();
                self.beginnings[usize::from(u16::from_le_bytes([window[0], window[1]]))] = true;
                self.windows.insert(window, (self.values.len(), at));
            }
        }
        self.values.push(Value { column: self.columns.len() - 1, bytes });
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// How many values are found in the files, whole or in part, by column and file.
    pub fn in_files(&self, files: &[PathBuf]) -> Found {
        let mut found = Found::default();
        for file in files {
            let Ok(hay) = std::fs::read(file) else { continue };
            let mut last = usize::MAX;
            for (place, window) in hay.chunks_exact(WINDOW).enumerate() {
                if !self.beginnings[usize::from(u16::from_le_bytes([window[0], window[1]]))] {
                    continue;
                }
                let Some(&(value, at)) = self.windows.get(window) else { continue };
                let (bytes, start) = (&self.values[value].bytes, at - at % PART);
                let Some(from) = (place * WINDOW).checked_sub(at - start) else { continue };
                if hay[from..].starts_with(&bytes[start..start + PART]) && last != value {
                    last = value;
                    let name = file.file_name().unwrap().to_string_lossy();
                    *found.0.entry(format!("{} in {name}", self.columns[self.values[value].column])).or_default() += 1;
                }
            }
        }
        found
    }
}

/// How often something was found, by where.
#[derive(Debug, Default)]
pub struct Found(std::collections::BTreeMap<String, usize>);

impl Found {
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// How much of what was found stood in such a column.
    pub fn of(&self, column: &str) -> usize {
        self.0.iter().filter(|(place, _)| place.starts_with(&format!("{column} in "))).map(|(_, count)| count).sum()
    }
}

#[test]
fn a_value_and_what_is_left_of_it_are_found_at_every_place() {
    let value: Vec<u8> = (0..3).flat_map(|_| uuid::Uuid::new_v4().into_bytes()).collect();
    let mut remains = Remains {
        columns: vec!["people.wrapped_key".to_owned()],
        values: Vec::new(),
        beginnings: vec![false; 1 << 16],
        windows: HashMap::new(),
    };
    remains.add(value.clone());
    let file = std::env::temp_dir().join(format!("remains-{}", uuid::Uuid::new_v4()));
    let found = |hay: &[u8]| {
        std::fs::write(&file, hay).unwrap();
        remains.in_files(std::slice::from_ref(&file)).of("people.wrapped_key")
    };
    for before in 0..17 {
        for part in [&value[..], &value[..31], &value[9..40], &value[17..]] {
            assert!(found(&[&vec![b'x'; before], part, b"yyyyyyyy"].concat()) > 0, "{before} {part:?}");
        }
        assert_eq!(found(&[&vec![b'x'; before], &value[..15], b"yyyyyyyyy"].concat()), 0);
    }
    std::fs::remove_file(file).unwrap();
}
