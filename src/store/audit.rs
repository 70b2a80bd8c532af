//! Who did what to whose data, without saying whose.

use super::ids;
use super::schema::audit_entries;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

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

#[derive(Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
struct NewEntry<'a> {
    customer_id: CustomerId,
    id: i64,
    at: Timestamp,
    actor: &'a str,
    action: &'static str,
    subject: Option<PublicId>,
    details: String,
}

/// Remembers an act, in the transaction of the act.
pub fn insert(tx: &mut Tx<'_>, entry: &Entry<'_>) -> QueryResult<usize> {
    let ids = ids::take(tx, 1)?;
    insert_all(tx, ids, std::slice::from_ref(entry))
}

/// Remembers several acts under ids that were taken for them; at most 4,000 at once.
pub fn insert_all(tx: &mut Tx<'_>, ids: Vec<i64>, entries: &[Entry<'_>]) -> QueryResult<usize> {
    let rows: Vec<NewEntry<'_>> = ids.into_iter().zip(entries).map(|(id, entry)| row(id, entry)).collect();
    on_each!(tx, |c| diesel::insert_into(audit_entries::table).values(&rows).execute(c))
}

fn row<'a>(id: i64, entry: &Entry<'a>) -> NewEntry<'a> {
    NewEntry {
        customer_id: entry.customer_id,
        id,
        at: entry.at,
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        details: entry.details.to_string(),
    }
}
