//! Why settings are refused, said without repeating a value, for it may be a secret.

use std::path::PathBuf;

/// Why the settings cannot be used; the message names the setting, its source and what is expected.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A setting is unknown, missing, malformed or out of bounds.
    #[error("setting {name} ({origin}): {expected}")]
    Setting {
        /// The full name, as in `http.listen`.
        name: String,
        /// The file, variable or flag it came from.
        origin: String,
        /// What is expected in its place.
        expected: String,
    },
    /// An environment variable of ours names nothing, or cannot be read.
    #[error("environment variable {name}: {expected}")]
    Variable {
        /// The name of the variable.
        name: String,
        /// What is expected in its place.
        expected: String,
    },
    /// A file is not TOML.
    #[error("{}, line {line}, column {column}: not valid TOML: {detail}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What the reader of TOML expected.
        detail: String,
    },
    /// A file or the directory cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The directory holds none of the files that are looked for.
    #[error("{}: holds neither default.toml nor {profile}.toml", path.display())]
    EmptyDirectory {
        /// The directory.
        path: PathBuf,
        /// The profile that was chosen.
        profile: &'static str,
    },
}
