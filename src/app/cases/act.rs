//! What is done to a case: who asks is shown, it is extended, decided, let go.

use super::sealed::{Asked, Reasons, Sealer};
use super::show::{Case, right_of, state_of};
use super::{FILE_S, Row, carry_out, dates, letters, locked, open, show, wrong_state};
use crate::app::Work;
use crate::app::jobs::{self, Kind};
use crate::app::requests;
use crate::app::webhooks::Event;
use crate::domain::objection::Purpose;
use crate::domain::restriction;
use crate::domain::retention::DocumentHash;
use crate::domain::rights::{Channel, Decision, ExtensionGround, Ground, Method, Right, State, Verdict};
use crate::domain::text::{Reason, Ref};
use crate::domain::{CustomerId, FieldError, PersonId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::audit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Who decides where a customer has delegated the decision.
pub(super) const SERVICE: &str = "guestlog";

/// A decision, with what is needed to carry it out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecideCase)]
pub struct Deciding {
    /// What is decided.
    pub decision: Decision,
    /// Why it is not, or not wholly, as asked; the person reads it.
    pub reason: Option<Reason>,
    /// On what grounds it is not, or not wholly, as asked.
    #[serde(default)]
    #[schema(max_items = 15)]
    pub grounds: Vec<Ground>,
    /// What shows that the request is manifestly unfounded or excessive; no letter quotes it, a copy of the
    /// data does (Article 15).
    pub evidence: Option<Reason>,
    /// The letter of Article 18(1), when a restriction is placed; `a` when left out.
    pub restriction_ground: Option<restriction::Ground>,
    /// What an objection or a withdrawn consent is about; `registration`, which is all of it, when left out.
    pub purpose: Option<Purpose>,
}

impl Deciding {
    fn verdict(&self) -> Verdict {
        Verdict {
            decision: self.decision,
            grounds: self.grounds.clone(),
            reason: self.reason.clone(),
            evidence: self.evidence.clone(),
        }
    }
}

fn note(work: &mut Work<'_, '_>, row: &Row, actor: &str, action: &'static str, details: Value) -> Result<(), Error> {
    let subject = Some(row.public_id);
    let entry = audit::Entry { customer_id: row.customer_id, at: work.now, actor, action, subject, details };
    audit::insert(work.tx, &entry)?;
    Ok(())
}

/// Stores a case as it is now, and has the worker look at it.
fn keep(work: &mut Work<'_, '_>, row: &Row) -> Result<Case, Error> {
    store::cases::update(work.tx, row)?;
    jobs::queue(work, row.customer_id, Kind::Case, row.id, work.now)?;
    show::show(&mut work.view(), row)
}

/// How the customer has made sure who asks.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Verify)]
pub struct Shown {
    /// By what; the papers themselves are not kept.
    pub method: Method,
    /// The person whom the case is about.
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// Who acts for the person and by what mandate, when that was not known before.
    pub mandate: Option<Reason>,
}

/// Notes how the customer has made sure who asks, and whom the case is about.
///
/// # Errors
/// `not_found` for the case or the person; `case_state` when it is decided; invalid input for a code, which the service
/// alone sends.
pub fn verify(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    id: PublicId,
    shown: &Shown,
) -> Result<Case, Error> {
    let Shown { method, reference, mandate } = shown;
    let method = *method;
    if method == Method::Code {
        let error = FieldError::new("not_allowed", "must not be code: the service alone sends codes");
        return Err(Error::invalid(vec![error.at("/method")]));
    }
    super::hold(work, customer)?;
    let person = open::person(work, customer, reference)?;
    let mut row = locked(work, customer, id)?;
    if !state_of(&row)?.is_undecided() {
        return Err(wrong_state("The case is decided; who asks can no longer be noted."));
    }
    // Somebody else whom the address led to, or who was named by mistake, is not meant any more.
    for other in store::cases::people_of(work.tx, customer, row.id)?.into_iter().filter(|other| *other != person) {
        carry_out::take_back(work, &row, actor, other)?;
    }
    store::cases::unlink(work.tx, customer, row.id)?;
    store::cases::link(work.tx, customer, row.id, &[person])?;
    show_identity(&mut row, method, work.now)?;
    if let Some(mandate) = mandate {
        let sealer = Sealer::of_case(work.core, customer, row.id)?;
        let mut asked: Asked = sealer.open("asked_sealed", row.asked_sealed.as_deref())?;
        (asked.by_representative, asked.mandate) = (true, Some(mandate.as_str().to_owned()));
        row.asked_sealed = Some(sealer.seal("asked_sealed", &asked)?);
    }
    carry_out::until_decided(work, &row, actor)?;
    super::tell(work, &row, Event::CaseVerified)?;
    note(work, &row, actor, "case.verified", json!({"method": method}))?;
    keep(work, &row)
}

/// Notes that it was shown who asks; days of waiting end.
pub(crate) fn show_identity(row: &mut Row, method: Method, at: Timestamp) -> Result<(), Error> {
    row.verified_at = Some(at);
    row.verified_by = Some(method.number());
    row.state = State::Verified.number();
    if let Some(since) = row.waiting_since.take() {
        let days = dates::ZONE.local_date(at).signed_duration_since(dates::ZONE.local_date(since)).num_days();
        row.waited_days = row.waited_days.saturating_add(i16::try_from(days.max(0)).map_err(Error::internal)?);
    }
    Ok(())
}

/// Extends a case by two months from the day of receipt (Article 12(3)); the person is told at once.
///
/// # Errors
/// `not_found`; `case_state` when it is decided, was extended before, or the first month is over.
pub fn extend(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    id: PublicId,
    ground: ExtensionGround,
    reason: &Reason,
) -> Result<Case, Error> {
    let mut row = locked(work, customer, id)?;
    if !state_of(&row)?.is_undecided() {
        return Err(wrong_state("The case is decided; it can no longer be extended."));
    }
    if !dates::counted(&row)?.may_be_extended_on(dates::ZONE.local_date(work.now)) {
        return Err(wrong_state("A case may be extended once, within a month of its receipt."));
    }
    row.extended_at = Some(work.now);
    row.extension_ground = Some(ground.number());
    row.safe_end_at = dates::safe_end(&row)?;
    row.warned_percent = 0;
    let words = reason.as_str().to_owned();
    reasons(work, &mut row, |reasons| reasons.extension = Some(words))?;
    letters::to_person(work, &row, letters::Letter::Extended)?;
    note(work, &row, actor, "case.extended", json!({"ground": ground}))?;
    keep(work, &row)
}

/// Whether the address of a request by the form leads to anybody now: an event may have come after it.
fn is_held_by_now(work: &mut Work<'_, '_>, row: &Row, asked: &Asked) -> Result<bool, Error> {
    let may_be = row.customer_id != super::OPERATOR && row.channel == Channel::Form.number();
    Ok(may_be && !requests::people_at(work, row.customer_id, asked)?.is_empty())
}

/// Changes what was said of a decision.
pub(super) fn reasons(work: &Work<'_, '_>, row: &mut Row, change: impl FnOnce(&mut Reasons)) -> Result<(), Error> {
    let sealer = Sealer::of_case(work.core, row.customer_id, row.id)?;
    let mut reasons: Reasons = sealer.open("reasons_sealed", row.reasons_sealed.as_deref())?;
    change(&mut reasons);
    row.reasons_sealed = Some(sealer.seal("reasons_sealed", &reasons)?);
    Ok(())
}

/// Decides a case.
///
/// # Errors
/// `not_found`; `case_state` when it is decided already, when who asks is not shown yet, when a mandate is missing, when "nothing is held" would be
/// wrong, or when a part of an erasure is refused for which there is no hold; invalid input for a refusal without a
/// reason or on a ground that the right does not know; `person_restricted` when the data must be kept.
pub fn decide(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    id: PublicId,
    deciding: &Deciding,
) -> Result<Case, Error> {
    super::hold(work, customer)?;
    let row = locked(work, customer, id)?;
    let row = decided(work, row, actor, deciding)?;
    keep(work, &row)
}

/// The case, decided.
pub(super) fn decided(work: &mut Work<'_, '_>, mut row: Row, actor: &str, deciding: &Deciding) -> Result<Row, Error> {
    let (right, state) = (right_of(&row)?, state_of(&row)?);
    if !state.is_undecided() {
        return Err(wrong_state("The case is decided already."));
    }
    let faults = deciding.verdict().faults(right);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let people = store::cases::people_of(work.tx, row.customer_id, row.id)?;
    let refused = deciding.decision == Decision::Refuse;
    // Nobody's data are handed out, changed or deleted at the word of somebody unknown.
    if !refused && right != Right::Complaint && row.verified_at.is_none() && !people.is_empty() {
        return Err(wrong_state("It is not shown yet who asks; POST …/verification, or refuse as not_identified."));
    }
    if !refused {
        let sealer = Sealer::of_case(work.core, row.customer_id, row.id)?;
        let asked: Asked = sealer.open("asked_sealed", row.asked_sealed.as_deref())?;
        if asked.by_representative && asked.mandate.is_none() {
            let detail = "Somebody acts for the person; note the mandate with POST …/verification, or refuse.";
            return Err(wrong_state(detail));
        }
        if people.is_empty() && is_held_by_now(work, &row, &asked)? {
            let detail = "By now somebody with this address is held; POST …/verification with the ref, then decide.";
            return Err(wrong_state(detail));
        }
    }
    if right == Right::Erasure && deciding.decision == Decision::Partial {
        carry_out::must_be_held_back(work, &row, &people)?;
    }
    row.is_held = Some(!people.is_empty());
    row.decided_at = Some(work.now);
    row.decided_by = Some(actor.to_owned());
    row.decision = Some(deciding.decision.number());
    row.grounds = deciding.grounds.iter().map(|ground| ground.as_str()).collect::<Vec<_>>().join(",");
    let (reason, evidence) = (deciding.reason.clone(), deciding.evidence.clone());
    reasons(work, &mut row, |reasons| {
        reasons.decision = reason.map(|text| text.as_str().to_owned());
        reasons.evidence = evidence.map(|text| text.as_str().to_owned());
    })?;
    let details = json!({"decision": deciding.decision, "grounds": deciding.grounds, "right": right});
    note(work, &row, actor, "case.decided", details)?;
    super::tell(work, &row, Event::CaseDecided)?;
    if refused {
        carry_out::overrule(work, &row, actor, &people, deciding)?;
        row.state = State::Refused.number();
        row.closed_at = Some(work.now);
        letters::to_person(work, &row, letters::Letter::Decided)?;
        return Ok(row);
    }
    row.state = State::Decided.number();
    carry_out::at_once(work, &mut row, actor, &people, deciding)?;
    Ok(row)
}

/// Lets a prepared file go to the person: the second of the two steps (REQUIREMENTS L-19).
///
/// # Errors
/// `not_found`; `case_state` before the file is ready, after it was let go, and when there is none.
pub fn release(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, id: PublicId) -> Result<Case, Error> {
    let mut row = locked(work, customer, id)?;
    let_go(work, &mut row, actor)?;
    keep(work, &row)
}

pub(super) fn let_go(work: &mut Work<'_, '_>, row: &mut Row, actor: &str) -> Result<(), Error> {
    let right = right_of(row)?;
    if state_of(row)? != State::Decided || !right.has_file() {
        return Err(wrong_state("Only a decided case whose answer is a file is let go, and once."));
    }
    if row.prepared_at.is_none() {
        return Err(wrong_state("The file is not ready yet; try again in a moment."));
    }
    row.state = State::Released.number();
    row.released_at = Some(work.now);
    letters::to_person(work, row, letters::Letter::Decided)?;
    note(work, row, actor, "case.released", json!({"until": work.now.plus_seconds(FILE_S)}))
}

/// An instruction by which the service decides for the customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delegation {
    /// For which right.
    pub right: Right,
    /// SHA-256 of the signed instruction.
    pub document_sha256: DocumentHash,
    /// Since when.
    pub instructed_at: Timestamp,
}

