//! A temporary file of sealed blocks, for what is too much for memory and must not be in the database.
//!
//! The file has no name from the moment it is made, so a crash leaves nothing. Its blocks are sealed under a key that
//! is in memory only, so that what the file system keeps of them afterwards can never be read.

use crate::crypto::{DataKey, Place, Row};
use crate::domain::CustomerId;
use crate::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes of a block, before it is sealed.
pub(super) const BLOCK_BYTES: usize = 4_096;
/// What sealing adds.
const SEAL_BYTES: usize = 29;

/// The file, and the key of its blocks.
pub(super) struct Spill {
    file: File,
    key: DataKey,
    customer: CustomerId,
    blocks: u32,
}

impl Spill {
    /// An empty one in this directory.
    pub fn open(dir: &Path, customer: CustomerId) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(dir).map_err(Error::unavailable)?;
        Ok(Self { file, key: DataKey::generate().map_err(Error::internal)?, customer, blocks: 0 })
    }

    /// Writes a whole block, and gives its number.
    pub fn write(&mut self, plain: &[u8]) -> Result<u32, Error> {
        debug_assert_eq!(plain.len(), BLOCK_BYTES);
        let number = self.blocks;
        let sealed = self.key.seal(&self.place(number), plain).map_err(Error::internal)?;
        // A full disk passes.
        self.file.write_all_at(&sealed, offset(number)).map_err(Error::unavailable)?;
        self.blocks = number.checked_add(1).ok_or_else(|| Error::internal("a temporary file of 16 TiB"))?;
        Ok(number)
    }

    /// Reads a block again.
    pub fn read(&self, number: u32) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut sealed = vec![0; BLOCK_BYTES + SEAL_BYTES];
        self.file.read_exact_at(&mut sealed, offset(number)).map_err(Error::unavailable)?;
        self.key.open(&self.place(number), &sealed).map_err(Error::internal)
    }

    fn place(&self, number: u32) -> Place {
        let row = Row::Key(number.into());
        Place { customer: self.customer, table: "reconciliations", column: "list", row, subject: None, version: 1 }
    }
}

fn offset(number: u32) -> u64 {
    u64::from(number) * (BLOCK_BYTES + SEAL_BYTES) as u64
}
