//! A case as the customer sees it.

use super::dates::{self, Dates};
use super::sealed::{Asked, Reasons, Sealer};
use super::transfer::{self, Shown as Transfer};
use crate::app::View;
use crate::app::page::{Ask, Page, cut};
use crate::app::webhooks::{self, Acknowledgement};
use crate::domain::locale::Locale;
use crate::domain::rights::{Channel, Decision, ExtensionGround, Ground, Method, Right, State};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::cases::{Case as Row, Narrow};
use serde::Serialize;
use utoipa::ToSchema;

/// A case.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RightsCase)]
pub struct Case {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// Which right.
    pub right: Right,
    /// How it came.
    pub channel: Channel,
    /// How far it has come.
    pub state: State,
    /// When it reached who decides.
    pub received_at: Timestamp,
    /// By when it is to be answered.
    pub dates: Dates,
    /// The people held whom it is about; empty when none is known, or when the person has been deleted.
    pub refs: Vec<String>,
    /// Where the answer goes; null when it was wiped.
    pub email: Option<String>,
    /// Where the person can be called.
    pub phone: Option<String>,
    /// What the person wrote.
    pub details: Option<String>,
    /// Whether somebody acts for the person.
    pub by_representative: bool,
    /// Who acts for the person, by what mandate.
    pub mandate: Option<String>,
    /// The language of the answer.
    pub locale: Locale,
    /// The case that a complaint is about.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub about: Option<PublicId>,
    /// How it was shown who asks.
    pub verified: Option<Verified>,
    /// Why it takes longer.
    pub extended: Option<Extended>,
    /// What was decided.
    pub decided: Option<Decided>,
    /// When the file was ready, or the decision carried out.
    pub prepared_at: Option<Timestamp>,
    /// When the answer was let go to the person.
    pub released_at: Option<Timestamp>,
    /// When the person fetched the file.
    pub downloaded_at: Option<Timestamp>,
    /// Where the person has the file sent to, and how far that is (Article 20(2)).
    pub transfer: Option<Transfer>,
    /// When nothing was left to do.
    pub closed_at: Option<Timestamp>,
    /// The deletion by which it was carried out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub receipt_id: Option<PublicId>,
    /// Until when a hold keeps something of the person; that goes by itself then.
    pub held_until: Option<Timestamp>,
    /// Which other systems were told of the case and of what followed from it, and which have said so (Article 19).
    pub told: Vec<Acknowledgement>,
}

/// By what, and when, it was shown who asks; the papers are not kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CaseVerified)]
pub struct Verified {
    /// By what.
    pub method: Method,
    /// When.
    pub at: Timestamp,
}

/// An extension.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CaseExtended)]
pub struct Extended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub ground: ExtensionGround,
    /// Why, in words.
    pub reason: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CaseDecided)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// When.
    pub at: Timestamp,
    /// By whose key; `guestlog` when the service did so at the customer's instruction.
    pub by: String,
    /// On what grounds.
    pub grounds: Vec<Ground>,
    /// Why, in words.
    pub reason: Option<String>,
    /// What shows that the request is manifestly unfounded or excessive.
    pub evidence: Option<String>,
}

/// Which cases a list asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// Whose safe limit ends before this.
    pub due_before: Option<Timestamp>,
}

fn out_of_range() -> Error {
    Error::internal("a case has a number out of range")
}

pub(crate) fn right_of(row: &Row) -> Result<Right, Error> {
    Right::from_number(row.asked).ok_or_else(out_of_range)
}

pub(crate) fn state_of(row: &Row) -> Result<State, Error> {
    State::from_number(row.state).ok_or_else(out_of_range)
}

pub(crate) fn decision_of(row: &Row) -> Result<Option<Decision>, Error> {
    row.decision.map(|number| Decision::from_number(number).ok_or_else(out_of_range)).transpose()
}

