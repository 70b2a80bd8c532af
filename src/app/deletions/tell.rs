//! Telling the customer's other systems who was erased, so that they erase them as well (Article 19).

use super::named::Named;
use crate::app::Work;
use crate::app::dossier::{Dossier, ref_index};
use crate::app::webhooks::{self, Event};
use crate::crypto::CustomerKeys;
use crate::domain::receipt::Status;
use crate::domain::webhook::Topic;
use crate::domain::{CustomerId, PublicId};
use crate::error::Error;

/// The most people whom one message names.
const MOST: usize = 100;

/// Tells who was erased by which deletion; a customer whose systems do not want to know costs a look into memory.
///
/// # Errors
/// When a ref does not open, or the database fails.
pub(super) fn erased(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    keys: &CustomerKeys,
    named: &Named,
    verdicts: &[Status],
    deletions: &[Option<PublicId>],
) -> Result<(), Error> {
    if !webhooks::listens(&mut work.view(), customer, Topic::PersonErased)? {
        return Ok(());
    }
    let mut refs: Vec<Vec<String>> = vec![Vec::new(); deletions.len()];
    let erased = named.everybody.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Status::Erased);
    for (one, row) in erased.filter_map(|(one, _)| Some((one, one.row.as_ref()?))) {
        let reference = Dossier::open(keys, row.clone())?.reference()?;
        // What a hold has left of somebody erased before: that was told then, and the ref may be another's by now.
        if row.ref_index == ref_index(keys, &reference) {
            refs[one.by].push(reference);
        }
    }
    for (deletion, refs) in deletions.iter().zip(&refs).filter_map(|(deletion, refs)| Some(((*deletion)?, refs))) {
        for refs in refs.chunks(MOST) {
            webhooks::tell(work, customer, &Event::PersonErased { deletion, refs })?;
        }
    }
    Ok(())
}