/// Notes a customer's instruction: requests for this right are decided as asked, once it is shown who asks.
///
/// # Errors
/// Invalid input for a right that needs somebody's judgement.
pub fn delegate(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    right: Right,
    document: &DocumentHash,
) -> Result<Delegation, Error> {
    if !matches!(right, Right::Access | Right::Portability | Right::Erasure | Right::ConsentWithdrawal) {
        let detail = "must be access, portability, erasure or consent_withdrawal: the others need a judgement";
        return Err(Error::invalid(vec![FieldError::new("not_allowed", detail).at("{right}")]));
    }
    let row = store::delegations::Delegation {
        customer_id: customer,
        asked: right.number(),
        document_sha256: document.as_bytes().to_vec(),
        instructed_at: work.now,
        actor: actor.to_owned(),
    };
    store::delegations::put(work.tx, &row)?;
    let entry = audit::Entry {
        customer_id: customer,
        at: work.now,
        actor,
        action: "delegation.given",
        subject: None,
        details: json!({"right": right}),
    };
    audit::insert(work.tx, &entry)?;
    show_delegation(&row)
}

/// Ends an instruction.
///
/// # Errors
/// `not_found` when there is none for this right.
pub fn undelegate(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, right: Right) -> Result<(), Error> {
    if store::delegations::remove(work.tx, customer, right.number())? == 0 {
        return Err(Error::not_found());
    }
    let details = json!({"right": right});
    let (at, action, subject) = (work.now, "delegation.ended", None);
    audit::insert(work.tx, &audit::Entry { customer_id: customer, at, actor, action, subject, details })?;
    Ok(())
}

