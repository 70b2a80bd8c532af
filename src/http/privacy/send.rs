//! `/privacy/requests/{id}/transfer`: a person has the file sent directly to another controller (Article 20(2)).
//!
//! The address is asked for, shown once more, and taken when the person has confirmed it.

use super::follow::{Entry, entry, progress};
use super::page::{self, Form, Page};
use crate::app::App;
use crate::app::requests::Destination;
use crate::domain::PublicId;
use crate::domain::locale::Locale;
use crate::domain::webhook_url::WebhookUrl;
use crate::error::{Code, Error};
use crate::http::auth::Public;
use crate::http::extract::{Incoming, Path};
use crate::http::privacy_requests::OfRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

/// What the page asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// Where to.
    Where,
    /// The same; what was given is no address that a file can go to.
    Again,
    /// Whether it is right.
    Whether,
}

#[derive(Template)]
#[template(path = "privacy/send.html")]
struct SendPage<'a> {
    page: &'a Page,
    id: PublicId,
    token: &'a str,
    case: &'a str,
    url: &'a str,
    host: &'a str,
    max: usize,
    is_wrong: bool,
    asks_whether: bool,
}

/// The form of this page.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    token: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    confirmed: bool,
    #[serde(default)]
    stop: bool,
    #[serde(default)]
    lang: String,
}

/// Asks for an address, asks whether it is right, and has the file sent there; or stops that.
pub async fn send(
    _: Public,
    Path(id): Path<OfRequest>,
    body: Incoming<Form>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let fields: Fields = page::read(body).await?;
    let page = Page::new(&app, &request, Locale::parse(&fields.lang).ok());
    match answer(&app, &page, id.0, &fields).await {
        Err(error) if error.code() == Code::Unauthenticated => {
            entry(&app, StatusCode::FORBIDDEN, &page, id.0, Entry::Back)
        }
        Err(error) if matches!(error.code(), Code::FileGone | Code::NotFound) => page::gone(&page, &page.request(id.0)),
        // It has arrived, or the person has named too many addresses: what stands is shown.
        Err(error) if matches!(error.code(), Code::CaseState | Code::LimitReached) => {
            progress(&app, &page, id.0, fields.token).await
        }
        other => other,
    }
}

async fn answer(app: &App, page: &Page, id: PublicId, fields: &Fields) -> Result<HttpResponse, Error> {
    let case = PublicId::parse(&fields.case).ok();
    if fields.stop {
        app.stop_privacy_file(id, fields.token.clone(), case).await?;
        return progress(app, page, id, fields.token.clone()).await;
    }
    // Nobody else learns whether an address is one.
    app.privacy_progress(id, fields.token.clone()).await?;
    let Some(text) = fields.url.as_deref().map(str::trim) else {
        return show(page, id, fields, "", Ask::Where);
    };
    let url = match app.check_destination(text) {
        Ok(url) => url,
        Err(error) if error.code() == Code::InvalidInput => return show(page, id, fields, text, Ask::Again),
        Err(error) => return Err(error),
    };
    if !fields.confirmed {
        return show(page, id, fields, text, Ask::Whether);
    }
    app.send_privacy_file(id, fields.token.clone(), Destination { url, case }).await?;
    progress(app, page, id, fields.token.clone()).await
}

fn show(page: &Page, id: PublicId, fields: &Fields, url: &str, ask: Ask) -> Result<HttpResponse, Error> {
    let host = WebhookUrl::new(url).map(|url| url.host().to_owned()).unwrap_or_default();
    let shown = SendPage {
        page,
        id,
        token: &fields.token,
        case: &fields.case,
        url,
        host: &host,
        max: WebhookUrl::MAX,
        is_wrong: ask == Ask::Again,
        asks_whether: ask == Ask::Whether,
    };
    let status = if ask == Ask::Again { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page::answer(status, page, &shown)
}
