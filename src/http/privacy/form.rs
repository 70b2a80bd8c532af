//! `/privacy/request`: the form by which a person uses a right.

use super::follow;
use super::page::{self, Form, Page, Wishes};
use crate::app::App;
use crate::app::requests::Submission;
use crate::app::words;
use crate::domain::PublicId;
use crate::domain::contact::Email;
use crate::domain::locale::Locale;
use crate::domain::rights::Right;
use crate::domain::text::Reason;
use crate::error::{Code, Error};
use crate::http::auth::Public;
use crate::http::extract::{ClientIp, Incoming, Query};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

/// The form as it is shown.
#[derive(Template)]
#[template(path = "privacy/form.html")]
struct Shown<'a> {
    page: &'a Page,
    rights: Vec<Choice>,
    customer: Option<Customer>,
    email: &'a str,
    email_is_wrong: bool,
    details: &'a str,
    faults: Vec<Fault>,
}

/// A right to choose.
struct Choice {
    word: &'static str,
    name: &'static str,
    about: &'static str,
    is_chosen: bool,
}

/// The company that was visited.
struct Customer {
    id: PublicId,
    name: String,
}

/// What is wrong, and where.
struct Fault {
    field: &'static str,
    text: &'static str,
}

/// The form as it is sent.
#[derive(Default, Deserialize)]
struct Fields {
    #[serde(default)]
    right: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    customer: String,
    #[serde(default)]
    lang: String,
}

/// Shows the form; with `?customer=` for one company.
pub async fn show(_: Public, Query(wish): Wishes, app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let further = wish.customer.map(|id| format!("&customer={id}")).unwrap_or_default();
    let page = Page::new(&app, &request, wish.lang).switched("/privacy/request", &further);
    let customer = named(&app, wish.customer).await?;
    shown(StatusCode::OK, &page, &Fields::default(), customer, Vec::new())
}

async fn named(app: &App, id: Option<PublicId>) -> Result<Option<Customer>, Error> {
    let Some(id) = id else { return Ok(None) };
    Ok(app.company(id).await?.map(|name| Customer { id, name }))
}

fn shown(
    status: StatusCode,
    page: &Page,
    fields: &Fields,
    customer: Option<Customer>,
    faults: Vec<Fault>,
) -> Result<HttpResponse, Error> {
    let choice = |right: Right| Choice {
        word: right.as_str(),
        name: words::right_name(right, page.locale()),
        about: words::right_about(right, page.locale()),
        is_chosen: right.as_str() == fields.right,
    };
    let email_is_wrong = faults.iter().any(|fault| fault.field == "email");
    let shown = Shown {
        page,
        rights: Right::PUBLIC.into_iter().map(choice).collect(),
        customer,
        email: &fields.email,
        email_is_wrong,
        details: &fields.details,
        faults,
    };
    page::answer(status, page, &shown)
}

/// Takes the form, and shows where to enter the code.
pub async fn submit(
    _: Public,
    peer: ClientIp,
    body: Incoming<Form>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let fields: Fields = page::read(body).await?;
    let chosen = Locale::parse(&fields.lang).ok();
    let page = Page::new(&app, &request, chosen);
    let customer = PublicId::parse(&fields.customer).ok();
    let submission = match read(&fields, &page, customer) {
        Ok(submission) => submission,
        Err(faults) => {
            let customer = named(&app, customer).await?;
            return shown(StatusCode::UNPROCESSABLE_ENTITY, &page, &fields, customer, faults);
        }
    };
    match app.submit_privacy_request(submission, peer.0).await {
        Ok(Ok(received)) => follow::entry(&app, StatusCode::OK, &page, received.id, follow::Entry::New),
        Ok(Err(wait)) => page::too_often(&app, &page, wait.0),
        // A link that somebody changed: the form without the company.
        Err(error) if error.code() == Code::InvalidInput => {
            shown(StatusCode::UNPROCESSABLE_ENTITY, &page, &fields, None, Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn read(fields: &Fields, page: &Page, customer: Option<PublicId>) -> Result<Submission, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |field, da, en| faults.push(Fault { field, text: if page.da() { da } else { en } });
    let right = Right::PUBLIC.into_iter().find(|right| right.as_str() == fields.right);
    if right.is_none() {
        fault("right", "Vælg, hvad du vil.", "Choose what you would like.");
    }
    let email = Email::new(fields.email.trim());
    if email.is_err() {
        fault(
            "email",
            "Skriv din e-mailadresse, for eksempel navn@eksempel.dk.",
            "Enter your email address, such as name@example.com.",
        );
    }
    let details = fields.details.trim();
    let details = if details.is_empty() { Ok(None) } else { Reason::new(details).map(Some) };
    if details.is_err() {
        fault("details", "Højst 500 tegn, og ikke et CPR-nummer.", "At most 500 characters, and no CPR number.");
    }
    match (right, email, details) {
        (Some(right), Ok(email), Ok(details)) => {
            Ok(Submission { right, email: Some(email), phone: None, customer, details, locale: page.locale() })
        }
        _ => Err(faults),
    }
}
