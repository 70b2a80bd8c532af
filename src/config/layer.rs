//! The values of one source, and how layers merge.

use super::error::ConfigError;
use config::{Config, Map, Source, Value, ValueKind};
use std::fmt;
use std::path::Path;

/// The values of one source by their names, dotted or nested.
#[derive(Clone)]
pub(super) struct Layer(Map<String, Value>);

impl fmt::Debug for Layer {
    /// Without the values, for they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.0.len())
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

impl Layer {
    /// A layer of these values.
    pub(super) fn new(values: Map<String, Value>) -> Self {
        Self(values)
    }

    /// The values with their names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Reads TOML itself, since the error of the `config` crate repeats the line, which may hold a secret.
    pub(super) fn of_toml(text: &str, path: &Path, origin: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            ConfigError::Syntax {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1,
                detail: error.message().to_owned(),
            }
        })?;
        Ok(Self(nested(table, origin)))
    }
}

fn nested(table: toml::Table, origin: &str) -> Map<String, Value> {
    table.into_iter().map(|(key, item)| (key, value(item, origin))).collect()
}

fn value(item: toml::Value, origin: &str) -> Value {
    let kind = match item {
        toml::Value::String(text) => ValueKind::String(text),
        toml::Value::Integer(number) => ValueKind::I64(number),
        toml::Value::Float(number) => ValueKind::Float(number),
        toml::Value::Boolean(flag) => ValueKind::Boolean(flag),
        toml::Value::Datetime(instant) => ValueKind::String(instant.to_string()),
        toml::Value::Array(items) => ValueKind::Array(items.into_iter().map(|item| value(item, origin)).collect()),
        toml::Value::Table(table) => ValueKind::Table(nested(table, origin)),
    };
    Value::new(Some(&origin.to_owned()), kind)
}

/// Merges layers, weakest first.
pub(super) fn merge(layers: impl IntoIterator<Item = Layer>) -> Result<Map<String, Value>, ConfigError> {
    let mut builder = Config::builder();
    for layer in layers {
        builder = builder.add_source(layer);
    }
    let merged = builder.build().and_then(|config| config.cache.into_table());
    merged.map_err(|_| ConfigError::Setting {
        name: "(root)".to_owned(),
        origin: "all sources".to_owned(),
        expected: "expected sections of settings".to_owned(),
    })
}
