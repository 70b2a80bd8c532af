//! `/privacy`: what is held, why, how long, who gets it, and the rights.

use super::page::{self, Page, Wishes};
use crate::app::{App, export, words};
use crate::domain::locale::Locale;
use crate::domain::rights::Right;
use crate::error::Error;
use crate::http::auth::Public;
use crate::http::extract::Query;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

#[derive(Template)]
#[template(path = "privacy/notice.html")]
struct Shown<'a> {
    page: &'a Page,
    form: String,
    categories: Vec<Category>,
    recipients: Vec<Recipient>,
    rights: Vec<Choice>,
}

/// What is held.
struct Category {
    name: &'static str,
    purpose: &'static str,
}

/// Who gets it.
struct Recipient {
    name: String,
    purpose: String,
    country: String,
}

/// A right.
struct Choice {
    name: &'static str,
    about: &'static str,
}

/// Shows the notice (Articles 13 and 14).
pub async fn show(_: Public, Query(wish): Wishes, app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let further = wish.customer.map(|id| format!("&customer={id}")).unwrap_or_default();
    let page = Page::new(&app, &request, wish.lang).switched("/privacy", &further);
    let locale = page.locale();
    let choice = |right| Choice { name: words::right_name(right, locale), about: words::right_about(right, locale) };
    let recipients = app.recipients().iter().map(|recipient| Recipient {
        name: recipient.name.as_str().to_owned(),
        purpose: match locale {
            Locale::Da => recipient.purpose_da.as_str().to_owned(),
            Locale::En => recipient.purpose_en.as_str().to_owned(),
        },
        country: recipient.country.to_string(),
    });
    let shown = Shown {
        page: &page,
        form: format!("/privacy/request?lang={}{further}", page.lang()),
        categories: export::categories()
            .map(|(name, purpose)| Category { name: name.of(locale), purpose: purpose.of(locale) })
            .collect(),
        recipients: recipients.collect(),
        rights: Right::PUBLIC.into_iter().map(choice).collect(),
    };
    page::answer(StatusCode::OK, &page, &shown)
}
