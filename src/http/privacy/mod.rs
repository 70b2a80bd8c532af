//! The pages where a person uses the rights of data subjects: no account, no cookie, no script, no other host.

mod follow;
mod form;
mod notice;
mod page;
mod send;

use super::auth::Public;
use super::docs::CACHED;
use super::routes::Table;
use actix_web::HttpResponse;
use actix_web::http::header;

/// Adds the routes of these pages.
#[must_use]
pub fn routes(table: Table) -> Table {
    table
        .get("/privacy", notice::show)
        .get("/privacy/style.css", style)
        .get("/privacy/request", form::show)
        .post("/privacy/request", form::submit)
        .get("/privacy/requests/{id}", follow::show)
        .post("/privacy/requests/{id}", follow::enter)
        .post("/privacy/requests/{id}/code", follow::renew)
        .post("/privacy/requests/{id}/file", follow::file)
        .post("/privacy/requests/{id}/transfer", send::send)
}

/// The style sheet of these pages.
pub async fn style(_: Public) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .body(include_str!("../assets/privacy.css"))
}
