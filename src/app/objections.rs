//! Objection and withdrawal of consent (Articles 21 and 7(3)): in force with the transaction that stores them.

use super::dossier::{Dossier, Words};
use super::restrictions::{self, dossier, note};
use super::webhooks::{self, Event};
use super::{View, Work, notices};
use crate::domain::objection::{Claim, Consequence, Purpose, State, consequence, is_absolute};
use crate::domain::restriction::Ground;
use crate::domain::text::{Reason, Ref};
use crate::domain::{CustomerId, FieldError, PersonId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::objections::Objection as Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What a person said of a purpose, or what was decided on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewObjection)]
pub struct Put {
    /// An objection, which is what is meant when it is left out, or the withdrawal of a consent.
    pub claim: Option<Claim>,
    /// Not decided, when it is left out. Nobody can refuse an objection to marketing or a withdrawal: they are upheld.
    pub state: Option<State>,
    /// The compelling grounds on which it is refused; with a withdrawal, the other ground on which the data are kept.
    pub grounds: Option<Reason>,
}

/// An objection as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Objection {
    /// Which processing it stops.
    pub purpose: Purpose,
    /// An objection or the withdrawal of a consent.
    pub claim: Claim,
    /// Whether it is decided, and how.
    pub state: State,
    /// The grounds that were given.
    pub grounds: Option<String>,
    /// Since when.
    pub received_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Whether the customer has to erase the person now (Article 17(1)(b) and (c)).
    pub erasure_due: bool,
}

/// Stores an objection or what was decided on it; the processing stops with this transaction, or goes on.
///
/// # Errors
/// `not_found`; `objection_absolute`; `invalid_input` when a refusal states no grounds.
pub fn put(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    purpose: Purpose,
    put: &Put,
) -> Result<Objection, Error> {
    let claim = put.claim.unwrap_or(Claim::Objection);
    let state = decided(purpose, claim, put)?;
    let dossier = dossier(work, customer, reference)?;
    if let Some(stands) = row_of(work, &dossier, purpose)?.filter(|_| !is_absolute(purpose, claim)) {
        let before = shown(&dossier, &stands)?;
        if is_absolute(purpose, before.claim) {
            if state == State::Overruled {
                return Err(absolute());
            }
            // An objection adds nothing to consent withdrawn, unless that goes on upon another ground.
            if purpose != Purpose::Registration || before.grounds.is_none() {
                return Ok(before);
            }
        }
    }
    let grounds = put.grounds.as_ref().map(|text| dossier.seal_words(Words::Objection(purpose), text.as_str()));
    let row = Row {
        customer_id: customer,
        person_id: dossier.id(),
        purpose: purpose.number(),
        claim: claim.number(),
        state: state.number(),
        grounds_sealed: grounds.transpose()?,
        received_at: work.now,
        decided_at: (state != State::Pending).then_some(work.now),
    };
    store::objections::put(work.tx, &row)?;
    let details = serde_json::json!({"purpose": purpose, "claim": claim, "state": state});
    note(work, customer, actor, "objection.put", details)?;
    let follows = consequence(purpose, claim, state, put.grounds.is_some());
    follow(work, customer, actor, &dossier, follows)?;
    let reference = dossier.reference()?;
    let person = restrictions::person(&dossier, &reference);
    webhooks::tell(work, customer, &Event::PersonObjected { person, purpose: purpose.as_str() })?;
    let stored = row_of(work, &dossier, purpose)?;
    shown(&dossier, &stored.ok_or_else(|| Error::internal("an objection that was stored is not there"))?)
}

fn row_of(work: &mut Work<'_, '_>, dossier: &Dossier, purpose: Purpose) -> Result<Option<Row>, Error> {
    let rows = store::objections::of(work.tx, dossier.row.customer_id, &[dossier.id()])?;
    Ok(rows.into_iter().find(|row| row.purpose == purpose.number()))
}

