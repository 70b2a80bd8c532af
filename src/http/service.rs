//! `/healthz` and `/readyz`.

use super::auth::Public;
use super::refusals::Refusals;
use crate::app::App;
use crate::error::Error;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "service", operation_id = "healthz",
    responses((status = 200, description = "Alive", body = Health), Refusals))]
pub async fn alive(_: Public) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be served: the database answers, its migrations are those of this program, and erasures that it
/// did not know, being restored from a backup, are repeated.
#[utoipa::path(get, path = "/readyz", tag = "service", operation_id = "readyz",
    responses((status = 200, description = "Ready", body = Health), Refusals))]
pub async fn ready(_: Public, app: Data<App>) -> Result<Json<Health>, Error> {
    app.ready().await?;
    Ok(Json(Health { status: "ok" }))
}
