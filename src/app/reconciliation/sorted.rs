//! A set of blind indexes that is sorted in constant memory.

use super::spill::{BLOCK_BYTES, Spill};
use crate::domain::CustomerId;
use crate::error::Error;
use std::path::Path;

/// Bytes of a blind index.
const INDEX_BYTES: usize = 32;

/// A blind index.
pub(super) type Index = [u8; INDEX_BYTES];

/// Blind indexes, divided by their first byte into 256 parts, each sorted when it is read.
///
/// They are keyed digests, so the parts are of one size: of a million 4,000 each, 125 KiB. Each has a block in memory,
/// one mebibyte in all, and the rest in a temporary file: the list never is in the database, whose files keep what was
/// deleted for a while, and nothing of it outlives the comparison.
pub(super) struct Sorted {
    spill: Spill,
    parts: Vec<Part>,
    added: u64,
}

#[derive(Default)]
struct Part {
    buffer: Vec<u8>,
    blocks: Vec<u32>,
}

impl Sorted {
    /// An empty set, with its file in this directory.
    pub fn new(dir: &Path, customer: CustomerId) -> Result<Self, Error> {
        let parts = (0..=u8::MAX).map(|_| Part::default()).collect();
        Ok(Self { spill: Spill::open(dir, customer)?, parts, added: 0 })
    }

    /// How many were added, the same one twice included.
    pub fn added(&self) -> u64 {
        self.added
    }

    /// Adds one.
    pub fn add(&mut self, index: &Index) -> Result<(), Error> {
        let part = &mut self.parts[usize::from(index[0])];
        part.buffer.extend_from_slice(index);
        self.added += 1;
        if part.buffer.len() == BLOCK_BYTES {
            part.blocks.push(self.spill.write(&part.buffer)?);
            part.buffer.clear();
        }
        Ok(())
    }

    /// All that begin with this byte, ascending, each once.
    pub fn part(&self, first: u8) -> Result<Vec<Index>, Error> {
        let part = &self.parts[usize::from(first)];
        let mut all = Vec::with_capacity((part.blocks.len() * BLOCK_BYTES + part.buffer.len()) / INDEX_BYTES);
        for number in &part.blocks {
            all.extend_from_slice(self.spill.read(*number)?.as_chunks().0);
        }
        all.extend_from_slice(part.buffer.as_chunks().0);
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_comes_back_sorted_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut set = Sorted::new(dir.path(), CustomerId(1)).unwrap();
        let mut expected = std::collections::BTreeSet::new();
        for n in 0_u32..70_000 {
            let mut index = [0; 32];
            // Few first bytes, so that blocks are written; every seventh comes twice.
            index[..4].copy_from_slice(&((n - n % 7 % 2).wrapping_mul(2_654_435_761) & 0x07ff_ffff).to_be_bytes());
            set.add(&index).unwrap();
            expected.insert(index);
        }
        let found: Vec<Index> = (0..=u8::MAX).flat_map(|first| set.part(first).unwrap()).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        assert!(found.len() < 70_000 && set.added() == 70_000);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the file has no name");
    }
}
