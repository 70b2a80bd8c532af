//! Finding and locking those whom instructions name.

use super::{Instruction, Subject};
use crate::app::Work;
use crate::app::dossier::{ref_index, tombstone_digest};
use crate::crypto::CustomerKeys;
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::people::Person;
use crate::store::tombstones::Tombstone;
use std::collections::{BTreeSet, HashMap};

/// Everybody named, with the places in the instructions that name them.
pub(super) struct Named {
    /// By digest, in the order of the instructions.
    pub everybody: Vec<One>,
    /// For each instruction and each of its subjects, who it is.
    pub places: Vec<Vec<usize>>,
}

/// One whom an instruction names.
pub(super) struct One {
    /// Which instruction; no other names the same.
    pub by: usize,
    /// Digest of the tombstone.
    pub digest: [u8; 32],
    /// The row, locked; none when nobody of this name is held.
    pub row: Option<Person>,
    /// The tombstone that is there already.
    pub tombstone: Option<Tombstone>,
    /// The life and the time of a journalled erasure.
    pub journalled: Option<(i32, Timestamp)>,
}

/// Takes the locks that keep these people from being made or changed, and reads their rows and tombstones.
///
/// # Errors
/// A fault of ours when two of several instructions name the same person; and when the database fails.
pub(super) fn find(
    work: &mut Work<'_, '_>,
    keys: &CustomerKeys,
    customer: CustomerId,
    instructions: &[&Instruction],
) -> Result<Named, Error> {
    let ids: Vec<PersonId> = instructions
        .iter()
        .flat_map(|instruction| &instruction.subjects)
        .filter_map(|subject| match subject {
            Subject::Person(id) | Subject::Journalled { person: Some(id), .. } => Some(*id),
            _ => None,
        })
        .collect();
    // Who only has a person's id learns the ref's index without a lock: it never changes.
    let by_id: HashMap<PersonId, Vec<u8>> =
        store::people::by_ids(work.tx, customer, &ids)?.into_iter().map(|row| (row.id, row.ref_index)).collect();
    // A person who is gone by now has no index to be found by, and nobody to be locked.
    let mut everybody: Vec<One> = Vec::new();
    let mut indexes: Vec<Vec<u8>> = Vec::new();
    let mut known: HashMap<[u8; 32], usize> = HashMap::new();
    let mut places: Vec<Vec<usize>> = Vec::with_capacity(instructions.len());
    let mut nameless = false;
    for (by, instruction) in instructions.iter().enumerate() {
        let mut own = Vec::with_capacity(instruction.subjects.len());
        for subject in &instruction.subjects {
            let (index, digest, journalled) = match subject {
                Subject::Ref(reference) => (Some(ref_index(keys, reference.as_str())), None, None),
                Subject::Person(id) => (by_id.get(id).cloned(), None, None),
                Subject::Journalled { digest, person, epoch, erased_at } => {
                    let index = person.and_then(|id| by_id.get(&id).cloned());
                    (index, Some(*digest), Some((*epoch, *erased_at)))
                }
            };
            let Some(digest) = digest.or_else(|| index.as_deref().map(|index| tombstone_digest(keys, index))) else {
                own.push(usize::MAX);
                continue;
            };
            nameless |= index.is_none();
            let place = *known.entry(digest).or_insert_with(|| {
                indexes.extend(index);
                everybody.push(One { by, digest, row: None, tombstone: None, journalled });
                everybody.len() - 1
            });
            if everybody[place].by != by {
                return Err(Error::internal("two deletions of a group name the same person"));
            }
            own.push(place);
        }
        places.push(own);
    }
    let parts: BTreeSet<u8> = if nameless {
        store::locks::all_parts().collect()
    } else {
        indexes.iter().map(|index| store::locks::part_of(index)).collect()
    };
    store::locks::hold_to_erase(work.tx, customer, parts)?;
    for row in store::people::lock_by_refs(work.tx, customer, &indexes)? {
        if let Some(&place) = known.get(&tombstone_digest(keys, &row.ref_index)) {
            everybody[place].row = Some(row);
        }
    }
    let digests: Vec<Vec<u8>> = everybody.iter().map(|one| one.digest.to_vec()).collect();
    for tombstone in store::tombstones::find(work.tx, customer, &digests)? {
        let digest: Option<[u8; 32]> = tombstone.digest.as_slice().try_into().ok();
        if let Some(&place) = digest.and_then(|digest| known.get(&digest)) {
            everybody[place].tombstone = Some(tombstone);
        }
    }
    Ok(Named { everybody, places })
}
