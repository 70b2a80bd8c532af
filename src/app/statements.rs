//! Supplementary statements (Article 16): what a person says beside the data, wherever the data are shown.

use super::Work;
use super::dossier::{Dossier, Words};
use super::restrictions::{dossier, note};
use crate::domain::text::{Ref, Statement as Text};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::statements::Statement as Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A statement to attach.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewStatement)]
pub struct Put {
    /// The person's words.
    pub text: Text,
}

/// A statement as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Statement {
    /// The person's words.
    pub text: String,
    /// When they were said.
    pub made_at: Timestamp,
}

/// Attaches a statement, in place of the one before.
///
/// # Errors
/// `not_found`.
pub fn put(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    put: &Put,
) -> Result<Statement, Error> {
    let dossier = dossier(work, customer, reference)?;
    let text_sealed = dossier.seal_words(Words::Statement, put.text.as_str())?;
    let row = Row { customer_id: customer, person_id: dossier.id(), text_sealed, made_at: work.now };
    store::statements::put(work.tx, &row)?;
    note(work, customer, actor, "statement.put", serde_json::json!({}))?;
    shown(&dossier, &row)
}

/// Removes a statement; removing none changes nothing.
///
/// # Errors
/// `not_found` when the person is not held.
pub fn remove(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, reference: &Ref) -> Result<(), Error> {
    let dossier = dossier(work, customer, reference)?;
    if store::statements::remove(work.tx, customer, dossier.id())? > 0 {
        note(work, customer, actor, "statement.removed", serde_json::json!({}))?;
    }
    Ok(())
}

/// A statement opened.
pub(super) fn shown(dossier: &Dossier, row: &Row) -> Result<Statement, Error> {
    let text = dossier.open_words(Words::Statement, &row.text_sealed)?;
    Ok(Statement { text, made_at: row.made_at })
}
