//! The OpenAPI 3.1 document, from the handlers themselves.

use super::problem::{MEDIA_TYPE, Problem};
use super::{admin, devices, events, people, service, statistics, visits};
use std::collections::BTreeMap;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

/// The refusals and faults that any route may answer with, each a problem document.
pub struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let statuses = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 431, 500, 503];
        let refusal = |status: u16| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new().description("A problem").content(MEDIA_TYPE, content).build();
            (status.to_string(), RefOr::T(response))
        };
        statuses.into_iter().map(refusal).collect()
    }
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("glk_<key id>_<secret><crc>")
            .description(Some("An API key; the customer is known from it alone."))
            .build();
        if let Some(components) = &mut document.components {
            components.add_security_scheme("key", SecurityScheme::Http(scheme));
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "guestlog", description = "A guest check-in log in which a person's rights work."),
    modifiers(&Bearer),
    components(schemas(Problem)),
    paths(
        events::post, events::index, events::show,
        visits::index, visits::on_site, visits::show, statistics::visits,
        devices::heartbeat, devices::index,
        people::index, people::show, people::put, people::patch,
        admin::create_customer, admin::customers, admin::customer, admin::change_customer,
        admin::issue_license, admin::licenses, admin::change_license,
        admin::issue_key, admin::keys, admin::change_key,
        service::alive, service::ready,
    ),
    tags(
        (name = "events", description = "What the guest system logs"),
        (name = "visits", description = "What the events add up to"),
        (name = "devices", description = "The entrances"),
        (name = "people", description = "The mirror of the customer's backend"),
        (name = "admin", description = "The operator's customers, licences and keys"),
        (name = "service", description = "The service itself"),
    )
)]
struct Api;

/// The document.
#[must_use]
pub fn document() -> Document {
    Api::openapi()
}
