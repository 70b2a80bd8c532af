//! Where settings come from, and how the layers become one.

use super::error::ConfigError;
use super::layer::{self, Layer};
use super::{Settings, fill, tree, typed};
use config::{Map, Value};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "GUESTLOG__";
const DEFAULT: &str = include_str!("../../config/default.toml");
const DEVELOPMENT: &str = include_str!("../../config/development.toml");
const PRODUCTION: &str = include_str!("../../config/production.toml");

/// Which set of defaults is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// A programmer's own machine.
    #[default]
    Development,
    /// A server.
    Production,
}

impl Profile {
    /// Its name, which is also that of its file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }

    fn built_in(self) -> &'static str {
        match self {
            Self::Development => DEVELOPMENT,
            Self::Production => PRODUCTION,
        }
    }
}

/// What settings are made of; the default is the built-in settings alone.
#[derive(Clone, Default)]
pub struct Sources {
    directory: Option<PathBuf>,
    profile: Profile,
    variables: Vec<(OsString, OsString)>,
    flags: Vec<(String, String)>,
}

impl fmt::Debug for Sources {
    /// Without variables and flags, for they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("directory", &self.directory)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Sources {
    /// The sources of this process: `directory` (else `GUESTLOG_CONFIG_DIR`), `GUESTLOG_PROFILE` and the environment.
    ///
    /// # Errors
    /// When `GUESTLOG_PROFILE` is neither `development` nor `production`.
    pub fn of_process(directory: Option<PathBuf>) -> Result<Self, ConfigError> {
        Self::of_variables(directory, std::env::vars_os())
    }

    /// The same, with variables given by the caller, since a test cannot set its own.
    ///
    /// # Errors
    /// As [`Sources::of_process`].
    pub fn of_variables(
        directory: Option<PathBuf>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut sources = Self { directory, ..Self::default() };
        for (name, value) in variables {
            match name.to_str() {
                Some("GUESTLOG_CONFIG_DIR") => {
                    sources.directory.get_or_insert_with(|| PathBuf::from(value));
                }
                Some("GUESTLOG_PROFILE") => sources.profile = profile(&value)?,
                _ if name.to_string_lossy().starts_with(PREFIX) => sources.variables.push((name, value)),
                _ => {}
            }
        }
        Ok(sources)
    }

    /// Sets one setting above all other sources, as a flag of the command line does.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.flags.push((name.to_owned(), value.into()));
        self
    }

    /// Merges the layers, reads secrets from their files, fills in what is derived and checks everything.
    ///
    /// # Errors
    /// When a file cannot be read, or a setting is unknown, malformed or out of bounds.
    pub fn load(self) -> Result<Settings, ConfigError> {
        let profile = self.profile;
        let files = self.files()?;
        let named = self.named()?;
        let below = layer::merge(files.iter().cloned())?;
        for (name, value) in named.entries() {
            if tree::find(&below, name).is_some_and(tree::is_section) {
                return Err(tree::refused(name, value, "expected the name of a setting; this is a section"));
            }
        }
        let given = layer::merge(files.into_iter().chain([named]))?;
        let complete = fill::complete(given)?;
        Ok(Settings { profile, effective: tree::effective(&complete), ..typed::settings(&complete)? })
    }

    /// The layers of TOML, weakest first.
    fn files(&self) -> Result<Vec<Layer>, ConfigError> {
        let name = self.profile.as_str();
        let mut layers = vec![
            Layer::of_toml(DEFAULT, Path::new("built-in default.toml"), "built-in default.toml")?,
            Layer::of_toml(self.profile.built_in(), Path::new(name), &format!("built-in {name}.toml"))?,
        ];
        let Some(directory) = &self.directory else { return Ok(layers) };
        // Read first, so that a directory that is missing or closed is told from one without files.
        std::fs::read_dir(directory).map_err(|source| ConfigError::File { path: directory.clone(), source })?;
        let before = layers.len();
        for file in ["default.toml".to_owned(), format!("{name}.toml")] {
            let path = directory.join(file);
            match std::fs::read_to_string(&path) {
                Ok(text) => layers.push(Layer::of_toml(&text, &path, &format!("file {}", path.display()))?),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::File { path, source }),
            }
        }
        if layers.len() == before {
            return Err(ConfigError::EmptyDirectory { path: directory.clone(), profile: name });
        }
        Ok(layers)
    }

    /// The layer of variables, and above it that of flags.
    fn named(self) -> Result<Layer, ConfigError> {
        let mut named = Map::new();
        for (variable, value) in self.variables {
            let shown = variable.to_string_lossy().into_owned();
            let refuse = |expected: &str| ConfigError::Variable { name: shown.clone(), expected: expected.to_owned() };
            let name = variable.to_str().and_then(setting_name);
            let name = name.ok_or_else(|| refuse("names no setting; expected GUESTLOG__SECTION__KEY in capitals"))?;
            let value = value.into_string().map_err(|_| refuse("the value is not UTF-8"))?;
            named.insert(name, Value::new(Some(&format!("environment variable {shown}")), value));
        }
        for (name, value) in self.flags {
            named.insert(name, Value::new(Some(&"command line".to_owned()), value));
        }
        Ok(Layer::new(named))
    }
}

fn profile(value: &OsString) -> Result<Profile, ConfigError> {
    match value.to_str() {
        Some("development") => Ok(Profile::Development),
        Some("production") => Ok(Profile::Production),
        _ => Err(ConfigError::Variable {
            name: "GUESTLOG_PROFILE".to_owned(),
            expected: "expected development or production".to_owned(),
        }),
    }
}

/// `http.listen` for `GUESTLOG__HTTP__LISTEN`.
fn setting_name(variable: &str) -> Option<String> {
    let parts: Vec<_> = variable.strip_prefix(PREFIX)?.split("__").collect();
    let plain = |part: &&str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    parts.iter().all(plain).then(|| parts.join(".").to_lowercase())
}
