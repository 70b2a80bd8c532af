//! What the person and the customer are written about a case. Every letter to a person names Datatilsynet.

use super::sealed::{Asked, Reasons, Sealer};
use super::show::{decision_of, grounds_of, right_of, state_of};
use super::{FILE_S, Row, dates, transfer};
use crate::app::identity::{self, Authority, Identity};
use crate::app::mail::{self, Mail};
use crate::app::{Core, Work, words};
use crate::domain::contact::Email;
use crate::domain::locale::Locale;
use crate::domain::rights::{Decision, Right, State};
use crate::domain::text::Subject;
use crate::domain::transfer::State as TransferState;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use askama::Template;
use chrono::{Datelike, NaiveDate};

/// What a person is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    /// It has reached who decides, by another way than the form.
    Received,
    /// It takes longer, and why.
    Extended,
    /// What was decided.
    Decided,
    /// Whether the file has arrived where the person had it sent.
    Transferred,
}

/// Why a customer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A request has come.
    Received,
    /// It is time to decide.
    DueSoon,
    /// The time is over.
    Overdue,
}

/// What every letter about a case says.
struct About {
    controller: Identity,
    right: &'static str,
    received_on: String,
    answer_on: String,
    link: Option<String>,
    complaint: Authority,
}

/// What a decision comes to.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that the letter asks")]
struct Outcome {
    is_refused: bool,
    is_partial: bool,
    is_held: bool,
    has_file: bool,
    may_be_sent: bool,
    is_erased: bool,
    fetch_until: String,
    held_until: Option<String>,
    receipt: Option<String>,
    grounds: Vec<&'static str>,
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "letters/received.da.txt")]
struct ReceivedDa<'a> {
    about: &'a About,
}

#[derive(Template)]
#[template(path = "letters/received.en.txt")]
struct ReceivedEn<'a> {
    about: &'a About,
}

#[derive(Template)]
#[template(path = "letters/extended.da.txt")]
struct ExtendedDa<'a> {
    about: &'a About,
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "letters/extended.en.txt")]
struct ExtendedEn<'a> {
    about: &'a About,
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "letters/decided.da.txt")]
struct DecidedDa<'a> {
    about: &'a About,
    outcome: &'a Outcome,
}

#[derive(Template)]
#[template(path = "letters/decided.en.txt")]
struct DecidedEn<'a> {
    about: &'a About,
    outcome: &'a Outcome,
}

/// Where a file was sent, and what came of it.
struct Way {
    host: String,
    has_arrived: bool,
    why: Option<&'static str>,
    fetch_until: Option<String>,
}

#[derive(Template)]
#[template(path = "letters/transferred.da.txt")]
struct TransferredDa<'a> {
    about: &'a About,
    way: &'a Way,
}

#[derive(Template)]
#[template(path = "letters/transferred.en.txt")]
struct TransferredEn<'a> {
    about: &'a About,
    way: &'a Way,
}

#[derive(Template)]
#[template(path = "letters/code.da.txt")]
struct CodeDa<'a> {
    code: &'a str,
    right: &'static str,
    minutes: i64,
    link: &'a str,
    complaint: &'a Authority,
    operator: &'a Identity,
}

#[derive(Template)]
#[template(path = "letters/code.en.txt")]
struct CodeEn<'a> {
    code: &'a str,
    right: &'static str,
    minutes: i64,
    link: &'a str,
    complaint: &'a Authority,
    operator: &'a Identity,
}

#[derive(Template)]
#[template(path = "letters/customer.da.txt")]
struct CustomerDa<'a> {
    occasion: Occasion,
    path: &'a str,
    case: &'a str,
    right: &'static str,
    received_on: &'a str,
    target_on: &'a str,
    safe_on: &'a str,
}

#[derive(Template)]
#[template(path = "letters/customer.en.txt")]
struct CustomerEn<'a> {
    occasion: Occasion,
    path: &'a str,
    case: &'a str,
    right: &'static str,
    received_on: &'a str,
    target_on: &'a str,
    safe_on: &'a str,
}

