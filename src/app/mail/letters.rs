//! Mails that wait or were given up, for whoever runs the service: which, since when and why, not to whom or what.

use super::super::jobs::{self, Kind};
use super::super::{View, Work};
use super::TRIED_S;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::mails::{GIVEN_UP, Mail as MailRow, WAITING};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// The most mails of each state that are shown, or tried again, together.
const SHOWN: i64 = 500;

/// A mail as shown.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// Its identifier.
    pub id: PublicId,
    /// The customer on whose behalf it is; null for the service itself.
    pub customer_id: Option<PublicId>,
    /// What it is for.
    pub kind: String,
    /// `waiting` or `given_up`.
    pub state: &'static str,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it is tried next; null when it was given up.
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Whether it can be tried again; what it said is kept for a week, and not at all once it came too late.
    pub can_retry: bool,
}

/// The mails that wait and those that were given up, at most 500 of each.
///
/// # Errors
/// When the database fails.
pub fn list(view: &mut View<'_>) -> Result<Vec<Shown>, Error> {
    let mut rows = store::mails::all_in(view.conn, WAITING, SHOWN)?;
    rows.extend(store::mails::all_in(view.conn, GIVEN_UP, SHOWN)?);
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.customer_id.0).collect();
    let ids: Vec<CustomerId> = ids.into_iter().map(CustomerId).collect();
    let known: HashMap<_, _> = store::notices::public_ids(view.conn, &ids)?.into_iter().collect();
    Ok(rows.into_iter().map(|row| show(row, &known)).collect())
}

fn show(row: MailRow, known: &HashMap<CustomerId, PublicId>) -> Shown {
    let waits = row.state == WAITING;
    Shown {
        id: row.public_id,
        customer_id: known.get(&row.customer_id).copied(),
        kind: row.kind,
        state: if waits { "waiting" } else { "given_up" },
        created_at: row.created_at,
        due_at: waits.then_some(row.due_at),
        attempts: row.attempts,
        last_error: row.last_error,
        can_retry: !waits && row.content_sealed.is_some(),
    }
}

/// Has mails that were given up tried again, for three days anew: one, or with none all of them; how many.
///
/// # Errors
/// `not_found` when the one is not there, or can't be tried any more.
pub fn retry(work: &mut Work<'_, '_>, id: Option<PublicId>) -> Result<usize, Error> {
    let (now, give_up_at) = (work.now, work.now.plus_seconds(TRIED_S));
    let rows = store::mails::all_in(work.tx, GIVEN_UP, SHOWN)?;
    let wanted: Vec<MailRow> = rows
        .into_iter()
        .filter(|row| row.content_sealed.is_some() && id.is_none_or(|id| row.public_id == id))
        .collect();
    if id.is_some() && wanted.is_empty() {
        return Err(Error::not_found());
    }
    for row in &wanted {
        store::mails::revive(work.tx, row, now, give_up_at)?;
    }
    work.core.mail.open();
    let customers: BTreeSet<i64> = wanted.iter().map(|row| row.customer_id.0).collect();
    let due =
        customers.into_iter().map(|id| jobs::Due { customer: CustomerId(id), kind: Kind::Mail, subject: 0, at: now });
    jobs::queue_all(work, due)?;
    Ok(wanted.len())
}
