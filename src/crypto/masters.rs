//! The master key's file and its neighbours: the key that takes over next, and those retired.
//!
//! A rotation makes `<file>.next`, puts every stored key under it, and then lets it take the place of `<file>`, whose
//! key stays as `<file>.retired-<id>` until no backup needs it. At each step some file holds the key of each row.

use super::{CryptoError, MasterKey, fill};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the name of the next key's file ends with.
const NEXT: &str = ".next";
/// What follows the name in those of retired keys, before the key's id.
const RETIRED: &str = ".retired-";

/// What a file of a master key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MasterRole {
    /// The one that the setting names.
    Current,
    /// Made for the next rotation, or for one under way.
    Next,
    /// Kept for backups that are older than the rotation.
    Retired,
}

/// A file of a master key.
#[derive(Debug)]
pub struct MasterFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is for.
    pub role: MasterRole,
    /// What it holds.
    pub key: Result<MasterKey, CryptoError>,
}

impl MasterFile {
    /// Whether it holds the key of this id.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.key.as_ref().is_ok_and(|key| key.id() == id)
    }
}

/// The files of master keys, found by the path of the current one.
#[derive(Debug, Clone)]
pub struct MasterFiles {
    path: PathBuf,
}

impl MasterFiles {
    /// The files around `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The file that the setting names.
    #[must_use]
    pub fn current(&self) -> &Path {
        &self.path
    }

    /// The file of the key that takes over next.
    #[must_use]
    pub fn next(&self) -> PathBuf {
        self.beside(NEXT)
    }

    /// The file of a key that has been retired.
    #[must_use]
    pub fn retired(&self, id: &str) -> PathBuf {
        self.beside(&format!("{RETIRED}{id}"))
    }

    /// Every file that is there: the current one, the next, then the retired.
    #[must_use]
    pub fn all(&self) -> Vec<MasterFile> {
        let prefix = self.beside(RETIRED);
        let prefix = prefix.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
        let entries = fs::read_dir(self.directory()).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut retired: Vec<PathBuf> = entries
            .filter(|path| path.file_name().is_some_and(|name| name.as_bytes().starts_with(prefix)))
            .map(|path| path.file_name().map_or(path.clone(), |name| self.path.with_file_name(name)))
            .collect();
        retired.sort_unstable();
        let named = [(self.path.clone(), MasterRole::Current), (self.next(), MasterRole::Next)];
        let named = named.into_iter().chain(retired.into_iter().map(|path| (path, MasterRole::Retired)));
        named
            .filter_map(|(path, role)| {
                let key = MasterKey::read(&path).transpose()?;
                Some(MasterFile { path, role, key })
            })
            .collect()
    }

    /// The key of an id, in whatever file it is.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<MasterKey> {
        self.all().into_iter().filter_map(|file| file.key.ok()).find(|key| key.id() == id)
    }

    /// The keys of these ids; the current one when none is asked for.
    ///
    /// # Errors
    /// [`CryptoError::MasterKey`]: the current file cannot be used, or no file holds one of the keys.
    pub fn load(&self, needed: &[String]) -> Result<Vec<MasterKey>, CryptoError> {
        let mut keys = Vec::new();
        let mut current = None;
        for file in self.all() {
            let Ok(key) = file.key else {
                // Of the others only what is needed has to be readable: one may have been overwritten half.
                if file.role == MasterRole::Current {
                    return MasterKey::load(&self.path).map(|key| vec![key]);
                }
                continue;
            };
            if file.role == MasterRole::Current {
                current = Some(key.id().to_owned());
            }
            let wanted =
                needed.iter().any(|id| id == key.id()) || (needed.is_empty() && file.role == MasterRole::Current);
            if wanted && keys.iter().all(|known: &MasterKey| known.id() != key.id()) {
                keys.push(key);
            }
        }
        let Some(missing) = needed.iter().find(|id| keys.iter().all(|key| key.id() != **id)) else {
            return if keys.is_empty() { MasterKey::load(&self.path).map(|key| vec![key]) } else { Ok(keys) };
        };
        let shown = self.path.display();
        Err(CryptoError::MasterKey(match current {
            Some(id) => format!("{shown} holds master key {id}, but the database was sealed under {missing}"),
            None => format!("{shown} does not exist, and no file beside it holds master key {missing}"),
        }))
    }

    /// The key that takes over next, made when there is none.
    ///
    /// # Errors
    /// As [`MasterKey::load_or_create`].
    pub fn prepare(&self) -> Result<MasterKey, CryptoError> {
        MasterKey::load_or_create(&self.next())
    }

    /// Lets the next key take its place, once nothing stored is under another; true when it did.
    ///
    /// The current file gets its second name first and is replaced then, so that there is a current file at each moment.
    ///
    /// # Errors
    /// [`CryptoError::MasterKey`] when the directory cannot be written, or a file in the way holds another key.
    pub fn settle(&self, in_use: &str) -> Result<bool, CryptoError> {
        let next = self.next();
        if MasterKey::read(&next)?.is_none_or(|key| key.id() != in_use) {
            return Ok(false);
        }
        if let Some(old) = MasterKey::read(&self.path)?.filter(|key| key.id() != in_use) {
            let retired = self.retired(old.id());
            match fs::hard_link(&self.path, &retired) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if MasterKey::load(&retired)?.id() != old.id() {
                        return Err(fault(&retired, "is in the way: it holds another key"));
                    }
                }
                Err(error) => return Err(fault(&retired, format!("cannot be made: {error}"))),
                Ok(()) => {}
            }
            self.sync()?;
        }
        match fs::rename(&next, &self.path) {
            // Another process was quicker.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(fault(&next, format!("cannot be moved: {error}"))),
            Ok(()) => {}
        }
        self.sync()?;
        Ok(true)
    }

    /// Overwrites and removes every file of a retired key; gives how many there were.
    ///
    /// Also one that was overwritten half when the last attempt was cut short: its name tells it. What the medium keeps
    /// of overwritten blocks is beyond us (NIST SP 800-88r2, 2.4).
    ///
    /// # Errors
    /// [`CryptoError::MasterKey`] when a file cannot be written or removed, or the key is that of the current file.
    pub fn destroy(&self, id: &str) -> Result<usize, CryptoError> {
        let named = self.retired(id);
        let mut gone = 0;
        for file in self.all() {
            let half_gone = file.path == named && file.key.is_err();
            if !(file.holds(id) || half_gone) {
                continue;
            }
            if file.role == MasterRole::Current {
                return Err(fault(&file.path, "holds the key that is to be destroyed"));
            }
            overwrite(&file.path).map_err(|error| fault(&file.path, format!("cannot be overwritten: {error}")))?;
            fs::remove_file(&file.path).map_err(|error| fault(&file.path, format!("cannot be removed: {error}")))?;
            gone += 1;
        }
        if gone > 0 {
            self.sync()?;
        }
        Ok(gone)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().map(OsString::from).unwrap_or_default();
        name.push(suffix);
        self.path.with_file_name(name)
    }

    fn directory(&self) -> &Path {
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn sync(&self) -> Result<(), CryptoError> {
        let synced = File::open(self.directory()).and_then(|directory| directory.sync_all());
        synced.map_err(|error| fault(&self.path, format!("may not be on disk: {error}")))
    }
}

