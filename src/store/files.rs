//! Files that must be on disk, whole, and for their owner alone.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A new file that its owner alone may read; refused when there is one.
///
/// # Errors
/// Those of the operating system, with the file's name.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| named(path, &error))
}

/// Brings a file that others have written onto the disk.
///
/// # Errors
/// Those of the operating system, with the file's name.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| named(path, &error))
}

/// Brings the name of a file, made or changed just now, onto the disk.
///
/// # Errors
/// Those of the operating system, with the folder's name.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    sync(folder_of(path))
}

/// The folder that a path lies in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// SHA-256 of a file in hexadecimal digits, and its size in bytes.
///
/// # Errors
/// Those of the operating system, with the file's name.
pub fn sha256(path: &Path) -> io::Result<(String, u64)> {
    let file = File::open(path).map_err(|error| named(path, &error))?;
    copy(file, &mut io::sink()).map_err(|error| named(path, &error))
}

/// Copies everything, and tells SHA-256 and size of it.
///
/// # Errors
/// Those of either end.
pub fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<(String, u64)> {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 256 * 1_024]);
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            outcome => outcome?,
        };
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        size += read as u64;
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        // Into a text, writing does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok((digits, size))
}

/// The operating system does not say which file it means.
pub(super) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
