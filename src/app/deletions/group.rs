//! Single deletions that come at the same time are carried out together: one transaction, one write to the journal.

use super::{Instruction, Subject, carry_out};
use crate::app::dossier::ref_index;
use crate::app::idempotency::{self, Token};
use crate::app::lanes::{Job, Lanes, Limits, caught};
use crate::app::{Core, Work};
use crate::domain::CustomerId;
use crate::domain::receipt::{Origin, Receipt};
use crate::domain::text::Ref;
use crate::error::Error;
use crate::store::journal::Entry;
use crate::store::locks::part_of;
use std::iter::zip;
use tokio::sync::oneshot;

/// How many go together, at most: events that arrive meanwhile wait for as long (`docs/architecture.md`).
const GROUP: usize = 50;
/// How many wait, at most.
const QUEUE: usize = 10_000;

/// A deletion and who waits for it.
struct Waiting {
    instruction: Instruction,
    token: Option<Token>,
    answer: oneshot::Sender<Result<Receipt, Error>>,
}

impl Waiting {
    fn reference(&self) -> Option<&Ref> {
        reference(&self.instruction)
    }

    fn key(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.key.as_str())
    }
}

/// The one ref of a deletion that names nobody else.
fn reference(instruction: &Instruction) -> Option<&Ref> {
    match instruction.subjects.as_slice() {
        [Subject::Ref(reference)] => Some(reference),
        _ => None,
    }
}

/// Whether a deletion goes together with others: one ref and nothing asked beside.
pub(super) fn may_join(instruction: &Instruction) -> bool {
    instruction.origin == Origin::Single
        && reference(instruction).is_some()
        && instruction.confirmation.is_none()
        && instruction.reconciliation.is_none()
        && instruction.unless_heard_since.is_none()
}

impl Job for Waiting {
    fn size(&self) -> usize {
        1
    }

    /// Of the same customer; nobody twice, for the second must find the tombstone of the first, and a retry its answer.
    fn joins(&self, group: &[Self]) -> bool {
        group.iter().all(|other| {
            other.instruction.customer == self.instruction.customer
                && other.reference() != self.reference()
                && (self.key().is_none() || other.key() != self.key())
        })
    }
}

/// The threads that carry single deletions out: each has people of its own, so that none waits for another's locks.
pub struct Deleters {
    core: Core,
    lanes: Lanes<Waiting>,
}

impl Deleters {
    pub(in crate::app) fn start(core: &Core) -> Result<Self, Error> {
        let core = core.clone();
        let limits = Limits { queued: QUEUE, group: GROUP };
        let count = if core.db.is_sqlite() { 1 } else { core.settings.database.writers };
        Ok(Self { core: core.clone(), lanes: Lanes::start("delete", count, limits, move |group| serve(&core, group))? })
    }

    /// By the part of the customer's people that the ref belongs to; of a customer not met yet it is not known.
    fn lane_of(&self, instruction: &Instruction) -> usize {
        let keys = self.core.keyring.cached(instruction.customer);
        let part = keys.zip(reference(instruction)).map(|(keys, one)| part_of(&ref_index(&keys, one.as_str())));
        usize::from(part.unwrap_or(0)) % self.lanes.count()
    }

    pub(super) async fn delete(&self, instruction: Instruction, token: Option<Token>) -> Result<Receipt, Error> {
        let (answer, outcome) = oneshot::channel();
        let lane = self.lane_of(&instruction);
        self.lanes.push(vec![(lane, Waiting { instruction, token, answer })])?;
        outcome.await.map_err(|_| Error::internal("a deletion ended without an answer"))?
    }

    /// Deletions that wait.
    pub(in crate::app) fn queued(&self) -> usize {
        self.lanes.queued()
    }

    pub(in crate::app) fn stop(&self) {
        self.lanes.stop();
    }
}

