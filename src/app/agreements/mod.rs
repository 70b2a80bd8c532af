//! Written retention agreements: entered by the operator, and the only ground on which data go by time.

mod run;
mod visits;

pub use run::{Between, Ran, run, run_between};

use super::page::{Ask, Page, of_whole};
use super::{View, Work, customers};
use crate::domain::retention::{DocumentHash, MAX_DAYS, MAX_PARTIES, Term};
use crate::domain::text::Label;
use crate::domain::{CustomerId, Fault, FieldError, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::agreements::Agreement as Row;
use crate::store::audit;
use serde::Serialize;
use utoipa::ToSchema;

/// An agreement as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RetentionAgreement)]
pub struct Agreement {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// SHA-256 of the signed document.
    pub document_sha256: DocumentHash,
    /// Between whom it is.
    pub parties: Vec<String>,
    /// When it was signed; an unsigned one has no force.
    #[schema(required)]
    pub signed_at: Option<Timestamp>,
    /// Since when it is in force.
    pub in_force_from: Timestamp,
    /// Until when.
    #[schema(required)]
    pub in_force_until: Option<Timestamp>,
    /// People go so many days after the last that was heard of them.
    #[schema(required)]
    pub people_days: Option<u32>,
    /// Visits go so many days after they were over.
    #[schema(required)]
    pub visits_days: Option<u32>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// Whether data go by it just now.
    pub in_force: bool,
}

/// An agreement to enter.
#[derive(Debug, Clone)]
pub struct Draft {
    /// SHA-256 of the document.
    pub document: DocumentHash,
    /// Between whom it is.
    pub parties: Vec<Label>,
    /// When it was signed, and the time that it covers.
    pub term: Term,
    /// People go so many days after the last that was heard of them.
    pub people_days: Option<u32>,
    /// Visits go so many days after they were over.
    pub visits_days: Option<u32>,
}

impl Draft {
    /// What cannot be agreed on.
    fn check(&self, now: Timestamp) -> Result<(), Error> {
        let mut faults: Vec<Fault> = Vec::new();
        let mut refuse = |pointer, code, detail: String| faults.push(FieldError::new(code, detail).at(pointer));
        if !(1..=MAX_PARTIES).contains(&self.parties.len()) {
            refuse("/parties", "out_of_range", format!("must name 1 to {MAX_PARTIES} parties"));
        }
        if self.term.signed_at.is_some_and(|at| at > now) {
            refuse("/signed_at", "out_of_range", "must not lie ahead".to_owned());
        }
        if self.term.until.is_some_and(|until| until <= self.term.from) {
            refuse("/in_force_until", "out_of_range", "must lie after in_force_from".to_owned());
        }
        for (pointer, days) in [("/people_days", self.people_days), ("/visits_days", self.visits_days)] {
            if days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
                refuse(pointer, "out_of_range", format!("must be from 1 to {MAX_DAYS}"));
            }
        }
        if self.people_days.is_none() && self.visits_days.is_none() {
            refuse("/people_days", "missing", "or visits_days must be given".to_owned());
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

/// Enters an agreement.
///
/// # Errors
/// `not_found` for the customer; invalid input for what cannot be agreed on.
pub fn enter(work: &mut Work<'_, '_>, actor: &str, customer: PublicId, draft: &Draft) -> Result<Agreement, Error> {
    draft.check(work.now)?;
    let customer = customers::internal_id(&mut work.view(), customer)?;
    let days = |days: Option<u32>| days.map(i32::try_from).transpose().map_err(Error::internal);
    let row = Row {
        customer_id: customer,
        id: store::ids::take_one(work.tx)?,
        public_id: PublicId(super::ids::new_uuid(work.now)?),
        document_sha256: draft.document.as_bytes().to_vec(),
        parties: serde_json::to_string(&draft.parties).map_err(Error::internal)?,
        signed_at: draft.term.signed_at,
        in_force_from: draft.term.from,
        in_force_until: draft.term.until,
        people_days: days(draft.people_days)?,
        visits_days: days(draft.visits_days)?,
        created_at: work.now,
    };
    store::agreements::insert(work.tx, &row)?;
    note(work, actor, "agreement.entered", &row)?;
    show(&row, work.now)
}

/// Remembers who entered or ended an agreement, with its terms and without its parties.
fn note(work: &mut Work<'_, '_>, actor: &str, action: &'static str, row: &Row) -> Result<(), Error> {
    let entry = audit::Entry {
        customer_id: row.customer_id,
        at: work.now,
        actor,
        action,
        subject: Some(row.public_id),
        details: serde_json::json!({
            "signed": row.signed_at.is_some(),
            "in_force_from": row.in_force_from,
            "in_force_until": row.in_force_until,
            "people_days": row.people_days,
            "visits_days": row.visits_days,
        }),
    };
    audit::insert(work.tx, &entry)?;
    Ok(())
}

fn show(row: &Row, now: Timestamp) -> Result<Agreement, Error> {
    let document = DocumentHash::from_bytes(&row.document_sha256);
    let days = |days: Option<i32>| days.map(u32::try_from).transpose().map_err(Error::internal);
    Ok(Agreement {
        id: row.public_id,
        document_sha256: document.ok_or_else(|| Error::internal("a document's digest of another length"))?,
        parties: serde_json::from_str(&row.parties).map_err(Error::internal)?,
        signed_at: row.signed_at,
        in_force_from: row.in_force_from,
        in_force_until: row.in_force_until,
        people_days: days(row.people_days)?,
        visits_days: days(row.visits_days)?,
        created_at: row.created_at,
        in_force: term(row).in_force(now),
    })
}

fn term(row: &Row) -> Term {
    Term { signed_at: row.signed_at, from: row.in_force_from, until: row.in_force_until }
}

fn row(view: &mut View<'_>, customer: PublicId, id: PublicId) -> Result<Row, Error> {
    let customer = customers::internal_id(view, customer)?;
    store::agreements::find(view.conn, customer, id)?.ok_or_else(Error::not_found)
}

/// One agreement.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, customer: PublicId, id: PublicId) -> Result<Agreement, Error> {
    show(&row(view, customer, id)?, view.now)
}

/// A page of a customer's agreements, in the order in which they were entered.
///
/// # Errors
/// `not_found` for the customer; invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: PublicId, ask: &Ask) -> Result<Page<Agreement>, Error> {
    let customer = customers::internal_id(view, customer)?;
    let rows = store::agreements::of_customer(view.conn, customer)?;
    let shown = rows.iter().map(|row| show(row, view.now)).collect::<Result<Vec<_>, _>>()?;
    of_whole(&view.core.keyring, Some(customer), "agreements", ask, shown)
}

/// Ends an agreement now; one that is over already stays as it is.
///
/// # Errors
/// `not_found`.
pub fn end(work: &mut Work<'_, '_>, actor: &str, customer: PublicId, id: PublicId) -> Result<Agreement, Error> {
    let mut row = row(&mut work.view(), customer, id)?;
    if row.in_force_until.is_none_or(|until| until > work.now) {
        store::agreements::end(work.tx, row.customer_id, row.id, work.now)?;
        row.in_force_until = Some(work.now);
        note(work, actor, "agreement.ended", &row)?;
    }
    show(&row, work.now)
}

/// For how long a kind of data is kept, and by which agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    agreement: PublicId,
    days: u32,
}

/// What is in force for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Force {
    people: Option<Kept>,
    visits: Option<Kept>,
}

/// Of several agreements in force the longest time counts, so that entering one never makes another delete more.
fn force(view: &mut View<'_>, customer: CustomerId) -> Result<Force, Error> {
    let now = view.now;
    let rows = store::agreements::of_customer(view.conn, customer)?;
    let longest = |days: &dyn Fn(&Row) -> Option<i32>| {
        let kept = rows.iter().filter(|row| term(row).in_force(now)).filter_map(|row| {
            let days = days(row).and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0)?;
            Some(Kept { agreement: row.public_id, days })
        });
        kept.max_by_key(|kept| kept.days)
    };
    Ok(Force { people: longest(&|row| row.people_days), visits: longest(&|row| row.visits_days) })
}
