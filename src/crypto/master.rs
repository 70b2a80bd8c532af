//! The master key: a file of its own, outside the database and its backups.

use super::framed::{absorb, frame, keyed_digest};
use super::{CryptoError, DataKey, fill};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::Mac;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// What the file's one line begins with; the base64 of the key follows.
const HEADER: &str = "guestlog-master-key-1:";
/// The most that is read of the file; a well-formed one has 67 bytes.
const FILE_LIMIT_BYTES: u64 = 256;
/// Permission bits that let anybody but the owner in.
const OTHERS: u32 = 0o077;
/// Domain of the id.
const ID: &[u8] = b"guestlog/master-key-id/1";
/// Domain of the key that wraps customers' keys.
const WRAPPING: &[u8] = b"guestlog/master-key-wrapping/1";
/// Domain of the other keys that are derived.
const DERIVED: &[u8] = b"guestlog/master-key-derived/1";

/// The key at the top, which wraps every customer's keys (ASVS V11.1.1, V13.3.1).
///
/// Its bytes serve only to derive from; the id says which one it is without saying anything of it.
pub struct MasterKey {
    bytes: Zeroizing<[u8; 32]>,
    wrapping: DataKey,
    id: String,
}

impl MasterKey {
    /// A new random key, kept nowhere.
    ///
    /// # Errors
    /// [`CryptoError::Random`].
    pub fn generate() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(&mut *bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// Reads the key from its file.
    ///
    /// # Errors
    /// [`CryptoError::MasterKey`], naming the path: the file is missing, not a regular file, open to anybody but its
    /// owner (the mode is named), or not `guestlog-master-key-1:` and the base64 of 32 bytes on one line.
    pub fn load(path: &Path) -> Result<Self, CryptoError> {
        Self::read(path)?.ok_or_else(|| fault(path, "does not exist"))
    }

    /// Reads the key from its file, or makes a new one there, readable by its owner alone.
    ///
    /// The file appears whole or not at all, so of several processes that start at once all read the same key.
    ///
    /// # Errors
    /// As [`Self::load`]; and when the directory does not exist, cannot be written or knows no hard links.
    pub fn load_or_create(path: &Path) -> Result<Self, CryptoError> {
        if let Some(found) = Self::read(path)? {
            return Ok(found);
        }
        create(path, &Self::generate()?)?;
        Self::load(path)
    }

    /// The key that wraps customers' keys.
    #[must_use]
    pub fn data_key(&self) -> &DataKey {
        &self.wrapping
    }

    /// 16 hexadecimal digits of SHA-256 of the key under a label; may stand in logs and in the database.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A further 256-bit secret under a label, always the same one; HKDF-SHA-256 (RFC 5869).
    #[must_use]
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        expand(&self.bytes, &[DERIVED, label.as_bytes()])
    }

    fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        let mut hash = Sha256::new();
        frame(&[ID, bytes.as_slice()], |more| hash.update(more));
        let id = hash.finalize().iter().take(8).fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
        let id = format!("{id:016x}");
        let wrapping = DataKey::from_bytes(&expand(&bytes, &[WRAPPING]));
        Self { bytes, wrapping, id }
    }

    /// The key in the file; none when there is no file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CryptoError> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(fault(path, "is not a regular file")),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(path, error)),
        }
        let file = File::open(path).map_err(|error| fault(path, error))?;
        // Asked of the open file, so that it is the mode of what is read.
        let mode = file.metadata().map_err(|error| fault(path, error))?.permissions().mode() & 0o7777;
        if mode & OTHERS != 0 {
            return Err(fault(path, format_args!("has mode {mode:04o}, which lets others in; chmod 600 it")));
        }
        // Roomy from the start, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(Vec::with_capacity(1024));
        file.take(FILE_LIMIT_BYTES).read_to_end(&mut text).map_err(|error| fault(path, error))?;
        match parse(&text) {
            Some(bytes) => Ok(Some(Self::from_bytes(bytes))),
            None => Err(fault(path, format_args!("(mode {mode:04o}) is not one line of '{HEADER}' and 44 characters"))),
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// HKDF-SHA-256 to one block.
///
/// The one block of HKDF-Expand is HMAC(pseudorandom key, info | 1); written so, it has no length to refuse.
fn expand(bytes: &[u8; 32], info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let (prk, _) = Hkdf::<Sha256>::extract(None, bytes);
    let prk = Zeroizing::new(prk.into());
    Zeroizing::new(absorb(keyed_digest(&prk), info).chain_update([1]).finalize().into_bytes().into())
}

fn fault(path: &Path, what: impl Display) -> CryptoError {
    CryptoError::MasterKey(format!("{} {what}", path.display()))
}

fn parse(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let encoded = line.strip_prefix(HEADER.as_bytes())?;
    // Base64 decodes to a multiple of three.
    let mut decoded = Zeroizing::new([0; 33]);
    let length = STANDARD.decode_slice(encoded, decoded.as_mut_slice()).ok()?;
    decoded[..length].try_into().ok().map(Zeroizing::new)
}

/// Puts the key in place unless there is a file already.
fn create(path: &Path, key: &MasterKey) -> Result<(), CryptoError> {
    let name = path.file_name().ok_or_else(|| fault(path, "names no file"))?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut salt = [0; 8];
    fill(&mut salt)?;
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{:016x}", u64::from_be_bytes(salt)));
    let draft = directory.join(draft);

    write(&draft, key).map_err(|error| fault(path, format_args!("cannot be made: {error}")))?;
    let placed = place(&draft, path);
    // The draft goes in any case: it is a second name of the key, or a key that nobody uses.
    let removed = fs::remove_file(&draft).map_err(|error| fault(&draft, format_args!("cannot be removed: {error}")));
    placed.and(removed)?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| fault(path, format_args!("may not be on disk: {error}")))
}