fn serve(core: &Core, group: Vec<Waiting>) {
    let asked: Vec<Asked<'_>> = group.iter().map(|job| (&job.instruction, job.token.as_ref())).collect();
    let outcomes = caught(|| together(core, &asked)).or_else(|error| match error {
        Error::Internal(why) if asked.len() > 1 => {
            tracing::warn!(deletions = asked.len(), error = %why, "deletions failed together; trying each alone");
            Ok(asked.iter().map(|(instruction, token)| caught(|| alone(core, instruction, *token))).collect())
        }
        error => Err(error),
    });
    drop(asked);
    match outcomes {
        Ok(outcomes) => {
            for (job, outcome) in zip(group, outcomes) {
                // The client may have gone; the person is deleted all the same.
                let _ = job.answer.send(outcome);
            }
        }
        Err(error) => {
            let mut error = Some(error);
            for job in group {
                let told = error.take().unwrap_or_else(|| Error::unavailable("the deletions failed together"));
                let _ = job.answer.send(Err(told));
            }
        }
    }
}

/// An instruction and the token of its request.
type Asked<'a> = (&'a Instruction, Option<&'a Token>);

/// Carries one deletion out.
pub(super) fn alone(core: &Core, instruction: &Instruction, token: Option<&Token>) -> Result<Receipt, Error> {
    together(core, &[(instruction, token)])?.pop().ok_or_else(|| Error::internal("a deletion without outcome"))?
}

/// Carries out deletions of one customer, none of which names whom another names.
fn together(core: &Core, asked: &[Asked<'_>]) -> Result<Vec<Result<Receipt, Error>>, Error> {
    let Some(&(first, _)) = asked.first() else { return Ok(Vec::new()) };
    let mut entries = Vec::new();
    let answers = core.write(|work| {
        entries.clear();
        let (answers, new) = carry_out(work, first.customer, asked)?;
        entries.extend(new);
        Ok(answers)
    })?;
    // A receipt that was kept for a retry is answered only when what went before it is in the journal as well.
    // The journal itself is being read while its erasures are repeated.
    if first.origin != Origin::Journal {
        core.erasures.note(entries)?;
    }
    let receipt = |answer: Result<Answer, Error>| {
        let receipt: Receipt = match answer? {
            Answer::New(receipt) => {
                let origin = receipt.origin.as_str();
                metrics::counter!("guestlog_people_erased_total", "origin" => origin).increment(receipt.erased.people);
                *receipt
            }
            Answer::Kept(receipt) => serde_json::from_slice(&receipt).map_err(Error::internal)?,
        };
        if receipt.signature.is_none() {
            return Err(Error::internal("something of erased people was found after the deletion"));
        }
        Ok(receipt)
    };
    Ok(answers.into_iter().map(receipt).collect())
}

/// A receipt of now, or as it was kept for a retry.
enum Answer {
    New(Box<Receipt>),
    Kept(Vec<u8>),
}

/// The answers, and what the journal is to be told.
type Carried = (Vec<Result<Answer, Error>>, Vec<Entry>);

fn carry_out(work: &mut Work<'_, '_>, customer: CustomerId, asked: &[Asked<'_>]) -> Result<Carried, Error> {
    let mut answers: Vec<Option<Result<Answer, Error>>> = Vec::with_capacity(asked.len());
    let mut new = Vec::with_capacity(asked.len());
    for (place, (instruction, token)) in asked.iter().enumerate() {
        let first = match token.map(|token| idempotency::kept(work, token)) {
            None => None,
            Some(Ok(Err(first))) => Some(first),
            Some(Ok(Ok((_, receipt)))) => {
                answers.push(Some(Ok(Answer::Kept(receipt))));
                continue;
            }
            Some(Err(error @ Error::Refused { .. })) => {
                answers.push(Some(Err(error)));
                continue;
            }
            Some(Err(error)) => return Err(error),
        };
        answers.push(None);
        new.push((place, *instruction, first));
    }
    let mut entries = Vec::new();
    if !new.is_empty() {
        let instructions: Vec<&Instruction> = new.iter().map(|(_, instruction, _)| *instruction).collect();
        for ((place, _, first), done) in zip(new, carry_out::run(work, customer, &instructions)?) {
            answers[place] = Some(match done {
                Ok(done) => {
                    if let Some(first) = first {
                        let receipt = serde_json::to_vec(&done.receipt).map_err(Error::internal)?;
                        idempotency::keep(work, first, 200, &receipt)?;
                    }
                    entries.extend(done.entries);
                    Ok(Answer::New(Box::new(done.receipt)))
                }
                Err(refused) => Err(refused),
            });
        }
    }
    let answers = answers.into_iter().map(|answer| answer.ok_or_else(|| Error::internal("a deletion without answer")));
    Ok((answers.collect::<Result<_, _>>()?, entries))
}
