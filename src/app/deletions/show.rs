//! Deletions that were carried out, for the customer.

use crate::app::View;
use crate::app::page::{Ask, Page, cut};
use crate::domain::receipt::Origin;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::deletions::Deletion;
use serde::Serialize;
use utoipa::ToSchema;

/// A deletion in a list; the receipt is got by its id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeletionSummary {
    /// Its identifier, also of the receipt.
    #[schema(value_type = uuid::Uuid)]
    pub deletion_id: PublicId,
    /// What asked for it.
    pub origin: Origin,
    /// The reconciliation that asked for it.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub reconciliation_id: Option<PublicId>,
    /// When it was done.
    pub completed_at: Timestamp,
    /// How many people were to be deleted.
    pub refs: i64,
    /// How many were held, and erased.
    pub people: i64,
    /// Whether the search afterwards found nothing of them.
    pub verified: bool,
}

fn summary(row: &Deletion) -> Result<DeletionSummary, Error> {
    Ok(DeletionSummary {
        deletion_id: row.public_id,
        origin: Origin::from_number(row.origin).ok_or_else(|| Error::internal("a deletion's origin out of range"))?,
        reconciliation_id: row.reconciliation_id,
        completed_at: row.completed_at,
        refs: row.refs,
        people: row.people,
        verified: row.verified,
    })
}

/// The receipt of one deletion as it was signed, to the letter: a version that knows more fields must not add them.
///
/// # Errors
/// `not_found`.
pub(super) fn get(view: &mut View<'_>, customer: CustomerId, id: PublicId) -> Result<String, Error> {
    Ok(store::deletions::find(view.conn, customer, id)?.ok_or_else(Error::not_found)?.receipt)
}

/// A page of deletions, newest first; with `reconciliation` those that it asked for.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(
    view: &mut View<'_>,
    customer: CustomerId,
    reconciliation: Option<PublicId>,
    ask: &Ask,
) -> Result<Page<DeletionSummary>, Error> {
    let limit = ask.limit()?;
    let keyring = &view.core.keyring;
    let before = ask.position(keyring, Some(customer), "deletions")?.and_then(|text| text.parse().ok());
    let rows = store::deletions::page(view.conn, customer, reconciliation, before, limit as i64 + 1)?;
    cut(
        keyring,
        Some(customer),
        "deletions",
        limit,
        rows,
        |row| row.id.to_string(),
        |rows| rows.iter().map(summary).collect(),
    )
}
