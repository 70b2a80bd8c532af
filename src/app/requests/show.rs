//! What a person sees of a request.

use super::code::admitted;
use crate::app::cases::{self, FILE_S, Pieces, Reasons, Sealer, ShownTransfer, Transfer, ZONE, letters};
use crate::app::{Core, View, words};
use crate::domain::deadlines;
use crate::domain::locale::Locale;
use crate::domain::rights::{Decision, Right, State};
use crate::domain::{PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::cases::Case as Row;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// How far a request has come.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = PrivacyRequest)]
pub struct Progress {
    /// What it is called.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// Which right.
    pub right: Right,
    /// The furthest that an answer has come; `verified` until there is one.
    pub state: State,
    /// The language of the answers.
    pub locale: Locale,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When a right code came.
    pub verified_at: Option<Timestamp>,
    /// When it was passed on to who decides; that tells nothing about whether data are held.
    pub passed_on_at: Option<Timestamp>,
    /// When it should be answered.
    pub target_on: NaiveDate,
    /// When it must be answered by the shortest reading of the law.
    pub safe_on: NaiveDate,
    /// When it must be answered by law.
    pub legal_on: NaiveDate,
    /// The answers that there are.
    pub answers: Vec<Answer>,
}

/// The answer of one who decides.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = PrivacyAnswer)]
pub struct Answer {
    /// The case.
    #[schema(value_type = uuid::Uuid)]
    pub case: PublicId,
    /// Who has decided.
    pub controller: String,
    /// How far it has come.
    pub state: State,
    /// What was decided; null while it is only extended.
    pub decision: Option<Decision>,
    /// Whether anything was held of the person.
    pub held: bool,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When it was extended, and until when the answer comes then.
    pub extended_until: Option<NaiveDate>,
    /// Why it was extended.
    pub extension_reason: Option<String>,
    /// Why it is not, or not wholly, as asked: in words.
    pub reason: Option<String>,
    /// The same by the law, in the language of the request.
    pub grounds: Vec<&'static str>,
    /// Until when the file can be fetched, once; null when there is none, or it was fetched.
    pub file_until: Option<Timestamp>,
    /// When the file was fetched.
    pub fetched_at: Option<Timestamp>,
    /// Whether the file can be sent directly to another controller (Article 20(2)).
    pub may_be_sent: bool,
    /// Where it is sent, and how far that is.
    pub transfer: Option<ShownTransfer>,
    /// The number of the receipt of a deletion.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub receipt_id: Option<PublicId>,
    /// Until when a hold keeps something of the person (Article 17(3)).
    pub held_until: Option<Timestamp>,
}

/// How far a request has come.
///
/// # Errors
/// `unauthenticated` for another token, one whose time is over, and an unknown request.
pub fn progress(view: &mut View<'_>, id: PublicId, token: &str) -> Result<Progress, Error> {
    let row = store::privacy_requests::find(view.conn, id)?;
    let row = admitted(view.core, row, token)?;
    let locale = Locale::parse_or_default(&row.locale);
    let mut answers = Vec::new();
    let mut furthest = if row.verified_at.is_some() { State::Verified } else { State::Received };
    for case in store::cases::of_request(view.conn, row.id)? {
        if let Some(answer) = answer(view, &case, locale)? {
            furthest = later(furthest, answer.state);
            answers.push(answer);
        }
    }
    let counted = deadlines::Case::received_at(row.received_at, ZONE);
    let dates = counted.deadlines(&cases::calendar(view.core), view.core.settings.rights.target_days);
    Ok(Progress {
        id: row.public_id,
        right: Right::from_number(row.asked).ok_or_else(|| Error::internal("a right out of range"))?,
        state: furthest,
        locale,
        received_at: row.received_at,
        verified_at: row.verified_at,
        passed_on_at: row.passed_on_at,
        target_on: dates.target,
        safe_on: dates.safe,
        legal_on: dates.legal,
        answers,
    })
}

/// Of two answers the one that the person can do something with counts.
fn later(one: State, other: State) -> State {
    let rank = |state: State| match state {
        State::Received => 0,
        State::Verified => 1,
        State::Refused => 2,
        State::Closed => 3,
        State::Decided => 4,
        State::Released => 5,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// What is shown of a case: nothing before something was decided, or told to the person.
fn answer(view: &mut View<'_>, row: &Row, locale: Locale) -> Result<Option<Answer>, Error> {
    let state = cases::state_of(row)?;
    // A file is announced when it is let go, not while it is prepared.
    let is_told = state.is_over() || state == State::Released;
    if !is_told && row.extended_at.is_none() {
        return Ok(None);
    }
    let sealer = Sealer::of_case(view.core, row.customer_id, row.id)?;
    let reasons: Reasons = sealer.open("reasons_sealed", row.reasons_sealed.as_deref())?;
    let right = cases::right_of(row)?;
    let until = row.released_at.map(|at| at.plus_seconds(FILE_S));
    let has_file = state == State::Released && right.has_file();
    let dates = cases::dates_of(view.core, row)?;
    let transfer = cases::transfer_of(view.core, view.conn, row)?;
    Ok(Some(Answer {
        case: row.public_id,
        controller: crate::app::identity::controller(view, row.customer_id)?.name,
        state: if is_told { state } else { State::Verified },
        decision: cases::decision_of(row)?.filter(|_| is_told),
        held: row.is_held == Some(true) || right == Right::Complaint,
        decided_at: row.decided_at.filter(|_| is_told),
        extended_until: row.extended_at.map(|_| dates.safe_on),
        extension_reason: reasons.extension,
        reason: reasons.decision.filter(|_| is_told),
        grounds: cases::grounds_of(row)?.into_iter().map(|ground| words::ground(ground, locale)).collect(),
        file_until: until.filter(|until| has_file && view.now < *until),
        fetched_at: row.downloaded_at,
        may_be_sent: has_file
            && cases::transfer_is_offered(view.core, right)
            && transfer.as_ref().is_none_or(Transfer::may_be_sent),
        transfer: transfer.map(|transfer| transfer.shown()),
        receipt_id: row.receipt_id,
        held_until: row.held_until,
    }))
}

/// The file of an answer, to be fetched once.
///
/// # Errors
/// `unauthenticated`; `file_gone` after it was fetched or its time was over; `not_found` while there is none.
pub(super) fn file(core: &Core, id: PublicId, token: &str, case: Option<PublicId>) -> Result<Pieces, Error> {
    let row = core.read(|view| case_with_file(view, id, token, case))?;
    cases::pieces(core, &row)
}

/// The case whose file is there: the one that is named, or else the first.
///
/// # Errors
/// As [`file`].
pub(super) fn case_with_file(
    view: &mut View<'_>,
    id: PublicId,
    token: &str,
    case: Option<PublicId>,
) -> Result<Row, Error> {
    let row = store::privacy_requests::find(view.conn, id)?;
    let row = admitted(view.core, row, token)?;
    let found = store::cases::of_request(view.conn, row.id)?;
    let mut is_gone = false;
    for row in found.into_iter().filter(|row| case.is_none_or(|case| row.public_id == case)) {
        if !cases::right_of(&row)?.has_file() || row.released_at.is_none() {
            continue;
        }
        if cases::file_is_there(&row, view.now)? {
            return Ok(row);
        }
        is_gone |= row.is_held == Some(true);
    }
    Err(if is_gone { cases::gone() } else { Error::not_found() })
}

/// A day, as people write it.
#[must_use]
pub fn day(date: NaiveDate, locale: Locale) -> String {
    letters::day(date, locale)
}

/// An instant, as people write it.
#[must_use]
pub fn moment_of(at: Timestamp, locale: Locale) -> String {
    letters::moment_of(at, locale)
}

/// The day of an instant, as people write it.
#[must_use]
pub fn day_of(at: Timestamp, locale: Locale) -> String {
    letters::day_of(at, locale)
}
