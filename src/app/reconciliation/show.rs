//! Comparisons, for the customer.

use crate::app::View;
use crate::app::page::{Ask, Page, cut};
use crate::domain::reconciliation::State;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::reconciliations::Reconciliation as Row;
use serde::Serialize;
use utoipa::ToSchema;

/// A comparison as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub struct Report {
    /// Its identifier; the deletions that it asks for carry it.
    #[schema(value_type = uuid::Uuid)]
    pub reconciliation_id: PublicId,
    /// How far it has come.
    pub state: State,
    /// Whether it only counts.
    pub dry_run: bool,
    /// When the list was taken.
    pub snapshot_at: Timestamp,
    /// When the list had arrived.
    pub started_at: Timestamp,
    /// When all was done.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
    /// Different refs in the list.
    pub refs: i64,
    /// People who were held.
    pub held: i64,
    /// People who were held, not in the list, and not heard of since it was taken.
    pub absent: i64,
    /// Of these, erased so far.
    pub erased: i64,
    /// Of these, spared because something was heard of them before their turn came.
    pub changed: i64,
    /// Of these, spared because their data are under restriction; in a dry run, those who would be.
    pub restricted: i64,
}

impl Report {
    pub(super) fn of(row: &Row) -> Result<Self, Error> {
        let state =
            State::from_number(row.state).ok_or_else(|| Error::internal("a comparison's state out of range"))?;
        Ok(Self {
            reconciliation_id: row.public_id,
            state,
            dry_run: row.dry_run,
            snapshot_at: row.snapshot_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            refs: row.refs,
            held: row.held,
            absent: row.absent,
            erased: row.erased,
            changed: row.changed,
            restricted: row.restricted,
        })
    }
}

/// One comparison.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, customer: CustomerId, id: PublicId) -> Result<Report, Error> {
    Report::of(&store::reconciliations::find(view.conn, customer, id)?.ok_or_else(Error::not_found)?)
}

/// A page of comparisons, newest first.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, ask: &Ask) -> Result<Page<Report>, Error> {
    let limit = ask.limit()?;
    let keyring = &view.core.keyring;
    let before = ask.position(keyring, Some(customer), "reconciliations")?.and_then(|text| text.parse().ok());
    let rows = store::reconciliations::page(view.conn, customer, before, limit as i64 + 1)?;
    cut(
        keyring,
        Some(customer),
        "reconciliations",
        limit,
        rows,
        |row| row.id.to_string(),
        |rows| rows.iter().map(Report::of).collect(),
    )
}
