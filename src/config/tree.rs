//! The merged tree of raw values: where each came from, and what is shown of it.

use super::error::ConfigError;
use config::{Map, Value, ValueKind};
use serde::Serialize;
use std::fmt;

/// Settings that are secrets. Each has a twin `<name>_file` that names a file to read it from.
pub(super) const SECRETS: &[&str] = &["database.url", "database.direct_url", "erasure.journal", "mail.password"];

/// One setting in force, as it may be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The full name, as in `http.listen`.
    pub name: String,
    /// The value; `(set)` for a secret.
    pub value: String,
    /// The file, variable or flag it came from.
    pub origin: String,
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.origin)
    }
}

/// Every leaf of the tree, in the order of their names.
pub(super) fn effective(tree: &Map<String, Value>) -> Vec<Effective> {
    let mut found = Vec::new();
    walk("", tree, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn walk(prefix: &str, table: &Map<String, Value>, found: &mut Vec<Effective>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if let ValueKind::Table(inner) = &value.kind {
            walk(&name, inner, found);
        } else {
            let shown = if SECRETS.contains(&name.as_str()) { "(set)".to_owned() } else { shown(value) };
            found.push(Effective { name, value: shown, origin: origin(value).to_owned() });
        }
    }
}

fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The value of a dotted name.
pub(super) fn find<'a>(tree: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let value = tree.get(first)?;
    match (rest, &value.kind) {
        (None, _) => Some(value),
        (Some(rest), ValueKind::Table(inner)) => find(inner, rest),
        (Some(_), _) => None,
    }
}

/// Where a value came from; of a section, where one of its settings did.
pub(super) fn origin(value: &Value) -> &str {
    let below = match &value.kind {
        ValueKind::Table(inner) => inner.values().map(origin).next(),
        _ => None,
    };
    value.origin().or(below).unwrap_or("an empty section")
}

/// Whether it holds settings instead of being one.
pub(super) fn is_section(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Table(_))
}

/// The error that refuses a setting.
pub(super) fn refused(name: &str, value: &Value, expected: &str) -> ConfigError {
    ConfigError::Setting { name: name.to_owned(), origin: origin(value).to_owned(), expected: expected.to_owned() }
}