fn overwrite(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(4096);
    let mut noise = vec![0; length];
    // Without randomness zeros do as well.
    let _ = fill(&mut noise);
    file.write_all(&noise)?;
    file.sync_all()
}

fn fault(path: &Path, what: impl std::fmt::Display) -> CryptoError {
    CryptoError::MasterKey(format!("{} {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own with a current key, gone at the end.
    fn scratch() -> (tempfile::TempDir, MasterFiles, String) {
        let directory = tempfile::tempdir().unwrap();
        let files = MasterFiles::new(&directory.path().join("master.key"));
        let id = MasterKey::load_or_create(files.current()).unwrap().id().to_owned();
        (directory, files, id)
    }

    fn ids(files: &MasterFiles) -> Vec<(MasterRole, String)> {
        files.all().into_iter().map(|file| (file.role, file.key.unwrap().id().to_owned())).collect()
    }

    #[test]
    fn the_next_key_takes_its_place_and_the_old_one_stays() {
        let (_directory, files, old) = scratch();
        let next = files.prepare().unwrap().id().to_owned();
        assert_eq!(ids(&files), [(MasterRole::Current, old.clone()), (MasterRole::Next, next.clone())]);
        assert!(!files.settle(&old).unwrap(), "the next key is not in use yet");
        assert!(files.settle(&next).unwrap() && !files.settle(&next).unwrap());
        assert_eq!(ids(&files), [(MasterRole::Current, next.clone()), (MasterRole::Retired, old.clone())]);
        assert_eq!(files.find(&old).unwrap().id(), old);
        assert!(files.destroy(&next).is_err(), "the current key is not destroyed");
        assert_eq!((files.destroy(&old).unwrap(), files.destroy(&old).unwrap()), (1, 0));
        assert!(files.find(&old).is_none() && files.find(&next).is_some());
    }

    #[test]
    fn only_what_is_needed_has_to_be_there() {
        let (_directory, files, old) = scratch();
        fs::write(files.retired("damaged"), b"damaged").unwrap();
        let loaded = |needed: &[&str]| {
            let needed: Vec<String> = needed.iter().map(|&id| id.to_owned()).collect();
            files.load(&needed).map(|keys| keys.iter().map(|key| key.id().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(loaded(&[]).unwrap(), [old.as_str()]);
        assert_eq!(loaded(&[&old]).unwrap(), [old.as_str()]);
        let next = files.prepare().unwrap().id().to_owned();
        assert_eq!(loaded(&[&next]).unwrap(), [next.as_str()], "what is not needed is not kept in memory");
        assert_eq!(loaded(&[&next, &old]).unwrap().len(), 2);
        let missing = loaded(&["0123456789abcdef"]).unwrap_err().to_string();
        assert!(missing.contains(&old) && missing.contains("0123456789abcdef"), "{missing}");
        fs::remove_file(files.current()).unwrap();
        assert!(loaded(&[&old]).unwrap_err().to_string().contains("does not exist"));
        assert_eq!(loaded(&[&next]).unwrap(), [next]);
    }

    #[test]
    fn a_file_in_the_way_is_not_replaced() {
        let (_directory, files, old) = scratch();
        let next = files.prepare().unwrap().id().to_owned();
        let in_the_way = MasterKey::load_or_create(&files.retired(&old)).unwrap();
        assert!(files.settle(&next).unwrap_err().to_string().contains("is in the way"));
        assert_eq!(ids(&files)[2].1, in_the_way.id());
    }
}
