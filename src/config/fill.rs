//! What settings imply: secrets read from their files, places below the data directory.

use super::error::ConfigError;
use super::layer::{self, Layer};
use super::tree::{self, SECRETS};
use super::values::MAX_SECRET_BYTES;
use config::{Map, Value, ValueKind};
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

/// The same settings with secrets from files put in, and what depends on others filled in where it is not given.
pub(super) fn complete(given: Map<String, Value>) -> Result<Map<String, Value>, ConfigError> {
    let secrets = secrets(&given)?;
    let derived = derived(&given);
    layer::merge([derived, Layer::new(given), secrets])
}

fn secrets(given: &Map<String, Value>) -> Result<Layer, ConfigError> {
    let mut found = Map::new();
    for name in SECRETS {
        let file_name = format!("{name}_file");
        let Some(file) = tree::find(given, &file_name) else { continue };
        if let Some(direct) = tree::find(given, name) {
            let both = format!("expected one of {name} and {file_name}; the latter is set by {}", tree::origin(file));
            return Err(tree::refused(name, direct, &both));
        }
        let ValueKind::String(path) = &file.kind else {
            return Err(tree::refused(&file_name, file, "expected a path"));
        };
        let secret = secret(&file_name, file, Path::new(path))?;
        found.insert((*name).to_owned(), Value::new(Some(&format!("file {path}")), secret));
    }
    Ok(Layer::new(found))
}

/// The only line of the file, without its end.
fn secret(name: &str, value: &Value, path: &Path) -> Result<String, ConfigError> {
    let mut text = String::new();
    // One more than allowed, with room for the end of the line, shows that there is more.
    let read = File::open(path).and_then(|file| file.take(MAX_SECRET_BYTES as u64 + 3).read_to_string(&mut text));
    read.map_err(|error| tree::refused(name, value, &format!("expected a readable file in UTF-8: {error}")))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.len() > MAX_SECRET_BYTES || line.contains(char::is_control) {
        let expected = format!("expected a file with one line of 1 to {MAX_SECRET_BYTES} bytes");
        return Err(tree::refused(name, value, &expected));
    }
    Ok(line.to_owned())
}

fn derived(given: &Map<String, Value>) -> Layer {
    let mut found = Map::new();
    if let Some(Value { kind: ValueKind::String(data_dir), .. }) = given.get("data_dir") {
        let origin = "derived from data_dir".to_owned();
        if !["database.url", "database.url_file"].iter().any(|name| tree::find(given, name).is_some()) {
            let url = format!("sqlite://{data_dir}/guestlog.db");
            found.insert("database.url".to_owned(), Value::new(Some(&origin), url));
        }
        if tree::find(given, "keys.master_key_file").is_none() {
            let file = Path::new(data_dir).join("master.key").to_string_lossy().into_owned();
            found.insert("keys.master_key_file".to_owned(), Value::new(Some(&origin), file));
        }
        if tree::find(given, "mail.directory").is_none() {
            let directory = Path::new(data_dir).join("mail").to_string_lossy().into_owned();
            found.insert("mail.directory".to_owned(), Value::new(Some(&origin), directory));
        }
        if !["erasure.journal", "erasure.journal_file"].iter().any(|name| tree::find(given, name).is_some()) {
            let url = format!("file://{data_dir}/erasures.journal");
            found.insert("erasure.journal".to_owned(), Value::new(Some(&origin), url));
        }
    }
    if tree::find(given, "http.public_url").is_none()
        && let Some(Value { kind: ValueKind::String(listen), .. }) = tree::find(given, "http.listen")
        && let Ok(listen) = listen.parse::<SocketAddr>()
    {
        let scheme = if tree::find(given, "http.tls").is_some() { "https" } else { "http" };
        // Whoever listens on all addresses is reached from this machine at least.
        let host = if listen.ip().is_loopback() { listen.to_string() } else { format!("localhost:{}", listen.port()) };
        let origin = "derived from http.listen".to_owned();
        found.insert("http.public_url".to_owned(), Value::new(Some(&origin), format!("{scheme}://{host}")));
    }
    Layer::new(found)
}
