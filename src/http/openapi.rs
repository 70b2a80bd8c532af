//! The OpenAPI 3.1 document, from the handlers themselves.

use super::problem::Problem;
use super::refusals::Answers;
use super::{
    admin, agreements, cases, deletions, devices, events, exports, holds, notices, objections, own_cases, people,
    privacy_requests, receipts, reconciliations, restrictions, service, statements, statistics, visits,
    webhook_deliveries, webhooks,
};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

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
    modifiers(&Bearer, &Answers),
    components(schemas(Problem)),
    paths(
        events::post, events::index, events::show,
        visits::index, visits::on_site, visits::show, statistics::visits,
        devices::heartbeat, devices::index,
        people::index, people::show, people::put, people::patch,
        deletions::person, deletions::post, deletions::index, deletions::show,
        reconciliations::post, reconciliations::index, reconciliations::show, reconciliations::digest,
        restrictions::put, restrictions::delete, objections::put, objections::delete,
        statements::put, statements::delete, holds::post, holds::index, holds::delete,
        exports::person, exports::data_schema, exports::article_15_schema,
        cases::index, cases::open, cases::show, cases::verify, cases::extend, cases::decide, cases::release, cases::file,
        cases::delegations, cases::delegate, cases::undelegate,
        own_cases::index, own_cases::show, own_cases::extend, own_cases::decide,
        privacy_requests::submit, privacy_requests::renew, privacy_requests::verify, privacy_requests::show,
        privacy_requests::export, privacy_requests::send, privacy_requests::stop,
        admin::create_customer, admin::customers, admin::customer, admin::change_customer,
        admin::issue_license, admin::licenses, admin::change_license,
        admin::issue_key, admin::keys, admin::change_key,
        agreements::enter, agreements::index, agreements::show, agreements::end,
        notices::index, notices::all,
        webhooks::post, webhooks::index, webhooks::show, webhooks::patch, webhooks::delete, webhooks::rotate,
        webhook_deliveries::test, webhook_deliveries::index, webhook_deliveries::redeliver,
        receipts::keys, service::alive, service::ready,
    ),
    tags(
        (name = "events", description = "What the guest system logs"),
        (name = "visits", description = "What the events add up to"),
        (name = "devices", description = "The entrances"),
        (name = "people", description = "The mirror of the customer's backend"),
        (name = "deletions", description = "What the customer deletes goes here too, with a receipt"),
        (name = "rights", description = "Rights of data subjects"),
        (name = "webhooks", description = "The customer's other systems are told what happens"),
        (name = "privacy", description = "For the person: public, without an account"),
        (name = "admin", description = "The operator's customers, licences and keys"),
        (name = "service", description = "The service itself"),
    )
)]
struct Api;

/// The document.
#[must_use]
pub fn document() -> Document {
    let mut document = Api::openapi();
    leave_out_unused(&mut document);
    document
}

/// utoipa writes the items of a page into the page, and all the same lists those that stand nowhere else.
fn leave_out_unused(document: &mut Document) {
    let Ok(text) = document.to_json() else { return };
    if let Some(components) = &mut document.components {
        components.schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
    }
}
