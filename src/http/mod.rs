//! The HTTP floor: the only one that knows actix.
//!
//! A request falls through it in this order: [`middleware::frame`] gives it an id, a span and the headers of its
//! answer; the [`routes::Table`] finds its row, which asks [`auth`] who calls before anything else is read; the
//! extractors of [`extract`] turn the rest into domain values; the handler makes one call; and whatever goes wrong
//! leaves as a [`problem`] document.

pub mod auth;
mod context;
pub mod docs;
pub mod extract;
pub mod gate;
pub mod guard;
mod headers;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod problems;
pub mod routes;
mod run;
pub mod tally;
mod trace_context;

#[cfg(test)]
mod fixture;

use crate::app::App;
use actix_web::web::{Data, ServiceConfig};

/// Hangs the table's routes, the app and what the extractors need into an actix application.
///
/// The application itself adds `.wrap(from_fn(middleware::frame))`, which only it can.
pub fn configure(config: &mut ServiceConfig, table: &routes::Table, app: &App) {
    config.app_data(Data::new(app.clone()));
    config.app_data(Data::new(gate::Gate::of(app)));
    table.configure(config);
}
