//! What any route may answer with beside its own, for the OpenAPI document.

use super::problem::MEDIA_TYPE;
use std::collections::BTreeMap;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify};

/// The refusals and faults that any route may answer with, each a problem document.
pub struct Refusals;

const PROBLEM: &str = "Problem";

/// The answers that carry a header of their own: status, name in the document, header, what it says.
const WITH_HEADER: [(u16, &str, &str, &str); 4] = [
    (401, "Unauthenticated", "WWW-Authenticate", "How to say who calls (RFC 6750)"),
    (405, "MethodNotAllowed", "Allow", "The methods that the address has"),
    (429, "TooManyRequests", "Retry-After", "After how many seconds to try again"),
    (503, "Unavailable", "Retry-After", "After how many seconds to try again"),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let statuses = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 431, 500, 503];
        let refusal = |status: u16| {
            let name = WITH_HEADER.iter().find(|(of, ..)| *of == status).map_or(PROBLEM, |(_, name, ..)| *name);
            (status.to_string(), RefOr::Ref(Ref::from_response_name(name)))
        };
        statuses.into_iter().map(refusal).collect()
    }
}

/// Adds the answers to which [`Refusals`] refers.
pub(super) struct Answers;

impl Modify for Answers {
    fn modify(&self, document: &mut Document) {
        let problem = || {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build();
            ResponseBuilder::new().description("A problem").content(MEDIA_TYPE, content)
        };
        let components = document.components.get_or_insert_default();
        components.responses.insert(PROBLEM.to_owned(), problem().build().into());
        for (_, name, header, says) in WITH_HEADER {
            let text: Schema = ObjectBuilder::new().schema_type(Type::String).into();
            let value = HeaderBuilder::new().description(Some(says)).schema(Some(text)).build();
            components.responses.insert(name.to_owned(), problem().header(header, value).build().into());
        }
    }
}