/// Whether the person's data are restricted by what the person has said, whatever other restriction ends.
pub(super) fn restrict(work: &mut Work<'_, '_>, dossier: &Dossier) -> Result<bool, Error> {
    let Some(row) = row_of(work, dossier, Purpose::Registration)? else { return Ok(false) };
    let said = shown(dossier, &row)?;
    Ok(consequence(said.purpose, said.claim, said.state, said.grounds.is_some()).restricts)
}

/// How it stands, as far as anybody may decide on it.
fn decided(purpose: Purpose, claim: Claim, put: &Put) -> Result<State, Error> {
    let state = put.state.unwrap_or(State::Pending);
    if is_absolute(purpose, claim) {
        return match state {
            State::Overruled => Err(absolute()),
            State::Pending | State::Upheld => Ok(State::Upheld),
        };
    }
    if state == State::Overruled && put.grounds.is_none() {
        let detail = "must state the compelling grounds on which the objection is refused (Article 21(1))";
        return Err(Error::invalid(vec![FieldError::new("missing_field", detail).at("/grounds")]));
    }
    Ok(state)
}

fn absolute() -> Error {
    let detail =
        "Nobody can refuse or remove an objection to direct marketing, nor refuse the withdrawal of a consent.";
    Error::refused(Code::ObjectionAbsolute, detail)
}

/// Restricts the person, and tells the customer of an erasure that is due.
fn follow(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    dossier: &Dossier,
    follows: Consequence,
) -> Result<(), Error> {
    if follows.restricts && store::restrictions::of(work.tx, customer, &[dossier.id()])?.is_empty() {
        restrictions::put(work, dossier, &restrictions::Place { ground: Ground::Objection, reason: None })?;
        note(work, customer, actor, "restriction.placed", serde_json::json!({"ground": Ground::Objection}))?;
    }
    if follows.erasure_due {
        notices::raise(work, Some(customer), "erasure_due", &serde_json::json!({"people": 1}))?;
    }
    Ok(())
}

/// Removes an objection that the person has taken back; removing none changes nothing.
///
/// # Errors
/// `not_found` when the person is not held; `objection_absolute` for direct marketing.
pub fn remove(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    reference: &Ref,
    purpose: Purpose,
) -> Result<(), Error> {
    let dossier = dossier(work, customer, reference)?;
    if is_absolute(purpose, Claim::Objection) {
        return Err(absolute());
    }
    if store::objections::remove(work.tx, customer, dossier.id(), purpose)? > 0 {
        note(work, customer, actor, "objection.removed", serde_json::json!({"purpose": purpose}))?;
    }
    Ok(())
}

/// An objection opened.
pub(super) fn shown(dossier: &Dossier, row: &Row) -> Result<Objection, Error> {
    let damaged = || Error::internal("an objection out of range");
    let purpose = Purpose::from_number(row.purpose).ok_or_else(damaged)?;
    let claim = Claim::from_number(row.claim).ok_or_else(damaged)?;
    let state = State::from_number(row.state).ok_or_else(damaged)?;
    let open = |sealed: &Vec<u8>| dossier.open_words(Words::Objection(purpose), sealed);
    let grounds = row.grounds_sealed.as_ref().map(open).transpose()?;
    let erasure_due = consequence(purpose, claim, state, grounds.is_some()).erasure_due;
    let (received_at, decided_at) = (row.received_at, row.decided_at);
    Ok(Objection { purpose, claim, state, grounds, received_at, decided_at, erasure_due })
}

/// Those whose visits do not count: who is restricted, and who has objected to being counted.
pub(super) fn uncounted(view: &mut View<'_>, customer: CustomerId) -> Result<Vec<PersonId>, Error> {
    let mut people: BTreeSet<PersonId> = store::restrictions::all(view.conn, customer)?.into_iter().collect();
    people.extend(store::objections::standing(view.conn, customer, &Purpose::COUNTING)?);
    Ok(people.into_iter().collect())
}
