//! `/privacy/requests/{id}`: the code, how far the request has come, the answer.
//!
//! The token that a code gives stands in the page and goes back with its forms: there is no cookie, and no token in an
//! address that others could see.

use super::page::{self, Form, Page, Wishes};
use crate::app::App;
use crate::app::cases::ShownTransfer;
use crate::app::requests::{self, Answer, Progress};
use crate::app::words;
use crate::domain::PublicId;
use crate::domain::locale::Locale;
use crate::domain::rights::{Decision, Right};
use crate::domain::transfer::State;
use crate::error::{Code, Error};
use crate::http::auth::Public;
use crate::http::extract::{ClientIp, Incoming, Path, Query};
use crate::http::pieces;
use crate::http::privacy_requests::OfRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

/// Why the code is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The request was just sent.
    New,
    /// Another code was just sent.
    Sent,
    /// The person came back.
    Back,
    /// The code was wrong.
    Wrong,
}

#[derive(Template)]
#[template(path = "privacy/code.html")]
struct CodePage<'a> {
    page: &'a Page,
    id: PublicId,
    link: String,
    is_new: bool,
    is_sent: bool,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "privacy/progress.html")]
struct ProgressPage<'a> {
    page: &'a Page,
    id: PublicId,
    token: &'a str,
    right: &'static str,
    received_on: String,
    verified_on: String,
    is_passed_on: bool,
    passed_on: String,
    target_on: String,
    safe_on: String,
    legal_on: String,
    answers: Vec<Shown>,
}

/// An answer as it is shown.
struct Shown {
    case: PublicId,
    controller: String,
    decision: Option<&'static str>,
    decided_on: String,
    extended_until: Option<String>,
    extension_reason: Option<String>,
    says: Option<&'static str>,
    reason: Option<String>,
    grounds: Vec<&'static str>,
    receipt: Option<String>,
    held_until: Option<String>,
    file_until: Option<String>,
    may_be_sent: bool,
    is_on_its_way: bool,
    transfer: Option<String>,
    may_complain: bool,
}

/// The form of these pages.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    code: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    lang: String,
}

/// Asks for the code.
pub async fn show(
    _: Public,
    Path(id): Path<OfRequest>,
    Query(wish): Wishes,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let page = Page::new(&app, &request, wish.lang).switched(&format!("/privacy/requests/{}", id.0), "");
    entry(&app, StatusCode::OK, &page, id.0, Entry::Back)
}

pub(super) fn entry(
    app: &App,
    status: StatusCode,
    page: &Page,
    id: PublicId,
    entry: Entry,
) -> Result<HttpResponse, Error> {
    let shown = CodePage {
        page,
        id,
        link: app.privacy_link(id),
        is_new: entry == Entry::New,
        is_sent: entry == Entry::Sent,
        is_wrong: entry == Entry::Wrong,
    };
    page::answer(status, page, &shown)
}

/// Takes the code, or the token of the page before, and shows how far the request has come.
pub async fn enter(
    _: Public,
    Path(id): Path<OfRequest>,
    body: Incoming<Form>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let fields: Fields = page::read(body).await?;
    let page = Page::new(&app, &request, Locale::parse(&fields.lang).ok());
    let again = |entered| entry(&app, StatusCode::FORBIDDEN, &page, id.0, entered);
    let token = if fields.token.is_empty() {
        match app.verify_privacy_request(id.0, fields.code).await {
            Ok(token) => token.token,
            Err(error) if error.code() == Code::CodeRefused => return again(Entry::Wrong),
            Err(error) => return Err(error),
        }
    } else {
        fields.token
    };
    match progress(&app, &page, id.0, token).await {
        Err(error) if error.code() == Code::Unauthenticated => again(Entry::Back),
        other => other,
    }
}

/// How far a request has come.
///
/// # Errors
/// `unauthenticated`.
pub(super) async fn progress(app: &App, page: &Page, id: PublicId, token: String) -> Result<HttpResponse, Error> {
    let progress = app.privacy_progress(id, token.clone()).await?;
    page::answer(StatusCode::OK, page, &progressed(page, &token, progress))
}

/// Sends another code.
pub async fn renew(
    _: Public,
    Path(id): Path<OfRequest>,
    peer: ClientIp,
    body: Incoming<Form>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let fields: Fields = page::read(body).await?;
    let page = Page::new(&app, &request, Locale::parse(&fields.lang).ok());
    match app.renew_privacy_code(id.0, peer.0).await? {
        Ok(()) => entry(&app, StatusCode::OK, &page, id.0, Entry::Sent),
        Err(wait) => page::too_often(&app, &page, wait.0),
    }
}

