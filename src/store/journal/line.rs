//! The lines of a journal that is a file.
//!
//! Text, so that an auditor can read it: `number deletion customer digest epoch erased_at checksum`. The checksum is the
//! CRC-32 of what stands before it, begun with that of the first line: a line of another journal does not fit.

use super::{Entry, Stored};
use crate::domain::{CustomerId, PublicId, Timestamp};
use std::fmt::Write;
use uuid::Uuid;

/// What the first line begins with: form and version.
const FORM: &str = "guestlog-erasures-1";
/// The longest line there can be, with room to spare.
pub(super) const MAX_BYTES: u64 = 256;

/// The first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Which journal this is.
    pub id: Uuid,
    /// The number after which the first entry comes: those below were dropped.
    pub base: u64,
}

impl Head {
    /// The line with its end.
    pub fn to_line(self) -> String {
        sealed(format!("{FORM} {} {}", self.id, self.base), 0)
    }

    /// Reads the line, which has lost its end.
    pub fn parse(line: &str) -> Option<Self> {
        let text = opened(line, 0)?;
        let mut parts = text.split(' ');
        let (form, id, base) = (parts.next()?, parts.next()?, parts.next()?);
        let head = Self { id: Uuid::try_parse(id).ok()?, base: base.parse().ok()? };
        (form == FORM && head.to_line().strip_suffix('\n') == Some(line)).then_some(head)
    }

    /// With what the checksums of its lines begin.
    pub fn seed(self) -> u32 {
        crc32fast::hash(self.id.as_bytes())
    }
}

/// An entry's line with its end.
pub(super) fn to_line(stored: &Stored, seed: u32) -> String {
    let Entry { deletion, customer, digest, epoch, erased_at } = &stored.entry;
    let mut text = format!("{} {deletion} {} ", stored.seq, customer.0);
    for byte in digest {
        // Into a text, writing does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    let _ = write!(text, " {epoch} {erased_at}");
    sealed(text, seed)
}

/// Reads an entry's line, which has lost its end.
pub(super) fn parse(line: &str, seed: u32) -> Option<Stored> {
    let text = opened(line, seed)?;
    let mut parts = text.split(' ');
    let mut next = || parts.next();
    let (seq, deletion, customer, digest) = (next()?, next()?, next()?, next()?);
    let (epoch, erased_at) = (next()?, next()?);
    let entry = Entry {
        deletion: PublicId::parse(deletion).ok()?,
        customer: CustomerId(customer.parse().ok()?),
        digest: from_hex(digest)?,
        epoch: epoch.parse().ok()?,
        erased_at: Timestamp::parse(erased_at).ok()?,
    };
    parts.next().is_none().then_some(Stored { seq: seq.parse().ok()?, entry })
}

fn sealed(mut text: String, seed: u32) -> String {
    let sum = checksum(&text, seed);
    let _ = writeln!(text, " {sum:08x}");
    text
}

fn opened(line: &str, seed: u32) -> Option<&str> {
    let (text, sum) = line.rsplit_once(' ')?;
    (sum == format!("{:08x}", checksum(text, seed))).then_some(text)
}

fn checksum(text: &str, seed: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(text.as_bytes());
    hasher.finalize()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
