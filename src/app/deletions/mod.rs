//! Deletions: what the customer deletes in its own backend goes here too, completely, and does not come back.

mod carry_out;
mod group;
mod judgement;
mod named;
mod proof;
mod rest;
mod show;
mod tell;

pub use group::Deleters;
pub use show::{DeletionSummary, list};

use super::idempotency::Token;
use super::{App, Core};
use crate::domain::nonce::Nonce;
use crate::domain::receipt::{Origin, Receipt};
use crate::domain::text::Ref;
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use crate::error::Error;

/// The most people of one deletion: what one transaction can take while others wait.
pub const MOST: usize = 10_000;

/// Who is to be deleted.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Whom the customer calls so.
    Ref(Ref),
    /// A person found in the database.
    Person(PersonId),
    /// Whom a journalled erasure named that this database does not know.
    Journalled {
        /// Digest of the tombstone.
        digest: [u8; 32],
        /// The person with this digest, if any is there.
        person: Option<PersonId>,
        /// Which life of the ref was erased; a later one is left alone.
        epoch: i32,
        /// When it was.
        erased_at: Timestamp,
    },
}

/// What is to be deleted, and at whose word.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// Whose people: taken from the credential alone.
    pub customer: CustomerId,
    /// Id of the key that asks, or `guestlog`.
    pub actor: String,
    /// What brought it about.
    pub origin: Origin,
    /// Who; at most [`MOST`].
    pub subjects: Vec<Subject>,
    /// What the customer wants to find in the receipt.
    pub nonce: Option<Nonce>,
    /// The comparison that it is part of.
    pub reconciliation: Option<PublicId>,
    /// Spares people of whom something was heard at or after this instant.
    pub unless_heard_since: Option<Timestamp>,
    /// The token by which the customer confirms the deletion of one restricted person.
    pub confirmation: Option<String>,
}

impl Instruction {
    /// A deletion of these people at a customer's word.
    #[must_use]
    pub fn new(customer: CustomerId, actor: impl Into<String>, origin: Origin, subjects: Vec<Subject>) -> Self {
        Self {
            customer,
            actor: actor.into(),
            origin,
            subjects,
            nonce: None,
            reconciliation: None,
            unless_heard_since: None,
            confirmation: None,
        }
    }
}

impl App {
    /// Deletes people: one transaction, then a note in the journal outside the database, then the receipt.
    ///
    /// With a token, a repeated request gets the receipt of the first.
    ///
    /// # Errors
    /// `person_restricted` when the one person named is; an unavailable journal or database, after which the same
    /// request may be sent again; [`Error::Internal`] when something of the people was found after the deletion.
    pub fn delete_blocking(&self, instruction: &Instruction, token: Option<&Token>) -> Result<Receipt, Error> {
        delete(&self.0.core, instruction, token)
    }

    /// As [`App::delete_blocking`], off the threads that serve requests; one person together with others who are deleted
    /// at the same time.
    ///
    /// # Errors
    /// As [`App::delete_blocking`].
    pub async fn delete(&self, instruction: Instruction, token: Option<Token>) -> Result<Receipt, Error> {
        if group::may_join(&instruction) {
            return self.0.deleters.delete(instruction, token).await;
        }
        let app = self.clone();
        let work = move || app.delete_blocking(&instruction, token.as_ref());
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }

    /// The receipt of one deletion as it was signed; like the first answer, only when its erasures are in the journal.
    ///
    /// # Errors
    /// `not_found`; [`Error::Unavailable`] while the journal cannot be written.
    pub async fn receipt(&self, customer: CustomerId, id: PublicId) -> Result<String, Error> {
        let app = self.clone();
        let work = move || {
            app.note_owed()?;
            app.read_blocking(|view| show::get(view, customer, id))
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

pub(crate) fn delete(core: &Core, instruction: &Instruction, token: Option<&Token>) -> Result<Receipt, Error> {
    group::alone(core, instruction, token)
}