/// Gives the file out, once.
pub async fn file(
    _: Public,
    Path(id): Path<OfRequest>,
    body: Incoming<Form>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let fields: Fields = page::read(body).await?;
    let page = Page::new(&app, &request, Locale::parse(&fields.lang).ok());
    match app.privacy_file(id.0, fields.token, PublicId::parse(&fields.case).ok()).await {
        Ok(pieces) => Ok(pieces::answer(pieces, &request)),
        Err(error) if error.code() == Code::Unauthenticated => {
            entry(&app, StatusCode::FORBIDDEN, &page, id.0, Entry::Back)
        }
        Err(error) if matches!(error.code(), Code::FileGone | Code::NotFound) => page::gone(&page, &page.request(id.0)),
        Err(error) => Err(error),
    }
}

fn progressed<'a>(page: &'a Page, token: &'a str, progress: Progress) -> ProgressPage<'a> {
    let locale = page.locale();
    let at = |at: Option<_>| at.map(|at| requests::day_of(at, locale)).unwrap_or_default();
    ProgressPage {
        page,
        id: progress.id,
        token,
        right: words::right(progress.right, locale),
        received_on: requests::day_of(progress.received_at, locale),
        verified_on: at(progress.verified_at),
        is_passed_on: progress.passed_on_at.is_some(),
        passed_on: at(progress.passed_on_at),
        target_on: requests::day(progress.target_on, locale),
        safe_on: requests::day(progress.safe_on, locale),
        legal_on: requests::day(progress.legal_on, locale),
        answers: progress.answers.into_iter().map(|answer| shown(answer, progress.right, locale)).collect(),
    }
}

fn shown(answer: Answer, right: Right, locale: Locale) -> Shown {
    let at = |at| requests::day_of(at, locale);
    Shown {
        case: answer.case,
        decision: answer.decision.map(|decision| words::decision(decision, locale)),
        decided_on: answer.decided_at.map(at).unwrap_or_default(),
        extended_until: answer.extended_until.map(|day| requests::day(day, locale)),
        extension_reason: answer.extension_reason.clone(),
        says: says(&answer, right, locale),
        held_until: answer.held_until.map(at),
        receipt: answer.receipt_id.map(|id| id.to_string()),
        file_until: answer.file_until.map(|at| requests::moment_of(at, locale)),
        may_be_sent: answer.may_be_sent,
        is_on_its_way: answer.transfer.as_ref().is_some_and(|transfer| transfer.state == State::Waiting),
        transfer: answer.transfer.as_ref().map(|transfer| transferred(transfer, locale)),
        may_complain: answer.decision.is_some(),
        controller: answer.controller,
        reason: answer.reason,
        grounds: answer.grounds,
    }
}

/// Where a file goes, and how far that is.
fn transferred(transfer: &ShownTransfer, locale: Locale) -> String {
    let host = &transfer.host;
    let why = transfer.fault.map(|fault| words::fault(fault, locale));
    match (transfer.state, why, locale) {
        (State::Stopped, _, Locale::Da) => format!("Filen bliver ikke sendt til {host}."),
        (State::Stopped, _, Locale::En) => format!("The file is not sent to {host}."),
        (State::Waiting, None, Locale::Da) => format!("Filen er på vej til {host}."),
        (State::Waiting, None, Locale::En) => format!("The file is on its way to {host}."),
        (State::Waiting, Some(why), Locale::Da) => {
            format!("Filen er på vej til {host}, men er ikke kommet frem endnu: {why}. Vi prøver igen.")
        }
        (State::Waiting, Some(why), Locale::En) => {
            format!("The file is on its way to {host} but has not arrived yet: {why}. We try again.")
        }
        (State::Arrived, _, Locale::Da) => format!("Filen er kommet frem til {host}."),
        (State::Arrived, _, Locale::En) => format!("The file has arrived at {host}."),
        (State::Failed, why, Locale::Da) => {
            format!("Filen kunne ikke sendes til {host}{}.", why.map(|why| format!(": {why}")).unwrap_or_default())
        }
        (State::Failed, why, Locale::En) => {
            format!("The file could not be sent to {host}{}.", why.map(|why| format!(": {why}")).unwrap_or_default())
        }
    }
}

/// The answer in a sentence.
fn says(answer: &Answer, right: Right, locale: Locale) -> Option<&'static str> {
    let decision = answer.decision?;
    let (da, en) = match (decision, right) {
        (Decision::Refuse, _) => return None,
        _ if !answer.held => {
            ("Der er ingen oplysninger om dig i gæsteloggen.", "No data about you are held in the guest log.")
        }
        (_, Right::Erasure) if answer.receipt_id.is_some() => {
            ("Dine oplysninger er slettet.", "Your data are deleted.")
        }
        _ if answer.file_until.is_some() => ("Din fil er klar.", "Your file is ready."),
        _ if answer.fetched_at.is_some() => (
            "Du har hentet din fil, og vi har slettet vores kopi af den.",
            "You have downloaded your file, and we have deleted our copy of it.",
        ),
        (_, right) if right.has_file() => (
            "Fristen på syv dage er udløbet, og filen er slettet. Du kan bede om en ny.",
            "The seven days are over, and the file is deleted. You can ask for a new one.",
        ),
        _ => ("Det er gjort.", "It is done."),
    };
    Some(match locale {
        Locale::Da => da,
        Locale::En => en,
    })
}