fn write(draft: &Path, key: &MasterKey) -> std::io::Result<()> {
    let mut line = Zeroizing::new(String::with_capacity(1024));
    line.push_str(HEADER);
    STANDARD.encode_string(key.bytes.as_slice(), &mut line);
    line.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        fs::remove_file(draft)?;
    }
    written
}

/// A hard link, for it takes effect at once and never replaces what another process has put there.
fn place(draft: &Path, path: &Path) -> Result<(), CryptoError> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(fault(path, format_args!("cannot be put in place (its directory must take hard links): {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::path::PathBuf;
    use std::thread;

    /// A directory of its own, gone at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("guestlog-master-{}", uuid::Uuid::new_v4()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn key_path(&self) -> PathBuf {
            self.0.join("master.key")
        }

        fn write(&self, text: &str, mode: u32) -> PathBuf {
            fs::write(self.key_path(), text).unwrap();
            fs::set_permissions(self.key_path(), Permissions::from_mode(mode)).unwrap();
            self.key_path()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn line() -> String {
        format!("{HEADER}{}\n", STANDARD.encode([7; 32]))
    }

    fn refusal(path: &Path) -> String {
        let text = MasterKey::load(path).unwrap_err().to_string();
        assert!(text.contains(path.to_str().unwrap()), "{text}");
        assert!(!text.contains(&STANDARD.encode([7; 32])), "{text}");
        text
    }

    #[test]
    fn made_once_then_read_again() {
        let scratch = Scratch::new();
        let first = MasterKey::load_or_create(&scratch.key_path()).unwrap();
        let mode = fs::metadata(scratch.key_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 1, "no draft is left");
        let text = fs::read_to_string(scratch.key_path()).unwrap();
        assert_eq!((text.len(), text.lines().count()), (67, 1));
        assert_eq!(MasterKey::load(&scratch.key_path()).unwrap().id(), first.id());
        assert_eq!(MasterKey::load_or_create(&scratch.key_path()).unwrap().derive("x"), first.derive("x"));
    }

    #[test]
    fn those_who_race_get_the_same_key() {
        let scratch = Scratch::new();
        let path = scratch.key_path();
        let ids: Vec<String> = thread::scope(|scope| {
            let racers: Vec<_> =
                (0..16).map(|_| scope.spawn(|| MasterKey::load_or_create(&path).unwrap().id().to_owned())).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 1);
    }

    #[test]
    fn a_file_open_to_others_is_refused_with_its_mode() {
        let scratch = Scratch::new();
        for mode in [0o640, 0o604, 0o610, 0o601, 0o620, 0o602, 0o644, 0o777] {
            let path = scratch.write(&line(), mode);
            assert!(refusal(&path).contains(&format!("{mode:04o}")));
            assert!(MasterKey::load_or_create(&path).is_err());
        }
        for mode in [0o600, 0o400] {
            fs::remove_file(scratch.key_path()).unwrap();
            MasterKey::load(&scratch.write(&line(), mode)).unwrap();
        }
    }

    #[test]
    fn other_content_is_refused_and_left_alone() {
        let scratch = Scratch::new();
        let good = line();
        for text in [
            String::new(),
            "\n".to_owned(),
            good.replace("key-1", "key-2"),
            good.to_uppercase(),
            good[..good.len() - 2].to_owned(),
            good.replace('=', ""),
            format!("{good}{good}"),
            format!("{good}\n"),
            format!(" {good}"),
            format!("{HEADER}{}\n", STANDARD.encode([7; 31])),
            format!("{HEADER}{}\n", STANDARD.encode([7; 33])),
            format!("{HEADER}{}\n", STANDARD.encode([7; 300])),
        ] {
            let path = scratch.write(&text, 0o600);
            assert!(refusal(&path).contains("0600"));
            assert!(MasterKey::load_or_create(&path).is_err());
            assert_eq!(fs::read_to_string(path).unwrap(), text);
        }
        MasterKey::load(&scratch.write(good.trim_end(), 0o600)).unwrap();
    }

    #[test]
    fn missing_files_and_directories_are_refused() {
        let scratch = Scratch::new();
        assert!(refusal(&scratch.key_path()).contains("does not exist"));
        assert!(refusal(&scratch.0).contains("not a regular file"));
        assert!(MasterKey::load_or_create(&scratch.0.join("none/master.key")).is_err());
        assert!(MasterKey::load_or_create(Path::new("..")).is_err());
    }

    #[test]
    fn derived_keys_differ_by_label_and_are_hkdf() {
        let key = MasterKey::from_bytes(Zeroizing::new([7; 32]));
        assert_eq!(key.derive("pepper"), key.derive("pepper"));
        assert_ne!(key.derive("pepper"), key.derive("cursor"));
        for info in [b"".as_slice(), b"pepper"] {
            let mut framed = Vec::new();
            frame(&[DERIVED, info], |more| framed.extend_from_slice(more));
            let mut expected = [0; 32];
            Hkdf::<Sha256>::new(None, &[7; 32]).expand(&framed, &mut expected).unwrap();
            assert_eq!(*key.derive(std::str::from_utf8(info).unwrap()), expected);
        }
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let key = MasterKey::from_bytes(Zeroizing::new([7; 32]));
        // SHA-256, computed apart with Python's hashlib: stored beside every wrapped key.
        assert_eq!(key.id(), "9fc9307be95c9e6b");
        assert_eq!(format!("{key:?}"), "MasterKey { id: \"9fc9307be95c9e6b\", .. }");
    }
}
