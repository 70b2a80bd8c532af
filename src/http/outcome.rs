//! What became of events, as the client is told.

use super::problem::Problem;
use crate::app::ingest::{self, Outcome};
use crate::domain::{EventId, VisitId};
use crate::error::Error;
use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const ALREADY_IN: &str = "already_checked_in";

/// The answer to one event.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stored {
    /// The event's id.
    #[schema(value_type = uuid::Uuid)]
    pub id: EventId,
    /// `created`; `duplicate` for the same event sent before; `erased` when the customer has deleted the person.
    pub status: &'static str,
    /// The visit that it belongs to; none while it waits for another event.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub visit_id: Option<VisitId>,
    /// `already_checked_in` when the person was in already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// What became of one event among several.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemResult {
    /// Its place among those sent, from 0.
    pub index: usize,
    /// The event's id, if it could be read.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub id: Option<EventId>,
    /// `created`, `duplicate`, `conflict`, `erased` or `rejected`.
    pub status: &'static str,
    /// The visit that it belongs to.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub visit_id: Option<VisitId>,
    /// `already_checked_in` when the person was in already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// Why it was not stored.
    pub problem: Option<Problem>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Stored now.
    pub created: usize,
    /// Stored before.
    pub duplicate: usize,
    /// Not stored: the id is taken by another event.
    pub conflict: usize,
    /// Not stored: the person has been erased.
    pub erased: usize,
    /// Not stored: not acceptable.
    pub rejected: usize,
    /// One for each event, in the order sent.
    pub results: Vec<ItemResult>,
}

impl BatchResult {
    pub(super) fn of(results: Vec<ItemResult>) -> Self {
        let count = |status: &str| results.iter().filter(|result| result.status == status).count();
        Self {
            created: count("created"),
            duplicate: count("duplicate"),
            conflict: count("conflict"),
            erased: count("erased"),
            rejected: count("rejected"),
            results,
        }
    }
}

impl ItemResult {
    /// The result of an event that was handed to the writers; `at` is the pointer to it in the body.
    pub(super) fn of(index: usize, id: EventId, outcome: Outcome, at: &str) -> Self {
        let plain = |status, visit_id, note| Self { index, id: Some(id), status, visit_id, note, problem: None };
        match outcome {
            Outcome::Created { visit_id, already_in } => plain("created", visit_id, already_in.then_some(ALREADY_IN)),
            Outcome::Duplicate { visit_id } => plain("duplicate", visit_id, None),
            Outcome::Erased => plain("erased", None, None),
            Outcome::Conflict => Self { status: "conflict", ..Self::rejected(index, Some(id), &ingest::conflict()) },
            Outcome::Rejected(error) => Self::rejected(index, Some(id), &placed(error, at)),
        }
    }

    pub(super) fn rejected(index: usize, id: Option<EventId>, error: &Error) -> Self {
        Self { index, id, status: "rejected", visit_id: None, note: None, problem: Some(Problem::from(error)) }
    }
}

/// The answer to a single event.
pub(super) fn answer_one(id: EventId, outcome: Outcome) -> Result<HttpResponse, Error> {
    match outcome {
        Outcome::Created { visit_id, already_in } => {
            let note = already_in.then_some(ALREADY_IN);
            Ok(HttpResponse::Created().insert_header(("Location", format!("/v1/events/{id}"))).json(Stored {
                id,
                status: "created",
                visit_id,
                note,
            }))
        }
        Outcome::Duplicate { visit_id } => {
            Ok(HttpResponse::Ok().json(Stored { id, status: "duplicate", visit_id, note: None }))
        }
        Outcome::Erased => Ok(HttpResponse::Ok().json(Stored { id, status: "erased", visit_id: None, note: None })),
        Outcome::Conflict => Err(ingest::conflict()),
        Outcome::Rejected(error) => Err(error),
    }
}

/// The same refusal, its pointers counted from the whole body.
fn placed(error: Error, at: &str) -> Error {
    match error {
        Error::Refused { code, detail, mut faults } => {
            for fault in &mut faults {
                fault.pointer.insert_str(0, at);
            }
            Error::Refused { code, detail, faults }
        }
        other => other,
    }
}

/// The id of an event that could not be read as a whole.
pub(super) fn id_of(bytes: &[u8]) -> Option<EventId> {
    #[derive(Deserialize)]
    struct Only {
        id: Option<EventId>,
    }
    serde_json::from_slice::<Only>(bytes).ok()?.id
}
