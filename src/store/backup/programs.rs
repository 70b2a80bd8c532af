//! PostgreSQL's own programs: where they are, and how they are told where to connect.

use crate::store::url::Conninfo;
use secrecy::ExposeSecret;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

/// Where Debian keeps a version's programs, out of PATH.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The most of a program's complaint that is passed on, in characters.
const LONGEST: usize = 300;

/// Why a program of PostgreSQL did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Not on this machine.
    #[error("{0} is not found; it is part of PostgreSQL's client programs (Debian: postgresql-client)")]
    Missing(&'static str),
    /// It did not start, or the connection to it broke.
    #[error("{0}: {1}")]
    System(&'static str, std::io::Error),
    /// It ended with a complaint.
    #[error("{program} failed ({status}): {said}")]
    Failed {
        /// Which.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Its last line.
        said: String,
    },
}

/// A program that is told by its arguments where to connect, and by its environment with what password: everybody on the
/// machine can read the arguments.
pub(super) fn connecting(program: &'static str, conninfo: &Conninfo) -> Command {
    let mut command = named(program);
    command.args(["--no-password", "--dbname", conninfo.without_password()]);
    if let Some(password) = conninfo.password() {
        command.env("PGPASSWORD", password.expose_secret());
    }
    command
}

/// A program with nothing said to it.
pub(super) fn named(program: &'static str) -> Command {
    let mut command = Command::new(find(program));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("LC_ALL", "C");
    command
}

/// The one in PATH where it is there, else the newest of Debian's.
fn find(program: &'static str) -> PathBuf {
    let is_in_path = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if is_in_path.is_ok_and(|status| status.success()) {
        return PathBuf::from(program);
    }
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin").join(program))))
        .filter(|(_, path): &(u32, PathBuf)| Path::is_file(path))
        .collect();
    found.sort();
    found.pop().map_or_else(|| PathBuf::from(program), |(_, path)| path)
}

pub(super) fn start(program: &'static str, command: &mut Command) -> Result<Child, ProgramError> {
    command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => ProgramError::Missing(program),
        _ => ProgramError::System(program, error),
    })
}

/// Waits for the end, and takes anything but success for a failure.
pub(super) fn finish(program: &'static str, child: Child) -> Result<(), ProgramError> {
    let Output { status, stderr, .. } =
        child.wait_with_output().map_err(|error| ProgramError::System(program, error))?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&stderr);
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
    Err(ProgramError::Failed { program, status, said: last.chars().take(LONGEST).collect() })
}
