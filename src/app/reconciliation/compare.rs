//! The comparison: who is held and not in the list, and was not heard of since the list was taken.

use super::absent::Absent;
use super::list::List;
use super::order::{Order, Part};
use super::people;
use super::sorted::{Index, Sorted};
use crate::app::Core;
use crate::domain::restriction::Ground;
use crate::domain::{CustomerId, PersonId};
use crate::error::Error;
use crate::store;
use std::collections::HashSet;

/// How many of the missing are looked at together.
const LOOKED_AT: usize = 500;

/// What a comparison found.
pub(super) struct Compared {
    /// Different refs in the list.
    pub refs: u64,
    /// People held, of all buckets.
    pub held: u64,
    /// Of them, those who are to go.
    pub absent: u64,
    /// Of these, those whose data are restricted.
    pub restricted: u64,
    /// The exclusive or of all blind indexes in the list: another list has another, whatever its order.
    pub digest: Index,
    /// Who is to go.
    pub people: Absent,
}

/// Merges the list with the people held, a first byte of the blind index after the other.
pub(super) fn compare(core: &Core, list: &List) -> Result<Compared, Error> {
    let order = &list.order;
    let held = Held::of(core, order)?;
    let people = Absent::new(&core.settings.data_dir, order.customer)?;
    let mut found = Compared { refs: 0, held: 0, absent: 0, restricted: 0, digest: [0; 32], people };
    let mut missing = Vec::with_capacity(LOOKED_AT);
    for first in 0..=u8::MAX {
        let refs = list.refs.part(first)?;
        found.refs += refs.len() as u64;
        for index in &refs {
            combine(&mut found.digest, index);
        }
        let mut refs = refs.into_iter().peekable();
        for index in held.part(core, order.customer, first, &mut found.held)? {
            while refs.next_if(|next| *next < index).is_some() {}
            if refs.peek() != Some(&index) {
                missing.push(index.to_vec());
                if missing.len() == LOOKED_AT {
                    judge(core, order, &mut missing, &mut found)?;
                }
            }
        }
    }
    judge(core, order, &mut missing, &mut found)?;
    Ok(found)
}

fn combine(digest: &mut Index, index: &Index) {
    digest.iter_mut().zip(index).for_each(|(sum, byte)| *sum ^= byte);
}

/// The people with whom the list is compared.
enum Held {
    /// Everybody, read from the database's index.
    Everybody,
    /// Those of some buckets, and how many are held in all.
    Part(Sorted, u64),
}

impl Held {
    /// A bucket is known by the ref alone, so for a part of the people every ref is opened once.
    fn of(core: &Core, order: &Order) -> Result<Self, Error> {
        let Some(part) = &order.part else { return Ok(Self::Everybody) };
        let mut chosen = Sorted::new(&core.settings.data_dir, order.customer)?;
        let held =
            people::each(core, order.customer, |row, reference| choose(&mut chosen, part, &row.ref_index, reference))?;
        Ok(Self::Part(chosen, held))
    }

    /// Those whose blind index begins with this byte, ascending; adds to the number of people held.
    fn part(&self, core: &Core, customer: CustomerId, first: u8, held: &mut u64) -> Result<Vec<Index>, Error> {
        match self {
            Self::Everybody => {
                let rows = core.read(|view| Ok(store::roster::indexes_from(view.conn, customer, first)?))?;
                *held += rows.len() as u64;
                rows.into_iter().map(|row| row.as_slice().try_into().map_err(Error::internal)).collect()
            }
            Self::Part(chosen, all) => {
                *held = *all;
                chosen.part(first)
            }
        }
    }
}

fn choose(chosen: &mut Sorted, part: &Part, index: &[u8], reference: &str) -> Result<(), Error> {
    if part.holds(reference) { chosen.add(index.try_into().map_err(Error::internal)?) } else { Ok(()) }
}

/// Leaves out who was heard of since the list was taken, and counts the others.
fn judge(core: &Core, order: &Order, missing: &mut Vec<Vec<u8>>, found: &mut Compared) -> Result<(), Error> {
    let (customer, since) = (order.customer, order.snapshot_at);
    let (quiet, restricted) = core.read(|view| {
        let mut quiet = store::roster::unchanged_since(view.conn, customer, missing, since)?;
        let heard: HashSet<PersonId> =
            store::erasure::heard_of_since(view.conn, customer, &quiet, since)?.into_iter().collect();
        quiet.retain(|person| !heard.contains(person));
        let kept = store::restrictions::of(view.conn, customer, &quiet)?;
        let kept = kept.iter().filter(|row| Ground::from_number(row.ground).is_none_or(Ground::keeps_data)).count();
        Ok((quiet, kept))
    })?;
    missing.clear();
    found.absent += quiet.len() as u64;
    found.restricted += restricted as u64;
    quiet.into_iter().try_for_each(|person| found.people.add(person))
}
