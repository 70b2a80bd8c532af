//! Who did what to whose data, without saying whose.

use super::bulk::deletions::remember;
use super::ids;
use super::tx::Tx;
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::QueryResult;

/// What is to be remembered of an act.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Whose data it was done to; 0 is the service itself.
    pub customer_id: CustomerId,
    /// When.
    pub at: Timestamp,
    /// The public part of the key that asked for it, or `guestlog`.
    pub actor: &'a str,
    /// What was done, as `people.deleted`.
    pub action: &'static str,
    /// What it was done to: a deletion, a reconciliation, an agreement; never a person.
    pub subject: Option<PublicId>,
    /// Counts and settings; never a value of a person's.
    pub details: serde_json::Value,
}

/// An entry's row.
pub(super) struct Row {
    pub customer_id: CustomerId,
    pub id: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: &'static str,
    pub subject: Option<PublicId>,
    pub details: String,
}

/// Remembers an act, in the transaction of the act.
pub fn insert(tx: &mut Tx<'_>, entry: &Entry<'_>) -> QueryResult<usize> {
    let ids = ids::take(tx, 1)?;
    insert_all(tx, ids, std::slice::from_ref(entry))
}

/// Remembers several acts under ids that were taken for them.
pub fn insert_all(tx: &mut Tx<'_>, ids: Vec<i64>, entries: &[Entry<'_>]) -> QueryResult<usize> {
    let rows: Vec<Row> = ids.into_iter().zip(entries).map(|(id, entry)| row(id, entry)).collect();
    remember(tx, &rows)
}

fn row(id: i64, entry: &Entry<'_>) -> Row {
    Row {
        customer_id: entry.customer_id,
        id,
        at: entry.at,
        actor: entry.actor.to_owned(),
        action: entry.action,
        subject: entry.subject,
        details: entry.details.to_string(),
    }
}
