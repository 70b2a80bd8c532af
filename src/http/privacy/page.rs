//! What all pages have in common: language, who runs the service, where to complain, how a form is read.

use crate::app::App;
use crate::app::identity::{Authority, Identity};
use crate::domain::PublicId;
use crate::domain::locale::Locale;
use crate::error::{Code, Error};
use crate::http::extract::Media;
use crate::http::extract::{Incoming, Query};
use crate::http::middleware::ForPeople;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, AcceptLanguage, Header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Styles from here; forms to here; nothing else, and in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// A form as browsers send it.
#[derive(Debug, Clone, Copy)]
pub enum Form {}

impl Media for Form {
    const TAKES: &'static [&'static str] = &["application/x-www-form-urlencoded"];
}

/// What the address of a page may say; anything else is let be, since links are passed on with additions.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Wish {
    /// The language.
    pub lang: Option<Locale>,
    /// The company that was visited.
    pub customer: Option<PublicId>,
}

/// What every page shows.
pub struct Page {
    locale: Locale,
    /// The name at the head.
    pub company: String,
    /// Who runs the service.
    pub operator: Identity,
    /// Where people can complain.
    pub complaint: Authority,
    /// The same page in the other language; none where it came from a form.
    pub switch: Option<String>,
}

impl Page {
    /// A page in the language that was chosen, or else in the one that the browser would rather have.
    pub fn new(app: &App, request: &HttpRequest, chosen: Option<Locale>) -> Self {
        let locale = chosen.unwrap_or_else(|| preferred(request));
        let operator = app.operator();
        Self { locale, company: operator.name.clone(), operator, complaint: app.authority(), switch: None }
    }

    /// With a link to the same page in the other language.
    pub fn switched(mut self, path: &str, further: &str) -> Self {
        let other = match self.locale {
            Locale::Da => Locale::En,
            Locale::En => Locale::Da,
        };
        self.switch = Some(format!("{path}?lang={}{further}", other.as_str()));
        self
    }

    /// The language.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// Its code, for the page.
    pub fn lang(&self) -> &'static str {
        self.locale.as_str()
    }

    /// Whether it is Danish.
    pub fn da(&self) -> bool {
        self.locale == Locale::Da
    }

    /// Where a request is followed, in this language.
    pub fn request(&self, id: PublicId) -> String {
        format!("/privacy/requests/{id}?lang={}", self.lang())
    }

    /// The operator's number as a telephone takes it.
    pub fn operator_tel(&self) -> String {
        self.operator.phone.as_deref().map(tel).unwrap_or_default()
    }

    /// The authority's number as a telephone takes it.
    pub fn authority_tel(&self) -> String {
        tel(&self.complaint.phone)
    }
}

fn tel(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect()
}

/// Danish, unless the browser would rather have English.
fn preferred(request: &HttpRequest) -> Locale {
    let Ok(accepted) = AcceptLanguage::parse(request) else { return Locale::default() };
    let ranked = accepted.ranked();
    let languages = ranked.iter().filter_map(|wish| wish.item()).map(|tag| tag.primary_language().to_owned());
    let known = languages.filter_map(|language| Locale::parse(&language).ok());
    known.into_iter().next().unwrap_or_default()
}

/// Reads a form; fields that it lacks are empty.
pub async fn read<T: DeserializeOwned>(body: Incoming<Form>) -> Result<T, Error> {
    let bytes = body.bytes().await?;
    serde_html_form::from_bytes(&bytes).map_err(|_| {
        Error::refused(Code::MalformedBody, "The form is not what this page sends: fields once each, percent-encoded.")
    })
}

/// The answer that is a page.
pub fn answer(status: StatusCode, page: &Page, template: &impl Template) -> Result<HttpResponse, Error> {
    let body = template.render().map_err(Error::internal)?;
    let mut answer = HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, page.lang()))
        .insert_header((header::VARY, "Accept-Language"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body);
    answer.extensions_mut().insert(ForPeople);
    Ok(answer)
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "privacy/message.html")]
pub struct Message<'a> {
    page: &'a Page,
    heading: &'a str,
    text: &'a str,
    back: &'a str,
}

/// The page of who asks too often; names a way to a human.
pub fn too_often(app: &App, page: &Page, wait_s: u64) -> Result<HttpResponse, Error> {
    let way = app.human_route();
    let (heading, text) = if page.da() {
        (
            "Prøv igen senere",
            format!("Vi har lige nu fået for mange anmodninger herfra. Du kan også skrive eller ringe til os: {way}"),
        )
    } else {
        (
            "Try again later",
            format!("Too many requests have come from here just now. You can also write to us or call: {way}"),
        )
    };
    let back = format!("/privacy?lang={}", page.lang());
    let mut answer = answer(StatusCode::TOO_MANY_REQUESTS, page, &Message { page, heading, text: &text, back: &back })?;
    answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(wait_s));
    Ok(answer)
}

/// The page of a file that is gone.
pub fn gone(page: &Page, back: &str) -> Result<HttpResponse, Error> {
    let (heading, text) = if page.da() {
        (
            "Filen er hentet eller slettet",
            "Filen kan hentes én gang inden for syv dage. Du kan altid bede om en ny; det er gratis.",
        )
    } else {
        (
            "The file was downloaded or deleted",
            "The file can be downloaded once, within seven days. You can always ask for a new one; it is free.",
        )
    };
    answer(StatusCode::GONE, page, &Message { page, heading, text, back })
}

/// What the address of a page says.
pub type Wishes = Query<Wish>;
