//! The disk, the files of keys and certificates, and who may read them.

use super::finding::Finding;
use crate::config::Settings;
use crate::crypto::MasterKey;
use crate::http::tls::Certificate;
use rustix::fs::Access;
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Below this a write may fail at any moment.
const FAULT_BYTES: u64 = 256 * MEBIBYTE;
/// Below this it is time to make room.
const WARNING_BYTES: u64 = 1_024 * MEBIBYTE;
const MEBIBYTE: u64 = 1_048_576;
/// Permission bits that let anybody but the owner write.
const OTHERS_WRITE: u32 = 0o022;

/// Directory, disk, key and certificate.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut found = vec![directory(&settings.data_dir), space(&settings.data_dir)];
    found.push(master_key(&settings.keys.master_key_file));
    found.extend(drafts(&settings.keys.master_key_file));
    if let Some(files) = &settings.http.tls {
        found.push(match Certificate::load(files) {
            Ok(_) => Finding::ok("tls", "certificate and key can be read and belong together"),
            Err(error) => {
                Finding::fault("tls", error.to_string(), "correct the files or the settings; the start is refused")
            }
        });
    }
    found
}

/// The permission bits of a file.
pub(super) fn mode(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}

fn directory(path: &Path) -> Finding {
    let (check, shown) = ("data_dir", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let above = existing(path);
            match writable(&above) {
                Ok(()) => Finding::ok(check, format!("{shown} does not exist yet; the first start makes it")),
                Err(error) => Finding::fault(
                    check,
                    format!("{shown} does not exist and cannot be made in {}: {error}", above.display()),
                    "make it, for this user to write, or set data_dir to another",
                ),
            }
        }
        Err(error) => Finding::fault(check, format!("{shown}: {error}"), "give this user the right to read it"),
        Ok(found) if !found.is_dir() => {
            Finding::fault(check, format!("{shown} is not a directory"), "set data_dir to a directory")
        }
        Ok(_) if writable(path).is_err() => {
            Finding::fault(check, format!("{shown} cannot be written"), "give this user the right to write there")
        }
        Ok(found) if mode(&found) & OTHERS_WRITE != 0 => Finding::warning(
            check,
            format!("{shown} has mode {:04o}: others could put files in the place of ours", mode(&found)),
            format!("chmod go-w {shown}"),
        ),
        Ok(_) => Finding::ok(check, shown.to_string()),
    }
}

/// Whether this user may make files there, on a file system that takes any.
fn writable(directory: &Path) -> rustix::io::Result<()> {
    rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK)
}

/// The room where the data are, or would be.
fn space(data_dir: &Path) -> Finding {
    let (check, there) = ("disk", existing(data_dir));
    let free = match rustix::fs::statvfs(&there) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            return Finding::warning(check, format!("{}: {error}", there.display()), "look at the disk by hand");
        }
    };
    let detail = format!("{} MiB free at {}", free / MEBIBYTE, there.display());
    if free < FAULT_BYTES {
        Finding::fault(check, detail, format!("make room: below {} MiB a write may fail", FAULT_BYTES / MEBIBYTE))
    } else if free < WARNING_BYTES {
        Finding::warning(check, detail, "make room soon")
    } else {
        Finding::ok(check, detail)
    }
}

/// The nearest directory above that exists.
fn existing(path: &Path) -> PathBuf {
    let above = path.ancestors().find(|path| path.is_dir());
    above.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}

/// Whether it can be used; whether it is the database's is asked of the database.
fn master_key(path: &Path) -> Finding {
    let check = "master key";
    if matches!(path.try_exists(), Ok(false)) {
        let detail = format!("{} does not exist yet; the first start with an empty database makes it", path.display());
        return Finding::ok(check, detail);
    }
    match MasterKey::load(path) {
        Ok(key) => Finding::ok(check, format!("{} holds master key {}, for its owner alone", path.display(), key.id())),
        Err(error) => Finding::fault(
            check,
            error.to_string(),
            "make it a file of mode 0600 that belongs to the service's user; restore it from its own copy if it is damaged",
        ),
    }
}

/// A start that was killed while it made the key may leave a second name of it behind.
fn drafts(key: &Path) -> Vec<Finding> {
    let (Some(directory), Some(name)) = (key.parent(), key.file_name()) else { return Vec::new() };
    let prefix = format!(".{}.", name.to_string_lossy());
    let entries = std::fs::read_dir(if directory.as_os_str().is_empty() { Path::new(".") } else { directory });
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let left_over =
        names.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)));
    left_over
        .map(|path| {
            let detail = format!(
                "{} is left over from a start that was cut short, and may be a copy of the key",
                path.display()
            );
            Finding::warning("master key", detail, "remove it when no guestlog is starting just now")
        })
        .collect()
}