pub(crate) fn grounds_of(row: &Row) -> Result<Vec<Ground>, Error> {
    let word = |word: &str| Ground::ALL.iter().find(|ground| ground.as_str() == word).copied();
    row.grounds.split(',').filter(|text| !text.is_empty()).map(|text| word(text).ok_or_else(out_of_range)).collect()
}

/// One case.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, customer: CustomerId, id: PublicId) -> Result<Case, Error> {
    let row = store::cases::find(view.conn, customer, id)?.ok_or_else(Error::not_found)?;
    show(view, &row)
}

/// A page of a customer's cases, those that must be answered first at the head.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, filter: &Filter, ask: &Ask) -> Result<Page<Case>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let position = ask.position(&keyring, Some(customer), "cases")?;
    let after = position.as_deref().and_then(|text| text.split_once(' ')).and_then(|(at, id)| {
        let at = at.parse().ok().and_then(Timestamp::from_micros)?;
        Some((at, id.parse().ok()?))
    });
    let narrow = Narrow { state: filter.state.map(State::number), due_before: filter.due_before, after };
    let rows = store::cases::page(view.conn, customer, &narrow, limit as i64 + 1)?;
    let place = |row: &Row| format!("{} {}", row.safe_end_at.micros(), row.id);
    let shown = |rows: Vec<Row>| rows.into_iter().map(|row| show(view, &row)).collect();
    cut(&keyring, Some(customer), "cases", limit, rows, place, shown)
}

pub(crate) fn show(view: &mut View<'_>, row: &Row) -> Result<Case, Error> {
    let sealer = Sealer::of_case(view.core, row.customer_id, row.id)?;
    let asked: Asked = sealer.open("asked_sealed", row.asked_sealed.as_deref())?;
    let reasons: Reasons = sealer.open("reasons_sealed", row.reasons_sealed.as_deref())?;
    let people = store::cases::people_of(view.conn, row.customer_id, row.id)?;
    let mut refs = Vec::with_capacity(people.len());
    if !people.is_empty() {
        for dossier in crate::app::people::dossiers(view, row.customer_id, people)?.values() {
            refs.push(dossier.reference()?);
        }
        refs.sort_unstable();
    }
    let method = row.verified_by.map(|number| Method::from_number(number).ok_or_else(out_of_range)).transpose()?;
    let ground = row.extension_ground.map(|n| ExtensionGround::from_number(n).ok_or_else(out_of_range)).transpose()?;
    let grounds = grounds_of(row)?;
    let decided = decision_of(row)?.zip(row.decided_at).map(|(decision, at)| Decided {
        decision,
        at,
        by: row.decided_by.clone().unwrap_or_default(),
        grounds,
        reason: reasons.decision,
        evidence: reasons.evidence,
    });
    let extension = reasons.extension;
    let mut told = Vec::new();
    if row.customer_id != super::OPERATOR {
        for about in [Some(row.public_id), row.receipt_id].into_iter().flatten() {
            told.extend(webhooks::acknowledgements(view, row.customer_id, about)?);
        }
    }
    Ok(Case {
        told,
        id: row.public_id,
        right: right_of(row)?,
        channel: Channel::from_number(row.channel).ok_or_else(out_of_range)?,
        state: state_of(row)?,
        received_at: row.received_at,
        dates: dates::of(view.core, row)?,
        refs,
        email: asked.email,
        phone: asked.phone,
        details: asked.details,
        by_representative: asked.by_representative,
        mandate: asked.mandate,
        locale: Locale::parse_or_default(&row.locale),
        about: row.about,
        verified: method.zip(row.verified_at).map(|(method, at)| Verified { method, at }),
        extended: ground.zip(row.extended_at).map(|(ground, at)| Extended { at, ground, reason: extension }),
        decided,
        prepared_at: row.prepared_at,
        released_at: row.released_at,
        downloaded_at: row.downloaded_at,
        transfer: transfer::of(view.core, view.conn, row)?.map(|transfer| transfer.shown()),
        closed_at: row.closed_at,
        receipt_id: row.receipt_id,
        held_until: row.held_until,
    })
}
