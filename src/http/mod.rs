//! The HTTP floor: the only one that knows actix.
//!
//! A request falls through it in this order: [`middleware::frame`] gives it an id, a span and the headers of its
//! answer; the [`routes::Table`] finds its row, which asks [`auth`] who calls before anything else is read; the
//! extractors of [`extract`] turn the rest into domain values; the handler makes one call; and whatever goes wrong
//! leaves as a [`problem`] document.
#![expect(clippy::missing_errors_doc, reason = "a handler's refusals are those of its use-case and extractors")]

pub mod access;
pub mod admin;
pub mod agreements;
pub mod auth;
pub mod cases;
pub mod cloudevents;
mod context;
pub mod deletions;
pub mod devices;
pub mod docs;
mod download;
pub mod events;
pub mod excepted;
pub mod exports;
pub mod extract;
mod flag;
pub mod framing;
pub mod gate;
pub mod guard;
mod headers;
pub mod holds;
pub mod list;
pub mod metrics;
pub mod middleware;
mod ndjson;
pub mod notices;
pub mod objections;
mod once;
pub mod openapi;
pub mod outcome;
pub mod own_cases;
pub mod pace;
pub mod part;
pub mod people;
mod pieces;
pub mod privacy;
pub mod privacy_requests;
pub mod problem;
pub mod problems;
pub mod receipts;
pub mod reconciliations;
pub mod refusals;
pub mod restrictions;
pub mod routes;
mod run;
mod sender;
pub mod service;
pub mod statements;
pub mod statistics;
pub mod tally;
pub mod tls;
mod trace_context;
pub mod visits;
pub mod webhook_deliveries;
pub mod webhooks;

#[cfg(test)]
mod fixture;

use crate::app::App;
use actix_web::web::{Data, ServiceConfig};
use std::sync::Arc;

/// What hangs the routes, the app and what the extractors need into an actix application, a worker at a time.
///
/// The workers share one gate, and so the limits of each key. The application itself adds
/// `.wrap(from_fn(middleware::frame))`, which only it can.
pub fn floor(app: &App) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let (app, gate, table) = (Data::new(app.clone()), Data::new(gate::Gate::of(app)), Arc::new(table()));
    move |config| {
        config.app_data(app.clone()).app_data(gate.clone());
        table.configure(config);
    }
}