/// A day as people write it.
pub(crate) fn day(date: NaiveDate, locale: Locale) -> String {
    let months = match locale {
        Locale::Da => [
            "januar",
            "februar",
            "marts",
            "april",
            "maj",
            "juni",
            "juli",
            "august",
            "september",
            "oktober",
            "november",
            "december",
        ],
        Locale::En => [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    };
    let month = months.get(date.month0() as usize).copied().unwrap_or_default();
    match locale {
        Locale::Da => format!("{}. {month} {}", date.day(), date.year()),
        Locale::En => format!("{} {month} {}", date.day(), date.year()),
    }
}

/// The day of an instant in Denmark, as people write it.
pub(crate) fn day_of(at: Timestamp, locale: Locale) -> String {
    day(dates::ZONE.local_date(at), locale)
}

/// An instant by the clock in Denmark, as people write it.
pub(crate) fn moment_of(at: Timestamp, locale: Locale) -> String {
    let time = dates::ZONE.local(at).time();
    match locale {
        Locale::Da => format!("{} kl. {}", day_of(at, locale), time.format("%H.%M")),
        Locale::En => format!("{} at {}", day_of(at, locale), time.format("%H:%M")),
    }
}

/// Where a person follows a request.
pub(crate) fn link(core: &Core, request: PublicId) -> String {
    let base = core.settings.http.public_url.to_string();
    format!("{}/privacy/requests/{request}", base.trim_end_matches('/'))
}

fn rendered(template: &impl Template) -> Result<String, Error> {
    template.render().map_err(Error::internal)
}

/// Sends a code to the address that a request names.
pub(crate) fn send_code(
    work: &mut Work<'_, '_>,
    to: &Email,
    request: (PublicId, Right, Locale),
    code: &str,
    good: (i64, Timestamp),
) -> Result<(), Error> {
    let (id, right, locale) = request;
    let (minutes, until) = good;
    let (complaint, operator) = (identity::authority(work.core), identity::operator(work.core));
    let (link, right) = (link(work.core, id), words::right(right, locale));
    let (subject, text) = match locale {
        Locale::Da => {
            let letter = CodeDa { code, right, minutes, link: &link, complaint: &complaint, operator: &operator };
            ("Din kode", rendered(&letter)?)
        }
        Locale::En => {
            let letter = CodeEn { code, right, minutes, link: &link, complaint: &complaint, operator: &operator };
            ("Your code", rendered(&letter)?)
        }
    };
    send(work, None, to.clone(), "privacy_code", subject, text, Some(until))
}

fn send(
    work: &mut Work<'_, '_>,
    customer: Option<CustomerId>,
    to: Email,
    kind: &'static str,
    subject: &str,
    text: String,
    not_after: Option<Timestamp>,
) -> Result<(), Error> {
    let subject = Subject::new(subject).map_err(Error::internal)?;
    mail::queue(work, customer, Mail { to, kind, subject, text, html: None, not_after })?;
    Ok(())
}

/// Writes to the person; nobody is written to whose address is not known, or was wiped.
pub(crate) fn to_person(work: &mut Work<'_, '_>, row: &Row, letter: Letter) -> Result<(), Error> {
    let sealer = Sealer::of_case(work.core, row.customer_id, row.id)?;
    let asked: Asked = sealer.open("asked_sealed", row.asked_sealed.as_deref())?;
    let Some(email) = asked.email.as_deref().and_then(|text| Email::new(text).ok()) else { return Ok(()) };
    let reasons: Reasons = sealer.open("reasons_sealed", row.reasons_sealed.as_deref())?;
    let locale = Locale::parse_or_default(&row.locale);
    let about = about(work, row, locale)?;
    let (subject, text) = match (letter, locale) {
        (Letter::Received, locale) => match locale {
            Locale::Da => ("Vi har modtaget din anmodning", rendered(&ReceivedDa { about: &about })?),
            Locale::En => ("We have received your request", rendered(&ReceivedEn { about: &about })?),
        },
        (Letter::Extended, locale) => {
            let reason = reasons.extension.unwrap_or_default();
            match locale {
                Locale::Da => ("Vi bruger mere tid", rendered(&ExtendedDa { about: &about, reason: &reason })?),
                Locale::En => ("We need more time", rendered(&ExtendedEn { about: &about, reason: &reason })?),
            }
        }
        (Letter::Decided, locale) => {
            let outcome = outcome(work, row, reasons.decision, locale)?;
            match locale {
                Locale::Da => ("Svar på din anmodning", rendered(&DecidedDa { about: &about, outcome: &outcome })?),
                Locale::En => ("Answer to your request", rendered(&DecidedEn { about: &about, outcome: &outcome })?),
            }
        }
        (Letter::Transferred, locale) => {
            let way = way(work, row, locale)?;
            match (locale, way.has_arrived) {
                (Locale::Da, true) => ("Din fil er sendt", rendered(&TransferredDa { about: &about, way: &way })?),
                (Locale::Da, false) => {
                    ("Din fil kunne ikke sendes", rendered(&TransferredDa { about: &about, way: &way })?)
                }
                (Locale::En, true) => {
                    ("Your file has been sent", rendered(&TransferredEn { about: &about, way: &way })?)
                }
                (Locale::En, false) => {
                    ("Your file could not be sent", rendered(&TransferredEn { about: &about, way: &way })?)
                }
            }
        }
    };
    let kind = match letter {
        Letter::Received => "case_received",
        Letter::Extended => "case_extended",
        Letter::Decided => "case_decided",
        Letter::Transferred => "case_transferred",
    };
    let customer = Some(row.customer_id).filter(|customer| *customer != super::OPERATOR);
    send(work, customer, email, kind, subject, text, None)
}

fn about(work: &mut Work<'_, '_>, row: &Row, locale: Locale) -> Result<About, Error> {
    let request = match row.request_id {
        Some(id) => store::privacy_requests::get(work.tx, id)?.map(|request| request.public_id),
        None => None,
    };
    let dates = dates::of(work.core, row)?;
    Ok(About {
        controller: identity::controller(&mut work.view(), row.customer_id)?,
        right: words::right(right_of(row)?, locale),
        received_on: day(dates::counted(row)?.received, locale),
        answer_on: day(dates.safe_on, locale),
        link: request.map(|id| link(work.core, id)),
        complaint: identity::authority(work.core),
    })
}

fn way(work: &mut Work<'_, '_>, row: &Row, locale: Locale) -> Result<Way, Error> {
    let sent = transfer::of(work.core, work.tx, row)?.ok_or_else(|| Error::internal("nothing was sent"))?.shown();
    let until = row.released_at.map(|at| at.plus_seconds(FILE_S));
    let is_there = state_of(row)? == State::Released;
    Ok(Way {
        has_arrived: sent.state == TransferState::Arrived,
        why: sent.fault.map(|fault| words::fault(fault, locale)),
        fetch_until: until.filter(|until| is_there && work.now < *until).map(|until| moment_of(until, locale)),
        host: sent.host,
    })
}

fn outcome(work: &mut Work<'_, '_>, row: &Row, reason: Option<String>, locale: Locale) -> Result<Outcome, Error> {
    let right = right_of(row)?;
    let released = state_of(row)? == State::Released;
    let decision = decision_of(row)?;
    Ok(Outcome {
        is_refused: decision == Some(Decision::Refuse),
        is_partial: decision == Some(Decision::Partial),
        is_held: row.is_held == Some(true) || right == Right::Complaint,
        has_file: released && right.has_file(),
        may_be_sent: transfer::is_offered(work.core, right),
        is_erased: row.receipt_id.is_some(),
        fetch_until: moment_of(work.now.plus_seconds(FILE_S), locale),
        held_until: row.held_until.map(|at| day_of(at, locale)),
        receipt: row.receipt_id.map(|id| id.to_string()),
        grounds: grounds_of(row)?.into_iter().map(|ground| words::ground(ground, locale)).collect(),
        reason,
    })
}

/// Writes to the customer, if an address is known; the letter says which case, and nothing of the person.
pub(crate) fn to_customer(work: &mut Work<'_, '_>, row: &Row, occasion: Occasion) -> Result<(), Error> {
    let is_own = row.customer_id == super::OPERATOR;
    let path = if is_own { "/v1/admin/rights/cases" } else { "/v1/rights/cases" };
    let (email, locale) = if is_own {
        let operator = work.core.settings.operator.as_ref();
        (operator.map(|operator| operator.email.clone()), Locale::Da)
    } else {
        let contact = crate::app::customers::contact(&mut work.view(), row.customer_id)?;
        (contact.details.email, contact.locale)
    };
    let Some(email) = email else { return Ok(()) };
    let dates = dates::of(work.core, row)?;
    let (case, right) = (row.public_id.to_string(), words::right_name(right_of(row)?, locale));
    let received_on = day(dates::counted(row)?.received, locale);
    let (target_on, safe_on) = (day(dates.target_on, locale), day(dates.safe_on, locale));
    let (case, received_on, target_on, safe_on) = (&*case, &*received_on, &*target_on, &*safe_on);
    let text = match locale {
        Locale::Da => rendered(&CustomerDa { occasion, path, case, right, received_on, target_on, safe_on })?,
        Locale::En => rendered(&CustomerEn { occasion, path, case, right, received_on, target_on, safe_on })?,
    };
    let subject = match (occasion, locale) {
        (Occasion::Received, Locale::Da) => "En registreret har sendt en anmodning",
        (Occasion::Received, Locale::En) => "A data subject has sent a request",
        (Occasion::DueSoon, Locale::Da) => "En anmodning venter på jeres svar",
        (Occasion::DueSoon, Locale::En) => "A request is waiting for your answer",
        (Occasion::Overdue, Locale::Da) => "Fristen for et svar er overskredet",
        (Occasion::Overdue, Locale::En) => "The time to answer a request is over",
    };
    let customer = Some(row.customer_id).filter(|customer| *customer != super::OPERATOR);
    send(work, customer, email, "case_notice", subject, text, None)
}
