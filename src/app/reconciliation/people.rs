//! The refs of all people of a customer, opened one after the other.

use crate::app::Core;
use crate::app::dossier::open_ref;
use crate::domain::{CustomerId, PersonId};
use crate::error::Error;
use crate::store;
use crate::store::roster::SealedRef;

/// How many people are read at once.
const PAGE: i64 = 2_000;

/// Looks at each person with the ref; returns how many there are.
pub(super) fn each(
    core: &Core,
    customer: CustomerId,
    mut look: impl FnMut(&SealedRef, &str) -> Result<(), Error>,
) -> Result<u64, Error> {
    let (mut after, mut held) = (PersonId(0), 0);
    loop {
        // The keys are asked for with every page: a rotation may go on meanwhile.
        let (keys, page) = core.read(|view| {
            let page = store::roster::refs_after(view.conn, customer, after, PAGE)?;
            Ok((view.customer_keys(customer)?, page))
        })?;
        let Some(last) = page.last() else { return Ok(held) };
        after = last.id;
        for row in &page {
            look(row, &open_ref(&keys, row.id, row.key_version, &row.wrapped_key, &row.ref_sealed)?)?;
        }
        held += page.len() as u64;
    }
}