/// The instructions in force.
///
/// # Errors
/// When the database fails.
pub fn delegations(view: &mut crate::app::View<'_>, customer: CustomerId) -> Result<Vec<Delegation>, Error> {
    store::delegations::of_customer(view.conn, customer)?.iter().map(show_delegation).collect()
}

fn show_delegation(row: &store::delegations::Delegation) -> Result<Delegation, Error> {
    let right = Right::from_number(row.asked).ok_or_else(|| Error::internal("a right out of range"))?;
    let document = DocumentHash::from_bytes(&row.document_sha256);
    Ok(Delegation {
        right,
        document_sha256: document.ok_or_else(|| Error::internal("a document's digest of another length"))?,
        instructed_at: row.instructed_at,
    })
}

/// Decides as asked where the customer has so instructed, once it is shown who asks.
pub(super) fn decide_if_delegated(work: &mut Work<'_, '_>, row: Row) -> Result<Row, Error> {
    let is_due = state_of(&row)? == State::Verified;
    if !is_due || store::delegations::find(work.tx, row.customer_id, row.asked)?.is_none() {
        return Ok(row);
    }
    let deciding = Deciding {
        decision: Decision::Approve,
        reason: None,
        grounds: Vec::new(),
        evidence: None,
        restriction_ground: None,
        purpose: None,
    };
    decided(work, row, SERVICE, &deciding)
}

/// Whom a case is about, when anybody is held.
///
/// # Errors
/// A fault of ours when there are several: each has a case of their own.
pub(super) fn the_person(people: &[PersonId]) -> Result<Option<PersonId>, Error> {
    match people {
        [] => Ok(None),
        [person] => Ok(Some(*person)),
        _ => Err(Error::internal("a case is about several people")),
    }
}
