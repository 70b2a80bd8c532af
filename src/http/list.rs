//! Pages of a list, with the link to the next.

use crate::app::page::{MAX_LIMIT, Page};
use crate::domain::FieldError;
use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A page as the OpenAPI document shows it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
pub struct PageOf<T> {
    /// The items.
    data: Vec<T>,
    /// Gets the next page; null on the last.
    next_cursor: Option<String>,
}

/// How many items a page shall have.
#[derive(Debug, Clone, Copy)]
pub struct Limit(pub u32);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.map(Self).ok_or_else(|| {
            serde::de::Error::custom(FieldError::new(
                "out_of_range",
                format!("must be a whole number from 1 to {MAX_LIMIT}"),
            ))
        })
    }
}

/// A page on its way out.
pub struct Paged<T> {
    page: Page<T>,
    link: Option<String>,
}

impl<T> Paged<T> {
    /// The page, with the address of the next: the request's own with another cursor.
    #[must_use]
    pub fn new(request: &HttpRequest, page: Page<T>) -> Self {
        let link = page.next_cursor.as_deref().map(|cursor| {
            let kept =
                request.query_string().split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor="));
            let query: Vec<&str> = kept.collect();
            let between = if query.is_empty() { "" } else { "&" };
            format!("<{}?{}{between}cursor={cursor}>; rel=\"next\"", request.path(), query.join("&"))
        });
        Self { page, link }
    }
}

impl<T: Serialize> Responder for Paged<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        if let Some(link) = self.link.and_then(|link| header::HeaderValue::try_from(link).ok()) {
            answer.insert_header((header::LINK, link));
        }
        answer.json(self.page)
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Pages {
    /// Items of a page, 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// The next_cursor of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

impl From<Pages> for crate::app::page::Ask {
    fn from(pages: Pages) -> Self {
        Self { limit: pages.limit.map(|limit| limit.0), cursor: pages.cursor }
    }
}