/// Every route of the service.
#[must_use]
pub fn table() -> routes::Table {
    let table = routes::Table::new()
        .post("/v1/events", events::post)
        .get("/v1/events", events::index)
        .get("/v1/events/{id}", events::show)
        .get("/v1/visits", visits::index)
        .get("/v1/visits/on-site", visits::on_site)
        .get("/v1/visits/{id}", visits::show)
        .get("/v1/statistics/visits", statistics::visits)
        .post("/v1/devices/{device}/heartbeat", devices::heartbeat)
        .get("/v1/devices", devices::index)
        .get("/v1/people", people::index)
        .get("/v1/people/digest", reconciliations::digest)
        .get("/v1/people/{ref}", people::show)
        .put("/v1/people/{ref}", people::put)
        .patch("/v1/people/{ref}", people::patch)
        .delete("/v1/people/{ref}", deletions::person)
        .get("/v1/people/{ref}/export", exports::person)
        .put("/v1/people/{ref}/restriction", restrictions::put)
        .delete("/v1/people/{ref}/restriction", restrictions::delete)
        .put("/v1/people/{ref}/objections/{purpose}", objections::put)
        .delete("/v1/people/{ref}/objections/{purpose}", objections::delete)
        .put("/v1/people/{ref}/statement", statements::put)
        .delete("/v1/people/{ref}/statement", statements::delete)
        .post("/v1/people/{ref}/holds", holds::post)
        .get("/v1/people/{ref}/holds", holds::index)
        .delete("/v1/people/{ref}/holds/{id}", holds::delete)
        .get("/v1/rights/cases", cases::index)
        .post("/v1/rights/cases", cases::open)
        .get("/v1/rights/cases/{id}", cases::show)
        .post("/v1/rights/cases/{id}/verification", cases::verify)
        .post("/v1/rights/cases/{id}/extension", cases::extend)
        .post("/v1/rights/cases/{id}/decision", cases::decide)
        .post("/v1/rights/cases/{id}/release", cases::release)
        .get("/v1/rights/cases/{id}/file", cases::file)
        .get("/v1/rights/delegations", cases::delegations)
        .put("/v1/rights/delegations/{right}", cases::delegate)
        .delete("/v1/rights/delegations/{right}", cases::undelegate)
        .get("/v1/admin/rights/cases", own_cases::index)
        .get("/v1/admin/rights/cases/{id}", own_cases::show)
        .post("/v1/admin/rights/cases/{id}/extension", own_cases::extend)
        .post("/v1/admin/rights/cases/{id}/decision", own_cases::decide)
        .post("/v1/privacy-requests", privacy_requests::submit)
        .post("/v1/privacy-requests/{id}/code", privacy_requests::renew)
        .post("/v1/privacy-requests/{id}/verification", privacy_requests::verify)
        .get("/v1/privacy-requests/{id}", privacy_requests::show)
        .get("/v1/privacy-requests/{id}/export", privacy_requests::export)
        .put("/v1/privacy-requests/{id}/transfer", privacy_requests::send)
        .delete("/v1/privacy-requests/{id}/transfer", privacy_requests::stop)
        .post("/v1/deletions", deletions::post)
        .get("/v1/deletions", deletions::index)
        .get("/v1/deletions/{id}", deletions::show)
        .post("/v1/reconciliations", reconciliations::post)
        .get("/v1/reconciliations", reconciliations::index)
        .get("/v1/reconciliations/{id}", reconciliations::show)
        .post("/v1/admin/customers", admin::create_customer)
        .get("/v1/admin/customers", admin::customers)
        .get("/v1/admin/customers/{id}", admin::customer)
        .patch("/v1/admin/customers/{id}", admin::change_customer)
        .post("/v1/admin/customers/{id}/licenses", admin::issue_license)
        .get("/v1/admin/customers/{id}/licenses", admin::licenses)
        .patch("/v1/admin/customers/{id}/licenses/{license}", admin::change_license)
        .post("/v1/admin/customers/{id}/keys", admin::issue_key)
        .get("/v1/admin/customers/{id}/keys", admin::keys)
        .patch("/v1/admin/customers/{id}/keys/{key_id}", admin::change_key)
        .post("/v1/admin/customers/{id}/retention-agreements", agreements::enter)
        .get("/v1/admin/customers/{id}/retention-agreements", agreements::index)
        .get("/v1/admin/customers/{id}/retention-agreements/{agreement}", agreements::show)
        .post("/v1/admin/customers/{id}/retention-agreements/{agreement}/end", agreements::end)
        .get("/v1/notices", notices::index)
        .post("/v1/webhooks", webhooks::post)
        .get("/v1/webhooks", webhooks::index)
        .get("/v1/webhooks/{id}", webhooks::show)
        .patch("/v1/webhooks/{id}", webhooks::patch)
        .delete("/v1/webhooks/{id}", webhooks::delete)
        .post("/v1/webhooks/{id}/secret", webhooks::rotate)
        .post("/v1/webhooks/{id}/test", webhook_deliveries::test)
        .get("/v1/webhooks/{id}/deliveries", webhook_deliveries::index)
        .post("/v1/webhooks/{id}/deliveries/{delivery}/redeliver", webhook_deliveries::redeliver)
        .get("/v1/admin/notices", notices::all)
        .get("/.well-known/guestlog-receipt-keys.json", receipts::keys)
        .get("/schemas/export-1.json", exports::data_schema)
        .get("/schemas/article-15-1.json", exports::article_15_schema)
        .get("/healthz", service::alive)
        .get("/readyz", service::ready);
    privacy::routes(problems::routes(docs::routes(table)))
}
