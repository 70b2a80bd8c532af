//! Flushes that take longer, as on a disk that is slower than this one: a library that waits before each.
//!
//! A server over SQLite flushes by itself, so it is started with the library. PostgreSQL is started by somebody else: with
//! the library that `--flush-library` makes, and a file that says how long to wait, which is written here for a run.

use crate::place::Kind;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file that tells a PostgreSQL with the library how long to wait.
const FILE: &str = "SLOWER_FLUSH_FILE";

/// Compiles the library into a folder.
///
/// # Errors
/// Without a C compiler.
pub fn library(dir: &Path) -> Result<PathBuf, String> {
    let (source, library) = (dir.join("slow_flush.c"), dir.join("slow_flush.so"));
    std::fs::write(&source, include_str!("slow_flush.c")).map_err(|error| error.to_string())?;
    let mut compile = Command::new("cc");
    let status = compile.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    match status {
        Ok(status) if status.success() => Ok(library),
        _ => Err("no C compiler makes flushes slower".to_owned()),
    }
}

/// What a server over SQLite is started with, so that its flushes take longer.
///
/// # Errors
/// As [`library`].
pub fn environment(dir: &Path, ms: u32) -> Result<[(&'static str, OsString); 2], String> {
    Ok([("LD_PRELOAD", library(dir)?.into_os_string()), ("SLOWER_FLUSH_MS", ms.to_string().into())])
}

#[expect(
    clippy::disallowed_methods,
    reason = "says what the PostgreSQL of the tests listens to; no setting of the program"
)]
fn file() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Whether the flushes of a database can be made slower.
pub fn can_be(kind: Kind) -> bool {
    kind == Kind::Sqlite || file().is_some()
}

/// While it lives, PostgreSQL's flushes take longer.
pub struct Slowed(PathBuf);

impl Slowed {
    /// So many milliseconds.
    pub fn by(ms: u32) -> Option<Self> {
        let file = file()?;
        std::fs::write(&file, ms.to_string()).unwrap();
        Some(Self(file))
    }
}

impl Drop for Slowed {
    fn drop(&mut self) {
        std::fs::write(&self.0, "0").unwrap();
    }
}
