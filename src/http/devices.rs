//! `/v1/devices`: which entrance is silent.

use super::auth::{Caller, EventsRead, EventsWrite};
use super::extract::{Body, Path, Query};
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::devices::{self, Device, Heartbeat};
use crate::app::page::Ask;
use crate::domain::text::Device as DeviceName;
use crate::error::Error;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

/// Takes a device's sign of life.
#[utoipa::path(post, path = "/v1/devices/{device}/heartbeat", tag = "devices", operation_id = "post_heartbeat",
    params(("device" = inline(DeviceName), Path, description = "The device's name")),
    request_body = Heartbeat,
    responses((status = 204, description = "Noted"), Refusals),
    security(("key" = ["events:write"])))]
pub async fn heartbeat(
    by: Caller<EventsWrite>,
    Path(device): Path<DeviceName>,
    Body(beat, _): Body<Heartbeat>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let (customer, license) = (by.customer(), by.by.license);
    app.write(move |work| devices::heartbeat(work, customer, license, &device, &beat)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lists devices by name.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", operation_id = "list_devices", params(list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Device>), Refusals),
    security(("key" = ["events:read"])))]
pub async fn index(
    by: Caller<EventsRead>,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Device>, Error> {
    let customer = by.customer();
    let ask: Ask = pages.into();
    let page = app.read(move |view| devices::list(view, customer, &ask)).await?;
    Ok(Paged::new(&request, page))
}
