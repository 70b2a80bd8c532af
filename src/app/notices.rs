//! Notices: what a customer, or the operator, should know of and may have to act on. They hold counts, never names.

use super::page::{Ask, Page, cut};
use super::webhooks::{self, Event};
use super::{View, Work};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::notices::Notice as Row;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Whose the operator's own notices are.
const OPERATOR: CustomerId = CustomerId(0);

/// A notice as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Notice {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// What it is about.
    #[schema(example = "unusual_deletion")]
    pub kind: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Counts and instants, by name; which ones depends on the kind.
    #[schema(value_type = Object)]
    pub details: Value,
}

/// A notice as the operator sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OperatorNotice {
    /// The customer whom it concerns; null when it is about the service itself.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub customer_id: Option<PublicId>,
    /// What the customer sees, when there is one.
    #[serde(flatten)]
    pub notice: Notice,
}

/// Raises a notice: a customer's, which the operator sees too and its webhooks are told of, or with none the operator's
/// alone.
///
/// It stands when the transaction does; the line in the log and the count in the metrics are made at once, and once
/// more when the transaction runs again. `details` holds counts and instants, nothing of a person.
///
/// # Errors
/// When the database or the random generator fails.
pub(crate) fn raise(
    work: &mut Work<'_, '_>,
    customer: Option<CustomerId>,
    kind: &'static str,
    details: &Value,
) -> Result<(), Error> {
    let row = Row {
        customer_id: customer.unwrap_or(OPERATOR),
        id: store::ids::take_one(work.tx)?,
        public_id: PublicId(super::ids::new_uuid(work.now)?),
        kind: kind.to_owned(),
        raised_at: work.now,
        details: details.to_string(),
    };
    store::notices::insert(work.tx, &row)?;
    if let Some(customer) = customer {
        webhooks::tell(work, customer, &Event::NoticeRaised { notice: row.public_id, kind })?;
    }
    tracing::warn!(kind, customer = row.customer_id.0, %details, "a notice is raised");
    metrics::counter!("guestlog_notices_total", "kind" => kind).increment(1);
    Ok(())
}

/// A page of a customer's notices, newest first.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, ask: &Ask) -> Result<Page<Notice>, Error> {
    page(view, Some(customer), ask, |_, rows| rows.into_iter().map(show).collect())
}

/// A page of all notices, newest first, for the operator.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list_all(view: &mut View<'_>, ask: &Ask) -> Result<Page<OperatorNotice>, Error> {
    page(view, None, ask, |view, rows| {
        let ids: Vec<CustomerId> = rows.iter().map(|row| row.customer_id).collect();
        let known: HashMap<_, _> = store::notices::public_ids(view.conn, &ids)?.into_iter().collect();
        let with_customer = |row: Row| {
            let customer_id = known.get(&row.customer_id).copied();
            Ok(OperatorNotice { customer_id, notice: show(row)? })
        };
        rows.into_iter().map(with_customer).collect()
    })
}

fn page<T>(
    view: &mut View<'_>,
    customer: Option<CustomerId>,
    ask: &Ask,
    show: impl FnOnce(&mut View<'_>, Vec<Row>) -> Result<Vec<T>, Error>,
) -> Result<Page<T>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let before = ask.position(&keyring, customer, "notices")?.and_then(|text| text.parse().ok());
    let rows = store::notices::page(view.conn, customer, before, limit as i64 + 1)?;
    cut(&keyring, customer, "notices", limit, rows, |row| row.id.to_string(), |rows| show(view, rows))
}

fn show(row: Row) -> Result<Notice, Error> {
    let details = serde_json::from_str(&row.details).map_err(Error::internal)?;
    Ok(Notice { id: row.public_id, kind: row.kind, raised_at: row.raised_at, details })
}
