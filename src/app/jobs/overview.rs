//! What is to be done later, for whoever runs the service.

use super::super::View;
use super::Kind;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::jobs::Job;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// The most jobs that are shown.
const SHOWN: i64 = 500;

/// A job as shown.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// What is to be done.
    pub kind: String,
    /// For whom; null for the service itself.
    pub customer_id: Option<PublicId>,
    /// To what, inside the customer; 0 when the customer says it all.
    pub subject: i64,
    /// `idle` until somebody asks for it, `waiting` for its time, `due`, `running`, or `failing` when it has to be tried
    /// again.
    pub state: &'static str,
    /// When it is to run; null when it waits to be asked for, and while it runs.
    pub due_at: Option<Timestamp>,
    /// How often it has failed since it last did well.
    pub attempts: i32,
    /// When it last did well.
    pub ran_at: Option<Timestamp>,
}

/// The jobs that there are, the earliest first, at most 500.
///
/// A job is never given up: each is one that must be done, and one that fails stands here with its attempts.
///
/// # Errors
/// When the database fails.
pub fn list(view: &mut View<'_>) -> Result<Vec<Shown>, Error> {
    let kinds = Kind::ALL.map(Kind::as_str);
    let rows = store::jobs::all(view.conn, &kinds, SHOWN)?;
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.customer_id.0).collect();
    let ids: Vec<CustomerId> = ids.into_iter().map(CustomerId).collect();
    let known: HashMap<_, _> = store::notices::public_ids(view.conn, &ids)?.into_iter().collect();
    let now = view.now;
    Ok(rows.into_iter().map(|row| show(row, &known, now)).collect())
}

fn show(row: Job, known: &HashMap<CustomerId, PublicId>, now: Timestamp) -> Shown {
    let held = row.leased_to.is_some_and(|until| now < until);
    let state = match (held, row.attempts) {
        (true, 0) => "running",
        (_, 1..) => "failing",
        _ if row.due_at <= now => "due",
        _ if row.due_at >= super::never() => "idle",
        _ => "waiting",
    };
    let due_at = matches!(state, "due" | "waiting" | "failing").then_some(row.due_at);
    Shown {
        customer_id: known.get(&row.customer_id).copied(),
        kind: row.kind,
        subject: row.subject,
        state,
        due_at,
        attempts: row.attempts,
        ran_at: row.ran_at,
    }
}
