//! Internal ids of people to delete, between the comparison and the run, in constant memory.

use super::spill::{BLOCK_BYTES, Spill};
use crate::domain::{CustomerId, PersonId};
use crate::error::Error;
use std::path::Path;

/// Bytes of an internal id.
const ID_BYTES: usize = 8;

/// Ids in the order in which they were added.
pub(super) struct Absent {
    spill: Spill,
    buffer: Vec<u8>,
    blocks: Vec<u32>,
}

impl Absent {
    /// None, with a temporary file in this directory.
    pub fn new(dir: &Path, customer: CustomerId) -> Result<Self, Error> {
        Ok(Self { spill: Spill::open(dir, customer)?, buffer: Vec::with_capacity(BLOCK_BYTES), blocks: Vec::new() })
    }

    /// Adds one.
    pub fn add(&mut self, person: PersonId) -> Result<(), Error> {
        self.buffer.extend_from_slice(&person.0.to_be_bytes());
        if self.buffer.len() == BLOCK_BYTES {
            self.blocks.push(self.spill.write(&self.buffer)?);
            self.buffer.clear();
        }
        Ok(())
    }

    /// Hands all of them over, at most `blocks` × 512 at once.
    pub fn hand_over(
        &self,
        blocks: usize,
        mut take: impl FnMut(&[PersonId]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut ids = Vec::new();
        for some in self.blocks.chunks(blocks) {
            ids.clear();
            for number in some {
                read(&self.spill.read(*number)?, &mut ids);
            }
            take(&ids)?;
        }
        ids.clear();
        read(&self.buffer, &mut ids);
        if ids.is_empty() { Ok(()) } else { take(&ids) }
    }
}

fn read(bytes: &[u8], ids: &mut Vec<PersonId>) {
    ids.extend(bytes.as_chunks::<ID_BYTES>().0.iter().map(|id| PersonId(i64::from_be_bytes(*id))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        for count in [0, 1, 512, 513, 5_000] {
            let mut absent = Absent::new(dir.path(), CustomerId(1)).unwrap();
            (0..count).for_each(|id| absent.add(PersonId(id * 3)).unwrap());
            let mut found = Vec::new();
            let take = |ids: &[PersonId]| {
                assert!((1..=1_024).contains(&ids.len()));
                found.extend_from_slice(ids);
                Ok(())
            };
            absent.hand_over(2, take).unwrap();
            assert_eq!(found, (0..count).map(|id| PersonId(id * 3)).collect::<Vec<_>>());
        }
    }
}
